#include "protocol/native/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/parameters.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/upload_parameters.hpp"
#include "protocol/native/encode.hpp"

namespace sluice::protocol::native {
namespace {

using boost::asio::awaitable;
using http::Response;

constexpr std::string_view uploads_path = "/api/v1/uploads";
constexpr std::uint32_t page_default = 25;
constexpr std::uint32_t page_max = 200;

Response refused(const Error& error, const http::Request& request) {
    return problem_response(error, std::nullopt, request);
}

Response not_allowed(const http::Request& request, const char* allowed) {
    auto response = refused({.code = ErrorCode::method_not_allowed}, request);
    response.set("Allow", allowed);
    return response;
}

// What the timeline remembers: a look changes nothing. `below`: what follows the id in the path.
std::string_view change_of(std::string_view method, std::string_view below) {
    if (method == "DELETE" && below.empty()) {
        return "DELETE";
    }
    return method == "POST" && below == "/keep" ? "KEEP" : "";
}

Error invalid(std::string_view name, std::string_view value, std::string_view wanted) {
    return {
        .code = ErrorCode::parameter_invalid,
        .facts = std::string(name) + " is \"" + printable(value) + "\"; it must be " +
                 std::string(wanted) + ".",
    };
}

Result<std::vector<UploadState>> states_of(std::string_view text) {
    std::vector<UploadState> states;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const auto state = parse_upload_state(text.substr(0, comma));
        if (!state) {
            return invalid(
                "state", text.substr(0, comma), "one or more of the states of an upload"
            );
        }
        states.push_back(*state);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return states;
}

// Whose is not said here.
Result<UploadQuery> query_of(const Parameters& parameters) {
    UploadQuery query{.count_max = page_default, .text = std::string(parameters.get("q"))};
    if (const auto limit = parameters.find("limit")) {
        const auto number = parse_unsigned(*limit);
        if (!number || *number == 0 || *number > page_max) {
            return invalid("limit", *limit, "within 1 and 200");
        }
        query.count_max = static_cast<std::uint32_t>(*number);
    }
    if (const auto after = parameters.find("after")) {
        const auto id = MediaId::parse(*after);
        if (!id) {
            return invalid("after", *after, "the \"next\" of the page before");
        }
        query.before = *id;
    }
    auto states = states_of(parameters.get("state"));
    if (!states) {
        return std::move(states).error();
    }
    query.states = *std::move(states);
    return query;
}

}  // namespace

awaitable<Response> Endpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    const http::Request& request = exchange.request;
    static_cast<void>(body);  // no call of this API takes one yet
    auto owner = authorize_for_owner(exchange, Scope::media_write);
    if (!owner) {
        co_return refused(owner.error(), request);
    }
    Response response;
    const std::string_view path = request.path;
    if (path == uploads_path) {
        response = co_await list(exchange, std::move(*owner));
    } else if (path.starts_with(std::string(uploads_path) + "/")) {
        response =
            co_await below(exchange, std::move(*owner), path.substr(uploads_path.size() + 1));
    } else {
        response = refused(
            {.code = ErrorCode::unknown_path, .facts = "Known is /api/v1/uploads."}, request
        );
    }
    response.route = "native.uploads";
    co_return response;
}

awaitable<Response> Endpoint::below(Exchange& exchange, Principal owner, std::string_view rest)
    const {
    const http::Request& request = exchange.request;
    const auto slash = rest.find('/');
    const auto id = media_id_of(rest.substr(0, slash), true);
    if (!id) {
        co_return refused(id.error(), request);
    }
    const std::string_view call =
        change_of(request.method, rest.substr(std::min(slash, rest.size())));
    if (!call.empty()) {
        exchange.call = call;
        exchange.media_id = *id;
    }
    if (slash == std::string_view::npos) {
        co_return co_await one(request, std::move(owner), *id);
    }
    if (rest.substr(slash) == "/keep") {
        co_return co_await keep(request, std::move(owner), *id);
    }
    const Error error{
        .code = ErrorCode::unknown_path,
        .facts = "Known below an upload are /keep, /timeline and /diagnosis.",
    };
    co_return refused(error, request);
}

awaitable<Response> Endpoint::list(const Exchange& exchange, Principal owner) const {
    const http::Request& request = exchange.request;
    if (request.method != "GET" && request.method != "HEAD") {
        co_return not_allowed(request, "GET");
    }
    Parameters parameters;
    if (auto added = parameters.add_query(request.raw_query); !added) {
        co_return refused(added.error(), request);
    }
    auto query = query_of(parameters);
    if (!query) {
        co_return refused(query.error(), request);
    }
    const bool asks_for_all = parameters.get("owner") == "all";
    if (!asks_for_all) {
        query->owner = std::move(owner);
    } else if (auto admitted = require_scope(exchange, Scope::admin); !admitted) {
        co_return refused(admitted.error(), request);
    }
    auto work = [this, query = *std::move(query)] { return context_.uploads.list(query); };
    auto list = co_await runtime::run_blocking(context_.reads, std::move(work));
    co_return list ? list_answer(*list, request, context_.url_signer)
                   : refused(list.error(), request);
}

awaitable<Response> Endpoint::one(const http::Request& request, Principal owner, MediaId id) const {
    const bool is_delete = request.method == "DELETE";
    if (!is_delete && request.method != "GET" && request.method != "HEAD") {
        co_return not_allowed(request, "GET, DELETE");
    }
    if (is_delete) {
        auto work = [this, owner, id] { return context_.streams->cancel_any(owner, id); };
        auto cancelled = co_await runtime::run_blocking(context_.pool, std::move(work));
        if (!cancelled) {
            co_return refused(cancelled.error(), request);
        }
        Response response;
        response.status = 204;
        co_return response;
    }
    auto work = [this, owner = std::move(owner), id] {
        return context_.annotations.describe(owner, id);
    };
    auto details = co_await runtime::run_blocking(context_.reads, std::move(work));
    co_return details ? upload_answer(*details, request, context_.url_signer)
                      : refused(details.error(), request);
}

awaitable<Response> Endpoint::keep(const http::Request& request, Principal owner, MediaId id)
    const {
    if (request.method != "POST") {
        co_return not_allowed(request, "POST");
    }
    auto work = [this, owner = std::move(owner), id]() -> Result<Medium> {
        auto kept = context_.uploads.keep(owner, id);
        return kept ? context_.annotations.describe(owner, id)
                    : Result<Medium>(std::move(kept).error());
    };
    auto details = co_await runtime::run_blocking(context_.pool, std::move(work));
    co_return details ? upload_answer(*details, request, context_.url_signer)
                      : refused(details.error(), request);
}

}  // namespace sluice::protocol::native
