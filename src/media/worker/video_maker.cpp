#include "media/worker/video_maker.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>

#include "base/log.hpp"
#include "media/decoder_messages.hpp"
#include "media/ffmpeg_command.hpp"
#include "media/worker/launcher.hpp"
#include "media/worker/video_probe.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

// ffmpeg's exit code when more frames than -max_error_rate could not be decoded.
constexpr int exit_error_rate = 69;
constexpr ByteCount output_floor = 64_MiB;

bool mentions(const std::string& complaint, std::string_view words) {
    return complaint.find(words) != std::string::npos;
}

ProcessingFailure signal_failure(int signal, const ChildCommand& command) {
    if (signal == SIGXCPU) {
        return internal_error("Timeout", "processing took more CPU time than such a file may take");
    }
    if (signal == SIGXFSZ) {
        return invalid_media(
            "ResourceLimit",
            "its output is larger than the limit of " +
                std::to_string(command.file_bytes_max.value) + " bytes"
        );
    }
    return internal_error("WorkerCrashed", "processing failed");
}

ProcessingFailure exit_failure(int code, const std::string& complaint) {
    if (code == exit_error_rate) {
        return invalid_media("DecodeError", "more than 10 % of its frames cannot be decoded");
    }
    if (code == child_exit_not_started) {
        return internal_error("WorkerCrashed", "processing failed");
    }
    // The only places where ffmpeg's words decide anything: it has one exit code for all of these.
    if (mentions(complaint, "Cannot allocate memory") || mentions(complaint, "malloc of size")) {
        return invalid_media(
            "ResourceLimit", "decoding it needs more memory than the limit of 1 GiB"
        );
    }
    if (mentions(complaint, "No space left")) {
        return internal_error("NoSpace", "temporary problem, try again");
    }
    return invalid_media("DecodeError", "it cannot be decoded");
}

ProcessingFailure failure_of(const ChildEnd& end, const ChildCommand& command) {
    switch (end.fate) {
        case ChildFate::timed_out:
            return internal_error(
                "Timeout",
                "processing took longer than the limit of " + seconds_text(command.wall_max)
            );
        case ChildFate::stalled:
            return internal_error("Stalled", "processing took too long without progress");
        case ChildFate::abandoned:
            return internal_error("Interrupted", "temporary problem, try again");
        case ChildFate::signalled:
            return signal_failure(end.number, command);
        case ChildFate::overfull:
            return invalid_media("ResourceLimit", "its outputs are larger than the limit");
        case ChildFate::exited:
        case ChildFate::babbled:  // nobody reads more than a position into what ffmpeg reports
            break;
    }
    return exit_failure(end.number, end.complaint);
}

ProcessingFailure damaged_pictures(const ProgramEnd& end, const VideoWork& work) {
    return invalid_media(
        "DecodeError",
        "its pictures are damaged: " + std::to_string(end.decoder_messages) +
            " errors while decoding " + std::to_string(work.pictures) + " pictures"
    );
}

std::optional<ProcessingFailure> run(
    Arguments arguments, const VideoWork& work, const OnPosition& on_position
) {
    const ChildCommand command{
        .program = work.ffmpeg,
        .arguments = std::move(arguments),
        .input = work.input,
        .output_folder = work.output_folder,
        .file_bytes_max = std::max(output_floor, {4 * work.input_size.value}),
        .wall_max = work.wall_max,
        .cores = work.cores,
        .walls = work.walls,
        .counted_codec = work.codec,
    };
    const auto end = run_child(command, on_position);
    if (!end) {
        log::error("child_not_started", "ffmpeg was not started", {{"detail", end.error().detail}});
        return internal_error("WorkerCrashed", "processing failed");
    }
    const bool is_well = end->fate == ChildFate::exited && end->number == 0;
    const bool is_damaged = is_well && means_damage(end->decoder_messages, work.pictures);
    if (is_well && !is_damaged) {
        return std::nullopt;
    }
    log::warning(
        "ffmpeg_failed",
        is_well ? "ffmpeg succeeded with damaged pictures" : "ffmpeg did not succeed",
        {{"fate", static_cast<int>(end->fate)},
         {"number", end->number},
         {"messages", end->decoder_messages},
         {"stderr", end->complaint}}
    );
    return is_damaged ? damaged_pictures(*end, work) : failure_of(*end, command);
}

