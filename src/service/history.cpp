#include "service/history.hpp"

#include <algorithm>
#include <vector>

#include "base/raw_text.hpp"

namespace sluice {
namespace {

constexpr std::size_t refusals_shown = 5;

std::string times(std::uint32_t count) {
    return count == 1 ? "" : " (" + std::to_string(count) + " times)";
}

std::string refusal_text(const TimelineEvent& event) {
    std::string text = " " + event.call;
    if (event.segment) {
        text += " of segment " + std::to_string(*event.segment);
    }
    return text + " was refused at " + rfc3339(event.last_at) + times(event.count) + " with " +
           event.code;
}

bool came_after_all(const TimelineEvent& event, const SegmentMap& segments) {
    return event.segment && *event.segment <= segment_index_max &&
           segments.contains(SegmentIndex{static_cast<std::uint16_t>(*event.segment)});
}

}  // namespace

std::string refused_appends_of(std::span<const TimelineEvent> events, const SegmentMap& segments) {
    std::string text;
    std::size_t count = 0;
    for (const TimelineEvent& event : events) {
        if (event.call != "APPEND" || !event.is_refusal() || came_after_all(event, segments)) {
            continue;
        }
        if (++count <= refusals_shown) {
            text += refusal_text(event) + (event.facts.empty() ? "." : ": " + event.facts);
        }
    }
    if (count > refusals_shown) {
        text += " So were " + std::to_string(count - refusals_shown) + " more.";
    }
    return text;
}

bool was_finalize_refused(std::span<const TimelineEvent> events) {
    return std::ranges::any_of(events, [](const TimelineEvent& event) {
        return event.call == "FINALIZE" && event.is_refusal();
    });
}

std::string refused_finalize_of(std::span<const TimelineEvent> events) {
    const auto refused = std::find_if(events.rbegin(), events.rend(), [](const auto& event) {
        return event.call == "FINALIZE" && event.is_refusal();
    });
    return refused == events.rend() ? std::string() : refusal_text(*refused) + ".";
}

std::uint32_t times_asked(std::span<const TimelineEvent> events) {
    std::uint32_t asked = 0;
    for (const TimelineEvent& event : events) {
        asked += event.call == "STATUS" ? event.count : 0;
    }
    return asked;
}

void append_times_asked(std::string& facts, std::uint32_t times) {
    constexpr std::size_t words_bytes = 32;
    if (times == 0) {
        return;
    }
    append_raw(facts, words_bytes + RawText::digits_max, [times](RawText& out) {
        out.text(" STATUS was asked ").number(times);
        times == 1 ? out.text(" time before.") : out.text(" times before.");
    });
}

}  // namespace sluice
