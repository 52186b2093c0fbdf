// Bytes of a body on their way from a buffer of the arena to their place in a file, without a thread that
// waits for them: by direct I/O, while the next ones come. One request's coroutine; one write at a time
// is under way.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <span>

#include "runtime/buffer_arena.hpp"
#include "runtime/disk_ring.hpp"
#include "service/incoming.hpp"

namespace sluice::protocol {

class DirectWrites {
  public:
    // The ring of the loop on which the request lives; none: no direct writes.
    void use(runtime::DiskRing* ring) { ring_ = ring; }

    // Where the next `length` bytes may be put this way; nothing: by Incoming::write() alone.
    std::optional<DirectRange> range(const Incoming& incoming, std::size_t length) const;

    // The data stands in the buffer as in its blocks of the file; the buffer is moved away if it is written
    // from there later. Errors: those of Incoming::pass() and of the store.
    boost::asio::awaitable<Result<void>> write(
        Incoming& incoming,
        DirectRange range,
        std::span<const std::byte> data,
        std::optional<runtime::BufferArena::Buffer>& buffer
    );
    // Waits for the write that is under way; before Incoming::commit().
    boost::asio::awaitable<Result<void>> settle(Incoming& incoming);

  private:
    boost::asio::awaitable<Result<void>> write_edge(
        Incoming& incoming, const DirectRange& range, ByteOffset at, std::span<const std::byte> data
    );

    runtime::DiskRing* ring_ = nullptr;
    runtime::DiskRing::Pending pending_;
};

}  // namespace sluice::protocol
