// The half of MemoryMetadataStore that deals with jobs.
#include <algorithm>
#include <ranges>

#include "core/job_pause.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

Error lease_lost() {
    return {.code = ErrorCode::store_conflict, .detail = "the lease was lost"};
}

// What is left of a job that runs, by its own estimate or else by its share.
std::chrono::milliseconds cost_left(
    const Progress& progress, std::chrono::milliseconds cost_expected, WallTime now
) {
    if (progress.ends_at) {
        return std::max(*progress.ends_at - now, std::chrono::milliseconds{0});
    }
    return cost_expected * (100 - progress.percent) / 100;
}

}  // namespace

MemoryMetadataStore::JobRow* MemoryMetadataStore::job_of(MediaId id) {
    const auto found =
        std::ranges::find_if(jobs_, [id](const auto& j) { return j.second.job.media == id; });
    return found == jobs_.end() ? nullptr : &found->second;
}

MemoryMetadataStore::JobRow* MemoryMetadataStore::leased_job(JobId id, std::uint64_t fence) {
    const auto found = jobs_.find(id);
    const bool is_held =
        found != jobs_.end() && found->second.is_leased && found->second.fence == fence;
    return is_held ? &found->second : nullptr;
}

MemoryMetadataStore::JobRow* MemoryMetadataStore::next_job(WallTime now) {
    JobRow* best = nullptr;
    for (auto& [id, row] : jobs_) {
        const bool is_time = row.job.run_at <= now || row.job.run_at > now + job_pause_max;
        const bool is_free = !row.is_leased || row.lease_until < now;
        const Row* of = row_of(row.job.media);
        const bool is_wanted = of != nullptr && (of->upload.state == UploadState::queued ||
                                                 of->upload.state == UploadState::processing);
        if (is_time && is_free && is_wanted &&
            (best == nullptr || row.job.run_at < best->job.run_at)) {
            best = &row;
        }
    }
    return best;
}

void MemoryMetadataStore::drop_job_of(MediaId id) {
    std::erase_if(jobs_, [id](const auto& item) { return item.second.job.media == id; });
}

void MemoryMetadataStore::release(JobRow& row, WallTime now) {
    row.is_leased = false;
    row.holder.clear();
    Upload& upload = row_of(row.job.media)->upload;
    if (auto released = upload.released(now)) {
        upload = *std::move(released);
    }
}

Result<std::optional<LeasedJob>> MemoryMetadataStore::claim_job(
    const std::string& holder, WallTime now, WallTime lease_until
) {
    const std::scoped_lock lock(mutex_);
    JobRow* job = next_job(now);
    if (job == nullptr) {
        return std::optional<LeasedJob>();
    }
    Row& row = *row_of(job->job.media);
    auto claimed = row.upload.claimed(now);
    if (!claimed) {
        return std::move(claimed).error();
    }
    row.upload = *std::move(claimed);
    job->is_leased = true;
    job->holder = holder;
    job->lease_until = lease_until;
    ++job->fence;
    ++job->attempt;
    return std::optional(
        LeasedJob{job->job.id, job->fence, job->attempt, row.upload, layout_of(row.segments)}
    );
}

Result<void> MemoryMetadataStore::heartbeat(
    JobId id, std::uint64_t fence, const Progress& progress, WallTime lease_until
) {
    const std::scoped_lock lock(mutex_);
    JobRow* job = leased_job(id, fence);
    if (job == nullptr) {
        return lease_lost();
    }
    Upload& upload = row_of(job->job.media)->upload;
    auto next = upload.with_progress(progress, upload.changed_at);
    if (!next) {
        return std::move(next).error();
    }
    upload = *std::move(next);
    job->lease_until = lease_until;
    return ok();
}

Result<void> MemoryMetadataStore::finish_job(
    JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
) {
    const std::scoped_lock lock(mutex_);
    JobRow* job = leased_job(id, fence);
    if (job == nullptr || job->job.media != upload.id) {
        return lease_lost();
    }
    Row& row = *row_of(upload.id);
    replace(row.upload, upload);
    row.outputs = outputs;
    jobs_.erase(id);
    return ok();
}

Result<void> MemoryMetadataStore::release_job(
    JobId id, std::uint64_t fence, WallTime run_at, bool counts
) {
    const std::scoped_lock lock(mutex_);
    JobRow* job = leased_job(id, fence);
    if (job == nullptr) {
        return lease_lost();
    }
    Upload& upload = row_of(job->job.media)->upload;
    release(*job, upload.changed_at);
    job->job.run_at = run_at;
    if (!counts) {
        --job->attempt;
        --upload.attempts;
    }
    return ok();
}

Result<std::uint32_t> MemoryMetadataStore::release_jobs_of(
    const std::string& holder, WallTime now
) {
    const std::scoped_lock lock(mutex_);
    std::uint32_t released = 0;
    for (auto& [id, row] : jobs_) {
        if (row.is_leased && row.holder == holder) {
            release(row, now);
            ++released;
        }
    }
    return released;
}

Result<QueuePosition> MemoryMetadataStore::queue_position(MediaId id, WallTime now) {
    const std::scoped_lock lock(mutex_);
    const JobRow* own = job_of(id);
    if (own == nullptr) {
        return Error{.code = ErrorCode::store_not_found, .media_id = id.value};
    }
    QueuePosition position{.cost_expected = own->job.cost_expected};
    for (const auto& [other_id, other] : jobs_) {
        const bool waits_before =
            std::pair(other.job.run_at, other_id) < std::pair(own->job.run_at, own->job.id);
        const bool is_told = position.cost_ahead < QueuePosition::cost_told_max;
        if (own->is_leased || &other == own || (!other.is_leased && !waits_before) || !is_told) {
            continue;
        }
        ++position.jobs_ahead;
        const Progress& progress = row_of(other.job.media)->upload.progress;
        position.cost_ahead += other.is_leased ? cost_left(progress, other.job.cost_expected, now)
                                               : other.job.cost_expected;
    }
    return position;
}

}  // namespace sluice
