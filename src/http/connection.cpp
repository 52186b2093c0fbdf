#include "http/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/release_memory.hpp"
#include "http/field_line.hpp"
#include "http/response_head.hpp"
#include "runtime/bulk_turn.hpp"

namespace sluice::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t source_piece_bytes = 128 * 1024;
constexpr std::size_t endless_piece_bytes = 16 * 1024;
// Between two bursts of a client that reads as fast as it can.
constexpr std::chrono::milliseconds slow_reader_pause{100};
constexpr std::size_t discard_piece_bytes = 16 * 1024;
constexpr std::size_t usual_head_bytes = 1000;
constexpr std::size_t request_id_length_max = 128;
// Whoever is silent for longer holds no buffer; the next request then costs a system call more.
constexpr std::chrono::milliseconds briefly_idle{1'000};
// Whoever has just come is about to ask.
constexpr std::chrono::milliseconds fresh{1'000};
constexpr std::size_t logged_path_length_max = 256;
// For one that may go.
constexpr std::size_t idle_looked_at_max = 32;

bool is_request_id(std::string_view text) {
    const auto is_allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= request_id_length_max &&
           std::ranges::all_of(text, is_allowed);
}

void log_broken_source(const Response& response, const Result<std::size_t>& count) {
    log::error(
        "source_failed",
        "the body of an answer ended early",
        {{"route", response.route}, {"detail", count ? "" : count.error().detail}}
    );
}

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

const std::string& LoopServices::date() {
    const auto second = std::chrono::floor<std::chrono::seconds>(clock.now());
    if (second != date_second_) {
        date_second_ = second;
        date_ = http_date(second);
    }
    return date_;
}

void LoopServices::drain() {
    is_draining = true;
    while (!idle.empty()) {
        idle.front()->close_idle();
    }
}

bool LoopServices::close_longest_idle() {
    std::size_t looked_at = 0;
    for (Connection* connection : idle) {
        if (++looked_at > idle_looked_at_max) {
            break;
        }
        if (connection->may_go()) {
            connection->close_idle();  // leaves the list
            budget->note_idle_closed();
            return true;
        }
    }
    return false;
}

asio::awaitable<void> serve_connection(
    Socket socket,
    std::shared_ptr<LoopServices> services,
    ConnectionBudget::Place place,
    Scheme scheme
) {
    Connection connection(std::move(socket), *services, std::move(place), scheme);
    co_await connection.run();
}

Connection::Connection(
    Socket socket, LoopServices& services, ConnectionBudget::Place place, Scheme scheme
)
    : services_(services), place_(std::move(place)), scheme_(scheme), wire_(std::move(socket)) {
    boost::system::error_code error;
    wire_.socket().set_option(asio::ip::tcp::no_delay(true), error);
    const auto remote = wire_.socket().remote_endpoint(error);
    peer_ = error ? "" : address_text(remote, false);
    const auto local = wire_.socket().local_endpoint(error);
    local_ = error ? "" : address_text(local, true);
    services_.metrics.connection_opened();
}

Connection::~Connection() {
    leave_idle();
    services_.metrics.connection_closed();
}

// What one request needs is in the frame of serve_next(), so that an idle connection does not hold it.
asio::awaitable<void> Connection::run() {
    while (co_await wait_for_request() && co_await serve_next()) {
    }
}

asio::awaitable<bool> Connection::serve_next() {
    auto request = co_await read_head();
    if (!request) {
        co_await refuse(std::move(request).error());
        co_return false;
    }
    co_return *request != nullptr&& co_await serve(**request);
}

void Connection::leave_idle() {
    if (own_node_.empty()) {
        own_node_.splice(own_node_.begin(), services_.idle, node_);
    }
}

bool Connection::may_go() {
    if (wire_.sent() == 0 && std::chrono::steady_clock::now() - opened_ < fresh) {
        return false;
    }
    pollfd look{.fd = wire_.socket().native_handle(), .events = POLLIN, .revents = 0};
    return ::poll(&look, 1, 0) == 0;
}

// Its wait ends with the next round of the loop; from now on it is not idle any more.
void Connection::close_idle() {
    leave_idle();
    is_ended_ = true;
    wire_.close();
}

asio::awaitable<bool> Connection::wait_for_request() {
    if (!wire_.buffered().empty()) {
        co_return true;
    }
    if (services_.is_draining) {
        co_return false;
    }
    wire_.shrink();
    const auto& limits = services_.limits;
    if (!is_last_resort()) {  // has little time anyway
        services_.idle.splice(services_.idle.end(), own_node_);
    }
    const auto patience = is_last_resort() ? limits.last_resort : limits.idle;
    auto count = co_await wire_.fill(std::min(patience, briefly_idle));
    if (!count && patience > briefly_idle && !is_ended_) {
        release_memory(head_);
        const auto waited = co_await wire_.wait_for_bytes(patience - briefly_idle);
        count = waited && !is_ended_ ? co_await wire_.fill(patience) : Result<std::size_t>(0);
    }
    leave_idle();
    co_return count && *count > 0;
}

asio::awaitable<Result<std::unique_ptr<Request>>> Connection::read_head() {
    received_before_ = wire_.received() - wire_.buffered().size();
    sent_before_ = wire_.sent();
    started_ = std::chrono::steady_clock::now();
    HeadParser parser;
    auto head = parser.parse(wire_.buffered_text());
    // Most heads come whole, so the deadline is set only for those that do not.
    if (head && !*head) {
        const auto& limits = services_.limits;
        wire_.start_deadline(is_last_resort() ? limits.last_resort : limits.head);
    }
    while (head && !*head) {
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
        head = parser.parse(wire_.buffered_text());
    }
    wire_.stop_deadline();
    if (!head) {
        co_return std::move(head).error();
    }
    wire_.consume((*head)->bytes);
    co_return std::make_unique<Request>(std::move((*head)->request));
}

// There is no request, and where the next one would begin is not known.
asio::awaitable<void> Connection::refuse(Error error) {
    Request request;
    request.request_id = make_request_id(services_.clock);
    auto response = services_.handler.refuse(error, request.request_id, wire_.buffered_text());
    const bool is_sent = co_await send(request, response, false);
    count(request, response);
    if (is_sent) {
        co_await wire_.linger(services_.limits.linger_bytes_max, services_.limits.linger);
    }
}

void Connection::complete(Request& request) const {
    request.peer = peer_;
    const auto id = request.header("x-request-id");
    request.request_id =
        id && is_request_id(*id) ? std::string(*id) : make_request_id(services_.clock);
    request.is_inspected = services_.handler.inspects(request);
    if (request.base_url.empty()) {
        request.base_url = "http://" + local_;
    }
    static constexpr std::string_view plain = "http://";
    if (scheme_ == Scheme::https && request.base_url.starts_with(plain)) {
        request.base_url.replace(0, plain.size(), "https://");
    }
}

asio::awaitable<bool> Connection::serve(Request& request) {
    complete(request);
    if (request.has_body()) {
        release_memory(head_);  // it may be long in coming
    }
    SocketBody body(wire_, request, services_.limits, *services_.budget);
    auto response = co_await answer(request, body);
    const bool keeps_alive = may_keep_alive(request, response, body);
    const bool is_sent = co_await send(request, response, keeps_alive);
    count(request, response);
    if (!is_sent) {
        co_return false;
    }
    if (keeps_alive && co_await discard(body)) {
        co_return true;
    }
    if (!body.is_done()) {
        co_await wire_.linger(services_.limits.linger_bytes_max, services_.limits.linger);
    }
    co_return false;
}

asio::awaitable<Response> Connection::answer(const Request& request, SocketBody& body) {
    if (is_last_resort() && request.has_body()) {
        return answered(refuse_body(request));
    }
    return handled(request, body);
}

Response Connection::refuse_body(const Request& request) {
    services_.budget->note_refused();
    const auto line = request.method + " " + request.target + " HTTP/1.1\r\n";
    const auto error = services_.budget->refusal(ConnectionBudget::Lack::usual_place);
    return services_.handler.refuse(error, request.request_id, line);
}

asio::awaitable<Response> Connection::handled(const Request& request, SocketBody& body) {
    std::exception_ptr failure;
    try {
        co_return co_await services_.handler.handle(request, body);
    } catch (...) {
        failure = std::current_exception();
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        std::rethrow_exception(failure);  // not a failure: the server ends the connection
    }
    co_return failed(request, failure);
}

Response Connection::failed(const Request& request, const std::exception_ptr& failure) {
    const auto detail = describe(failure);
    log::error(
        "handler_failed",
        "a handler threw",
        {{"request_id", request.request_id}, {"detail", std::string_view(detail)}}
    );
    const Error error{.code = ErrorCode::internal, .detail = detail};
    auto response = services_.handler.refuse(error, request.request_id, {});
    response.close = true;
    return response;
}

bool Connection::may_keep_alive(
    const Request& request, const Response& response, const SocketBody& body
) const {
    const bool is_endless = response.source && response.source->is_endless();
    if (is_endless || response.close || request.wants_close || services_.is_draining ||
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

asio::awaitable<bool> Connection::discard(SocketBody& body) {
    if (body.is_done()) {
        co_return true;
    }
    std::vector<std::byte> piece(discard_piece_bytes);
    std::uint64_t discarded = 0;
    while (discarded <= services_.limits.unread_bytes_max) {
        const auto count = co_await body.read_some(piece);
        if (!count || *count == 0) {
            co_return count.has_value();
        }
        discarded += *count;
    }
    co_return false;
}

asio::awaitable<bool> Connection::send(
    const Request& request, Response& response, bool keeps_alive
) {
    const ResponseHeadFacts facts{
        .request_id = request.request_id,
        .date = services_.date(),
        .length = response.source ? response.source->length() : response.body.size(),
        .keeps_alive = keeps_alive,
        .is_http_1_0 = request.version_minor == 0
    };
    head_.clear();
    head_.reserve(usual_head_bytes);
    append_response_head(head_, response, facts);
    if (response.cut_after_bytes) {
        return send_cut(response);
    }
    const bool has_body = allows_body(response.status) && request.method != "HEAD";
    if (has_body && response.source) {
        return response.source->is_endless() ? send_endless(response) : send_source(response);
    }
    const auto body =
        has_body ? std::as_bytes(std::span(response.body)) : std::span<const std::byte>();
    return wire_.write(head_, body, services_.limits.write);
}

asio::awaitable<bool> Connection::send_cut(const Response& response) {
    const std::size_t length = std::min<std::uint64_t>(*response.cut_after_bytes, head_.size());
    const std::size_t rest =
        std::min<std::uint64_t>(*response.cut_after_bytes - length, response.body.size());
    const auto body = std::as_bytes(std::span(response.body).first(rest));
    const auto head = std::string_view(head_).substr(0, length);
    static_cast<void>(co_await wire_.write(head, body, services_.limits.write));
    co_return false;
}

// The head goes with the first piece. A source that fails ends the connection: the length is
// promised already. Whoever reads slowly holds no piece: what did not go is read once more.
asio::awaitable<bool> Connection::send_source(Response& response) {
    BodySource& source = *response.source;
    std::vector<std::byte> memory;
    std::string_view head = head_;
    std::uint64_t left = source.length();
    do {
        memory.resize(std::min<std::uint64_t>(left, source_piece_bytes));
        auto count = left > 0 ? co_await source.read(memory) : Result<std::size_t>(0);
        if (left >= source_piece_bytes) {
            co_await runtime::bulk_turn(wire_.loop());
        }
        if (!count || (*count == 0 && left > 0)) {
            log_broken_source(response, count);
            co_return false;
        }
        const auto piece = std::span(memory).first(*count);
        const auto sent = co_await wire_.write_briefly(head, piece, slow_reader_pause);
        if (!sent) {
            co_return false;
        }
        const auto of_head = std::min(*sent, head.size());
        head.remove_prefix(of_head);
        left -= *sent - of_head;
        if (*sent - of_head < *count || !head.empty()) {
            source.unread(*count - (*sent - of_head));
            release_memory(memory);
            if (!co_await wire_.wait_for_room(services_.limits.write)) {
                co_return false;
            }
        }
    } while (left > 0 || !head.empty());
    co_return true;
}

// Each piece goes out when it is there. The source ends, or the client goes.
asio::awaitable<bool> Connection::send_endless(Response& response) {
    std::vector<std::byte> piece(endless_piece_bytes);
    bool goes_on = co_await wire_.write(head_, {}, services_.limits.write);
    while (goes_on && !services_.is_draining) {
        const auto count = co_await response.source->read(piece);
        goes_on = count && *count > 0 &&
                  co_await wire_.write({}, std::span(piece).first(*count), services_.limits.write);
    }
    co_return false;
}

void Connection::count(const Request& request, const Response& response) {
    using std::chrono::duration_cast;
    const Served served{
        .method = request.method,
        .path = std::string_view(request.path).substr(0, logged_path_length_max),
        .request_id = request.request_id,
        .route = response.route,
        .error_code = response.error_code,
        .status = response.status,
        .took =
            duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started_),
        .received = wire_.received() - wire_.buffered().size() - received_before_,
        .sent = wire_.sent() - sent_before_
    };
    services_.metrics.count(served);
}

}  // namespace sluice::http
