// The rows of the error catalogue by topic, each topic a file and a range of the enum. Used by
// error_catalogue.cpp alone.
#pragma once

#include <array>
#include <span>

#include "base/error_catalogue.hpp"

namespace sluice::catalogue {

struct CodeRange {
    ErrorCode first;
    ErrorCode last;

    constexpr std::size_t begin() const { return static_cast<std::size_t>(first); }
    constexpr std::size_t end() const { return static_cast<std::size_t>(last) + 1; }
};

inline constexpr CodeRange request_codes{
    ErrorCode::request_malformed, ErrorCode::parameter_missing
};
inline constexpr CodeRange command_codes{ErrorCode::command_missing, ErrorCode::digest_mismatch};
inline constexpr CodeRange init_codes{
    ErrorCode::total_bytes_missing, ErrorCode::additional_owners_invalid
};
inline constexpr CodeRange id_codes{ErrorCode::media_id_missing, ErrorCode::needs_chunked};
inline constexpr CodeRange upload_codes{ErrorCode::media_unknown, ErrorCode::append_in_flight};
inline constexpr CodeRange finalize_codes{
    ErrorCode::segment_missing, ErrorCode::too_many_open_uploads
};
inline constexpr CodeRange access_codes{ErrorCode::auth_missing, ErrorCode::fault_injected};
inline constexpr CodeRange media_codes{ErrorCode::codec_not_allowed, ErrorCode::processing_failed};
inline constexpr CodeRange stream_codes{ErrorCode::protocol_version, ErrorCode::too_many_pieces};
inline constexpr CodeRange server_codes{ErrorCode::storage_full, ErrorCode::store_conflict};

inline constexpr std::array all_codes{
    request_codes,
    command_codes,
    init_codes,
    id_codes,
    upload_codes,
    finalize_codes,
    access_codes,
    media_codes,
    stream_codes,
    server_codes
};

std::span<const ErrorEntry> request_rows();
std::span<const ErrorEntry> command_rows();
std::span<const ErrorEntry> init_rows();
std::span<const ErrorEntry> id_rows();
std::span<const ErrorEntry> upload_rows();
std::span<const ErrorEntry> finalize_rows();
std::span<const ErrorEntry> access_rows();
std::span<const ErrorEntry> media_rows();
std::span<const ErrorEntry> stream_rows();
std::span<const ErrorEntry> server_rows();

// Whether the rows are those of the range, in its order, each with its texts.
constexpr bool fills(std::span<const ErrorEntry> rows, CodeRange range) {
    if (rows.size() != range.end() - range.begin()) {
        return false;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const ErrorEntry& row = rows[i];
        const bool has_texts = !row.slug.empty() && !row.title.empty() && !row.hint.empty() &&
                               !row.symptom.empty() && !row.causes.empty() && !row.check.empty() &&
                               !row.mend.empty() && !row.request.empty();
        if (static_cast<std::size_t>(row.code) != range.begin() + i || !has_texts) {
            return false;
        }
    }
    return true;
}

}  // namespace sluice::catalogue
