#include "media/worker/ffmpeg_run.hpp"

#include <algorithm>
#include <csignal>
#include <string_view>

#include "base/log.hpp"
#include "media/decoder_messages.hpp"
#include "media/worker/launcher.hpp"

namespace sluice {
namespace {

using namespace literals;

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
        case ChildFate::crowded:  // no film makes ffmpeg do so: somebody else runs in there
            return internal_error("WorkerCrashed", "processing failed");
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

}  // namespace

Processed<CleanRun> run_ffmpeg(
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
        return std::unexpected(internal_error("WorkerCrashed", "processing failed"));
    }
    const bool is_well = end->fate == ChildFate::exited && end->number == 0;
    const bool is_damaged = is_well && means_damage(end->decoder_messages, work.pictures);
    if (is_well && !is_damaged) {
        return CleanRun{end->decoder_messages};
    }
    log::warning(
        "ffmpeg_failed",
        is_well ? "ffmpeg succeeded with damaged pictures" : "ffmpeg did not succeed",
        {{"fate", static_cast<int>(end->fate)},
         {"number", end->number},
         {"messages", end->decoder_messages},
         {"stderr", end->complaint}}
    );
    return std::unexpected(is_damaged ? damaged_pictures(*end, work) : failure_of(*end, command));
}

}  // namespace sluice
