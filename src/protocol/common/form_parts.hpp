// What the head of a form's part tells about it, and what of the part the inspector keeps. Used where a form is received.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/form_parser.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

// What follows the media in a multipart body if it is the last part: CRLF "--" boundary "--" CRLF.
std::uint64_t closing_length(std::string_view content_type);

bool is_media(std::string_view name);
// X's clients also send base64 in "media", when the body is not multipart or its part says so
// (reference 8.2).
bool is_base64(const http::PartHead& head, bool is_multipart);

// A part that carries the media under another name.
bool is_misnamed_media(std::string_view name);

// Text parts with a file name exist (python-twitter): only what says it is binary is a file.
bool is_file(const http::PartHead& head);

// For the inspector, if it wants them: a part that begins, and data of the last one. The length as it came, and the first
// bytes; in the middle of the request nothing is hashed.
void note_part(Exchange& exchange, const http::PartHead& head);
void note_data(Exchange& exchange, std::span<const std::byte> data);

}  // namespace sluice::protocol
