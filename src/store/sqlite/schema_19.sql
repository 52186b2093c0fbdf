-- Fewer programs for each write: a trigger that has nothing to do still costs its frame, an index its entry.

-- That parts count again is the affair of the statement that ends their joined upload (parts_count_again_sql).
DROP TRIGGER parts_count_again;

-- In one what were two: a promise ends with the first segment or when the upload is no more open, and may return.
DROP TRIGGER promise_ends;
DROP TRIGGER promise_returns;
CREATE TRIGGER promise_changes AFTER UPDATE OF segments_received, state ON uploads
    WHEN (OLD.state = 'open' AND OLD.segments_received = 0) <> (NEW.state = 'open' AND NEW.segments_received = 0) BEGIN
    UPDATE promised_space SET bytes = bytes
        + CASE WHEN NEW.state = 'open' AND NEW.segments_received = 0 THEN NEW.total ELSE -OLD.total END;
END;

-- uploads_open_of_owner has the same rows.
DROP INDEX uploads_open;

PRAGMA user_version = 19;
