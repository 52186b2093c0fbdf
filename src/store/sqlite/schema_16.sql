-- The same conditions, told so that each write costs less: for a list of more than two, "IN" makes a table in memory each
-- time that it is looked at, and a list of comparisons does not. What the rows may hold does not change, so the text of
-- the table alone is written anew (https://sqlite.org/lang_altertable.html, section 7); the index is made again, by which
-- other connections see that the schema is another one.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (state IN
        (''open'', ''sealed'', ''queued'', ''processing'', ''ready'', ''failed'', ''cancelled'', ''expired''))',
    'CHECK (state = ''open'' OR state = ''queued'' OR state = ''processing'' OR state = ''ready''
        OR state = ''failed'' OR state = ''sealed'' OR state = ''cancelled'' OR state = ''expired'')')
    WHERE type = 'table' AND name = 'uploads';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (kind IN (''segments'', ''stream'', ''part'', ''joined''))',
    'CHECK (kind = ''segments'' OR kind = ''stream'' OR kind = ''part'' OR kind = ''joined'')')
    WHERE type = 'table' AND name = 'uploads';

PRAGMA writable_schema = RESET;

DROP INDEX uploads_by_expiry;
CREATE INDEX uploads_by_expiry ON uploads (expires_at, id) WHERE state = 'open' OR state = 'ready' OR state = 'failed';

PRAGMA user_version = 16;
