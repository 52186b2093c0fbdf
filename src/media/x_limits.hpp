// What X's documents do not take in a video, and which pictures, although they are accepted and
// converted here. One row per limit, as data; the reasons are those of failure_rows. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/processing.hpp"
#include "media/probe.hpp"

namespace sluice {

// A line for each limit that the video passes: its reason, a space, and a sentence of what was found
// and what X takes. Empty: none.
std::string conversions_of(const VideoProbe& probe);

// The first of them, as X would refuse the file for it.
std::optional<ProcessingFailure> refusal_by_x(const VideoProbe& probe);

// The same of a picture, which X judges by its format alone. Precondition: not unknown.
std::string conversions_of(Container container);
std::optional<ProcessingFailure> refusal_by_x(Container container);

struct Conversion {
    std::string_view reason;
    std::string_view sentence;
};

// Views into `lines`.
std::vector<Conversion> parse_conversions(std::string_view lines);

}  // namespace sluice
