-- The logical schema of store/sqlite in PostgreSQL's words. Times are milliseconds since 1970 (UTC), ids are
-- made by the application, truths are 0 or 1, states are their public names. What the application sorts by is
-- compared byte by byte, whatever the database's collation.

CREATE TABLE uploads (
    id                  BIGINT NOT NULL PRIMARY KEY,
    owner               TEXT COLLATE "C" NOT NULL,
    category            TEXT NOT NULL,
    category_given      BIGINT NOT NULL,
    media_type          TEXT NOT NULL,
    file_name           TEXT NOT NULL,
    total               BIGINT NOT NULL CHECK (total >= 0),
    one_shot            BIGINT NOT NULL,
    state               TEXT NOT NULL CHECK (state IN
        ('open', 'sealed', 'queued', 'processing', 'ready', 'failed', 'cancelled', 'expired')),
    received            BIGINT NOT NULL CHECK (received BETWEEN 0 AND total),
    segments_received   BIGINT NOT NULL,
    stride              BIGINT,
    -- The progress of processing, here and not with the job: STATUS is one row.
    progress_percent    BIGINT NOT NULL CHECK (progress_percent BETWEEN 0 AND 100),
    progress_ends_at    BIGINT,
    progress_step       TEXT NOT NULL,
    failure_code        BIGINT,
    failure_name        TEXT,
    failure_reason      TEXT,
    failure_message     TEXT,
    attempts            BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    changed_at          BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL,
    -- What the probe found in the bytes; empty and 0 before.
    content_type        TEXT NOT NULL,
    content_width       BIGINT NOT NULL,
    content_height      BIGINT NOT NULL,
    content_conversions TEXT NOT NULL,
    finalized_at        BIGINT,
    has_original        BIGINT NOT NULL,
    kind                TEXT NOT NULL CHECK (kind IN ('segments', 'stream', 'part', 'joined')),
    -- 0: the total is what has come so far.
    length_known        BIGINT NOT NULL,
    parts               TEXT NOT NULL,
    told                TEXT NOT NULL,
    protocol            TEXT NOT NULL,
    content_probed      TEXT NOT NULL,
    -- 0 once the bytes of a cancelled or expired upload are gone and the row is only a tombstone.
    has_bytes           BIGINT NOT NULL DEFAULT 1
) WITH (fillfactor = 80);  -- room for the new version of a row beside the old one (HOT)

CREATE INDEX uploads_of_owner ON uploads (owner, id DESC) WHERE state NOT IN ('cancelled', 'expired');
CREATE INDEX uploads_open_of_owner ON uploads (owner, id) WHERE state = 'open';
CREATE INDEX uploads_open ON uploads (id) WHERE state = 'open';
CREATE INDEX uploads_by_expiry ON uploads (expires_at, id) WHERE state IN ('open', 'ready', 'failed');
CREATE INDEX uploads_to_clean ON uploads (changed_at, id) WHERE state IN ('cancelled', 'expired') AND has_bytes = 1;
CREATE INDEX uploads_to_join ON uploads (owner, id) WHERE kind = 'joined' AND state = 'open';
-- What crashed its workers; the same content is refused for a while.
CREATE INDEX uploads_crashed ON uploads (owner, total) WHERE state = 'failed' AND failure_reason = 'WorkerCrashed';

CREATE TABLE segments (
    upload      BIGINT NOT NULL REFERENCES uploads (id),
    index       BIGINT NOT NULL CHECK (index >= 0),
    blob        BIGINT NOT NULL,
    "offset"    BIGINT NOT NULL,
    length      BIGINT NOT NULL,
    crc32c      BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (upload, index)
);

-- Only the odd ones have a blob of their own, so this index costs nothing in the usual case.
CREATE INDEX segments_staged ON segments (blob) WHERE blob <> upload;

