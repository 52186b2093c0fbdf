#include "protocol/delivery/blob_source.hpp"

#include <algorithm>
#include <utility>

namespace sluice::protocol::delivery {

BlobSource::BlobSource(
    BlobStore& blobs,
    runtime::BlockingPool& pool,
    std::vector<Extent> layout,
    std::uint64_t first,
    std::uint64_t length
)
    : blobs_(blobs),
      pool_(pool),
      layout_(std::move(layout)),
      at_(first),
      length_(length),
      end_(first + length) {}

BlobSource::Piece BlobSource::next_piece(std::size_t length_max) const {
    std::uint64_t skipped = 0;
    for (const Extent& extent : layout_) {
        if (at_ < skipped + extent.length.value) {
            const std::uint64_t offset = at_ - skipped;
            const std::uint64_t length =
                std::min({extent.length.value - offset, end_ - at_, std::uint64_t{length_max}});
            return {extent, {offset}, static_cast<std::size_t>(length)};
        }
        skipped += extent.length.value;
    }
    return {};
}

boost::asio::awaitable<Result<std::size_t>> BlobSource::read(std::span<std::byte> bytes) {
    const Piece piece = at_ < end_ ? next_piece(bytes.size()) : Piece{};
    if (piece.length == 0) {
        co_return std::size_t{0};
    }
    auto work = [this, piece, bytes] {
        return blobs_.read(piece.extent, piece.offset, bytes.first(piece.length));
    };
    auto read = co_await runtime::run_blocking(pool_, std::move(work));
    if (!read) {
        co_return std::move(read).error();
    }
    at_ += piece.length;
    co_return piece.length;
}

}  // namespace sluice::protocol::delivery
