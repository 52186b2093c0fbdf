// Ids that are used: in a post, for alt text and subtitles (reference 9.6, 9.7); and rates (9.8).
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {
namespace {

// What X says when an id cannot be used, whatever the reason.
bool is_about_ids(const Call& call) {
    static constexpr std::array texts{
        std::string_view("media ids are invalid"),
        std::string_view("validation of media ids"),
        std::string_view("invalid media id"),
        std::string_view("media_ids parameter is invalid"),
        std::string_view("media parameter is invalid"),
        std::string_view("media id was not found"),
        std::string_view("not valid video"),
        std::string_view("unable to process"),
    };
    const std::string text = lower_case(call.text);
    return std::ranges::any_of(texts, [&text](std::string_view known) {
        return text.contains(known);
    });
}

// The ids of "media_ids", in whatever form they came.
std::vector<std::string> ids_of(const Call& call) {
    std::vector<std::string> ids;
    std::string id;
    const std::string all = std::string(call.parameter("media_ids")) + ",";
    for (const char c : all) {
        if ((c >= '0' && c <= '9') || c == '_') {
            id += c;
        } else if (!id.empty()) {
            ids.push_back(std::move(id));
            id.clear();
        }
    }
    if (ids.empty() && !call.media_id.empty()) {
        ids.push_back(call.media_id);
    }
    return ids;
}

bool has_expired(const Story& story, const Call& used) {
    if (!story.init || !story.init->call->at || !used.at || !story.init->call->expires_after) {
        return false;
    }
    return *used.at - *story.init->call->at >
           std::chrono::seconds(*story.init->call->expires_after);
}

std::string times_of(const Story& story, const Call& used) {
    return " INIT was at " + rfc3339(*story.init->call->at) + " with " +
           std::to_string(*story.init->call->expires_after) + " s to live, used at " +
           rfc3339(*used.at) + ".";
}

Verdict by_story(const Story& story, const Call& call, std::size_t at) {
    const auto made = [&](std::string_view code, Confidence confidence, const std::string& facts) {
        return verdict(
            code, confidence, Stage::state, at, told(call, at) + " Upload " + story.media_id + facts
        );
    };
    const std::string state = story.last_state();
    if (has_expired(story, call)) {
        return made("media_expired", Confidence::certain, " had expired." + times_of(story, call));
    }
    if (state == "failed") {
        return made(
            "media_failed", Confidence::certain, " had failed in processing; see its STATUS."
        );
    }
    if (state == "pending" || state == "in_progress") {
        return made(
            "media_not_ready",
            Confidence::certain,
            " was still " + state + " when STATUS was last asked."
        );
    }
    if (story.init && !story.was_finalized()) {
        return made("finalize_missing", Confidence::certain, " was never finalized.");
    }
    return made(
        "media_ids_invalid",
        Confidence::possible,
        " was finalized; perhaps other credentials made it, or its kind does not fit the post."
    );
}

std::optional<Verdict> by_form(const Call& call, std::size_t at) {
    const std::string text = lower_case(call.text);
    const auto made = [&](std::string_view code, Stage stage, const std::string& facts) {
        return verdict(code, Confidence::certain, stage, at, told(call, at) + facts);
    };
    if (text.contains("more than 4 mediaids")) {
        return made(
            "media_ids_invalid",
            Stage::parameters,
            " A text was given where a list belongs: each of its characters became an id."
        );
    }
    if (call.x_code == 323 || text.contains("only one gif") || ids_of(call).size() > 4) {
        return made("media_combination", Stage::state, "");
    }
    if (text.contains("alt") && text.contains("1000")) {
        return made("alt_text_too_long", Stage::parameters, "");
    }
    for (const std::string& id : ids_of(call)) {
        if (const auto underscore = id.find('_'); underscore != std::string::npos) {
            return made(
                "media_key_as_id",
                Stage::parameters,
                " " + id + " is a media_key; the id is " + id.substr(underscore + 1) + "."
            );
        }
    }
    return std::nullopt;
}

// An id that no call of the trace made: rounded, mistyped, or of other credentials.
Verdict unknown_id(const Evidence& evidence, const Call& call, std::size_t at, std::string id) {
    for (const Story& story : evidence.stories) {
        const auto made = parse_unsigned(story.media_id);
        const auto used = parse_unsigned(id);
        if (story.init && made && used && *made != *used &&
            static_cast<double>(*made) == static_cast<double>(*used)) {
            return verdict(
                "media_id_rounded",
                Confidence::certain,
                Stage::identity,
                at,
                told(call, at) + " It names " + id + ", but INIT answered " + story.media_id +
                    ": read media_id_string, not the number media_id."
            );
        }
    }
    return verdict(
        "media_unknown",
        Confidence::possible,
        Stage::identity,
        at,
        told(call, at) + " No call recorded here made " + id +
            "; ids belong to the credentials that made them."
    );
}

}  // namespace

void judge_use(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    if (auto wrong = by_form(call, at); wrong && call.command == "USE") {
        found.push_back(*std::move(wrong));
        return;
    }
    const bool is_use =
        call.command == "USE" || call.command == "METADATA" || call.command == "SUBTITLES";
    if (!is_about_ids(call) && !(is_use && (call.status == 404 || call.x_code == 44))) {
        return;
    }
    for (const std::string& id : ids_of(call)) {
        const Story* story = evidence.story_of(id);
        if (story == nullptr || !story->init) {
            found.push_back(unknown_id(evidence, call, at, id));
        } else {
            found.push_back(by_story(*story, call, at));
        }
    }
}

void judge_rates(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    const std::string text = lower_case(call.text);
    std::string facts = told(call, at);
    facts += call.rate_limit ? " The limit is " + std::to_string(*call.rate_limit) + "." : "";
    facts += call.rate_remaining
                 ? " x-rate-limit-remaining is " + std::to_string(*call.rate_remaining) + "."
                 : "";
    facts += call.retry_after ? " Retry-After is " + std::to_string(*call.retry_after) + " s." : "";
    if (call.x_code == 191 || call.x_code == 185 || text.contains("daily")) {
        found.push_back(
            verdict("quota_exceeded", Confidence::certain, Stage::rate, at, std::move(facts))
        );
    } else if (call.status == 429 || call.x_code == 88) {
        found.push_back(
            verdict("rate_limited", Confidence::certain, Stage::rate, at, std::move(facts))
        );
    } else if (call.status == 503 && call.rate_remaining == 0) {
        found.push_back(
            verdict("rate_limited", Confidence::likely, Stage::rate, at, std::move(facts))
        );
    } else if (call.status >= 500) {
        found.push_back(
            verdict("overloaded", Confidence::possible, Stage::server, at, std::move(facts))
        );
    }
}

}  // namespace sluice::diagnosis
