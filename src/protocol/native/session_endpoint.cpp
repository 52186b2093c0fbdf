#include "protocol/native/session_endpoint.hpp"

#include "base/digest.hpp"
#include "base/json_writer.hpp"
#include "core/access_key.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/identities.hpp"
#include "protocol/common/problem.hpp"
#include "runtime/run_blocking.hpp"

namespace sluice::protocol::native {
namespace {

using http::Response;

Response refused(const Error& error, const http::Request& request) {
    return problem_response(error, std::nullopt, request);
}

Response answer(int status, const Identity* caller, bool is_open) {
    JsonWriter json;
    json.begin_object().member("auth", is_open ? "open" : "keys");
    json.member("signed_in", caller != nullptr).key("principal");
    caller != nullptr ? json.value(caller->principal.id) : json.null();
    json.member("name", caller != nullptr ? caller->name : std::string()).key("scopes");
    json.begin_array();
    for (const std::string_view scope :
         names_of(caller != nullptr ? caller->scopes : Scope::none)) {
        json.value(scope);
    }
    json.end_array().end_object();
    Response response;
    response.status = status;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = json.take();
    return response;
}

}  // namespace

Response SessionEndpoint::sign_in(const Exchange& exchange) const {
    const http::Request& request = exchange.request;
    // Behind a proxy the browser alone knows that it speaks TLS.
    const bool is_https = request.base_url.starts_with("https://") ||
                          request.header("Origin").value_or("").starts_with("https://");
    if (const auto code = request.header("Sluice-Link")) {
        if (!sessions_->use_link_code(*code)) {
            const Error error{
                .code = ErrorCode::token_unknown,
                .facts =
                    "The link is not the one that this server printed when it started, or it "
                    "was used, or an hour has passed: it is good once, within an hour.",
            };
            return refused(error, request);
        }
        const Identity caller{
            .principal = {std::string(ConsoleSessions::operator_holder)}, .name = "operator"
        };
        auto response = answer(201, &caller, false);
        response.set(
            "Set-Cookie", sessions_->cookie_for(ConsoleSessions::operator_holder, is_https)
        );
        return response;
    }
    const auto caller = identify_user(exchange);
    if (!caller) {
        return refused(caller.error(), request);
    }
    const auto [scheme, token] = authorization_of(request);
    if (exchange.caller->scheme != AuthScheme::bearer || token.empty()) {
        const Error error{
            .code = ErrorCode::auth_malformed,
            .facts = "Signing in takes a bearer token in Authorization.",
        };
        return refused(error, request);
    }
    auto response = answer(201, &*exchange.caller, false);
    response.set("Set-Cookie", sessions_->cookie_for(sha256_hex(std::string(token)), is_https));
    return response;
}

// From then on the cookie is good nowhere, whoever else has it.
boost::asio::awaitable<Response> SessionEndpoint::sign_out(const Exchange& exchange) const {
    if (auto session = sessions_->session_of(exchange.request)) {
        auto work = [this, session = *std::move(session)] {
            return keys_.end_session(session.mark, session.ends);
        };
        const auto ended = co_await runtime::run_blocking(context_.pool, std::move(work));
        if (!ended) {
            co_return refused(ended.error(), exchange.request);
        }
    }
    Response response;
    response.status = 204;
    response.set("Set-Cookie", ConsoleSessions::ended_cookie());
    co_return response;
}

boost::asio::awaitable<Response> SessionEndpoint::handle(const Exchange& exchange) const {
    const http::Request& request = exchange.request;
    const bool is_open = sessions_ == nullptr;
    const Identity* caller = exchange.caller ? &*exchange.caller : nullptr;
    Response response;
    if (request.method == "GET" || request.method == "HEAD" || (is_open && caller != nullptr)) {
        response = answer(200, caller, is_open);
    } else if (request.method == "POST" && !is_open) {
        response = sign_in(exchange);
    } else if (request.method == "DELETE" && !is_open) {
        response = co_await sign_out(exchange);
    } else {
        response = refused({.code = ErrorCode::method_not_allowed}, request);
        response.set("Allow", "GET, POST, DELETE");
    }
    response.route = "native.session";
    co_return response;
}

}  // namespace sluice::protocol::native
