#include "diagnosis/story.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::diagnosis {
namespace {

constexpr std::size_t numbers_shown = 20;

Story& story_of(std::vector<Story>& stories, const Call& call) {
    const auto found = std::ranges::find(stories, call.media_id, &Story::media_id);
    if (found != stories.end()) {
        return *found;
    }
    // A recording without bodies does not tell the id.
    if (!stories.empty() && (call.media_id.empty() || stories.back().media_id.empty())) {
        Story& last = stories.back();
        last.media_id = last.media_id.empty() ? call.media_id : last.media_id;
        return last;
    }
    stories.push_back({.media_id = call.media_id});
    return stories.back();
}

Steps& steps_of(Story& story, const std::string& command) {
    if (command == "APPEND") {
        return story.appends;
    }
    if (command == "FINALIZE") {
        return story.finalizes;
    }
    if (command == "STATUS") {
        return story.statuses;
    }
    return command.starts_with("job.") ? story.jobs : story.uses;
}

bool is_part_of_a_story(const Call& call) {
    return !call.command.empty() && call.command != "ONE_SHOT" && call.command != "LOOKUP";
}

}  // namespace

std::vector<Story> stories_of(const Trace& trace) {
    std::vector<Story> stories;
    for (std::size_t at = 0; at < trace.calls.size(); ++at) {
        const Call& call = trace.calls[at];
        if (!is_part_of_a_story(call)) {
            continue;
        }
        if (call.command == "INIT") {
            stories.push_back({.media_id = call.media_id, .init = Step{&call, at}});
        } else {
            steps_of(story_of(stories, call), call.command).push_back({&call, at});
        }
    }
    return stories;
}

std::optional<std::uint64_t> Story::total_bytes() const {
    return init ? parse_unsigned(trim(init->call->parameter("total_bytes"))) : std::nullopt;
}

std::uint64_t Story::appended_bytes() const {
    std::uint64_t sum = 0;
    std::vector<std::uint64_t> counted;
    for (const Step& step : appends) {
        const Call& call = *step.call;
        const bool is_new =
            !call.segment || std::ranges::find(counted, *call.segment) == counted.end();
        if (!call.is_success() || !call.media || !is_new) {
            continue;
        }
        sum += call.media->bytes.value_or(0);
        if (call.segment) {
            counted.push_back(*call.segment);
        }
    }
    return sum;
}

std::vector<std::uint64_t> Story::appended_indexes() const {
    std::vector<std::uint64_t> indexes;
    for (const Step& step : appends) {
        if (step.call->is_success() && step.call->segment) {
            indexes.push_back(*step.call->segment);
        }
    }
    std::ranges::sort(indexes);
    const auto repeated = std::ranges::unique(indexes);
    indexes.erase(repeated.begin(), repeated.end());
    return indexes;
}

bool Story::has_sizes() const {
    return !appends.empty() && std::ranges::all_of(appends, [](const Step& step) {
        return !step.call->is_success() || (step.call->media && step.call->media->bytes);
    });
}

bool Story::was_finalized() const {
    return std::ranges::any_of(finalizes, [](const Step& step) {
        // An answer with a failed state is one to a FINALIZE that was taken.
        return step.call->status >= 200 && step.call->status < 300;
    });
}

const Call* Story::last_refused_finalize() const {
    return finalizes.empty() || !finalizes.back().call->is_refusal() ? nullptr
                                                                     : finalizes.back().call;
}

namespace {

// `last`, or one of the steps that came later.
const Step* last_with_state(const Steps& steps, const Step* last) {
    for (const Step& step : steps) {
        if (!step.call->state.empty() && (last == nullptr || step.at >= last->at)) {
            last = &step;
        }
    }
    return last;
}

}  // namespace

std::string Story::last_state() const {
    const Step* last = last_with_state(finalizes, nullptr);
    last = last_with_state(statuses, last);
    return last == nullptr ? "" : last->call->state;
}

bool Story::is_video() const {
    return init && (init->call->parameter("media_type").starts_with("video/") ||
                    lower_case(init->call->parameter("media_category")).contains("video"));
}

bool Story::is_gif() const {
    return init && (init->call->parameter("media_type") == "image/gif" ||
                    lower_case(init->call->parameter("media_category")).contains("gif"));
}

std::optional<Step> first_unmended(const Steps& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Call& call = *steps[i].call;
        const auto mends = [&call](const Step& later) {
            return later.call->is_success() && later.call->segment == call.segment;
        };
        if (call.is_refusal() &&
            std::none_of(steps.begin() + static_cast<std::ptrdiff_t>(i), steps.end(), mends)) {
            return steps[i];
        }
    }
    return std::nullopt;
}

std::string listed(const std::vector<std::uint64_t>& numbers) {
    std::string text;
    for (std::size_t i = 0; i < std::min(numbers.size(), numbers_shown); ++i) {
        text += (i == 0 ? "" : ", ") + std::to_string(numbers[i]);
    }
    return text + (numbers.size() > numbers_shown ? ", …" : "");
}

}  // namespace sluice::diagnosis
