#include "runtime/buffer_arena.hpp"

#include <sys/mman.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <memory>
#include <system_error>

#include "base/assert.hpp"

namespace sluice::runtime {

namespace asio = boost::asio;

namespace {

constexpr std::size_t huge_page = 2 << 20;

}  // namespace

BufferArena::BufferArena(std::size_t count) {
    SLUICE_ASSERT(count > 0);
    const std::size_t size = count * buffer_size;
    mapped_ = size + huge_page;
    void* const mapping =
        ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(), "memory for bodies");
    }
    mapping_ = mapping;
    void* aligned = mapping;
    std::size_t room = mapped_;
    std::align(huge_page, size, aligned, room);
    // A hint: where it is not taken, the pages are small and the copies a third dearer.
    ::madvise(aligned, size, MADV_HUGEPAGE);
    memory_ = {static_cast<std::byte*>(aligned), size};
    free_.reserve(count);
    // The first ones are taken first, so that a server with little to do touches little memory.
    for (std::size_t i = count; i-- > 0;) {
        free_.push_back(memory_.data() + i * buffer_size);
    }
}

BufferArena::~BufferArena() {
    ::munmap(mapping_, mapped_);
}

std::byte* BufferArena::pop() {
    if (free_.empty()) {
        return nullptr;
    }
    std::byte* const bytes = free_.back();
    free_.pop_back();
    return bytes;
}

std::optional<BufferArena::Buffer> BufferArena::try_take() {
    const std::lock_guard lock(mutex_);
    std::byte* const bytes = waiting_.empty() ? pop() : nullptr;
    return bytes == nullptr ? std::nullopt : std::optional<Buffer>(std::in_place, *this, bytes);
}

asio::awaitable<BufferArena::Buffer> BufferArena::take() {
    auto start = [this](auto handler) {
        auto executor = asio::prefer(
            asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked
        );
        auto resume = [executor = std::move(executor),
                       handler = std::move(handler)](std::byte* bytes) mutable {
            asio::post(executor, [handler = std::move(handler), bytes]() mutable {
                handler(bytes);
            });
        };
        std::unique_lock lock(mutex_);
        std::byte* const bytes = waiting_.empty() ? pop() : nullptr;
        if (bytes == nullptr) {
            waiting_.emplace_back(std::move(resume));
            return;
        }
        lock.unlock();
        resume(bytes);
    };
    if (auto free = try_take()) {
        co_return std::move(*free);
    }
    // The handler's cancellation slot stays unconnected: what it is given must not be lost.
    std::byte* const bytes =
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::byte*)>(
            start, asio::use_awaitable
        );
    co_return Buffer(*this, bytes);
}

bool BufferArena::is_wanted() const {
    const std::lock_guard lock(mutex_);
    return !waiting_.empty();
}

void BufferArena::give_back(std::byte* bytes) {
    Waiter next;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            free_.push_back(bytes);
            return;
        }
        next = std::move(waiting_.front());
        waiting_.pop_front();
    }
    next(bytes);
}

}  // namespace sluice::runtime
