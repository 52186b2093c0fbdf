#include "protocol/x_v2/errors.hpp"

#include <array>

namespace sluice::protocol::x_v2 {
namespace {

constexpr std::string_view invalid_title = "Invalid Request";
constexpr std::string_view invalid_detail = "One or more parameters to your request was invalid.";
constexpr std::string_view invalid_type = "https://api.twitter.com/2/problems/invalid-request";
constexpr std::string_view blank_type = "about:blank";

// clang-format off
constexpr std::array<WireError, error_code_count> wire_errors{{
    {ErrorCode::request_malformed, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::head_too_large, 431, "Request Header Fields Too Large", "Request Header Fields Too Large", "Request Header Fields Too Large", blank_type},
    {ErrorCode::uri_too_long, 431, "Request Header Fields Too Large", "Request Header Fields Too Large", "Request Header Fields Too Large", blank_type},
    {ErrorCode::http_version_unsupported, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::transfer_encoding_unsupported, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::expectation_unknown, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::request_timeout, 408, "Request Timeout", "Request Timeout", "Request Timeout", blank_type},
    {ErrorCode::body_too_large, 413, "Payload Too Large", "Payload Too Large", "Payload Too Large", blank_type},
    {ErrorCode::body_truncated, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::body_unreadable, 400, "Request body is not valid JSON.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::body_missing, 400, "Request body is not valid JSON.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::multipart_boundary, 400, "Request body is not valid JSON.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::too_many_fields, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::unknown_path, 404, "Not Found", "Not Found", "Not Found", blank_type},
    {ErrorCode::method_not_allowed, 405, "Method Not Allowed", "Method Not Allowed", "Method Not Allowed", blank_type},
    {ErrorCode::unsupported_media_type, 400, "Request body is not valid JSON.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::json_expected, 400, "Request body is not valid JSON.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::parameter_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::parameter_conflict, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::parameter_missing, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::command_missing, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::command_case, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::command_unknown, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::status_needs_get, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::command_needs_post, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_in_url, 431, "Request Header Fields Too Large", "Request Header Fields Too Large", "Request Header Fields Too Large", blank_type},
    {ErrorCode::media_in_init, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_missing, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_twice, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_part_missing, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_empty, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::base64_invalid, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::path_as_media, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::buffer_as_json, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::not_media, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::digest_mismatch, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::total_bytes_missing, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::total_bytes_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::file_too_large, 413, "Payload Too Large", "Payload Too Large", "Payload Too Large", blank_type},
    {ErrorCode::too_many_segments_needed, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_type_unsupported, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::category_unknown, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::category_type_conflict, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::category_missing, 400, "Large file can not be finalized synchronously", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::category_forbidden, 403, "Forbidden", "Forbidden", "Forbidden", blank_type},
    {ErrorCode::idempotency_key_reused, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::additional_owners_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_id_missing, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_id_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_id_rounded, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_key_as_id, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_id_as_key, 400, "The `media_key` query parameter value is not valid", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_key_invalid, 400, "The `media_keys` query parameter value is not valid", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_ids_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_combination, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::segment_index_missing, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::segment_index_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::segment_index_range, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::segment_too_large, 413, "Payload Too Large", "Payload Too Large", "Payload Too Large", blank_type},
    {ErrorCode::needs_chunked, 413, "Payload Too Large", "Payload Too Large", "Payload Too Large", blank_type},
    {ErrorCode::media_unknown, 400, "BadRequest: Not found", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_expired, 400, "BadRequest: Not found", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_canceled, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_not_ready, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::media_failed, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::segment_conflict, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::segment_in_flight, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::beyond_total_bytes, 400, "Segments do not add up to provided total file size.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::already_finalized, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::append_in_flight, 400, "Segments do not add up to provided total file size.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::segment_missing, 400, "Segments do not add up to provided total file size.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::size_mismatch, 400, "Segments do not add up to provided total file size.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::nothing_appended, 400, "Segments do not add up to provided total file size.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::segments_identical, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::base64_as_bytes, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::binary_as_text, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::type_mismatch, 400, "media type unrecognized", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::not_chunked, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::finalize_missing, 503, "Over capacity", "Service Unavailable", "Service Unavailable", blank_type},
    {ErrorCode::polling_too_fast, 429, "Too Many Requests", "Too Many Requests", "Too Many Requests", blank_type},
    {ErrorCode::alt_text_too_long, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::subtitle_ids_swapped, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::subtitle_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::subtitle_unknown, 404, "Not Found", "Not Found", "Not Found", blank_type},
    {ErrorCode::output_unknown, 404, "Not Found", "Not Found", "Not Found", blank_type},
    {ErrorCode::range_not_satisfiable, 416, "Requested Range Not Satisfiable", "Range Not Satisfiable", "Range Not Satisfiable", blank_type},
    {ErrorCode::too_many_open_uploads, 429, "Rate limit exceeded", "Too Many Requests", "Too Many Requests", blank_type},
    {ErrorCode::auth_missing, 401, "Unauthorized", "Unauthorized", "Unauthorized", blank_type},
    {ErrorCode::auth_malformed, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::token_unknown, 401, "Unauthorized", "Unauthorized", "Unauthorized", blank_type},
    {ErrorCode::token_revoked, 401, "Unauthorized", "Unauthorized", "Unauthorized", blank_type},
    {ErrorCode::token_expired, 401, "Unauthorized", "Unauthorized", "Unauthorized", blank_type},
    {ErrorCode::app_only_token, 403, "Forbidden", "Forbidden", "Forbidden", blank_type},
    {ErrorCode::scope_missing, 403, "Forbidden", "Forbidden", "Forbidden", blank_type},
    {ErrorCode::oauth1_needed, 403, "Forbidden", "Forbidden", "Forbidden", blank_type},
    {ErrorCode::oauth_signature, 401, "Unauthorized", "Unauthorized", "Unauthorized", blank_type},
    {ErrorCode::oauth_timestamp, 401, "Unauthorized", "Unauthorized", "Unauthorized", blank_type},
    {ErrorCode::oauth_nonce_reused, 401, "Unauthorized", "Unauthorized", "Unauthorized", blank_type},
    {ErrorCode::rate_limited, 429, "Too Many Requests", "Too Many Requests", "Too Many Requests", blank_type},
    {ErrorCode::too_many_failed_logins, 429, "Too Many Requests", "Too Many Requests", "Too Many Requests", blank_type},
    {ErrorCode::quota_exceeded, 403, "Forbidden", "Forbidden", "Forbidden", blank_type},
    {ErrorCode::host_not_allowed, 403, "Forbidden", "Forbidden", "Forbidden", blank_type},
    {ErrorCode::dev_mode_only, 403, "Forbidden", "Forbidden", "Forbidden", blank_type},
    {ErrorCode::request_unknown, 404, "Not Found", "Not Found", "Not Found", blank_type},
    {ErrorCode::key_unknown, 404, "Not Found", "Not Found", "Not Found", blank_type},
    {ErrorCode::fault_injected, 503, "Service Unavailable", "Service Unavailable", "Service Unavailable", blank_type},
    {ErrorCode::codec_not_allowed, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::duration_out_of_range, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::dimensions_out_of_range, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::frame_rate_too_high, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::pixel_format_not_allowed, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::audio_not_allowed, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::gop_too_long, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::container_unreadable, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::gif_too_large, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::processing_limit, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::processing_failed, 400, "Your media IDs are invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::protocol_version, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::offset_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::offset_mismatch, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::length_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::metadata_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::checksum_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::checksum_mismatch, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::concatenation_invalid, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::upload_is_joined, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::upload_taken_over, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::completeness_missing, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::upload_incomplete, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::too_many_pieces, 400, "One or more parameters to your request was invalid.", invalid_title, invalid_detail, invalid_type},
    {ErrorCode::storage_full, 500, "Internal error", "Internal Server Error", "Internal Server Error", blank_type},
    {ErrorCode::storage_failed, 500, "Internal error", "Internal Server Error", "Internal Server Error", blank_type},
    {ErrorCode::database_unavailable, 503, "Over capacity", "Service Unavailable", "Service Unavailable", blank_type},
    {ErrorCode::storage_unavailable, 503, "Over capacity", "Service Unavailable", "Service Unavailable", blank_type},
    {ErrorCode::overloaded, 503, "Over capacity", "Service Unavailable", "Service Unavailable", blank_type},
    {ErrorCode::shutting_down, 503, "Over capacity", "Service Unavailable", "Service Unavailable", blank_type},
    {ErrorCode::internal, 500, "Internal error", "Internal Server Error", "Internal Server Error", blank_type},
    {ErrorCode::store_not_found, 500, "Internal error", "Internal Server Error", "Internal Server Error", blank_type},
    {ErrorCode::store_conflict, 500, "Internal error", "Internal Server Error", "Internal Server Error", blank_type},
}};
// clang-format on

constexpr bool covers_every_code() {
    for (std::size_t i = 0; i < wire_errors.size(); ++i) {
        if (static_cast<std::size_t>(wire_errors[i].code) != i ||
            wire_errors[i].x_message.empty()) {
            return false;
        }
    }
    return true;
}
static_assert(covers_every_code());

}  // namespace

const WireError& wire_error_of(ErrorCode code) {
    return wire_errors[static_cast<std::size_t>(code)];
}

}  // namespace sluice::protocol::x_v2
