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

// A part that carries the media under another name.
bool is_misnamed_media(std::string_view name);

bool is_media(const std::string& name);
// X's clients also send base64 in "media", when the body is not multipart or its part says so.
bool is_base64(const http::PartHead& head, bool is_multipart);
// Text parts with a file name exist (python-twitter): only what says it is binary is a file.
bool is_file(const http::PartHead& head);

// For the inspector, if it wants them: a part that begins, data of the last one, and its checksum if it was media. The
// length as it came, and the first bytes; in the middle of the request nothing is hashed.
void note_part(Exchange& exchange, const http::PartHead& head);
void note_data(Exchange& exchange, std::span<const std::byte> data);
void note_checksum(Exchange& exchange, std::uint32_t crc);

}  // namespace sluice::protocol
