#include "store/memory/memory_metadata_store.hpp"

#include <algorithm>
#include <ranges>

namespace sluice {
namespace {

Error conflict(std::string detail) {
    return {.code = ErrorCode::store_conflict, .detail = std::move(detail)};
}

Error not_found(MediaId id) {
    return {.code = ErrorCode::store_not_found, .media_id = id.value};
}

// A copy of the first `count_max`, in this order.
template <class T, class Less>
void keep_first(std::vector<T>& items, std::uint32_t count_max, Less less) {
    std::ranges::sort(items, less);
    items.resize(std::min<std::size_t>(items.size(), count_max));
}

}  // namespace

void MemoryMetadataStore::replace(Upload& stored, const Upload& by) {
    const bool is_same_state = stored.state == by.state;
    const int percent = std::max(stored.progress.percent, by.progress.percent);
    const WallTime expires_at = std::max(stored.expires_at, by.expires_at);
    stored = by;
    stored.expires_at = expires_at;
    stored.progress.percent = is_same_state ? percent : by.progress.percent;
}

MemoryMetadataStore::Row* MemoryMetadataStore::row_of(MediaId id) {
    const auto found = uploads_.find(id);
    return found == uploads_.end() ? nullptr : &found->second;
}

MemoryMetadataStore::Row* MemoryMetadataStore::row_of(const Principal& owner, MediaId id) {
    Row* row = row_of(id);
    return row != nullptr && row->upload.owner == owner ? row : nullptr;
}

bool MemoryMetadataStore::may_add_job(const NewJob& job) {
    return !jobs_.contains(job.id) && job_of(job.media) == nullptr;
}

Usage MemoryMetadataStore::sum_of(const Principal& owner) const {
    Usage usage;
    const auto joined = parts_joined(owner);
    for (const auto& [id, row] : uploads_) {
        if (row.upload.owner == owner && !row.upload.is_over() && !joined.contains(id)) {
            usage.uploads_open += row.upload.state == UploadState::open ? 1 : 0;
            usage.bytes += row.upload.total;
        }
    }
    return usage;
}

std::uint64_t MemoryMetadataStore::sum_of_promises() const {
    std::uint64_t sum = 0;
    for (const auto& [id, row] : uploads_) {
        const bool is_promise =
            row.upload.state == UploadState::open && row.upload.segments_received == 0;
        sum += is_promise ? row.upload.total.value : 0;
    }
    return sum;
}

bool MemoryMetadataStore::is_there(MediaId id, WallTime now) const {
    const auto row = uploads_.find(id);
    return row != uploads_.end() && !row->second.upload.is_over() &&
           !row->second.upload.is_due(now);
}

Result<void> MemoryMetadataStore::check(const Upload& upload, const CreateTerms& terms) const {
    const Usage used = sum_of(upload.owner);
    if (upload.state == UploadState::open && !terms.quota.has_room_for_another(used)) {
        return Error{.code = ErrorCode::too_many_open_uploads};
    }
    if (!terms.quota.has_room_for(used, upload.total)) {
        return Error{.code = ErrorCode::quota_exceeded};
    }
    if (terms.room && sum_of_promises() + upload.total.value > terms.room->value) {
        return Error{.code = ErrorCode::storage_full};
    }
    if (terms.repeat) {
        const auto before = repeats_.find({upload.owner.id, terms.repeat->key});
        if (before != repeats_.end() && is_there(before->second.upload, upload.created_at)) {
            return conflict("the Idempotency-Key is taken");
        }
    }
    return uploads_.contains(upload.id) ? conflict("the id is taken") : ok();
}

Result<std::optional<Repeated>> MemoryMetadataStore::find_repeat(
    const Principal& owner, const std::string& key, WallTime now
) {
    const std::scoped_lock lock(mutex_);
    const auto found = repeats_.find({owner.id, key});
    const bool is_known = found != repeats_.end() && is_there(found->second.upload, now);
    return is_known ? std::optional(found->second) : std::nullopt;
}

Result<ByteCount> MemoryMetadataStore::promised() {
    const std::scoped_lock lock(mutex_);
    return ByteCount{sum_of_promises()};
}

Result<Usage> MemoryMetadataStore::usage_of(const Principal& owner) {
    const std::scoped_lock lock(mutex_);
    return sum_of(owner);
}

Result<std::vector<Upload>> MemoryMetadataStore::oldest_open(
    const Principal& owner, std::uint32_t count_max
) {
    const std::scoped_lock lock(mutex_);
    std::vector<Upload> oldest;
    for (const auto& [id, row] : uploads_) {
        const bool is_wanted = row.upload.owner == owner && row.upload.state == UploadState::open;
        if (is_wanted && oldest.size() < count_max) {
            oldest.push_back(row.upload);
        }
    }
    return oldest;
}

void MemoryMetadataStore::insert(Row row, const CreateTerms& terms) {
    const Upload& upload = row.upload;
    if (terms.repeat) {
        repeats_[{upload.owner.id, terms.repeat->key}] = {upload.id, terms.repeat->asked};
    }
    const MediaId id = upload.id;
    uploads_.emplace(id, std::move(row));
}

Result<void> MemoryMetadataStore::create(const Upload& upload, const CreateTerms& terms) {
    const std::scoped_lock lock(mutex_);
    if (auto checked = check(upload, terms); !checked) {
        return checked;
    }
    insert({.upload = upload}, terms);
    return ok();
}

Result<void> MemoryMetadataStore::create_whole(
    const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& terms
) {
    const std::scoped_lock lock(mutex_);
    if (auto checked = check(upload, terms); !checked) {
        return checked;
    }
    if (!may_add_job(job)) {
        return conflict("the id is taken");
    }
    insert({.upload = upload, .segments = {{segment.index, segment}}}, terms);
    jobs_.emplace(job.id, JobRow{.job = job});
    return ok();
}

Result<Upload> MemoryMetadataStore::find(const Principal& owner, MediaId id) {
    const std::scoped_lock lock(mutex_);
    const Row* row = row_of(owner, id);
    if (row == nullptr) {
        return not_found(id);
    }
    return row->upload;
}

Result<UploadWithSegments> MemoryMetadataStore::find_with_segments(
    const Principal& owner, MediaId id
) {
    const std::scoped_lock lock(mutex_);
    const Row* row = row_of(owner, id);
    if (row == nullptr) {
        return not_found(id);
    }
    return UploadWithSegments{row->upload, row->segments};
}

Result<UploadWithSegments> MemoryMetadataStore::find_any(MediaId id) {
    const std::scoped_lock lock(mutex_);
    const Row* row = row_of(id);
    if (row == nullptr) {
        return not_found(id);
    }
    return UploadWithSegments{row->upload, row->segments};
}

Result<UploadPage> MemoryMetadataStore::list(
    const Principal& owner, MediaId before, std::uint32_t count_max
) {
    const std::scoped_lock lock(mutex_);
    return page_of(&owner, before, count_max);
}

Result<UploadPage> MemoryMetadataStore::list_all(MediaId before, std::uint32_t count_max) {
    const std::scoped_lock lock(mutex_);
    return page_of(nullptr, before, count_max);
}

UploadPage MemoryMetadataStore::page_of(
    const Principal* owner, MediaId before, std::uint32_t count_max
) const {
    UploadPage page;
    for (const auto& [id, row] : uploads_ | std::views::reverse) {
        const bool is_wanted = (owner == nullptr || row.upload.owner == *owner) &&
                               !row.upload.is_over() && (before.value == 0 || id < before);
        if (is_wanted && page.uploads.size() == count_max) {
            page.has_more = true;
            break;
        }
        if (is_wanted) {
            page.uploads.push_back(row.upload);
        }
    }
    return page;
}

Result<void> MemoryMetadataStore::add_segment(
    MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
) {
    const std::scoped_lock lock(mutex_);
    Row* row = row_of(id);
    if (row == nullptr) {
        return not_found(id);
    }
    Upload& upload = row->upload;
    const bool fits = upload.state == UploadState::open &&
                      segment.extent.length <= upload.total - upload.received;
    if (!fits || !row->segments.try_emplace(segment.index, segment).second) {
        return conflict("the segment does not fit the upload");
    }
    upload.received += segment.extent.length;
    ++upload.segments_received;
    upload.stride = upload.stride ? upload.stride : stride;
    upload.changed_at = now;
    return ok();
}

Result<void> MemoryMetadataStore::drop_segments(
    MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
) {
    const std::scoped_lock lock(mutex_);
    Row* row = row_of(id);
    if (row == nullptr) {
        return not_found(id);
    }
    if (row->upload.state != UploadState::open) {
        return conflict("the upload is not open");
    }
    for (const SegmentIndex index : indexes) {
        row->segments.erase(index);
    }
    row->upload.received = gaps_of(row->segments).received;
    row->upload.segments_received = static_cast<std::uint32_t>(row->segments.size());
    row->upload.changed_at = now;
    return ok();
}

std::vector<MediaId> MemoryMetadataStore::open_with_segments() {
    const std::scoped_lock lock(mutex_);
    std::vector<MediaId> ids;
    for (const auto& [id, row] : uploads_) {
        if (row.upload.state == UploadState::open && row.upload.segments_received > 0) {
            ids.push_back(id);
        }
    }
    return ids;
}

Result<void> MemoryMetadataStore::keep_all(const std::vector<MediaId>& ids, WallTime now) {
    const std::scoped_lock lock(mutex_);
    std::vector<Upload> kept;
    for (const MediaId id : ids) {
        const Row* row = row_of(id);
        if (row == nullptr) {
            return not_found(id);
        }
        auto next = row->upload.kept(now);
        if (!next) {
            return Error{.code = ErrorCode::store_conflict, .media_id = id.value};
        }
        kept.push_back(*std::move(next));
    }
    for (Upload& upload : kept) {
        row_of(upload.id)->upload = std::move(upload);
    }
    return ok();
}

Result<void> MemoryMetadataStore::change(
    const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    const std::scoped_lock lock(mutex_);
    Row* row = row_of(upload.id);
    if (row == nullptr) {
        return not_found(upload.id);
    }
    const bool is_same =
        row->upload.state == from &&
        (from != UploadState::open || (row->upload.segments_received == upload.segments_received &&
                                       row->upload.received == upload.received)) &&
        (upload.state != UploadState::expired || row->upload.expires_at == upload.expires_at);
    if (!is_same || (job && !may_add_job(*job))) {
        return conflict("the upload has changed meanwhile");
    }
    replace(row->upload, upload);
    if (upload.is_over()) {
        drop_job_of(upload.id);
    }
    if (job) {
        jobs_.emplace(job->id, JobRow{.job = *job});
    }
    return ok();
}

Result<std::vector<Upload>> MemoryMetadataStore::due_for_expiry(
    WallTime now, std::uint32_t count_max
) {
    const std::scoped_lock lock(mutex_);
    std::vector<Upload> due;
    for (const auto& [id, row] : uploads_) {
        if (row.upload.is_due(now)) {
            due.push_back(row.upload);
        }
    }
    keep_first(due, count_max, [](const Upload& a, const Upload& b) {
        return std::pair(a.expires_at, a.id) < std::pair(b.expires_at, b.id);
    });
    return due;
}

Result<std::vector<MediaId>> MemoryMetadataStore::due_for_cleaning(std::uint32_t count_max) {
    const std::scoped_lock lock(mutex_);
    std::vector<std::pair<WallTime, MediaId>> due;
    for (const auto& [id, row] : uploads_) {
        if (row.upload.is_over() && row.has_bytes) {
            due.emplace_back(row.upload.changed_at, id);
        }
    }
    keep_first(due, count_max, std::less<>());
    std::vector<MediaId> ids;
    std::ranges::transform(due, std::back_inserter(ids), [](const auto& item) {
        return item.second;
    });
    return ids;
}

Result<std::vector<Upload>> MemoryMetadataStore::with_bytes(
    MediaId after, std::uint32_t count_max
) {
    const std::scoped_lock lock(mutex_);
    std::vector<Upload> found;
    for (auto row = uploads_.upper_bound(after); row != uploads_.end(); ++row) {
        if (row->second.has_bytes && found.size() < count_max) {
            found.push_back(row->second.upload);
        }
    }
    return found;
}

Result<void> MemoryMetadataStore::forget_bytes(MediaId id) {
    const std::scoped_lock lock(mutex_);
    Row* row = row_of(id);
    if (row == nullptr) {
        return not_found(id);
    }
    row->segments.clear();
    row->outputs.clear();
    row->has_bytes = false;
    return ok();
}

Result<std::vector<Output>> MemoryMetadataStore::outputs(MediaId id) {
    const std::scoped_lock lock(mutex_);
    const Row* row = row_of(id);
    if (row == nullptr) {
        return not_found(id);
    }
    return row->outputs;
}

Result<std::uint64_t> MemoryMetadataStore::newest_number() {
    const std::scoped_lock lock(mutex_);
    std::uint64_t newest = jobs_.empty() ? 0 : jobs_.rbegin()->first.value;
    const auto note = [&newest](BlobId blob) {
        newest = blob.is_shared() ? newest : std::max(newest, blob.value);
    };
    for (const auto& [id, row] : uploads_) {
        newest = std::max(newest, id.value);
        for (const auto& [index, segment] : row.segments) {
            note(segment.extent.blob);
        }
        for (const Output& output : row.outputs) {
            note(output.extent.blob);
        }
    }
    return newest;
}

Result<StoreTotals> MemoryMetadataStore::totals() {
    const std::scoped_lock lock(mutex_);
    StoreTotals totals;
    for (const auto& [id, row] : uploads_) {
        totals.uploads_open += row.upload.state == UploadState::open ? 1 : 0;
    }
    for (const auto& [id, row] : jobs_) {
        if (upload_wanting(row) != nullptr) {
            ++(row.is_leased ? totals.jobs_running : totals.jobs_queued);
        }
    }
    return totals;
}

}  // namespace sluice
