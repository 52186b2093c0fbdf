-- In which lane a job runs, and before whom; how its attempts ended; whether it ran when a server died.

ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT 'film' CHECK (lane IN ('quick', 'film'));
ALTER TABLE jobs ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN is_suspect INTEGER NOT NULL DEFAULT 0;

UPDATE jobs SET rank = run_at;
UPDATE jobs SET lane = 'quick' WHERE media IN
    (SELECT id FROM uploads WHERE category IN ('tweet_image', 'dm_image', 'subtitles'));

DROP INDEX jobs_by_run_at;
CREATE INDEX jobs_by_rank ON jobs (lane, is_suspect DESC, rank, id);
CREATE INDEX jobs_suspect ON jobs (is_suspect DESC, rank, id) WHERE is_suspect = 1;
CREATE INDEX jobs_leased ON jobs (id) WHERE state = 'leased';

-- What crashed its workers; the same content is refused for a while.
CREATE INDEX uploads_crashed ON uploads (owner, total)
    WHERE state = 'failed' AND failure_reason = 'WorkerCrashed';

PRAGMA user_version = 10;
