-- What an upload remembers of its calls and of its processing. Alike neighbours are one row.

CREATE TABLE timeline (
    upload           INTEGER NOT NULL REFERENCES uploads (id),
    position         INTEGER NOT NULL,
    -- What goes last when there are too many: 0 an ordinary call, 1 a refusal, 2 INIT, FINALIZE, the end of the job.
    weight           INTEGER NOT NULL,
    at               INTEGER NOT NULL,
    last_at          INTEGER NOT NULL,
    count            INTEGER NOT NULL,
    call             TEXT NOT NULL,
    status           INTEGER NOT NULL,
    code             TEXT NOT NULL,
    facts            TEXT NOT NULL,
    segment          INTEGER,
    bytes            INTEGER,
    duration_ms      INTEGER NOT NULL,
    request_id       TEXT NOT NULL,
    advised_s        INTEGER,
    asked_after_ms   INTEGER,
    advised_before_s INTEGER,
    PRIMARY KEY (upload, position)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 5;
