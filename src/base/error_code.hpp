// The stable names of everything that can go wrong. Codes are added, never renamed or reused:
// clients and documentation pages hang on them. The texts are in error_catalogue.cpp; the order
// here is the order there. Codes of upload mistakes are those of the reference list of mistakes
// (numbers of its rows in the catalogue).
#pragma once

#include <cstdint>

namespace sluice {

enum class ErrorCode : std::uint8_t {
    // The request as such.
    request_malformed,
    head_too_large,
    uri_too_long,
    http_version_unsupported,
    transfer_encoding_unsupported,
    expectation_unknown,
    request_timeout,
    body_too_large,
    body_truncated,
    body_unreadable,
    body_missing,
    multipart_boundary,
    too_many_fields,
    unknown_path,
    method_not_allowed,
    unsupported_media_type,
    json_expected,
    parameter_invalid,
    parameter_conflict,
    // Commands and their parameters.
    command_missing,
    command_case,
    command_unknown,
    status_needs_get,
    command_needs_post,
    media_in_url,
    media_in_init,
    media_missing,
    media_twice,
    media_part_missing,
    media_empty,
    base64_invalid,
    total_bytes_missing,
    total_bytes_invalid,
    file_too_large,
    too_many_segments_needed,
    media_type_unsupported,
    category_unknown,
    category_type_conflict,
    media_id_missing,
    media_id_invalid,
    media_key_as_id,
    segment_index_missing,
    segment_index_invalid,
    segment_index_range,
    segment_too_large,
    needs_chunked,
    // The upload's state.
    media_unknown,
    media_expired,
    media_canceled,
    media_not_ready,
    media_failed,
    segment_conflict,
    segment_in_flight,
    beyond_total_bytes,
    already_finalized,
    append_in_flight,
    segment_missing,
    size_mismatch,
    nothing_appended,
    not_chunked,
    finalize_missing,
    output_unknown,
    range_not_satisfiable,
    too_many_open_uploads,
    // Credentials.
    auth_malformed,
    // The server's own.
    storage_full,
    storage_failed,
    overloaded,
    shutting_down,
    internal,
    // Between stores and use cases only: a store says what it saw, the use case knows what it
    // means.
    store_not_found,
    store_conflict,
};

inline constexpr std::uint8_t error_code_count =
    static_cast<std::uint8_t>(ErrorCode::store_conflict) + 1;

}  // namespace sluice
