// The head of one part of a multipart body: which parameter it is, and what its data are. Pure;
// used by MultipartParser.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "http/form_parser.hpp"

namespace sluice::http {

// `text`: the header lines of the part, each with its CRLF. Errors: body_unreadable.
Result<PartHead> parse_part_head(std::string_view text);

// The value of a parameter of a header value such as `form-data; name="media"`: quoted or not, in
// any order, behind semicolons or (one client does it) commas. Nothing if absent.
std::optional<std::string> header_parameter(std::string_view value, std::string_view name);

}  // namespace sluice::http
