#include "protocol/common/problem.hpp"

#include <algorithm>

#include "base/error_catalogue.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace sluice::protocol {
namespace {

// Where the inspector tells of the exchange; the console shows it at page_path.
std::string log_path(const http::Request& request) {
    return "/api/v1/requests/" + request.request_id;
}

// What stands around the texts of an error in JSON.
constexpr std::size_t frame_bytes = 128;
constexpr std::string_view pages_of_errors = "/docs/errors/";

std::string_view hint_or(std::string_view hint, std::string_view of_catalogue) {
    return hint.empty() ? of_catalogue : hint;
}

// What the catalogue says of a code, escaped once for all answers.
struct EntryInJson {
    explicit EntryInJson(const ErrorEntry& entry)
        : slug(JsonText(entry.slug)), title(JsonText(entry.title)), hint(JsonText(entry.hint)) {}
    std::string slug;
    std::string title;
    std::string hint;
};

const EntryInJson& in_json(ErrorCode code) {
    static const std::vector<EntryInJson> all(error_catalogue().begin(), error_catalogue().end());
    return all[static_cast<std::size_t>(code)];
}

}  // namespace

ErrorWords::ErrorWords(
    const Error& error,
    const std::optional<NextCall>& next,
    const http::Request& request,
    std::string_view hint
)
    : error_(error),
      is_inspected_(request.is_inspected),
      facts_(error.facts),
      other_hint_(hint),
      base_url_(request.base_url),
      request_id_(request.request_id),
      next_(next, request) {}

std::size_t ErrorWords::message_bytes() const {
    const EntryInJson& entry = in_json(error_.code);
    return frame_bytes + entry.title.size() + std::string_view(facts_).size() +
           hint_or(other_hint_, entry.hint).size() + entry.slug.size();
}

std::size_t ErrorWords::truth_bytes() const {
    const EntryInJson& entry = in_json(error_.code);
    return message_bytes() + frame_bytes + entry.slug.size() +
           2 * (std::string_view(base_url_).size() + std::string_view(request_id_).size()) +
           next_.bytes_max();
}

void ErrorWords::put_message(RawText& out) const {
    const EntryInJson& entry = in_json(error_.code);
    const std::string_view facts = facts_;
    out.text("\"").text(entry.title);
    facts.empty() ? out.text(".") : out.text(": ").text(facts);
    out.text(" ").text(hint_or(other_hint_, entry.hint)).text(" (").text(entry.slug).text(")\"");
}

void ErrorWords::put_truth(RawText& out) const {
    const EntryInJson& entry = in_json(error_.code);
    const std::string_view facts = facts_;
    const std::string_view base_url = base_url_;
    const std::string_view request_id = request_id_;
    out.text("\"code\":\"").text(entry.slug).text("\",\"detail\":\"");
    facts.empty() ? out.text(entry.title).text(".") : out.text(facts);
    out.text("\",\"hint\":\"").text(hint_or(other_hint_, entry.hint)).text("\",");
    next_.put(out);
    out.text(",\"doc_url\":\"").text(base_url).text(pages_of_errors).text(entry.slug);
    out.text("\",\"request_id\":\"").text(request_id);
    if (is_inspected_) {
        out.text("\",\"log_url\":\"").text(base_url).text("/requests/").text(request_id);
    }
    out.text("\",\"retryable\":");
    entry_of(error_.code).retryable ? out.text("true") : out.text("false");
}

std::string whole_message(const Error& error, std::string_view other_hint) {
    const ErrorEntry& entry = entry_of(error.code);
    const std::string_view hint = hint_or(other_hint, entry.hint);
    std::string text;
    text.reserve(entry.title.size() + error.facts.size() + hint.size() + entry.slug.size() + 6);
    text.append(entry.title).append(error.facts.empty() ? "." : ": ").append(error.facts);
    text.append(" ").append(hint).append(" (").append(entry.slug).append(")");
    return text;
}

std::string doc_url(const Error& error, const http::Request& request) {
    const std::string_view slug = entry_of(error.code).slug;
    std::string url;
    url.reserve(request.base_url.size() + pages_of_errors.size() + slug.size());
    return url.append(request.base_url).append(pages_of_errors).append(slug);
}

std::string help_link(const Error& error, const http::Request& request) {
    static constexpr std::string_view end = ">; rel=\"help\"";
    const std::string_view slug = entry_of(error.code).slug;
    std::string link = "<";
    link.reserve(1 + request.base_url.size() + pages_of_errors.size() + slug.size() + end.size());
    return link.append(request.base_url).append(pages_of_errors).append(slug).append(end);
}

std::int64_t retry_after_of(const Error& error) {
    const ErrorEntry& entry = entry_of(error.code);
    const bool needs_one =
        entry.status == 503 || entry.status == 429 || error.retry_after.count() > 0;
    return needs_one ? std::max<std::int64_t>(error.retry_after.count(), 1) : 0;
}

// RFC 9110, section 11.6.1: it must be there; RFC 6750, section 3: and say what is wrong with a token that came.
std::string_view challenge_for(const Error& error, const http::Request& request) {
    static constexpr std::string_view scheme = "bearer ";
    const std::string_view came = request.header("authorization").value_or("");
    const bool is_of_token = error.code == ErrorCode::token_unknown ||
                             error.code == ErrorCode::token_revoked ||
                             error.code == ErrorCode::token_expired;
    return is_of_token && equals_ignoring_case(came.substr(0, scheme.size()), scheme)
               ? "Bearer error=\"invalid_token\""
               : "Bearer";
}

void add_error_headers(http::Response& response, const Error& error, const http::Request& request) {
    const std::string_view slug = entry_of(error.code).slug;
    response.set("Sluice-Error", slug);
    response.set("Link", help_link(error, request));
    response.set("Cache-Control", "no-store");
    if (response.status == 401) {
        response.set("WWW-Authenticate", challenge_for(error, request));
    }
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

http::Response problem_response(
    const Error& error,
    const std::optional<NextCall>& next,
    const http::Request& request,
    const ProblemWords& own
) {
    const ErrorEntry& entry = entry_of(error.code);
    const int status = own.status.value_or(entry.status);
    const ErrorWords words(error, next, request, own.hint);
    const auto put_message = [&words](RawText& out) { words.put_message(out); };
    JsonWriter json;
    json.expect(2 * words.message_bytes() + words.truth_bytes() + 4 * frame_bytes);
    json.begin_object()
        .member("type", own.type ? std::string(own.type->uri) : doc_url(error, request))
        .member("title", entry.title)
        .member("status", status);
    json.key("message").raw(words.message_bytes(), put_message);
    if (request.is_inspected) {
        json.member("instance", log_path(request));
    }
    json.raw(words.truth_bytes(), [&words](RawText& out) { words.put_truth(out); });
    if (own.type) {
        for (const auto& [name, number] : own.type->members) {
            json.member(name, number);
        }
    }
    json.key("errors").begin_array().begin_object();
    json.member("code", entry.slug).key("message").raw(words.message_bytes(), put_message);
    json.end_object().end_array().end_object();
    http::Response response;
    response.status = status;
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
