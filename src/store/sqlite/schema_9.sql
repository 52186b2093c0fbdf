-- When FINALIZE came, so that what comes behind it can be told.
ALTER TABLE uploads ADD COLUMN finalized_at INTEGER;

PRAGMA user_version = 9;
