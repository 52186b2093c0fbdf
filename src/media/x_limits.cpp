#include "media/x_limits.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "media/category_rules.hpp"
#include "media/failure_rows.hpp"
#include "media/failures.hpp"

namespace sluice {
namespace {

// 59.94 and 60 with a last short frame are still 60.
constexpr double frame_rate_max = 60.5;
constexpr std::uint64_t gop_max = 512;

std::string codec(const VideoProbe& probe) {
    return probe.picture->codec == "h264" ? "" : probe.picture->codec + " video";
}

std::string fast(const VideoProbe& probe) {
    const double rate = probe.picture->frame_rate;
    return rate > frame_rate_max ? fmt::format("{:.0f} frames per second", rate) : "";
}

std::string interlaced(const VideoProbe& probe) {
    return probe.picture->interlaced ? "interlaced pictures" : "";
}

std::string pixels(const VideoProbe& probe) {
    const std::string& format = probe.picture->pixel_format;
    const bool is_taken = format.empty() || format == "yuv420p" || format == "yuvj420p";
    return is_taken ? "" : "the pixel format " + format;
}

std::string sound(const VideoProbe& probe) {
    if (!probe.sound) {
        return "";
    }
    const SoundStream& sound = *probe.sound;
    const bool is_lc = sound.codec == "aac" && sound.is_low_complexity;
    if (is_lc && sound.channels <= 2) {
        return "";
    }
    const std::string_view profile =
        sound.codec == "aac" && !sound.is_low_complexity ? " (not LC)" : "";
    return fmt::format("{}{} sound with {} channels", sound.codec, profile, sound.channels);
}

std::string long_gop(const VideoProbe& probe) {
    const auto longest = probe.picture->gop_longest;
    return longest > gop_max ? fmt::format("{} frames with a single keyframe", longest) : "";
}

// HEVC may have leading pictures that need nothing before the keyframe; it is told by its codec.
std::string open_gop(const VideoProbe& probe) {
    const bool is_open = probe.picture->has_open_gop && probe.picture->codec == "h264";
    return is_open ? "an open GOP (frames that need what is before their keyframe)" : "";
}

std::string odd_pixels(const VideoProbe& probe) {
    const auto& [width, height] =
        std::pair(probe.picture->sample_aspect_width, probe.picture->sample_aspect_height);
    return width == height ? "" : fmt::format("pixels of the shape {}:{}", width, height);
}

struct LimitRow {
    std::string_view reason;
    std::string_view taken;
    std::string (*found)(const VideoProbe&);  // empty: within the limit
};

constexpr std::array limit_rows{
    LimitRow{"Codec", "H.264 video", codec},
    LimitRow{"FrameRate", "at most 60 frames per second", fast},
    LimitRow{"Interlaced", "progressive pictures", interlaced},
    LimitRow{"PixelFormat", "8 bit 4:2:0 (yuv420p)", pixels},
    LimitRow{"Audio", "AAC-LC with 1 or 2 channels", sound},
    LimitRow{"GopTooLong", "a keyframe at least every 512 frames", long_gop},
    LimitRow{"OpenGop", "closed GOPs", open_gop},
    LimitRow{"PixelAspect", "square pixels", odd_pixels},
};

std::string what_x_says(const LimitRow& row, const std::string& found) {
    return fmt::format("Found {}; X takes {} and would refuse this file.", found, row.taken);
}

std::string what_x_says_of(Container container) {
    return fmt::format(
        "Found {}; X takes {} and would refuse this file.",
        facts_of(container).media_type,
        accepted_types_text(rule_of(Category::tweet_image), true)
    );
}

}  // namespace

std::string conversions_of(const VideoProbe& probe) {
    std::string lines;
    for (const auto& row : limit_rows) {
        if (const auto found = probe.picture ? row.found(probe) : ""; !found.empty()) {
            lines += fmt::format("{} {} It was converted.\n", row.reason, what_x_says(row, found));
        }
    }
    return lines;
}

std::optional<ProcessingFailure> refusal_by_x(const VideoProbe& probe) {
    for (const auto& row : limit_rows) {
        if (const auto found = probe.picture ? row.found(probe) : ""; !found.empty()) {
            return ProcessingFailure{
                .code = failure_row_of(row.reason).x_code,
                .name = "InvalidMedia",
                .reason = std::string(row.reason),
                .message = what_x_says(row, found),
            };
        }
    }
    return std::nullopt;
}

std::string conversions_of(Container container) {
    return facts_of(container).is_beyond_x
               ? fmt::format("Format {} It was converted.\n", what_x_says_of(container))
               : "";
}

std::optional<ProcessingFailure> refusal_by_x(Container container) {
    return facts_of(container).is_beyond_x
               ? std::optional(unsupported_media("Format", what_x_says_of(container)))
               : std::nullopt;
}

std::vector<Conversion> parse_conversions(std::string_view lines) {
    std::vector<Conversion> conversions;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        if (const auto space = line.find(' '); space != std::string_view::npos) {
            conversions.push_back({line.substr(0, space), line.substr(space + 1)});
        }
    }
    return conversions;
}

}  // namespace sluice
