#include "http/connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/release_memory.hpp"
#include "http/forwarded.hpp"
#include "http/refusal.hpp"

namespace sluice::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t request_id_length_max = 128;
// Whoever is silent for longer holds no buffer; the next request then costs a system call more.
constexpr std::chrono::milliseconds briefly_idle{1'000};
// Whoever has just come is about to ask.
constexpr std::chrono::milliseconds fresh{1'000};
// For the request of a client that was let in while the server stops.
constexpr std::chrono::milliseconds on_its_way{250};
constexpr std::size_t logged_path_length_max = 256;

bool is_request_id(std::string_view text) {
    const auto is_allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= request_id_length_max &&
           std::ranges::all_of(text, is_allowed);
}

// A clock that was looked at already.
class SeenClock final : public Clock {
  public:
    explicit SeenClock(WallTime seen) : seen_(seen) {}
    WallTime now() const override { return seen_; }

  private:
    const WallTime seen_;
};

std::string describe(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "unknown exception";
    }
}

}  // namespace

Connection::Connection(
    Socket socket, LoopServices& services, ConnectionBudget::Place place, Scheme scheme
)
    : services_(services),
      place_(std::move(place)),
      scheme_(scheme),
      wire_(std::move(socket), Pace(services.limits, *services.budget)),
      peer_(wire_.peer()) {
    services_.metrics.connection_opened();
}

Connection::~Connection() {
    services_.metrics.connection_closed();
}

// All that an idle connection waits for is in this frame, and what one request needs is not.
asio::awaitable<void> Connection::run(std::unique_ptr<Arrival> arrival) {
    const auto services = std::move(arrival->services);
    const auto self = std::make_unique<Connection>(
        std::move(arrival->socket), *services, std::move(arrival->place), arrival->scheme
    );
    arrival.reset();
    do {
        Wire& wire = self->wire_;
        if (!wire.buffered().empty()) {
            // Pipelined. The answer before may have gone at once, so the loop is given away here.
            co_await asio::post(wire.loop(), asio::deferred);
            continue;
        }
        self->become_idle();
        std::optional<std::size_t> count;
        // One wait for both deadlines: the frame has room for each that stands in it.
        for (bool is_silent = false, goes_on = true; goes_on && !count;) {
            if (wire.may_read() || co_await wire.readable()) {
                count = wire.fill_now();
            } else {
                goes_on = !std::exchange(is_silent, true) && self->becomes_silent();
            }
        }
        wire.stop_deadline();
        self->RingNode::leave();
        if (!count) {
            count = wire.fill_now();  // it may have come since the wait was ended
        }
        if (count.value_or(0) == 0) {
            co_return;
        }
    } while (co_await self->serve_next());
}

std::chrono::milliseconds Connection::patience() const {
    return is_last_resort() ? services_.limits.last_resort : services_.limits.idle;
}

void Connection::become_idle() {
    wire_.shrink();
    if (!is_last_resort()) {  // has little time anyway
        join(services_.idle);
    }
    wire_.start_deadline(
        std::min(patience(), services_.is_draining ? on_its_way : briefly_idle), waits_since_
    );
}

// The first deadline is over. False: it was the only one.
bool Connection::becomes_silent() {
    if (patience() <= briefly_idle || is_ended_ || services_.is_draining) {
        return false;
    }
    release_memory(head_);
    wire_.drop_buffer();
    wire_.start_deadline(patience() - briefly_idle);
    return true;
}

// No coroutine, and neither is serve_whole(): whoever stands still in a body would hold its frame.
asio::awaitable<bool> Connection::serve_next() {
    HeadParser parser;
    auto request = begin_request(parser);
    if (!request) {
        return refuse(std::move(request).error());
    }
    return *request == nullptr ? serve_slow_head(std::move(parser))
                               : serve_whole(*std::move(request), started_);
}

asio::awaitable<bool> Connection::serve_slow_head(HeadParser parser) {
    auto request = co_await read_head(parser);
    if (!request) {
        co_return co_await refuse(std::move(request).error());
    }
    co_return *request !=
        nullptr&& co_await serve_whole(*std::move(request), std::chrono::steady_clock::now());
}

asio::awaitable<bool> Connection::serve_whole(std::unique_ptr<Request> request, Time began) {
    complete(*request, began);
    auto response = answer_at_once(*request);
    return response ? send_whole(std::move(request), std::move(response))
                    : serve(std::move(request));
}

