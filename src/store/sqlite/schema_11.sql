-- What an output is good for, how and when it was made.

ALTER TABLE outputs ADD COLUMN role TEXT NOT NULL DEFAULT 'rendition';
ALTER TABLE outputs ADD COLUMN is_copied INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outputs ADD COLUMN placeholder TEXT NOT NULL DEFAULT '';
ALTER TABLE outputs ADD COLUMN made_at INTEGER;

UPDATE outputs SET role = 'picture' WHERE content_type LIKE 'image/%';
UPDATE outputs SET role = 'poster' WHERE name = 'poster.jpg';
UPDATE outputs SET role = 'captions' WHERE content_type LIKE 'text/vtt%';

PRAGMA user_version = 11;
