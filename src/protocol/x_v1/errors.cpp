#include "protocol/x_v1/errors.hpp"

#include <array>

namespace sluice::protocol::x_v1 {
namespace {

// clang-format off
constexpr std::array<WireError, error_code_count> wire_errors{{
    {ErrorCode::request_malformed, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::head_too_large, 214, 431, Shape::errors, "Request Header Fields Too Large"},
    {ErrorCode::uri_too_long, 214, 431, Shape::errors, "Request Header Fields Too Large"},
    {ErrorCode::http_version_unsupported, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::transfer_encoding_unsupported, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::expectation_unknown, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::request_timeout, 214, 408, Shape::errors, "Request Timeout"},
    {ErrorCode::body_too_large, 214, 413, Shape::errors, "Payload Too Large"},
    {ErrorCode::body_truncated, 214, 408, Shape::errors, "Request Timeout"},
    {ErrorCode::body_unreadable, 38, 400, Shape::errors, "media parameter is missing."},
    {ErrorCode::body_missing, 38, 400, Shape::errors, "media parameter is missing."},
    {ErrorCode::multipart_boundary, 38, 400, Shape::errors, "media parameter is missing."},
    {ErrorCode::too_many_fields, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::unknown_path, 34, 404, Shape::errors, "Sorry, that page does not exist"},
    {ErrorCode::method_not_allowed, 86, 405, Shape::errors, "This method requires a GET or HEAD."},
    {ErrorCode::unsupported_media_type, 38, 400, Shape::errors, "media parameter is missing."},
    {ErrorCode::json_expected, 214, 400, Shape::request_error, "Missing json payload."},
    {ErrorCode::parameter_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::parameter_conflict, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::parameter_missing, 38, 400, Shape::errors, "parameter is missing."},
    {ErrorCode::command_missing, 38, 400, Shape::errors, "media parameter is missing."},
    {ErrorCode::command_case, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::command_unknown, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::status_needs_get, 38, 400, Shape::errors, "media_id or media_key parameter is missing."},
    {ErrorCode::command_needs_post, 86, 405, Shape::errors, "This method requires a GET or HEAD."},
    {ErrorCode::media_in_url, 214, 431, Shape::errors, "Request Header Fields Too Large"},
    {ErrorCode::media_in_init, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::media_missing, 38, 400, Shape::errors, "media parameter is missing."},
    {ErrorCode::media_twice, 38, 400, Shape::errors, "media parameter is missing."},
    {ErrorCode::media_part_missing, 38, 400, Shape::errors, "media parameter is missing."},
    {ErrorCode::media_empty, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::base64_invalid, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::path_as_media, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::buffer_as_json, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::not_media, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::digest_mismatch, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::total_bytes_missing, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::total_bytes_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::file_too_large, 324, 400, Shape::errors, "Image file size must be <= 5242880 bytes"},
    {ErrorCode::too_many_segments_needed, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::media_type_unsupported, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::category_unknown, 324, 400, Shape::errors, "Unsupported raw media category"},
    {ErrorCode::category_type_conflict, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::category_missing, 214, 400, Shape::request_error, "Large file can not be finalized synchronously"},
    {ErrorCode::category_forbidden, 220, 403, Shape::errors, "Your credentials do not allow access to this resource."},
    {ErrorCode::idempotency_key_reused, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::additional_owners_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::media_id_missing, 38, 400, Shape::errors, "media_id or media_key parameter is missing."},
    {ErrorCode::media_id_invalid, 214, 400, Shape::request_error, "Invalid media_id: Some()."},
    {ErrorCode::media_id_rounded, 324, 400, Shape::errors, "The validation of media ids failed."},
    {ErrorCode::media_key_as_id, 324, 400, Shape::errors, "The validation of media ids failed."},
    {ErrorCode::media_id_as_key, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::media_key_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::media_ids_invalid, 44, 400, Shape::errors, "media_ids parameter is invalid."},
    {ErrorCode::media_combination, 324, 400, Shape::errors, "The validation of media ids failed."},
    {ErrorCode::segment_index_missing, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::segment_index_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::segment_index_range, 214, 400, Shape::request_error, "SegmentIndex must be between 0 and 999."},
    {ErrorCode::segment_too_large, 214, 413, Shape::errors, "Payload Too Large"},
    {ErrorCode::needs_chunked, 214, 413, Shape::errors, "Payload Too Large"},
    {ErrorCode::media_unknown, 34, 404, Shape::errors, "Sorry, that page does not exist"},
    {ErrorCode::media_expired, 34, 404, Shape::errors, "Sorry, that page does not exist"},
    {ErrorCode::media_canceled, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::media_not_ready, 324, 400, Shape::errors, "The validation of media ids failed."},
    {ErrorCode::media_failed, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::segment_conflict, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::segment_in_flight, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::beyond_total_bytes, 214, 400, Shape::request_error, "Segments do not add up to provided total file size."},
    {ErrorCode::already_finalized, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::append_in_flight, 214, 400, Shape::request_error, "Segments do not add up to provided total file size."},
    {ErrorCode::segment_missing, 214, 400, Shape::request_error, "Segments do not add up to provided total file size."},
    {ErrorCode::size_mismatch, 214, 400, Shape::request_error, "Segments do not add up to provided total file size."},
    {ErrorCode::nothing_appended, 214, 400, Shape::request_error, "Segments do not add up to provided total file size."},
    {ErrorCode::segments_identical, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::base64_as_bytes, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::binary_as_text, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::type_mismatch, 214, 400, Shape::request_error, "media type unrecognized."},
    {ErrorCode::not_chunked, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::finalize_missing, 130, 503, Shape::errors, "Over capacity"},
    {ErrorCode::polling_too_fast, 88, 429, Shape::errors, "Rate limit exceeded"},
    {ErrorCode::alt_text_too_long, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::subtitle_ids_swapped, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::subtitle_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::subtitle_unknown, 34, 404, Shape::errors, "Sorry, that page does not exist"},
    {ErrorCode::output_unknown, 34, 404, Shape::errors, "Sorry, that page does not exist"},
    {ErrorCode::range_not_satisfiable, 214, 416, Shape::errors, "Requested Range Not Satisfiable"},
    {ErrorCode::too_many_open_uploads, 88, 429, Shape::errors, "Rate limit exceeded"},
    {ErrorCode::auth_missing, 215, 400, Shape::errors, "Bad Authentication data."},
    {ErrorCode::auth_malformed, 215, 400, Shape::errors, "Bad Authentication data."},
    {ErrorCode::token_unknown, 89, 401, Shape::errors, "Invalid or expired token."},
    {ErrorCode::token_revoked, 89, 401, Shape::errors, "Invalid or expired token."},
    {ErrorCode::token_expired, 89, 401, Shape::errors, "Invalid or expired token."},
    {ErrorCode::app_only_token, 220, 403, Shape::errors, "Your credentials do not allow access to this resource."},
    {ErrorCode::scope_missing, 220, 403, Shape::errors, "Your credentials do not allow access to this resource."},
    {ErrorCode::oauth1_needed, 215, 403, Shape::errors, "Bad Authentication data."},
    {ErrorCode::oauth_signature, 32, 401, Shape::errors, "Could not authenticate you."},
    {ErrorCode::oauth_timestamp, 135, 401, Shape::errors, "Timestamp out of bounds."},
    {ErrorCode::oauth_nonce_reused, 32, 401, Shape::errors, "Could not authenticate you."},
    {ErrorCode::rate_limited, 88, 429, Shape::errors, "Rate limit exceeded"},
    {ErrorCode::too_many_failed_logins, 88, 429, Shape::errors, "Rate limit exceeded"},
    {ErrorCode::quota_exceeded, 191, 403, Shape::errors, "You have exceeded the number of photos you can upload today."},
    {ErrorCode::host_not_allowed, 220, 403, Shape::errors, "Your credentials do not allow access to this resource."},
    {ErrorCode::dev_mode_only, 220, 403, Shape::errors, "Your credentials do not allow access to this resource."},
    {ErrorCode::request_unknown, 34, 404, Shape::errors, "Sorry, that page does not exist"},
    {ErrorCode::key_unknown, 34, 404, Shape::errors, "Sorry, that page does not exist"},
    {ErrorCode::fault_injected, 130, 503, Shape::errors, "Over capacity"},
    {ErrorCode::codec_not_allowed, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::duration_out_of_range, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::dimensions_out_of_range, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::frame_rate_too_high, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::pixel_format_not_allowed, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::audio_not_allowed, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::gop_too_long, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::container_unreadable, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::gif_too_large, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::processing_limit, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::processing_failed, 324, 400, Shape::errors, "Not valid video"},
    {ErrorCode::protocol_version, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::offset_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::offset_mismatch, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::length_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::metadata_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::checksum_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::checksum_mismatch, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::concatenation_invalid, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::upload_is_joined, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::upload_taken_over, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::completeness_missing, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::upload_incomplete, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::too_many_pieces, 214, 400, Shape::errors, "Bad request."},
    {ErrorCode::storage_full, 131, 500, Shape::errors, "Internal error"},
    {ErrorCode::storage_failed, 131, 500, Shape::errors, "Internal error"},
    {ErrorCode::database_unavailable, 130, 503, Shape::errors, "Over capacity"},
    {ErrorCode::storage_unavailable, 130, 503, Shape::errors, "Over capacity"},
    {ErrorCode::overloaded, 130, 503, Shape::errors, "Over capacity"},
    {ErrorCode::shutting_down, 130, 503, Shape::errors, "Over capacity"},
    {ErrorCode::internal, 131, 500, Shape::errors, "Internal error"},
    {ErrorCode::store_not_found, 131, 500, Shape::errors, "Internal error"},
    {ErrorCode::store_conflict, 131, 500, Shape::errors, "Internal error"},
}};
// clang-format on

constexpr bool covers_every_code() {
    for (std::size_t i = 0; i < wire_errors.size(); ++i) {
        if (static_cast<std::size_t>(wire_errors[i].code) != i || wire_errors[i].x_text.empty()) {
            return false;
        }
    }
    return true;
}
static_assert(covers_every_code());

XWords words_for(const SizeLimit& limit) {
    const std::string bytes = std::to_string(limit.bytes);
    switch (limit.of) {
        case SizeLimit::Of::picture:
            return {Shape::errors, "Image file size must be <= " + bytes + " bytes"};
        case SizeLimit::Of::gif:
            return {Shape::request_error, "File size exceeds " + bytes + " bytes."};
        case SizeLimit::Of::video:
            break;
    }
    // JSON as a text within JSON.
    return {
        Shape::request_error,
        R"({ "message": "maxFileSizeExceeded", "maxFileSizeBytes": )" + bytes + " }",
    };
}

}  // namespace

const WireError& wire_error_of(ErrorCode code) {
    return wire_errors[static_cast<std::size_t>(code)];
}

XWords x_words_of(const Error& error) {
    if (error.size_limit) {
        return words_for(*error.size_limit);
    }
    const WireError& wire = wire_error_of(error.x_like.value_or(error.code));
    return {wire.shape, std::string(wire.x_text)};
}

}  // namespace sluice::protocol::x_v1
