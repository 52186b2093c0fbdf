// What the head of a form's part tells about it, and what of the part the inspector keeps. Used where a form is received.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// What the inspector gets of the parts of a body, if it wants them. One text until the body is over: thousands may stand
// in the middle of theirs.
class PartNotes {
  public:
    // `with_starts`: the first bytes, too.
    PartNotes(bool are_wanted, bool with_starts);

    void begin(const http::PartHead& head);
    // Of the last one: the length as it came, and its start; in the middle of the request nothing is hashed.
    void add(std::span<const std::byte> data);
    // It was media.
    void end(std::uint32_t crc);
    std::vector<ReceivedPart> all() const;

  private:
    // In front of each part's texts.
    struct Lengths {
        std::uint64_t part = 0;
        std::uint16_t name = 0;
        std::uint16_t file_name = 0;
        std::uint16_t content_type = 0;
        std::uint16_t start : 15 = 0;
        std::uint16_t has_crc : 1 = 0;  // behind the start
    };
    static_assert(sizeof(Lengths) == 16);
    Lengths lengths_at(std::size_t place) const;
    void set_last(const Lengths& lengths);

    std::string texts_;
    std::uint32_t last_ = 0;
    const bool are_wanted_;
    const bool with_starts_;
};

}  // namespace sluice::protocol
