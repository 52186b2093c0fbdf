// Buffers for the bytes of bodies on their way, held only while a request's bytes move.
// Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace sluice::protocol {

class BufferPool {
  public:
    static constexpr std::size_t buffer_size = 512 * 1024;

    // Goes back to the pool when it is destroyed.
    class Buffer {
      public:
        Buffer(BufferPool& owner, std::unique_ptr<std::byte[]> bytes)
            : owner_(&owner), bytes_(std::move(bytes)) {}
        Buffer(Buffer&&) = default;
        Buffer& operator=(Buffer&&) = delete;
        Buffer(const Buffer&) = delete;
        Buffer& operator=(const Buffer&) = delete;
        ~Buffer() {
            if (bytes_) {
                owner_->give_back(std::move(bytes_));
            }
        }
        std::span<std::byte> bytes() { return {bytes_.get(), buffer_size}; }

      private:
        BufferPool* owner_;
        std::unique_ptr<std::byte[]> bytes_;
    };

    Buffer take() {
        const std::lock_guard guard(mutex_);
        if (free_.empty()) {
            return {*this, std::make_unique_for_overwrite<std::byte[]>(buffer_size)};
        }
        auto bytes = std::move(free_.back());
        free_.pop_back();
        return {*this, std::move(bytes)};
    }

  private:
    // As many as this are kept for the next request; the others go back to the system.
    static constexpr std::size_t kept_max = 16;

    void give_back(std::unique_ptr<std::byte[]> bytes) {
        const std::lock_guard guard(mutex_);
        if (free_.size() < kept_max) {
            free_.push_back(std::move(bytes));
        }
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<std::byte[]>> free_;
};

}  // namespace sluice::protocol
