#include "protocol/x_v1/encode.hpp"

#include <algorithm>
#include <utility>

#include "base/error_catalogue.hpp"
#include "base/text.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/x_media.hpp"
#include "protocol/x_v1/errors.hpp"

namespace sluice::protocol::x_v1 {
namespace {

// What stands around the words of an error.
constexpr std::size_t frame_bytes = 64;
constexpr char json_type[] = "application/json;charset=utf-8";

// Errors say themselves that they are not to be kept.
http::Response error_response(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.set("Content-Type", json_type);
    response.set("Content-Disposition", "attachment; filename=json.json");
    response.body = std::move(body);
    return response;
}

http::Response json_response(int status, std::string body) {
    auto response = error_response(status, std::move(body));
    response.set("Cache-Control", "no-store");
    return response;
}

void begin_media_object(JsonWriter& json, const Upload& upload) {
    constexpr std::size_t bytes_max = 64 + 4 * RawText::digits_max;
    json.begin_object().raw(bytes_max, [id = upload.id.value, &upload](RawText& out) {
        out.text("\"media_id\":").number(id).text(",\"media_id_string\":\"").number(id);
        out.text("\",\"media_key\":\"").number(key_number(upload.category)).text("_").number(id);
        out.text("\"");
    });
}

std::string upload_url(
    const http::Request& request, std::string_view command, std::uint64_t media_id
) {
    static constexpr std::string_view path = "/1.1/media/upload.json?command=";
    static constexpr std::string_view id = "&media_id=";
    std::string url;
    const std::size_t bytes = request.base_url.size() + path.size() + command.size() + id.size();
    append_raw(url, bytes + RawText::digits_max, [&](RawText& out) {
        out.text(request.base_url).text(path).text(command).text(id).number(media_id);
    });
    return url;
}

std::optional<NextCall> next_of(const Error& error, const http::Request& request) {
    if (!error.next_query.empty()) {
        return NextCall{"POST", request.base_url + "/1.1/media/upload.json?" + error.next_query};
    }
    if (error.code == ErrorCode::media_unknown ||
        (error.code == ErrorCode::quota_exceeded && error.media_id == 0)) {
        return NextCall{"GET", request.base_url + "/api/v1/uploads"};
    }
    if (error.media_id == 0) {
        return std::nullopt;
    }
    switch (error.code) {
        case ErrorCode::finalize_missing:
        case ErrorCode::append_in_flight:
            return NextCall{"POST", upload_url(request, "FINALIZE", error.media_id)};
        case ErrorCode::status_needs_get:
        case ErrorCode::command_missing:
        case ErrorCode::command_case:
        case ErrorCode::command_unknown:
        case ErrorCode::media_id_rounded:
        case ErrorCode::media_key_as_id:
        case ErrorCode::already_finalized:
        case ErrorCode::not_chunked:
        case ErrorCode::media_not_ready:
        case ErrorCode::media_failed:
            return NextCall{"GET", upload_url(request, "STATUS", error.media_id)};
        case ErrorCode::too_many_open_uploads:
        case ErrorCode::quota_exceeded:
            return cancel_call(error.media_id, request);
        default:
            return std::nullopt;
    }
}

http::Response faithful(const Error& error, const WireError& wire, const http::Request& request) {
    JsonWriter json;
    const XWords words = x_words_of(error);
    if (wire.x_status == 413) {
        http::Response response;  // X says it without a word
        response.status = wire.x_status;
        return response;
    }
    if (words.shape == Shape::request_error) {
        json.begin_object()
            .member("request", request.path.empty() ? "/1.1/media/upload.json" : request.path)
            .member("error", words.text)
            .end_object();
    } else {
        json.begin_object().key("errors").begin_array().begin_object();
        json.member("message", words.text).member("code", wire.x_code);
        json.end_object().end_array().end_object();
    }
    return error_response(wire.x_status, json.take());
}

http::Response helpful(const Error& error, const WireError& wire, const http::Request& request) {
    const auto next = next_of(error, request);
    const ErrorWords words(error, next, request);
    std::string body;
    append_raw(body, words.message_bytes() + words.truth_bytes() + frame_bytes, [&](RawText& out) {
        out.text("{\"errors\":[{\"code\":").number(wire.x_code).text(",\"message\":");
        words.put_message(out);
        out.text("}],\"sluice\":{");
        words.put_truth(out);
        out.text("}}");
    });
    return error_response(entry_of(error.code).status, std::move(body));
}

std::string methods_for(ErrorCode refused_by) {
    if (refused_by == ErrorCode::method_not_allowed) {
        return "GET, POST";
    }
    return refused_by == ErrorCode::status_needs_get ? "GET" : "POST";
}

}  // namespace

http::Response initialized(const Upload& upload, WallTime now) {
    JsonWriter json;
    begin_media_object(json, upload);
    json.member("expires_after_secs", expires_after_secs(upload, now)).end_object();
    auto response = json_response(202, json.take());
    response.set("X-MediaId", upload.id.text());
    add_segment_advice(response, upload);
    return response;
}

http::Response appended(const Upload& upload, Fidelity fidelity) {
    // X's counters were 0 in every answer that was recorded.
    const bool is_helpful = fidelity == Fidelity::helpful;
    http::Response response;
    response.status = 204;
    response.set("Content-Type", "text/html;charset=utf-8");
    response.set("X-MediaId", upload.id.text());
    response.set("X-SegmentCount", std::to_string(is_helpful ? upload.segments_received : 0));
    response.set("X-TotalBytes", std::to_string(is_helpful ? upload.received.value : 0));
    return response;
}

http::Response finalized(
    const UploadStatus& status, WallTime now, int status_code, std::string_view base_url
) {
    JsonWriter json;
    begin_media_object(json, status.upload);
    append_media_facts(json, status.upload, now);
    if (shows_processing(status)) {
        append_processing_info(json, status, base_url);
    }
    json.end_object();
    auto response = json_response(status_code, json.take());
    response.set("X-MediaId", status.upload.id.text());
    return response;
}

http::Response status_answer(const UploadStatus& status, WallTime now, std::string_view base_url) {
    JsonWriter json;
    begin_media_object(json, status.upload);
    append_media_facts(json, status.upload, now);
    append_processing_info(json, status, base_url);
    json.end_object();
    return json_response(200, json.take());
}

http::Response refused(const Error& error, const http::Request& request, Fidelity fidelity) {
    const bool is_faithful = fidelity == Fidelity::faithful;
    const WireError& wire =
        wire_error_of(is_faithful ? error.x_like.value_or(error.code) : error.code);
    auto response = is_faithful ? faithful(error, wire, request) : helpful(error, wire, request);
    add_error_headers(response, error, request);
    if (response.status == 405) {
        response.set("Allow", methods_for(error.code));
    }
    return response;
}

http::Response not_allowed(const http::Request& request, Fidelity fidelity, const char* allowed) {
    const Error error{
        .code = ErrorCode::method_not_allowed,
        .facts =
            "The method is " + printable(request.method, 20) + ", this path takes " + allowed + ".",
    };
    auto response = refused(error, request, fidelity);
    response.headers.remove("Allow");
    response.set("Allow", std::string_view(allowed));
    return response;
}

void escape_slashes(http::Response& response) {
    if (!response.headers.find("Content-Type").value_or("").starts_with("application/json")) {
        return;
    }
    std::string escaped;
    for (const char c : response.body) {
        escaped += c == '/' ? "\\/" : std::string(1, c);
    }
    response.body = std::move(escaped);
}

}  // namespace sluice::protocol::x_v1
