-- Times are milliseconds since 1970 (UTC). Ids are made by the application. States and categories are
-- their public names, so that a person with sqlite3 can read them.

CREATE TABLE uploads (
    id                INTEGER NOT NULL PRIMARY KEY,
    owner             TEXT NOT NULL,
    category          TEXT NOT NULL,
    category_given    INTEGER NOT NULL,
    media_type        TEXT NOT NULL,
    file_name         TEXT NOT NULL,
    total             INTEGER NOT NULL CHECK (total >= 0),
    one_shot          INTEGER NOT NULL,
    state             TEXT NOT NULL CHECK (state IN
        ('open', 'sealed', 'queued', 'processing', 'ready', 'failed', 'cancelled', 'expired')),
    received          INTEGER NOT NULL CHECK (received BETWEEN 0 AND total),
    segments_received INTEGER NOT NULL,
    stride            INTEGER,
    -- The progress of processing, here and not with the job: STATUS is one row.
    progress_percent  INTEGER NOT NULL CHECK (progress_percent BETWEEN 0 AND 100),
    progress_ends_at  INTEGER,
    progress_step     TEXT NOT NULL,
    failure_code      INTEGER,
    failure_name      TEXT,
    failure_reason    TEXT,
    failure_message   TEXT,
    attempts          INTEGER NOT NULL,
    -- What the probe found in the bytes; empty and 0 before.
    content_type      TEXT NOT NULL,
    content_width     INTEGER NOT NULL,
    content_height    INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    changed_at        INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    -- 0 once the bytes of a cancelled or expired upload are gone and the row is only a tombstone.
    has_bytes         INTEGER NOT NULL
) STRICT;

CREATE INDEX uploads_of_owner ON uploads (owner, id DESC) WHERE state NOT IN ('cancelled', 'expired');
CREATE INDEX uploads_open ON uploads (id) WHERE state = 'open';
CREATE INDEX uploads_by_expiry ON uploads (expires_at, id) WHERE state IN ('open', 'ready', 'failed');
CREATE INDEX uploads_to_clean ON uploads (changed_at, id)
    WHERE state IN ('cancelled', 'expired') AND has_bytes = 1;

CREATE TABLE segments (
    upload      INTEGER NOT NULL REFERENCES uploads (id),
    "index"     INTEGER NOT NULL CHECK ("index" >= 0),
    blob        INTEGER NOT NULL,
    "offset"    INTEGER NOT NULL,
    length      INTEGER NOT NULL,
    crc32c      INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (upload, "index")
) STRICT, WITHOUT ROWID;

-- Only the odd ones have a blob of their own, so this index costs nothing in the usual case.
CREATE INDEX segments_staged ON segments (blob) WHERE blob <> upload;

CREATE TABLE outputs (
    upload       INTEGER NOT NULL REFERENCES uploads (id),
    position     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    blob         INTEGER NOT NULL,
    "offset"     INTEGER NOT NULL,
    length       INTEGER NOT NULL,
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    duration_ms  INTEGER NOT NULL,
    PRIMARY KEY (upload, position),
    UNIQUE (upload, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX outputs_by_blob ON outputs (blob);

CREATE TABLE jobs (
    id               INTEGER NOT NULL PRIMARY KEY,
    media            INTEGER NOT NULL UNIQUE REFERENCES uploads (id),
    run_at           INTEGER NOT NULL,
    cost_expected_ms INTEGER NOT NULL,
    attempt          INTEGER NOT NULL,
    -- Rises with every lease and never falls.
    fence            INTEGER NOT NULL,
    holder           TEXT,
    lease_until      INTEGER,
    state            TEXT NOT NULL CHECK (state IN ('waiting', 'leased'))
) STRICT;

CREATE INDEX jobs_by_run_at ON jobs (run_at, id);
CREATE INDEX jobs_of_holder ON jobs (holder) WHERE state = 'leased';

PRAGMA user_version = 1;
