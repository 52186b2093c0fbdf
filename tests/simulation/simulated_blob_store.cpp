#include "simulated_blob_store.hpp"

#include <algorithm>
#include <utility>

#include "base/digest.hpp"

namespace sluice::simulation {
namespace {

Error refused(ErrorCode code, std::string detail) {
    return {.code = code, .detail = std::move(detail)};
}

Error lost_sync(Error error) {
    error.is_lost_sync = true;
    error.facts = "The disk could not be synced.";
    return error;
}

}  // namespace

class SimulatedWriter final : public BlobWriter {
  public:
    using Open = SimulatedBlobStore::Open;
    struct Place {
        BlobId blob;
        ByteOffset at;
        std::optional<ByteCount> length_max;  // nothing: a blob of its own
    };
    SimulatedWriter(SimulatedBlobStore& store, std::shared_ptr<Open> open, Place place)
        : store_(store), open_(std::move(open)), place_(place) {}
    SimulatedWriter(const SimulatedWriter&) = delete;
    SimulatedWriter& operator=(const SimulatedWriter&) = delete;
    ~SimulatedWriter() override {
        if (phase_ == Phase::committed || store_.gate_.is_dying()) {
            return;
        }
        if (is_staged()) {
            store_.disk_.unlink(place_.blob);
        } else {
            store_.abandon(place_.blob, open_, place_.at);
        }
    }

    Result<void> write(std::span<const std::byte> bytes) override {
        if (phase_ != Phase::writing) {
            return is_over();
        }
        if (!is_staged() && bytes.size() > place_.length_max->value - written_.value) {
            return refused(ErrorCode::body_too_large, "more bytes than announced");
        }
        auto done = store_.gate_.call(Site::blob_write, [&] { return put(bytes); });
        if (!done) {
            phase_ = Phase::failed;
            return done;
        }
        written_ += ByteCount{bytes.size()};
        return ok();
    }

    ByteCount written() const override { return written_; }

    Result<Extent> commit() override {
        if (phase_ != Phase::writing) {
            return is_over();
        }
        phase_ = Phase::failed;
        auto done = is_staged() ? store_.sync(place_.blob, *open_)
                                : store_.commit_placed(place_.blob, open_, place_.at, written_);
        if (!done) {
            return std::move(done).error();
        }
        phase_ = Phase::committed;
        store_.gate_.tally().saw(is_staged() ? Seen::segment_staged : Seen::segment_placed);
        return Extent{place_.blob, place_.at, written_};
    }

  private:
    enum class Phase : std::uint8_t { writing, committed, failed };

    static Error is_over() {
        return refused(ErrorCode::storage_failed, "the writer has committed or failed");
    }

    bool is_staged() const { return !place_.length_max; }

    Result<void> put(std::span<const std::byte> bytes) {
        if (is_staged() && !store_.has_room_for(bytes.size())) {
            return refused(ErrorCode::storage_full, "the disk is full");
        }
        // A file that was removed under its writer takes the bytes, and nobody sees them.
        if (store_.disk_.contains(place_.blob)) {
            store_.disk_.write(place_.blob, place_.at + written_, bytes, store_.clock_.now());
        }
        return ok();
    }

