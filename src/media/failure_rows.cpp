#include "media/failure_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "media/category_rules.hpp"

namespace sluice {
namespace {

constexpr std::string_view convert_video =
    "convert it, for instance with: ffmpeg -i input.mp4 -c:v libx264 -pix_fmt yuv420p -c:a aac -ac "
    "2 "
    "-movflags +faststart output.mp4";
constexpr std::string_view export_again =
    "export it again, look that it plays to its end, and upload it whole; a file whose index is "
    "lost "
    "may be saved by: ffmpeg -i input.mp4 -c copy -movflags +faststart output.mp4";
constexpr std::string_view smaller = "make it smaller or simpler";
constexpr std::string_view as_it_is = "a while, as it is";

constexpr std::string_view set_aside =
    "export it again, so that its bytes are others, or upload it as it is when that time is over";

// Words in braces are filled in from the category.
constexpr std::array rows{
    FailureRow{"Codec", ErrorCode::codec_not_allowed, 1, "Unsupported video format", convert_video},
    FailureRow{
        "Container", ErrorCode::codec_not_allowed, 1, "Unsupported video format", convert_video
    },
    FailureRow{
        "Format",
        ErrorCode::codec_not_allowed,
        1,
        "file is currently unsupported",
        "convert it, for instance with: magick input output.jpg"
    },
    FailureRow{
        "Encrypted",
        ErrorCode::codec_not_allowed,
        1,
        "Unsupported video format",
        "export it without protection"
    },
    FailureRow{
        "DurationTooLong",
        ErrorCode::duration_out_of_range,
        3,
        "",
        "cut it, for instance with: ffmpeg -i input.mp4 -t {seconds_max} -c copy output.mp4"
    },
    FailureRow{
        "DurationTooShort",
        ErrorCode::duration_out_of_range,
        3,
        "",
        "lengthen it, for instance with: ffmpeg -i input.mp4 -vf "
        "tpad=stop_mode=clone:stop_duration=1 output.mp4"
    },
    FailureRow{
        "Dimensions",
        ErrorCode::dimensions_out_of_range,
        3,
        "file is currently unsupported",
        "scale it, for instance with: ffmpeg -i input.mp4 -vf "
        "\"scale=1280:1280:force_original_aspect_ratio=decrease:force_divisible_by=2\" output.mp4"
    },
    FailureRow{
        "AspectRatio",
        ErrorCode::dimensions_out_of_range,
        3,
        "file is currently unsupported",
        "pad it, for instance with: ffmpeg -i input.mp4 -vf "
        "\"pad=w='max(iw,ceil(ih/6)*2)':h='max(ih,ceil(iw/6)*2)':x=-1:y=-1\" output.mp4"
    },
    FailureRow{
        "FrameRate",
        ErrorCode::frame_rate_too_high,
        1,
        "Unsupported video format",
        "lower the rate, for instance with: ffmpeg -i input.mp4 -r 30 output.mp4"
    },
    FailureRow{
        "Interlaced",
        ErrorCode::frame_rate_too_high,
        1,
        "Unsupported video format",
        "deinterlace it, for instance with: ffmpeg -i input.mp4 -vf bwdif output.mp4"
    },
    FailureRow{
        "PixelFormat",
        ErrorCode::pixel_format_not_allowed,
        1,
        "Unsupported video format",
        convert_video
    },
    FailureRow{
        "Audio",
        ErrorCode::audio_not_allowed,
        1,
        "Unsupported video format",
        "convert the sound, for instance with: ffmpeg -i input.mp4 -c:v copy -c:a aac -ac 2 "
        "output.mp4"
    },
    FailureRow{
        "GopTooLong",
        ErrorCode::gop_too_long,
        1,
        "Video GOP is too large. Largest number of frames allowed in one GOP: 512",
        "encode it with more keyframes, for instance with: ffmpeg -i input.mp4 -c:v libx264 -g "
        "250 -c:a copy output.mp4"
    },
    FailureRow{
        "OpenGop",
        ErrorCode::gop_too_long,
        1,
        "",
        "encode it with closed GOPs, for instance with: ffmpeg -i input.mp4 -c:v libx264 -flags "
        "+cgop -c:a copy output.mp4"
    },
    FailureRow{
        "PixelAspect",
        ErrorCode::dimensions_out_of_range,
        1,
        "",
        "make its pixels square, for instance with: ffmpeg -i input.mp4 -vf "
        "\"scale='trunc(iw*sar/2)*2':ih,setsar=1\" -c:a copy output.mp4"
    },
    FailureRow{
        "TooManyFrames",
        ErrorCode::gif_too_large,
        1,
        "file is currently unsupported",
        "shrink it, or upload it as a video made with: ffmpeg -i input.gif -vf "
        "\"fps=25,scale='min(iw,720)':-2\" -pix_fmt yuv420p output.mp4"
    },
    FailureRow{
        "BadTimestamps", ErrorCode::container_unreadable, 1, "file is invalid", convert_video
    },
    FailureRow{"Truncated", ErrorCode::container_unreadable, 1, "file is invalid", export_again},
    FailureRow{
        "CorruptContainer", ErrorCode::container_unreadable, 1, "file is invalid", export_again
    },
    FailureRow{"NoVideo", ErrorCode::container_unreadable, 1, "file is invalid", export_again},
    FailureRow{"DecodeError", ErrorCode::container_unreadable, 1, "file is invalid", export_again},
    FailureRow{
        "TypeMismatch",
        ErrorCode::type_mismatch,
        1,
        "",
        "look at what it is, and upload it with that media_type and a category that fits"
    },
    FailureRow{"Subtitles", ErrorCode::subtitle_invalid, 1, "file is invalid", "mend that line"},
    FailureRow{"FileTooLarge", ErrorCode::file_too_large, 2, "", smaller},
    FailureRow{"ResourceLimit", ErrorCode::processing_limit, 0, "", smaller},
    FailureRow{"Timeout", ErrorCode::processing_limit, 4, "", smaller},
    FailureRow{"Stalled", ErrorCode::processing_limit, 4, "", smaller},
    FailureRow{"Interrupted", ErrorCode::processing_failed, 0, "", as_it_is},
    FailureRow{"NoSpace", ErrorCode::processing_failed, 0, "", as_it_is},
    FailureRow{"WorkerCrashed", ErrorCode::processing_failed, 0, "", set_aside},
    FailureRow{"Quarantined", ErrorCode::processing_failed, 0, "", set_aside},
    FailureRow{"StorageError", ErrorCode::processing_failed, 0, "", as_it_is},
};

constexpr FailureRow unknown_row{"", ErrorCode::processing_failed, 0, "", as_it_is};

bool is_duration(std::string_view reason) {
    return reason == "DurationTooLong" || reason == "DurationTooShort";
}

// "2.minutes+29.seconds+350.milliseconds"
std::string x_duration(double seconds) {
    const auto all = std::llround(seconds * 1000);
    std::string text;
    const auto append = [&text](long long count, std::string_view unit) {
        if (count > 0) {
            text += fmt::format("{}{}.{}", text.empty() ? "" : "+", count, unit);
        }
    };
    append(all / 60'000, "minutes");
    append(all / 1000 % 60, "seconds");
    append(all % 1000, "milliseconds");
    return text.empty() ? "0.seconds" : text;
}

std::string as_sentence(std::string text) {
    if (!text.empty() && !text.ends_with('.')) {
        text += '.';
    }
    return text;
}

}  // namespace

const FailureRow& failure_row_of(std::string_view reason) {
    const auto* found = std::ranges::find(rows, reason, &FailureRow::reason);
    return found == rows.end() ? unknown_row : *found;
}

std::string_view reason_with(ErrorCode code) {
    const auto* found = std::ranges::find(rows, code, &FailureRow::code);
    return found == rows.end() ? std::string_view() : found->reason;
}

ErrorCode code_of(const ProcessingFailure& failure, Category category) {
    const bool is_gif_limit = family_of(category) == Family::gif && failure.reason == "Dimensions";
    return is_gif_limit ? ErrorCode::gif_too_large : failure_row_of(failure.reason).code;
}

std::string remedy_of(const ProcessingFailure& failure, Category category) {
    std::string text(failure_row_of(failure.reason).remedy);
    constexpr std::string_view seconds = "{seconds_max}";
    if (const auto at = text.find(seconds); at != std::string::npos) {
        const auto most = std::chrono::floor<std::chrono::seconds>(rule_of(category).duration_max);
        text.replace(at, seconds.size(), std::to_string(most.count()));
    }
    const bool is_still = family_of(category) == Family::image;
    if (is_still && failure.reason == "Dimensions") {
        text = "scale it, for instance with: magick input.png -resize 4096x4096 output.png";
    } else if (is_still) {
        text = text == export_again ? "export it again, look that it opens, and upload it whole"
                                    : text;
    }
    return text;
}

std::string whole_text(const ProcessingFailure& failure, Category category) {
    const std::string remedy = remedy_of(failure, category);
    const std::string next =
        remedy == as_it_is ? "upload it again after " + remedy : "to upload it again, " + remedy;
    return as_sentence(failure.message) + " This will not change by waiting; " + as_sentence(next);
}

std::string_view x_name_of(const ProcessingFailure& failure) {
    switch (failure_row_of(failure.reason).x_code) {
        case 1:
            return "InvalidMedia";
        case 2:
        case 3:
            return "UnsupportedMedia";
        default:
            return "InternalError";
    }
}

std::string x_text_of(const ProcessingFailure& failure) {
    double found = 0;
    double allowed = 0;
    if (is_duration(failure.reason) && std::sscanf(
                                           failure.message.c_str(),
                                           "Duration %lf s exceeds max duration of %lf s",
                                           &found,
                                           &allowed
                                       ) == 2) {
        return fmt::format(
            "Duration {} exceeds max duration of {}", x_duration(found), x_duration(allowed)
        );
    }
    return std::string(failure_row_of(failure.reason).x_text);
}

}  // namespace sluice