asio::awaitable<bool> Connection::send_whole(
    std::unique_ptr<Request> request, std::unique_ptr<Response> response
) {
    const bool keeps_alive = !response->close && !request->wants_close && !services_.is_draining &&
                             !is_ended_ && !is_last_resort();
    std::string text = whole_text(*request, *response, keeps_alive);
    long_head_ = nullptr;
    // As in serve().
    co_await wire_.end_of_round();
    const bool is_sent =
        send_at_once(text) || co_await wire_.write(head_, {}, services_.limits.write);
    count(*request, *response);
    services_.give_back(std::move(request), std::move(text));
    if (is_sent && !keeps_alive && wire_.has_arrived()) {
        co_await linger();
    }
    co_return is_sent&& keeps_alive;
}

// Null: it takes serve().
std::unique_ptr<Response> Connection::answer_at_once(const Request& request) {
    if (request.has_body()) {
        return nullptr;
    }
    try {
        return services_.handler.at_once(request);
    } catch (...) {
        return failed(request, std::current_exception());
    }
}

// Most heads come whole, so there is a coroutine, and a deadline, only for those that do not.
Result<std::unique_ptr<Request>> Connection::begin_request(HeadParser& parser) {
    received_before_ = wire_.received() - wire_.buffered().size();
    sent_before_ = wire_.sent();
    started_ = std::chrono::steady_clock::now();
    return parsed(parser);
}

Result<std::unique_ptr<Request>> Connection::parsed(HeadParser& parser) {
    auto request = services_.take_request();
    auto bytes = parser.parse_into(*request, wire_.buffered_text());
    if (!bytes) {
        return std::move(bytes).error();
    }
    // What lies behind a head that is complete is none of it.
    if (auto may = hold_long_head(*bytes > 0 ? *bytes : wire_.buffered().size(), *request); !may) {
        return std::move(may).error();
    }
    if (*bytes == 0) {
        services_.give_back(std::move(request), {});
        return nullptr;
    }
    wire_.consume(*bytes);
    return request;
}

Result<void> Connection::hold_long_head(std::size_t bytes, const Request& request) {
    if (bytes <= usual_head_bytes_max) {
        long_head_ = nullptr;
        return ok();
    }
    if (request.has_body()) {  // it would be held for as long as the body takes
        return Error{
            ErrorCode::head_too_large,
            "A head of more than " + std::to_string(usual_head_bytes_max) +
                " bytes has a body behind it: Upload-Concat lists parts, and comes without one."
        };
    }
    if (long_head_ == nullptr) {
        long_head_ = services_.budget->enter_long_head();
    }
    return long_head_ != nullptr
               ? ok()
               : Result<void>(services_.budget->refusal(ConnectionBudget::Lack::long_head));
}

bool Connection::may_go() {
    if (wire_.sent() == 0 && std::chrono::steady_clock::now() - waits_since_ < fresh) {
        return false;
    }
    return !wire_.has_arrived();
}

// Its wait ends with the next round of the loop; from now on it is not idle any more.
void Connection::close_idle() {
    RingNode::leave();
    is_ended_ = true;
    wire_.close();
}

asio::awaitable<Result<std::unique_ptr<Request>>> Connection::read_head(HeadParser& parser) {
    const auto& limits = services_.limits;
    wire_.start_deadline(is_last_resort() ? limits.last_resort : limits.head);
    Result<std::unique_ptr<Request>> request = nullptr;
    while (request && *request == nullptr) {
        const auto count = co_await wire_.fill_before_deadline();
        if (!count) {
            co_return Error{
                ErrorCode::request_timeout,
                "The head of the request did not come to its end in time."
            };
        }
        if (*count == 0) {
            co_return nullptr;
        }
        request = parsed(parser);
    }
    wire_.stop_deadline();
    co_return request;
}

// There is no request, and where the next one would begin is not known.
asio::awaitable<bool> Connection::refuse(Error error) {
    Request request;
    request.request_id = make_request_id(services_.clock);
    const auto received = wire_.buffered_text();
    request.method = asks_for_head_alone(received) ? "HEAD" : "";
    auto response = services_.handler.refuse(error, request.request_id, received);
    compose_head(request, response, false);
    const bool is_sent = send_at_once(request, response) || co_await send(request, response);
    count(request, response);
    if (is_sent) {
        co_await linger();
    }
    co_return false;
}

