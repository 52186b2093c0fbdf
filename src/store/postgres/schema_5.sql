-- Sessions of the console that somebody signed out of, by their signature, until they would have ended by themselves.
CREATE TABLE ended_sessions (
    mark  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);
