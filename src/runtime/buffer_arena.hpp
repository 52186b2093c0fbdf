// BufferArena: all memory for the bytes of bodies on their way, made once, so that what a server
// needs is set by its configuration and not by its load. Buffers of one size, aligned for direct
// I/O, held only while bytes move. Who finds none waits its turn. Thread-safe; outlives its
// buffers and whoever waits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sluice::runtime {

class BufferArena {
  public:
    // Direct I/O moves half a MiB as cheaply as more; less costs calls.
    static constexpr std::size_t buffer_size = 512 * 1024;

    // Goes back to the arena when it is destroyed.
    class Buffer {
      public:
        Buffer(BufferArena& owner, std::byte* bytes) : owner_(&owner), bytes_(bytes) {}
        Buffer(Buffer&& other) noexcept
            : owner_(other.owner_), bytes_(std::exchange(other.bytes_, nullptr)) {}
        Buffer& operator=(Buffer&& other) noexcept {
            std::swap(owner_, other.owner_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        Buffer(const Buffer&) = delete;
        Buffer& operator=(const Buffer&) = delete;
        ~Buffer() {
            if (bytes_ != nullptr) {
                owner_->give_back(bytes_);
            }
        }
        std::span<std::byte> bytes() { return {bytes_, buffer_size}; }

      private:
        BufferArena* owner_;
        std::byte* bytes_;
    };

    // `count` is at least 1. The memory is reserved now and used as it is needed.
    explicit BufferArena(std::size_t count);
    ~BufferArena();
    BufferArena(const BufferArena&) = delete;
    BufferArena& operator=(const BufferArena&) = delete;

    std::optional<Buffer> try_take();
    // First come, first served. Never wait for one while holding another that is not on its way.
    boost::asio::awaitable<Buffer> take();
    // Somebody waits: give back what is not needed just now.
    bool is_wanted() const;

    // All of it, for registering it with the kernel once.
    std::span<std::byte> memory() const { return memory_; }
    bool contains(const std::byte* at) const {
        return at >= memory_.data() && at < memory_.data() + memory_.size();
    }

  private:
    using Waiter = std::move_only_function<void(std::byte*)>;

    std::byte* pop();
    void give_back(std::byte* bytes);

    void* mapping_ = nullptr;
    std::size_t mapped_ = 0;
    std::span<std::byte> memory_;  // within the mapping, at the beginning of a huge page
    mutable std::mutex mutex_;     // guards all below
    std::vector<std::byte*> free_;
    std::deque<Waiter> waiting_;
};

}  // namespace sluice::runtime
