#include "store/postgres/postgres_attachment_store.hpp"

#include <array>

namespace sluice {

using postgres::Row;
using postgres::Rows;
using postgres::Session;

namespace {

constexpr char shared_sql[] = "SELECT is_shared FROM attachments WHERE upload = $1";
constexpr char owners_sql[] =
    "SELECT owner FROM additional_owners WHERE upload = $1 ORDER BY owner";
constexpr char metadata_sql[] = "SELECT member, json FROM media_metadata WHERE upload = $1";
constexpr char tracks_sql[] =
    "SELECT subtitles, language, display_name FROM subtitle_tracks WHERE video = $1 "
    "ORDER BY language";
constexpr char claims_sql[] =
    "SELECT used_by, at FROM media_claims WHERE upload = $1 ORDER BY at, used_by";
constexpr char is_owner_sql[] = "SELECT 1 FROM additional_owners WHERE upload = $1 AND owner = $2";
constexpr char are_attached_sql[] = "SELECT 1 FROM subtitle_tracks WHERE subtitles = $1 LIMIT 1";

constexpr char set_shared_sql[] =
    "INSERT INTO attachments (upload, is_shared) VALUES ($1, $2) "
    "ON CONFLICT (upload) DO UPDATE SET is_shared = excluded.is_shared";
constexpr char add_owner_sql[] =
    "INSERT INTO additional_owners (upload, owner) VALUES ($1, $2) ON CONFLICT DO NOTHING";
constexpr char put_metadata_sql[] =
    "INSERT INTO media_metadata (upload, member, json) VALUES ($1, $2, $3) "
    "ON CONFLICT (upload, member) DO UPDATE SET json = excluded.json";
constexpr char put_track_sql[] =
    "INSERT INTO subtitle_tracks (video, language, subtitles, display_name) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT (video, language) DO UPDATE SET "
    "subtitles = excluded.subtitles, display_name = excluded.display_name";
constexpr char remove_track_sql[] =
    "DELETE FROM subtitle_tracks WHERE video = $1 AND language = $2";
constexpr char drop_claim_sql[] = "DELETE FROM media_claims WHERE upload = $1 AND used_by = $2";
constexpr char add_claim_sql[] =
    "INSERT INTO media_claims (upload, used_by, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

constexpr char delete_owners_sql[] = "DELETE FROM additional_owners WHERE upload = $1";
constexpr std::array delete_all_sql{
    "DELETE FROM attachments WHERE upload = $1",
    delete_owners_sql,
    "DELETE FROM media_metadata WHERE upload = $1",
    "DELETE FROM subtitle_tracks WHERE video = $1",
    "DELETE FROM media_claims WHERE upload = $1",
};

Attachments read_all(const std::vector<Rows>& answers) {
    Attachments all;
    for (const Row row : answers[0]) {
        all.is_shared = row.flag(0);
    }
    for (const Row row : answers[1]) {
        all.additional_owners.push_back({row.text(0)});
    }
    for (const Row row : answers[2]) {
        all.metadata[row.text(0)] = row.text(1);
    }
    for (const Row row : answers[3]) {
        all.subtitles.push_back({{row.number(0)}, row.text(1), row.text(2)});
    }
    for (const Row row : answers[4]) {
        all.claims.push_back({row.text(0), row.time(1)});
    }
    return all;
}

// What the first ones took is rolled back with the refusal.
Result<void> remove_tracks(
    Session& session, MediaId video, const std::vector<std::string>& languages
) {
    for (const std::string& language : languages) {
        if (session.execute(remove_track_sql, video.value, language) == 0) {
            return Error{.code = ErrorCode::store_not_found, .media_id = video.value};
        }
    }
    return ok();
}

Result<bool> has_rows(const Result<Rows>& rows) {
    return rows ? Result<bool>(!rows->empty()) : rows.error();
}

}  // namespace

Result<Attachments> PostgresAttachmentStore::of(MediaId id) {
    const auto answers = database_->snapshot([id](Session& session) {
        for (const char* sql : {shared_sql, owners_sql, metadata_sql, tracks_sql, claims_sql}) {
            session.send(sql, id.value);
        }
    });
    return answers ? Result<Attachments>(read_all(*answers)) : answers.error();
}

Result<bool> PostgresAttachmentStore::is_additional_owner(MediaId id, const Principal& who) {
    return has_rows(database_->query(is_owner_sql, id.value, who.id));
}

Result<void> PostgresAttachmentStore::share(
    MediaId id, const std::vector<Principal>& owners, bool is_shared
) {
    return database_->perform([&](Session& session) {
        // First, for its lock: who shares the same upload at the same time comes behind.
        session.send(set_shared_sql, id.value, is_shared);
        session.send(delete_owners_sql, id.value);
        for (const Principal& owner : owners) {
            session.send(add_owner_sql, id.value, owner.id);
        }
        return ok();
    });
}

Result<void> PostgresAttachmentStore::annotate(
    MediaId id, const std::map<std::string, std::string>& members
) {
    return database_->perform([&](Session& session) {
        for (const auto& [name, json] : members) {
            session.send(put_metadata_sql, id.value, name, json);
        }
        return ok();
    });
}

Result<void> PostgresAttachmentStore::add_subtitles(
    MediaId video, const std::vector<SubtitleTrack>& tracks
) {
    return database_->perform([&](Session& session) {
        for (const SubtitleTrack& track : tracks) {
            session.send(
                put_track_sql,
                video.value,
                track.language,
                track.subtitles.value,
                track.display_name
            );
        }
        return ok();
    });
}

Result<void> PostgresAttachmentStore::remove_subtitles(
    MediaId video, const std::vector<std::string>& languages
) {
    return database_->perform([&](Session& session) {
        return remove_tracks(session, video, languages);
    });
}

Result<bool> PostgresAttachmentStore::are_attached(MediaId subtitles) {
    return has_rows(database_->query(are_attached_sql, subtitles.value));
}

Result<void> PostgresAttachmentStore::claim(
    const std::vector<MediaId>& media, const MediaClaim& claim
) {
    return database_->perform([&](Session& session) {
        for (const MediaId id : media) {
            session.send(add_claim_sql, id.value, claim.used_by, claim.at);
        }
        return ok();
    });
}

Result<void> PostgresAttachmentStore::withdraw(
    const std::vector<MediaId>& media, const std::string& used_by
) {
    return database_->perform([&](Session& session) {
        for (const MediaId id : media) {
            session.send(drop_claim_sql, id.value, used_by);
        }
        return ok();
    });
}

Result<void> PostgresAttachmentStore::forget(MediaId id) {
    return database_->perform([id](Session& session) {
        for (const char* sql : delete_all_sql) {
            session.send(sql, id.value);
        }
        return ok();
    });
}

}  // namespace sluice
