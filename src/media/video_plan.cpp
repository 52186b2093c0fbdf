#include "media/video_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "media/picture_limits.hpp"
#include "media/remux.hpp"
#include "media/video_rules.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

// A viewer waits gladly until this much CPU time is spent; beyond it the smallest rendition comes
// first, at the price of a second decode.
constexpr double patience_cpu_seconds = 40;

constexpr unsigned tiles_max = 100;
constexpr unsigned tile_columns_max = 10;
constexpr std::uint32_t tile_long_side = 160;

double seconds_of(std::chrono::milliseconds duration) {
    return static_cast<double>(duration.count()) / 1000;
}

// Only what this source needs, in the order that section 5.1 of the reference gives.
std::string filters_for(const CategoryRule& rule, const PictureStream& picture) {
    std::string filters;
    if (picture.interlaced) {
        filters += "bwdif=mode=send_frame:deint=interlaced,";
    }
    if (picture.high_dynamic_range) {
        filters +=
            "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
            "zscale=t=bt709:m=bt709:r=tv,";
    }
    if (rule.family == Family::gif) {
        // What is transparent becomes white: multiplied by alpha while negated. An overlay would
        // lose the times of the frames.
        filters += "format=gbrap,negate,premultiply=inplace=1,negate,";
    }
    return filters;
}

std::vector<Rendition> renditions_for(const CategoryRule& rule, PixelSize displayed) {
    std::vector<Rendition> renditions;
    for (const auto& [size, rung] : ladder_for(displayed)) {
        renditions.push_back({
            .size = size,
            .rung = rung,
            .name = size_text(size) + ".mp4",
            .track = fmt::format("v{}", std::min(size.width, size.height)),
        });
    }
    if (rule.family == Family::gif) {
        renditions.resize(1);
        renditions.front().name = "gif.mp4";
        renditions.front().track.clear();
    }
    return renditions;
}

std::optional<Storyboard> storyboard_for(std::chrono::milliseconds duration, PixelSize smallest) {
    using std::chrono::seconds;
    // Keyframes stand every two seconds.
    constexpr auto step_min = 2s;
    const auto length = std::chrono::ceil<seconds>(duration);
    const auto keyframes = (length + step_min - 1s) / step_min;
    if (keyframes < 2) {
        return std::nullopt;
    }
    const auto step = step_min * ((keyframes + tiles_max - 1) / tiles_max);
    const auto tiles = static_cast<unsigned>((length + step - 1s) / step);
    const double scale = std::min(
        1.0, static_cast<double>(tile_long_side) / std::max(smallest.width, smallest.height)
    );
    const auto side = [scale](std::uint32_t length) {
        return std::max(2U, static_cast<std::uint32_t>(std::lround(length * scale / 2)) * 2);
    };
    return Storyboard{
        .step = step,
        .tiles = tiles,
        .columns = std::min(tiles, tile_columns_max),
        .tile = {side(smallest.width), side(smallest.height)},
    };
}

// CPU seconds of one run that decodes the source once and encodes these.
double encode_cost(
    const VideoProbe& probe, std::span<const Rendition> renditions, double audio_seconds
) {
    const auto frames = static_cast<double>(probe.picture->packets);
    EncodeWork work{
        .megapixels_in = frames * static_cast<double>(area_of(probe.picture->size)) / 1e6,
        .frames = frames,
        .audio_seconds = audio_seconds,
    };
    bool encodes = false;
    for (const auto& rendition : renditions) {
        if (!rendition.is_copied) {
            work.megapixels_out += frames * static_cast<double>(area_of(rendition.size)) / 1e6;
            encodes = true;
        }
    }
    return encodes ? encode_cpu_seconds(work) : 0;
}

