"""The power goes while uploads are under way: nothing acknowledged may be lost (contract 7.1, 7.2; strict).

Two rigs. The FUSE disk keeps unflushed writes in a volatile cache and, at the cut, loses, tears and reorders them by seed.
The ext4 shutdown throws away at once what the file system had not brought to its device. Each has a run in which the fault
is real (a disk that lies, a server that does not sync) and the check must turn red.
"""

import os
import time
import unittest

from rigs.calls import PRETEND, SYNC, Calls
from rigs.case import RigCase, hide_mounts
from rigs.disks import FaultDisk, Image
from rigs.load import Crowd
from rigs.processes import freeze

ROUNDS = int(os.environ.get("SLUICE_CUT_ROUNDS", "2"))


def setUpModule():
    hide_mounts()


class PowerCut(RigCase):
    """Shared steps: uploads travel, the power goes, the disk comes back with what it kept, all is verified."""

    def begin(self, disk, *arguments, **more):
        self.disk = disk
        self.addCleanup(disk.close)
        self.doomed = self.server(*arguments, data=os.path.join(disk.mount_point, "data"), **more)
        self.addCleanup(self.doomed.kill)
        self.crowd = Crowd(self.doomed, self.recorder, self.chance, size=8, pause=0.1)
        self.met = 0

    def cut_while_under_way(self, seconds=(0.5, 1.5)):
        self.doomed.start()
        self.crowd.travel(lambda: self.cut_after(self.chance.uniform(*seconds)))
        self.met += self.crowd.cut_short()
        self.crowd.travelling = []
        self.disk.restore()

    def cut_after(self, seconds):
        time.sleep(seconds)
        self.cut()
        self.note(faults=1)
        time.sleep(0.2)  # the server lives on and meets the dead disk
        self.doomed.kill()

    def cut(self):
        self.disk.cut(self.chance.randrange(1 << 30), self.chance.choice([0, 30, 50, 70, 100]))

    def verified(self):
        self.doomed.start()
        report = self.verify(self.doomed)
        self.assertEqual(self.doomed.stop(), 0)
        return report

    def rounds(self):
        for number in range(ROUNDS):
            self.cut_while_under_way()
            report = self.verified()
            print(f"cut {number + 1}: {report}", flush=True)
            self.assert_nothing_lost(report)
        self.assertGreater(self.met, 0, "no cut met an upload in its middle: the test has tested nothing")

    def assert_turns_red(self):
        """Within a few cuts: what is lost depends on where each falls."""
        self.IS_RED = True
        for _ in range(12):  # some cuts lose nothing, and on a busy machine little was said yes to before them
            try:
                self.cut_while_under_way()
                losses = self.verified().losses
            except RuntimeError as broken:  # neither the file system nor the database may be left
                losses = [str(broken)]
                self.note(histories=1, seen=1)
            if losses:
                return
        self.fail(f"seed {self.seed}: the fault is real, and nothing was noticed")


class OfADiskWithAVolatileCache(PowerCut):
    def test_nothing_acknowledged_is_lost(self):
        self.begin(FaultDisk())
        self.disk.tell("slow flush 10")  # so that a cut finds something in the cache
        self.rounds()
        counters = self.disk.counters()
        print(f"of the unflushed sectors {counters['sectors_lost']} were lost, {counters['sectors_kept']} kept", flush=True)

    def test_red_when_the_disk_lies_about_its_flushes(self):
        self.begin(FaultDisk())
        self.doomed.start()
        self.doomed.stop()
        self.disk.tell("lie 1")
        self.assert_turns_red()
        self.assertGreater(self.disk.counters()["flushes_denied"], 0)


class OfTheFileSystem(PowerCut):
    def cut(self):
        freeze(self.doomed.pid)  # an fsync that the shutdown interrupts may say "done", and nobody may pass that on
        self.disk.cut()

    def test_nothing_acknowledged_is_lost(self):
        self.begin(Image(1024))
        self.rounds()

    def test_red_when_the_server_does_not_sync(self):
        calls = Calls(self.folder)
        self.begin(Image(1024), environment=calls.environment(uring=False))
        calls.arm(SYNC, 1, PRETEND, hits=1 << 40)
        self.assert_turns_red()
        self.assertGreater(calls.fired, 0)

    def test_red_when_appends_are_only_relaxed(self):
        self.begin(Image(1024), "--durability", "relaxed")
        self.assert_turns_red()


if __name__ == "__main__":
    unittest.main()
