-- The bytes of a joined upload are those of its parts and count once: from the joining on a part counts no more, neither
-- its bytes nor as an open upload; it does again when no joined upload is left that has it.
ALTER TABLE uploads ADD COLUMN is_joined INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER usage_changes;
DROP TRIGGER usage_follows_total;

CREATE TRIGGER usage_changes AFTER UPDATE OF state ON uploads WHEN OLD.state <> NEW.state AND NEW.is_joined = 0 BEGIN
    UPDATE usage_of_owners SET
        uploads_open = uploads_open - (OLD.state = 'open') + (NEW.state = 'open'),
        bytes = bytes - CASE WHEN NEW.state IN ('cancelled', 'expired') THEN OLD.total ELSE 0 END
        WHERE owner = NEW.owner;
END;

CREATE TRIGGER usage_follows_total AFTER UPDATE OF total ON uploads
    WHEN OLD.total <> NEW.total AND NEW.is_joined = 0 AND NEW.state NOT IN ('cancelled', 'expired') BEGIN
    UPDATE usage_of_owners SET bytes = bytes - OLD.total + NEW.total WHERE owner = NEW.owner;
END;

CREATE TRIGGER usage_follows_joining AFTER UPDATE OF is_joined ON uploads
    WHEN OLD.is_joined <> NEW.is_joined AND NEW.state NOT IN ('cancelled', 'expired') BEGIN
    UPDATE usage_of_owners SET
        uploads_open = uploads_open + (OLD.is_joined - NEW.is_joined) * (NEW.state = 'open'),
        bytes = bytes + (OLD.is_joined - NEW.is_joined) * NEW.total
        WHERE owner = NEW.owner;
END;

CREATE TRIGGER parts_count_again AFTER UPDATE OF state ON uploads
    WHEN NEW.kind = 'joined' AND OLD.state <> NEW.state AND NEW.state IN ('cancelled', 'expired') BEGIN
    UPDATE uploads SET is_joined = 0
        WHERE owner = NEW.owner AND state = 'open' AND is_joined = 1
            AND instr(' ' || NEW.parts || ' ', ' ' || id || ' ') > 0
            AND NOT EXISTS (
                SELECT 1 FROM uploads AS other
                WHERE other.owner = NEW.owner AND other.kind = 'joined' AND other.state NOT IN ('open', 'cancelled', 'expired')
                    AND instr(' ' || other.parts || ' ', ' ' || uploads.id || ' ') > 0);
END;

UPDATE uploads SET is_joined = 1
    WHERE kind = 'part' AND state = 'open' AND EXISTS (
        SELECT 1 FROM uploads AS whole
        WHERE whole.owner = uploads.owner AND whole.kind = 'joined' AND whole.state NOT IN ('open', 'cancelled', 'expired')
            AND instr(' ' || whole.parts || ' ', ' ' || uploads.id || ' ') > 0);

PRAGMA user_version = 15;
