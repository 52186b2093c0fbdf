// The parameters of a call (reference 9.2, 9.3): missing, ill-formed, out of range.
#include <cctype>

#include "base/text.hpp"
#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {
namespace {

constexpr std::uint64_t segment_index_most = 999;
// Beyond it a number of JavaScript is rounded.
constexpr std::uint64_t exact_most = 1ULL << 53;

Verdict wrong_parameter(
    std::string_view code, const Call& call, std::size_t at, const std::string& facts
) {
    // A request that was answered with success was not wrong enough to fail by this.
    const auto confidence = call.is_refusal() ? Confidence::certain : Confidence::possible;
    return verdict(code, confidence, Stage::parameters, at, told(call, at) + facts);
}

void judge_init(const Call& call, std::size_t at, Verdicts& found) {
    const std::string_view total = trim(call.parameter("total_bytes"));
    if (!call.has("total_bytes") || total.empty()) {
        found.push_back(wrong_parameter(
            "total_bytes_missing", call, at, " INIT came without total_bytes, the size of the file."
        ));
    } else if (const auto number = parse_unsigned(total); !number || *number == 0) {
        found.push_back(wrong_parameter(
            "total_bytes_invalid", call, at, " total_bytes is \"" + printable(total) + "\"."
        ));
    }
    if (call.text.contains("Unsupported raw media category")) {
        found.push_back(wrong_parameter(
            "category_unknown",
            call,
            at,
            " media_category is \"" + printable(call.parameter("media_category")) + "\"."
        ));
    }
}

bool looks_unset(std::string_view id) {
    return id.empty() || id == "undefined" || id == "null" || id == "None" || id == "NaN" ||
           id.starts_with("[object");
}

std::string outcome_of_init(const Evidence& evidence, std::size_t at) {
    const auto& calls = evidence.trace.calls;
    for (std::size_t i = at; i-- > 0;) {
        if (calls[i].command == "INIT") {
            return " The INIT before it: " + told(calls[i], i);
        }
    }
    return " No INIT came before it.";
}

// The id that a client rounded to this one, if one was answered here.
std::string unrounded(const Evidence& evidence, std::string_view text, std::uint64_t rounded) {
    if (const Story* known = evidence.story_of(text); known != nullptr && known->init) {
        return {};
    }
    for (const Story& story : evidence.stories) {
        const auto id = parse_unsigned(story.media_id);
        if (id && story.init && *id != rounded && *id > exact_most &&
            static_cast<double>(*id) == static_cast<double>(rounded)) {
            return story.media_id;
        }
    }
    return {};
}

void judge_media_id(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    const std::string_view id = trim(call.parameter("media_id"));
    if (looks_unset(id) || call.text.contains("Invalid media_id: Some()")) {
        const bool is_empty = id.empty();
        found.push_back(wrong_parameter(
            is_empty ? "media_id_missing" : "media_id_invalid",
            call,
            at,
            " media_id is \"" + printable(id) + "\"." + outcome_of_init(evidence, at)
        ));
        return;
    }
    const auto number = parse_unsigned(id);
    const bool is_key = id.contains('_') && parse_unsigned(id.substr(id.find('_') + 1));
    if (is_key && call.is_refusal()) {
        found.push_back(wrong_parameter(
            "media_key_as_id",
            call,
            at,
            " media_id is \"" + printable(id) + "\", which is a media_key; the id is " +
                std::string(id.substr(id.find('_') + 1)) + "."
        ));
    } else if (const std::string real = number ? unrounded(evidence, id, *number) : "";
               !real.empty()) {
        found.push_back(wrong_parameter(
            "media_id_rounded",
            call,
            at,
            " media_id is " + std::string(id) + ", but INIT answered " + real +
                ": read media_id_string, not the number media_id."
        ));
    }
}

void judge_segment(const Call& call, std::size_t at, Verdicts& found) {
    const std::string_view text = trim(call.parameter("segment_index"));
    const auto number = parse_unsigned(text);
    if (call.text.contains("SegmentIndex must be between") ||
        (number && *number > segment_index_most)) {
        found.push_back(wrong_parameter(
            "segment_index_range",
            call,
            at,
            " segment_index is " + printable(text) +
                "; 0 to 999 are taken, so the segments are too small for this file."
        ));
    } else if (!text.empty() && !number) {
        found.push_back(wrong_parameter(
            "segment_index_invalid", call, at, " segment_index is \"" + printable(text) + "\"."
        ));
    }
}

}  // namespace

void judge_parameters(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    if (call.command == "INIT") {
        // X's own applications may let X fetch a file.
        if (!call.has("source_url") && !call.hides_parameters) {
            judge_init(call, at, found);
        }
        return;
    }
    const bool takes_id =
        call.command == "APPEND" || call.command == "FINALIZE" || call.command == "STATUS";
    if (takes_id && (call.is_refusal() || call.has("media_id"))) {
        judge_media_id(evidence, at, found);
    }
    if (call.command == "APPEND") {
        judge_segment(call, at, found);
    }
}

}  // namespace sluice::diagnosis
