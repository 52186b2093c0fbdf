// DiskRing: writes to files without a thread that waits for them, by io_uring. One for each event
// loop; every call on that loop's thread. A write owns its buffer and keeps what its file needs, so
// that whoever started it may go. Where the kernel refuses io_uring (filters of containers) there is
// no ring, and callers write on a pool instead.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "runtime/buffer_arena.hpp"

namespace sluice::runtime {

class DiskRing {
  public:
    struct Write {
        int file;
        ByteOffset at;
        std::span<const std::byte> bytes;  // within the buffer, if there is one
        std::optional<BufferArena::Buffer> buffer = {};
        std::shared_ptr<const void> keep = {};  // the descriptor, and the right to the range
    };

    struct Slot;
    struct Slots;
    // A write under way. Destroyed before its end, it leaves the write to itself. It may outlive the ring: a loop
    // ends its ring before it destroys the last of the frames that stand on it.
    class Pending {
      public:
        Pending() = default;
        Pending(std::shared_ptr<Slots> slots, Slot& slot)
            : slots_(std::move(slots)), slot_(&slot) {}
        Pending(Pending&& other) noexcept
            : slots_(std::move(other.slots_)), slot_(std::exchange(other.slot_, nullptr)) {}
        Pending& operator=(Pending&& other) noexcept {
            std::swap(slots_, other.slots_);
            std::swap(slot_, other.slot_);
            return *this;
        }
        Pending(const Pending&) = delete;
        Pending& operator=(const Pending&) = delete;
        ~Pending();

        explicit operator bool() const { return slot_ != nullptr; }
        // To be called once. All bytes are with the device when it returns without Error; durable
        // after a sync.
        boost::asio::awaitable<Result<void>> wait();

      private:
        std::shared_ptr<Slots> slots_;  // shared with the ring
        Slot* slot_ = nullptr;
    };

    // Makes the ring of a loop, before the loop runs; it ends with the loop. False: io_uring is
    // refused here.
    static bool install(boost::asio::io_context& loop, BufferArena& arena);
    // The ring of the loop on which the caller runs, if it has one.
    static boost::asio::awaitable<DiskRing*> of_this_loop();

    explicit DiskRing(boost::asio::io_context& loop);
    ~DiskRing();
    DiskRing(const DiskRing&) = delete;
    DiskRing& operator=(const DiskRing&) = delete;

    Pending start(Write write);

  private:
    struct Impl;

    bool open(BufferArena& arena);
    void submit(Slot& slot);
    void watch();
    void reap();
    void settle(Slot& slot, int result);

    std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::runtime
