// Serves one connection from accept to close: head, handler, answer, and again. Spawned by the
// listener on one event loop and never seen by another; all connections of a loop share its
// LoopServices.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/clock.hpp"
#include "http/connection_limits.hpp"
#include "http/handler.hpp"
#include "http/head_parser.hpp"
#include "http/request_metrics.hpp"
#include "http/scheme.hpp"
#include "http/socket_body.hpp"
#include "http/wire.hpp"

namespace sluice::http {

class Connection;

// What the connections of one loop share. Touched on that loop's thread only.
struct LoopServices {
    LoopServices(
        Handler& to, Metrics& metrics_to, const Clock& time, const ConnectionLimits& bounds
    )
        : handler(to), clock(time), limits(bounds), metrics(metrics_to) {}

    // The Date of now, written anew once a second.
    const std::string& date();
    // From now on every answer closes, and who waits for a request is closed at once.
    void drain();

    Handler& handler;
    const Clock& clock;
    const ConnectionLimits limits;
    RequestMetrics metrics;
    std::unordered_set<Connection*> connections;
    bool is_draining = false;

  private:
    std::string date_;
    std::chrono::sys_seconds date_second_{};
};

class Connection {
  public:
    Connection(Socket socket, LoopServices& services, Scheme scheme = Scheme::http);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    boost::asio::awaitable<void> run();
    void close_if_idle();

  private:
    using Time = std::chrono::steady_clock::time_point;

    // Nothing: the connection ends here without an answer.
    boost::asio::awaitable<Result<std::optional<ParsedHead>>> read_head();
    boost::asio::awaitable<bool> wait_for_request();
    boost::asio::awaitable<void> refuse(Error error);
    // True: the next request may come.
    boost::asio::awaitable<bool> serve(Request request);
    boost::asio::awaitable<Response> answer(const Request& request, SocketBody& body);
    boost::asio::awaitable<bool> send(const Request& request, Response& response, bool keeps_alive);
    boost::asio::awaitable<bool> send_source(Response& response);
    boost::asio::awaitable<bool> send_cut(const Response& response);
    boost::asio::awaitable<bool> discard(SocketBody& body);
    void complete(Request& request) const;
    bool may_keep_alive(const Request& request, const Response& response, const SocketBody& body)
        const;
    void count(const Request& request, const Response& response);

    LoopServices& services_;
    const Scheme scheme_;
    Wire wire_;
    std::string peer_;
    std::string local_;  // "address:port" of our end
    std::string head_;   // of the answer; keeps its memory from one to the next
    Time started_{};     // first byte of the request
    std::uint64_t received_before_ = 0;
    std::uint64_t sent_before_ = 0;
    bool is_idle_ = false;
};

// The task of one connection.
boost::asio::awaitable<void> serve_connection(
    Socket socket, std::shared_ptr<LoopServices> services, Scheme scheme
);

}  // namespace sluice::http
