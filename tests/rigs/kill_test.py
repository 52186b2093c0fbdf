"""Processes die at the worst moment, on one data directory; nothing acknowledged may be lost (contract 7.1, 7.2).

The seed of the random moments is printed; SLUICE_SEED=N repeats a run's choices, though not the kernel's timing.
"""

import os
import signal
import sqlite3
import time
import unittest

from rigs.case import RigCase
from rigs.load import Crowd
from rigs.processes import is_alive, wait_until
from support import metrics
from support.client import X1
from support.media import clip
from support.server import Server

ROUNDS = int(os.environ.get("SLUICE_KILL_ROUNDS", "10"))


class ServerKilled(RigCase):
    def setUp(self):
        super().setUp()
        self.doomed = self.server()
        self.crowd = Crowd(self.doomed, self.recorder, self.chance, pause=0.4)

    def kill_soon(self):
        time.sleep(self.chance.uniform(0.05, 0.8))
        workers = self.doomed.children()
        self.doomed.kill()
        self.note(faults=1)
        wait_until(lambda: not any(is_alive(pid) for pid in workers), timeout=20)

    def test_every_acknowledged_byte_survives_kill_9_at_random_moments(self):
        cut_short = 0
        for _ in range(ROUNDS):
            self.doomed.start()
            self.crowd.travel(self.kill_soon, again=False)
            cut_short += self.crowd.cut_short()
        self.assertGreater(cut_short, 0, "no kill met an upload in its middle: the test has tested nothing")
        self.doomed.start()
        self.crowd.travel(again=False)
        self.assertEqual(self.crowd.refusals, [], f"seed {self.seed}")
        report = self.verify(self.doomed)
        print(f"{ROUNDS} kills, {cut_short} uploads met in their middle; {report}", flush=True)
        self.assert_nothing_lost(report)
        self.assertEqual(self.doomed.stop(), 0)

    def test_an_upload_is_completed_from_what_the_server_says_after_the_kill(self):
        self.doomed.start()
        self.crowd.travel(self.kill_soon)
        self.doomed.start()
        self.assert_nothing_lost(self.verify(self.doomed))

    def test_sigterm_during_load_loses_nothing_acknowledged(self):
        self.doomed.start()
        codes = []
        self.crowd.travel(lambda: (time.sleep(0.3), codes.append(self.doomed.stop())))
        self.assertEqual(codes, [0])
        self.doomed.start()
        self.assert_nothing_lost(self.verify(self.doomed))


class CheckerSees(RigCase):
    """The red runs: what is spoilt behind the server's back between a kill and the restart must be found."""

    IS_RED = True

    def setUp(self):
        super().setUp()
        self.spoilt = self.server()
        self.spoilt.start()
        crowd = Crowd(self.spoilt, self.recorder, self.chance, size=6)
        crowd.travel(lambda: (time.sleep(0.8), self.spoilt.kill()))
        self.assertGreater(crowd.cut_short(), 0)

    def assert_found(self, *words):
        self.spoilt.start()
        losses = "\n".join(self.verify(self.spoilt).losses)
        self.assertTrue(any(word in losses for word in words), f"seed {self.seed}: {losses or 'nothing was noticed'}")

    def forget(self, *tables):
        """Deletes the rows of one upload that has acknowledged segments; (table, column of the upload's id)."""
        known = [upload for upload in self.recorder.history.uploads.values() if upload.media_id and upload.acknowledged()]
        media_id = int(self.chance.choice(known).media_id)
        base = sqlite3.connect(self.database())
        for table, column in tables:
            base.execute(f"DELETE FROM {table} WHERE {column} = ?", (media_id,))
        base.commit()
        base.close()

    def database(self):
        for name in os.listdir(self.spoilt.data):
            path = os.path.join(self.spoilt.data, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    if file.read(15) == b"SQLite format 3":
                        return path
        raise FileNotFoundError("no SQLite file in the data directory")

    def test_bytes_that_changed_in_the_files(self):
        blobs = [os.path.join(folder, name) for folder, _, names in os.walk(self.spoilt.data) for name in names
                 if "/blobs/" in os.path.join(folder, name)]
        for path in blobs:
            with open(path, "r+b") as blob:
                blob.write(b"\xff" * 16)
        self.assert_found("differ", "are not there", "breaks off", "refused")

    def test_a_segment_that_the_metadata_forgot(self):
        self.forget(("segments", "upload"))
        self.assert_found("are not there", "segment_missing", "nothing_appended", "breaks off")

    def test_an_upload_that_the_metadata_forgot(self):
        self.forget(("segments", "upload"), ("outputs", "upload"), ("jobs", "media"), ("uploads", "id"))
        self.assert_found("was acknowledged, now: 404")


class ProcessingInterrupted(unittest.TestCase):
    def setUp(self):
        self.server = Server("--workers", "1")
        self.addCleanup(self.server.close)
        self.server.start()
        self.video = clip(seconds=12, size="1280x720", rate=30)
        self.caller = X1(self.server)

    def upload_until_it_is_processed(self):
        media_id = self.caller.open(len(self.video))
        for index, at in enumerate(range(0, len(self.video), 4 << 20)):
            self.assertEqual(self.caller.append(media_id, index, self.video[at : at + (4 << 20)]).status, 204)
        self.assertEqual(self.caller.finalize(media_id).status, 201)
        wait_until(lambda: self.caller.info_of(self.caller.status(media_id))["state"] != "pending", step=0.01)
        info = self.caller.info_of(self.caller.status(media_id))
        self.assertEqual(info["state"], "in_progress", "the clip is too short for this machine: the test has tested nothing")
        return media_id

    def assert_ends_ready(self, media_id):
        info = self.caller.wait(media_id, timeout=180)
        self.assertEqual(info["state"], "succeeded", info)
        self.assert_plays(media_id)

    def assert_plays(self, media_id):
        answer = self.caller.original(f"7_{media_id}")
        self.assertTrue(answer.body == self.video)
        outputs = self.caller.outputs(media_id)
        self.assertGreaterEqual(len([name for name in outputs if name != "original"]), 2, outputs)
        for output in outputs.values():
            self.assertEqual(len(self.caller.fetch(output["url"]).body), output["size_bytes"])

    def test_a_worker_that_is_killed_is_replaced_and_the_job_tried_again(self):
        media_id = self.upload_until_it_is_processed()
        workers = self.server.children()
        self.assertTrue(workers, "no child called sluice-worker")
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        self.assert_ends_ready(media_id)
        self.assertTrue(set(self.server.children()) - set(workers) or not self.server.children())
        samples = metrics.parse(self.caller.get("/metrics").body.decode())
        self.assertGreaterEqual(metrics.total(samples, "sluice_job_retries_total"), 1)

    def test_a_job_goes_on_after_the_server_was_killed(self):
        media_id = self.upload_until_it_is_processed()
        self.server.kill()
        self.server.start()
        self.assert_ends_ready(media_id)

    def test_sigterm_drains_and_exits_0_and_the_job_goes_on_afterwards(self):
        media_id = self.upload_until_it_is_processed()
        began = time.monotonic()
        self.assertEqual(self.server.stop(timeout=60), 0)
        print(f"drained in {time.monotonic() - began:.1f} s", flush=True)
        self.server.start()
        self.assert_ends_ready(media_id)


if __name__ == "__main__":
    unittest.main()
