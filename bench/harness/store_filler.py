"""A store with many open uploads, made by copying one that the server itself wrote: whatever columns the schema has, they are there.

    python3 -m harness.store_filler DIR COUNT      the server is stopped, DIR is its data directory, one upload is open in it
"""

import glob
import os
import sqlite3
import sys
import time

OWNERS = 1000  # what one user may have open is limited


def database_of(data):
    found = [path for path in glob.glob(os.path.join(data, "**", "*.db"), recursive=True) + glob.glob(os.path.join(data, "*.sqlite*"))
             if not path.endswith(("-wal", "-shm"))]
    if len(found) != 1:
        raise RuntimeError(f"expected one database in the data directory, found {len(found)}")
    return found[0]


def fill(data, count):
    """Returns a sentence about what was done."""
    began = time.monotonic()
    database = sqlite3.connect(database_of(data))
    database.execute("PRAGMA synchronous = OFF")
    columns = [row[1] for row in database.execute("PRAGMA table_info(uploads)")]
    changed = {"id": "template.id - (k + 1) * 4096", "owner": f"'bench-' || (k % {OWNERS})"}
    wanted = ", ".join(changed.get(name, f'template."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    with database:
        database.execute(
            f"WITH RECURSIVE numbers (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM numbers WHERE k + 1 < {int(count)}) "
            f"INSERT INTO uploads ({names}) SELECT {wanted} FROM numbers, "
            "(SELECT * FROM uploads WHERE state = 'open' ORDER BY id LIMIT 1) AS template"
        )
    total = database.execute("SELECT count(*) FROM uploads WHERE state = 'open'").fetchone()[0]
    database.close()
    if total < count:
        raise RuntimeError(f"only {total} uploads are open in the store")
    return f"{total} open uploads of {OWNERS} users were put into the store in {time.monotonic() - began:.0f} s"


if __name__ == "__main__":
    print(fill(sys.argv[1], int(sys.argv[2])))
