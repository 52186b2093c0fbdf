// STATUS, polling, and why processing failed (reference 9.5, 9.10).
#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.hpp"
#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string seconds_text(milliseconds duration) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(duration.count()) / 1000.0);
    return text.data();
}

// X's answers that name no cause: 503/130, 404/34 and v2's 400 "BadRequest: Not found".
bool is_riddle(const Call& call) {
    const bool is_v2 = call.status == 400 && call.text.contains("Not found");
    const bool is_404 = call.status == 404 && (call.x_code == 34 || call.x_code == 0);
    return call.code.empty() && (call.status == 503 || is_404 || is_v2);
}

std::string arrived(const Story& story) {
    const auto blind = std::ranges::count_if(story.appends, [](const Step& step) {
        return step.call->is_success() && step.call->hides_parameters;
    });
    const auto count = story.appended_indexes().size() + static_cast<std::size_t>(blind);
    std::string text = " " + std::to_string(count) + (count == 1 ? " segment" : " segments");
    const auto total = story.total_bytes();
    if (story.has_sizes() && total) {
        text += " with " + std::to_string(story.appended_bytes()) + " of " +
                std::to_string(*total) + " bytes";
    }
    return text + " arrived, FINALIZE was never sent.";
}

std::string asked(const Story& story) {
    std::uint32_t count = 0;
    for (const Step& step : story.statuses) {
        count += step.call->count;
    }
    return " STATUS was asked " + std::to_string(count) + (count == 1 ? " time." : " times.");
}

struct Early {
    std::size_t count = 0;
    milliseconds asked_after{0};  // of the one that waited least for what it was told
    seconds advised{0};
    std::size_t at = 0;
};

struct Haste {
    milliseconds after{0};
    seconds advised{0};
};

// Of a question that came before the advice of the answer before had passed.
std::optional<Haste> haste_of(const Call& call, const Call* before) {
    auto after = call.asked_after;
    if (!after && before != nullptr && call.at && before->last_at) {
        const auto unknown = milliseconds(call.is_coarse ? 999 : 0);
        after = *call.at - *before->last_at + unknown;
    }
    auto advised = call.advised_before;
    if (!advised && before != nullptr) {
        advised = before->check_after;
    }
    const bool is_early = after && advised && *after + milliseconds(100) < *advised;
    return is_early ? std::optional(Haste{.after = *after, .advised = *advised}) : std::nullopt;
}

void add(Early& early, const Haste& haste, const Step& step) {
    if (early.count == 0 || haste.after - haste.advised < early.asked_after - early.advised) {
        early.asked_after = haste.after;
        early.advised = haste.advised;
    }
    early.at = early.count == 0 ? step.at : early.at;
    early.count += step.call->count;
}

// The first one after FINALIZE is none.
Early early_questions(const Story& story) {
    Early early;
    const Call* before = nullptr;
    for (const Step& step : story.statuses) {
        const Call& call = *step.call;
        if (const auto haste = haste_of(call, before)) {
            add(early, *haste, step);
        }
        before = call.check_after || before == nullptr ? &call : before;
    }
    return early;
}

std::string early_text(const Early& early) {
    return " STATUS came " + std::to_string(early.count) + (early.count == 1 ? " time" : " times") +
           " too early, " + seconds_text(early.asked_after) +
           " s after the answer before; check_after_secs was " +
           std::to_string(early.advised.count()) + ".";
}

// Finalized, and yet a riddle.
void judge_after_finalize(const Story& story, const Step& step, Verdicts& found) {
    const Call& call = *step.call;
    const std::string facts = told(call, step.at);
    const bool is_asynchronous = story.is_video() || story.is_gif();
    const bool shows_kind = story.init && !story.init->call->hides_parameters;
    if (shows_kind && !is_asynchronous && call.status != 503) {
        found.push_back(verdict(
            healthy,
            Confidence::likely,
            Stage::state,
            step.at,
            facts + " The upload was done with FINALIZE: only videos and GIFs have a STATUS at X."
        ));
        found.back().hint = "Use the id; ask STATUS only if FINALIZE answers processing_info.";
        return;
    }
    if (shows_kind && is_asynchronous && story.init->call->parameter("media_category").empty()) {
        found.push_back(verdict(
            "category_missing",
            Confidence::likely,
            Stage::parameters,
            story.init->at,
            facts + " INIT named no media_category, so X made no processing job that STATUS could "
                    "tell about."
        ));
    }
    if (const Early early = early_questions(story); early.count > 0) {
        found.push_back(verdict(
            "polling_too_fast",
            Confidence::likely,
            Stage::state,
            early.at,
            facts + early_text(early)
        ));
    }
}

}  // namespace

