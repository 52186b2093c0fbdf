"""A store with many open uploads, made by copying one that the server itself wrote: whatever columns the schema has, they are there.

    python3 -m harness.store_filler DIR COUNT      the server is stopped, DIR is its data directory, one upload is open in it

The segments of that one are those of all copies: what is compared with the disk after an unclean stop is there.
"""

import glob
import http.client
import json
import os
import re
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


def open_one(port, segment_bytes):
    """The one to be copied: open, with the first of two segments."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def post(fields, media=b""):
        parts = [(f'name="{name}"', str(value).encode()) for name, value in fields.items()] + ([('name="media"', media)] if media else [])
        body = b"".join(b"--cut\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (name.encode(), value) for name, value in parts)
        connection.request("POST", "/1.1/media/upload.json", body + b"--cut--\r\n", {"Content-Type": "multipart/form-data; boundary=cut"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (202, 204):
            raise RuntimeError(f"{fields['command']}: {answer.status} {text[:300]}")
        return text

    begun = json.loads(post({"command": "INIT", "total_bytes": 2 * segment_bytes, "media_type": "video/mp4", "media_category": "tweet_video"}))
    post({"command": "APPEND", "media_id": begun["media_id_string"], "segment_index": 0}, b"s" * segment_bytes)
    connection.close()


def columns_of(database, table):
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def copy(database, table, changed, source):
    """Rows of `source`, which has one named template."""
    columns = columns_of(database, table)
    wanted = ", ".join(changed.get(name, f'template."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    database.execute(f"INSERT INTO {table} ({names}) SELECT {wanted} FROM {source}")


def fill(data, count):
    """Returns a sentence about what was done."""
    began = time.monotonic()
    database = sqlite3.connect(database_of(data))
    database.execute("PRAGMA synchronous = OFF")
    first = database.execute("SELECT min(id) FROM uploads WHERE state = 'open'").fetchone()[0]
    with database:
        database.execute("CREATE TEMP TABLE numbers (k INTEGER PRIMARY KEY)")
        database.execute(
            f"INSERT INTO numbers WITH RECURSIVE n (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k + 1 < {int(count)}) SELECT k FROM n"
        )
        copied = "template.id - (k + 1) * 4096"
        copy(
            database, "uploads", {"id": copied, "owner": f"'bench-' || (k % {OWNERS})"},
            f"numbers, (SELECT * FROM uploads WHERE id = {first}) AS template",
        )
        copy(
            database, "segments", {"upload": copied.replace("template.id", "template.upload")},
            f"numbers, (SELECT * FROM segments WHERE upload = {first}) AS template",
        )
    total = database.execute("SELECT count(*) FROM uploads WHERE state = 'open'").fetchone()[0]
    database.close()
    if total < count:
        raise RuntimeError(f"only {total} uploads are open in the store")
    return f"{total} open uploads of {OWNERS} users were put into the store in {time.monotonic() - began:.0f} s"


def lose_power(data):
    """As far as the server can tell, which was killed: the machine has started again since."""
    path = os.path.join(data, "run")
    with open(path, encoding="ascii") as file:
        text = file.read()
    changed = re.sub("^boot .*$", "boot of-another-start", text, flags=re.MULTILINE)
    if changed == text:
        raise RuntimeError(f"{path} names no start of the machine: {text!r}")
    with open(path, "w", encoding="ascii") as file:
        file.write(changed)


if __name__ == "__main__":
    print(fill(sys.argv[1], int(sys.argv[2])))
