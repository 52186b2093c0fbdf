// The loop's rule: all small handlers that are ready, then one piece of one body, in turn.
// Whoever is about to move a piece of a body (hundreds of kilobytes, out of a socket or into one)
// awaits bulk_turn() first, and moves one piece before the next wait. Everything else that runs on
// the loop is small, and goes before: a request for a few bytes waits for one piece at the most,
// however many bodies come. A turn costs a queue and one look at the sockets when nothing is ready.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace boost::asio {
class io_context;
}

namespace sluice::runtime {

// Ends when it is the caller's turn. `loop` is the one that the caller runs on, and outlives the wait;
// what still waits when it is destroyed is destroyed, never resumed. Not cancelled: a turn comes soon.
boost::asio::awaitable<void> bulk_turn(boost::asio::io_context& loop);
// Of the loop that the caller runs on.
boost::asio::awaitable<void> bulk_turn();

}  // namespace sluice::runtime
