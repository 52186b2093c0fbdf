#include "diagnosis/diagnose.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/error_catalogue.hpp"
#include "base/text.hpp"
#include "diagnosis/next_call.hpp"
#include "diagnosis/own_upload.hpp"
#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {
namespace {

using CallRule = void (*)(const Evidence&, std::size_t, Verdicts&);
// In the order of judgement: the first that finds something speaks for the call.
constexpr std::array<CallRule, 5> call_rules{
    judge_access, judge_form, judge_parameters, judge_media, judge_use
};

Stage stage_of(std::string_view code) {
    const ErrorEntry* entry = find_error(code);
    if (code == "rate_limited" || code == "polling_too_fast" || code == "quota_exceeded") {
        return Stage::rate;
    }
    return entry != nullptr && entry->fault != Fault::caller ? Stage::server : Stage::state;
}

// Our own answers say the cause.
Verdict coded(const Call& call, std::size_t at) {
    return verdict(call.code, Confidence::certain, stage_of(call.code), at, told(call, at));
}

void judge_call(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    if (!call.code.empty()) {
        if (call.is_refusal() && !was_mended(evidence, at)) {
            found.push_back(coded(call, at));
        }
        return;
    }
    if (call.is_refusal() && was_mended(evidence, at)) {
        return;
    }
    const auto before = found.size();
    for (const CallRule rule : call_rules) {
        rule(evidence, at, found);
        if (found.size() > before) {
            break;
        }
    }
    if (call.is_refusal()) {
        judge_rates(evidence, at, found);
    }
}

// What is told of many calls is told once, by the first of them.
void join_alike(Verdicts& found) {
    Verdicts kept;
    for (Verdict& one : found) {
        const auto same = std::ranges::find(kept, one.code, &Verdict::code);
        if (same == kept.end()) {
            kept.push_back(std::move(one));
        } else if (one.confidence < same->confidence) {
            *same = std::move(one);
        }
    }
    found = std::move(kept);
}

void put_causes_first(Verdicts& found) {
    std::ranges::sort(found, {}, [](const Verdict& one) {
        return std::tuple(one.confidence, one.stage, one.call, std::string_view(one.code));
    });
}

bool is_under_way(const std::vector<Story>& stories, std::string_view state) {
    return std::ranges::any_of(stories, [state](const Story& story) {
        const std::string last = story.last_state();
        return state == processing_under_way ? last == "pending" || last == "in_progress"
                                             : !story.was_finalized() && story.init.has_value();
    });
}

// Nothing is wrong: how far it is.
Verdict fine(const Trace& trace, const std::vector<Story>& stories) {
    const std::string calls = std::to_string(trace.calls.size()) + " calls were looked at";
    const auto made = [&](std::string_view code, std::string facts, std::string hint) {
        auto one = verdict(code, Confidence::certain, Stage::state, 0, std::move(facts));
        one.hint = std::move(hint);
        return one;
    };
    if (is_under_way(stories, processing_under_way)) {
        return made(
            processing_under_way,
            calls + "; processing had not ended with the last of them.",
            "Ask STATUS when check_after_secs has passed."
        );
    }
    if (is_under_way(stories, upload_under_way)) {
        return made(
            upload_under_way,
            calls + "; FINALIZE had not been sent with the last of them.",
            "Send the rest of the segments, then FINALIZE."
        );
    }
    return made(healthy, calls + ", nothing is wrong with them.", "Nothing needs to be done.");
}

bool says_fine(const Verdict& verdict) {
    return !verdict.is_problem();
}

Verdicts judge_recording(const Trace& trace, const std::vector<Story>& stories) {
    const Evidence evidence{trace, stories};
    Verdicts found;
    for (std::size_t at = 0; at < trace.calls.size(); ++at) {
        judge_call(evidence, at, found);
    }
    for (const Story& story : stories) {
        judge_finalize(story, found);
        judge_status(story, found);
        judge_polling(story, found);
        judge_processing(story, found);
    }
    judge_uploads(evidence, found);
    return found;
}

}  // namespace

std::string_view name_of(Confidence confidence) {
    switch (confidence) {
        case Confidence::certain:
            return "certain";
        case Confidence::likely:
            return "likely";
        case Confidence::possible:
            break;
    }
    return "possible";
}

bool Verdict::is_problem() const {
    return code != healthy && code != upload_under_way && code != processing_under_way;
}

std::vector<Verdict> diagnose(const Trace& trace) {
    const auto stories = stories_of(trace);
    auto found = trace.upload ? judge_own(trace, stories) : judge_recording(trace, stories);
    join_alike(found);
    put_causes_first(found);
    // What is only possible is a word beside a good end, and a cause beside a bad one.
    const bool has_cause = std::ranges::any_of(found, [&](const Verdict& one) {
        const bool was_refused =
            one.call < trace.calls.size() && trace.calls[one.call].is_refusal();
        return one.is_problem() && (one.confidence != Confidence::possible || was_refused);
    });
    if (!has_cause && std::ranges::none_of(found, says_fine)) {
        found.insert(found.begin(), fine(trace, stories));
    }
    for (Verdict& one : found) {
        one.next = next_call(one, trace);
        one.title = one.title.empty() ? std::string(title_of(one.code)) : one.title;
    }
    return found;
}

}  // namespace sluice::diagnosis
