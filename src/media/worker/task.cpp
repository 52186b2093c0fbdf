#include "media/worker/task.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "base/log.hpp"

namespace sluice {
namespace {

// The descriptor that the sandbox left to it; a reader that is gone ends the process by SIGPIPE.
void say(std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(child_report_descriptor, text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            ::_exit(1);
        }
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
}

bool ran_out_of_memory(const ChildEnd& end) {
    // GLib ends the process with these words, the language with the others.
    return end.complaint.find("failed to allocate") != std::string::npos ||
           end.complaint.find("bad_alloc") != std::string::npos;
}

ProcessingFailure resource_limit(std::string_view what) {
    return invalid_media("ResourceLimit", what);
}

std::string count_of(ByteCount bytes) {
    return std::to_string(bytes.value >> 20) + " MiB";
}

ProcessingFailure failure_of(const ChildEnd& end, const TaskLimits& limits) {
    if (ran_out_of_memory(end)) {
        return resource_limit(
            "decoding it needs more memory than the limit of " + count_of(limits.memory_max)
        );
    }
    if (end.fate == ChildFate::signalled && end.number == SIGXCPU) {
        return resource_limit(
            "decoding it takes more processor time than the limit of " +
            seconds_text(limits.cpu_max)
        );
    }
    const bool is_too_large = end.fate == ChildFate::signalled && end.number == SIGXFSZ;
    if (is_too_large || end.fate == ChildFate::overfull) {
        return resource_limit(
            "its output is larger than the limit of " + count_of(limits.file_bytes_max)
        );
    }
    if (end.fate == ChildFate::abandoned) {
        return internal_error("Interrupted", "temporary problem, try again");
    }
    if (end.fate == ChildFate::timed_out || end.fate == ChildFate::stalled) {
        return internal_error(
            "Timeout", "processing took longer than the limit of " + seconds_text(limits.wall_max)
        );
    }
    return internal_error("WorkerCrashed", "processing failed");
}

void log_end(const ChildEnd& end) {
    const bool is_attack = end.fate == ChildFate::signalled && end.number == SIGSYS;
    const bool is_well = end.fate == ChildFate::exited && end.number == 0;
    if (is_well && end.complaint.empty()) {
        return;
    }
    log::write(
        is_well ? log::Level::info : log::Level::warning,
        is_attack ? "decoder_attacked" : "decoder_complained",
        is_attack ? "a decoder tried what no decoder does, and was ended"
                  : "a decoder said something, or did not end well",
        {{"fate", static_cast<int>(end.fate)}, {"number", end.number}, {"stderr", end.complaint}}
    );
}

// Nothing: it went as it should.
std::optional<ProcessingFailure> run(
    const TaskRoom& room,
    const std::function<void()>& body,
    const std::function<Heard(std::string_view)>& on_report,
    const std::function<void()>& on_tick
) {
    const auto& limits = room.limits;
    auto sandbox = Sandbox::prepare(
        {"", room.input, room.output_folder},
        {limits.memory_max, limits.file_bytes_max, limits.cpu_max},
        room.walls
    );
    Result<ChildEnd> end = ChildEnd{};
    if (sandbox) {
        const auto wall_max = std::chrono::milliseconds(limits.wall_max);
        constexpr std::uint64_t outputs_per_file = 4;
        const ChildWatch watch{
            .wall_max = wall_max,
            .stall_max = wall_max,
            .output_folder = room.output_folder,
            .output_bytes_max = {outputs_per_file * limits.file_bytes_max.value},
            .on_report = on_report,
            .on_tick = on_tick,
        };
        const auto to_the_end = [&body] {
            body();
            return 0;
        };
        end = run_behind_walls(*std::move(sandbox), to_the_end, watch);
    }
    if (!sandbox || !end) {
        const auto& error = sandbox ? end.error() : sandbox.error();
        log::error("child_not_started", "a task was not started", {{"detail", error.detail}});
        return internal_error("WorkerCrashed", "processing failed");
    }
    log_end(*end);
    const bool is_well = end->fate == ChildFate::exited && end->number == 0;
    return is_well ? std::nullopt : std::optional(failure_of(*end, limits));
}

// Takes the reports of one job apart from what is none.
class Reports {
  public:
    Reports(JobId job, const Send& send) : job_(job), send_(send) {}

    Heard feed(std::string_view bytes) {
        buffer_ += bytes;
        std::size_t start = 0;
        for (auto end = buffer_.find('\n'); end != std::string::npos;
             end = buffer_.find('\n', start)) {
            if (!take(std::string_view(buffer_).substr(start, end - start))) {
                return Heard::nonsense;
            }
            start = end + 1;
        }
        buffer_.erase(0, start);
        return buffer_.size() > worker_line_max ? Heard::nonsense : Heard::progress;
    }

    std::optional<WorkerReport> take_end() { return std::move(end_); }

  private:
    bool take(std::string_view line) {
        auto report = decode_report(line);
        if (!report || end_) {
            return false;
        }
        if (const auto* progress = std::get_if<ProgressReport>(&*report)) {
            if (progress->job == job_) {
                send_(*report);
            }
            return progress->job == job_;
        }
        const auto* done = std::get_if<DoneReport>(&*report);
        const auto* failed = std::get_if<FailedReport>(&*report);
        const bool is_ours =
            (done != nullptr && done->job == job_) || (failed != nullptr && failed->job == job_);
        if (is_ours) {
            end_ = *std::move(report);
        }
        return is_ours;
    }

    JobId job_;
    const Send& send_;
    std::string buffer_;
    std::optional<WorkerReport> end_;
};

}  // namespace

Processed<std::string> text_of_task(
    const TaskRoom& room,
    const std::function<std::string()>& make,
    const std::function<void()>& on_tick
) {
    std::string text;
    const auto hear = [&text](std::string_view bytes) {
        text += bytes;
        return text.size() > task_text_max ? Heard::nonsense : Heard::progress;
    };
    if (auto failed = run(room, [&make] { say(make()); }, hear, on_tick)) {
        return std::unexpected(*std::move(failed));
    }
    return text;
}

WorkerReport report_of_task(
    const TaskRoom& room,
    JobId job,
    const std::function<WorkerReport(const Send&)>& work,
    const Send& send
) {
    Reports reports(job, send);
    const auto body = [&work] {
        const Send send_up = [](const WorkerReport& report) { say(encode(report)); };
        say(encode(work(send_up)));
    };
    const auto hear = [&reports](std::string_view bytes) { return reports.feed(bytes); };
    auto failed = run(room, body, hear, {});
    auto end = reports.take_end();
    if (!failed && end) {
        return *std::move(end);
    }
    auto why = failed.value_or(internal_error("WorkerCrashed", "processing failed"));
    const bool may_retry = why.code == 2;
    return FailedReport{job, std::move(why), may_retry};
}

}  // namespace sluice