CREATE TABLE outputs (
    upload       BIGINT NOT NULL REFERENCES uploads (id),
    position     BIGINT NOT NULL,
    name         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    blob         BIGINT NOT NULL,
    "offset"     BIGINT NOT NULL,
    length       BIGINT NOT NULL,
    width        BIGINT NOT NULL,
    height       BIGINT NOT NULL,
    duration_ms  BIGINT NOT NULL,
    role         TEXT NOT NULL,
    is_copied    BIGINT NOT NULL,
    placeholder  TEXT NOT NULL,
    made_at      BIGINT,
    PRIMARY KEY (upload, position),
    UNIQUE (upload, name)
);

CREATE INDEX outputs_by_blob ON outputs (blob);

CREATE TABLE jobs (
    id               BIGINT NOT NULL PRIMARY KEY,
    media            BIGINT NOT NULL UNIQUE REFERENCES uploads (id),
    run_at           BIGINT NOT NULL,
    cost_expected_ms BIGINT NOT NULL,
    lane             TEXT NOT NULL CHECK (lane IN ('quick', 'film')),
    rank             BIGINT NOT NULL,
    attempt          BIGINT NOT NULL,
    failures         BIGINT NOT NULL DEFAULT 0,
    crashes          BIGINT NOT NULL DEFAULT 0,
    is_suspect       BIGINT NOT NULL DEFAULT 0,
    -- Rises with every lease and never falls.
    fence            BIGINT NOT NULL,
    holder           TEXT,
    lease_until      BIGINT,
    state            TEXT NOT NULL CHECK (state IN ('waiting', 'leased'))
) WITH (fillfactor = 70);

CREATE INDEX jobs_by_rank ON jobs (lane, is_suspect DESC, rank, id);
CREATE INDEX jobs_suspect ON jobs (rank, id) WHERE is_suspect = 1;
CREATE INDEX jobs_leased ON jobs (lane, id) WHERE state = 'leased';

-- Which upload was made under which Idempotency-Key of its owner, and what was asked.
CREATE TABLE repeat_keys (
    owner  TEXT COLLATE "C" NOT NULL,
    key    TEXT COLLATE "C" NOT NULL,
    asked  TEXT NOT NULL,
    upload BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);

CREATE INDEX repeat_keys_by_upload ON repeat_keys (upload);

-- What each owner uses, so that a quota is one row and not a sum.
CREATE TABLE usage_of_owners (
    owner        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    uploads_open BIGINT NOT NULL,
    bytes        BIGINT NOT NULL
) WITH (fillfactor = 50);

-- The sizes of all open uploads that have no segment yet, spread over rows by the low bits of the id, so that
-- uploads which begin at the same time do not wait for one row.
CREATE TABLE promised_space (
    slot  BIGINT NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL
) WITH (fillfactor = 50);

INSERT INTO promised_space (slot, bytes) SELECT generate_series(0, 15), 0;

