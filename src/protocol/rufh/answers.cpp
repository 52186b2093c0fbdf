#include "protocol/rufh/answers.hpp"

#include "base/error_catalogue.hpp"
#include "base/json_writer.hpp"
#include "protocol/common/cors.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/stream_hints.hpp"

namespace sluice::protocol::rufh {
namespace {

// https://www.iana.org/assignments/http-problem-types
constexpr std::string_view offset_type =
    "https://iana.org/assignments/http-problem-types#mismatching-upload-offset";
constexpr std::string_view length_type =
    "https://iana.org/assignments/http-problem-types#inconsistent-upload-length";

constexpr std::string_view digest_type =
    "https://iana.org/assignments/http-problem-types#digest-mismatched-values";

constexpr std::string_view exposed =
    "Upload-Offset, Upload-Complete, Upload-Incomplete, Upload-Length, Upload-Limit, Location, "
    "Repr-Digest, Idempotency-Replayed, Sluice-Media-Id, Sluice-Error, Link, Retry-After, "
    "X-Request-Id, "
    "x-rate-limit-limit, x-rate-limit-remaining, x-rate-limit-reset";
// With those of tus that its clients send in the modes in which they speak this.
constexpr std::string_view allowed_fields =
    "Authorization, Origin, X-Requested-With, X-Request-ID, X-HTTP-Method-Override, Content-Type, "
    "Content-Disposition, Content-Digest, Repr-Digest, Want-Repr-Digest, Upload-Complete, "
    "Upload-Incomplete, Upload-Draft-Interop-Version, Upload-Length, Upload-Defer-Length, "
    "Upload-Offset, Upload-Metadata, Idempotency-Key, Incremental";

std::optional<int> status_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::media_expired:
        case ErrorCode::media_canceled:
            return 410;
        case ErrorCode::file_too_large:
            return 413;
        case ErrorCode::checksum_mismatch:
        case ErrorCode::beyond_total_bytes:
            return 400;
        default:
            return std::nullopt;
    }
}

void add_completeness(http::Response& response, const Fields& fields, bool is_complete) {
    if (fields.interop == 3U) {
        response.set("Upload-Incomplete", is_complete ? "?0" : "?1");
        return;
    }
    response.set("Upload-Complete", is_complete ? "?1" : "?0");
}

// Of a creation: whether another attempt may go better without another file or other credentials.
bool is_of_transfer(const Error& error) {
    return error.code == ErrorCode::length_invalid || error.code == ErrorCode::checksum_invalid ||
           error.code == ErrorCode::beyond_total_bytes || error.code == ErrorCode::file_too_large ||
           error.code == ErrorCode::body_too_large || entry_of(error.code).retryable;
}

std::optional<ProblemType> digest_type_of(const Error& error) {
    const bool is_other =
        error.code == ErrorCode::checksum_mismatch || error.code == ErrorCode::digest_mismatch;
    return is_other ? std::optional(ProblemType{digest_type}) : std::nullopt;
}

std::optional<ProblemType> type_of(const Error& error, const Fields& fields, const Upload* upload) {
    if (error.code == ErrorCode::length_invalid || error.code == ErrorCode::beyond_total_bytes) {
        return ProblemType{length_type};
    }
    if (error.code != ErrorCode::offset_mismatch) {
        return digest_type_of(error);
    }
    ProblemType type{offset_type};
    if (upload != nullptr) {
        type.members.emplace_back("expected-offset", upload->received.value);
    }
    type.members.emplace_back("provided-offset", fields.offset.value_or(ByteCount{}).value);
    return type;
}

}  // namespace

bool is_overrun(const Error& error) {
    return error.code == ErrorCode::beyond_total_bytes;
}

void add_progress(http::Response& response, const Fields& fields, const Upload& upload) {
    add_completeness(response, fields, upload.has_all_bytes());
    response.set("Upload-Offset", std::to_string(upload.received.value));
}

http::Response described(const http::Request& request, const Upload& upload) {
    JsonWriter json;
    json.begin_object()
        .member("media_id", upload.id.text())
        .member("media_key", upload.media_key())
        .member("state", name_of(upload.state))
        .member("received_bytes", upload.received.value);
    json.key("size_bytes");
    if (upload.stream.length_known) {
        json.value(upload.total.value);
    } else {
        json.null();
    }
    json.member("status_url", request.base_url + "/api/v1/uploads/" + upload.id.text());
    json.end_object();
    http::Response response;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = json.take();
    return response;
}

http::Response refused(
    const Error& error,
    const http::Request& request,
    const Fields& fields,
    bool before_it_is,
    const Upload* upload
) {
    if (before_it_is && !fields.is_complete) {
        return gone(error, request);
    }
    auto response = problem_response(
        error,
        std::nullopt,
        request,
        {.type = type_of(error, fields, upload),
         .status = status_of(error),
         .hint = stream_hint(error.code)}
    );
    const bool is_verdict =
        error.code == ErrorCode::digest_mismatch || (before_it_is && !is_of_transfer(error));
    add_completeness(response, fields, is_verdict);
    if (upload != nullptr && !is_overrun(error)) {
        response.set("Upload-Offset", std::to_string(upload->received.value));
    }
    // The rest of the body that this is about would only be thrown away.
    response.close = error.code == ErrorCode::upload_taken_over;
    return response;
}

http::Response gone(const Error& error, const http::Request& request) {
    return problem_response(
        error,
        std::nullopt,
        request,
        {.type = digest_type_of(error), .status = status_of(error), .hint = stream_hint(error.code)}
    );
}

void finish(const PageOrigins& pages, const http::Request& request, http::Response& response) {
    allow_origin(pages, request, response);
    if (request.header("Origin")) {
        response.set("Access-Control-Expose-Headers", std::string(exposed));
    }
    response.route = "rufh.uploads";
}

void add_preflight(http::Response& response) {
    response.set("Access-Control-Allow-Methods", "POST, PUT, HEAD, PATCH, OPTIONS, GET, DELETE");
    response.set("Access-Control-Allow-Headers", std::string(allowed_fields));
    response.set("Access-Control-Max-Age", "86400");
}

}  // namespace sluice::protocol::rufh
