-- What hangs on an upload besides its bytes. Rows go when the upload's bytes go (the sweep).

CREATE TABLE attachments (
    upload    INTEGER NOT NULL PRIMARY KEY,
    is_shared INTEGER NOT NULL
) STRICT;

CREATE TABLE additional_owners (
    upload INTEGER NOT NULL,
    owner  TEXT NOT NULL,
    PRIMARY KEY (upload, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE media_metadata (
    upload INTEGER NOT NULL,
    member TEXT NOT NULL,
    json   TEXT NOT NULL,
    PRIMARY KEY (upload, member)
) STRICT, WITHOUT ROWID;

CREATE TABLE subtitle_tracks (
    video        INTEGER NOT NULL,
    language     TEXT NOT NULL,
    subtitles    INTEGER NOT NULL,
    display_name TEXT NOT NULL,
    PRIMARY KEY (video, language)
) STRICT, WITHOUT ROWID;

CREATE INDEX subtitle_tracks_by_subtitles ON subtitle_tracks (subtitles);

CREATE TABLE media_claims (
    upload  INTEGER NOT NULL,
    used_by TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (upload, used_by)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
