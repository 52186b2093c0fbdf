#include "diagnosis/rules.hpp"

#include <algorithm>

#include "base/error_catalogue.hpp"
#include "base/text.hpp"

namespace sluice::diagnosis {

const Story* Evidence::story_of(std::string_view media_id) const {
    const auto found = std::ranges::find(stories, media_id, &Story::media_id);
    return found == stories.end() || media_id.empty() ? nullptr : &*found;
}

Verdict verdict(
    std::string_view code, Confidence confidence, Stage stage, std::size_t call, std::string facts
) {
    Verdict made{.code = std::string(code), .confidence = confidence, .stage = stage};
    made.call = call;
    made.facts = std::move(facts);
    if (const ErrorEntry* entry = find_error(code)) {
        made.title = entry->title;
        made.hint = entry->hint;
    }
    return made;
}

bool was_mended(const Evidence& evidence, std::size_t at) {
    const auto& calls = evidence.trace.calls;
    const Call& refused = calls[at];
    return std::any_of(
        calls.begin() + static_cast<std::ptrdiff_t>(at) + 1,
        calls.end(),
        [&](const Call& later) {
            const bool is_same_upload = refused.command == "INIT" || refused.media_id.empty() ||
                                        later.media_id == refused.media_id;
            return later.is_success() && later.command == refused.command && is_same_upload &&
                   later.segment == refused.segment;
        }
    );
}

std::string told(const Call& call, std::size_t at) {
    std::string text = "Call " + std::to_string(at + 1) + ", ";
    text += call.command.empty() ? call.method + " " + printable(call.path, 100) : call.command;
    if (call.segment) {
        text += " of segment " + std::to_string(*call.segment);
    }
    text += call.count > 1 ? " (" + std::to_string(call.count) + " times)" : "";
    text += call.at ? " at " + rfc3339(*call.at) : "";
    text += " was answered " + std::to_string(call.status);
    text += call.x_code != 0 ? " with code " + std::to_string(call.x_code) : "";
    const std::string said = on_one_line(call.text, 300);
    text += said.empty() ? "." : ": " + said + (said.ends_with('.') ? "" : ".");
    return text;
}

}  // namespace sluice::diagnosis
