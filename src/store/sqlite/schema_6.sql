-- What X does not take in a video and was converted here: a line each, a reason and a sentence.

ALTER TABLE uploads ADD COLUMN content_conversions TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 6;
