#include "server/error_pages.hpp"

#include <algorithm>
#include <array>

#include "base/json_writer.hpp"
#include "media/failure_rows.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/x_v1/encode.hpp"
#include "protocol/x_v1/errors.hpp"
#include "protocol/x_v2/encode.hpp"

namespace sluice::server {
namespace {

using protocol::Fidelity;

constexpr std::uint64_t example_id = 1284554329119236097;

std::string_view fault_text(Fault fault) {
    switch (fault) {
        case Fault::caller:
            return "The request is at fault.";
        case Fault::server:
            return "The server is at fault.";
        case Fault::capacity:
            return "Nobody is at fault: there is no room at the moment.";
        case Fault::media:
            return "The media is at fault.";
    }
    return "";
}

std::string_view witness_text(Witness witness) {
    switch (witness) {
        case Witness::recorded:
            return "recorded: an answer that X really gave.";
        case Witness::documented:
            return "documented by X, now or formerly.";
        case Witness::unknown:
            return "not recorded. The words above are a likely choice.";
        case Witness::ours:
            return "X has nothing like it; these are its nearest words.";
    }
    return "";
}

void append_list(std::string& page, std::string_view lines, std::string_view mark) {
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        page.append(mark).append(" ").append(lines.substr(0, end)).append("\n");
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
}

// An upload of the example that processing has refused, or that was just begun.
Upload example_upload(const ErrorEntry& entry, UploadState state) {
    auto upload = Upload::open(
        {.id = MediaId{example_id},
         .owner = {},
         .category = Category::tweet_video,
         .media_type = "video/mp4",
         .file_name = {},
         .total = ByteCount{12582912},
         .now = WallTime{},
         .lifetime = std::chrono::hours(24)}
    );
    upload.state = state;
    upload.progress.percent = 100;
    upload.failure = ProcessingFailure{
        .code = entry.fault == Fault::media ? 1 : 0,
        .name = entry.fault == Fault::media ? "InvalidMedia" : "InternalError",
        .reason = std::string(reason_with(entry.code)),
        .message = std::string(entry.facts)
    };
    return upload;
}

bool is_of_processing(const ErrorEntry& entry) {
    return entry.code >= ErrorCode::codec_not_allowed && entry.code <= ErrorCode::processing_failed;
}

http::Request example_request() {
    http::Request request;
    request.base_url = "http://127.0.0.1:8080";
    request.request_id = "req_01kb3n5t8w9x2y4z6a7b8c9d0e";
    return request;
}

Error example_error(const ErrorEntry& entry) {
    const bool has_id = entry.request.contains(std::to_string(example_id));
    return {
        .code = entry.code,
        .facts = std::string(entry.facts),
        .media_id = has_id ? example_id : 0,
        .retry_after = std::chrono::seconds(entry.code == ErrorCode::polling_too_fast ? 5 : 0)
    };
}

// What Sluice answers to the example, made by the encoder of the protocol that it is asked in.
http::Response example_answer(const ErrorEntry& entry) {
    const auto request = example_request();
    if (is_of_processing(entry)) {
        const UploadStatus status{.upload = example_upload(entry, UploadState::failed)};
        return protocol::x_v1::status_answer(status, WallTime{}, request.base_url);
    }
    if (entry.status < 400) {
        auto answer =
            protocol::x_v1::initialized(example_upload(entry, UploadState::open), WallTime{});
        answer.set("Sluice-Notice", std::string(entry.slug));
        return answer;
    }
    if (entry.request.contains(" /1.1/")) {
        return protocol::x_v1::refused(example_error(entry), request, Fidelity::helpful);
    }
    if (entry.request.contains(" /2/")) {
        return protocol::x_v2::refused(example_error(entry), request, Fidelity::helpful);
    }
    return protocol::problem_response(example_error(entry), std::nullopt, request);
}

// The text that `json` begins with, in its quotes.
std::string_view text_at_front(std::string_view json) {
    std::size_t end = 1;
    while (end < json.size() && json[end] != '"') {
        end += json[end] == '\\' ? 2 : 1;
    }
    return json.substr(0, end + 1);
}

// One member per line, so that a page can be read; `json` is the output of a JsonWriter.
std::string indented(std::string_view json) {
    std::string out;
    std::size_t depth = 0;
    while (!json.empty()) {
        const char c = json.front();
        if (c == '"') {
            const auto text = text_at_front(json);
            out += text;
            json.remove_prefix(text.size());
            continue;
        }
        json.remove_prefix(1);
        const bool opens = c == '{' || c == '[';
        const bool closes = c == '}' || c == ']';
        depth = closes ? depth - 1 : depth;
        if (closes) {
            out += "\n" + std::string(2 * depth, ' ');
        }
        out += c;
        depth += opens ? 1 : 0;
        if (opens || c == ',') {
            out += "\n" + std::string(2 * depth, ' ');
        } else if (c == ':') {
            out += " ";
        }
    }
    return out;
}

void append_answer(std::string& page, const http::Response& answer) {
    static constexpr std::array shown{
        "Content-Type", "Sluice-Error", "Sluice-Notice", "Retry-After", "Allow"
    };
    page.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
    page.append(http::reason_phrase(answer.status)).append("\n");
    for (const auto& [name, value] : answer.headers) {
        if (std::ranges::find(shown, name) != shown.end()) {
            page.append(name).append(": ").append(value).append("\n");
        }
    }
    page.append("\n").append(indented(answer.body)).append("\n");
}

void append_x_answer(std::string& page, std::string_view protocol, const http::Response& answer) {
    page.append("- ").append(protocol).append(": HTTP ").append(std::to_string(answer.status));
    page.append(", `").append(answer.body).append("`\n");
}

void append_x_section(std::string& page, const ErrorEntry& entry) {
    const auto request = example_request();
    const auto error = example_error(entry);
    page.append("\n## What X answers here\n\n");
    if (is_of_processing(entry)) {
        page.append(
            "In STATUS HTTP 200, with the error in `processing_info`. When the media is used:\n\n"
        );
    }
    append_x_answer(page, "v1.1", protocol::x_v1::refused(error, request, Fidelity::faithful));
    append_x_answer(page, "v2", protocol::x_v2::refused(error, request, Fidelity::faithful));
    page.append("\nHow well this is known: ").append(witness_text(entry.x_witness));
    if (!entry.x_note.empty()) {
        page.append(" ").append(entry.x_note);
    }
    page.append("\n");
}

std::string list_of(std::string_view words) {
    std::string text(words);
    for (std::size_t at = 0; (at = text.find(' ', at)) != std::string::npos; at += 2) {
        text.replace(at, 1, ", ");
    }
    return text;
}

void append_our_status(std::string& page, const ErrorEntry& entry) {
    if (entry.status < 400) {
        page.append("The call succeeds as usual; the header `Sluice-Notice` names the code.\n");
        return;
    }
    if (is_of_processing(entry)) {
        page.append("In STATUS HTTP 200 and the state `failed`, as above; when the media is used ");
    }
    page.append("HTTP ").append(std::to_string(entry.status));
    const int x_code = protocol::x_v1::wire_error_of(entry.code).x_code;
    page.append(", with X's number ").append(std::to_string(x_code)).append(" on v1.1. ");
    page.append(
        entry.retryable ? "The same request may succeed later.\n"
                        : "Repeating the same request does not help.\n"
    );
}

void append_our_section(std::string& page, const ErrorEntry& entry) {
    page.append("\n## What Sluice answers\n\n");
    append_our_status(page, entry);
    if (!entry.mistakes.empty()) {
        const bool is_one = !entry.mistakes.contains(' ');
        page.append(is_one ? "Row " : "Rows ").append(list_of(entry.mistakes));
        page.append(" of the list of mistakes (docs/protocols/mistakes.md).\n");
    }
}

}  // namespace

std::string error_page(const ErrorEntry& entry) {
    std::string page;
    page.append("# ").append(entry.slug).append("\n\n").append(entry.title).append(". ");
    page.append(fault_text(entry.fault)).append("\n\n");
    page.append("**What to do:** ").append(entry.hint).append("\n");
    page.append("\n## Symptom\n\n").append(entry.symptom).append("\n");
    page.append("\n## Causes, likeliest first\n\n");
    append_list(page, entry.causes, "-");
    page.append("\n## How to check\n\n");
    append_list(page, entry.check, "-");
    page.append("\n## How to mend\n\n");
    append_list(page, entry.mend, "-");
    page.append("\n## Example\n\n```http\n").append(entry.request).append("\n```\n\n```http\n");
    append_answer(page, example_answer(entry));
    page.append("```\n");
    append_x_section(page, entry);
    append_our_section(page, entry);
    return page;
}

std::string error_index() {
    std::string index = "# Errors\n\n";
    for (const ErrorEntry& entry : error_catalogue()) {
        const std::string slug(entry.slug);
        index.append("- [").append(slug).append("](/docs/errors/").append(slug).append("): ");
        index.append(entry.title).append("\n");
    }
    return index;
}

std::string error_registry(const std::string& base_url) {
    JsonWriter json;
    json.begin_object().key("data").begin_array();
    for (const ErrorEntry& entry : error_catalogue()) {
        json.begin_object()
            .member("code", entry.slug)
            .member("status", entry.status)
            .member("title", entry.title)
            .member("hint", entry.hint)
            .member("retryable", entry.retryable)
            .member("mistakes", entry.mistakes)
            .member("doc_url", base_url + "/docs/errors/" + std::string(entry.slug))
            .end_object();
    }
    json.end_array().end_object();
    return json.take();
}

}  // namespace sluice::server
