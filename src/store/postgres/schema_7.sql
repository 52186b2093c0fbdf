-- CRC-32C of the bytes of what was made; NULL: made before it was written down.
ALTER TABLE outputs ADD COLUMN crc32c BIGINT;
