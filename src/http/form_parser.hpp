// A form that comes in pieces cut anywhere: multipart/form-data (RFC 7578),
// application/x-www-form-urlencoded, or one flat JSON object. All three give the same events, so
// that parameters and media may stand wherever a client puts them. Pull parser: no I/O, memory
// bounded by its limits, data of multipart parts is passed on without a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::http {

struct PartHead {
    std::string name;
    std::optional<std::string> file_name;
    std::string content_type;  // empty if not said
    bool is_base64 = false;    // its Content-Transfer-Encoding
};

struct FormEvent {
    enum class Kind : unsigned char {
        need_more,   // give more bytes (what is left of the input must be given again, in front of
                     // them)
        part_begin,  // `head` of the next part or parameter
        part_data,   // `data`, valid until the next call or until the input is gone
        part_end,
        done,
    };
    Kind kind = Kind::need_more;
    std::span<const std::byte> data = {};
};

class FormParser {
  public:
    virtual ~FormParser() = default;
    // The next event in `input`; what it used is cut off the front of `input`. `is_last`: no more
    // bytes will follow. Errors: multipart_boundary, body_unreadable, body_truncated (the end came
    // inside a part), too_many_fields, json_expected.
    virtual Result<FormEvent> next(std::span<const std::byte>& input, bool is_last) = 0;
    // Parts with heads of their own; known as soon as a part began.
    virtual bool is_multipart() const { return false; }
    // The part that began last.
    const PartHead& head() const { return head_; }
    // Whose texts may be moved away.
    PartHead& head() { return head_; }

  protected:
    PartHead head_;
};

struct FormLimits {
    std::uint16_t parts_max = 100;
    std::uint16_t part_head_max = 16 * 1024;
};

// The parser for a Content-Type. Errors: multipart_boundary (absent, or over 70 characters),
// unsupported_media_type. No Content-Type at all: decided by the first byte ('{' is JSON, "--"
// multipart, else urlencoded).
Result<std::unique_ptr<FormParser>> make_form_parser(
    std::string_view content_type, const FormLimits& limits = {}
);

}  // namespace sluice::http
