"""`sluice migrate --to s3://…`: the bytes of a directory go from its disk into a bucket, and everything goes on there."""

import json
import os
import subprocess
import time
import unittest

from support import engine
from support.client import X1, upload
from support.faulty_store import FaultyStore
from support.media import clip, noise
from support.nodes import Nodes
from support.object_store import ObjectStore
from support.server import Server, binary


class MigrateToS3(unittest.TestCase):
    def setUp(self):
        self.store = engine.object_store()
        os.environ.update(ObjectStore.environment())
        self.server = Server("--storage", "disk", "--database", "sqlite")
        self.addCleanup(self.server.close)
        self.prefix = "moved-" + self.id().rsplit("_", 1)[1]
        self.url = self.store.url(self.prefix)

    def run_sluice(self, *words, code=0):
        done = subprocess.run(
            [binary(), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(done.returncode, code, done)
        return done

    def migrate(self, url, code=0):
        return self.run_sluice("migrate", "--data", self.server.data, "--to", url, "--json", code=code)

    def filled(self):
        """A film with its outputs, half an upload of small segments, half one of large ones; what they must be."""
        caller, film, small, large = X1(self.server.start()), clip(2), noise(90_000, 2), noise(3_000_000, 3)
        ready = upload(caller, film, len(film))
        self.assertEqual(caller.wait(ready)["state"], "succeeded")
        outputs = {name: caller.fetch(output["url"]).body for name, output in caller.outputs(ready).items()}
        halves = []
        for data in (small, large):
            media_id = caller.open(len(data))
            for index in (2, 0):
                piece = data[index * len(data) // 3 : (index + 1) * len(data) // 3]
                self.assertEqual(caller.append(media_id, index, piece).status, 204)
            halves.append((media_id, data))
        self.assertEqual(self.server.stop(), 0)
        return ready, film, outputs, halves

    def assert_goes_on(self, ready, film, outputs, halves):
        caller = X1(self.server.start())
        self.assertEqual(caller.original(f"7_{ready}").body, film)
        for name, output in caller.outputs(ready).items():
            self.assertEqual(caller.fetch(output["url"]).body, outputs[name], name)
        for media_id, data in halves:
            self.assertEqual(caller.append(media_id, 0, data[: len(data) // 3]).status, 204, "it is there")
            self.assertEqual(caller.append(media_id, 1, data[len(data) // 3 : 2 * len(data) // 3]).status, 204)
            self.assertIn(caller.finalize(media_id).status, (200, 201))
            self.assertEqual(caller.original(f"7_{media_id}").body, data)
        self.assertEqual(self.server.stop(), 0)

    def test_everything_goes_on_there_and_then_to_postgres(self):
        was = self.filled()
        moved = json.loads(self.migrate(self.url).stdout)
        self.assertEqual(moved["blobs"], len(self.store.keys(self.prefix)))
        self.assertEqual(moved["unnamed"], 0)
        self.assertFalse(os.path.exists(os.path.join(self.server.data, "blobs")))
        self.run_sluice("fsck", "--data", self.server.data, "--storage", self.url)
        refused = self.run_sluice("serve", "--listen", "127.0.0.1:0", "--data", self.server.data, "--storage", "disk", code=3)
        self.assertIn("have their bytes in an S3 bucket", refused.stderr)
        self.assertIn("already", self.migrate(self.url, code=3).stderr)
        self.server.arguments = ["--storage", self.url]
        self.assert_goes_on(*was)
        database = engine.cluster().make_database("moved")
        done = self.run_sluice("migrate", "--data", self.server.data, "--to", database)
        self.assertIn("--storage s3://", done.stdout, "the command with which it goes on")
        self.run_sluice("fsck", "--data", self.server.data, "--storage", self.url, "--database", database)
        self.server.arguments = ["--storage", self.url, "--database", database]
        ready, film, outputs, _ = was
        self.assert_goes_on(ready, film, outputs, [])

    def test_one_that_was_interrupted_goes_on(self):
        was = self.filled()
        line = FaultyStore(self.store.port)
        self.addCleanup(line.close)
        line.add("status", code=403, name=b"AccessDenied", times=1, key="/blobs/[0-9a-f]{4}/[89a-f]")  # the pack
        broken = self.migrate(self.store.url(self.prefix, port=line.port), code=3)
        self.assertIn("credentials", broken.stderr)
        self.assertGreater(len(self.store.keys(self.prefix)), 0)
        refused = self.run_sluice("serve", "--listen", "127.0.0.1:0", "--data", self.server.data, "--storage", "disk", code=3)
        self.assertIn("interrupted", refused.stderr)
        self.migrate(self.url)
        with open(os.path.join(self.server.data, "storage.id"), encoding="ascii") as file:
            mark = file.read()
        with open(os.path.join(self.server.data, "storage.moving"), "w", encoding="ascii") as file:
            file.write(mark)  # as if it had ended just before the last step
        serve = ("serve", "--listen", "127.0.0.1:0", "--data", self.server.data, "--storage", self.url)
        self.assertIn("interrupted", self.run_sluice(*serve, code=3).stderr)
        self.migrate(self.url)
        self.server.arguments = ["--storage", self.url]
        self.assert_goes_on(*was)

    def test_one_that_was_given_up_does_not_go_on_with_what_it_had_copied(self):
        database = engine.cluster().make_database("givenup")
        self.server.arguments = ["--storage", "disk", "--database", database]
        caller, data = X1(self.server.start()), noise(30_000_000, 4)
        media_id, half = caller.open(len(data)), len(data) // 2
        self.assertEqual(caller.append(media_id, 0, data[:half]).status, 204)
        small = caller.open(90_000)
        self.assertEqual(caller.append(small, 0, noise(30_000)).status, 204)
        self.assertEqual(self.server.stop(), 0)
        migrate = ("migrate", "--data", self.server.data, "--database", database, "--to")
        line = FaultyStore(self.store.port)
        self.addCleanup(line.close)
        line.add("status", code=403, name=b"AccessDenied", times=1, key="/blobs/[0-9a-f]{4}/[89a-f]")  # the pack
        self.run_sluice(*migrate, self.store.url(self.prefix, port=line.port), code=3)
        self.assertGreater(len(self.store.keys(self.prefix)), 0)
        for storage in ("disk", self.url):
            words = ("--data", self.server.data, "--storage", storage, "--database", database)
            self.assertIn("interrupted", self.run_sluice("serve", "--listen", "127.0.0.1:0", *words, code=3).stderr)
        os.remove(os.path.join(self.server.data, "storage.moving"))
        self.server.start()
        self.assertEqual(caller.append(media_id, 1, data[half:]).status, 204)
        self.assertEqual(self.server.stop(), 0)
        for _ in range(2):
            self.assertIn("older than the disk", self.run_sluice(*migrate, self.url, code=3).stderr)
        for key in (*self.store.keys(self.prefix), f"{self.prefix}/sluice-storage"):
            self.store.call("DELETE", key)
        self.run_sluice(*migrate, self.url)
        self.server.arguments = ["--storage", self.url, "--database", database]
        self.server.start()
        self.assertIn(caller.finalize(media_id).status, (200, 201))
        self.assertEqual(caller.original(f"7_{media_id}").body, data)

    def test_parts_that_are_not_joined_are_abandoned(self):
        caller, data = X1(self.server.start()), noise(70_000_000, 5)
        media_id = caller.open(len(data))
        for index, at in enumerate(range(0, len(data), 4_000_000)):
            self.assertEqual(caller.append(media_id, index, data[at : at + 4_000_000]).status, 204)
        self.assertEqual(self.server.stop(), 0)
        line = FaultyStore(self.store.port)
        self.addCleanup(line.close)
        line.add("status", method="POST", key="uploadId=", code=403, name=b"AccessDenied")
        self.migrate(self.store.url(self.prefix, port=line.port), code=3)
        ends = time.monotonic() + 10
        while not (gone := [target for method, target in line.seen if method == "DELETE" and "uploadId=" in target]) and time.monotonic() < ends:
            time.sleep(0.1)
        self.assertEqual(len(gone), 1, line.seen)

    def test_a_bucket_in_which_something_is_is_refused(self):
        self.filled()
        self.store.call("PUT", f"{self.prefix}/blobs/0000/0000000000000001", payload=b"x")
        self.assertIn("is not empty: it is another's", self.migrate(self.url, code=3).stderr)


class FolderOfNodes(unittest.TestCase):
    """They hold each a directory of its own, so nothing on the folder's disk says that they run."""

    def setUp(self):
        self.store = engine.object_store()
        self.prefix = "folder-" + self.id().rsplit("_", 1)[1]
        self.url = self.store.url(self.prefix)
        self.nodes = Nodes(apis=2, workers=0, storage="file")
        self.addCleanup(self.nodes.close)
        self.nodes.start()
        self.folder = self.nodes.storage.url.removeprefix("file://")
        self.mark = os.path.join(self.folder, "storage.moving")

    def migrate(self, url, code):
        done = subprocess.run(
            [binary(), "migrate", "--data", self.folder, "--database", self.nodes.database, "--to", url],
            env={**os.environ, **ObjectStore.environment()},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )
        self.assertEqual(done.returncode, code, done)
        return done.stderr

    def refusal_to_start(self, node):
        done = subprocess.run(
            node.command(), env={**os.environ, **node.environment}, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(done.returncode, 3, done)
        return done.stderr

    def test_it_is_not_moved_while_they_run_and_not_served_from_afterwards(self):
        first, second = self.nodes.apis
        data = noise(900_000)
        media_id = X1(first).open(len(data))
        self.assertEqual(X1(first).append(media_id, 0, data[:300_000]).status, 204)
        for still_running in (second, first):
            self.assertIn("Stop them first", self.migrate(self.url, code=3))
            self.assertFalse(os.path.exists(self.mark), "a refusal leaves the folder as it was")
            self.assertEqual(self.store.keys(self.prefix), [])
            index = 1 if still_running is second else 2
            piece = data[index * 300_000 : (index + 1) * 300_000]
            self.assertEqual(X1(still_running).append(media_id, index, piece).status, 204)
            self.assertEqual(still_running.stop(), 0)
        line = FaultyStore(self.store.port)
        self.addCleanup(line.close)
        line.add("status", code=403, name=b"AccessDenied", times=1, key="/blobs/")
        self.migrate(self.store.url(self.prefix, port=line.port), code=3)
        self.assertIn("interrupted", self.refusal_to_start(first))
        self.migrate(self.url, code=0)
        self.assertIn("have their bytes in an S3 bucket", self.refusal_to_start(first))
        for node in self.nodes.apis:
            node.arguments[node.arguments.index("--storage") + 1] = self.url
            node.environment = {**node.environment, **ObjectStore.environment()}
            node.start()
        self.assertIn(X1(second).finalize(media_id).status, (200, 201))
        self.assertTrue(X1(first).original(f"7_{media_id}").body == data)

    def test_one_that_was_interrupted_does_not_go_on_while_a_node_runs(self):
        with open(self.mark, "w", encoding="ascii") as file:
            file.write("abcdefghijklmnopqrst\n")
        self.assertIn("Stop them first", self.migrate(self.url, code=3))
        self.assertTrue(os.path.exists(self.mark), "what it has begun is not forgotten")


if __name__ == "__main__":
    unittest.main()
