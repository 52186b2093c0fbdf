-- Uploads whose bytes are not to be believed as they are written down: until their checksums have been
-- compared with the disk, or (is_final) for good, after a sync that failed.

CREATE TABLE doubts (
    upload   INTEGER NOT NULL PRIMARY KEY,
    is_final INTEGER NOT NULL,
    facts    TEXT NOT NULL,
    since    INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 7;