void Connection::complete(Request& request, Time began) const {
    request.peer = peer_;
    request.began = began;
    request.came_at = services_.clock.now();
    const auto id = request.header("x-request-id");
    request.request_id =
        id && is_request_id(*id) ? std::string(*id) : make_request_id(SeenClock(*request.came_at));
    request.is_inspected = services_.handler.inspects(request);
    if (request.base_url.empty()) {
        request.base_url = "http://" + wire_.local();
    }
    if (services_.handler.trusts(peer_)) {
        apply_forwarded(request, [this](std::string_view peer) {
            return services_.handler.trusts(peer);
        });
    }
    static constexpr std::string_view plain = "http://";
    if (scheme_ == Scheme::https && request.base_url.starts_with(plain)) {
        request.base_url.replace(0, plain.size(), "https://");
    }
}

asio::awaitable<bool> Connection::serve(std::unique_ptr<Request> request) {
    if (request->has_body()) {
        release_memory(head_);  // it may be long in coming
    }
    SocketBody body(wire_, *request, services_.limits, *services_.budget);
    std::unique_ptr<Response> response;  // the frame stands here for as long as a body takes
    std::exception_ptr failure;
    try {
        if (is_last_resort() && request->has_body() && !finds_place(*request)) {
            response = refuse_body(*request);
        } else {
            response = co_await services_.handler.handle(*request, body);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) {
            std::rethrow_exception(failure);  // not a failure: the server ends the connection
        }
        response = failed(*request, failure);
    }
    // The answers of one round of the loop go out one right after the other: a client with many connections wakes
    // once for them, and waking it is what a short answer costs most.
    co_await wire_.end_of_round();
    const bool keeps_alive = may_keep_alive(*request, *response, body);
    compose_head(*request, *response, keeps_alive);
    const bool is_sent = send_at_once(*request, *response) || co_await send(*request, *response);
    count(*request, *response);
    long_head_ = nullptr;
    if (!is_sent) {
        co_return false;
    }
    if (body.is_done() && (keeps_alive || !wire_.has_arrived())) {
        co_return keeps_alive;
    }
    co_return co_await leave(body, keeps_alive);
}

std::unique_ptr<Response> Connection::refuse_body(const Request& request) {
    services_.budget->note_refused();
    const auto error = services_.budget->refusal(ConnectionBudget::Lack::usual_place);
    return std::make_unique<Response>(
        services_.handler.refuse(error, request.request_id, head_of(request))
    );
}

std::unique_ptr<Response> Connection::failed(
    const Request& request, const std::exception_ptr& failure
) {
    const auto detail = describe(failure);
    log::error(
        "handler_failed",
        "a handler threw",
        {{"request_id", request.request_id}, {"detail", std::string_view(detail)}}
    );
    const Error error{.code = ErrorCode::internal, .detail = detail};
    auto response = std::make_unique<Response>(
        services_.handler.refuse(error, request.request_id, head_of(request))
    );
    response->close = true;
    return response;
}

bool Connection::may_keep_alive(
    const Request& request, const Response& response, const SocketBody& body
) const {
    const bool is_endless = response.source && response.source->is_endless();
    if (is_endless || response.close || request.wants_close || services_.is_draining || is_ended_ ||
        body.is_broken() || is_last_resort()) {
        return false;
    }
    if (body.is_done()) {
        return true;
    }
    // Refused before "100 Continue": whether the body comes is the client's choice, so the framing
    // is lost.
    if (body.client_waits()) {
        return false;
    }
    return body.remaining().value_or(0) <= services_.limits.unread_bytes_max;
}

// Not inlined: the frame of serve() would have room for its variables.
[[gnu::noinline]] void Connection::count(const Request& request, const Response& response) {
    waits_since_ = std::chrono::steady_clock::now();
    const Served served{
        .method = request.method,
        .path = std::string_view(request.path).substr(0, logged_path_length_max),
        .request_id = request.request_id,
        .route = response.route,
        .error_code = response.error_code,
        .status = response.status,
        .took = std::chrono::duration_cast<std::chrono::microseconds>(waits_since_ - started_),
        .received = wire_.received() - wire_.buffered().size() - received_before_,
        .sent = wire_.sent() - sent_before_
    };
    services_.metrics.count(served);
}

}  // namespace sluice::http
