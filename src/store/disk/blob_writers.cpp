#include "store/disk/blob_writers.hpp"

namespace sluice {
namespace {

Error is_over() {
    return {.code = ErrorCode::storage_failed, .detail = "the writer has committed or failed"};
}

}  // namespace

PlacedBlobWriter::~PlacedBlobWriter() {
    if (phase_ != Phase::committed) {
        store_.abandon_placed(open_, at_);
    }
}

Result<void> PlacedBlobWriter::write(std::span<const std::byte> bytes) {
    if (phase_ != Phase::writing) {
        return is_over();
    }
    if (bytes.size() > length_max_.value - written_.value) {
        return Error{.code = ErrorCode::body_too_large, .detail = "more bytes than announced"};
    }
    if (auto done = disk::write_all(open_->file(), at_ + written_, bytes); !done) {
        phase_ = Phase::failed;
        return done;
    }
    written_ += ByteCount{bytes.size()};
    write_back_.wrote(open_->file(), at_ + written_, {bytes.size()});
    return ok();
}

Result<Extent> PlacedBlobWriter::commit() {
    if (phase_ != Phase::writing) {
        return is_over();
    }
    phase_ = Phase::failed;
    if (auto done = store_.commit_placed(open_, at_, written_); !done) {
        return std::move(done).error();
    }
    phase_ = Phase::committed;
    return Extent{open_->id(), at_, written_};
}

StagedBlobWriter::~StagedBlobWriter() {
    if (phase_ != Phase::committed) {
        // If that fails too, the sweep of orphans finds the file.
        static_cast<void>(directory_.unlink(id_));
    }
}

Result<void> StagedBlobWriter::write(std::span<const std::byte> bytes) {
    if (phase_ != Phase::writing) {
        return is_over();
    }
    if (auto done = disk::write_all(file_.get(), ByteOffset{written_.value}, bytes); !done) {
        phase_ = Phase::failed;
        return done;
    }
    written_ += ByteCount{bytes.size()};
    write_back_.wrote(file_.get(), ByteOffset{written_.value}, {bytes.size()});
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
