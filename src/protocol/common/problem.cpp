#include "protocol/common/problem.hpp"

#include <algorithm>

#include "base/error_catalogue.hpp"
#include "base/log.hpp"

namespace sluice::protocol {
namespace {

// Where the inspector tells of the exchange; the console shows it at page_path.
std::string log_path(const http::Request& request) {
    return "/api/v1/requests/" + request.request_id;
}

std::string_view hint_or(std::string_view hint, const ErrorEntry& entry) {
    return hint.empty() ? entry.hint : hint;
}

std::string page_path(const http::Request& request) {
    return "/requests/" + request.request_id;
}

}  // namespace

std::string whole_message(const Error& error, std::string_view other_hint) {
    const ErrorEntry& entry = entry_of(error.code);
    const std::string_view hint = hint_or(other_hint, entry);
    std::string text;
    text.reserve(entry.title.size() + error.facts.size() + hint.size() + entry.slug.size() + 6);
    text.append(entry.title).append(error.facts.empty() ? "." : ": ").append(error.facts);
    text.append(" ").append(hint).append(" (").append(entry.slug).append(")");
    return text;
}

std::string doc_url(const Error& error, const http::Request& request) {
    static constexpr std::string_view pages = "/docs/errors/";
    const std::string_view slug = entry_of(error.code).slug;
    std::string url;
    url.reserve(request.base_url.size() + pages.size() + slug.size());
    return url.append(request.base_url).append(pages).append(slug);
}

std::int64_t retry_after_of(const Error& error) {
    const ErrorEntry& entry = entry_of(error.code);
    const bool needs_one =
        entry.status == 503 || entry.status == 429 || error.retry_after.count() > 0;
    return needs_one ? std::max<std::int64_t>(error.retry_after.count(), 1) : 0;
}

void add_error_headers(http::Response& response, const Error& error, const http::Request& request) {
    const std::string slug(entry_of(error.code).slug);
    response.set("Sluice-Error", slug);
    response.set("Link", "<" + doc_url(error, request) + ">; rel=\"help\"");
    response.set("Cache-Control", "no-store");
    if (const auto seconds = retry_after_of(error); seconds > 0) {
        response.set("Retry-After", std::to_string(seconds));
    }
    response.error_code = slug;
    response.error_facts = error.facts;
    if (!error.detail.empty()) {
        log::warning(
            "error_detail",
            error.detail,
            {{"code", slug}, {"request_id", request.request_id}, {"media_id", error.media_id}}
        );
    }
}

void append_truth(
    JsonWriter& json,
    const Error& error,
    const std::optional<NextCall>& next,
    const http::Request& request,
    std::string_view hint
) {
    const ErrorEntry& entry = entry_of(error.code);
    json.member("code", entry.slug);
    json.member("detail", error.facts.empty() ? std::string(entry.title) + "." : error.facts);
    json.member("hint", hint_or(hint, entry));
    if (next) {
        append_next(json, *next, request);
    } else {
        json.key("next").null();
    }
    json.member("doc_url", doc_url(error, request));
    json.member("request_id", request.request_id);
    if (request.is_inspected) {
        json.member("log_url", request.base_url + page_path(request));
    }
    json.member("retryable", entry.retryable);
}

http::Response problem_response(
    const Error& error,
    const std::optional<NextCall>& next,
    const http::Request& request,
    const std::optional<ProblemType>& type,
    std::optional<int> status,
    std::string_view hint
) {
    const ErrorEntry& entry = entry_of(error.code);
    JsonWriter json;
    json.begin_object()
        .member("type", type ? std::string(type->uri) : doc_url(error, request))
        .member("title", entry.title)
        .member("status", status.value_or(entry.status))
        .member("message", whole_message(error, hint));
    if (request.is_inspected) {
        json.member("instance", log_path(request));
    }
    append_truth(json, error, next, request, hint);
    for (const auto& [name, number] : type ? type->members : decltype(type->members)()) {
        json.member(name, number);
    }
    json.key("errors").begin_array().begin_object();
    json.member("code", entry.slug)
        .member("message", whole_message(error, hint))
        .end_object()
        .end_array()
        .end_object();
    http::Response response;
    response.status = status.value_or(entry.status);
    response.set("Content-Type", "application/problem+json");
    add_error_headers(response, error, request);
    response.body = json.take();
    return response;
}

http::Request request_without_head(const std::string& request_id) {
    http::Request request;
    request.request_id = request_id;
    return request;
}

}  // namespace sluice::protocol
