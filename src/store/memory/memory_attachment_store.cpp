#include "store/memory/memory_attachment_store.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace sluice {

Result<Attachments> MemoryAttachmentStore::of(MediaId id) {
    const std::scoped_lock lock(mutex_);
    const auto found = rows_.find(id);
    return found == rows_.end() ? Attachments() : found->second;
}

Result<bool> MemoryAttachmentStore::is_additional_owner(MediaId id, const Principal& who) {
    const std::scoped_lock lock(mutex_);
    const auto found = rows_.find(id);
    return found != rows_.end() && std::ranges::find(found->second.additional_owners, who) !=
                                       found->second.additional_owners.end();
}

Result<void> MemoryAttachmentStore::share(
    MediaId id, const std::vector<Principal>& owners, bool is_shared
) {
    const std::scoped_lock lock(mutex_);
    const std::set<Principal> unique(owners.begin(), owners.end());
    Attachments& row = rows_[id];
    row.additional_owners.assign(unique.begin(), unique.end());
    row.is_shared = is_shared;
    return ok();
}

Result<void> MemoryAttachmentStore::annotate(
    MediaId id, const std::map<std::string, std::string>& members
) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, json] : members) {
        rows_[id].metadata[name] = json;
    }
    return ok();
}

Result<void> MemoryAttachmentStore::add_subtitles(
    MediaId video, const std::vector<SubtitleTrack>& tracks
) {
    const std::scoped_lock lock(mutex_);
    auto& all = rows_[video].subtitles;
    for (const SubtitleTrack& track : tracks) {
        std::erase_if(all, [&track](const auto& old) { return old.language == track.language; });
        all.push_back(track);
    }
    std::ranges::sort(all, {}, &SubtitleTrack::language);
    return ok();
}

Result<void> MemoryAttachmentStore::remove_subtitles(
    MediaId video, const std::vector<std::string>& languages
) {
    const std::scoped_lock lock(mutex_);
    auto left = rows_[video].subtitles;
    for (const std::string& language : languages) {
        if (std::erase_if(left, [&](const auto& track) { return track.language == language; }) ==
            0) {
            return Error{.code = ErrorCode::store_not_found, .media_id = video.value};
        }
    }
    rows_[video].subtitles = std::move(left);
    return ok();
}

Result<bool> MemoryAttachmentStore::are_attached(MediaId subtitles) {
    const std::scoped_lock lock(mutex_);
    return std::ranges::any_of(rows_, [subtitles](const auto& row) {
        const auto& tracks = row.second.subtitles;
        return std::ranges::find(tracks, subtitles, &SubtitleTrack::subtitles) != tracks.end();
    });
}

Result<void> MemoryAttachmentStore::claim(
    const std::vector<MediaId>& media, const MediaClaim& claim
) {
    const std::scoped_lock lock(mutex_);
    for (const MediaId id : media) {
        auto& claims = rows_[id].claims;
        if (std::ranges::find(claims, claim.used_by, &MediaClaim::used_by) == claims.end()) {
            claims.push_back(claim);
        }
        std::ranges::sort(claims, [](const MediaClaim& left, const MediaClaim& right) {
            return std::tie(left.at, left.used_by) < std::tie(right.at, right.used_by);
        });
    }
    return ok();
}

Result<void> MemoryAttachmentStore::withdraw(
    const std::vector<MediaId>& media, const std::string& used_by
) {
    const std::scoped_lock lock(mutex_);
    for (const MediaId id : media) {
        std::erase_if(rows_[id].claims, [&](const auto& claim) {
            return claim.used_by == used_by;
        });
    }
    return ok();
}

Result<void> MemoryAttachmentStore::forget(MediaId id) {
    const std::scoped_lock lock(mutex_);
    rows_.erase(id);
    return ok();
}

}  // namespace sluice
