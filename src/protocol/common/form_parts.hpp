// What the head of a form's part tells about it. Pure; used where a form is received.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/form_parser.hpp"

namespace sluice::protocol {

// What follows the media in a multipart body if it is the last part: CRLF "--" boundary "--" CRLF.
std::uint64_t closing_length(std::string_view content_type);

// A part that carries the media under another name.
bool is_misnamed_media(std::string_view name);

// Text parts with a file name exist (python-twitter): only what says it is binary is a file.
bool is_file(const http::PartHead& head);

}  // namespace sluice::protocol
