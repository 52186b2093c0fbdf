// MemoryAttachmentStore: the AttachmentStore without a disk, for tests. One mutex around
// everything.
#pragma once

#include <mutex>

#include "store/attachment_store.hpp"

namespace sluice {

class MemoryAttachmentStore final : public AttachmentStore {
  public:
    Result<Attachments> of(MediaId id) override;
    Result<bool> is_additional_owner(MediaId id, const Principal& who) override;
    Result<void> share(MediaId id, const std::vector<Principal>& owners, bool is_shared) override;
    Result<void> annotate(MediaId id, const std::map<std::string, std::string>& members) override;
    Result<void> add_subtitles(MediaId video, const std::vector<SubtitleTrack>& tracks) override;
    Result<void> remove_subtitles(MediaId video, const std::vector<std::string>& languages)
        override;
    Result<bool> are_attached(MediaId subtitles) override;
    Result<void> claim(const std::vector<MediaId>& media, const MediaClaim& claim) override;
    Result<void> withdraw(const std::vector<MediaId>& media, const std::string& used_by) override;
    Result<void> forget(MediaId id) override;

  private:
    std::mutex mutex_;  // guards what is below
    std::map<MediaId, Attachments> rows_;
};

}  // namespace sluice
