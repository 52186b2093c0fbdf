// What processing tells about an upload: how far it is, what the content is, why it failed. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace sluice {

// Why processing ended without outputs; X's pair of code and name (reference 6.3), and our finer
// reason.
struct ProcessingFailure {
    int code = 0;
    std::string name;     // InvalidMedia, UnsupportedMedia, InternalError
    std::string reason;   // Truncated, DurationTooLong, …
    std::string message;  // a whole sentence with got and allowed
    bool operator==(const ProcessingFailure&) const = default;
};

// What the content turned out to be, told by the probe; empty before processing.
struct Content {
    std::string media_type;   // of the bytes, whatever was declared
    std::uint32_t width = 0;  // as displayed
    std::uint32_t height = 0;
    std::string conversions{};  // what X does not take and was converted (media/x_limits.hpp)
    std::string probed{};       // what else the look at it told (media/probe_lines.hpp); for people
    bool operator==(const Content&) const = default;
};

struct Progress {
    int percent = 0;                  // 0..99 until ready
    std::optional<WallTime> ends_at;  // best estimate of the end, from measured speed
    std::string step;                 // probe, encode, …; for people
    bool operator==(const Progress&) const = default;
};

}  // namespace sluice
