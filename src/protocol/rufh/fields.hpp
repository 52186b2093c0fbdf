// The header fields of resumable uploads (draft-ietf-httpbis-resumable-upload-12, interop version 9, and
// those before it) as values. Structured fields (RFC 9651): what is no item of its type, or stands there
// twice, is as if it were not there. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::protocol::rufh {

inline constexpr std::string_view collection = "/resumable/";
inline bool is_collection(std::string_view path) {
    return path == "/resumable" || path == collection;
}
inline constexpr std::string_view protocol_name = "rufh";  // Upload::protocol

// Of "?1" and "?0", with or without parameters.
std::optional<bool> boolean_item(std::string_view text);
// Not negative, 15 digits at most.
std::optional<std::uint64_t> integer_item(std::string_view text);

struct Fields {
    std::optional<std::uint64_t> interop;  // Upload-Draft-Interop-Version
    // Upload-Complete; of interop version 3 Upload-Incomplete, which says the opposite.
    std::optional<bool> is_complete;
    std::optional<ByteCount> offset;
    std::optional<ByteCount> length;
    std::optional<ByteCount> body;  // of this request; nothing: chunked

    bool is_before(std::uint64_t version) const { return interop && *interop < version; }
};
Fields fields_of(const http::Request& request);

// What Upload-Length and the length of the body say together. Errors: length_invalid, beyond_total_bytes.
Result<void> lengths_fit(const Fields& fields);
// That one request brings no more than it may; 0: any. A body whose length is not told is taken as it comes:
// whoever stands in front of us and has such a limit keeps it. Errors: body_too_large.
Result<void> append_fits(const Fields& fields, ByteCount bytes_max);

inline constexpr std::string_view partial_type = "application/partial-upload";
// That a PATCH has what it needs. Errors: unsupported_media_type, offset_invalid, completeness_missing; those of append_fits.
Result<void> check_append(const http::Request& request, const Fields& fields, ByteCount bytes_max);

// The name in Content-Disposition, without folders before it; "filename*" (RFC 8187, UTF-8) before
// "filename". Empty: none.
std::string file_name_of(std::string_view content_disposition);

// "/resumable/12" -> 12.
std::optional<MediaId> id_in(std::string_view path);

}  // namespace sluice::protocol::rufh
