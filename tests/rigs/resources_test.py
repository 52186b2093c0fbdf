"""Too few descriptors, too little memory, a slow disk, a disk that fails, a clock that jumps."""

import os
import threading
import time
import unittest

from rigs import content
from rigs.calls import Calls
from rigs.case import RigCase, hide_mounts
from rigs.checker import GONE
from rigs.disks import FaultDisk
from rigs.load import Crowd
from rigs.processes import wait_until
from support.client import V1, X1
from support.media import clip
from support.wire import Wire, request

HOUR = 3600


def setUpModule():
    hide_mounts()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class TooFewDescriptors(RigCase):
    def test_the_server_does_not_spin_and_nobody_waits_for_nothing(self):
        server = self.server(prefix=["prlimit", "--nofile=96:96"])
        server.start()
        media_id = X1(server).open(1000)
        crowd = [Wire(server) for _ in range(150)]
        for wire in crowd:
            wire.send(b"GET /1.1/media/upload.json HTTP/1.1\r\nX-Slow: ")
        self.note(faults=1)
        began, used = time.monotonic(), cpu_seconds(server.pid)
        answered = sum(self.is_answered(server, media_id) for _ in range(10))
        share = (cpu_seconds(server.pid) - used) / (time.monotonic() - began)
        print(f"without descriptors: {answered} of 10 answered, {share:.0%} of a core", flush=True)
        self.assertLess(share, 0.5, "it spins")
        for wire in crowd:
            wire.close()
        wait_until(lambda: self.is_answered(server, media_id), timeout=10)
        self.assertEqual(X1(server).append(media_id, 0, b"\x80" * 1000).status, 204, "new ones come in again")

    def is_answered(self, server, media_id):
        """An answer, or a closed connection; but within the time of a client's patience."""
        began = time.monotonic()
        try:
            with Wire(server, timeout=5) as wire:
                wire.send(request("GET", f"{V1}?command=STATUS&media_id={media_id}"))
                self.assertIn(wire.read().header("sluice-error"), ("finalize_missing", "overloaded"))
                return True
        except GONE as gone:
            self.assertLess(time.monotonic() - began, 4.5, f"it hangs: {gone!r}")
            return False
        finally:
            time.sleep(0.1)


class TooLittleMemory(RigCase):
    def test_uploads_go_on_or_are_refused_and_nothing_is_lost(self):
        server = self.server()
        server.start()
        idle = self.settled(server)
        server.kill()
        server.prefix = ["prlimit", f"--as={idle + (48 << 20)}"]
        server.start()
        crowd = Crowd(server, self.recorder, self.chance, size=24, large=0.5, pause=0)
        crowd.travel(again=False)
        self.note(faults=1)
        self.assertIsNone(server.process.poll(), server.log()[-2000:])
        print(f"in {(idle >> 20) + 48} MiB of addresses: {len(crowd.arrived)} arrived, {len(crowd.refusals)} refused", flush=True)
        server.kill()
        server.prefix = []
        server.start()
        self.assert_nothing_lost(self.verify(server))

    def settled(self, server):
        """Its addresses once all threads have taken theirs, which goes on behind the ready line."""
        last, now = 0, server.memory("VmSize")
        while now != last:
            time.sleep(0.5)
            last, now = now, server.memory("VmSize")
        return now


