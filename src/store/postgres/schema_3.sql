-- Several nodes on one database. A node is a process that serves or works; its number is the shard of the ids that
-- it makes, and is given to no other for a long time after it was last seen.
CREATE TABLE nodes (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id BETWEEN 8 AND 1023),
    name        TEXT NOT NULL UNIQUE,
    -- Of the process that has the number now: each start makes a new one.
    incarnation BIGINT NOT NULL,
    role        TEXT NOT NULL,
    quick_slots BIGINT NOT NULL,
    film_slots  BIGINT NOT NULL,
    speeds      TEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    -- By the database's clock.
    seen_at     BIGINT NOT NULL
);

-- Who appends to a stream: the token of the request that took it last, and its node. Only under this token the
-- stream is extended; 0: nobody has taken it, or only one process has this database.
ALTER TABLE uploads ADD COLUMN stream_token BIGINT NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN stream_node BIGINT NOT NULL DEFAULT 0;

-- How many calls of a bucket all nodes have admitted in the window that ends at `resets`. Gone after a crash of the
-- database, by design: the windows begin anew.
CREATE UNLOGGED TABLE rate_windows (
    principal TEXT COLLATE "C" NOT NULL,
    bucket    BIGINT NOT NULL,
    resets    BIGINT NOT NULL,
    used      BIGINT NOT NULL,
    PRIMARY KEY (principal, bucket)
) WITH (fillfactor = 60);

CREATE INDEX rate_windows_by_end ON rate_windows (resets);
