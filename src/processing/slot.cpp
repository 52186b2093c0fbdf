#include "processing/slot.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>
#include <string_view>
#include <variant>

#include "base/log.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds restart_pause_max = 5s;
constexpr Milliseconds store_pause = 1s;
constexpr Milliseconds store_pause_max = 30s;
constexpr int film_niceness = 5;

std::string_view kind_of(const LeasedJob& job) {
    constexpr std::array<std::string_view, 4> kinds{"image", "gif", "video", "text"};
    return kinds[static_cast<std::size_t>(family_of(job.upload.category))];
}

ProcessingFailure temporary(std::string_view reason) {
    return {2, "InternalError", std::string(reason), "temporary problem, try again"};
}

ProcessingFailure of_the_store(const Error& error) {
    return temporary(
        error.code == ErrorCode::storage_full           ? "NoSpace"
        : error.code == ErrorCode::storage_unavailable  ? storage_away
        : error.code == ErrorCode::database_unavailable ? storage_away
                                                        : "StorageError"
    );
}

Milliseconds since(Steady::time_point start) {
    return std::chrono::duration_cast<Milliseconds>(Steady::now() - start);
}

// Half of it to one and a half.
Milliseconds scattered(Milliseconds pause) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    return pause / 2 +
           Milliseconds(std::uniform_int_distribution<Milliseconds::rep>(0, pause.count())(random));
}

// The job's own folder, empty at first and gone at the end.
class Scratch {
  public:
    explicit Scratch(std::string path) : path_(std::move(path)) {
        clear();
        std::error_code error;
        is_usable_ = std::filesystem::create_directories(path_ + "/out", error);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { clear(); }

    bool is_usable() const { return is_usable_; }

  private:
    void clear() const {
        std::error_code ignored;  // what stays is emptied before the next attempt
        std::filesystem::remove_all(path_, ignored);
    }

    std::string path_;
    bool is_usable_ = false;
};

JobId job_of(const WorkerReport& report) {
    return std::visit(
        [](const auto& what) -> JobId {
            if constexpr (requires { what.job; }) {
                return what.job;
            } else {
                return {};
            }
        },
        report
    );
}

}  // namespace

Milliseconds pause_for_store(int tries) {
    return std::min(store_pause * (1 << std::min(tries - 1, 5)), store_pause_max);
}

void Slot::run() {
    while (!parts_.signals.is_stopping()) {
        if (!ensure_worker()) {
            const auto pause =
                parts_.settings.restart_pause * (1 << std::min(deaths_in_a_row_, 10));
            parts_.signals.pause(std::min(pause, restart_pause_max));
        } else if (!claim_and_work()) {
            parts_.signals.wait(wakes_seen_, scattered(parts_.settings.poll_interval));
        } else if (stores_away_ > 0) {
            parts_.signals.pause(pause_for_store(stores_away_)
            );  // the next job's bytes are there too
        }
    }
    if (worker_) {
        drop_worker("stopped");
    }
}

// False: not now; the caller pauses.
bool Slot::ensure_worker() {
    if (worker_ && worker_->has_exited()) {
        drop_worker("died_idle");
        ++deaths_in_a_row_;
        return false;
    }
    if (worker_) {
        return true;
    }
    std::vector<std::string> arguments;
    if (!parts_.settings.sandbox) {
        arguments.emplace_back(sandbox_off_argument);
    }
    auto started = WorkerProcess::start(parts_.settings.worker_path, arguments);
    if (!started) {
        ++deaths_in_a_row_;
        log::error(
            "worker_not_started", "a worker was not started", {{"detail", started.error().detail}}
        );
        return false;
    }
    worker_.emplace(*std::move(started));
    pid_ = worker_->pid();
    if (parts_.lane == Lane::film) {
        // What is quick, and the server, go before; the encoders inherit it.
        static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(pid_), film_niceness));
    }
    log::info("worker_started", "a worker was started", {{"pid", worker_->pid()}});
    return true;
}

void Slot::drop_worker(std::string_view reason) {
    pid_ = -1;
    const auto pid = worker_->pid();
    const auto death = worker_->kill();
    worker_.reset();
    parts_.metrics
        .counter(
            "sluice_worker_exits_total", "Workers that ended, by reason.", {{"reason", reason}}
        )
        .add();
    log::info(
        "worker_ended", "a worker ended", {{"pid", pid}, {"reason", reason}, {"death", death}}
    );
}

// False: nothing to do.
bool Slot::claim_and_work() {
    auto claimed = parts_.jobs.claim(parts_.settings.holder, parts_.lane);
    if (!claimed) {
        log::error("claim_failed", "no job could be claimed", {{"detail", claimed.error().detail}});
        return false;
    }
    if (!*claimed) {
        return false;
    }
    work(**claimed);
    return true;
}

