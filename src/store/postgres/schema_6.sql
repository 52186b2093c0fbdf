-- When a job was leased, or its lease renewed, by the database's clock: what was leased at a time that has not come was
-- leased under a clock that was wrong, and does not hold.
ALTER TABLE jobs ADD COLUMN leased_at BIGINT;
