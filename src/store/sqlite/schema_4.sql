-- Keys: bearer tokens as SHA-256, OAuth 1.0a secrets sealed with a key that is not in here. Revoked ones
-- stay, so that their users can be told.

CREATE TABLE keys (
    id                  INTEGER NOT NULL PRIMARY KEY,
    name                TEXT NOT NULL,
    user_id             INTEGER NOT NULL,
    app_name            TEXT NOT NULL,
    scopes              INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    expires_at          INTEGER,
    revoked_at          INTEGER,
    bearer_digest       TEXT NOT NULL UNIQUE,
    app_bearer_digest   TEXT NOT NULL UNIQUE,
    consumer_key        TEXT NOT NULL UNIQUE,
    consumer_secret     TEXT NOT NULL,
    access_token        TEXT NOT NULL UNIQUE,
    access_token_secret TEXT NOT NULL
) STRICT;

-- OAuth 1.0a nonces, for as long as their timestamps are accepted.
CREATE TABLE nonces (
    key       INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    digest    TEXT NOT NULL,
    PRIMARY KEY (key, timestamp, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX nonces_by_timestamp ON nonces (timestamp);

PRAGMA user_version = 4;