void Slot::work(LeasedJob& job) {
    auto& running = parts_.metrics.gauge("sluice_jobs_running", "Jobs that workers are at.");
    running.add(1);
    const auto started = Steady::now();
    log::info(
        "job_started",
        "processing begins",
        {{"media_id", job.upload.id.text()}, {"job", job.id.value}, {"attempt", job.attempt}}
    );
    parts_.signals.begin(job.upload.id, interrupt_);
    const auto result = run(job);
    parts_.signals.end(job.upload.id, interrupt_);
    count(job, result, since(started));
    running.add(-1);
}

// The name of its end.
std::string_view Slot::run(LeasedJob& job) {
    const Scratch scratch(scratch_of(job));
    JobOrder order;
    if (auto unprepared = scratch.is_usable() ? prepare(job, order) : temporary("NoSpace")) {
        return retry(job, *std::move(unprepared));
    }
    if (!worker_->send(order)) {
        // It died before it had seen the job.
        drop_worker("died_idle");
        ++deaths_in_a_row_;
        return retry(job, temporary("Interrupted"));
    }
    return settle(job, order, supervise(job));
}

std::optional<ProcessingFailure> Slot::prepare(const LeasedJob& job, JobOrder& order) {
    const auto folder = scratch_of(job);
    auto input = parts_.jobs.input_of(job, folder + "/input");
    if (!input) {
        auto why = of_the_store(input.error());
        stores_away_ += why.reason == storage_away ? 1 : 0;
        if (why.reason != storage_away || stores_away_ == 1) {
            log::error(
                "input_unreadable",
                "the input could not be read",
                {{"detail", input.error().detail}}
            );
        }
        return why;
    }
    stores_away_ = 0;
    const auto family = family_of(job.upload.category);
    order = {
        .job = job.id,
        .media = job.upload.id,
        .category = job.upload.category,
        .declared_type = std::string(essence_of(job.upload.media_type)),
        .input = *std::move(input),
        .output_folder = folder + "/out",
        .cores = parts_.lane == Lane::film ? parts_.settings.cores_per_job : 1,
        .speed_factor = parts_.speed.factor(PredictedFrom::plan, family),
        .speed_spread = parts_.speed.spread(PredictedFrom::plan, family),
        .as_x = parts_.settings.as_x,
        .may_copy = parts_.settings.may_copy,
        .with_avif = parts_.settings.with_avif,
    };
    return std::nullopt;
}

Slot::End Slot::supervise(LeasedJob& job) {
    progress_.reset();
    beat_at_ = heard_at_ = Steady::now();
    while (true) {
        const auto until_beat = parts_.settings.heartbeat - since(beat_at_);
        auto reports = worker_->reports(interrupt_.event(), until_beat);
        if (parts_.signals.is_stopping()) {
            return Stopped{};
        }
        if (interrupt_.is_raised()) {
            return Lost{};
        }
        if (!reports) {
            return Died{reports.error().detail};
        }
        auto end = take_all(job, *reports);
        if (!end) {
            end = beat(job);
        }
        if (end) {
            return *std::move(end);
        }
    }
}

std::optional<Slot::End> Slot::take_all(LeasedJob& job, const std::vector<WorkerReport>& reports) {
    for (const auto& report : reports) {
        if (auto end = take(job, report)) {
            return end;
        }
    }
    return std::nullopt;
}

std::optional<Slot::End> Slot::take(LeasedJob& job, const WorkerReport& report) {
    heard_at_ = Steady::now();
    if (std::holds_alternative<WorkerHello>(report)) {
        return std::nullopt;
    }
    if (job_of(report) != job.id) {
        return Died{"spoke of a job that is not its own"};
    }
    if (const auto* done = std::get_if<DoneReport>(&report)) {
        return *done;
    }
    if (const auto* failed = std::get_if<FailedReport>(&report)) {
        return *failed;
    }
    if (const auto* playable = std::get_if<PlayableReport>(&report)) {
        return publish_early(job, *playable);
    }
    progress_ = std::get<ProgressReport>(report);
    return std::nullopt;
}

std::optional<Slot::End> Slot::publish_early(const LeasedJob& job, const PlayableReport& report) {
    const auto done = parts_.jobs.publish_early(job, scratch_of(job) + "/out", report.outputs);
    if (done) {
        heard_at_ =
            Steady::now();  // it may have taken long, and what was said meanwhile is not read
        return std::nullopt;
    }
    if (done.error().code == ErrorCode::store_conflict) {
        return Lost{};
    }
    log::error("publish_failed", "outputs were not stored", {{"detail", done.error().detail}});
    if (done.error().code == ErrorCode::database_unavailable) {
        return Stopped{};
    }
    // The worker is at it still, and its files may be gone: it begins again.
    return Unpublished{of_the_store(done.error())};
}

