-- Until when, by the time in them, ids were granted to the process that has a shard. What has the shard next goes on
-- from there, whatever its clock says; so the row outlives the node's.
CREATE TABLE id_ranges (
    shard       BIGINT NOT NULL PRIMARY KEY,
    incarnation BIGINT NOT NULL,
    until       BIGINT NOT NULL
);
