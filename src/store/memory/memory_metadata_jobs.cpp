// The half of MemoryMetadataStore that deals with jobs.
#include <algorithm>
#include <ranges>
#include <tuple>

#include "core/job_pause.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

Error lease_lost() {
    return {.code = ErrorCode::store_conflict, .detail = "the lease was lost"};
}

bool is_due(const NewJob& job, WallTime now) {
    return job.run_at <= now || job.run_at > now + job_pause_max;
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

// The job's upload, if it waits for the job's end.
const Upload* MemoryMetadataStore::upload_wanting(const JobRow& job) const {
    const auto found = uploads_.find(job.job.media);
    if (found == uploads_.end()) {
        return nullptr;
    }
    const Upload& upload = found->second.upload;
    const bool waits =
        upload.state == UploadState::queued || upload.state == UploadState::processing;
    return waits ? &upload : nullptr;
}

// Whether a suspect leaves room for a job of this lane: see alone_max.
bool MemoryMetadataStore::may_begin(Lane lane, const std::string& holder, WallTime now) const {
    bool one_runs = false;
    const JobRow* first = nullptr;
    for (const auto& [id, row] : jobs_) {
        const Upload* upload = upload_wanting(row);
        if (!row.is_suspect || upload == nullptr) {
            continue;
        }
        const bool runs = row.is_leased && row.lease_until >= now;
        one_runs |= runs;
        if (runs && row.holder == holder && upload->changed_at + alone_max > now) {
            return false;
        }
        const bool waits = !runs && (row.is_leased || is_due(row.job, now));
        if (waits && (first == nullptr || row.job.rank < first->job.rank)) {
            first = &row;
        }
    }
    return one_runs || first == nullptr || first->job.lane == lane;
}

MemoryMetadataStore::JobRow* MemoryMetadataStore::next_job(Lane lane, WallTime now) {
    JobRow* best = nullptr;
    for (auto& [id, row] : jobs_) {
        const bool is_free = !row.is_leased || row.lease_until < now;
        const bool is_candidate = row.job.lane == lane && is_due(row.job, now) && is_free &&
                                  upload_wanting(row) != nullptr;
        if (is_candidate && (best == nullptr || is_before(row, *best))) {
            best = &row;
        }
    }
    return best;
}

// Suspects first, then by rank.
bool MemoryMetadataStore::is_before(const JobRow& a, const JobRow& b) {
    return std::tuple(!a.is_suspect, a.job.rank, a.job.id) <
           std::tuple(!b.is_suspect, b.job.rank, b.job.id);
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
    Lane lane, const std::string& holder, WallTime now, std::chrono::milliseconds lease
) {
    const std::scoped_lock lock(mutex_);
    JobRow* job = may_begin(lane, holder, now) ? next_job(lane, now) : nullptr;
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
    job->lease_until = now + lease;
    ++job->fence;
    ++job->attempt;
    return std::optional(LeasedJob{
        .id = job->job.id,
        .fence = job->fence,
        .attempt = job->attempt,
        .failures = job->failures,
        .crashes = job->crashes,
        .cost_expected = job->job.cost_expected,
        .upload = row.upload,
        .layout = layout_of(row.segments),
    });
}

Result<void> MemoryMetadataStore::heartbeat(
    JobId id,
    std::uint64_t fence,
    const Progress& progress,
    WallTime now,
    std::chrono::milliseconds lease
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
    job->lease_until = now + lease;
    return ok();
}

Result<void> MemoryMetadataStore::save_outputs(
    JobId id, std::uint64_t fence, const std::vector<Output>& outputs
) {
    const std::scoped_lock lock(mutex_);
    JobRow* job = leased_job(id, fence);
    if (job == nullptr) {
        return lease_lost();
    }
    row_of(job->job.media)->outputs = outputs;
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
    if (!upload.has_original) {
        for (auto& [index, segment] : row.segments) {
            segment.extent.blob = {};
            segment.extent.offset = {};
        }
    }
    jobs_.erase(id);
    return ok();
}

Result<void> MemoryMetadataStore::release_job(
    JobId id, std::uint64_t fence, WallTime run_at, Counted as
) {
    const std::scoped_lock lock(mutex_);
    JobRow* job = leased_job(id, fence);
    if (job == nullptr) {
        return lease_lost();
    }
    Upload& upload = row_of(job->job.media)->upload;
    release(*job, upload.changed_at);
    job->job.run_at = run_at;
    job->is_suspect = false;
    job->failures += as == Counted::as_failure ? 1 : 0;
    job->crashes += as == Counted::as_crash ? 1 : 0;
    if (as == Counted::not_at_all) {
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
            row.is_suspect = true;
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
    QueuePosition position{
        .lane = own->job.lane, .run_at = own->job.run_at, .cost_expected = own->job.cost_expected
    };
    if (own->is_leased) {
        return position;
    }
    std::vector<const JobRow*> before;
    for (const auto& [other_id, other] : jobs_) {
        const Upload* upload = other.job.lane == own->job.lane ? upload_wanting(other) : nullptr;
        if (upload != nullptr && other.is_leased) {
            position.running.push_back({
                .family = family_of(upload->category),
                .cost_expected = other.job.cost_expected,
                .since = upload->changed_at,
                .ends_at = upload->progress.ends_at,
            });
        } else if (upload != nullptr && is_due(other.job, now) && is_before(other, *own)) {
            before.push_back(&other);
        }
    }
    std::ranges::sort(before, [](const JobRow* a, const JobRow* b) { return is_before(*a, *b); });
    for (const JobRow* row : before) {
        if (position.cost_ahead() >= QueuePosition::cost_told_max ||
            position.ahead.size() >= QueuePosition::jobs_told_max) {
            break;
        }
        position.ahead.push_back(
            {family_of(row_of(row->job.media)->upload.category), row->job.cost_expected}
        );
    }
    return position;
}

Result<std::vector<MediaId>> MemoryMetadataStore::crashed_since(
    const Principal& owner, ByteCount total, WallTime since
) {
    const std::scoped_lock lock(mutex_);
    std::vector<MediaId> crashed;
    for (const auto& [id, row] : uploads_) {
        const Upload& upload = row.upload;
        if (upload.owner == owner && upload.total == total && upload.changed_at > since &&
            upload.state == UploadState::failed && upload.failure &&
            upload.failure->reason == "WorkerCrashed" && crashed.size() < 5) {
            crashed.push_back(id);
        }
    }
    return crashed;
}

}  // namespace sluice