std::uint64_t size_of_file(const std::string& path) {
    struct stat facts{};
    return ::stat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

// A stream that ends early without an error is the commonest way in which damage shows.
std::optional<ProcessingFailure> refuse_length(
    const VideoPlan& plan, std::chrono::milliseconds made
) {
    const auto tolerance = 200ms + plan.duration / 100;
    if (made + tolerance >= plan.duration && made <= plan.duration + tolerance) {
        return std::nullopt;
    }
    return made < plan.duration
               ? data_truncated(made, plan.duration)
               : invalid_media(
                     "BadTimestamps",
                     "it plays " + seconds_text(made) + " instead of " + seconds_text(plan.duration)
                 );
}

Processed<ProducedFile> verified_rendition(
    const VideoPlan& plan, const std::string& path, Walls walls
) {
    const auto probe = probe_video(path, Container::mp4, walls);
    const bool is_whole = probe && probe->picture && probe->picture->size == plan.rendition.size &&
                          probe->picture->packets > 0 &&
                          probe->sound.has_value() == plan.rendition.has_sound;
    if (!is_whole) {
        log::warning("output_refused", "the rendition is not what was planned", {{"path", path}});
        return std::unexpected(invalid_media("DecodeError", "it cannot be decoded"));
    }
    // A GIF's last frame has a delay that an MP4 does not keep; its frames were counted before.
    if (auto refused = refuse_length(plan, probe->duration);
        refused && plan.rendition.name != "gif.mp4") {
        return std::unexpected(*std::move(refused));
    }
    return ProducedFile{
        .name = plan.rendition.name,
        .content_type = "video/mp4",
        .size = probe->size,
        .width = plan.rendition.size.width,
        .height = plan.rendition.size.height,
        .duration_ms = static_cast<std::uint64_t>(probe->duration.count()),
    };
}

Processed<ProducedFile> make_poster(
    const VideoPlan& plan,
    const VideoWork& work,
    const std::string& rendition,
    const OnStep& on_step
) {
    const auto path = work.output_folder + "/" + plan.poster_name;
    const auto refused = run(poster_arguments({rendition, path}), work, [&](auto) {
        on_step(StepKind::poster, 0ms);
    });
    const auto size = size_of_file(path);
    if (refused || size == 0) {
        return std::unexpected(refused.value_or(invalid_media("DecodeError", "it has no picture")));
    }
    return ProducedFile{
        .name = plan.poster_name,
        .content_type = "image/jpeg",
        .size = {size},
        .width = plan.rendition.size.width,
        .height = plan.rendition.size.height,
    };
}

}  // namespace

Processed<std::vector<ProducedFile>> make_video(
    const VideoPlan& plan, const VideoWork& work, const OnStep& on_step
) {
    const auto path = work.output_folder + "/" + plan.rendition.name;
    on_step(StepKind::encode, 0ms);
    auto arguments = encode_arguments(plan, work.container, {work.input, path}, work.cores);
    const auto encoding = [&](auto position) { on_step(StepKind::encode, position); };
    if (auto refused = run(std::move(arguments), work, encoding)) {
        return std::unexpected(*std::move(refused));
    }
    on_step(StepKind::poster, 0ms);
    auto poster = make_poster(plan, work, path, on_step);
    if (!poster) {
        return std::unexpected(std::move(poster).error());
    }
    on_step(StepKind::verify, 0ms);
    auto rendition = verified_rendition(plan, path, work.walls);
    if (!rendition) {
        return std::unexpected(std::move(rendition).error());
    }
    return std::vector{*std::move(rendition), *std::move(poster)};
}

}  // namespace sluice
