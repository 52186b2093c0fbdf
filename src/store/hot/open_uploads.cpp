#include "store/hot/open_uploads.hpp"

#include <utility>

namespace sluice {
namespace {

// Ids count up in steps that leave their low bits alike.
std::size_t spread(MediaId id) {
    return (id.value * 0x9E37'79B9'7F4A'7C15U) >> 58U;
}

bool is_of_these(const Upload& upload) {
    return upload.state == UploadState::open && upload.stream.kind == UploadKind::segments;
}

}  // namespace

OpenUploads::Shard& OpenUploads::shard_of(MediaId id) {
    return shards_[spread(id)];
}
const OpenUploads::Shard& OpenUploads::shard_of(MediaId id) const {
    return shards_[spread(id)];
}

std::optional<UploadWithSegments> OpenUploads::find(const Principal& owner, MediaId id) const {
    const Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.entries.find(id.value);
    const bool is_known =
        at != shard.entries.end() && at->second.known && at->second.known->upload.owner == owner;
    return is_known ? at->second.known : std::nullopt;
}

std::optional<UploadWithSegments> OpenUploads::Shard::taken(Entry& entry) {
    if (entry.known) {
        --known;
        segments -= entry.known->segments.size();
    }
    return std::exchange(entry.known, std::nullopt);
}

void OpenUploads::Shard::keep(Entry& entry, UploadWithSegments there) {
    static_cast<void>(taken(entry));
    if (known >= known_max || segments + there.segments.size() > segments_max) {
        forget_all();
    }
    ++known;
    segments += there.segments.size();
    entry.known = std::move(there);
}

// Entries that somebody refers to stay.
void OpenUploads::Shard::forget_all() {
    for (auto& [id, entry] : entries) {
        entry.known.reset();
    }
    std::erase_if(entries, [](const auto& of) {
        return of.second.writes == 0 && of.second.readings == 0;
    });
    known = segments = 0;
}

void OpenUploads::Shard::drop_if_empty(MediaId id, const Entry& entry) {
    if (entry.writes == 0 && entry.readings == 0 && !entry.known) {
        entries.erase(id.value);
    }
}

OpenUploads::Reading::Reading(OpenUploads& of, MediaId id) : of_(of), id_(id) {
    Shard& shard = of_.shard_of(id_);
    const std::lock_guard lock(shard.mutex);
    Entry& entry = shard.entries[id_.value];
    ++entry.readings;
    seen_ = entry.changes;
}

OpenUploads::Reading::~Reading() {
    Shard& shard = of_.shard_of(id_);
    const std::lock_guard lock(shard.mutex);
    Entry& entry = shard.entries[id_.value];
    --entry.readings;
    shard.drop_if_empty(id_, entry);
}

void OpenUploads::Reading::found(const UploadWithSegments& there) {
    if (!is_of_these(there.upload)) {
        return;
    }
    Shard& shard = of_.shard_of(id_);
    const std::lock_guard lock(shard.mutex);
    Entry& entry = shard.entries[id_.value];
    if (entry.writes == 0 && entry.changes == seen_) {
        shard.keep(entry, there);
    }
}

OpenUploads::Write::Write(OpenUploads& of, MediaId id) : of_(of), id_(id) {
    Shard& shard = of_.shard_of(id_);
    const std::lock_guard lock(shard.mutex);
    Entry& entry = shard.entries[id_.value];
    ++entry.writes;
    begun_ = ++entry.changes;
    known_ = shard.taken(entry);
}

// What was written beside another write may be in either order.
OpenUploads::Write::~Write() {
    Shard& shard = of_.shard_of(id_);
    const std::lock_guard lock(shard.mutex);
    Entry& entry = shard.entries[id_.value];
    const bool was_alone = entry.writes == 1 && entry.changes == begun_;
    if (is_done_ && was_alone && known_ && is_of_these(known_->upload)) {
        shard.keep(entry, *std::move(known_));
    }
    --entry.writes;
    ++entry.changes;
    shard.drop_if_empty(id_, entry);
}

}  // namespace sluice
