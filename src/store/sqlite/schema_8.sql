-- Idempotency-Keys: which upload was made under which key of its owner, and what was asked. A row goes when
-- the upload's bytes go.
CREATE TABLE repeat_keys (
    owner  TEXT NOT NULL,
    key    TEXT NOT NULL,
    asked  TEXT NOT NULL,
    upload INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX repeat_keys_by_upload ON repeat_keys (upload);

-- The sizes of all open uploads that have no segment yet: the first one reserves the rest on the disk. A sum
-- that triggers keep, so that INIT reads one row.
CREATE TABLE promised_space (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    bytes INTEGER NOT NULL
) STRICT;

INSERT INTO promised_space (id, bytes)
    SELECT 1, coalesce(sum(total), 0) FROM uploads WHERE state = 'open' AND segments_received = 0;

CREATE TRIGGER promise_begins AFTER INSERT ON uploads
    WHEN NEW.state = 'open' AND NEW.segments_received = 0 BEGIN
    UPDATE promised_space SET bytes = bytes + NEW.total;
END;

CREATE TRIGGER promise_ends AFTER UPDATE OF segments_received, state ON uploads
    WHEN OLD.state = 'open' AND OLD.segments_received = 0
        AND NOT (NEW.state = 'open' AND NEW.segments_received = 0) BEGIN
    UPDATE promised_space SET bytes = bytes - OLD.total;
END;

CREATE TRIGGER promise_returns AFTER UPDATE OF segments_received, state ON uploads
    WHEN NEW.state = 'open' AND NEW.segments_received = 0
        AND NOT (OLD.state = 'open' AND OLD.segments_received = 0) BEGIN
    UPDATE promised_space SET bytes = bytes + NEW.total;
END;

PRAGMA user_version = 8;
