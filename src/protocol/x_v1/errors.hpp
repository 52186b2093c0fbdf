// What v1.1 says for each cause: X's number, and what a faithful X would have answered
// (reference 6.1, marks there).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace sluice::protocol::x_v1 {

enum class Shape : std::uint8_t {
    errors,         // {"errors":[{"code":N,"message":"…"}]}
    request_error,  // {"request":"…","error":"…"}
};

struct WireError {
    ErrorCode code;
    int x_code;  // also the number beside the helpful message
    int x_status;
    Shape shape;
    std::string_view x_text;
};

const WireError& wire_error_of(ErrorCode code);

struct XWords {
    Shape shape;
    std::string text;
};

// What X says of this error: the row's words, but for a file that is too large, where each kind of
// media has its own (reference 6.1).
XWords x_words_of(const Error& error);

}  // namespace sluice::protocol::x_v1
