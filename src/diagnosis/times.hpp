// Times as recordings write them. Pure. Within diagnosis/ alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace sluice::diagnosis {

// "Tue, 24 Nov 2026 13:48:51 GMT" as Unix seconds.
std::optional<std::int64_t> seconds_of_http_date(std::string_view text);
// RFC 3339, with or without a fraction and an offset.
std::optional<WallTime> time_of(std::string_view text);
// "13:48:51.123456" at the front of a line, as curl writes it: of the day.
std::optional<std::chrono::milliseconds> time_of_day(std::string_view text);

}  // namespace sluice::diagnosis
