// Uploads that come as one stream.
#include <algorithm>

#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

Error conflict(std::string detail) {
    return {.code = ErrorCode::store_conflict, .detail = std::move(detail)};
}

bool fits(const Upload& upload, const Extension& more) {
    const ByteCount length = more.growth();
    const bool is_end = upload.state == UploadState::open && upload.stream.is_stream() &&
                        upload.received == more.at;
    const bool is_other_length =
        upload.stream.length_known && more.total && *more.total != upload.total;
    const auto total = upload.stream.length_known ? std::optional(upload.total) : more.total;
    return is_end && !is_other_length && (!total || upload.received + length <= *total);
}

// Whether the place of the segment is as it must be: empty, or with the one that it lengthens.
bool has_place(const SegmentMap& segments, const Extension& more) {
    if (!more.segment) {
        return true;
    }
    const auto there = segments.find(more.segment->index);
    if (more.adds_segment()) {
        return there == segments.end();
    }
    Extent begun = more.segment->extent;
    begun.length = more.before;
    return there != segments.end() && there->second.extent == begun;
}

}  // namespace

Result<void> MemoryMetadataStore::extend(const Extension& more) {
    const std::scoped_lock lock(mutex_);
    Row* row = row_of(more.id);
    if (row == nullptr) {
        return Error{.code = ErrorCode::store_not_found, .media_id = more.id.value};
    }
    Upload& upload = row->upload;
    if (!fits(upload, more) || !has_place(row->segments, more)) {
        return conflict("it does not follow the end of the stream");
    }
    const ByteCount before = upload.total;
    const ByteCount bytes = more.growth();
    const ByteCount total =
        upload.stream.length_known ? before : more.total.value_or(upload.received + bytes);
    const bool has_limit = more.owner_bytes_max.value > 0;
    if (has_limit && sum_of(upload.owner).bytes - before + total > more.owner_bytes_max) {
        return Error{.code = ErrorCode::quota_exceeded};
    }
    if (more.segment) {
        row->segments.insert_or_assign(more.segment->index, *more.segment);
        upload.received += more.growth();
        upload.segments_received += more.adds_segment() ? 1 : 0;
    }
    upload.total = total;
    upload.stream.length_known = upload.stream.length_known || more.total;
    upload.expires_at = std::max(upload.expires_at, more.expires_at);
    upload.changed_at = more.now;
    return ok();
}

bool MemoryMetadataStore::has_whole_parts(const Upload& joined) const {
    return std::ranges::all_of(joined.stream.parts, [&](MediaId id) {
        const auto found = uploads_.find(id);
        if (found == uploads_.end()) {
            return false;
        }
        const Upload& part = found->second.upload;
        return part.owner == joined.owner && part.state == UploadState::open &&
               part.stream.kind == UploadKind::part && part.stream.length_known &&
               part.received == part.total;
    });
}

std::set<MediaId> MemoryMetadataStore::parts_joined(const Principal& owner) const {
    std::set<MediaId> joined;
    for (const auto& [id, row] : uploads_) {
        const Upload& upload = row.upload;
        if (upload.owner == owner && upload.stream.kind == UploadKind::joined &&
            upload.state != UploadState::open && !upload.is_over()) {
            joined.insert(upload.stream.parts.begin(), upload.stream.parts.end());
        }
    }
    return joined;
}

Result<void> MemoryMetadataStore::join(
    const Upload& whole, const std::vector<Segment>& segments, const NewJob& job, const Quota& quota
) {
    const std::scoped_lock lock(mutex_);
    Row* row = row_of(whole.id);
    if (row == nullptr) {
        return Error{.code = ErrorCode::store_not_found, .media_id = whole.id.value};
    }
    const bool may_join = row->upload.state == UploadState::open && row->segments.empty() &&
                          row->upload.stream.kind == UploadKind::joined &&
                          has_whole_parts(row->upload) && may_add_job(job);
    if (!may_join) {
        return conflict("the parts are not all there, or they are joined already");
    }
    const bool has_limit = quota.bytes_max.value > 0;
    const ByteCount used = has_limit ? sum_of(whole.owner).bytes : ByteCount{};
    const Upload waiting = row->upload;
    replace(row->upload, whole);
    if (has_limit && !quota.admits_change(used, sum_of(whole.owner).bytes)) {
        row->upload = waiting;
        return Error{.code = ErrorCode::quota_exceeded};
    }
    for (const Segment& segment : segments) {
        row->segments.emplace(segment.index, segment);
    }
    jobs_.emplace(job.id, JobRow{.job = job});
    return ok();
}

Result<std::vector<Upload>> MemoryMetadataStore::waiting_to_join(const Principal& owner) {
    const std::scoped_lock lock(mutex_);
    std::vector<Upload> waiting;
    for (const auto& [id, row] : uploads_) {
        const Upload& upload = row.upload;
        if (upload.owner == owner && upload.state == UploadState::open &&
            upload.stream.kind == UploadKind::joined) {
            waiting.push_back(upload);
        }
    }
    return waiting;
}

Result<bool> MemoryMetadataStore::is_held_elsewhere(MediaId id, const Extent& extent) {
    const std::scoped_lock lock(mutex_);
    const auto meets = [&extent](const auto& item) {
        const Extent& other = item.second.extent;
        return other.blob == extent.blob && other.offset < extent.offset + extent.length &&
               extent.offset < other.offset + other.length;
    };
    return std::ranges::any_of(uploads_, [&](const auto& item) {
        const bool is_own_blob = item.first.value == extent.blob.value && item.second.has_bytes;
        return item.first != id &&
               (is_own_blob || std::ranges::any_of(item.second.segments, meets));
    });
}

}  // namespace sluice
