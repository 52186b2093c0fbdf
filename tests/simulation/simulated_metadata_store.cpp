#include "simulated_metadata_store.hpp"

#include <utility>

namespace sluice::simulation {

namespace {

// What was admitted once is admitted when it is made again.
CreateTerms again_on(const CreateTerms& terms) {
    CreateTerms again;
    again.repeat = terms.repeat;
    return again;
}

}  // namespace

void Journal::add(Survives survives, const Work& work) {
    if (is_strict_) {
        return;
    }
    commits_.push_back(work);
    synced_ = survives == Survives::power_loss && !never_syncs_ ? commits_.size() : synced_;
}

void Journal::lose_power(Random& random, Tally& tally) {
    if (is_strict_ || synced_ == commits_.size()) {
        return;
    }
    commits_.resize(random.between(synced_, commits_.size()));
    synced_ = commits_.size();
    tally.saw(Seen::records_lost);
    rows_ = std::make_unique<MemoryMetadataStore>();
    for (const Work& commit : commits_) {
        commit(*rows_);
    }
    // Doubts are always synced; they ask other rows from now on.
    auto doubts = std::make_unique<MemoryDoubtStore>(*rows_);
    for (const Doubt& doubt : doubts_->finals().value()) {
        static_cast<void>(doubts->add(doubt).has_value());
    }
    for (const MediaId id : doubts_->unchecked(1000).value()) {
        static_cast<void>(doubts->add({.upload = id}).has_value());
    }
    doubts_ = std::move(doubts);
}

template <class F>
auto SimulatedMetadataStore::write(Site site, Survives survives, F work) {
    return gate_.call(site, [this, survives, work] {
        auto result = work(rows());
        if (result) {
            journal_.add(survives, [work](MemoryMetadataStore& again) {
                static_cast<void>(work(again).has_value());
            });
        }
        return result;
    });
}

CreateTerms SimulatedMetadataStore::as_kept(CreateTerms terms) const {
    if (gate_.has(Mutant::forgets_repeat_key)) {
        terms.repeat.reset();
    }
    return terms;
}

Result<void> SimulatedMetadataStore::create(const Upload& upload, const CreateTerms& given) {
    const CreateTerms terms = as_kept(given);
    return gate_.call(Site::create, [&] {
        auto created = rows().create(upload, terms);
        if (created) {
            journal_.add(
                Survives::as_configured,
                [upload, made = again_on(terms)](MemoryMetadataStore& again) {
                    static_cast<void>(again.create(upload, made).has_value());
                }
            );
            witness_.created(upload, given);
        }
        return created;
    });
}

Result<void> SimulatedMetadataStore::create_whole(
    const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& given
) {
    const CreateTerms terms = as_kept(given);
    return gate_.call(Site::create_whole, [&] {
        auto created = rows().create_whole(upload, segment, job, terms);
        if (created) {
            const CreateTerms made = again_on(terms);
            journal_.add(Survives::power_loss, [=](MemoryMetadataStore& again) {
                static_cast<void>(again.create_whole(upload, segment, job, made).has_value());
            });
            witness_.created(upload, given);
        }
        return created;
    });
}

Result<std::optional<Repeated>> SimulatedMetadataStore::find_repeat(
    const Principal& owner, const std::string& key, WallTime now
) {
    return gate_.call(Site::find, [&] { return rows().find_repeat(owner, key, now); });
}

Result<std::vector<Upload>> SimulatedMetadataStore::with_bytes(
    MediaId after, std::uint32_t count_max
) {
    return gate_.call(Site::list, [&] { return rows().with_bytes(after, count_max); });
}

Result<ByteCount> SimulatedMetadataStore::promised() {
    return gate_.call(Site::usage, [&] { return rows().promised(); });
}

Result<Usage> SimulatedMetadataStore::usage_of(const Principal& owner) {
    return gate_.call(Site::usage, [&] { return rows().usage_of(owner); });
}

Result<std::vector<Upload>> SimulatedMetadataStore::oldest_open(
    const Principal& owner, std::uint32_t count_max
) {
    return gate_.call(Site::list, [&] { return rows().oldest_open(owner, count_max); });
}

Result<Upload> SimulatedMetadataStore::find(const Principal& owner, MediaId id) {
    return gate_.call(Site::find, [&] { return rows().find(owner, id); });
}

Result<UploadWithSegments> SimulatedMetadataStore::find_with_segments(
    const Principal& owner, MediaId id
) {
    return gate_.call(Site::find, [&] {
        auto found = rows().find_with_segments(owner, id);
        if (found && gate_.has(Mutant::counts_wrong)) {
            found->upload.received += ByteCount{found->upload.received.value > 0 ? 1ULL : 0ULL};
        }
        if (found && gate_.has(Mutant::forgets_conflict_check)) {
            found->segments.clear();
        }
        return found;
    });
}

Result<UploadWithSegments> SimulatedMetadataStore::find_any(MediaId id) {
    return gate_.call(Site::find, [&] { return rows().find_any(id); });
}

Result<UploadPage> SimulatedMetadataStore::list(
    const Principal& owner, MediaId before, std::uint32_t count_max
) {
    return gate_.call(Site::list, [&] { return rows().list(owner, before, count_max); });
}

Result<UploadPage> SimulatedMetadataStore::list_all(MediaId before, std::uint32_t count_max) {
    return gate_.call(Site::list, [&] { return rows().list_all(before, count_max); });
}

// Mutants alone: the index is taken, and that is not refused.
Result<void> SimulatedMetadataStore::add_to_taken(
    MediaId id, const Segment& segment, Result<void> refused
) {
    const auto found = rows().find_any(id);
    const bool is_taken = found && found->segments.contains(segment.index);
    return gate_.has(Mutant::forgets_conflict_check) && is_taken ? ok() : std::move(refused);
}

Result<void> SimulatedMetadataStore::add_segment(
    MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
) {
    return write(Site::add_segment, Survives::as_configured, [=, this](MemoryMetadataStore& to) {
        auto added = to.add_segment(id, segment, stride, now);
        if (!added && added.error().code == ErrorCode::store_conflict) {
            gate_.tally().saw(Seen::segment_raced);
        }
        return added ? added : add_to_taken(id, segment, std::move(added));
    });
}

Result<void> SimulatedMetadataStore::extend(const Extension& wanted) {
    Extension more = wanted;
    if (gate_.has(Mutant::grows_beyond_quota)) {
        more.owner_bytes_max = {};
    }
    return write(Site::extend, Survives::as_configured, [more](MemoryMetadataStore& of) {
        return of.extend(more);
    });
}

Result<void> SimulatedMetadataStore::join(
    const Upload& whole, const std::vector<Segment>& segments, const NewJob& job, const Quota& quota
) {
    return gate_.call(Site::join, [&]() -> Result<void> {
        auto before = rows().find_any(whole.id);
        if (!before) {
            return std::move(before).error();
        }
        auto joined = rows().join(whole, segments, job, quota);
        if (joined) {
            journal_.add(Survives::power_loss, [=](MemoryMetadataStore& again) {
                static_cast<void>(again.join(whole, segments, job, {}).has_value());
            });
            witness_.changed(before->upload, whole);
        }
        return joined;
    });
}

Result<void> SimulatedMetadataStore::drop_segments(
    MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
) {
    return gate_.call(Site::drop_segments, [&] {
        const auto before = rows().find_any(id);
        auto dropped = rows().drop_segments(id, indexes, now);
        if (dropped) {
            journal_.add(Survives::power_loss, [=](MemoryMetadataStore& again) {
                static_cast<void>(again.drop_segments(id, indexes, now).has_value());
            });
            witness_.dropped(*before, indexes);
        }
        return dropped;
    });
}

Result<void> SimulatedMetadataStore::keep_all(const std::vector<MediaId>& ids, WallTime now) {
    return write(Site::change, Survives::power_loss, [ids, now](MemoryMetadataStore& of) {
        return of.keep_all(ids, now);
    });
}

Result<void> SimulatedMetadataStore::change(
    const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    return gate_.call(Site::change, [&]() -> Result<void> {
        auto before = rows().find_any(upload.id);
        if (!before) {
            return std::move(before).error();
        }
        const auto kept_job = gate_.has(Mutant::loses_job) ? std::nullopt : job;
        Upload to = upload;
        if (gate_.has(Mutant::seals_anything)) {
            from = before->upload.state;
            to.segments_received = before->upload.segments_received;
        }
        auto changed = rows().change(to, from, kept_job);
        if (changed) {
            journal_.add(Survives::power_loss, [=](MemoryMetadataStore& again) {
                static_cast<void>(again.change(to, from, kept_job).has_value());
            });
            witness_.changed(before->upload, rows().find_any(upload.id)->upload);
        }
        return changed;
    });
}

Result<std::vector<Upload>> SimulatedMetadataStore::due_for_expiry(
    WallTime now, std::uint32_t count_max
) {
    return gate_.call(Site::due, [&] {
        if (!gate_.has(Mutant::expires_anything)) {
            return rows().due_for_expiry(now, count_max);
        }
        auto due = rows().due_for_expiry(now + std::chrono::hours(24 * 365), count_max);
        for (Upload& upload : *due) {
            upload.expires_at = now;
        }
        return due;
    });
}

Result<std::vector<MediaId>> SimulatedMetadataStore::due_for_cleaning(std::uint32_t count_max) {
    return gate_.call(Site::due, [&] { return rows().due_for_cleaning(count_max); });
}

Result<std::vector<Extent>> SimulatedMetadataStore::extents_of(MediaId id) {
    return gate_.call(Site::names_of_blobs, [&] { return rows().extents_of(id); });
}

Result<bool> SimulatedMetadataStore::knows_blob(BlobId blob) {
    return gate_.call(Site::names_of_blobs, [&] { return rows().knows_blob(blob); });
}

Result<std::vector<BlobId>> SimulatedMetadataStore::named_among(const std::vector<BlobId>& blobs) {
    return gate_.call(Site::names_of_blobs, [&] { return rows().named_among(blobs); });
}

Result<std::vector<Extent>> SimulatedMetadataStore::extents_in(BlobId shared) {
    return gate_.call(Site::names_of_blobs, [&] { return rows().extents_in(shared); });
}

Result<void> SimulatedMetadataStore::forget_bytes(MediaId id) {
    return write(Site::forget_bytes, Survives::as_configured, [id](MemoryMetadataStore& of) {
        return of.forget_bytes(id);
    });
}

Result<std::vector<Output>> SimulatedMetadataStore::outputs(MediaId id) {
    return gate_.call(Site::outputs, [&] { return rows().outputs(id); });
}

Result<std::optional<LeasedJob>> SimulatedMetadataStore::claim_job(
    Lane lane, const std::string& holder, WallTime now, std::chrono::milliseconds lease
) {
    const std::chrono::milliseconds term =
        gate_.has(Mutant::leases_twice) ? std::chrono::hours(-1) : lease;
    return gate_.call(Site::claim_job, [&] {
        auto claimed = rows().claim_job(lane, holder, now, term);
        if (claimed && *claimed) {
            journal_.add(Survives::as_configured, [=](MemoryMetadataStore& again) {
                static_cast<void>(again.claim_job(lane, holder, now, term).has_value());
            });
            witness_.claimed(**claimed, now, now + lease);
        }
        return claimed;
    });
}

Result<void> SimulatedMetadataStore::heartbeat(
    JobId id,
    std::uint64_t fence,
    const Progress& progress,
    WallTime now,
    std::chrono::milliseconds lease
) {
    auto beaten = write(Site::heartbeat, Survives::as_configured, [=](MemoryMetadataStore& of) {
        return of.heartbeat(id, fence, progress, now, lease);
    });
    if (beaten) {
        witness_.beat(id, now + lease);
    }
    return beaten;
}

Result<void> SimulatedMetadataStore::save_outputs(
    JobId id, std::uint64_t fence, const std::vector<Output>& outputs
) {
    return write(Site::save_outputs, Survives::as_configured, [=](MemoryMetadataStore& of) {
        return of.save_outputs(id, fence, outputs);
    });
}

Result<void> SimulatedMetadataStore::finish_job(
    JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
) {
    return gate_.call(Site::finish_job, [&] {
        auto finished = rows().finish_job(id, fence, upload, outputs);
        if (!finished && gate_.has(Mutant::takes_any_fence)) {
            for (std::uint64_t other = 1; !finished && other < 20; ++other) {
                finished = rows().finish_job(id, other, upload, outputs);
            }
        }
        if (finished) {
            journal_.add(Survives::power_loss, [=](MemoryMetadataStore& again) {
                static_cast<void>(again.finish_job(id, fence, upload, outputs).has_value());
            });
            witness_.finished(id, fence, upload);
        }
        return finished;
    });
}

Result<void> SimulatedMetadataStore::release_job(
    JobId id, std::uint64_t fence, WallTime run_at, Counted as
) {
    return gate_.call(Site::release_job, [&] {
        auto released = rows().release_job(id, fence, run_at, as);
        if (released) {
            journal_.add(Survives::as_configured, [=](MemoryMetadataStore& again) {
                static_cast<void>(again.release_job(id, fence, run_at, as).has_value());
            });
            witness_.released(id);
        }
        return released;
    });
}

Result<std::uint32_t> SimulatedMetadataStore::release_jobs_of(
    const std::string& holder, WallTime now
) {
    return write(Site::release_job, Survives::as_configured, [=](MemoryMetadataStore& of) {
        return of.release_jobs_of(holder, now);
    });
}

Result<QueuePosition> SimulatedMetadataStore::queue_position(MediaId id, WallTime now) {
    return gate_.call(Site::queue_position, [&] { return rows().queue_position(id, now); });
}

Result<std::vector<MediaId>> SimulatedMetadataStore::crashed_since(
    const Principal& owner, ByteCount total, WallTime since
) {
    return rows().crashed_since(owner, total, since);
}

Result<StoreTotals> SimulatedMetadataStore::totals() {
    return rows().totals();
}

Result<std::uint64_t> SimulatedMetadataStore::newest_number() {
    return rows().newest_number();
}

}  // namespace sluice::simulation
