// Parses the head of an HTTP/1.1 or 1.0 request, strictly (RFC 9112). Pure: bytes in, Request or
// refusal out; used by the connection loop and by the fuzz targets. Whatever makes the framing
// doubtful is refused, never guessed, and every error means: answer and close, for the next
// request's first byte is not known.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::http {

// Bounds on what a head may cost. Raising them raises the memory that one connection can hold.
inline constexpr std::size_t request_line_bytes_max = 8 * 1024;
inline constexpr std::size_t fields_bytes_max = 16 * 1024;
inline constexpr std::size_t fields_max = 100;
// Upload-Concat of tus lists the URLs of up to a thousand uploads, and no body may do that: its lines
// are counted apart.
inline constexpr std::string_view list_field = "upload-concat:";
inline constexpr std::size_t list_bytes_max = 64 * 1024;
inline constexpr std::size_t usual_head_bytes_max = request_line_bytes_max + fields_bytes_max;
inline constexpr std::size_t head_bytes_max = usual_head_bytes_max + list_bytes_max;

struct ParsedHead {
    Request request;  // peer, request_id and (without a Host) base_url are left to the connection
    std::size_t bytes = 0;  // of the input that belong to the head
};

// As a new one, but for the memory that it keeps.
void make_empty(Request& request);

class HeadParser {
  public:
    // `received`: all bytes since the head's first, so each call gives the bytes of the one before
    // and more. Nothing: the head is not complete yet. After a head or an error the parser begins
    // anew with reset(). Errors: request_malformed, uri_too_long, media_in_url, head_too_large,
    // http_version_unsupported, transfer_encoding_unsupported, expectation_unknown.
    Result<std::optional<ParsedHead>> parse(std::string_view received);
    // The same into a request that is empty, and may have memory of one before. Returns how many bytes
    // belong to the head; 0: it is not complete yet, and the request is still empty.
    Result<std::size_t> parse_into(Request& request, std::string_view received);
    void reset() { *this = HeadParser(); }

  private:
    Result<bool> scan(std::string_view received);
    Result<void> end_line(std::string_view received, std::size_t line_feed);
    static Error line_too_long(std::string_view line);
    Result<void> check_size(std::string_view received) const;

    std::size_t scanned_ = 0;       // looked at for line ends
    std::size_t line_begin_ = 0;    // of the line that is not complete
    std::size_t start_ = 0;         // of the request line, behind empty lines
    std::size_t fields_begin_ = 0;  // 0: the request line is not complete
    std::size_t fields_ = 0;
    std::size_t list_bytes_ = 0;  // of complete lines of list_field
    bool is_complete_ = false;
};

}  // namespace sluice::http
