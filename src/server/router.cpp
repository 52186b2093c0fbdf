#include "server/router.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/nearest_path.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/rate_gate.hpp"
#include "protocol/common/timing_headers.hpp"
#include "protocol/common/weather.hpp"
#include "protocol/x_v1/encode.hpp"
#include "protocol/x_v2/encode.hpp"
#include "server/console_endpoint.hpp"
#include "server/docs_endpoint.hpp"
#include "server/foreign_origin.hpp"
#include "server/page_reads.hpp"
#include "server/timeline_recorder.hpp"
#include "server/unread_head.hpp"

namespace sluice::server {
namespace {

// Whoever opens an address that no program would ask.
bool is_for_browsers(std::string_view method, const http::Request& request) {
    const std::string_view path = request.path;
    return (method == "GET" || method == "HEAD") && wants_html(request) &&
           !path.starts_with("/api/") && !path.starts_with("/1.1/") && !path.starts_with("/2/");
}

}  // namespace

Router::Router(
    const protocol::Context& context,
    protocol::Authenticator& authenticator,
    Keys& keys,
    Operations& operations,
    const SystemEndpoint& system,
    protocol::ConsoleSessions* sessions,
    std::vector<std::string> names,
    std::vector<AddressRange> proxies,
    bool serves_api
)
    : context_(context),
      authenticator_(authenticator),
      operations_(operations),
      system_(system),
      serves_api_(serves_api),
      proxies_(std::move(proxies)),
      pages_{!authenticator.believes_anybody(), context.cors_origins, std::move(names)},
      x_v1_(context),
      x_v2_(context),
      x_v1_annotations_(context),
      x_v1_posts_(context),
      x_v2_annotations_(context),
      x_v2_lookup_(context),
      x_v2_posts_(context),
      native_(context),
      keys_(context, keys),
      history_(context),
      dev_(context.dev),
      events_(context, keys),
      session_(context, keys, sessions),
      requests_(*context.recorder, authenticator.believes_anybody()),
      faults_(context),
      delivery_(context),
      tus_(context, pages_),
      rufh_(context, pages_) {}

boost::asio::awaitable<http::ResponsePtr> Router::handle(
    const http::Request& request, http::BodyReader& body
) {
    protocol::Exchange exchange(request);
    if (auto entered = enter_class(exchange); !entered) {
        co_return std::make_unique<http::Response>(shed(entered.error(), request));
    }
    exchange.wants_parts = is_recorded(request);
    const WallTime asked = asked_at(request);
    std::unique_ptr<http::BodyReader> signed_body;
    if (!authenticator_.authenticate_at_once(exchange)) {
        signed_body = co_await authenticator_.authenticate(exchange, body);
    }
    auto response = co_await dispatch(exchange, signed_body ? *signed_body : body);
    settle(exchange, *response);
    if (context_.faults != nullptr && !context_.faults->are_over()) {
        co_await protocol::weather_after(context_, exchange, *response);
    }
    note(exchange, *response, {asked, exchange.wants_parts}, body.received());
    if (response->source) {
        response->held = std::make_shared<protocol::WorkSlot>(std::move(exchange.slot));
    }
    co_return response;
}

// To pages of other sites a GET of these is no other than to anybody: see foreign_page().
std::optional<MediaId> Router::may_be_at_once(const http::Request& request) const {
    const bool is_of_v1 = x_v1_.serves(request.path);
    const bool may = (is_of_v1 || x_v2_.serves(request.path)) && request.method == "GET" &&
                     serves_api_ && (context_.faults == nullptr || context_.faults->are_over());
    return may ? protocol::id_of_plain_status(request.raw_query, !is_of_v1) : std::nullopt;
}

http::ResponsePtr Router::at_once(const http::Request& request) {
    const auto id = may_be_at_once(request);
    if (!id) {
        return nullptr;
    }
    Beginning beginning;
    protocol::Exchange exchange(request);
    if (auto entered = enter_class(exchange); !entered) {
        return std::make_unique<http::Response>(shed(entered.error(), request));
    }
    beginning.is_recorded = request.is_inspected || is_recorded(request);
    beginning.asked_at = asked_at(request);
    exchange.moment = beginning.asked_at;
    const bool is_asked = authenticator_.authenticate_at_once(exchange);
    auto told = !is_asked                    ? std::nullopt
                : x_v1_.serves(request.path) ? x_v1_.at_once(exchange, *id)
                                             : x_v2_.at_once(exchange, *id);
    if (!told) {
        exchange.slot.take_back();
        return nullptr;
    }
    auto response = std::make_unique<http::Response>(*std::move(told));
    settle(exchange, *response);
    note(exchange, *response, beginning, 0);
    return response;
}

void Router::settle(protocol::Exchange& exchange, http::Response& response) const {
    let_page_read(pages_, exchange.request, response);
    if (context_.fidelity == protocol::Fidelity::faithful &&
        exchange.request.path.starts_with("/1.1/")) {
        protocol::x_v1::escape_slashes(response);
    }
    protocol::settle_rate(context_, exchange, response);
    add_notices(response, exchange);
}

void Router::note(
    protocol::Exchange& exchange,
    http::Response& response,
    const Beginning& beginning,
    std::uint64_t body_bytes
) const {
    const auto took = protocol::Timings::Clock::now() - exchange.timings.started;
    const WallTime now =
        exchange.moment ? *exchange.moment + std::chrono::floor<std::chrono::milliseconds>(took)
                        : context_.uploads.now();
    protocol::add_timing_headers(response, exchange, took);
    if (context_.timeline != nullptr) {
        record(*context_.timeline, exchange, response, now, now - beginning.asked_at);
    }
    if (beginning.is_recorded) {
        context_.recorder->record(exchange, response, {took, now, body_bytes});
        tell_watchers(exchange, response, now);
    }
}

WallTime Router::asked_at(const http::Request& request) const {
    return request.came_at ? *request.came_at : context_.uploads.now();
}

Result<void> Router::enter_class(protocol::Exchange& exchange) const {
    auto slot = context_.classes->enter(exchange.request);
    if (!slot) {
        return std::move(slot).error();
    }
    exchange.slot = *std::move(slot);
    return ok();
}

// As cheap as can be: nobody is asked who he is, and nothing is noted but the numbers.
http::Response Router::shed(const Error& error, const http::Request& request) const {
    auto response = refuse_in_words_of_path(error, request);
    let_page_read(pages_, request, response);
    response.route = "shed.request";
    return response;
}

bool Router::inspects(const http::Request& request) const {
    return context_.recorder->mode() == protocol::InspectorMode::full && is_recorded(request);
}

bool Router::trusts(std::string_view peer) const {
    return std::ranges::any_of(proxies_, [peer](const AddressRange& proxy) {
        return proxy.contains(peer);
    });
}

// What the console asks while somebody looks would drown what they look for.
bool Router::is_recorded(const http::Request& request) const {
    const bool is_of_console =
        (request.path.starts_with("/api/v1/") && request.method == "GET" &&
         request.header("Sluice-Console")) ||
        (request.path.starts_with("/media/") && request.header("Sec-Fetch-Site") == "same-origin");
    return !is_of_console && !ConsoleEndpoint::serves(request.path) &&
           !DocsEndpoint::serves(request.path) && context_.recorder->records(request.path);
}

void Router::tell_watchers(
    const protocol::Exchange& exchange, const http::Response& response, WallTime now
) const {
    static const Principal nobody;
    context_.live->publish(LiveNote{
        .kind = LiveKind::request,
        .at = now,
        .owner = exchange.caller ? exchange.caller->principal : nobody,
        .media_id = exchange.media_id,
        .call = exchange.call.empty() ? exchange.request.method : exchange.call,
        .method = exchange.request.method,
        .status = response.status,
        .code = response.error_code,
        .request_id = exchange.request.request_id,
    });
}

std::optional<http::Response> Router::page(protocol::Exchange& exchange) const {
    const std::string_view path = exchange.request.path;
    if (ConsoleEndpoint::serves(path)) {
        return ConsoleEndpoint::handle(exchange.request);
    }
    if (DocsEndpoint::serves(path)) {
        return DocsEndpoint::handle(exchange.request);
    }
    if (events_.serves(path)) {
        return events_.handle(exchange);
    }
    if (system_.serves(path)) {
        return system_.handle(exchange);
    }
    if (dev_.serves(path)) {
        return dev_.handle(exchange.request);
    }
    if (requests_.serves(path)) {
        return requests_.handle(exchange);
    }
    return std::nullopt;
}

std::optional<http::Response> Router::answer_page(const http::Request& request) const {
    if (authenticator_.believes_anybody()) {
        if (const auto refused = foreign_page(request, pages_)) {
            return refuse_in_words_of_path(*refused, request);
        }
    }
    return read_preflight(pages_, request);
}

// No coroutine itself: it would stand there for as long as the one that it chose.
boost::asio::awaitable<http::ResponsePtr> Router::dispatch(
    protocol::Exchange& exchange, http::BodyReader& body
) {
    const http::Request& request = exchange.request;
    const std::string_view path = request.path;
    if (!serves_api_) {
        return operate(exchange);
    }
    if (auto answer = answer_page(request)) {
        return http::answered(*std::move(answer));
    }
    if (x_v2_.serves(path)) {
        return x_v2_.handle(exchange, body);
    }
    if (x_v1_.serves(path)) {
        return x_v1_.handle(exchange, body);
    }
    if (x_v1_annotations_.serves(path)) {
        return http::on_heap(x_v1_annotations_.handle(exchange, body));
    }
    if (x_v1_posts_.serves(path)) {
        return http::on_heap(x_v1_posts_.handle(exchange, body));
    }
    if (x_v2_annotations_.serves(path)) {
        return http::on_heap(x_v2_annotations_.handle(exchange, body));
    }
    if (x_v2_posts_.serves(path)) {
        return http::on_heap(x_v2_posts_.handle(exchange, body));
    }
    if (x_v2_lookup_.serves(path)) {
        return http::on_heap(x_v2_lookup_.handle(exchange));
    }
    if (delivery_.serves(path)) {
        return http::on_heap(delivery_.handle(exchange, body));
    }
    if (tus_.serves(path)) {
        return tus_.handle(exchange, body);
    }
    if (rufh_.serves(path)) {
        return rufh_.handle(exchange, body);
    }
    if (auto shown = page(exchange)) {
        return http::answered(*std::move(shown));
    }
    if (faults_.serves(path)) {
        return http::on_heap(faults_.handle(exchange, body));
    }
    if (session_.serves(path)) {
        return http::on_heap(session_.handle(exchange));
    }
    if (keys_.serves(path)) {
        return http::on_heap(keys_.handle(exchange, body));
    }
    if (history_.serves(path)) {
        return http::on_heap(history_.handle(exchange));
    }
    if (native_.serves(path)) {
        return http::on_heap(native_.handle(exchange, body));
    }
    return operate(exchange);
}

boost::asio::awaitable<http::ResponsePtr> Router::operate(const protocol::Exchange& exchange) {
    return operations_.serves(exchange.request.path)
               ? http::on_heap(operations_.handle(exchange))
               : http::answered(unknown_path(exchange.request));
}

http::Response Router::unknown_path(const http::Request& request) const {
    const Error error{
        .code = ErrorCode::unknown_path,
        .facts = serves_api_ ? protocol::unknown_path_facts(request.path)
                             : "This node has the role worker, and serves only /livez, /readyz, "
                               "/version and /metrics."
    };
    if (!is_for_browsers(request.method, request) || !serves_api_) {
        return refuse_in_words_of_path(error, request);
    }
    auto response = no_such_page(error, request);
    const std::string screen = request.path.substr(0, request.path.find_last_not_of('/') + 1);
    if (ConsoleEndpoint::serves(screen)) {
        response = http::Response{.status = 308};
        response.set("Location", screen);
    }
    response.route = "unknown.path";
    return response;
}

// Before an endpoint is chosen; each protocol has a form of its own.
http::Response Router::refuse_in_words_of_path(const Error& error, const http::Request& request)
    const {
    const std::string_view path = request.path;
    auto response =
        path.starts_with("/1.1/") ? protocol::x_v1::refused(error, request, context_.fidelity)
        : path.starts_with("/2/") ? protocol::x_v2::refused(error, request, context_.fidelity)
        : tus_.serves(path)       ? tus_.refuse(error, request)
        : rufh_.serves(path)      ? rufh_.refuse(error, request)
                                  : protocol::problem_response(error, std::nullopt, request);
    response.route = "unknown.path";
    return response;
}

http::Response Router::refuse(
    const Error& error, const std::string& request_id, std::string_view received
) {
    auto request = protocol::request_without_head(request_id);
    request.path = path_seen(received);
    for (const auto* name : {"Origin", "Accept"}) {  // by which the words are chosen, too
        if (const auto value = field_seen(received, name)) {
            request.headers.push_back({name, std::string(*value)});
        }
    }
    const Error judged = judged_head(error, received);
    const bool is_page = serves_api_ && is_for_browsers(method_seen(received), request) &&
                         !tus_.serves(request.path) && !rufh_.serves(request.path);
    auto response =
        is_page ? no_such_page(judged, request) : refuse_in_words_of_path(judged, request);
    response.route = "unknown.request";
    return response;
}

}  // namespace sluice::server
