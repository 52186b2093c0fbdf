// Peers: the other nodes that have the same uploads. What is decided is decided in the store; here is
// what a node tells the others so that they need not find it out later, and what it asks them about
// that is in no store: the requests they are just receiving. Nobody answers for a node that has died.
// Thread-safe; all but the questions do not block. One implementation (nodes/); a server that is alone
// has none.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "service/in_flight.hpp"

namespace sluice {

class Peers {
  public:
    virtual ~Peers() = default;

    // There is a new job; the job of this upload is to be stopped.
    virtual void tell_job_added() = 0;
    virtual void tell_cancelled(MediaId id) = 0;

    // Takes the stream, durably enough, from whoever has it on whatever node: its token. What a
    // request with another token has stored until then, it has stored; from now on it stores nothing.
    // Its node is told to stop reading. Blocks on the store.
    virtual Result<std::uint64_t> take_stream(MediaId id) = 0;
    // The upload is over: requests that append to it are of no use any more.
    virtual void tell_stream_over(MediaId id) = 0;
    // Asks the node that has the stream to store what has come, and waits until it says so, for so
    // long at most; at once if the stream is nobody else's.
    virtual void settle_stream(MediaId id, std::chrono::milliseconds patience) = 0;
    // The APPENDs to this upload that other nodes receive now, of those that answer in time.
    virtual RunningAppends running_appends(MediaId id, std::chrono::milliseconds patience) = 0;
};

}  // namespace sluice