-- The slot of an upload. Ids count in steps (of their shard), so their bits are mixed first.
CREATE FUNCTION promise_slot(id BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE
    AS $$ SELECT (hashint8(id) & 15)::bigint $$;

CREATE FUNCTION keep_sums() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    open_before BIGINT := 0;
    bytes_before BIGINT := 0;
    promised_before BIGINT := 0;
    open_after BIGINT := (NEW.state = 'open')::int;
    bytes_after BIGINT := CASE WHEN NEW.state IN ('cancelled', 'expired') THEN 0 ELSE NEW.total END;
    promised_after BIGINT := CASE WHEN NEW.state = 'open' AND NEW.segments_received = 0 THEN NEW.total ELSE 0 END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        open_before := (OLD.state = 'open')::int;
        bytes_before := CASE WHEN OLD.state IN ('cancelled', 'expired') THEN 0 ELSE OLD.total END;
        promised_before := CASE WHEN OLD.state = 'open' AND OLD.segments_received = 0 THEN OLD.total ELSE 0 END;
    END IF;
    IF open_before <> open_after OR bytes_before <> bytes_after THEN
        INSERT INTO usage_of_owners AS u (owner, uploads_open, bytes)
            VALUES (NEW.owner, open_after - open_before, bytes_after - bytes_before)
            ON CONFLICT (owner) DO UPDATE
            SET uploads_open = u.uploads_open + excluded.uploads_open, bytes = u.bytes + excluded.bytes;
    END IF;
    IF promised_before <> promised_after THEN
        UPDATE promised_space SET bytes = bytes - promised_before + promised_after WHERE slot = promise_slot(NEW.id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER sums_begin AFTER INSERT ON uploads FOR EACH ROW EXECUTE FUNCTION keep_sums();
CREATE TRIGGER sums_follow AFTER UPDATE OF state, total, segments_received ON uploads FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.total <> NEW.total OR (OLD.segments_received = 0) <> (NEW.segments_received = 0))
    EXECUTE FUNCTION keep_sums();

-- What hangs on an upload besides its bytes. Rows go when the upload's bytes go (the sweep).

CREATE TABLE attachments (
    upload    BIGINT NOT NULL PRIMARY KEY,
    is_shared BIGINT NOT NULL
);

CREATE TABLE additional_owners (
    upload BIGINT NOT NULL,
    owner  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (upload, owner)
);

CREATE TABLE media_metadata (
    upload BIGINT NOT NULL,
    member TEXT COLLATE "C" NOT NULL,
    json   TEXT NOT NULL,
    PRIMARY KEY (upload, member)
);

CREATE TABLE subtitle_tracks (
    video        BIGINT NOT NULL,
    language     TEXT COLLATE "C" NOT NULL,
    subtitles    BIGINT NOT NULL,
    display_name TEXT NOT NULL,
    PRIMARY KEY (video, language)
);

CREATE INDEX subtitle_tracks_by_subtitles ON subtitle_tracks (subtitles);

CREATE TABLE media_claims (
    upload  BIGINT NOT NULL,
    used_by TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (upload, used_by)
);

-- What an upload remembers of its calls and of its processing. Alike neighbours are one row.
CREATE TABLE timeline (
    upload           BIGINT NOT NULL,
    position         BIGINT NOT NULL,
    -- What goes last when there are too many: 0 an ordinary call, 1 a refusal, 2 INIT, FINALIZE, the end of the job.
    weight           BIGINT NOT NULL,
    at               BIGINT NOT NULL,
    last_at          BIGINT NOT NULL,
    count            BIGINT NOT NULL,
    call             TEXT NOT NULL,
    status           BIGINT NOT NULL,
    code             TEXT NOT NULL,
    facts            TEXT NOT NULL,
    segment          BIGINT,
    bytes            BIGINT,
    duration_ms      BIGINT NOT NULL,
    request_id       TEXT NOT NULL,
    advised_s        BIGINT,
    asked_after_ms   BIGINT,
    advised_before_s BIGINT,
    PRIMARY KEY (upload, position)
);

-- Keys: bearer tokens as SHA-256, OAuth 1.0a secrets sealed with a key that is not in here. Revoked ones stay,
-- so that their users can be told.
CREATE TABLE keys (
    id                  BIGINT NOT NULL PRIMARY KEY,
    name                TEXT NOT NULL,
    user_id             BIGINT NOT NULL,
    app_name            TEXT NOT NULL,
    scopes              BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    expires_at          BIGINT,
    revoked_at          BIGINT,
    bearer_digest       TEXT COLLATE "C" NOT NULL UNIQUE,
    app_bearer_digest   TEXT COLLATE "C" NOT NULL UNIQUE,
    consumer_key        TEXT COLLATE "C" NOT NULL UNIQUE,
    consumer_secret     TEXT NOT NULL,
    access_token        TEXT COLLATE "C" NOT NULL UNIQUE,
    access_token_secret TEXT NOT NULL
);

-- OAuth 1.0a nonces, for as long as their timestamps are accepted.
CREATE TABLE nonces (
    key       BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    digest    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (key, timestamp, digest)
);

CREATE INDEX nonces_by_timestamp ON nonces (timestamp);

-- Uploads whose bytes are not to be believed as they are written down: until their checksums have been compared,
-- or (is_final) for good.
CREATE TABLE doubts (
    upload   BIGINT NOT NULL PRIMARY KEY,
    is_final BIGINT NOT NULL,
    facts    TEXT NOT NULL,
    since    BIGINT NOT NULL
);

-- What belongs to the installation as a whole: which storage has the bytes of the uploads in here.
CREATE TABLE installation (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
