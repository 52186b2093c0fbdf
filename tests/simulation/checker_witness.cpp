// What the checker hears from the metadata store, as it happens.
#include <algorithm>

#include "checker.hpp"

namespace sluice::simulation {

// A relaxed 2xx to APPEND promised no more than the page cache; what a failed sync threw out of it is
// rightly said to be missing.
void Checker::dropped(const UploadWithSegments& before, const std::vector<SegmentIndex>& indexes) {
    tally_.saw(Seen::segment_dropped);
    const MediaId id = before.upload.id;
    if (const auto stream = streams_.find(id); stream != streams_.end()) {
        dropped_of(stream->second, before, indexes);
    }
    const auto known = models_.find(id);
    if (known == models_.end()) {
        return;
    }
    for (const SegmentIndex index : indexes) {
        const auto segment = before.segments.find(index);
        const bool was_thrown_out = !is_strict_ && segment != before.segments.end() &&
                                    disk_.has_lost_pages(segment->second.extent);
        if (was_thrown_out) {
            doubt(known->second.sent[index.value]);
        } else if (known->second.acknowledged_variant(index.value)) {
            fail(
                named(id) + ": segment " + std::to_string(index.value) +
                " was acknowledged and is said to be missing"
            );
        }
    }
}

// Of those under one key, all but the newest are over, or will be at the next sweep.
void Checker::created(const Upload& upload, const CreateTerms& terms) {
    rows_.push_back(upload.id);
    if (!terms.repeat) {
        return;
    }
    const auto [last, is_first] =
        keyed_.try_emplace({upload.owner.id, terms.repeat->key}, upload.id);
    if (is_first) {
        return;
    }
    const auto row = journal_.rows().find_any(last->second);
    if (row && !row->upload.is_over() && !row->upload.is_due(upload.created_at)) {
        fail(named(upload.id) + " was made under the key of " + named(last->second));
    }
    last->second = upload.id;
}

void Checker::changed(const Upload& before, const Upload& after) {
    if (after.state == UploadState::expired) {
        const bool may_end = before.state == UploadState::open ||
                             before.state == UploadState::ready ||
                             before.state == UploadState::failed;
        if (!may_end || before.expires_at > clock_.now()) {
            fail(
                named(after.id) + ": it was expired while it was " +
                std::string(name_of(before.state)) + (before.expires_at == never ? " and kept" : "")
            );
        }
        tally_.saw(Seen::expired);
    }
    if (before.state == UploadState::open && after.has_all_bytes()) {
        if (++seals_[after.id] > 1) {
            fail(named(after.id) + ": it was finalized twice");
        }
    } else if (after.state == UploadState::queued && before.state != UploadState::queued) {
        fail(named(after.id) + ": it was queued again");
    }
    if (after.state == UploadState::cancelled && before.state == UploadState::processing) {
        tally_.saw(Seen::cancelled_while_processing);
    }
}

void Checker::claimed(const LeasedJob& job, WallTime now, WallTime lease_until) {
    tally_.saw(Seen::job_claimed);
    const auto held = leases_.find(job.id);
    if (held != leases_.end()) {
        if (held->second.until >= now) {
            fail(named(job.upload.id) + ": its job was given to two at once");
        }
        tally_.saw(Seen::job_taken_over);
    }
    leases_[job.id] = {job.fence, lease_until};
}

void Checker::beat(JobId id, WallTime lease_until) {
    if (const auto held = leases_.find(id); held != leases_.end()) {
        held->second.until = lease_until;
    }
}

void Checker::finished(JobId id, std::uint64_t fence, const Upload& upload) {
    const auto held = leases_.find(id);
    if (held == leases_.end() || held->second.fence != fence) {
        fail(named(upload.id) + ": a job was finished by one who had lost it");
    }
    leases_.erase(id);
    if (++ends_[upload.id] > 1) {
        fail(named(upload.id) + ": its job ended twice");
    }
}

void Checker::released(JobId id) {
    leases_.erase(id);
}

}  // namespace sluice::simulation
