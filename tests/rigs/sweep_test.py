"""One short conversation with the K-th call of a kind failing, K = 1, 2, … until it does not fire any more.

Whatever fails: the server is there afterwards or says why not, nothing it acknowledged is lost after a restart, nothing that
it refused counts, and the upload can be completed from what it says. The calls are those of the C library (io_uring is
refused to the process, so all goes that way); with io_uring the same is done below the file system, by the disk's K-th
write and flush.
"""

import errno
import os
import time
import unittest

from rigs import calls, content
from rigs.calls import Calls
from rigs.case import MINUTES, RigCase, hide_mounts
from rigs.checker import GONE, append, finalize, recorded
from rigs.disks import FaultDisk, Image
from support.client import X1

SIZES = [100_000, 4097, 131_073]
# (call, manner, error): what may happen to each kind.
FAULTS = [
    (calls.SYNC, calls.ERROR, errno.EIO),
    (calls.WRITE, calls.ERROR, errno.EIO),
    (calls.WRITE, calls.ERROR, errno.ENOSPC),
    (calls.WRITE, calls.SHORT, 0),
    (calls.OPEN, calls.ERROR, errno.EMFILE),
    (calls.RENAME, calls.ERROR, errno.EIO),
    (calls.RESERVE, calls.ERROR, errno.ENOSPC),
    (calls.TRUNCATE, calls.ERROR, errno.EIO),
    (calls.UNLINK, calls.ERROR, errno.EIO),
    (calls.READ, calls.ERROR, errno.EIO),
    (calls.SYNC, calls.KILL, 0),
    (calls.WRITE, calls.KILL, 0),
]
ALWAYS = [FAULTS[0], FAULTS[1], FAULTS[-1]]  # in a quick run, and some of the others
SECONDS_EACH = 60 if MINUTES else 0.8


def setUpModule():
    hide_mounts()


class Conversation:
    """INIT, three APPENDs out of order, FINALIZE, a one-shot; nothing is tried twice."""

    def __init__(self, recorder, server):
        self.recorder = recorder
        self.caller = X1(server)
        self.seed = recorder.history.seed
        self.failures = []
        self.numbers = set()

    def begin(self):
        number = self.recorder.new_upload()
        self.numbers.add(number)
        return number

    def hold(self):
        try:
            self.upload()
            self.one_shot()
        except GONE:
            pass

    def upload(self):
        number = self.begin()
        answer = recorded(
            self.recorder, lambda: self.caller.init(sum(SIZES)), "init", number, kind=content.NOISE, sizes=SIZES
        )
        upload = self.recorder.history.uploads[number]
        if not self.is_ok(answer):
            return
        for index in (2, 0, 1):
            self.is_ok(append(self.recorder, self.caller, upload, index, 0, self.seed))
        self.is_ok(finalize(self.recorder, self.caller, upload))

    def one_shot(self):
        number = self.begin()
        data = content.picture(self.seed, number, 5000)
        self.is_ok(recorded(
            self.recorder, lambda: self.caller.one_shot(data, "tweet_image"), "whole", number,
            kind=content.PICTURE, sizes=[len(data)],
        ))

    def is_ok(self, answer):
        if answer.status >= 300:
            self.failures.append((answer.status, answer.header("sluice-error")))
        return answer.status < 300


class Sweep(RigCase):
    def ks(self):
        """1, 2, 3, … in a soak; otherwise as far apart as the time allows, from another point each time."""
        ends = time.monotonic() + SECONDS_EACH
        k = 1 if MINUTES else self.chance.randrange(1, 4)
        while time.monotonic() < ends:
            yield k
            k += 1 if MINUTES else self.chance.randrange(1, 6)

    def hold_and_verify(self, server, what):
        """Returns what was refused. The server may be stopped by what happened, but not for good."""
        conversation = Conversation(self.recorder, server)
        conversation.hold()
        self.disarm()
        self.assert_says_what_it_has(server, what)
        server.kill()
        server.start()
        report = self.verify(server, conversation.numbers)
        self.assertEqual(report.losses, [], f"seed {self.seed}, {what}: {self.kept_history()}")
        return conversation.failures

    def assert_says_what_it_has(self, server, what):
        """Still up, it answers small calls. It may only be down if it was killed."""
        try:
            self.assertEqual(X1(server).get("/livez").status, 200, what)
        except GONE:
            self.assertIn(f"manner {calls.KILL}", what, "it died of an error")
        self.note(faults=1)

    def disarm(self):
        self.calls.disarm()


class OfTheCalls(Sweep):
    def test_the_kth_call_of_each_kind(self):
        for call, manner, number in FAULTS if MINUTES else ALWAYS + self.chance.sample(FAULTS[2:-1], 4):
            with self.subTest(call=calls.NAMES[call], manner=manner, error=number):
                self.sweep(call, manner, number)

    def sweep(self, call, manner, number):
        self.calls = Calls(self.folder)
        server = self.server(environment=self.calls.environment(uring=False))
        server.start()
        rounds, refused = 0, 0
        for k in self.ks():
            self.calls.arm(call, k, manner, number)
            failures = self.hold_and_verify(server, f"{calls.NAMES[call]} {k} of manner {manner}, error {number}")
            if not self.calls.fired:
                break
            rounds += 1
            refused += len(failures)
            for status, code in failures:
                self.assertIn(status, (400, 409, 500, 503, 507), code)
        server.close()
        print(f"{calls.NAMES[call]:8} manner {manner} error {number:2}: {rounds} faults, {refused} refusals, no loss", flush=True)


