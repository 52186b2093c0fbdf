"""A disk that fails or a machine that stops: nothing pretends (contract 7.1 and 7.2)."""

import os
import re
import time
import unittest

from integration.full_disk_test import SmallDisk
from support.case import ServerCase
from support.client import X1
from support.media import noise
from support.server import Server
from support.tracing import Injection, blob_path

SEGMENT = 300_000


class FailedSync(ServerCase):
    def fail_a_sync(self, fault):
        """An upload with segment 0 acknowledged, and the answer to segment 1, whose sync failed."""
        caller = X1(self.server)
        media_id = caller.open(3 * SEGMENT)
        data = noise(3 * SEGMENT, 1)
        self.assertEqual(caller.append(media_id, 0, data[:SEGMENT]).status, 204)
        with Injection(self.server.pid, fault, blob_path(self.server.data, media_id)) as injection:
            answer = caller.append(media_id, 1, data[SEGMENT : 2 * SEGMENT])
            self.assertGreater(injection.fired(), 0, "the fault did not fire: the test has tested nothing")
        return caller, media_id, data, answer

    def test_a_failed_sync_is_final_for_that_upload_and_the_caller_is_told(self):
        caller, media_id, data, answer = self.fail_a_sync("fdatasync:error=EIO:when=1")
        self.assert_v1_error(answer, 500, "storage_failed")
        self.assertIn("Input/output error", answer.json()["errors"][0]["message"])
        # The disk says "ok" from now on, as Linux does after a lost write.
        again = caller.append(media_id, 1, data[SEGMENT : 2 * SEGMENT])
        self.assert_v1_error(again, 500, "storage_failed")
        self.assertIn("INIT", again.json()["errors"][0]["message"])
        self.assert_v1_error(caller.append(media_id, 2, data[2 * SEGMENT :]), 500, "storage_failed")
        self.assert_v1_error(caller.finalize(media_id), 500, "storage_failed")
        status = caller.status(media_id)
        self.assert_v1_error(status, 409, "finalize_missing")
        self.assertIn("Input/output error", status.json()["errors"][0]["message"])
        # Others are not touched, and the server is well.
        self.assertEqual(caller.append(caller.open(SEGMENT), 0, data[:SEGMENT]).status, 204)
        self.assertEqual(caller.get("/readyz").status, 200)
        self.server.kill()
        self.server.start()
        self.assert_v1_error(X1(self.server).append(media_id, 1, data[:SEGMENT]), 500, "storage_failed")

    def test_a_sync_without_room_is_507_and_the_upload_goes_on(self):
        caller, media_id, data, answer = self.fail_a_sync("fdatasync:error=ENOSPC:when=1")
        self.assert_v1_error(answer, 507, "storage_full")
        self.assertEqual(caller.append(media_id, 1, data[SEGMENT : 2 * SEGMENT]).status, 204)
        self.assertEqual(caller.append(media_id, 2, data[2 * SEGMENT :]).status, 204)
        self.assertIn(caller.finalize(media_id).status, (200, 201))
        self.assertEqual(caller.original(f"7_{media_id}").body, data)