void judge_status(const Story& story, Verdicts& found) {
    const auto riddle = std::ranges::find_if(story.statuses, [](const Step& step) {
        return is_riddle(*step.call);
    });
    const auto unmended = first_unmended(story.statuses);
    if (riddle == story.statuses.end() || !unmended) {
        return;
    }
    const Step& step = *unmended;
    if (!is_riddle(*step.call)) {
        return;
    }
    if (story.was_finalized()) {
        judge_after_finalize(story, step, found);
        return;
    }
    const auto refused = first_unmended(story.finalizes);
    if (refused) {
        found.push_back(verdict(
            "finalize_missing",
            Confidence::possible,
            Stage::state,
            step.at,
            told(*step.call, step.at) +
                " FINALIZE was refused before: " + told(*refused->call, refused->at)
        ));
        return;
    }
    const bool is_whole_story = story.init.has_value();
    found.push_back(verdict(
        "finalize_missing",
        is_whole_story ? Confidence::certain : Confidence::likely,
        Stage::state,
        step.at,
        told(*step.call, step.at) + arrived(story) + asked(story)
    ));
}

void judge_polling(const Story& story, Verdicts& found) {
    const Early early = early_questions(story);
    if (early.count == 0) {
        return;
    }
    const bool was_refused = std::ranges::any_of(story.statuses, [](const Step& step) {
        return step.call->status == 429 || step.call->code == "polling_too_fast";
    });
    std::string facts = early_text(early).substr(1);
    facts += was_refused ? "" : " It was answered all the same; X refuses it at times with 503.";
    found.push_back(verdict(
        "polling_too_fast",
        was_refused ? Confidence::likely : Confidence::possible,
        Stage::state,
        early.at,
        std::move(facts)
    ));
}

Verdict processing_verdict(
    std::string_view reason, std::string_view text, std::size_t at, Confidence confidence
) {
    struct Word {
        std::string_view word;
        std::string_view code;
    };
    // In the order of how much a word says.
    static constexpr std::array words{
        Word{"gop", "gop_too_long"},
        Word{"duration", "duration_out_of_range"},
        Word{"frame rate", "frame_rate_too_high"},
        Word{"framerate", "frame_rate_too_high"},
        Word{"interlaced", "frame_rate_too_high"},
        Word{"fps", "frame_rate_too_high"},
        Word{"pixel format", "pixel_format_not_allowed"},
        Word{"pixelformat", "pixel_format_not_allowed"},
        Word{"4:2:2", "pixel_format_not_allowed"},
        Word{"4:4:4", "pixel_format_not_allowed"},
        Word{"audio", "audio_not_allowed"},
        Word{"channels", "audio_not_allowed"},
        Word{"dimension", "dimensions_out_of_range"},
        Word{"aspect", "dimensions_out_of_range"},
        Word{"width", "dimensions_out_of_range"},
        Word{"height", "dimensions_out_of_range"},
        Word{"typemismatch", "type_mismatch"},
        Word{"declared", "type_mismatch"},
        Word{"codec", "codec_not_allowed"},
        Word{"unsupported video format", "codec_not_allowed"},
        Word{"currently unsupported", "codec_not_allowed"},
        Word{"gif", "gif_too_large"},
        Word{"frames", "gif_too_large"},
        Word{"truncated", "container_unreadable"},
        Word{"moov", "container_unreadable"},
        Word{"file is invalid", "container_unreadable"},
        Word{"timeout", "processing_limit"},
        Word{"memory", "processing_limit"},
    };
    const std::string all = lower_case(std::string(reason) + " " + std::string(text));
    const auto known =
        std::ranges::find_if(words, [&all](const Word& word) { return all.contains(word.word); });
    const std::string_view code = known == words.end() ? "media_failed" : known->code;
    std::string facts = "Processing failed";
    facts += reason.empty() ? "" : " with " + printable(reason, 60);
    facts += text.empty() ? "." : ": " + printable(text, 400);
    facts += facts.ends_with('.') ? "" : ".";
    return verdict(code, confidence, Stage::content, at, facts);
}

void judge_processing(const Story& story, Verdicts& found) {
    if (story.last_state() != "failed") {
        return;
    }
    for (const Steps* steps : {&story.finalizes, &story.statuses}) {
        const auto failed = std::ranges::find_if(*steps, [](const Step& step) {
            return step.call->state == "failed";
        });
        if (failed != steps->end()) {
            const Call& call = *failed->call;
            found.push_back(processing_verdict(
                call.processing_name, call.processing_text, failed->at, Confidence::certain
            ));
            return;
        }
    }
}

}  // namespace sluice::diagnosis
