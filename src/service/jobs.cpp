#include "service/jobs.hpp"

#include <algorithm>
#include <tuple>

#include "base/log.hpp"
#include "service/quarantine.hpp"
#include "service/timeline.hpp"

namespace sluice {
namespace {

// A job that is put off is not the next one again.
constexpr std::chrono::milliseconds shortest_delay{100};
constexpr int settled_at_once = 50;
// No disk that anybody serves from is slower at syncing.
constexpr std::uint64_t slowest_bytes_per_ms = 10'000;

struct Merged {
    std::vector<Output> all;
    std::vector<Output> replaced;
};

// What is best to begin with comes first: by role, and the largest.
bool is_before(const Output& a, const Output& b) {
    const auto area = [](const Output& output) {
        return std::uint64_t{output.width} * output.height;
    };
    return std::tuple(a.role, area(b), a.name) < std::tuple(b.role, area(a), b.name);
}

// Shows or says what the original does.
bool stands_for_it(const Output& output) {
    const bool is_whole = output.role == OutputRole::rendition ||
                          output.role == OutputRole::picture || output.role == OutputRole::captions;
    return is_whole && output.extent.length.value > 0;
}

Merged merged(std::vector<Output> before, const std::vector<Output>& made) {
    Merged result{.all = made, .replaced = {}};
    for (Output& output : before) {
        const bool is_replaced = std::ranges::find(made, output.name, &Output::name) != made.end();
        (is_replaced ? result.replaced : result.all).push_back(std::move(output));
    }
    std::ranges::sort(result.all, is_before);
    return result;
}

}  // namespace

Jobs::Jobs(
    MetadataStore& metadata,
    BlobStore& blobs,
    const Clock& clock,
    IdSource& ids,
    JobSettings settings,
    Faults* faults,
    Timeline* timeline
)
    : metadata_(metadata),
      blobs_(blobs),
      clock_(clock),
      ids_(ids),
      settings_(std::move(settings)),
      faults_(faults),
      timeline_(timeline) {}

void Jobs::note(const LeasedJob& job, const char* step, std::string facts, std::string code) {
    if (timeline_ == nullptr) {
        return;
    }
    TimelineEvent event;
    event.at = event.last_at = clock_.now();
    event.call = step;
    event.facts = std::move(facts);
    event.code = std::move(code);
    timeline_->note(job.upload.owner, job.upload.id, std::move(event));
}

Result<std::optional<LeasedJob>> Jobs::claim(const std::string& holder, Lane lane) {
    // More than a few in a row, and whoever wants to stop us waits.
    for (int settled = 0; settled < settled_at_once; ++settled) {
        const auto now = clock_.now();
        auto claimed = metadata_.claim_job(lane, holder, now, settings_.lease);
        if (!claimed || !*claimed) {
            return claimed;
        }
        note(**claimed, "job.claimed", "Attempt " + std::to_string((*claimed)->attempt) + ".");
        const auto is_settled = settled_unseen(**claimed);
        if (!is_settled) {
            return is_settled.error();
        }
        if (!*is_settled) {
            return claimed;
        }
    }
    return std::optional<LeasedJob>();
}

Result<bool> Jobs::settled_unseen(const LeasedJob& job) {
    auto why = hopeless(job);
    if (!why) {
        return std::move(why).error();
    }
    if (!*why) {
        return weathered(job);
    }
    auto failed = fail(job, **std::move(why));
    const bool is_lost = !failed && failed.error().code == ErrorCode::store_conflict;
    return failed || is_lost ? Result<bool>(true) : std::move(failed).error();
}

Result<std::optional<ProcessingFailure>> Jobs::hopeless(const LeasedJob& job) {
    const auto now = clock_.now();
    if (job.interruptions() >= settings_.interruptions_max) {
        return std::optional(interrupted_too_often(job.interruptions(), now + settings_.quarantine)
        );
    }
    return set_aside(metadata_, job.upload, settings_.quarantine, now);
}

Result<bool> Jobs::weathered(const LeasedJob& job) {
    const auto fault = faults_ == nullptr ? std::nullopt : faults_->strike_job(job.upload.id.value);
    if (!fault) {
        return false;
    }
    const auto done = fault->kind == FaultKind::processing_fails
                          ? fail(job, {0, "InternalError", "FaultInjected", "Internal error"})
                          : metadata_.release_job(
                                job.id,
                                job.fence,
                                clock_.now() + std::max(fault->delay, shortest_delay),
                                Counted::not_at_all
                            );
    return done ? Result<bool>(true) : done.error();
}

Result<void> Jobs::report(LeasedJob& job, const ProgressReport& progress) {
    return beat(
        job,
        {
            .percent = progress.percent,
            .ends_at = clock_.now() + progress.remaining,
            .step = progress.step,
        }
    );
}

Result<void> Jobs::keep(LeasedJob& job) {
    return beat(job, job.upload.progress);
}

Result<void> Jobs::beat(LeasedJob& job, Progress progress) {
    const auto now = clock_.now();
    auto next = job.upload.with_progress(std::move(progress), now);
    if (!next) {
        return std::move(next).error();
    }
    const bool is_new_step = next->progress.step != job.upload.progress.step;
    job.upload = *std::move(next);
    if (is_new_step) {
        note(job, "job.step", job.upload.progress.step);
    }
    return metadata_.heartbeat(job.id, job.fence, job.upload.progress, now, settings_.lease);
}

Result<void> Jobs::publish_early(
    const LeasedJob& job, const std::string& folder, const std::vector<ProducedFile>& files
) {
    auto before = outputs_of(job);
    if (!before) {
        return std::move(before).error();
    }
    // What an earlier attempt published stays as it is.
    auto missing = files;
    std::erase_if(missing, [&before](const ProducedFile& file) {
        return std::ranges::find(*before, file.name, &Output::name) != before->end();
    });
    auto outputs = publish(job, folder, missing);
    if (!outputs) {
        return std::move(outputs).error();
    }
    const auto all = merged(*std::move(before), *outputs).all;
    const auto save = [&] { return metadata_.save_outputs(job.id, job.fence, all); };
    auto saved = persist(save, [] { return false; });  // saving them twice changes nothing
    forget_unless(saved, job, *outputs);
    if (saved) {
        note(job, "job.playable", std::to_string(outputs->size()) + " files can be used already.");
    }
    return saved;
}

Result<void> Jobs::succeed(
    const LeasedJob& job, const std::string& folder, const DoneReport& report
) {
    auto ready = job.upload.succeeded(report.content, clock_.now());
    if (!ready) {
        return std::move(ready).error();
    }
    auto before = outputs_of(job);
    if (!before) {
        return std::move(before).error();
    }
    auto outputs = publish(job, folder, report.outputs);
    if (!outputs) {
        return std::move(outputs).error();
    }
    auto [all, replaced] = merged(*std::move(before), *outputs);
    // A worker that says it made nothing is not believed.
    if (!settings_.keeps_original && std::ranges::any_of(all, stands_for_it)) {
        ready = ready->without_original();
    }
    auto finished = finish(job, *ready, all);
    forget_unless(finished, job, *outputs);
    if (finished) {
        forget(replaced);
        if (!ready->has_original) {
            forget_original(job);
        }
        note(job, "job.ready", std::to_string(all.size()) + " files were made.");
    }
    return finished;
}

Result<void> Jobs::fail(const LeasedJob& job, ProcessingFailure why) {
    auto failed = job.upload.failed_with(std::move(why), clock_.now());
    if (!failed) {
        return std::move(failed).error();
    }
    const auto early = outputs_of(job);
    if (!early) {
        return early.error();
    }
    auto finished = finish(job, *failed, {});
    if (finished) {
        forget(*early);
        const ProcessingFailure& told = *failed->failure;
        note(job, "job.failed", told.reason + ": " + told.message, "media_failed");
    }
    return finished;
}

Result<GivenBack> Jobs::give_back(const LeasedJob& job, ProcessingFailure why) {
    const bool is_crash = why.reason == "WorkerCrashed";
    const WallTime finished_at = job.upload.finalized_at.value_or(job.upload.created_at);
    const bool is_store_away =
        why.reason == storage_away && clock_.now() - finished_at < settings_.away_max;
    const bool was_last = is_crash ? job.crashes + 1 >= settings_.crashes_max
                                   : job.failures + 1 >= settings_.attempts_max;
    if (was_last && !is_store_away) {
        if (is_crash) {
            why = crashed_too_often(job.crashes + 1, clock_.now() + settings_.quarantine);
        }
        if (auto failed = fail(job, std::move(why)); !failed) {
            return std::move(failed).error();
        }
        return GivenBack::failed_for_good;
    }
    const auto& pauses = settings_.back_off;
    const auto given_back =
        static_cast<std::size_t>(job.failures) + static_cast<std::size_t>(job.crashes);
    const auto pause = pauses.empty() ? std::chrono::milliseconds{0}
                                      : pauses[std::min(given_back, pauses.size() - 1)];
    const auto as = is_crash        ? Counted::as_crash
                    : is_store_away ? Counted::not_at_all
                                    : Counted::as_failure;
    auto released = metadata_.release_job(job.id, job.fence, clock_.now() + pause, as);
    if (!released) {
        return std::move(released).error();
    }
    note(job, "job.retry", why.reason + ": " + why.message);
    return GivenBack::will_be_tried_again;
}

Result<void> Jobs::release(const LeasedJob& job) {
    note(job, "job.released", "The server stops.");
    return metadata_.release_job(job.id, job.fence, clock_.now(), Counted::not_at_all);
}

Result<void> Jobs::stay_alive(const LeasedJob& job, ByteCount next, WallTime& beaten_at) {
    const auto now = clock_.now();
    const std::chrono::milliseconds to_sync(next.value / slowest_bytes_per_ms);
    const bool was_set_back = now < beaten_at;
    if (!was_set_back && now - beaten_at + to_sync < settings_.lease / 3) {
        return ok();
    }
    beaten_at = now;
    auto beaten =
        metadata_.heartbeat(job.id, job.fence, job.upload.progress, now, settings_.lease + to_sync);
    const bool is_lost = !beaten && beaten.error().code == ErrorCode::store_conflict;
    return is_lost ? std::move(beaten) : ok();
}

// What was made waits for a store that is away.
Result<AdoptedFile> Jobs::adopt(
    const LeasedJob& job,
    const std::string& path,
    ByteCount size,
    WallTime& beaten_at,
    WallTime until
) {
    for (auto waited = std::chrono::milliseconds{0};; waited += settings_.finish_pause) {
        if (auto alive = stay_alive(job, size, beaten_at); !alive) {
            return std::move(alive).error();
        }
        auto adopted = blobs_.adopt_file(BlobId{ids_.next()}, path);
        const bool is_away = !adopted && adopted.error().code == ErrorCode::storage_unavailable;
        // To be told that it is away may take far longer than the pause.
        const bool is_over = waited >= settings_.finish_patience || clock_.now() >= until;
        if (!is_away || is_over || !wait_(settings_.finish_pause)) {
            return adopted;
        }
    }
}

Result<std::vector<Output>> Jobs::publish(
    const LeasedJob& job, const std::string& folder, const std::vector<ProducedFile>& files
) {
    std::vector<Output> outputs;
    auto beaten_at = clock_.now();
    const auto until = beaten_at + settings_.finish_patience;
    for (const auto& file : files) {
        auto adopted = adopt(job, folder + "/" + file.name, file.size, beaten_at, until);
        if (!adopted) {
            forget(outputs);
            return std::move(adopted).error();
        }
        outputs.push_back({
            .name = file.name,
            .content_type = file.content_type,
            .extent = adopted->extent,
            .width = file.width,
            .height = file.height,
            .duration_ms = file.duration_ms,
            .role = file.role,
            .is_copied = file.is_copied,
            .placeholder = file.placeholder,
            .made_at = clock_.now(),
            .crc32c = adopted->crc32c,
        });
    }
    return outputs;
}

// After any other error the commit may have happened: rather a blob that nobody knows than one that
// is missing.
void Jobs::forget_unless(
    const Result<void>& kept, const LeasedJob& job, std::vector<Output> outputs
) {
    if (kept || kept.error().code != ErrorCode::store_conflict) {
        return;
    }
    // A commit whose answer was lost may have named them, before somebody else took the job.
    const auto named = metadata_.outputs(job.upload.id);
    if (!named) {
        return;
    }
    std::erase_if(outputs, [&named](const Output& output) {
        return std::ranges::find(*named, output.extent, &Output::extent) != named->end();
    });
    forget(outputs);
}

void Jobs::forget(const std::vector<Output>& outputs) {
    std::vector<Extent> extents;
    std::ranges::transform(outputs, std::back_inserter(extents), &Output::extent);
    forget(extents);
}

// Parts that were joined may be those of another upload too.
void Jobs::forget_original(const LeasedJob& job) {
    std::vector<Extent> own;
    for (const Extent& extent : job.layout) {
        const auto is_held = metadata_.is_held_elsewhere(job.upload.id, extent);
        if (is_held && !*is_held) {
            own.push_back(extent);
        }
    }
    forget(own);
}

// What stays behind nobody names; the next look for orphans finds it.
void Jobs::forget(const std::vector<Extent>& extents) {
    for (const auto& extent : extents) {
        if (auto removed = blobs_.remove(extent); !removed) {
            log::warning(
                "blob_not_removed",
                "bytes that nobody needs stay behind",
                {{"blob", extent.blob.value}, {"detail", removed.error().detail}}
            );
        }
    }
}

}  // namespace sluice
