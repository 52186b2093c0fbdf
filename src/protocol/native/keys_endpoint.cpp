#include "protocol/native/keys_endpoint.hpp"

#include <utility>

#include "base/text.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/receive_form.hpp"
#include "protocol/native/keys_json.hpp"

namespace sluice::protocol::native {
namespace {

using boost::asio::awaitable;
using http::Response;

constexpr std::string_view root = "/api/v1/keys";

Response refused(const Error& error, const http::Request& request) {
    return problem_response(error, std::nullopt, request);
}

Response not_allowed(const http::Request& request, const char* allowed) {
    auto response = refused({.code = ErrorCode::method_not_allowed}, request);
    response.set("Allow", allowed);
    return response;
}

Response answer(int status, std::string json) {
    Response response;
    response.status = status;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = std::move(json);
    return response;
}

Error not_a_number(std::string_view name, std::string_view value) {
    return {
        .code = ErrorCode::parameter_invalid,
        .facts = std::string(name) + " is \"" + printable(value) + "\"; it must be a number.",
    };
}

Result<NewKey> wanted_of(const Parameters& parameters) {
    NewKey wanted{
        .name = std::string(parameters.get("name")),
        .app_name = std::string(parameters.get("app_name")),
    };
    const auto scopes =
        parameters.has("scopes") ? parse_scopes(parameters.get("scopes")) : usual_scopes;
    if (!scopes) {
        return scopes.error();
    }
    wanted.scopes = *scopes;
    if (const auto user = parameters.find("user_id")) {
        const auto number = MediaId::parse(*user);  // 63 bits, as every number of X
        if (!number) {
            return not_a_number("user_id", *user);
        }
        wanted.user_id = number->value;
    }
    if (const auto lifetime = parameters.find("expires_in_secs")) {
        const auto seconds = parse_unsigned(*lifetime);
        if (!seconds || *seconds > 100ULL * 366 * 86'400) {
            return not_a_number("expires_in_secs", *lifetime);
        }
        wanted.lifetime = std::chrono::seconds(*seconds);
    }
    return wanted;
}

Result<OpenedMedia> no_media(const Parameters&, std::optional<ByteCount>) {
    return Error{
        .code = ErrorCode::parameter_invalid,
        .facts = "A key takes name, scopes, user_id, app_name and expires_in_secs.",
    };
}

}  // namespace

awaitable<Response> KeysEndpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    auto admin = authorize(exchange, Scope::admin);
    auto response =
        admin ? co_await dispatch(exchange, body) : refused(admin.error(), exchange.request);
    response.route = "native.keys";
    co_return response;
}

awaitable<Response> KeysEndpoint::dispatch(Exchange& exchange, http::BodyReader& body) const {
    const http::Request& request = exchange.request;
    const bool is_get = request.method == "GET" || request.method == "HEAD";
    if (request.path == root) {
        if (is_get) {
            co_return co_await list(request);
        }
        co_return request.method == "POST" ? co_await create(exchange, body)
                                           : not_allowed(request, "GET, POST");
    }
    const std::string_view rest = std::string_view(request.path).substr(root.size() + 1);
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto id = parse_unsigned(rest.substr(0, slash));
    const std::string_view action = rest.substr(slash);
    if (!id) {
        co_return refused(
            {.code = ErrorCode::key_unknown, .facts = "The path is /api/v1/keys/{id}."}, request
        );
    }
    if (action.empty()) {
        co_return request.method == "DELETE" ? co_await revoke(request, {*id})
                                             : not_allowed(request, "DELETE");
    }
    if (action != "/revoke" && action != "/rotate") {
        co_return refused(
            {.code = ErrorCode::unknown_path, .facts = "Known below a key are /revoke and /rotate."
            },
            request
        );
    }
    if (request.method != "POST") {
        co_return not_allowed(request, "POST");
    }
    co_return action == "/revoke" ? co_await revoke(request, {*id})
                                  : co_await rotate(request, {*id});
}

awaitable<Response> KeysEndpoint::list(const http::Request& request) const {
    auto work = [this] { return keys_.list(); };
    auto keys = co_await runtime::run_blocking(context_.pool, std::move(work));
    co_return keys ? answer(200, keys_json(*keys)) : refused(keys.error(), request);
}

awaitable<Response> KeysEndpoint::create(Exchange& exchange, http::BodyReader& body) const {
    auto opener = OpenMedia(no_media);
    auto form = co_await receive_form(context_, exchange, body, {}, std::move(opener));
    if (!form) {
        co_return refused(form.error(), exchange.request);
    }
    const auto wanted = wanted_of((*form)->parameters);
    if (!wanted) {
        co_return refused(wanted.error(), exchange.request);
    }
    auto work = [this, &wanted] { return keys_.create(*wanted); };
    auto issued = co_await runtime::run_blocking(context_.pool, std::move(work));
    co_return issued ? answer(201, issued_json(*issued))
                     : refused(issued.error(), exchange.request);
}

awaitable<Response> KeysEndpoint::revoke(const http::Request& request, KeyId id) const {
    auto work = [this, id] { return keys_.revoke(id); };
    auto key = co_await runtime::run_blocking(context_.pool, std::move(work));
    co_return key ? answer(200, key_json(*key)) : refused(key.error(), request);
}

awaitable<Response> KeysEndpoint::rotate(const http::Request& request, KeyId id) const {
    auto work = [this, id] { return keys_.rotate(id); };
    auto issued = co_await runtime::run_blocking(context_.pool, std::move(work));
    co_return issued ? answer(200, issued_json(*issued)) : refused(issued.error(), request);
}

}  // namespace sluice::protocol::native
