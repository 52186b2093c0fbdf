#include <algorithm>

#include "actors.hpp"

namespace sluice::simulation {
namespace {

std::string key_of(const UploadModel& model) {
    return std::to_string(key_number(Category::tweet_video)) + "_" + model.id.text();
}

}  // namespace

Result<std::vector<std::byte>> Caller::read_file(
    Process& process, const UploadModel& model, const std::string& name
) {
    const auto file = process.uploads.find_file(model.owner, key_of(model), name, true);
    if (!file) {
        return file.error();
    }
    std::vector<std::byte> content;
    for (const Extent& extent : file->layout) {
        const std::size_t at = content.size();
        content.resize(at + extent.length.value);
        if (auto read = process.uploads.blobs().read(extent, {0}, std::span(content).subspan(at));
            !read) {
            return std::move(read).error();
        }
    }
    return content;
}

// What the file must be; nothing if an unanswered segment leaves it open.
std::optional<std::vector<std::byte>> Caller::known_content(const UploadModel& model) const {
    std::vector<std::byte> content;
    for (const auto& [index, wishes] : model.sent) {
        const auto variant = model.acknowledged_variant(index);
        const bool is_open =
            std::ranges::any_of(wishes, [](const Wish& wish) { return wish.is_possible(); });
        if (!variant && is_open) {
            return std::nullopt;
        }
        if (variant) {
            const auto bytes = bytes_of(model.plan, index, *variant);
            content.insert(content.end(), bytes.begin(), bytes.end());
        }
    }
    return content;
}

void Caller::read_original(UploadModel& model) {
    const Before before = of(model);
    const auto expected = known_content(model);
    const auto answer =
        world_.ask([&](Process& process) { return read_file(process, model, "original"); });
    // Readers take no lease: what ends meanwhile may be gone under them.
    const bool may_be_gone = model.cancel.is_possible() || model.is_abandoned ||
                             (!model.keep.acknowledged && world_.clock.now() >= model.expires_at);
    if (judge(answer) == Answer::yes) {
        world_.tally.saw(Seen::original_read);
        if (expected && **answer != *expected && !may_be_gone) {
            world_.checker.fail("the original is not what was sent");
        }
        world_.tally.bytes_checked += (*answer)->size();
    } else if (answer && before.is_finalized && !may_be_gone) {
        judge_refusal(model, before, answer->error(), "the original");
    }
}

void Caller::read_output(UploadModel& model) {
    world_.scheduler.wait_until_up();
    const auto input = known_content(model);
    const auto answer =
        world_.ask([&](Process& process) { return read_file(process, model, "video.mp4"); });
    const bool may_be_gone = model.cancel.is_possible() || model.is_abandoned ||
                             (!model.keep.acknowledged && world_.clock.now() >= model.expires_at);
    if (judge(answer) == Answer::yes) {
        world_.tally.saw(Seen::output_read);
        if (input && **answer != output_of(*input, 0) && !may_be_gone) {
            world_.checker.fail("the output is not what was made");
        }
    } else if (answer && model.last_state == UploadState::ready && !may_be_gone) {
        judge_refusal(model, of(model), answer->error(), "the output");
    }
}

void Caller::ask_as_stranger(UploadModel& model) {
    const Principal stranger{model.owner.id == "ann" ? "bob" : "ann"};
    const auto answer =
        world_.ask([&](Process& process) { return process.uploads.status(stranger, model.id); });
    const Answer outcome = judge(answer);
    // An own upload of nearly the same number is named, as it would be if this one did not exist.
    const bool is_unknown = answer && !*answer &&
                            (answer->error().code == ErrorCode::media_unknown ||
                             answer->error().code == ErrorCode::media_id_rounded);
    if (outcome != Answer::unknown && !is_unknown) {
        world_.checker.fail("another's upload is not unknown");
    }
    if (outcome == Answer::no) {
        world_.tally.saw(Seen::foreigner_refused);
    }
}

}  // namespace sluice::simulation
