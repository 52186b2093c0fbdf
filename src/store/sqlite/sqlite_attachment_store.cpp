#include "store/sqlite/sqlite_attachment_store.hpp"

#include <array>

#include "base/do_each.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {

using sqlite::Connection;
using sqlite::Statement;
using sqlite::stored;

namespace {

constexpr char shared_sql[] = "SELECT is_shared FROM attachments WHERE upload = ?1";
constexpr char owners_sql[] =
    "SELECT owner FROM additional_owners WHERE upload = ?1 ORDER BY owner";
constexpr char metadata_sql[] = "SELECT member, json FROM media_metadata WHERE upload = ?1";
constexpr char tracks_sql[] =
    "SELECT subtitles, language, display_name FROM subtitle_tracks WHERE video = ?1 "
    "ORDER BY language";
constexpr char claims_sql[] =
    "SELECT used_by, at FROM media_claims WHERE upload = ?1 ORDER BY at, used_by";
constexpr char is_owner_sql[] = "SELECT 1 FROM additional_owners WHERE upload = ?1 AND owner = ?2";
constexpr char are_attached_sql[] = "SELECT 1 FROM subtitle_tracks WHERE subtitles = ?1 LIMIT 1";

constexpr char set_shared_sql[] =
    "INSERT INTO attachments (upload, is_shared) VALUES (?1, ?2) "
    "ON CONFLICT (upload) DO UPDATE SET is_shared = excluded.is_shared";
constexpr char add_owner_sql[] =
    "INSERT INTO additional_owners (upload, owner) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
constexpr char put_metadata_sql[] =
    "INSERT INTO media_metadata (upload, member, json) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (upload, member) DO UPDATE SET json = excluded.json";
constexpr char put_track_sql[] =
    "INSERT INTO subtitle_tracks (video, language, subtitles, display_name) "
    "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (video, language) DO UPDATE SET "
    "subtitles = excluded.subtitles, display_name = excluded.display_name";
constexpr char remove_track_sql[] =
    "DELETE FROM subtitle_tracks WHERE video = ?1 AND language = ?2";
constexpr char drop_claim_sql[] = "DELETE FROM media_claims WHERE upload = ?1 AND used_by = ?2";
constexpr char add_claim_sql[] =
    "INSERT INTO media_claims (upload, used_by, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

constexpr char delete_owners_sql[] = "DELETE FROM additional_owners WHERE upload = ?1";
constexpr std::array delete_all_sql{
    "DELETE FROM attachments WHERE upload = ?1",
    delete_owners_sql,
    "DELETE FROM media_metadata WHERE upload = ?1",
    "DELETE FROM subtitle_tracks WHERE video = ?1",
    "DELETE FROM media_claims WHERE upload = ?1",
};

// Calls `take` with each row.
template <class Take>
Result<void> each_row(Connection& connection, const char* sql, MediaId id, Take take) {
    auto row = connection.query(sql, stored(id.value));
    if (!row) {
        return std::move(row).error();
    }
    for (;;) {
        auto is_there = row->step();
        if (!is_there) {
            return std::move(is_there).error();
        }
        if (!*is_there) {
            return ok();
        }
        take(*row);
    }
}

template <class... Values>
Result<void> change(Connection& connection, const char* sql, const Values&... values) {
    auto changed = connection.execute(sql, values...);
    return changed ? ok() : Result<void>(std::move(changed).error());
}

Result<void> read_tracks_and_claims(Connection& connection, MediaId id, Attachments& all) {
    auto tracks = each_row(connection, tracks_sql, id, [&all](const Statement& row) {
        all.subtitles.push_back(
            {{static_cast<std::uint64_t>(row.integer(0))}, row.text(1), row.text(2)}
        );
    });
    if (!tracks) {
        return tracks;
    }
    return each_row(connection, claims_sql, id, [&all](const Statement& row) {
        all.claims.push_back({row.text(0), sqlite::time_from(row.integer(1))});
    });
}

Result<void> read_words_and_rights(Connection& connection, MediaId id, Attachments& all) {
    auto flag = each_row(connection, shared_sql, id, [&all](const Statement& row) {
        all.is_shared = row.integer(0) != 0;
    });
    if (!flag) {
        return flag;
    }
    auto owners = each_row(connection, owners_sql, id, [&all](const Statement& row) {
        all.additional_owners.push_back({row.text(0)});
    });
    if (!owners) {
        return owners;
    }
    return each_row(connection, metadata_sql, id, [&all](const Statement& row) {
        all.metadata[row.text(0)] = row.text(1);
    });
}

Result<void> remove_track(Connection& connection, MediaId video, std::string_view language) {
    const auto changed = connection.execute(remove_track_sql, stored(video.value), language);
    if (!changed) {
        return changed.error();
    }
    return *changed > 0 ? ok() : Error{.code = ErrorCode::store_not_found, .media_id = video.value};
}

}  // namespace

