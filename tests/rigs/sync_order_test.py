"""Every file and directory is synced before the 2xx: by the trace of the calls, and by what the disk has been given."""

import json
import os
import time
import unittest

from rigs import content
from rigs.calls import Calls
from rigs.case import RigCase, hide_mounts, run
from rigs.checker import append, finalize, recorded
from rigs.disks import FaultDisk
from rigs.history import Recorder
from rigs.sync_order import TRACED, Order
from support.client import X1
from support.mounts import unmount

SIZES = [100_000, 4097, 131_073]


def setUpModule():
    hide_mounts()


def converse(recorder, server, after_each=lambda: None):
    """INIT, APPENDs out of order, FINALIZE and a one-shot, all of which must be a success."""
    caller, seed = X1(server), recorder.history.seed
    number = recorder.new_upload()
    answers = [recorded(recorder, lambda: caller.init(sum(SIZES)), "init", number, kind=content.NOISE, sizes=SIZES)]
    after_each()
    upload = recorder.history.uploads[number]
    for index in (2, 0, 1):
        answers.append(append(recorder, caller, upload, index, 0, seed))
        after_each()
    answers.append(finalize(recorder, caller, upload))
    after_each()
    number = recorder.new_upload()
    picture = content.picture(seed, number, 5000)
    answers.append(recorded(
        recorder, lambda: caller.one_shot(picture, "tweet_image"), "whole", number, kind=content.PICTURE, sizes=[5000]
    ))
    after_each()
    assert all(answer.status < 300 for answer in answers), answers
    return len(answers)


class ByTheTrace(RigCase):
    """io_uring is refused to the process here: strace does not see what goes through it."""

    def setUp(self):
        super().setUp()
        trace = os.path.join(self.folder, "trace")
        calls = Calls(self.folder)
        # -D: the server keeps its place as our child.
        strace = ["strace", "-D", "-f", "-y", "-s", "96", "-o", trace, "-e", f"trace={TRACED}"]
        server = self.server(environment=calls.environment(uring=False), prefix=strace)
        server.start()
        self.answers = converse(self.recorder, server)
        server.kill()
        time.sleep(0.3)
        with open(trace, encoding="utf-8", errors="replace") as file:
            self.lines = file.read().splitlines()
        self.root = server.data

    def test_everything_is_synced_before_the_answer(self):
        order = Order(self.root).read(self.lines)
        self.assertEqual(order.offences, [])
        self.assertGreaterEqual(order.acknowledgements, self.answers)
        self.note(histories=1)

    def test_red_without_some_of_the_syncs(self):
        for missing in ("fdatasync(", "fsync("):
            kept = [line for line in self.lines if missing not in line.replace("<... fdatasync resumed>", "fdatasync(")]
            self.assertNotEqual(Order(self.root).read(kept).offences, [], f"nothing is noticed without {missing}…)")
        folders = [line for line in self.lines if not ("fsync(" in line and "/blobs" in line and "fdatasync" not in line)]
        self.assertTrue(any("folder" in offence for offence in Order(self.root).read(folders).offences))


class ByTheDisk(RigCase):
    """After each answer a copy is taken of what the disk has flushed; each must verify. Nothing gets past this one."""

    def check(self, lies):
        disk = FaultDisk(192)
        self.addCleanup(disk.close)
        server = self.server(data=os.path.join(disk.mount_point, "data"))
        self.addCleanup(server.kill)
        server.start()
        server.stop()
        server.start()
        if lies:
            disk.tell("lie 1")
        images = []

        def keep():
            with open(self.recorder.path, encoding="utf-8") as history:
                images.append((os.path.join(self.folder, f"image{len(images)}"), len(history.readlines())))
            disk.copy_platter(images[-1][0])

        converse(self.recorder, server, keep)
        server.kill()
        return [loss for number, (image, lines) in enumerate(images) for loss in self.losses_of(number, image, lines)]

    def losses_of(self, number, image, lines):
        """What the copy lacks of the history as it was then: its first `lines` lines."""
        mount = os.path.join(self.folder, f"mount{number}")
        os.mkdir(mount)
        run("mount", "-o", "loop", image, mount)
        server = self.server(data=os.path.join(mount, "data"))
        now, self.recorder = self.recorder, self.as_of(number, lines)
        try:
            server.start()
            return self.verify(server).losses
        except RuntimeError as broken:  # not even the database is left
            return [str(broken)]
        finally:
            self.recorder.close()
            self.recorder = now
            server.kill()
            unmount(mount)
            os.remove(image)

    def as_of(self, number, lines):
        recorder = Recorder(os.path.join(self.folder, f"history{number}"), self.seed)
        with open(self.recorder.path, encoding="utf-8") as file:
            for line in list(file)[1:lines]:
                recorder.repeat(json.loads(line))
        return recorder

    def test_what_was_answered_is_flushed(self):
        self.assertEqual(self.check(lies=False), [], f"seed {self.seed}")

    def test_red_when_the_disk_lies(self):
        self.IS_RED = True
        self.assertNotEqual(self.check(lies=True), [])


if __name__ == "__main__":
    unittest.main()
