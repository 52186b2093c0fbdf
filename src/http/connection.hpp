// Serves one connection from accept to close: head, handler, answer, and again. Spawned by the listener on one event
// loop and never seen by another; all connections of a loop share its LoopServices.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ring_node.hpp"
#include "http/connection_budget.hpp"
#include "http/head_parser.hpp"
#include "http/loop_services.hpp"
#include "http/scheme.hpp"
#include "http/socket_body.hpp"
#include "http/wire.hpp"

namespace sluice::http {

class Connection final : private RingNode {  // in one of services_, or alone
  public:
    Connection(Socket socket, LoopServices& services, ConnectionBudget::Place place, Scheme scheme);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Who has come. On the heap until there is a connection: the frame of run() would have room for it.
    struct Arrival {
        Socket socket;
        std::shared_ptr<LoopServices> services;
        ConnectionBudget::Place place;
        Scheme scheme;
    };
    // What is spawned: all of it, from accept to close.
    static boost::asio::awaitable<void> run(std::unique_ptr<Arrival> arrival);
    static Connection& of(RingNode& idle) { return static_cast<Connection&>(idle); }
    // Precondition: it waits for a request, or lingers.
    void close_idle();
    // Of one that lingers: not before its client could read the answer.
    bool may_be_cut() const;
    // Not if its request is there and this loop has not come to it yet, nor if it is the first one and may come any moment.
    bool may_go();

  private:
    using Time = std::chrono::steady_clock::time_point;

    // Null: the head is not whole yet.
    Result<std::unique_ptr<Request>> begin_request(HeadParser& parser);
    Result<std::unique_ptr<Request>> parsed(HeadParser& parser);
    // Of a head of so many bytes, or one that has begun with them.
    Result<void> hold_long_head(std::size_t bytes, const Request& request);
    // Null: the connection ends here without an answer.
    boost::asio::awaitable<Result<std::unique_ptr<Request>>> read_head(HeadParser& parser);
    std::chrono::milliseconds patience() const;
    void become_idle();
    bool becomes_silent();
    // These seven: true, if the next request may come.
    boost::asio::awaitable<bool> serve_next();
    boost::asio::awaitable<bool> serve_slow_head(HeadParser parser);
    boost::asio::awaitable<bool> serve_whole(std::unique_ptr<Request> request, Time began);
    boost::asio::awaitable<bool> send_whole(std::unique_ptr<Request>, std::unique_ptr<Response>);
    boost::asio::awaitable<bool> serve(std::unique_ptr<Request> served);
    boost::asio::awaitable<bool> refuse(Error error);
    boost::asio::awaitable<bool> leave(SocketBody& body, bool keeps_alive);
    // On one of the last connections, whoever only asks is served, once.
    bool is_last_resort() const { return place_.kind() == ConnectionBudget::Kind::last_resort; }
    std::unique_ptr<Response> answer_at_once(const Request& request);
    std::unique_ptr<Response> refuse_body(const Request& request);
    std::unique_ptr<Response> failed(const Request& request, const std::exception_ptr& failure);
    // Into the loop's.
    void compose_head(const Request& request, const Response& response, bool keeps_alive);
    // All of the answer; its parts are given back.
    std::string whole_text(const Request& request, Response& response, bool keeps_alive);
    bool send_at_once(std::string_view text);
    // True: the socket has taken it all. Else send() goes on with what is left of it, and of head_.
    bool send_at_once(const Request& request, Response& response);
    boost::asio::awaitable<bool> send(const Request& request, Response& response);
    boost::asio::awaitable<bool> send_source(const Request& request, Response& response);
    boost::asio::awaitable<bool> send_endless(Response& response);
    boost::asio::awaitable<bool> send_cut(const Response& response);
    boost::asio::awaitable<void> linger();
    void begin_lingering();
    // On a last resort: one that lingers goes for a small call.
    bool finds_place(const Request& request);
    bool lingers_briefly() const;
    void complete(Request& request, Time began) const;
    bool may_keep_alive(const Request& request, const Response& response, const SocketBody& body)
        const;
    void count(const Request& request, const Response& response);

    LoopServices& services_;
    ConnectionBudget::Place place_;
    const Scheme scheme_;
    bool is_ended_ = false;  // by close_idle()
    Wire wire_;
    std::string peer_;
    std::shared_ptr<const void> long_head_;                // while a request has one
    std::string head_;                                     // of an answer that did not go at once
    Time waits_since_ = std::chrono::steady_clock::now();  // for a request
    Time started_{};                                       // first byte of the request
    std::uint64_t received_before_ = 0;
    std::uint64_t sent_before_ = 0;
};

}  // namespace sluice::http