Result<Attachments> SqliteAttachmentStore::of(MediaId id) {
    auto lease = database_->readers().borrow();
    if (auto begun = lease.begin_snapshot(); !begun) {
        return std::move(begun).error();
    }
    Attachments all;
    if (auto read = read_words_and_rights(*lease, id, all); !read) {
        return std::move(read).error();
    }
    if (auto read = read_tracks_and_claims(*lease, id, all); !read) {
        return std::move(read).error();
    }
    return all;
}

Result<bool> SqliteAttachmentStore::is_additional_owner(MediaId id, const Principal& who) {
    auto lease = database_->readers().borrow();
    auto row = (*lease).query(is_owner_sql, stored(id.value), std::string_view(who.id));
    return row ? row->step() : Result<bool>(std::move(row).error());
}

Result<void> SqliteAttachmentStore::share(
    MediaId id, const std::vector<Principal>& owners, bool is_shared
) {
    return database_->writer().perform([&](Connection& connection) -> Result<void> {
        if (auto done = change(connection, delete_owners_sql, stored(id.value)); !done) {
            return done;
        }
        auto added = do_each(owners, [&](const Principal& owner) {
            const std::string_view name = owner.id;
            return change(connection, add_owner_sql, stored(id.value), name);
        });
        if (!added) {
            return added;
        }
        return change(connection, set_shared_sql, stored(id.value), std::int64_t{is_shared});
    });
}

Result<void> SqliteAttachmentStore::annotate(
    MediaId id, const std::map<std::string, std::string>& members
) {
    return database_->writer().perform([&](Connection& connection) {
        return do_each(members, [&](const auto& member) {
            const std::string_view name = member.first;
            const std::string_view json = member.second;
            return change(connection, put_metadata_sql, stored(id.value), name, json);
        });
    });
}

Result<void> SqliteAttachmentStore::add_subtitles(
    MediaId video, const std::vector<SubtitleTrack>& tracks
) {
    return database_->writer().perform([&](Connection& connection) {
        return do_each(tracks, [&](const SubtitleTrack& track) {
            return change(
                connection,
                put_track_sql,
                stored(video.value),
                std::string_view(track.language),
                stored(track.subtitles.value),
                std::string_view(track.display_name)
            );
        });
    });
}

Result<void> SqliteAttachmentStore::remove_subtitles(
    MediaId video, const std::vector<std::string>& languages
) {
    return database_->writer().perform([&](Connection& connection) {
        return do_each(languages, [&](const std::string& language) {
            return remove_track(connection, video, language);
        });
    });
}

Result<bool> SqliteAttachmentStore::are_attached(MediaId subtitles) {
    auto lease = database_->readers().borrow();
    auto row = (*lease).query(are_attached_sql, stored(subtitles.value));
    return row ? row->step() : Result<bool>(std::move(row).error());
}

Result<void> SqliteAttachmentStore::claim(
    const std::vector<MediaId>& media, const MediaClaim& claim
) {
    const std::string_view used_by = claim.used_by;
    return database_->writer().perform([&](Connection& connection) {
        return do_each(media, [&](MediaId id) {
            return change(connection, add_claim_sql, stored(id.value), used_by, stored(claim.at));
        });
    });
}

Result<void> SqliteAttachmentStore::withdraw(
    const std::vector<MediaId>& media, const std::string& used_by
) {
    const std::string_view use = used_by;
    return database_->writer().perform([&](Connection& connection) {
        return do_each(media, [&](MediaId id) {
            return change(connection, drop_claim_sql, stored(id.value), use);
        });
    });
}

Result<void> SqliteAttachmentStore::forget(MediaId id) {
    return database_->writer().perform([id](Connection& connection) {
        return do_each(delete_all_sql, [&](const char* sql) {
            return change(connection, sql, stored(id.value));
        });
    });
}

}  // namespace sluice
