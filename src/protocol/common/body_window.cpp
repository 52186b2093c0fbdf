#include "protocol/common/body_window.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/assert.hpp"
#include "base/release_memory.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

// Enough for the bodies of all calls without media.
constexpr std::size_t small_bytes = 16 * 1024;
// The beginning of a longer one: it comes alone as a rule, and what follows goes to a buffer of the arena. Memory is
// filled with zeros first.
constexpr std::size_t beginning_bytes = 4 * 1024;
// Between two bursts of a client that is merely slow. Whoever waits for a buffer shortens it to
// nothing.
constexpr std::chrono::milliseconds patience{100};

std::size_t bytes_at_first(std::optional<std::uint64_t> remaining) {
    const std::uint64_t whole = remaining.value_or(small_bytes);
    return whole > small_bytes ? beginning_bytes : std::max<std::size_t>(whole, 1);
}

}  // namespace

BodyWindow::BodyWindow(http::BodyReader& body, runtime::BufferArena& arena)
    : body_(body), arena_(arena), small_(bytes_at_first(body.remaining())) {}

awaitable<Result<std::span<const std::byte>>> BodyWindow::read() {
    if (!has_memory_) {
        co_await take_memory();
        place();
    }
    is_silent_ = false;
    if (big_) {
        const auto limit = arena_.is_wanted() ? std::chrono::milliseconds(0) : patience;
        if (!co_await body_.arrives_within(limit)) {
            is_silent_ = true;
            co_return std::span<const std::byte>();
        }
    }
    SLUICE_ASSERT(!is_full());
    const auto free = memory().subspan(filled_);
    auto count = co_await body_.read_some(free);
    if (!count) {
        co_return std::move(count).error();
    }
    filled_ += static_cast<std::uint32_t>(*count);
    is_last_ = *count == 0 || body_.remaining() == std::uint64_t{0};
    co_return free.first(*count);
}

void BodyWindow::keep(std::span<const std::byte> rest) {
    SLUICE_ASSERT(media_ == 0);
    std::memmove(memory().data(), rest.data(), rest.size());
    begin_ = 0;
    filled_ = static_cast<std::uint32_t>(rest.size());
}

void BodyWindow::add_media(std::span<const std::byte> data) {
    const auto at = static_cast<std::size_t>(data.data() - memory().data());
    if (media_ == 0) {
        begin_ = static_cast<std::uint32_t>(at);
    }
    SLUICE_ASSERT(at == begin_ + media_ && at + data.size() <= filled_);
    media_ += static_cast<std::uint32_t>(data.size());
}

void BodyWindow::set_aside(
    std::span<const std::byte> media_left, std::span<const std::byte> unparsed
) {
    if (!has_memory_) {
        return;  // what is aside is all there is
    }
    aside_.assign(media_left.begin(), media_left.end());
    aside_.insert(aside_.end(), unparsed.begin(), unparsed.end());
    aside_media_ = static_cast<std::uint32_t>(media_left.size());
}

// A buffer of the arena for what is still to come, unless that is little.
awaitable<void> BodyWindow::take_memory() {
    const auto remaining = body_.remaining();
    const std::uint64_t whole = phase_ + aside_.size() + remaining.value_or(0);
    const bool is_little = remaining && whole <= small_bytes;
    if (remaining && !is_little && whole <= lent_.size()) {
        release_memory(small_);
        big_.reset();
        has_memory_ = true;
        co_return;
    }
    lent_ = {};
    if (!is_little) {
        release_memory(small_);
        if (!big_) {
            big_.emplace(co_await arena_.take());
        }
    } else if (!big_) {
        small_.resize(std::max<std::size_t>(whole, 1));
    }
    has_memory_ = true;
}

void BodyWindow::place() {
    SLUICE_ASSERT(phase_ + aside_.size() <= memory().size());
    std::ranges::copy(aside_, memory().begin() + static_cast<std::ptrdiff_t>(phase_));
    begin_ = phase_;
    media_ = aside_media_;
    filled_ = phase_ + static_cast<std::uint32_t>(aside_.size());
    aside_.clear();
}

void BodyWindow::sleep() {
    lent_ = {};
    big_.reset();
    release_memory(small_);
    aside_.shrink_to_fit();
    begin_ = media_ = filled_ = 0;
    has_memory_ = false;
}

awaitable<void> BodyWindow::resume(std::size_t phase, std::span<std::byte> lent) {
    phase_ = static_cast<std::uint32_t>(phase);
    if (is_silent_) {
        sleep();
        co_return;
    }
    lent_ = lent;
    co_await take_memory();
    place();
}

}  // namespace sluice::protocol
