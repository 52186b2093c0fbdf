#include "media/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice {
namespace {

using namespace std::chrono_literals;

// The one rendition of this version: the rung of 720 (reference: media-pipeline, section 4).
constexpr std::uint32_t rung_short_side = 720;
constexpr std::uint32_t rung_long_side_max = 1280;

constexpr std::array<std::string_view, 7> codecs_taken{
    "h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "gif"
};

struct VariantRow {
    std::string_view name;
    std::uint32_t side;
    bool cropped;
};
constexpr std::array variant_rows{
    VariantRow{"large", 2048, false},
    VariantRow{"medium", 1200, false},
    VariantRow{"small", 680, false},
    VariantRow{"thumb", 150, true},
};

// libjpeg needs about 6 bytes a pixel for these, all at once.
constexpr std::uint64_t progressive_pixels_max = 40'000'000;

double seconds_of(std::chrono::milliseconds duration) {
    return static_cast<double>(duration.count()) / 1000;
}

std::uint64_t area_of(PixelSize size) {
    return std::uint64_t{size.width} * size.height;
}

std::string size_text(PixelSize size) {
    return fmt::format("{}x{}", size.width, size.height);
}

// Limits hold for a portrait picture too, with the sides swapped.
bool fits(PixelSize size, PixelSize limit) {
    const auto [size_low, size_high] = std::minmax(size.width, size.height);
    const auto [limit_low, limit_high] = std::minmax(limit.width, limit.height);
    return size_low <= limit_low && size_high <= limit_high;
}

std::optional<ProcessingFailure> refuse_dimensions(const CategoryRule& rule, PixelSize size) {
    if (fits(size, rule.size_max) && size.width >= rule.size_min.width &&
        size.height >= rule.size_min.height) {
        return std::nullopt;
    }
    return unsupported_media(
        "Dimensions",
        fmt::format(
            "Dimensions {} are not between {} and {}",
            size_text(size),
            size_text(rule.size_min),
            size_text(rule.size_max)
        )
    );
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
    if (std::ranges::find(codecs_taken, picture.codec) == codecs_taken.end()) {
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

std::optional<ProcessingFailure> refuse_frame_rate(
    const CategoryRule& rule, const PictureStream& picture, std::chrono::milliseconds duration
) {
    const double rate =
        static_cast<double>(picture.packets) / std::max(seconds_of(duration), 0.001);
    constexpr double rate_min = 0.2;
    if (rule.frame_rate_max == 0 || (rate <= rule.frame_rate_max + 1 && rate >= rate_min)) {
        return std::nullopt;
    }
    if (rate > rule.frame_rate_max) {
        return unsupported_media(
            "FrameRate",
            fmt::format(
                "{:.0f} frames per second ({} in {}) are more than {}",
                rate,
                picture.packets,
                seconds_text(duration),
                rule.frame_rate_max
            )
        );
    }
    return invalid_media(
        "BadTimestamps",
        fmt::format(
            "{} frames in {} are {:.1f} per second, not between {} and {}",
            picture.packets,
            seconds_text(duration),
            rate,
            rate_min,
            rule.frame_rate_max
        )
    );
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

std::uint32_t even(double side) {
    return std::max(2U, static_cast<std::uint32_t>(std::lround(side / 2)) * 2);
}

// Rounded down where the source itself is odd, so that nothing is larger than the source.
std::uint32_t even_within(double side, std::uint32_t source) {
    const auto rounded = even(side);
    return rounded > source && rounded > 2 ? rounded - 2 : rounded;
}

PixelSize rung_size(PixelSize displayed) {
    const auto [low, high] = std::minmax(displayed.width, displayed.height);
    const double by_short = static_cast<double>(rung_short_side) / low;
    const double by_long = static_cast<double>(rung_long_side_max) / high;
    const double scale = std::min({1.0, by_short, by_long});
    return {
        even_within(displayed.width * scale, displayed.width),
        even_within(displayed.height * scale, displayed.height),
    };
}

// Only what this source needs, in the order that section 5.1 of the reference gives.
std::string filters_for(const CategoryRule& rule, const PictureStream& picture, PixelSize target) {
    std::string filters;
    if (picture.interlaced) {
        filters += "bwdif=mode=send_frame:deint=interlaced,";
    }
    if (picture.high_dynamic_range) {
        filters +=
            "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
            "zscale=t=bt709:m=bt709:r=tv,";
    }
    if (picture.frame_rate > rule.frame_rate_kept_max) {
        filters += fmt::format("fps={:.0f},", rule.frame_rate_kept_max);
    }
    filters += fmt::format(
        "scale=w={}:h={}:flags=bicubic,setsar=1,format=yuv420p", target.width, target.height
    );
    return filters;
}

double sum_of(const std::vector<Step>& steps) {
    double sum = 0;
    for (const auto& step : steps) {
        sum += step.weight;
    }
    return sum;
}

std::vector<Step> video_steps(const VideoProbe& probe, PixelSize target) {
    const auto frames = static_cast<double>(probe.picture->packets);
    const double encode = encode_cpu_seconds({
        .megapixels_in = frames * static_cast<double>(area_of(probe.picture->size)) / 1e6,
        .megapixels_out = frames * static_cast<double>(area_of(target)) / 1e6,
        .frames = frames,
        .audio_seconds = probe.sound ? seconds_of(probe.duration) : 0,
    });
    return {
        {StepKind::probe, 0.02 * encode + 0.01},
        {StepKind::encode, encode},
        {StepKind::poster, 0.02 * encode + 0.15},
        {StepKind::verify, 0.02},
        {StepKind::publish, 0.01 * encode + 0.03},
    };
}

std::string rendition_name(Family family, PixelSize size) {
    return family == Family::gif ? "gif.mp4" : size_text(size) + ".mp4";
}

std::uint32_t shrink_for(const ImageProbe& probe) {
    const auto longest = std::max(probe.picture.width, probe.picture.height);
    std::uint32_t shrink = 1;
    while (probe.container == Container::jpeg && shrink < 8 &&
           longest / (shrink * 2) >= variant_rows.front().side) {
        shrink *= 2;
    }
    return shrink;
}

std::vector<ImageVariant> variants_for(PixelSize size) {
    const auto longest = std::max(size.width, size.height);
    std::vector<ImageVariant> variants;
    for (const auto& row : variant_rows) {
        // Never upscaled: the largest carries the source's size, the others are left out.
        if (row.cropped || variants.empty() || row.side < longest) {
            variants.push_back({std::string(row.name), row.side, row.cropped});
        }
    }
    return variants;
}

}  // namespace

std::string_view name_of(StepKind kind) {
    constexpr std::array<std::string_view, 6> names{
        "probe", "encode", "resize", "poster", "verify", "publish"
    };
    return names[static_cast<std::size_t>(kind)];
}

std::optional<ProcessingFailure> check_content(
    const CategoryRule& rule,
    std::string_view declared,
    Container found,
    ByteCount size,
    std::string_view foreign
) {
    if (size.value == 0) {
        return invalid_media("CorruptContainer", "it is empty (0 bytes)");
    }
    if (size > rule.bytes_max) {
        return unsupported_media(
            "FileTooLarge", fmt::format("{} bytes exceed {}", size.value, rule.bytes_max.value)
        );
    }
    const auto claim = declared.empty() ? accepted_types_text(rule) : std::string(declared);
    if (rule.family == Family::text && found == Container::unknown) {
        return std::nullopt;  // whatever it is, it is no picture: its reader tells
    }
    if (found == Container::unknown && !foreign.empty()) {
        return unsupported_media(
            "Container",
            fmt::format(
                "Unsupported format: found {}, accepted are {}", foreign, accepted_types_text(rule)
            )
        );
    }
    if (found == Container::unknown) {
        return invalid_media(
            "CorruptContainer",
            fmt::format("declared {}, but its first bytes are of no known media format", claim)
        );
    }
    if (!may_carry(found, rule.family)) {
        return type_mismatch(claim, facts_of(found).media_type);
    }
    if (found == Container::heif) {
        return unsupported_media(
            "Format", fmt::format("image/heic is not one of {}", accepted_types_text(rule))
        );
    }
    return std::nullopt;
}

Processed<VideoPlan> plan_video(const CategoryRule& rule, const VideoProbe& probe) {
    if (!probe.picture || area_of(probe.picture->size) == 0 || probe.picture->packets == 0) {
        return std::unexpected(invalid_media("NoVideo", "there is no video track in it"));
    }
    if (auto refused = refuse_video(rule, probe)) {
        return std::unexpected(*std::move(refused));
    }
    const auto target = rung_size(displayed_size(*probe.picture));
    auto steps = video_steps(probe, target);
    const double cpu = sum_of(steps);
    const bool has_sound = probe.sound.has_value() && rule.family == Family::video;
    return VideoPlan{
        .rendition =
            {
                .size = target,
                .name = rendition_name(rule.family, target),
                .filters = filters_for(rule, *probe.picture, target),
                .has_sound = has_sound,
            },
        .poster_name = "poster.jpg",
        .picture_index = probe.picture->index,
        .sound_index = has_sound ? probe.sound->index : -1,
        .duration = probe.duration,
        .steps = std::move(steps),
        .cpu_seconds = cpu,
    };
}

Processed<ImagePlan> plan_image(const CategoryRule& rule, const ImageProbe& probe) {
    if (auto refused = refuse_dimensions(rule, probe.picture)) {
        return std::unexpected(*std::move(refused));
    }
    if (probe.progressive && area_of(probe.picture) > progressive_pixels_max) {
        return std::unexpected(unsupported_media(
            "Dimensions",
            fmt::format(
                "a progressive JPEG of {} exceeds {} million pixels",
                size_text(probe.picture),
                progressive_pixels_max / 1'000'000
            )
        ));
    }
    const double cpu = image_cpu_seconds(static_cast<double>(area_of(probe.picture)) / 1e6);
    std::vector<Step> steps{
        {StepKind::probe, 0.1 * cpu},
        {StepKind::resize, 0.8 * cpu},
        {StepKind::publish, 0.1 * cpu},
    };
    return ImagePlan{
        .variants = variants_for(probe.picture),
        .keeps_alpha = probe.has_alpha,
        .shrink_on_load = shrink_for(probe),
        .steps = std::move(steps),
        .cpu_seconds = cpu,
    };
}

PixelSize displayed_size(const PictureStream& picture) {
    const auto aspect_height = std::max(picture.sample_aspect_height, 1U);
    const double stretched = static_cast<double>(picture.size.width) *
                             std::max(picture.sample_aspect_width, 1U) / aspect_height;
    const auto width =
        std::max(1U, static_cast<std::uint32_t>(std::lround(std::min(stretched, 1e6))));
    const bool turned = picture.rotation == 90 || picture.rotation == 270;
    return turned ? PixelSize{picture.size.height, width} : PixelSize{width, picture.size.height};
}

std::chrono::milliseconds wall_limit(std::chrono::milliseconds expected, double spread) {
    const double p90 = static_cast<double>(expected.count()) * std::exp(1.28 * std::log(spread));
    const auto limit = std::chrono::milliseconds{static_cast<std::int64_t>(6 * p90)} + 30s;
    return std::min<std::chrono::milliseconds>(limit, 4h);
}

}  // namespace sluice
