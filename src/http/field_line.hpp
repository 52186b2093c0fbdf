// One line of a header section, checked as RFC 9110 and 9112 want it. Used for request heads and
// chunked trailers; pure. Never repairs anything: in doubt the message is refused.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::http {

// tchar of RFC 9110, 5.6.2.
bool is_token_char(char c);
bool is_token(std::string_view text);

// `line` without its CRLF. Errors: request_malformed (folded line, blank before the colon, control
// characters).
Result<HeaderField> parse_field_line(std::string_view line);

}  // namespace sluice::http
