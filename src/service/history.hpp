// What earlier calls explain about a refusal of now, since many clients hide a refusal (reference
// 8.3): the APPENDs that were refused before FINALIZE, the FINALIZE that was refused before STATUS.
// Pure, from an upload's timeline. Within service/ alone.
#pragma once

#include <span>
#include <string>

#include "core/segment.hpp"
#include "core/timeline.hpp"

namespace sluice {

// " APPEND of segment 3 was refused at … with segment_too_large: …"; refusals of segments that came
// later after all are left out. Empty: there was none.
std::string refused_appends_of(std::span<const TimelineEvent> events, const SegmentMap& segments);
bool was_finalize_refused(std::span<const TimelineEvent> events);
// " FINALIZE was refused at … with …: …" of the last one.
std::string refused_finalize_of(std::span<const TimelineEvent> events);
// How often STATUS was asked, and that in words, " STATUS was asked 4 times before."; nothing: never.
std::uint32_t times_asked(std::span<const TimelineEvent> events);
void append_times_asked(std::string& facts, std::uint32_t times);

}  // namespace sluice
