// PackedWriter: gathers a small piece in memory and hands it to the PackLog at commit, so that
// write() never waits for a disk. One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "store/blob_store.hpp"
#include "store/disk/pack_log.hpp"

namespace sluice::disk {

class PackedWriter final : public BlobWriter {
  public:
    // A blob of its own, for a piece that turns out to be too large.
    using OpenOwn = std::function<Result<std::unique_ptr<BlobWriter>>()>;

    // `length_max`: at most what a buffer holds. More is refused with body_too_large, unless
    // `open_own` is given.
    PackedWriter(
        PackLog& log, PackBuffers::Buffer buffer, ByteCount length_max, OpenOwn open_own = nullptr
    )
        : log_(log),
          buffer_(std::move(buffer)),
          length_max_(length_max),
          open_own_(std::move(open_own)) {}

    Result<void> write(std::span<const std::byte> bytes) override;
    bool is_quick(ByteCount next) const override {
        return own_ == nullptr && next <= length_max_ - written_;
    }
    std::span<std::byte> memory() override;
    ByteCount written() const override { return own_ ? own_->written() : written_; }
    Result<Extent> commit() override;

  private:
    Result<void> move_to_own();

    PackLog& log_;
    std::optional<PackBuffers::Buffer> buffer_;
    const ByteCount length_max_;
    OpenOwn open_own_;
    ByteCount written_;
    std::unique_ptr<BlobWriter> own_;
    bool is_over_ = false;
};

}  // namespace sluice::disk
