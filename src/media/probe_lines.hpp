// A probe on its way out of the process that made it: one "name=value" per line, in a fixed order.
// That process has read a hostile file, so reading is strict: every line, in order, nothing more,
// numbers within their bounds, words of libav's alphabet. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "media/probe.hpp"

namespace sluice {

std::string probe_lines(const VideoProbe& probe);
// Nothing: it is none.
std::optional<VideoProbe> read_probe_lines(std::string_view text);

}  // namespace sluice