std::vector<Step> steps_for(const VideoPlan& plan, const VideoProbe& probe) {
    const bool encodes_sound = plan.has_sound() && !plan.sound_copied;
    const double audio = encodes_sound ? seconds_of(probe.duration) : 0;
    const std::span all(plan.renditions);
    const auto length = seconds_of(plan.duration);
    std::vector<Step> steps{{StepKind::probe, 0.02 + 0.0005 * length}};
    if (plan.renditions.front().is_copied) {
        steps.push_back({StepKind::copy, 0.1 + 0.002 * length});
    }
    if (plan.is_checked) {
        const double seconds = std::min(length, seconds_of(checked_length));
        const double megapixels = seconds * probe.picture->frame_rate *
                                  static_cast<double>(area_of(probe.picture->size)) / 1e6;
        steps.push_back({StepKind::check, encode_cpu_seconds({.megapixels_in = megapixels})});
    }
    if (plan.lowest_first) {
        steps.push_back({StepKind::preview, encode_cost(probe, all.last(1), audio)});
        steps.push_back({StepKind::encode, encode_cost(probe, all.first(all.size() - 1), 0)});
    } else if (const double cost = encode_cost(probe, all, audio); cost > 0) {
        steps.push_back({StepKind::encode, cost});
    }
    if (!plan.is_loop) {
        steps.push_back({StepKind::package, 0.2 + 0.003 * length});
    }
    steps.push_back({StepKind::poster, 0.3});
    if (plan.storyboard) {
        steps.push_back({StepKind::storyboard, 0.15 + 0.002 * plan.storyboard->tiles});
    }
    steps.push_back({StepKind::verify, 0.02 * static_cast<double>(plan.renditions.size())});
    steps.push_back({StepKind::publish, 0.05});
    return steps;
}

void decide_copies(VideoPlan& plan, const VideoProbe& probe, Copies copies) {
    Rendition& top = plan.renditions.front();
    if (plan.is_loop) {
        plan.why_encoded = "loop";
    } else if (copies == Copies::never) {
        plan.why_encoded = "damage or settings";
    } else {
        plan.why_encoded = why_not_copied(probe, {top.size, top.rung});
    }
    top.is_copied = plan.why_encoded.empty();
    if (top.is_copied && is_light(probe)) {
        plan.renditions.resize(1);
        plan.is_checked = true;
    }
    plan.sound_copied = top.is_copied && plan.has_sound() && may_copy_sound(*probe.sound);
}

void decide_steps(VideoPlan& plan, const VideoProbe& probe) {
    plan.steps = steps_for(plan, probe);
    const bool is_long = cpu_seconds_of(plan.steps) > patience_cpu_seconds;
    if (is_long && plan.renditions.size() > 1 && !plan.renditions.front().is_copied) {
        plan.lowest_first = true;
        plan.steps = steps_for(plan, probe);
    }
    plan.cpu_seconds = cpu_seconds_of(plan.steps);
}

}  // namespace

Processed<VideoPlan> plan_video(const CategoryRule& rule, const VideoProbe& probe, Copies copies) {
    if (!probe.picture || area_of(probe.picture->size) == 0 || probe.picture->packets == 0) {
        return std::unexpected(invalid_media("NoVideo", "there is no video track in it"));
    }
    if (auto refused = refuse_video(rule, probe)) {
        return std::unexpected(*std::move(refused));
    }
    VideoPlan plan{
        .renditions = renditions_for(rule, displayed_size(*probe.picture)),
        .filters = filters_for(rule, *probe.picture),
        .is_loop = rule.family == Family::gif,
        .picture_index = probe.picture->index,
        .begins_at_keyframe = probe.picture->discarded_packets == 0,
        .duration = probe.duration,
        .picture_length = probe.picture->data_end,
    };
    if (probe.picture->frame_rate > rule.frame_rate_kept_max) {
        plan.frame_rate_max = rule.frame_rate_kept_max;
    }
    if (!plan.is_loop) {
        plan.sound_index = probe.sound ? probe.sound->index : -1;
        plan.storyboard = storyboard_for(probe.duration, plan.renditions.back().size);
    }
    decide_copies(plan, probe, copies);
    decide_steps(plan, probe);
    return plan;
}

}  // namespace sluice
