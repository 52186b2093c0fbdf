-- Of some uploads only what was made of them is kept.

ALTER TABLE uploads ADD COLUMN has_original INTEGER NOT NULL DEFAULT 1;

PRAGMA user_version = 12;
