"""One bucket, rows in SQLite, and a copy of the directory: which server may work on it, and that nothing that was acknowledged goes."""

import os
import shutil
import sqlite3
import subprocess
import time
import unittest

from support import engine
from support.client import X1, upload
from support.faulty_store import FaultyStore
from support.media import noise
from support.object_store import ObjectStore
from support.server import Server, binary

OWNER = "sluice-owner"


class OwnerCase(unittest.TestCase):
    def setUp(self):
        self.store = engine.object_store()
        os.environ.update(ObjectStore.environment())
        self.prefix = "owner-" + self.id().rsplit(".test_", 1)[1]
        self.first = self.server()

    def server(self, data=None, port=None):
        server = Server("--storage", self.store.url(self.prefix, port=port), "--database", "sqlite", data=data)
        self.addCleanup(server.close)
        return server

    def copied(self, name="copy"):
        """The directory as `cp` finds it, whether its server is at work or not."""
        to = os.path.join(self.first.root, name)
        shutil.copytree(self.first.data, to)
        return self.server(data=to)

    def run_on(self, server, command, *flags):
        return subprocess.run(
            [binary(), command, *server.arguments, "--data", server.data, *flags],
            capture_output=True, text=True, timeout=90, check=False,
        )

    def refused(self, server):
        begun = time.monotonic()
        done = self.run_on(server, "serve", "--listen", "127.0.0.1:0")
        self.assertEqual((done.returncode, done.stdout), (3, ""), done)
        self.assertLess(time.monotonic() - begun, 15, "at once")
        return done.stderr

    def owner(self):
        return self.store.call("GET", f"{self.prefix}/{OWNER}")[1].decode()

    def uploaded(self, server, seed):
        data = noise(300_000, seed)
        return upload(X1(server), data, 100_000), data

    def assert_whole(self, server, *uploads):
        for media_id, data in uploads:
            self.assertEqual(X1(server).original(f"7_{media_id}").body, data)


