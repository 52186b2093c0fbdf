-- What each owner uses, so that a quota is one row and not a sum. Changed by triggers, in whatever
-- transaction changes the uploads.

CREATE TABLE usage_of_owners (
    owner        TEXT NOT NULL PRIMARY KEY,
    uploads_open INTEGER NOT NULL,
    bytes        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO usage_of_owners (owner, uploads_open, bytes)
    SELECT owner, sum(state = 'open'), sum(CASE WHEN state IN ('cancelled', 'expired') THEN 0 ELSE total END)
    FROM uploads GROUP BY owner;

CREATE TRIGGER usage_grows AFTER INSERT ON uploads BEGIN
    INSERT INTO usage_of_owners (owner, uploads_open, bytes) VALUES (NEW.owner, NEW.state = 'open', NEW.total)
        ON CONFLICT (owner) DO UPDATE
        SET uploads_open = uploads_open + excluded.uploads_open, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER usage_changes AFTER UPDATE OF state ON uploads WHEN OLD.state <> NEW.state BEGIN
    UPDATE usage_of_owners SET
        uploads_open = uploads_open - (OLD.state = 'open') + (NEW.state = 'open'),
        bytes = bytes - CASE WHEN NEW.state IN ('cancelled', 'expired') THEN OLD.total ELSE 0 END
        WHERE owner = NEW.owner;
END;

CREATE INDEX uploads_open_of_owner ON uploads (owner, id) WHERE state = 'open';

PRAGMA user_version = 3;
