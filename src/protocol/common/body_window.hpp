// The part of a request's body that is in memory: what came and is not parsed, and before it the
// media that is parsed and not stored yet. Small bodies live in a few KiB, those that are stored from memory are received there; a
// large one borrows a buffer of the arena while its bytes move, and gives it back when the client falls silent, so that
// stalled clients cost what they left unparsed. One request's coroutine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "http/body_reader.hpp"
#include "runtime/buffer_arena.hpp"

namespace sluice::protocol {

class BodyWindow {
  public:
    BodyWindow(http::BodyReader& body, runtime::BufferArena& arena);

    http::BodyReader& body() const { return body_; }

    // It holds no memory. Before the next read() its arrival() is to be awaited: no frame but that one then stands there for
    // as long as the client does.
    bool is_asleep() const { return !has_memory_; }
    boost::asio::awaitable<Result<void>> arrival() { return body_.ready(); }

    // Some more bytes, and which they are; none at the end of the body, or if is_silent(). Errors:
    // those of the body. Precondition: !is_full().
    boost::asio::awaitable<Result<std::span<const std::byte>>> read();
    // The body has ended.
    bool is_last() const { return is_last_; }
    // Nothing comes just now: store what is there and resume(), which gives the buffer back.
    bool is_silent() const { return is_silent_; }
    bool is_full() const { return filled_ == memory().size(); }

    std::span<const std::byte> media() const {
        return memory().subspan(begin_, filled_ - begin_).first(media_);
    }
    std::span<const std::byte> unparsed() const {
        return memory().subspan(begin_ + media_, filled_ - begin_ - media_);
    }
    std::size_t size() const { return memory().size(); }
    // The parser gave these of unparsed() as media: they follow media(), or begin it.
    void add_media(std::span<const std::byte> data);
    // Without media waiting: only `rest`, the end of unparsed(), is still needed.
    void keep(std::span<const std::byte> rest);

    // The buffer, if there is one; who stores the media may move it away, and with it all memory.
    std::optional<runtime::BufferArena::Buffer>& buffer() { return big_; }
    // Copies what must outlive the buffer: the end of media() that is not stored, and `unparsed`.
    void set_aside(std::span<const std::byte> media_left, std::span<const std::byte> unparsed);
    // Goes on with what was set aside. `phase`: where in a block of the file its first byte belongs. `lent`: memory of
    // whoever stores the media, until the next resume(); it is used if all that is still to come fits in it.
    boost::asio::awaitable<void> resume(std::size_t phase, std::span<std::byte> lent);
    // Instead of resume(), when nothing is being stored (what was set aside is kept): the buffer is the next one's who
    // has a turn, still in the processor's caches, and taken again when more has come.
    void sleep();

  private:
    std::span<const std::byte> memory() const {
        return !lent_.empty() ? std::span<const std::byte>(lent_)
               : big_         ? std::span<const std::byte>(big_->bytes())
                              : std::span(small_);
    }
    std::span<std::byte> memory() {
        return !lent_.empty() ? lent_ : big_ ? big_->bytes() : std::span(small_);
    }
    boost::asio::awaitable<void> take_memory();
    void place();

    http::BodyReader& body_;
    runtime::BufferArena& arena_;
    std::vector<std::byte> small_;
    mutable std::optional<runtime::BufferArena::Buffer> big_;
    std::span<std::byte> lent_;  // with it there is no other
    std::vector<std::byte> aside_;
    // All within a buffer of the arena.
    std::uint32_t aside_media_ = 0;
    std::uint32_t phase_ = 0;
    std::uint32_t begin_ = 0;
    std::uint32_t media_ = 0;
    std::uint32_t filled_ = 0;
    bool has_memory_ = true;
    bool is_last_ = false;
    bool is_silent_ = false;
};

}  // namespace sluice::protocol
