// Connections for which there is no place are told so: 503 with Retry-After, in the words of the call
// if it comes soon. On the thread of their loop; nothing here waits for a client that does not move.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "base/unique_fd.hpp"
#include "http/connection.hpp"
#include "http/wire.hpp"

namespace sluice::http {

// At most so many at a time are waited for on a loop; the others are told at once.
inline constexpr std::size_t farewells_max = 64;

// Precondition: services->farewells < farewells_max.
boost::asio::awaitable<void> turn_away(Socket socket, std::shared_ptr<LoopServices> services);

// As far as it goes without waiting: what has come is read, the answer sent, our direction ended.
// Whoever closes the descriptor later leaves the client the time to read it.
void turn_away_at_once(int connection, LoopServices& services, ConnectionBudget::Lack lack);

// A descriptor that is given up when there is no other, to take a connection and tell it so: left in
// the queue it would wake the door up without end, and its client would wait for nothing.
class SpareFile {
  public:
    SpareFile() : file_(open()) {}

    // The connection stays open in the spare's place until renew() or the next one. False: none had come.
    bool turn_one_away(int acceptor, LoopServices& services);
    // There are descriptors again.
    void renew();

  private:
    static UniqueFd open();
    void let_go();

    UniqueFd file_;
    bool is_connection_ = false;
};

}  // namespace sluice::http
