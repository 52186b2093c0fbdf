"""`sluice fsck` and packs, where small uploads lie: what a killed server left there, and what a disk lost."""

import json
import os
import subprocess
import threading
import time
import unittest

from support.client import X1, call
from support.media import noise
from support.server import Server, binary
from support.wire import ConnectionEnded

SMALL = 10_000
BLOCK = 4096
WHOLE = -(-SMALL // BLOCK) * BLOCK


class PackCase(unittest.TestCase):
    def setUp(self):
        self.server = self.new_server()
        self.addCleanup(self.server.close)
        self.server.start()

    def new_server(self):
        return Server()

    def fsck(self, *flags):
        done = subprocess.run(
            [binary(), "fsck", "--data", self.server.data, "--json", *flags], capture_output=True, text=True, timeout=60
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertTrue(lines, done.stderr)
        return done.returncode, [line for line in lines if line["type"] == "problem"], lines[-1]

    def packs(self):
        folder = os.path.join(os.path.realpath(self.server.data), "blobs", "packs")
        return [os.path.join(folder, name) for name in os.listdir(folder)]

    def acknowledged(self, seed):
        """A small open upload whose one segment was acknowledged."""
        caller = X1(self.server)
        media_id = caller.open(SMALL + 1)
        self.assertEqual(caller.append(media_id, 0, noise(SMALL, seed)).status, 204)
        return media_id

    def taken(self):
        return sum(os.stat(path).st_blocks * 512 for path in self.packs())

    def held(self):
        """Without what is only reserved."""
        sum_of_data = 0
        for path in self.packs():
            with open(path, "rb") as file:
                end = 0
                while end < os.fstat(file.fileno()).st_size:
                    try:
                        begin = os.lseek(file.fileno(), end, os.SEEK_DATA)
                    except OSError:
                        break  # none behind
                    end = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
                    sum_of_data += end - begin
        return sum_of_data

    def age(self):
        for path in self.packs():
            os.utime(path, (1, 1))


class KilledUnderLoad(PackCase):
    """Small uploads from many sides, the server killed amid them, several times over."""

    def run_until_killed(self, after):
        acknowledged = []
        ends = threading.Event()

        def work(worker):
            caller = X1(self.server)
            count = 0
            while not ends.is_set():
                try:
                    media_id = caller.open(SMALL + 1)
                    if caller.append(media_id, 0, noise(SMALL, worker * 1000 + count)).status == 204:
                        acknowledged.append(media_id)
                except (ConnectionEnded, OSError):
                    return  # it was killed; nothing was said
                count += 1

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(after)
        self.server.kill()
        ends.set()
        for thread in threads:
            thread.join()
        return acknowledged

    def test_no_acknowledged_byte_is_lost_and_nothing_else_stays(self):
        acknowledged = []
        for after in (0.3, 0.5, 0.7):
            got = self.run_until_killed(after)
            self.assertTrue(got, "nothing was acknowledged: the test has tested nothing")
            acknowledged += got
            code, problems, summary = self.fsck()
            self.assertLessEqual({problem["kind"] for problem in problems}, {"orphan_bytes"}, problems)
            self.assertGreaterEqual(summary["segments"], len(acknowledged))
            self.age()
            self.assertEqual(self.fsck("--repair")[0], 0)
            self.assertEqual(self.fsck()[:2], (0, []))
            self.assertEqual(self.taken(), summary["segments"] * WHOLE)
            self.server.start()
        caller = X1(self.server)
        for media_id in acknowledged:
            self.assertEqual(caller.upload_object(media_id).json()["received_bytes"], SMALL)


class LostInAPack(PackCase):
    def lose(self, fallocate_mode, length=WHOLE):
        (pack,) = self.packs()
        done = subprocess.run(["fallocate", fallocate_mode, "-o", "0", "-l", str(length), pack], check=False)
        self.assertEqual(done.returncode, 0)

    def test_a_hole_where_a_segment_was_and_what_the_upload_can_do_then(self):
        media_id = self.acknowledged(3)
        other = self.acknowledged(4)
        self.server.stop()
        self.lose("--punch-hole")
        code, problems, _ = self.fsck()
        self.assertEqual((code, [(p["kind"], p["media_id"]) for p in problems]), (1, [("segment_missing", media_id)]))
        self.assertIn("no bytes there", problems[0]["detail"])
        code, problems, _ = self.fsck("--repair")
        self.assertEqual((code, [problem["repaired"] for problem in problems]), (0, [True]))
        self.assertEqual(self.fsck()[:2], (0, []))
        self.server.start()
        caller = X1(self.server)
        self.assertEqual(caller.upload_object(other).json()["received_bytes"], SMALL)
        self.assertEqual(caller.append(media_id, 0, noise(SMALL, 3)).status, 204)

    def test_a_segment_that_was_damaged_leaves_no_orphan_when_it_is_dropped(self):
        media_id = self.acknowledged(5)
        self.server.stop()
        (pack,) = self.packs()
        with open(pack, "r+b") as file:
            file.write(b"no more")
        code, problems, _ = self.fsck("--repair")
        self.assertEqual([(p["kind"], p["media_id"]) for p in problems], [("segment_differs", media_id)])
        self.assertEqual(code, 0)
        self.age()
        self.assertEqual(self.fsck()[:2], (0, []))

    def test_a_pack_that_is_gone(self):
        media_id = self.acknowledged(6)
        self.server.stop()
        (pack,) = self.packs()
        os.unlink(pack)
        code, problems, _ = self.fsck()
        self.assertEqual((code, [(p["kind"], p["media_id"]) for p in problems]), (1, [("segment_missing", media_id)]))


class SoundPacks(PackCase):
    def test_what_was_deleted_leaves_nothing_behind(self):
        ids = [self.acknowledged(seed) for seed in range(6)]
        for media_id in ids[::2]:
            self.assertIn(call(self.server, "DELETE", f"/api/v1/uploads/{media_id}").status, (200, 204))
        ends = time.monotonic() + 30
        while self.held() > 3 * WHOLE and time.monotonic() < ends:
            time.sleep(0.2)
        self.assertEqual(self.held(), 3 * WHOLE)
        self.server.stop()
        code, problems, summary = self.fsck()
        self.assertEqual((code, problems), (0, []))
        self.assertEqual((summary["packs"], self.taken()), (1, summary["segments"] * WHOLE))


if __name__ == "__main__":
    unittest.main()
