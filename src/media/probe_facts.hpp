// What a probe found, for people: a line "name value" per fact, kept with the upload and shown by the
// native API. Of the whole probe only what somebody who looks at a file asks for. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "media/probe.hpp"

namespace sluice {

std::string probe_facts_of(const VideoProbe& probe);
std::string probe_facts_of(const ImageProbe& probe);

struct ProbeFact {
    std::string_view name;   // "duration_ms", "video_codec", …; probe_facts.cpp has the list
    std::string_view value;  // a JSON number, or a word of libav
    bool is_number;
};

// Views into `lines`. The lines come from a process that has read a hostile file: names that are not
// in the list, and values that are not what their name says, are left out.
std::vector<ProbeFact> parse_probe_facts(std::string_view lines);

}  // namespace sluice
