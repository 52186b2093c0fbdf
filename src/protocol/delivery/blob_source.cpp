#include "protocol/delivery/blob_source.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace sluice::protocol::delivery {
namespace {

constexpr int fetches_max = 2;

}  // namespace

BlobSource::BlobSource(
    BlobStore& blobs,
    runtime::BlockingPool& pool,
    Delivered file,
    std::uint64_t first,
    std::uint64_t length
)
    : blobs_(blobs),
      pool_(pool),
      layout_(std::move(file.layout)),
      sums_(std::move(file.sums)),
      tag_(std::move(file.tag)),
      is_original_(file.is_original),
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

// What lies at at_. It may have changed on its way from the store: then it is right the second time.
Result<void> BlobSource::fetch(const Piece& piece, std::span<std::byte> bytes) {
    const auto place = sums_.place();
    for (int left = fetches_max; left > 0; --left) {
        if (auto read = blobs_.read(piece.extent, piece.offset, bytes); !read) {
            return read;
        }
        if (sums_.take(at_, bytes)) {
            return ok();
        }
        sums_.go_back_to(place);
        log::warning(
            is_original_ ? "original_differs" : "output_differs",
            is_original_ ? "what was read is not what was uploaded"
                         : "what was read is not what was made",
            {{"file", tag_}}
        );
    }
    return Error{.code = ErrorCode::storage_failed, .detail = "a checksum of " + tag_ + " differs"};
}

std::size_t BlobSource::take_from_ahead(std::span<std::byte> bytes) {
    if (at_ < ahead_at_ || at_ >= ahead_at_ + ahead_.size()) {
        return 0;
    }
    const auto rest = std::span(ahead_).subspan(at_ - ahead_at_);
    const std::size_t count = std::min(rest.size(), bytes.size());
    std::ranges::copy(rest.first(count), bytes.begin());
    return count;
}

Result<std::size_t> BlobSource::read_ahead(std::span<std::byte> bytes) {
    const Piece piece = next_piece(blobs_.read_ahead().value);
    ahead_.resize(piece.length);
    ahead_at_ = at_;
    if (auto read = fetch(piece, ahead_); !read) {
        ahead_.clear();
        return std::move(read).error();
    }
    return take_from_ahead(bytes);
}

boost::asio::awaitable<Result<std::size_t>> BlobSource::read(std::span<std::byte> bytes) {
    if (const std::size_t count = at_ < end_ ? take_from_ahead(bytes) : 0; count > 0) {
        at_ += count;
        co_return count;
    }
    if (at_ < end_ && blobs_.read_ahead().value > bytes.size()) {
        auto work = [this, bytes] { return read_ahead(bytes); };
        auto count = co_await runtime::run_blocking(pool_, std::move(work));
        at_ += count ? *count : 0;
        co_return count;
    }
    const Piece piece = at_ < end_ ? next_piece(bytes.size()) : Piece{};
    if (piece.length == 0) {
        co_return std::size_t{0};
    }
    auto work = [this, piece, bytes] { return fetch(piece, bytes.first(piece.length)); };
    auto read = co_await runtime::run_blocking(pool_, std::move(work));
    if (!read) {
        co_return std::move(read).error();
    }
    at_ += piece.length;
    co_return piece.length;
}

}  // namespace sluice::protocol::delivery
