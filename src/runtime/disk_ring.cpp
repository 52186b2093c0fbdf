#include "runtime/disk_ring.hpp"

#include <liburing.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace sluice::runtime {

namespace asio = boost::asio;

namespace {

// More than these wait in the submission queue's order; no write is refused.
constexpr unsigned entries = 256;

class RingService final : public asio::execution_context::service {
  public:
    using key_type = RingService;
    static inline asio::execution_context::id id;

    explicit RingService(asio::execution_context& context)
        : asio::execution_context::service(context) {}

    std::unique_ptr<DiskRing> ring;

  private:
    void shutdown() override { ring.reset(); }
};

}  // namespace

struct DiskRing::Slot {
    Write write{};
    std::size_t written = 0;
    std::optional<Error> error;
    bool is_done = false;
    bool is_left = false;  // nobody will ask for the result
    std::move_only_function<void()> resume;
};

struct DiskRing::Slots {
    Slot& take() {
        if (free.empty()) {
            free.push_back(&all.emplace_back());
        }
        Slot& slot = *free.back();
        free.pop_back();
        return slot;
    }
    void release(Slot& slot) {
        slot = {};
        free.push_back(&slot);
    }

    std::deque<Slot> all;  // stable addresses
    std::vector<Slot*> free;
};

struct DiskRing::Impl {
    explicit Impl(asio::io_context& loop) : descriptor(loop) {}

    io_uring ring{};
    bool is_open = false;
    asio::posix::stream_descriptor descriptor;  // of the ring: readable when something has ended
    bool is_watched = false;
    BufferArena* registered = nullptr;
    std::size_t running = 0;
    std::shared_ptr<Slots> slots = std::make_shared<Slots>();
};

bool DiskRing::install(asio::io_context& loop, BufferArena& arena) {
    auto ring = std::make_unique<DiskRing>(loop);
    if (!ring->open(arena)) {
        return false;
    }
    asio::use_service<RingService>(loop).ring = std::move(ring);
    return true;
}

asio::awaitable<DiskRing*> DiskRing::of_this_loop() {
    const auto executor = co_await asio::this_coro::executor;
    auto& context = asio::query(executor, asio::execution::context);
    co_return asio::has_service<RingService>(context)
        ? asio::use_service<RingService>(context).ring.get()
        : nullptr;
}

DiskRing::DiskRing(asio::io_context& loop) : impl_(std::make_unique<Impl>(loop)) {}

DiskRing::~DiskRing() {
    if (!impl_->is_open) {
        return;
    }
    // The kernel may still read from the buffers: wait for what runs.
    while (impl_->running > 0) {
        io_uring_cqe* event = nullptr;
        if (io_uring_wait_cqe(&impl_->ring, &event) == 0) {
            io_uring_cqe_seen(&impl_->ring, event);
            --impl_->running;
        }
    }
    impl_->descriptor.release();
    io_uring_queue_exit(&impl_->ring);
    // What waits for a write holds its frame, which may hold another Pending.
    std::vector<std::move_only_function<void()>> waiting;
    for (Slot& slot : impl_->slots->all) {
        slot.write = {};
        slot.is_done = true;
        waiting.push_back(std::exchange(slot.resume, nullptr));
    }
    waiting.clear();
}

bool DiskRing::open(BufferArena& arena) {
    if (io_uring_queue_init(entries, &impl_->ring, IORING_SETUP_CLAMP) != 0) {
        return false;
    }
    impl_->is_open = true;
    impl_->descriptor.assign(impl_->ring.ring_fd);
    // Registered memory spares the kernel from finding its pages for each write. Not allowed (limit
    // of locked memory): the same writes, a little dearer.
    const iovec memory{arena.memory().data(), arena.memory().size()};
    if (io_uring_register_buffers(&impl_->ring, &memory, 1) == 0) {
        impl_->registered = &arena;
    }
    return true;
}

DiskRing::Pending DiskRing::start(Write write) {
    Slot& slot = impl_->slots->take();
    slot.write = std::move(write);
    ++impl_->running;
    submit(slot);
    watch();
    return {impl_->slots, slot};
}

void DiskRing::submit(Slot& slot) {
    io_uring_sqe* entry = io_uring_get_sqe(&impl_->ring);
    if (entry == nullptr) {
        io_uring_submit(&impl_->ring);
        entry = io_uring_get_sqe(&impl_->ring);
    }
    SLUICE_ASSERT(entry != nullptr);
    const auto rest = slot.write.bytes.subspan(slot.written);
    const std::uint64_t at = slot.write.at.value + slot.written;
    const auto length = static_cast<unsigned>(rest.size());
    if (impl_->registered != nullptr && impl_->registered->contains(rest.data())) {
        io_uring_prep_write_fixed(entry, slot.write.file, rest.data(), length, at, 0);
    } else {
        io_uring_prep_write(entry, slot.write.file, rest.data(), length, at);
    }
    io_uring_sqe_set_data(entry, &slot);
    io_uring_submit(&impl_->ring);
}

void DiskRing::watch() {
    if (std::exchange(impl_->is_watched, true)) {
        return;
    }
    impl_->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [this](const boost::system::error_code& error) {
            if (error) {
                return;  // the loop ends, perhaps this object has
            }
            impl_->is_watched = false;
            reap();
            if (impl_->running > 0) {
                watch();
            }
        }
    );
}

void DiskRing::reap() {
    io_uring_cqe* event = nullptr;
    while (io_uring_peek_cqe(&impl_->ring, &event) == 0) {
        auto& slot = *static_cast<Slot*>(io_uring_cqe_get_data(event));
        const int result = event->res;
        io_uring_cqe_seen(&impl_->ring, event);
        settle(slot, result);
    }
}

void DiskRing::settle(Slot& slot, int result) {
    if (result == -EINTR || result == -EAGAIN) {
        submit(slot);
        return;
    }
    if (result <= 0) {
        slot.error = system_error(result == 0 ? EIO : -result, "write");
    } else {
        slot.written += static_cast<std::size_t>(result);
        if (slot.written < slot.write.bytes.size()) {
            submit(slot);
            return;
        }
    }
    --impl_->running;
    slot.is_done = true;
    slot.write = {};
    if (slot.is_left) {
        impl_->slots->release(slot);
    } else if (slot.resume) {
        auto resume = std::exchange(slot.resume, nullptr);
        resume();
    }
}

DiskRing::Pending::~Pending() {
    if (slot_ == nullptr) {
        return;
    }
    if (slot_->is_done) {
        slots_->release(*slot_);
    } else {
        slot_->is_left = true;
    }
}

asio::awaitable<Result<void>> DiskRing::Pending::wait() {
    Slot& slot = *std::exchange(slot_, nullptr);
    if (!slot.is_done) {
        auto start = [&slot](auto handler) {
            auto executor = asio::get_associated_executor(handler);
            slot.resume = [executor = std::move(executor), handler = std::move(handler)]() mutable {
                asio::post(executor, std::move(handler));
            };
        };
        // The handler's cancellation slot stays unconnected on purpose: the write cannot be taken
        // back.
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
            start, asio::use_awaitable
        );
    }
    auto error = std::exchange(slot.error, std::nullopt);
    slots_->release(slot);
    co_return error ? Result<void>(*std::move(error)) : ok();
}

}  // namespace sluice::runtime