class DatabaseFails(unittest.TestCase):
    def test_writes_are_refused_with_the_cause_and_reads_go_on(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        caller = X1(server)
        media_id = caller.open(SEGMENT)
        log = os.path.join(os.path.realpath(server.data), "sluice.db-wal")
        with Injection(server.pid, "fdatasync:error=EIO:when=1+", log) as injection:
            self.assertEqual(caller.init(SEGMENT).status, 500)
            self.assertGreater(injection.fired(), 0, "the fault did not fire: the test has tested nothing")
        refused = caller.init(SEGMENT)
        self.assertEqual((refused.status, refused.header("sluice-error")), (500, "storage_failed"))
        self.assertIn("disk I/O error", refused.json()["errors"][0]["message"])
        self.assertEqual(caller.status(media_id).header("sluice-error"), "finalize_missing")
        ready = caller.get("/readyz")
        self.assertEqual(ready.status, 503)
        self.assertIn(b"disk I/O error", ready.body)
        self.assertEqual(caller.get("/livez").status, 200)
        server.kill()
        server.start()
        self.assertEqual(X1(server).get("/readyz").status, 200)
        self.assertEqual(X1(server).status(media_id).header("sluice-error"), "finalize_missing")


class KilledAfterAFailedSync(unittest.TestCase):
    """A relaxed server dies between a sync that failed and its note of it: the bytes are gone from the page cache."""

    def test_what_the_sync_lost_is_missing_after_the_kill(self):
        server = Server("--durability", "relaxed")
        self.addCleanup(server.close)
        server.start()
        caller = X1(server)
        data = noise(2 * SEGMENT, 3)
        media_id = caller.open(len(data))
        for index in (0, 1):
            self.assertEqual(caller.append(media_id, index, data[index * SEGMENT :][:SEGMENT]).status, 204)
        server.kill()
        with open(blob_path(server.data, media_id), "r+b") as file:
            file.seek(SEGMENT + 1000)
            file.write(bytes(4096))
        server.start()
        caller = X1(server)
        self.assertEqual(caller.finalize(media_id).header("sluice-error"), "size_mismatch")
        self.assertEqual(caller.append(media_id, 1, data[SEGMENT:]).status, 204)
        self.assertIn(caller.finalize(media_id).status, (200, 201))
        self.assertEqual(caller.original(f"7_{media_id}").body, data)


class LostPower(unittest.TestCase):
    """The mark of the last run is changed to that of another boot: as if the machine had stopped."""

    def stop_without_notice(self, durability, damage):
        server = Server("--durability", durability)
        self.addCleanup(server.close)
        server.start()
        caller = X1(server)
        data = noise(2 * SEGMENT, 2)
        media_id = caller.open(len(data))
        for index in (0, 1):
            self.assertEqual(caller.append(media_id, index, data[index * SEGMENT :][:SEGMENT]).status, 204)
        server.kill()
        mark = os.path.join(server.data, "run")
        with open(mark, encoding="ascii") as file:
            text = file.read()
        with open(mark, "w", encoding="ascii") as file:
            file.write(re.sub(r"boot .*", "boot another", text))
        damage(blob_path(server.data, media_id))
        server.start()
        return server, media_id, data

    def assert_logged(self, server, *words):
        """The line comes when all that was in doubt has been looked at."""
        for _ in range(200):
            if all(word in server.log() for word in words):
                return
            time.sleep(0.05)
        self.fail(f"no {words} in {server.log()}")

    def test_a_segment_that_is_not_on_the_disk_is_missing_and_can_come_again(self):
        def lose_the_second(path):
            with open(path, "r+b") as file:
                file.seek(SEGMENT + 1000)
                file.write(bytes(4096))

        for durability in ("relaxed", "strict"):
            with self.subTest(durability):
                server, media_id, data = self.stop_without_notice(durability, lose_the_second)
                caller = X1(server)
                seen = caller.upload_object(media_id).json()
                self.assertEqual(seen["received_bytes"], SEGMENT)
                self.assertEqual(caller.finalize(media_id).header("sluice-error"), "size_mismatch")
                self.assertEqual(caller.append(media_id, 1, data[SEGMENT:]).status, 204)
                self.assertIn(caller.finalize(media_id).status, (200, 201))
                self.assertEqual(caller.original(f"7_{media_id}").body, data)
                self.assert_logged(server, '"recovery_checked"', '"segments_lost":1')

    def test_what_is_on_the_disk_is_believed_again(self):
        server, media_id, data = self.stop_without_notice("relaxed", lambda path: None)
        caller = X1(server)
        self.assertEqual(caller.upload_object(media_id).json()["received_bytes"], len(data))
        self.assertIn(caller.finalize(media_id).status, (200, 201))
        self.assertEqual(server.stop(), 0)
        with open(os.path.join(server.data, "run"), encoding="ascii") as mark:
            self.assertIn("state stopped", mark.read())

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to mount a file system")
    def test_a_file_system_that_was_mounted_anew_is_no_page_cache_either(self):
        disk = SmallDisk(64 << 20, "ext4")
        self.addCleanup(disk.close)
        server = Server("--durability", "relaxed", data=os.path.join(disk.folder, "data"))
        self.addCleanup(server.close)
        server.start()
        media_id = X1(server).open(SEGMENT)
        self.assertEqual(X1(server).append(media_id, 0, noise(SEGMENT, 3)).status, 204)
        server.kill()
        disk.mount_anew()
        server.start()
        self.assertEqual(X1(server).upload_object(media_id).json()["received_bytes"], SEGMENT)
        self.assertIn('"lost_power":true', server.log())
        server.kill()
        server.start()
        self.assertEqual(server.log().count('"lost_power":true'), 1, "a kill alone is none")


if __name__ == "__main__":
    unittest.main()
