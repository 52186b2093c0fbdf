#include "media/video_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "media/decoders.hpp"
#include "media/picture_limits.hpp"

namespace sluice {
namespace {

// "h264, hevc, vp8 and vp9"
std::string listed(std::span<const std::string_view> names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        text += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    return text;
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

double seconds_of(std::chrono::milliseconds duration) {
    return static_cast<double>(duration.count()) / 1000;
}

std::optional<ProcessingFailure> refuse_duration(
    const CategoryRule& rule, std::chrono::milliseconds duration
) {
    if (duration > rule.duration_max) {
        return unsupported_media(
            "DurationTooLong",
            fmt::format(
                "Duration {} exceeds max duration of {} for {}",
                seconds_text(duration),
                seconds_text(rule.duration_max),
                name_of(rule.category)
            )
        );
    }
    if (duration < rule.duration_min) {
        return unsupported_media(
            "DurationTooShort",
            fmt::format(
                "Duration {} is below min duration of {} for {}",
                seconds_text(duration),
                seconds_text(rule.duration_min),
                name_of(rule.category)
            )
        );
    }
    return std::nullopt;
}

std::optional<ProcessingFailure> refuse_aspect(const CategoryRule& rule, PixelSize displayed) {
    if (rule.aspect_max == 0) {
        return std::nullopt;
    }
    const double aspect = static_cast<double>(displayed.width) / displayed.height;
    // 1080x360 coded as 1080x362 is still 3:1 for everybody.
    constexpr double tolerance = 1.01;
    if (aspect * tolerance >= rule.aspect_min && aspect <= rule.aspect_max * tolerance) {
        return std::nullopt;
    }
    return unsupported_media(
        "AspectRatio",
        fmt::format(
            "aspect ratio {:.2f} is not between {:.2f} and {:.2f}",
            aspect,
            rule.aspect_min,
            rule.aspect_max
        )
    );
}

std::optional<ProcessingFailure> refuse_codec(const VideoProbe& probe) {
    const PictureStream& picture = *probe.picture;
    if (picture.encrypted) {
        return invalid_media("Encrypted", "the video is encrypted, only plain media is accepted");
    }
    if (!contains(picture_codecs, picture.codec)) {
        return unsupported_media(
            "Codec",
            fmt::format(
                "Unsupported video format: the container is {}, the video codec {}, the audio "
                "codec {}; accepted are h264, hevc, vp8, vp9, av1 and mpeg4 (by X only h264 with "
                "aac)",
                probe.container == Container::unknown ? "unknown"
                                                      : facts_of(probe.container).media_type,
                picture.codec,
                probe.sound ? probe.sound->codec : "none"
            )
        );
    }
    if (probe.sound && !contains(sound_codecs, probe.sound->codec)) {
        return unsupported_media(
            "Codec",
            fmt::format(
                "Unsupported audio format: the audio codec is {}; accepted are {} (by X only aac)",
                probe.sound->codec,
                listed(sound_codecs)
            )
        );
    }
    return std::nullopt;
}

// mov and mp4 promise their frames in the index; any that is missing means that the file was cut.
std::optional<ProcessingFailure> refuse_truncation(const VideoProbe& probe) {
    const auto& picture = *probe.picture;
    if (probe.container != Container::mp4) {
        return std::nullopt;
    }
    if (picture.packets < picture.index_entries || probe.corrupt_packets > 0) {
        return data_truncated(picture.data_end, probe.duration);
    }
    return std::nullopt;
}

// Too fast by the time in which the pictures stand, too slow by the time that they have to fill.
std::optional<ProcessingFailure> refuse_frame_rate(
    const CategoryRule& rule, const PictureStream& picture, std::chrono::milliseconds duration
) {
    if (rule.frame_rate_max == 0) {
        return std::nullopt;
    }
    constexpr double rate_min = 0.2;
    const auto shown = picture.packets - picture.discarded_packets;
    const auto per_second = [](std::uint64_t count, std::chrono::milliseconds time) {
        return static_cast<double>(count) / std::max(seconds_of(time), 0.001);
    };
    const double fastest = shown > 1 ? per_second(shown - 1, picture.last_begin) : 0;
    if (fastest > rule.frame_rate_max + 1) {
        return unsupported_media(
            "FrameRate",
            fmt::format(
                "{:.0f} frames per second ({} in {}) are more than {}",
                fastest,
                shown,
                seconds_text(picture.last_begin),
                rule.frame_rate_max
            )
        );
    }
    if (const double rate = per_second(shown, duration); rate < rate_min) {
        return invalid_media(
            "BadTimestamps",
            fmt::format(
                "{} frames in {} are {:.1f} per second, not between {} and {}",
                shown,
                seconds_text(duration),
                rate,
                rate_min,
                rule.frame_rate_max
            )
        );
    }
    return std::nullopt;
}

std::optional<ProcessingFailure> refuse_frame_count(
    const CategoryRule& rule, const PictureStream& picture
) {
    const auto pixels = area_of(picture.size) * picture.packets;
    if (rule.frames_max == 0 ||
        (picture.packets <= rule.frames_max && pixels <= rule.frame_pixels_max)) {
        return std::nullopt;
    }
    return unsupported_media(
        "TooManyFrames",
        fmt::format(
            "{} frames of {} are {:.1f} million pixels in all; allowed are {} frames and {} "
            "million pixels",
            picture.packets,
            size_text(picture.size),
            static_cast<double>(pixels) / 1e6,
            rule.frames_max,
            rule.frame_pixels_max / 1'000'000
        )
    );
}

}  // namespace

// First what makes every other figure meaningless, then the limits.
std::optional<ProcessingFailure> refuse_video(const CategoryRule& rule, const VideoProbe& probe) {
    const auto& picture = *probe.picture;
    auto refused = refuse_codec(probe);
    refused = refused ? refused : refuse_dimensions(rule, picture.size);
    refused = refused ? refused : refuse_duration(rule, probe.duration);
    refused = refused ? refused : refuse_truncation(probe);
    refused = refused ? refused : refuse_frame_rate(rule, picture, probe.duration);
    refused = refused ? refused : refuse_frame_count(rule, picture);
    refused = refused ? refused : refuse_aspect(rule, displayed_size(picture));
    return refused;
}

}  // namespace sluice
