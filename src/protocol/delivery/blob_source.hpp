// The bytes of a file as the body of a response, read piece by piece on the blocking pool. They are
// compared with their checksums on the way: where a segment, or what was made, differs the answer breaks off.
#pragma once

#include <string>
#include <vector>

#include "http/response.hpp"
#include "protocol/delivery/running_sums.hpp"
#include "runtime/run_blocking.hpp"
#include "store/blob_store.hpp"

namespace sluice::protocol::delivery {

class BlobSource final : public http::BodySource {
  public:
    // `length` bytes from `first` of the file. Store and pool outlive the source.
    BlobSource(
        BlobStore& blobs,
        runtime::BlockingPool& pool,
        Delivered file,
        std::uint64_t first,
        std::uint64_t length
    );
    std::uint64_t length() const override { return length_; }
    boost::asio::awaitable<Result<std::size_t>> read(std::span<std::byte> bytes) override;
    void unread(std::uint64_t count) override { at_ -= count; }

  private:
    struct Piece {
        Extent extent;
        ByteOffset offset;
        std::size_t length = 0;
    };
    Piece next_piece(std::size_t length_max) const;
    Result<void> fetch(const Piece& piece, std::span<std::byte> bytes);
    Result<std::size_t> read_ahead(std::span<std::byte> bytes);
    std::size_t take_from_ahead(std::span<std::byte> bytes);

    BlobStore& blobs_;
    runtime::BlockingPool& pool_;
    std::vector<Extent> layout_;
    RunningSums sums_;
    std::string tag_;  // of the file, for the log
    bool is_original_;
    std::uint64_t at_;
    std::uint64_t length_;
    std::uint64_t end_;
    // Of a store where a read is a journey: more than is asked for, from this place of the layout.
    std::vector<std::byte> ahead_;
    std::uint64_t ahead_at_ = 0;
};

}  // namespace sluice::protocol::delivery
