#include "server/operations.hpp"

#include <utility>

#include "base/json_writer.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"

namespace sluice::server {
namespace {

using boost::asio::awaitable;
using http::Response;

Response text_response(int status, const char* type, std::string body) {
    Response response;
    response.status = status;
    response.set("Content-Type", type);
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

}  // namespace

bool Operations::serves(std::string_view path) {
    return path == "/livez" || path == "/readyz" || path == "/version" || path == "/metrics";
}

awaitable<Response> Operations::handle(const protocol::Exchange& exchange) {
    const http::Request& request = exchange.request;
    Response response;
    if (request.method != "GET" && request.method != "HEAD") {
        response = protocol::problem_response(
            {.code = ErrorCode::method_not_allowed}, std::nullopt, request
        );
        response.set("Allow", "GET, HEAD");
    } else if (request.path == "/livez") {
        response = text_response(200, "text/plain", "ok\n");
    } else if (request.path == "/readyz") {
        response = co_await readiness();
    } else if (request.path == "/version") {
        response = version();
    } else {
        response = co_await metrics_page(exchange);
    }
    response.route = "operations.page";
    co_return response;
}

Response Operations::version() const {
    JsonWriter json;
    json.begin_object()
        .member("name", "sluice")
        .member("version", SLUICE_VERSION)
        .member("sandbox", sandbox_)
        .member("role", role_);
    if (node_ != 0) {
        json.member("node", node_);
    }
    json.end_object();
    return text_response(200, "application/json", json.take());
}

awaitable<Response> Operations::readiness() {
    if (is_draining_) {
        co_return text_response(503, "text/plain", "stopping\n");
    }
    auto work = [this] { return metadata_.newest_number().has_value(); };
    const bool has_store = co_await runtime::run_blocking(pool_, std::move(work));
    if (!has_store) {
        co_return text_response(503, "text/plain", "the metadata store does not answer\n");
    }
    if (const auto refused = metadata_.writes_refused()) {
        co_return text_response(503, "text/plain", refused->facts + "\n");
    }
    const bool is_open = sandbox_ == "off";
    co_return text_response(200, "text/plain", is_open ? "ready, sandbox off\n" : "ready\n");
}

awaitable<Response> Operations::metrics_page(const protocol::Exchange& exchange) {
    if (const auto admin = protocol::authorize(exchange, Scope::admin); !admin) {
        co_return protocol::problem_response(admin.error(), std::nullopt, exchange.request);
    }
    auto work = [this] { return metrics_.text(); };
    auto text = co_await runtime::run_blocking(pool_, std::move(work));
    co_return text_response(200, "text/plain; version=0.0.4; charset=utf-8", std::move(text));
}

}  // namespace sluice::server
