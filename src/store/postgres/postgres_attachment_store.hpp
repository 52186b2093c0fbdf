// PostgresAttachmentStore: the AttachmentStore over the shared PostgreSQL database. Thread-safe, blocking.
#pragma once

#include <memory>
#include <utility>

#include "store/attachment_store.hpp"
#include "store/postgres/postgres_database.hpp"

namespace sluice {

class PostgresAttachmentStore final : public AttachmentStore {
  public:
    explicit PostgresAttachmentStore(std::shared_ptr<PostgresDatabase> database)
        : database_(std::move(database)) {}

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
    std::shared_ptr<PostgresDatabase> database_;
};

}  // namespace sluice
