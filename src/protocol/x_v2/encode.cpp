#include "protocol/x_v2/encode.hpp"

#include <utility>

#include "base/error_catalogue.hpp"
#include "base/text.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/x_media.hpp"
#include "protocol/x_v2/errors.hpp"

namespace sluice::protocol::x_v2 {
namespace {

http::Response json_response(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

void begin_data(JsonWriter& json, const Upload& upload) {
    json.begin_object().key("data").begin_object();
    json.member("id", upload.id.text()).member("media_key", upload.media_key());
}

std::optional<NextCall> next_of(const Error& error, const http::Request& request) {
    const std::string base = request.base_url + "/2/media/upload";
    if (!error.next_query.empty()) {
        return NextCall{"POST", base + "?" + error.next_query};
    }
    if (error.code == ErrorCode::media_unknown ||
        (error.code == ErrorCode::quota_exceeded && error.media_id == 0)) {
        return NextCall{"GET", request.base_url + "/api/v1/uploads"};
    }
    if (error.media_id == 0) {
        return std::nullopt;
    }
    const std::string id = std::to_string(error.media_id);
    switch (error.code) {
        case ErrorCode::finalize_missing:
        case ErrorCode::append_in_flight:
            return NextCall{"POST", base + "/" + id + "/finalize"};
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
            return NextCall{"GET", base + "?media_id=" + id};
        case ErrorCode::too_many_open_uploads:
        case ErrorCode::quota_exceeded:
            return cancel_call(error.media_id, request);
        default:
            return std::nullopt;
    }
}

http::Response faithful(ErrorCode code) {
    const WireError& wire = wire_error_of(code);
    JsonWriter json;
    json.begin_object().key("errors").begin_array().begin_object().member(
        "message", wire.x_message
    );
    if (wire.x_status == 503) {
        json.member("code", 130);
    }
    json.end_object().end_array();
    json.member("title", wire.x_title).member("detail", wire.x_detail).member("type", wire.x_type);
    json.member("status", wire.x_status).end_object();
    http::Response response;
    response.status = wire.x_status;
    response.set("Content-Type", "application/problem+json");
    response.body = json.take();
    return response;
}

}  // namespace

http::Response initialized(const Upload& upload, WallTime now, int status_code) {
    JsonWriter json;
    begin_data(json, upload);
    json.member("expires_after_secs", expires_after_secs(upload, now)).end_object().end_object();
    auto response = json_response(status_code, json.take());
    add_segment_advice(response, upload);
    return response;
}

http::Response appended(const Upload& upload) {
    const auto expires_at =
        std::chrono::floor<std::chrono::seconds>(upload.expires_at).time_since_epoch().count();
    JsonWriter json;
    json.begin_object()
        .key("data")
        .begin_object()
        .member("expires_at", expires_at)
        .end_object()
        .end_object();
    return json_response(200, json.take());
}

http::Response appended_by_command() {
    http::Response response;
    response.status = 204;
    return response;
}

http::Response media_answer(
    const UploadStatus& status,
    WallTime now,
    int status_code,
    bool with_processing,
    std::string_view base_url
) {
    JsonWriter json;
    begin_data(json, status.upload);
    append_media_facts(json, status.upload, now);
    if (with_processing) {
        append_processing_info(json, status, base_url);
    }
    json.end_object().end_object();
    return json_response(status_code, json.take());
}

http::Response refused(const Error& error, const http::Request& request, Fidelity fidelity) {
    auto response = fidelity == Fidelity::helpful
                        ? problem_response(error, next_of(error, request), request)
                        : faithful(error.x_like.value_or(error.code));
    if (fidelity == Fidelity::faithful) {
        add_error_headers(response, error, request);
    }
    if (response.status == 405) {
        response.set("Allow", error.code == ErrorCode::status_needs_get ? "GET" : "POST");
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

}  // namespace sluice::protocol::x_v2
