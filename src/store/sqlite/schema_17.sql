-- Sessions of the console that somebody signed out of, by their signature, until they would have ended by themselves.
CREATE TABLE ended_sessions (
    mark  TEXT NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 17;
