-- Which protocol made an upload, and what the look at its content told; for people.
ALTER TABLE uploads ADD COLUMN protocol TEXT NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN content_probed TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 14;