class OnAFaultDisk(RigCase):
    def setUp(self):
        super().setUp()
        self.disk = FaultDisk(128)
        self.addCleanup(self.disk.close)
        self.doomed = self.server(data=os.path.join(self.disk.mount_point, "data"))
        self.addCleanup(self.doomed.kill)
        self.doomed.start()
        self.caller = X1(self.doomed)

    def test_status_is_answered_while_every_flush_takes_long(self):
        media_id = self.caller.open(50_000_000)
        self.disk.tell("slow flush 400")
        took, slow = [], []
        done = threading.Event()

        def append(index):
            began = time.monotonic()
            answer = self.caller.append(media_id, index, content.noise(1, 1, index, 0, 300_000))
            slow.append((answer.status, time.monotonic() - began))

        threads = [threading.Thread(target=append, args=(index,)) for index in range(16)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads) and len(took) < 200:
            began = time.monotonic()
            self.assertEqual(self.caller.status(media_id).header("sluice-error"), "finalize_missing")
            took.append(time.monotonic() - began)
            time.sleep(0.01)
        for thread in threads:
            thread.join(60)
        self.disk.tell("slow flush 0")
        self.note(faults=len(slow))
        self.assertEqual({status for status, _ in slow}, {204})
        self.assertGreater(max(seconds for _, seconds in slow), 0.4, "the disk was not slow")
        took.sort()
        print(f"appends up to {max(seconds for _, seconds in slow):.1f} s; STATUS median {took[len(took) // 2] * 1000:.1f} ms, "
              f"worst {took[-1] * 1000:.0f} ms of {len(took)}", flush=True)
        self.assertLess(took[len(took) // 2], 0.4, "STATUS waits for the disk")

    def test_a_disk_that_fails_is_told_and_nothing_is_lost(self):
        crowd = Crowd(self.doomed, self.recorder, self.chance, size=5, pause=0.05)

        def fail():
            time.sleep(0.5)
            self.disk.tell("fail write 0 -1")
            time.sleep(0.7)

        crowd.travel(fail)
        failed = self.disk.counters()["write_failed"]
        self.note(faults=failed)
        self.assertGreater(failed, 0)
        self.assertEqual(self.caller.get("/livez").status, 200)
        self.doomed.kill()
        self.disk.ext4.unmount()
        self.disk.tell("fail write 0 0")
        self.disk.ext4.mount()
        self.doomed.start()
        self.assert_nothing_lost(self.verify(self.doomed))


class JumpingClock(RigCase):
    def setUp(self):
        super().setUp()
        self.calls = Calls(self.folder)
        self.jumping = self.server(environment=self.calls.environment())
        self.jumping.start()
        self.caller = X1(self.jumping)

    def jump(self, seconds):
        self.calls.set_clock(seconds)
        self.note(faults=1)

    def test_uploads_go_on_over_jumps_of_an_hour(self):
        ids = set()
        for hours in (0, 1, -1, 2, 0):
            self.jump(hours * HOUR)
            media_id = self.caller.open(2000)
            self.assertNotIn(media_id, ids)
            ids.add(media_id)
            for open_id in ids:
                self.assertEqual(self.caller.status(open_id).header("sluice-error"), "finalize_missing", f"{hours} h")
            self.assertEqual(self.caller.append(media_id, 0, b"\x80" * 1000).status, 204)
        for media_id in ids:
            self.assertEqual(self.caller.append(media_id, 1, b"\x81" * 1000).status, 204)
            self.assertEqual(self.caller.finalize(media_id).status, 201)

    def test_a_job_ends_once_though_the_clock_goes_back_or_forth(self):
        for seconds in (-HOUR, HOUR):
            self.calls.set_clock(0)
            video = clip(seconds=1, size="128x96", rate=10)
            ids = []
            for _ in range(2):  # the second one waits for the first
                ids.append(self.caller.open(len(video)))
                self.assertEqual(self.caller.append(ids[-1], 0, video).status, 204)
                self.assertEqual(self.caller.finalize(ids[-1]).status, 201)
            self.jump(seconds)
            for media_id in ids:
                ends = lambda: self.caller.upload_object(media_id).json()["state"] in ("ready", "failed")
                try:
                    wait_until(ends, timeout=40, step=0.1)
                except TimeoutError:
                    self.fail(f"after {seconds} s: {self.caller.upload_object(media_id).json()}")
                self.assertEqual(self.caller.upload_object(media_id).json()["state"], "ready", f"after {seconds} s")
                events = self.caller.get(f"/api/v1/uploads/{media_id}/timeline").json()["data"]
                self.assertLessEqual(sum(event["count"] for event in events if event["call"] == "job.ready"), 1)


if __name__ == "__main__":
    unittest.main()
