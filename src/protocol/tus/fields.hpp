// The header fields of tus 1.0.0 as values (https://tus.io/protocols/resumable-upload). Pure. What is
// no number in decimal digits, no base64 or no known word is an error and never a default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::protocol::tus {

inline constexpr std::string_view version = "1.0.0";
inline constexpr std::string_view collection = "/files/";

// Of Upload-Length and Upload-Defer-Length together; nothing: told later. Errors: length_invalid.
Result<std::optional<ByteCount>> length_of(const http::Request& request);
// Upload-Length of a PATCH, if there. Errors: length_invalid.
Result<std::optional<ByteCount>> late_length_of(const http::Request& request);
// Errors: offset_invalid.
Result<ByteCount> offset_of(const http::Request& request);

struct Concat {
    bool is_partial = false;
    std::vector<MediaId> parts;  // of a final upload
};
// Of Upload-Concat. Errors: concatenation_invalid.
Result<Concat> concat_of(const http::Request& request);

// "/files/12" and "https://any.host/files/12" -> 12.
std::optional<MediaId> id_in(std::string_view url);

// What a look gives back as it came: Upload-Metadata and Upload-Concat in one text.
std::string told_of(const http::Request& request);
struct Told {
    std::string_view metadata;
    std::string_view concat;
};
Told parse_told(std::string_view told);

}  // namespace sluice::protocol::tus
