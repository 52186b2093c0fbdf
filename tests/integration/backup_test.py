"""`sluice backup` and `sluice restore`: a consistent copy of a directory whose server goes on, and a server on it."""

import json
import os
import subprocess
import tempfile
import threading
import unittest

from support.client import X1, call, upload
from support.keys import create_key
from support.media import clip, noise
from support.server import Server, binary


def run(command, *arguments):
    return subprocess.run(
        [binary(), command, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )


class Backup(unittest.TestCase):
    def setUp(self):
        self.server = Server("--database", "sqlite")
        self.addCleanup(self.server.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.to, self.back = os.path.join(folder.name, "backup"), os.path.join(folder.name, "data")

    def backup(self, *more):
        return run("backup", "--data", self.server.data, "--to", self.to, *more)

    def restore(self, *more):
        return run("restore", "--from", self.to, "--data", self.back, *more)

    def on_the_copy(self, *arguments):
        copy = Server("--database", "sqlite", *arguments)
        self.addCleanup(copy.close)
        copy.data = self.back
        return X1(copy.start())

    def test_everything_is_there_again_and_goes_on(self):
        caller, film = X1(self.server.start()), clip(2)
        ready = upload(caller, film, len(film))
        self.assertEqual(caller.wait(ready)["state"], "succeeded")
        data = noise(300_000)
        half = caller.open(len(data))
        self.assertEqual(caller.append(half, 0, data[:100_000]).status, 204)
        small = [noise(500, seed=seed) for seed in range(20)]
        packed = [upload(caller, media, len(media)) for media in small]
        outputs = {name: caller.fetch(output["url"]).body for name, output in caller.outputs(ready).items()}
        done = self.backup("--json")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(json.loads(done.stdout)["problems"], 0)
        self.assertFalse(os.path.exists(os.path.join(self.to, "keys.secret")))
        # What comes later is not in it.
        self.assertEqual(caller.append(half, 1, data[100_000:]).status, 204)

        restored = self.restore()
        self.assertEqual(restored.returncode, 0, restored)
        again = self.on_the_copy()
        self.assertEqual(again.original(f"7_{ready}").body, film)
        there = {name: again.fetch(output["url"]).body for name, output in again.outputs(ready).items()}
        self.assertEqual(there, outputs)
        for media_id, media in zip(packed, small):
            self.assertEqual(again.original(f"7_{media_id}").body, media)
        self.assertEqual(again.finalize(half).json()["sluice"]["code"], "size_mismatch")
        self.assertEqual(again.append(half, 1, data[100_000:]).status, 204)
        self.assertIn(again.finalize(half).status, (200, 201))
        self.assertEqual(again.original(f"7_{half}").body, data)

    def test_it_is_consistent_while_uploads_come_and_go(self):
        caller = X1(self.server.start())
        stop, made, failures = threading.Event(), [], []

        def come_and_go(seed):
            own = X1(self.server)
            while not stop.is_set():
                media = noise(200_000 if len(made) % 3 == 0 else 3_000, seed=seed + len(made))
                media_id = upload(own, media, len(media))
                if len(made) % 2 == 0:
                    gone = call(self.server, "DELETE", f"/api/v1/uploads/{media_id}")
                    if gone.status not in (200, 204):
                        failures.append(gone)
                        return
                else:
                    made.append((media_id, media))
                    continue
                made.append(None)

        threads = [threading.Thread(target=come_and_go, args=(1000 * n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        try:
            while len(made) < 60:
                if not any(thread.is_alive() for thread in threads):
                    failures.append("the load has ended")
                    break
            before = [one for one in made if one]
            done = self.backup("--json")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual((failures, done.returncode), ([], 0), done)
        restored = self.restore()
        self.assertEqual(restored.returncode, 0, restored)
        again = self.on_the_copy()
        for media_id, media in before:
            self.assertEqual(again.original(f"7_{media_id}").body, media, media_id)
        self.assertEqual(caller.get("/readyz").status, 200)

    def test_keys_come_back_with_their_secret(self):
        self.server.arguments += ["--auth", "keys"]
        self.server.start()
        key = create_key(self.server.data, "mine")
        media_id = X1(self.server, key["bearer_token"]).open(100)
        self.assertEqual(self.backup().returncode, 0)
        without = self.restore()
        self.assertIn("keys.secret", without.stdout)
        subprocess.run(["rm", "-r", self.back], check=True)
        restored = self.restore("--key-file", os.path.join(self.server.data, "keys.secret"))
        self.assertEqual(restored.returncode, 0, restored)
        copy = Server("--auth", "keys")
        self.addCleanup(copy.close)
        copy.data = self.back
        again = X1(copy.start(), key["bearer_token"])
        self.assertEqual(again.get(f"/api/v1/uploads/{media_id}").status, 200)

    def test_damage_is_told_and_nothing_is_overwritten(self):
        caller = X1(self.server.start())
        data = noise(300_000)
        media_id = upload(caller, data, len(data))
        self.server.stop()
        files = [os.path.join(at, name) for at, _, names in os.walk(os.path.join(self.server.data, "blobs")) for name in names]
        largest = max(files, key=os.path.getsize)
        with open(largest, "r+b") as file:
            file.seek(1000)
            file.write(b"something else")
        done = self.backup()
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(f"upload {media_id}: segment_differs", done.stderr)
        again = self.backup()
        self.assertEqual(again.returncode, 3, again)
        self.assertIn("is there already", again.stderr)
        os.mkdir(self.back)
        with open(os.path.join(self.back, "precious"), "w", encoding="ascii") as file:
            file.write("x")
        refused = self.restore()
        self.assertEqual(refused.returncode, 3, refused)
        self.assertIn("is not empty", refused.stderr)
        self.assertEqual(os.listdir(self.back), ["precious"])
        os.remove(os.path.join(self.to, "backup.json"))
        unfinished = run("restore", "--from", self.to, "--data", self.back + "2")
        self.assertIn("no backup, or not a whole one", unfinished.stderr)
        self.assertEqual(run("backup", "--data", self.back, "--to", self.to + "2").returncode, 3)
        self.assertEqual(run("backup", "--data", self.server.data).returncode, 2)


if __name__ == "__main__":
    unittest.main()
