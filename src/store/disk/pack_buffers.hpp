// PackBuffers: the memory in which small pieces wait until they are written to a pack, aligned for
// direct I/O. Bounded: when all are in use, take() gives nothing and the piece goes the way of large
// ones, so that many slow clients hold no more than this. Thread-safe; outlives its buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sluice::disk {

// What memory, offset and length of a direct write must be multiples of; also the grain in which
// the file system can give space back.
inline constexpr std::size_t pack_block = 4096;

constexpr std::uint64_t whole_blocks(std::uint64_t length) {
    return (length + pack_block - 1) / pack_block * pack_block;
}

class PackBuffers {
  public:
    struct Free {
        void operator()(std::byte* bytes) const { std::free(bytes); }
    };
    using Memory = std::unique_ptr<std::byte, Free>;

    // Goes back when it is destroyed.
    class Buffer {
      public:
        Buffer() = default;
        Buffer(PackBuffers& owner, Memory bytes) : owner_(&owner), bytes_(std::move(bytes)) {}
        Buffer(Buffer&&) = default;
        Buffer& operator=(Buffer&&) = delete;
        Buffer(const Buffer&) = delete;
        Buffer& operator=(const Buffer&) = delete;
        ~Buffer() {
            if (bytes_) {
                owner_->give_back(std::move(bytes_));
            }
        }
        explicit operator bool() const { return bytes_ != nullptr; }
        std::byte* data() const { return bytes_.get(); }

      private:
        PackBuffers* owner_ = nullptr;
        Memory bytes_;
    };

    // `size`: of each, whole blocks.
    PackBuffers(std::size_t size, std::size_t count_max)
        : size_(whole_blocks(size)), count_max_(count_max) {}

    std::size_t size() const { return size_; }

    Buffer take() {
        const std::scoped_lock lock(mutex_);
        if (in_use_ == count_max_) {
            return {};
        }
        ++in_use_;
        if (free_.empty()) {
            return {*this, Memory(static_cast<std::byte*>(std::aligned_alloc(pack_block, size_)))};
        }
        Memory bytes = std::move(free_.back());
        free_.pop_back();
        return {*this, std::move(bytes)};
    }

  private:
    // As many as this are kept for the next ones; the others go back to the system.
    static constexpr std::size_t kept_max = 96;

    void give_back(Memory bytes) {
        const std::scoped_lock lock(mutex_);
        --in_use_;
        if (free_.size() < kept_max) {
            free_.push_back(std::move(bytes));
        }
    }

    const std::size_t size_;
    const std::size_t count_max_;
    std::mutex mutex_;  // guards all below
    std::size_t in_use_ = 0;
    std::vector<Memory> free_;
};

}  // namespace sluice::disk
