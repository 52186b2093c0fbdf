#include "protocol/native/requests_endpoint.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/native/requests_export.hpp"
#include "protocol/native/requests_json.hpp"

namespace sluice::protocol::native {
namespace {

using http::Response;

constexpr std::string_view root = "/api/v1/requests";
constexpr std::size_t page_default = 25;
constexpr std::size_t page_max = 200;

Response refused(const Error& error, const http::Request& request) {
    return problem_response(error, std::nullopt, request);
}

Response answer(const char* type, std::string body) {
    Response response;
    response.set("Content-Type", type);
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

Error invalid(std::string_view name, std::string_view value, std::string_view wanted) {
    return {
        .code = ErrorCode::parameter_invalid,
        .facts = std::string(name) + " is \"" + printable(value) + "\"; it must be " +
                 std::string(wanted) + ".",
    };
}

struct Filter {
    std::size_t count_max = page_default;
    std::uint64_t before = UINT64_MAX;
    std::optional<bool> is_failing;
    std::optional<MediaId> media_id;
    std::string code;
    std::string method;
    std::string call;

    bool takes(const RecordedExchange& recorded) const {
        return recorded.number < before &&
               (!is_failing || *is_failing == (recorded.status >= 400)) &&
               (!media_id || recorded.media_id == media_id) &&
               (code.empty() || recorded.error_code() == code) &&
               (method.empty() || recorded.method() == method) &&
               (call.empty() || recorded.call() == call);
    }
};

std::optional<bool> truth_of(std::string_view text) {
    const bool is_true = text == "1" || text == "true";
    const bool is_false = text == "0" || text == "false";
    return is_true || is_false ? std::optional(is_true) : std::nullopt;
}

Result<Filter> filter_of(const Parameters& parameters) {
    Filter filter{
        .code = std::string(parameters.get("code")),
        .method = std::string(parameters.get("method")),
        .call = std::string(parameters.get("call")),
    };
    if (const auto limit = parameters.find("limit")) {
        const auto number = parse_unsigned(*limit);
        if (!number || *number == 0 || *number > page_max) {
            return invalid("limit", *limit, "within 1 and 200");
        }
        filter.count_max = *number;
    }
    if (const auto after = parameters.find("after")) {
        const auto number = parse_unsigned(*after);
        if (!number) {
            return invalid("after", *after, "the \"next\" of the page before");
        }
        filter.before = *number;
    }
    if (const auto media_id = parameters.find("media_id")) {
        filter.media_id = MediaId::parse(*media_id);
        if (!filter.media_id) {
            return invalid("media_id", *media_id, "the decimal number of an upload");
        }
    }
    if (const auto failing = parameters.find("failing"); failing && !failing->empty()) {
        filter.is_failing = truth_of(*failing);
        if (!filter.is_failing) {
            return invalid("failing", *failing, "1 (those that were refused) or 0 (the others)");
        }
    }
    return filter;
}

Error unknown(std::string_view id) {
    return {
        .code = ErrorCode::request_unknown,
        .facts = "There is no exchange \"" + printable(id, 128) + "\" among the last 1000.",
    };
}

}  // namespace

// Whose exchanges the caller may see; null: everybody's.
const Principal* RequestsEndpoint::visible_to(const Exchange& exchange) {
    const bool is_admin = has_scope(exchange.caller->scopes, Scope::admin);
    return is_admin ? nullptr : &exchange.caller->principal;
}

Response RequestsEndpoint::list(const Exchange& exchange, const Parameters& parameters) const {
    const auto filter = filter_of(parameters);
    if (!filter) {
        return refused(filter.error(), exchange.request);
    }
    std::vector<Recorded> page;
    bool has_more = false;
    const Principal* owner = visible_to(exchange);
    for (const Recorded& recorded : recorder_.all()) {
        if (!filter->takes(*recorded) || (owner != nullptr && !recorded->is_of(*owner))) {
            continue;
        }
        has_more = page.size() == filter->count_max;
        if (has_more) {
            break;
        }
        page.push_back(recorded);
    }
    if (parameters.get("format") == "har") {
        std::ranges::reverse(page);
        return answer("application/json", as_har(page));
    }
    auto response = answer("application/json", as_json(page, has_more));
    if (has_more) {
        response.set(
            "Link",
            "<" + exchange.request.base_url + std::string(root) +
                "?after=" + std::to_string(page.back()->number) + ">; rel=\"next\""
        );
    }
    return response;
}

Response RequestsEndpoint::one(
    const Exchange& exchange, std::string_view id, const Parameters& parameters
) const {
    const Recorded recorded = recorder_.find(id, visible_to(exchange));
    if (!recorded) {
        return refused(unknown(id), exchange.request);
    }
    const auto format = parameters.get("format");
    if (format == "har") {
        return answer("application/json", as_har({recorded}));
    }
    if (format == "curl") {
        return answer("text/plain; charset=utf-8", as_curl(*recorded, believes_anybody_));
    }
    if (!format.empty() && format != "json") {
        return refused(invalid("format", format, "json, har or curl"), exchange.request);
    }
    return answer("application/json", as_json(*recorded));
}

Response RequestsEndpoint::handle(Exchange& exchange) const {
    const http::Request& request = exchange.request;
    Response response;
    Parameters parameters;
    const auto caller = identify_user(exchange);
    const auto added = parameters.add_query(request.raw_query);
    if (!caller) {
        response = refused(caller.error(), request);
    } else if (request.method != "GET" && request.method != "HEAD") {
        response = refused({.code = ErrorCode::method_not_allowed}, request);
        response.set("Allow", "GET");
    } else if (recorder_.mode() == InspectorMode::off) {
        const Error off{
            .code = ErrorCode::request_unknown,
            .facts = "The inspector is off; start the server with --inspector full or metadata.",
        };
        response = refused(off, request);
    } else if (!added) {
        response = refused(added.error(), request);
    } else if (request.path == root) {
        response = list(exchange, parameters);
    } else {
        const std::string_view path = request.path;
        response = one(exchange, path.substr(root.size() + 1), parameters);
    }
    response.route = "native.requests";
    return response;
}

}  // namespace sluice::protocol::native
