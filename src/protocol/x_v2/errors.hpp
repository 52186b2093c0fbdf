// What a faithful v2 of X would have answered for each cause (reference 3.7 and 6.2).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error_code.hpp"

namespace sluice::protocol::x_v2 {

struct WireError {
    ErrorCode code;
    int x_status;
    std::string_view x_message;  // errors[0].message
    std::string_view x_title;
    std::string_view x_detail;
    std::string_view x_type;
};

const WireError& wire_error_of(ErrorCode code);

}  // namespace sluice::protocol::x_v2
