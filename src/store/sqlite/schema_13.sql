-- Uploads that come as one stream, in parts, or by joining parts (core/stream.hpp).
ALTER TABLE uploads ADD COLUMN kind TEXT NOT NULL DEFAULT 'segments'
    CHECK (kind IN ('segments', 'stream', 'part', 'joined'));
-- 0: the total is what has come so far.
ALTER TABLE uploads ADD COLUMN length_known INTEGER NOT NULL DEFAULT 1;
ALTER TABLE uploads ADD COLUMN parts TEXT NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN told TEXT NOT NULL DEFAULT '';

-- A total may change now: what depends on it follows. A change of state counts the old total.
CREATE TRIGGER usage_follows_total AFTER UPDATE OF total ON uploads
    WHEN OLD.total <> NEW.total AND NEW.state NOT IN ('cancelled', 'expired') BEGIN
    UPDATE usage_of_owners SET bytes = bytes - OLD.total + NEW.total WHERE owner = NEW.owner;
END;

CREATE TRIGGER promise_follows_total AFTER UPDATE OF total ON uploads
    WHEN OLD.total <> NEW.total AND OLD.state = 'open' AND OLD.segments_received = 0
        AND NEW.state = 'open' AND NEW.segments_received = 0 BEGIN
    UPDATE promised_space SET bytes = bytes - OLD.total + NEW.total;
END;

CREATE INDEX uploads_to_join ON uploads (owner, id) WHERE kind = 'joined' AND state = 'open';

PRAGMA user_version = 13;
