#include "media/remux.hpp"

#include <algorithm>
#include <array>

#include "media/picture_limits.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr int level_max = 42;
// Players switch between rungs at keyframes; rarer ones make segments too long.
constexpr std::chrono::milliseconds keyframe_gap_max = 4s;
// A source may be this much richer than what we would have made of it.
constexpr double rate_tolerance = 1.5;
// What the ladder offers in 720 lines at most.
constexpr std::uint32_t light_short_side_max = 720;
constexpr double light_rate_max = 2500;  // kbit/s
constexpr double frame_rate_max = 60.5;
constexpr int sample_rate_max = 48'000;

bool is_profile_taken(std::string_view profile) {
    constexpr std::array<std::string_view, 4> taken{
        "Constrained Baseline", "Baseline", "Main", "High"
    };
    return std::ranges::find(taken, profile) != taken.end();
}

double kbits_per_second(const VideoProbe& probe) {
    const auto bytes = static_cast<double>(probe.picture->bytes.value);
    const auto ms = static_cast<double>(std::max<std::int64_t>(probe.duration.count(), 1));
    return bytes * 8 / ms;
}

std::string_view wrong_coding(const VideoProbe& probe) {
    const auto& picture = *probe.picture;
    if (probe.container != Container::mp4) {
        return "container";
    }
    if (picture.codec != "h264" || !is_profile_taken(picture.profile)) {
        return "codec";
    }
    if (picture.pixel_format != "yuv420p") {
        return "pixel format";
    }
    if (picture.level <= 0 || picture.level > level_max) {
        return "level";
    }
    if (picture.interlaced || picture.high_dynamic_range) {
        return "interlaced or high dynamic range";
    }
    return {};
}

std::string_view wrong_shape(const VideoProbe& probe, const LadderSize& top) {
    const auto& picture = *probe.picture;
    if (picture.rotation != 0 || displayed_size(picture) != picture.size) {
        return "rotation or pixel aspect";
    }
    if (picture.size != top.size) {
        return "size";
    }
    if (picture.frame_rate > frame_rate_max) {
        return "frame rate";
    }
    return kbits_per_second(probe) > rate_tolerance * top.rung.rate_max ? "bit rate"
                                                                        : std::string_view{};
}

}  // namespace

std::string_view why_not_copied(const VideoProbe& probe, const LadderSize& top) {
    const auto& picture = *probe.picture;
    if (const auto wrong = wrong_coding(probe); !wrong.empty()) {
        return wrong;
    }
    if (const auto wrong = wrong_shape(probe, top); !wrong.empty()) {
        return wrong;
    }
    if (picture.has_open_gop || picture.keyframe_gap_max > keyframe_gap_max) {
        return "keyframes";
    }
    if (picture.discarded_packets > 0) {
        return "edit list";
    }
    if (picture.parameters_change || probe.corrupt_packets > 0 || probe.packet_cap_reached) {
        return "stream";
    }
    return {};
}

bool is_light(const VideoProbe& probe) {
    const auto& size = probe.picture->size;
    return std::min(size.width, size.height) <= light_short_side_max &&
           kbits_per_second(probe) <= light_rate_max;
}

bool may_copy_sound(const SoundStream& sound) {
    return sound.codec == "aac" && sound.is_low_complexity && sound.channels <= 2 &&
           sound.sample_rate > 0 && sound.sample_rate <= sample_rate_max &&
           sound.discarded_packets <= 2;
}

}  // namespace sluice