    SimulatedBlobStore& store_;
    std::shared_ptr<Open> open_;
    Place place_;
    ByteCount written_;
    Phase phase_ = Phase::writing;
};

bool SimulatedBlobStore::has_room_for(std::uint64_t bytes) {
    const bool has_room = disk_.used() + bytes <= options_.capacity.value;
    if (!has_room) {
        gate_.tally().saw(Seen::disk_full);
    }
    return has_room;
}

Result<std::unique_ptr<BlobWriter>> SimulatedBlobStore::stage(BlobId id) {
    if (auto packed = packs_.try_writer([this, id] { return stage_file(id); })) {
        return packed;
    }
    return stage_file(id);
}

Result<std::unique_ptr<BlobWriter>> SimulatedBlobStore::stage_file(BlobId id) {
    return gate_.call(Site::blob_stage, [&]() -> Result<std::unique_ptr<BlobWriter>> {
        if (disk_.contains(id)) {
            return refused(ErrorCode::store_conflict, "the blob exists");
        }
        disk_.make(id, {}, clock_.now());
        return std::make_unique<SimulatedWriter>(
            *this,
            std::make_shared<Open>(Open{.has_new_entry = true}),
            SimulatedWriter::Place{id, {0}, std::nullopt}
        );
    });
}

Result<void> SimulatedBlobStore::open_for_writing(Known& known, const Placement& placement) {
    known.is_made_here = !disk_.contains(placement.blob);
    if (known.is_made_here) {
        const ByteCount room = placement.is_reserved ? placement.total : ByteCount{};
        if (!has_room_for(room.value)) {
            known.is_made_here = false;
            return refused(ErrorCode::storage_full, "no room to reserve");
        }
        disk_.make(placement.blob, room, clock_.now());
    }
    const bool has_new_entry = known.committed.is_empty();
    known.open =
        std::make_shared<Open>(Open{.has_new_entry = has_new_entry || !options_.is_strict});
    return ok();
}

Result<std::unique_ptr<BlobWriter>> SimulatedBlobStore::place(const Placement& placement) {
    return gate_.call(Site::blob_place, [&]() -> Result<std::unique_ptr<BlobWriter>> {
        if (placement.at.value > placement.total.value ||
            placement.length_max.value > placement.total.value - placement.at.value) {
            return refused(ErrorCode::store_conflict, "beyond the end of the upload");
        }
        if (placement.is_reserved && placement.total <= options_.packed_max) {
            if (auto packed = packs_.try_writer(nullptr)) {
                return packed;
            }
        }
        if (lost_syncs_.has(placement.blob)) {
            return refused(ErrorCode::store_conflict, "a sync of this blob has failed");
        }
        Known& known = known_[placement.blob];
        ByteRanges taken = known.committed;
        for (const Extent& extent : placement.committed) {
            taken.add(extent.offset, extent.blob == placement.blob ? extent.length : ByteCount{0});
        }
        for (const auto& [offset, length] : known.in_flight) {
            taken.add({offset}, length);
        }
        if (known.in_flight.contains(placement.at.value) ||
            taken.meets(placement.at, placement.length_max)) {
            return refused(ErrorCode::store_conflict, "the range is taken");
        }
        if (!known.open) {
            if (auto opened = open_for_writing(known, placement); !opened) {
                return std::move(opened).error();
            }
        }
        known.in_flight.emplace(placement.at.value, placement.length_max);
        return std::make_unique<SimulatedWriter>(
            *this,
            known.open,
            SimulatedWriter::Place{placement.blob, placement.at, placement.length_max}
        );
    });
}

// Bytes, then the entry of a new file. A sync that failed is never believed later.
Result<void> SimulatedBlobStore::sync(BlobId id, Open& open) {
    if (open.has_failed) {
        return lost_sync(refused(ErrorCode::storage_failed, "a sync of this file has failed"));
    }
    auto synced = gate_.call(Site::blob_commit, [&] {
        if (!gate_.has(Mutant::answers_before_sync)) {
            disk_.sync(id);
        }
        if (open.has_new_entry && !gate_.has(Mutant::forgets_folder_sync)) {
            gate_.step(Site::blob_commit);
            disk_.sync_entry(id);
            open.has_new_entry = false;
        }
        return ok();
    });
    if (!synced) {
        gate_.tally().saw(Seen::sync_failed);
        disk_.fail_sync(id);
        open.has_failed = true;
        synced = lost_sync(std::move(synced).error());
    }
    // One sync of a file runs at a time: who waited behind one that failed fails with it.
    if (synced && open.has_failed) {
        synced = lost_sync(refused(ErrorCode::storage_failed, "a sync of this file has failed"));
    }
    return gate_.has(Mutant::believes_failed_sync) ? ok() : synced;
}

Result<void> SimulatedBlobStore::commit_placed(
    BlobId id, const std::shared_ptr<Open>& open, ByteOffset at, ByteCount written
) {
    if (options_.is_strict) {
        if (auto synced = sync(id, *open); !synced) {
            lost_syncs_.note(id, synced.error());
            return synced;
        }
    } else {
        gate_.step(Site::blob_commit);
    }
    const auto known = known_.find(id);
    if (known == known_.end() || known->second.open != open) {
        return refused(ErrorCode::store_conflict, "the blob was removed");
    }
    known->second.committed.add(at, written);
    release(id, known->second, at);
    return ok();
}

void SimulatedBlobStore::abandon(BlobId id, const std::shared_ptr<Open>& open, ByteOffset at) {
    const auto known = known_.find(id);
    if (known != known_.end() && known->second.open == open) {
        release(id, known->second, at);
    }
}

// The last writer undoes a file that holds nothing.
void SimulatedBlobStore::release(BlobId id, Known& known, ByteOffset at) {
    known.in_flight.erase(at.value);
    if (!known.in_flight.empty()) {
        return;
    }
    known.open.reset();
    if (std::exchange(known.is_made_here, false) && known.committed.is_empty()) {
        disk_.unlink(id);
    }
}

Result<void> SimulatedBlobStore::make_durable(const std::vector<Extent>& layout) {
    for (const Extent& extent : layout) {
        if (options_.is_strict || gate_.has(Mutant::make_durable_does_nothing)) {
            gate_.step(Site::blob_make_durable);
            continue;
        }
        auto synced = gate_.call(Site::blob_make_durable, [&]() -> Result<void> {
            if (!disk_.contains(extent.blob)) {
                return refused(ErrorCode::store_not_found, "no such blob");
            }
            disk_.sync(extent.blob);
            disk_.sync_entry(extent.blob);
            return ok();
        });
        if (!synced && synced.error().code != ErrorCode::store_not_found) {
            gate_.tally().saw(Seen::sync_failed);
            disk_.fail_sync(extent.blob);
            Error lost = lost_sync(std::move(synced).error());
            lost_syncs_.note(extent.blob, lost);
            packs_.spoil(extent.blob);
            return lost;
        }
        if (!synced) {
            return synced;
        }
        if (auto doubt = lost_syncs_.doubt_of(extent)) {
            return *std::move(doubt);
        }
    }
    return ok();
}

Result<void> SimulatedBlobStore::drop_cached(const Extent& extent) {
    return gate_.call(Site::blob_drop_cached, [&]() -> Result<void> {
        if (!disk_.contains(extent.blob)) {
            return refused(ErrorCode::store_not_found, "no such blob");
        }
        disk_.drop_clean(extent.blob);
        lost_syncs_.read_back(extent);
        return ok();
    });
}

Result<void> SimulatedBlobStore::read(
    const Extent& extent, ByteOffset offset, std::span<std::byte> bytes
) {
    return gate_.call(Site::blob_read, [&]() -> Result<void> {
        if (offset.value + bytes.size() > extent.length.value) {
            return refused(ErrorCode::storage_failed, "beyond the end of the extent");
        }
        if (!disk_.contains(extent.blob)) {
            return refused(ErrorCode::store_not_found, "no such blob");
        }
        if (!disk_.read(extent.blob, extent.offset + ByteCount{offset.value}, bytes)) {
            Error error = refused(ErrorCode::storage_failed, "the blob is too short");
            error.is_too_short = true;
            return error;
        }
        if (gate_.has(Mutant::reads_other_bytes) && !bytes.empty()) {
            bytes.back() ^= std::byte{1};
        }
        return ok();
    });
}

Result<std::string> SimulatedBlobStore::as_local_file(
    const std::vector<Extent>& layout, const std::string& scratch
) {
    return gate_.call(Site::blob_local_file, [&]() -> Result<std::string> {
        std::vector<std::byte> content;
        for (const Extent& extent : layout) {
            const std::size_t at = content.size();
            content.resize(at + extent.length.value);
            if (!disk_.read(extent.blob, extent.offset, std::span(content).subspan(at))) {
                return refused(ErrorCode::storage_failed, "the blob is too short");
            }
        }
        const bool is_flat = layout.size() == 1 && layout.front().offset.value == 0 &&
                             !layout.front().blob.is_shared();
        const auto known = is_flat ? known_.find(layout.front().blob) : known_.end();
        const bool is_busy = known != known_.end() && !known->second.in_flight.empty();
        if (is_flat && !is_busy && disk_.size_of(layout.front().blob) > layout.front().length) {
            disk_.cut(layout.front().blob, layout.front().length);
        }
        disk_.local()[scratch] = std::move(content);
        return scratch;
    });
}

Result<AdoptedFile> SimulatedBlobStore::adopt_file(BlobId id, const std::string& path) {
    return gate_.call(Site::blob_adopt, [&]() -> Result<AdoptedFile> {
        const auto file = disk_.local().find(path);
        if (file == disk_.local().end()) {
            return system_error(2, "open " + path);
        }
        if (disk_.contains(id)) {
            return refused(ErrorCode::store_conflict, "the blob exists");
        }
        const std::vector<std::byte> content = file->second;
        if (!has_room_for(content.size())) {
            return refused(ErrorCode::storage_full, "the disk is full");
        }
        disk_.make(id, {content.size()}, clock_.now());
        disk_.write(id, {0}, content, clock_.now());
        disk_.local().erase(path);
        gate_.step(Site::blob_adopt);
        if (!gate_.has(Mutant::answers_before_sync)) {
            disk_.sync(id);
        }
        gate_.step(Site::blob_adopt);
        disk_.sync_entry(id);
        return AdoptedFile{{id, {0}, {content.size()}}, crc32c(content)};
    });
}

Result<void> SimulatedBlobStore::remove(const Extent& extent) {
    return gate_.call(Site::blob_remove, [&] {
        if (gate_.has(Mutant::removes_nothing)) {
            return ok();
        }
        if (extent.blob.is_shared()) {
            packs_.remove(extent);
        } else {
            known_.erase(extent.blob);
            lost_syncs_.forget(extent.blob);
            disk_.unlink(extent.blob);
        }
        return ok();
    });
}

Result<ByteCount> SimulatedBlobStore::free_space() {
    return gate_.call(Site::blob_free_space, [&]() -> Result<ByteCount> {
        return ByteCount{options_.capacity.value - std::min(options_.capacity.value, disk_.used())};
    });
}

}  // namespace sluice::simulation