std::optional<Slot::End> Slot::beat(LeasedJob& job) {
    if (since(heard_at_) > parts_.settings.silence_max) {
        return Died{"said nothing for too long"};
    }
    if (since(beat_at_) < parts_.settings.heartbeat) {
        return std::nullopt;
    }
    beat_at_ = Steady::now();
    const auto kept = progress_ ? parts_.jobs.report(job, *progress_) : parts_.jobs.keep(job);
    progress_.reset();
    if (!kept && kept.error().code == ErrorCode::store_conflict) {
        return Lost{};
    }
    if (!kept) {
        // The lease lasts longer than a few beats: perhaps the next one succeeds.
        log::warning(
            "heartbeat_failed", "progress was not stored", {{"detail", kept.error().detail}}
        );
    }
    return std::nullopt;
}

// Does what the end asks for; returns its name for log and metrics.
std::string_view Slot::settle(LeasedJob& job, const JobOrder& order, const End& end) {
    if (const auto* done = std::get_if<DoneReport>(&end)) {
        deaths_in_a_row_ = 0;
        return publish(job, order, *done);
    }
    if (const auto* failed = std::get_if<FailedReport>(&end)) {
        deaths_in_a_row_ = 0;
        if (failed->may_retry) {
            return retry(job, failed->failure);
        }
        return parts_.jobs.fail(job, failed->failure) ? "failed" : "lost";
    }
    if (const auto* died = std::get_if<Died>(&end)) {
        log::warning(
            "worker_died",
            "a worker was lost in the middle of a job",
            {{"media_id", job.upload.id.text()}, {"why", died->why}}
        );
        drop_worker("died_working");
        ++deaths_in_a_row_;
        return retry(job, {2, "InternalError", "WorkerCrashed", "processing failed"});
    }
    if (const auto* unpublished = std::get_if<Unpublished>(&end)) {
        drop_worker("publish_failed");
        return retry(job, unpublished->why);
    }
    if (std::holds_alternative<Lost>(end)) {
        drop_worker("job_cancelled");
        return "lost";
    }
    drop_worker("stopped");
    return parts_.jobs.release(job) ? "released" : "lost";
}

std::string_view Slot::publish(LeasedJob& job, const JobOrder& order, const DoneReport& report) {
    const auto published = parts_.jobs.succeed(job, order.output_folder, report);
    if (!published && published.error().code == ErrorCode::store_conflict) {
        return "lost";
    }
    if (!published) {
        log::error(
            "publish_failed", "outputs were not stored", {{"detail", published.error().detail}}
        );
        if (published.error().code == ErrorCode::database_unavailable) {
            return parts_.jobs.release(job) ? "released" : "lost";
        }
        return retry(job, of_the_store(published.error()));
    }
    // What is copied is done in a moment, which tells nothing of the machine's speed.
    is_telling_ = std::ranges::none_of(report.outputs, &ProducedFile::is_copied);
    if (is_telling_) {
        const auto family = family_of(job.upload.category);
        parts_.speed.observe(PredictedFrom::plan, family, report.predicted, report.spent);
    }
    return "ready";
}

std::string_view Slot::retry(const LeasedJob& job, ProcessingFailure why) {
    const auto given = parts_.jobs.give_back(job, std::move(why));
    if (!given) {
        return "lost";
    }
    if (*given == GivenBack::failed_for_good) {
        return "failed";
    }
    parts_.metrics.counter("sluice_job_retries_total", "Jobs that went back into the queue.").add();
    return "retried";
}

void Slot::count(const LeasedJob& job, std::string_view result, Milliseconds took) {
    const auto kind = kind_of(job);
    parts_.metrics
        .counter(
            "sluice_jobs_total", "Jobs that ended, by result.", {{"kind", kind}, {"result", result}}
        )
        .add();
    parts_.metrics
        .histogram("sluice_job_duration_seconds", "From claim to commit.", {{"kind", kind}})
        .observe(static_cast<double>(took.count()) / 1000);
    if (result == "ready" && is_telling_) {
        parts_.speed.observe(
            PredictedFrom::size, family_of(job.upload.category), job.cost_expected, took
        );
        parts_.speed_file.save_now_and_then();
    }
    log::info(
        "job_ended",
        "processing ended",
        {{"media_id", job.upload.id.text()},
         {"job", job.id.value},
         {"attempt", job.attempt},
         {"result", result},
         {"took_ms", took.count()}}
    );
}

std::string Slot::scratch_of(const LeasedJob& job) const {
    // The fence, because whoever lost the lease may be at it still.
    return parts_.settings.scratch_folder + "/" + std::to_string(job.id.value) + "-" +
           std::to_string(job.fence);
}

}  // namespace sluice
