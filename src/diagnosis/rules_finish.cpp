// FINALIZE, and the sum of the segments (reference 9.4).
#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {
namespace {

std::string sums(const Story& story) {
    const auto total = story.total_bytes();
    std::string text = " " + std::to_string(story.appended_indexes().size()) + " segments";
    text += story.has_sizes() ? " with " + std::to_string(story.appended_bytes()) + " bytes" : "";
    text += " were accepted";
    text += total ? "; INIT announced " + std::to_string(*total) + " bytes." : ".";
    return text;
}

std::vector<std::uint64_t> gaps(const Story& story) {
    const auto indexes = story.appended_indexes();
    std::vector<std::uint64_t> missing;
    std::uint64_t expected = 0;
    for (const std::uint64_t index : indexes) {
        for (; expected < index && missing.size() < 1000; ++expected) {
            missing.push_back(expected);
        }
        expected = index + 1;
    }
    return missing;
}

// Beyond the announced, or short of it, by what a known mistake would make of it.
std::string difference(const Story& story, std::uint64_t total) {
    const std::uint64_t came = story.appended_bytes();
    const auto count = static_cast<std::uint64_t>(story.appends.size());
    if (came == 0) {
        return {};
    }
    const double ratio = static_cast<double>(total) / static_cast<double>(came);
    if (ratio > 1.32 && ratio < 1.35) {
        return " The ratio is 1.333: INIT announced the length of the base64 text, not of the "
               "file.";
    }
    if (came > total && came - total == 2 * count) {
        return " The excess is 2 bytes for each segment: the multipart writer adds a line end to "
               "the data.";
    }
    return {};
}

Verdict made(
    std::string_view code, const Step& step, const std::string& facts, Confidence confidence
) {
    return verdict(code, confidence, Stage::state, step.at, told(*step.call, step.at) + facts);
}

void judge_gaps(
    const Story& story, const Step& step, const std::vector<std::uint64_t>& missing, Verdicts& found
) {
    const auto indexes = story.appended_indexes();
    const auto total = story.total_bytes();
    const bool counts_from_one = missing.size() == 1 && missing.front() == 0;
    const std::string facts =
        sums(story) + (counts_from_one
                           ? " Segment 0 is missing, " + std::to_string(indexes.front()) + " to " +
                                 std::to_string(indexes.back()) + " are there: count from 0."
                           : " Missing: " + listed(missing) + ".");
    found.push_back(made("segment_missing", step, facts, Confidence::certain));
    if (!total || !story.has_sizes() || story.appended_bytes() < *total) {
        found.back().segment = missing.front();
    }
}

// X says only "Segments do not add up to provided total file size."
void judge_sums(const Story& story, const Step& step, Verdicts& found) {
    const auto missing = gaps(story);
    const auto total = story.total_bytes();
    if (const auto refused = first_unmended(story.appends)) {
        const std::string facts =
            sums(story) + " " + told(*refused->call, refused->at) + " That segment never came.";
        found.push_back(made("segment_missing", step, facts, Confidence::likely));
        found.back().segment = refused->call->segment;
    } else if (story.appends.empty()) {
        found.push_back(made(
            "nothing_appended",
            step,
            " No APPEND for this id was seen.",
            story.init ? Confidence::certain : Confidence::possible
        ));
    } else if (!missing.empty()) {
        judge_gaps(story, step, missing, found);
    } else if (total && story.has_sizes() && story.appended_bytes() != *total) {
        const std::string facts = sums(story) + difference(story, *total);
        const bool is_over = story.appended_bytes() > *total;
        found.push_back(
            made(is_over ? "beyond_total_bytes" : "size_mismatch", step, facts, Confidence::certain)
        );
    } else {
        found.push_back(made("size_mismatch", step, sums(story), Confidence::likely));
    }
}

}  // namespace

void judge_finalize(const Story& story, Verdicts& found) {
    const auto refused = first_unmended(story.finalizes);
    if (!refused) {
        return;
    }
    const std::string text = lower_case(refused->call->text);
    const bool is_coded = !refused->call->code.empty();
    if (!is_coded && text.contains("do not add up")) {
        judge_sums(story, *refused, found);
    }
}

void judge_uploads(const Evidence& evidence, Verdicts& found) {
    // INIT for each chunk: as many uploads as segments, all announcing the same file.
    std::vector<const Story*> alike;
    for (const Story& story : evidence.stories) {
        const bool is_small = story.init && story.appends.size() == 1 && story.total_bytes();
        const bool fits =
            is_small && (alike.empty() || alike.front()->total_bytes() == story.total_bytes());
        const bool is_partial =
            is_small && story.has_sizes() && story.appended_bytes() < *story.total_bytes();
        if (fits && is_partial) {
            alike.push_back(&story);
        }
    }
    if (alike.size() < 3) {
        return;
    }
    found.push_back(verdict(
        "size_mismatch",
        Confidence::certain,
        Stage::parameters,
        alike.front()->init->at,
        std::to_string(alike.size()) + " INITs announced the same " +
            std::to_string(*alike.front()->total_bytes()) +
            " bytes and got one segment each: INIT belongs before the loop, once for the file."
    ));
}

}  // namespace sluice::diagnosis