class AFailedSync(RigCase):
    """Is final for that upload, and told to the caller; it is not tried again and believed (contract 7.1)."""

    def test_is_told_and_what_it_covered_does_not_count(self):
        steering = Calls(self.folder)
        server = self.server(environment=steering.environment(uring=False))
        server.start()
        caller = X1(server)
        media_id = caller.open(300_000)
        self.assertEqual(caller.append(media_id, 0, content.noise(1, 1, 0, 0, 100_000)).status, 204)
        steering.arm(calls.SYNC, 1)
        answer = caller.append(media_id, 1, content.noise(1, 1, 1, 0, 100_000))
        self.assertEqual(steering.fired, 1)
        self.assertEqual((answer.status, answer.header("sluice-error")), (500, "storage_failed"), answer)
        native = caller.upload_object(media_id).json()
        self.assertEqual(native["segments"]["received"], 1, native)

    def test_a_failed_commit_stops_writing_and_not_answering(self):
        steering = Calls(self.folder)
        server = self.server(environment=steering.environment(uring=False))
        server.start()
        caller = X1(server)
        media_id = caller.open(300_000)
        steering.arm(calls.SYNC, 1, hits=1000)  # of whatever comes: data, then the record
        for index in range(3):
            self.assertGreaterEqual(caller.append(media_id, index, b"\x80" * 1000).status, 500)
        steering.disarm()
        self.assertEqual(caller.status(media_id).status, 409)
        self.assertEqual(caller.upload_object(media_id).json()["segments"]["received"], 0)


class OfTheDisk(Sweep):
    """The same below the file system, which nothing gets past."""

    def setUp(self):
        super().setUp()
        self.disk = FaultDisk(96)
        self.addCleanup(self.disk.close)
        self.doomed = self.server(data=os.path.join(self.disk.mount_point, "data"))
        self.addCleanup(self.doomed.kill)

    def disarm(self):
        """A disk that failed once may leave ext4 read-only: mount it anew, as an operator would."""
        self.disk.tell("fail write 0 0")
        self.disk.tell("fail flush 0 0")

    def assert_says_what_it_has(self, server, what):
        super().assert_says_what_it_has(server, what)
        server.kill()
        self.disk.ext4.unmount()
        self.disk.ext4.mount()
        server.start()

    def sweep(self, kind):
        rounds = 0
        for k in self.ks():
            before = self.disk.counters()[f"{kind}_failed"]
            self.doomed.start()
            self.disk.tell(f"fail {kind} {k - 1} 1")
            self.hold_and_verify(self.doomed, f"the disk's {kind} {k}")
            fired = self.disk.counters()[f"{kind}_failed"] - before
            self.doomed.kill()
            if not fired:
                break
            rounds += 1
        print(f"{kind}: {rounds} faults, no loss", flush=True)

    def test_the_kth_write_fails(self):
        self.sweep("write")

    def test_the_kth_flush_fails(self):
        self.sweep("flush")


class ASmallDisk(RigCase):
    def test_a_full_disk_refuses_and_keeps(self):
        disk = Image(24)
        self.addCleanup(disk.close)
        server = self.server(data=os.path.join(disk.mount_point, "data"))
        self.addCleanup(server.kill)
        server.start()
        caller = X1(server)
        kept = caller.open(3_000_000)
        self.assertEqual(caller.append(kept, 0, content.noise(1, 1, 0, 0, 1_000_000)).status, 204)
        answers = [self.fill(caller, number) for number in range(2, 30)]
        self.assertIn((507, "storage_full"), answers)
        self.assertFalse({answer for answer in answers if answer[0] not in (204, 507)}, answers)
        # What is there stays, and small calls go on.
        self.assertEqual(caller.status(kept).status, 409)
        self.assertEqual(caller.upload_object(kept).json()["received_bytes"], 1_000_000)
        for index, size in ((1, 1_000_000), (2, 1_000_000)):
            answer = caller.append(kept, index, content.noise(1, 1, index, 0, size))
            self.assertEqual(answer.status, 204, "its space was reserved at INIT")
        answer = caller.finalize(kept)
        self.assertIn(answer.status, (200, 201), answer)
        server.kill()
        server.start()
        original = X1(server).original(X1(server).upload_object(kept).json()["media_key"])
        self.assertEqual(original.body, b"".join(content.noise(1, 1, index, 0, 1_000_000) for index in range(3)))

    def fill(self, caller, number):
        answer = caller.init(2_000_000)
        if answer.status == 202:
            media_id = answer.json()["media_id_string"]
            answer = caller.append(media_id, 0, content.noise(1, number, 0, 0, 1_999_999))
        return answer.status, answer.header("sluice-error")


if __name__ == "__main__":
    unittest.main()
