#include "store/disk/blob_writers.hpp"

#include "base/signal.hpp"

namespace sluice {
namespace {

// About as long as a piece of a body takes.
constexpr ByteCount prepared_at_once{1 << 20};

Error is_over() {
    return {.code = ErrorCode::storage_failed, .detail = "the writer has committed or failed"};
}

}  // namespace

PlacedRange::~PlacedRange() {
    if (!is_committed_) {
        before_blocking();
        store_.abandon_placed(open_, at_);
    }
}

Result<void> PlacedRange::commit(ByteCount written) {
    if (!store_.ways().is_memory) {  // there a sync is a word
        before_blocking();
    }
    auto committed = store_.commit_placed(open_, at_, written);
    is_committed_ = committed.has_value();
    return committed;
}

std::optional<DirectRange> PlacedBlobWriter::direct_range() const {
    const disk::OpenBlob& blob = range_->blob();
    if (phase_ != Phase::writing || blob.direct_file() < 0) {
        return std::nullopt;
    }
    return DirectRange{
        .direct_file = blob.direct_file(),
        .file = blob.file(),
        .at = range_->at() + written_,
        .room = length_max_ - written_,
        .block = range_->ways().direct_block,
        .keep = range_,
    };
}

Result<bool> PlacedBlobWriter::prepare_more() {
    disk::OpenBlob& blob = range_->blob();
    if (!blob.is_reserved()) {
        if (auto reserved = blob.reserve_more(prepared_at_once); !reserved) {
            return std::move(reserved).error();
        }
    }
    return blob.is_reserved();
}

Result<void> PlacedBlobWriter::write(std::span<const std::byte> bytes) {
    if (phase_ != Phase::writing) {
        return is_over();
    }
    if (bytes.size() > length_max_.value - written_.value) {
        return Error{.code = ErrorCode::body_too_large, .detail = "more bytes than announced"};
    }
    before_blocking();
    const int file = range_->blob().file();
    if (auto done = disk::write_all(file, range_->at() + written_, bytes); !done) {
        phase_ = Phase::failed;
        return done;
    }
    written_ += ByteCount{bytes.size()};
    if (!range_->ways().is_memory) {
        write_back_.wrote(file, range_->at() + written_, {bytes.size()});
    }
    return ok();
}

Result<Extent> PlacedBlobWriter::commit() {
    if (phase_ != Phase::writing) {
        return is_over();
    }
    phase_ = Phase::failed;
    if (auto done = range_->commit(written_); !done) {
        return std::move(done).error();
    }
    phase_ = Phase::committed;
    return Extent{range_->blob().id(), range_->at(), written_};
}

StagedBlobWriter::~StagedBlobWriter() {
    if (phase_ != Phase::committed) {
        before_blocking();
        // If that fails too, the sweep of orphans finds the file.
        static_cast<void>(directory_.unlink(id_));
    }
}

Result<void> StagedBlobWriter::write(std::span<const std::byte> bytes) {
    if (phase_ != Phase::writing) {
        return is_over();
    }
    before_blocking();
    if (auto done = disk::write_all(file_.get(), ByteOffset{written_.value}, bytes); !done) {
        phase_ = Phase::failed;
        return done;
    }
    written_ += ByteCount{bytes.size()};
    if (!ways_.is_memory) {
        write_back_.wrote(file_.get(), ByteOffset{written_.value}, {bytes.size()});
    }
    return ok();
}

Result<void> StagedBlobWriter::copy_from(int file, ByteCount length) {
    if (auto done = disk::append_range(file, {0}, length, file_.get()); !done) {
        phase_ = Phase::failed;
        return done;
    }
    written_ = length;
    return ok();
}

Result<void> StagedBlobWriter::make_durable() {
    before_blocking();
    if (auto synced = disk::sync_file(file_.get()); !synced) {
        return synced;
    }
    return directory_.sync_folder_of(id_);
}

Result<Extent> StagedBlobWriter::commit() {
    if (phase_ != Phase::writing) {
        return is_over();
    }
    phase_ = Phase::failed;
    if (auto synced = make_durable(); !synced) {
        return std::move(synced).error();
    }
    phase_ = Phase::committed;
    return Extent{id_, {0}, written_};
}

}  // namespace sluice
