-- The bytes of a joined upload are those of its parts and count once: from the joining on a part counts no more, neither
-- its bytes nor as an open upload; it does again when no joined upload is left that has it.
ALTER TABLE uploads ADD COLUMN is_joined BIGINT NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION keep_sums() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    open_before BIGINT := 0;
    bytes_before BIGINT := 0;
    promised_before BIGINT := 0;
    open_after BIGINT := (NEW.state = 'open' AND NEW.is_joined = 0)::int;
    bytes_after BIGINT :=
        CASE WHEN NEW.state IN ('cancelled', 'expired') OR NEW.is_joined = 1 THEN 0 ELSE NEW.total END;
    promised_after BIGINT := CASE WHEN NEW.state = 'open' AND NEW.segments_received = 0 THEN NEW.total ELSE 0 END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        open_before := (OLD.state = 'open' AND OLD.is_joined = 0)::int;
        bytes_before :=
            CASE WHEN OLD.state IN ('cancelled', 'expired') OR OLD.is_joined = 1 THEN 0 ELSE OLD.total END;
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

DROP TRIGGER sums_follow ON uploads;
CREATE TRIGGER sums_follow AFTER UPDATE OF state, total, segments_received, is_joined ON uploads FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.total <> NEW.total OR OLD.is_joined <> NEW.is_joined
        OR (OLD.segments_received = 0) <> (NEW.segments_received = 0))
    EXECUTE FUNCTION keep_sums();

CREATE FUNCTION count_parts_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE uploads AS part SET is_joined = 0
        WHERE part.owner = NEW.owner AND part.state = 'open' AND part.is_joined = 1
            AND part.id::text = ANY (string_to_array(NEW.parts, ' '))
            AND NOT EXISTS (
                SELECT 1 FROM uploads AS other
                WHERE other.owner = NEW.owner AND other.kind = 'joined'
                    AND other.state NOT IN ('open', 'cancelled', 'expired')
                    AND part.id::text = ANY (string_to_array(other.parts, ' ')));
    RETURN NULL;
END $$;

CREATE TRIGGER parts_count_again AFTER UPDATE OF state ON uploads FOR EACH ROW
    WHEN (NEW.kind = 'joined' AND OLD.state <> NEW.state AND NEW.state IN ('cancelled', 'expired'))
    EXECUTE FUNCTION count_parts_again();

UPDATE uploads AS part SET is_joined = 1
    WHERE part.kind = 'part' AND part.state = 'open' AND EXISTS (
        SELECT 1 FROM uploads AS whole
        WHERE whole.owner = part.owner AND whole.kind = 'joined' AND whole.state NOT IN ('open', 'cancelled', 'expired')
            AND part.id::text = ANY (string_to_array(whole.parts, ' ')));
