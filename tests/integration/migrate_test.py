"""`sluice migrate`: a directory's rows go from SQLite to PostgreSQL, and everything goes on there."""

import json
import os
import subprocess
import unittest

from support import engine
from support.client import X1, upload
from support.keys import run_keys
from support.media import clip, noise
from support.server import Server, binary


def migrate(data, url, *more):
    return subprocess.run(
        [binary(), "migrate", "--data", data, "--to", url, *more],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )


def fsck(data, url):
    return subprocess.run(
        [binary(), "fsck", "--data", data, "--database", url], capture_output=True, text=True, timeout=60, check=False
    )


class Migrate(unittest.TestCase):
    def setUp(self):
        self.server = Server("--database", "sqlite")
        self.addCleanup(self.server.close)
        self.name = f"migrate_{self.id().rsplit('.', 1)[1][:40]}"
        self.url = engine.cluster().make_database(self.name)

    def on_postgres(self):
        self.server.arguments = ["--database", self.url]
        return self.server.start()

    def test_everything_goes_on_there(self):
        caller, film = X1(self.server.start()), clip(2)
        ready = upload(caller, film, len(film))
        self.assertEqual(caller.wait(ready)["state"], "succeeded")
        data = noise(300_000)
        half = caller.open(len(data))
        self.assertEqual(caller.append(half, 0, data[:100_000]).status, 204)
        gone = caller.open(1000)
        self.assertEqual(caller.append(gone, 0, data[:10]).status, 204)
        made = run_keys("create", "--name", "mine", "--data", self.server.data, environment=dict(os.environ))
        self.assertEqual(made.returncode, 0, made)
        events = caller.get(f"/api/v1/uploads/{ready}/timeline").json()["data"]
        outputs = {name: caller.fetch(output["url"]).body for name, output in caller.outputs(ready).items()}
        self.assertEqual(self.server.stop(), 0)

        done = migrate(self.server.data, self.url, "--json")
        self.assertEqual(done.returncode, 0, done)
        rows = json.loads(done.stdout)
        self.assertEqual((rows["uploads"], rows["keys"], rows["segments"]), (3, 1, 3), rows)
        self.assertGreater(rows["timeline"], 5)
        checked = fsck(self.server.data, self.url)
        self.assertEqual(checked.returncode, 0, checked)

        caller = X1(self.on_postgres())
        self.assertEqual(caller.original(f"7_{ready}").body, film)
        there = {name: caller.fetch(output["url"]).body for name, output in caller.outputs(ready).items()}
        self.assertTrue(there == outputs, (there.keys(), outputs.keys()))
        self.assertEqual(caller.get(f"/api/v1/uploads/{ready}/timeline").json()["data"], events)
        self.assertEqual(caller.append(half, 1, data[100_000:]).status, 204)
        self.assertIn(caller.finalize(half).status, (200, 201))
        self.assertEqual(caller.original(f"7_{half}").body, data)
        self.assertEqual(caller.append(gone, 1, data[10:1000]).status, 204)
        sums = engine.cluster().sql("SELECT sum(uploads_open), sum(bytes) FROM usage_of_owners", self.name)
        self.assertEqual(sums, f"1|{len(film) + len(data) + 1000}")
        self.assertEqual(engine.cluster().sql("SELECT sum(bytes) FROM promised_space", self.name), "0")
        again = migrate(self.server.data, self.url)
        self.assertEqual(again.returncode, 3, again)
        self.assertIn("no SQLite database", again.stderr)

    def test_what_was_joined_counts_once_there_too(self):
        caller = X1(self.server.start())

        def create(concat, *more, body=b""):
            headers = [("Tus-Resumable", "1.0.0"), ("Upload-Concat", concat), *more]
            return caller.post("/files/", body, "application/offset+octet-stream" if body else None, headers).header("location")

        parts = [create("partial", ("Upload-Length", "4"), body=text) for text in (b"abcd", b"efgh")]
        self.assertTrue(create("final;" + " ".join(parts)))
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(migrate(self.server.data, self.url).returncode, 0)
        sums = engine.cluster().sql("SELECT sum(uploads_open), sum(bytes) FROM usage_of_owners", self.name)
        self.assertEqual(sums, "0|8")

    def test_a_database_that_is_in_use_is_refused_and_sqlite_goes_on(self):
        other = Server("--database", self.url)
        self.addCleanup(other.close)
        self.assertEqual(other.start().stop(), 0)
        media_id = upload(X1(self.server.start()), noise(1000), 1000)
        running = migrate(self.server.data, self.url)
        self.assertEqual(running.returncode, 3, running)
        self.assertIn("is in use by pid", running.stderr)
        self.assertEqual(self.server.stop(), 0)
        done = migrate(self.server.data, self.url)
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("in use already", done.stderr)
        self.assertEqual(X1(self.server.start()).original(f"7_{media_id}").body, noise(1000))

    def test_one_that_was_interrupted_goes_on(self):
        media_id = upload(X1(self.server.start()), noise(1000), 1000)
        self.assertEqual(self.server.stop(), 0)
        rows = os.path.join(self.server.data, "sluice.db")
        self.assertEqual(migrate(self.server.data, self.url).returncode, 0)
        # As if it had been killed before its last step.
        os.rename(rows + ".migrated", rows)
        refused = subprocess.run(self.server.command(), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(refused.returncode, 3, refused)
        self.assertIn("was interrupted", refused.stderr)
        self.assertEqual(migrate(self.server.data, self.url).returncode, 0)
        # As if it had been killed before the rows were copied.
        fresh = Server("--database", "sqlite")
        self.addCleanup(fresh.close)
        self.assertEqual(fresh.start().stop(), 0)
        with open(os.path.join(fresh.data, "postgres.id"), "w", encoding="ascii") as mark:
            mark.write("abcdefghijklmnopqrst\n")
        self.assertEqual(migrate(fresh.data, engine.cluster().make_database(self.name + "_2")).returncode, 0)
        self.assertEqual(X1(self.on_postgres()).original(f"7_{media_id}").body, noise(1000))


if __name__ == "__main__":
    unittest.main()