class Owners(OwnerCase):
    def test_a_copy_is_refused_while_the_first_one_lives_and_after_it(self):
        early = self.uploaded(self.first.start(), 1)
        copy = self.copied()
        late = self.uploaded(self.first, 2)  # the copy would take it for orphans
        before = self.store.keys(self.prefix)
        text = self.refused(copy)
        self.assertIn("is a copy of that server's directory", text)
        self.assertIn(f"sluice fsck --data {copy.data} --storage s3://… --take-bucket", text)
        done = self.run_on(copy, "fsck", "--repair", "--older-than", "0")
        self.assertEqual(done.returncode, 3, done)
        done = self.run_on(copy, "fsck", "--repair", "--older-than", "0", "--take-bucket")
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("it has answered just now", done.stderr)
        self.assertEqual(self.store.keys(self.prefix), before)
        self.assert_whole(self.first, early, late, self.uploaded(self.first, 3))
        self.assertEqual(self.first.stop(), 0)
        self.assertIn("did not run on", self.refused(copy))
        self.assert_whole(self.first.start(), early, late)

    def test_after_a_kill_the_directory_goes_on_at_once_and_its_copy_does_not(self):
        kept = self.uploaded(self.first.start(), 1)
        copy = self.copied()
        self.first.kill()
        self.assertIn("is a copy of that server's directory", self.refused(copy))
        for _ in range(2):
            begun = time.monotonic()
            self.first.start()
            self.assertLess(time.monotonic() - begun, 15)
            self.first.kill()
        self.assertNotIn("storage_asked", self.first.log())
        self.assert_whole(self.first.start(), kept)

    def test_a_directory_that_was_moved_after_a_stop_has_the_bucket_and_the_old_one_has_it_no_more(self):
        kept = self.uploaded(self.first.start(), 1)
        self.assertEqual(self.first.stop(), 0)
        moved = self.copied()
        self.assert_whole(moved.start(), kept, self.uploaded(moved, 2))
        self.assertIn("did not run on", self.refused(self.first))
        self.assertEqual(moved.stop(), 0)
        self.assertIn("did not run on", self.refused(self.first))

    def test_rows_of_a_backup_go_on_where_their_server_is_lost(self):
        kept = self.uploaded(self.first.start(), 1)
        restored = self.server(data=os.path.join(self.first.root, "restored"))
        os.mkdir(restored.data)
        with sqlite3.connect(os.path.join(self.first.data, "sluice.db")) as rows:
            rows.execute("VACUUM INTO ?", (os.path.join(restored.data, "sluice.db"),))
        shutil.copy(os.path.join(self.first.data, "storage.id"), restored.data)
        self.first.kill()
        self.assertIn("--take-bucket", self.refused(restored))
        done = self.run_on(restored, "fsck", "--take-bucket")
        self.assertEqual(done.returncode, 0, done)
        self.assert_whole(restored.start(), kept, self.uploaded(restored, 2))
        self.assertIn("did not run on", self.refused(self.first))

    def test_a_bucket_is_taken_only_where_there_is_one_with_rows_in_sqlite(self):
        on_disk = self.server()
        on_disk.arguments[1] = "disk"
        done = self.run_on(on_disk, "fsck", "--take-bucket")
        self.assertEqual((done.returncode, "is for rows in SQLite" in done.stderr), (2, True), done)

    def test_after_another_boot_an_owner_that_does_not_answer_is_followed(self):
        kept = self.uploaded(self.first.start(), 1)
        self.first.kill()
        path = os.path.join(self.first.data, "storage.owner")
        with open(path, encoding="ascii") as file:
            words = [line.split() for line in file]
        with open(path, "w", encoding="ascii") as file:
            file.writelines(" ".join([*line[:2], "before"][: len(line)]) + "\n" for line in words)
        self.assert_whole(self.first.start(), kept)
        self.assertIn("storage_asked", self.first.log())

    def test_a_server_whose_bucket_was_taken_stops_and_removes_nothing(self):
        kept = self.uploaded(self.first.start(), 1)
        before = self.store.keys(self.prefix)
        other = self.owner().replace("run=", "run=not-")
        self.assertEqual(self.store.call("PUT", f"{self.prefix}/{OWNER}", payload=other.encode())[0], 200)
        self.assertEqual(self.first.process.wait(30), 0)
        self.assertEqual(self.first.log().count('"server_replaced"'), 1)
        self.assertEqual(self.store.keys(self.prefix), before)
        self.assertEqual(self.owner(), other)
        self.assertIn("did not run on", self.refused(self.first))
        done = self.run_on(self.first, "fsck", "--take-bucket")
        self.assertEqual(done.returncode, 0, done)
        self.first.process.stdout.close()
        self.assert_whole(self.first.start(), kept)

    def test_the_rows_go_to_postgres_and_no_copy_from_before_gets_the_bucket(self):
        kept = self.uploaded(self.first.start(), 1)
        self.assertEqual(self.first.stop(), 0)
        copy = self.copied()
        database = engine.cluster().make_database("from_sqlite")
        done = subprocess.run(
            [binary(), "migrate", "--data", self.first.data, "--to", database], capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(done.returncode, 0, done)
        nodes = [self.server(data=self.first.data), self.server()]
        for node in nodes:
            node.arguments[-1] = database
            self.assert_whole(node.start(), kept)
        self.assertIn("the nodes of a PostgreSQL database", self.refused(copy))
        for node in nodes:
            self.assertEqual(node.stop(), 0)
        os.rename(os.path.join(self.first.data, "sluice.db.migrated"), os.path.join(self.first.data, "sluice.db"))
        os.remove(os.path.join(self.first.data, "postgres.id"))
        self.assertIn("the nodes of a PostgreSQL database", self.refused(self.first))
        done = self.run_on(self.first, "fsck", "--take-bucket")
        self.assertEqual(done.returncode, 0, done)
        self.assert_whole(self.first.start(), kept)


class OverABadLine(OwnerCase):
    """The relay makes mistakes with the object that says who the owner is."""

    def setUp(self):
        super().setUp()
        self.line = FaultyStore(self.store.port)
        self.addCleanup(self.line.close)
        self.first = self.server(port=self.line.port)

    def test_an_answer_that_was_lost_is_understood(self):
        for _ in range(2):  # the first owner, and the next
            met = self.line.add("lose", key=OWNER)
            kept = self.uploaded(self.first.start(), 1)
            self.assertEqual(met.fired, 1)
            self.first.kill()
        met = [self.line.add("lose", key=OWNER), self.line.add("status", key=OWNER, code=503)]
        self.assert_whole(self.first.start(), kept)
        self.assertEqual([fault.fired for fault in met], [1, 1])

    def test_a_store_that_knows_no_conditions_has_one_owner_too(self):
        met = self.line.add("status", key=OWNER, code=501, name=b"NotImplemented")
        kept = self.uploaded(self.first.start(), 1)
        self.assertEqual(met.fired, 1)
        self.assertIn("is a copy of that server's directory", self.refused(self.copied()))
        self.assert_whole(self.first, kept)

    def test_credentials_that_the_store_refused_once_are_looked_for_again(self):
        caller = X1(self.first.start())
        media_id = caller.open(200_000)
        met = self.line.add("status", method="GET", key=OWNER, code=403, name=b"AccessDenied")
        for _ in range(200):
            if met.fired:
                break
            time.sleep(0.1)
        self.assertEqual(met.fired, 1)
        time.sleep(13)  # longer than it believes that it is the owner without having looked
        self.assertEqual(caller.append(media_id, 0, noise(100_000)).status, 204)

    def test_who_does_not_hear_whether_it_is_the_owner_makes_and_removes_nothing(self):
        caller = X1(self.first.start())
        media_id = caller.open(200_000)
        self.assertEqual(caller.append(media_id, 0, noise(100_000)).status, 204)
        self.line.add("status", method="GET", key=OWNER, times=10_000)
        ends = time.monotonic() + 40
        index = 0
        while time.monotonic() < ends:
            before = self.store.keys(self.prefix)
            answer = caller.append(media_id, 1, noise(100_000, 2))
            if answer.status != 204:
                break
            index += 1
            time.sleep(0.5)
        self.assertGreater(index, 0, "it is believed for a while")
        self.assertEqual((answer.status, answer.header("sluice-error")), (503, "storage_unavailable"), answer)
        self.assertIn("is still this server's", answer.json()["errors"][0]["message"])
        self.assertEqual(self.store.keys(self.prefix), before)
        self.assertEqual(caller.original(f"7_{media_id}").status // 100, 4, "what only reads is as ever")
        self.line.clear()
        ends = time.monotonic() + 20
        while caller.append(media_id, 1, noise(100_000, 2)).status == 503 and time.monotonic() < ends:
            time.sleep(0.2)
        self.assertIn(caller.finalize(media_id).status, (200, 201))
        self.assertEqual(caller.original(f"7_{media_id}").body, noise(100_000) + noise(100_000, 2))


if __name__ == "__main__":
    unittest.main()
