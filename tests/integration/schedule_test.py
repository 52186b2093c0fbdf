"""What the queue promises: an image does not wait for a film, a cancelled job is over at once, a file that kills its workers is set
aside, what ran when the server died is tried again, and progress never falls."""

import os
import signal
import time
import unittest

from support.client import X1, call, upload
from support.media import clip, picture
from support.server import Server

LONG = {"seconds": 60, "size": "1280x720", "rate": 30}
MIB = 1 << 20


def parent_of(pid):
    """Of a process that still runs; None of one that is gone, though perhaps not waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            state, parent = stat.read().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state in "ZX" else int(parent)


def are_gone(pids):
    return all(parent_of(pid) is None for pid in pids)


def processes_below(pid):
    """Pids of all that descends from it, as far as parents are alive."""
    parents = {int(entry): parent_of(entry) for entry in os.listdir("/proc") if entry.isdigit()}
    found, border = set(), {pid}
    while border:
        border = {child for child, parent in parents.items() if parent in border}
        found |= border
    return found


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii", errors="replace") as comm:
            return comm.read().strip()
    except OSError:
        return ""


def eventually(holds, seconds):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if held := holds():
            return held
        time.sleep(0.01)
    return holds()


class ScheduleCase(unittest.TestCase):
    def start(self, *arguments):
        server = Server(*arguments)
        self.addCleanup(server.close)
        server.start()
        return server, X1(server)

    def encoders(self, server):
        return {pid for pid in processes_below(server.pid) if name_of(pid) == "ffmpeg"}

    def encoding(self, server):
        found = eventually(lambda: self.encoders(server), 20)
        self.assertTrue(found, "no ffmpeg runs\n" + server.log()[-2000:])
        return found

    def scratch(self, server):
        return os.listdir(os.path.join(server.data, "scratch"))


class Cancelled(ScheduleCase):
    def test_delete_ends_the_encoder_and_its_folder_within_a_second(self):
        server, caller = self.start()
        media_id = upload(caller, clip(**LONG), MIB)
        encoders = self.encoding(server)
        self.assertEqual(len(self.scratch(server)), 1)
        self.assertEqual(call(server, "DELETE", f"/api/v1/uploads/{media_id}").status, 204)
        gone = eventually(lambda: are_gone(encoders) and not self.scratch(server), 1)
        self.assertTrue(gone, f"{encoders} {self.scratch(server)}")
        again = upload(caller, clip(1), MIB)
        self.assertEqual(caller.wait(again, 20)["state"], "succeeded", "the slot works on")

    def test_a_job_that_waits_is_just_gone(self):
        server, caller = self.start("--workers", "1")
        first = upload(caller, clip(**LONG), MIB)
        self.encoding(server)
        second = upload(caller, clip(1), MIB)
        self.assertEqual(call(server, "DELETE", f"/api/v1/uploads/{second}").status, 204)
        self.assertEqual(caller.info_of(caller.status(first))["state"], "in_progress", "the one that runs is left alone")


class Lanes(ScheduleCase):
    def test_an_image_is_ready_while_films_run_and_wait(self):
        server, caller = self.start("--workers", "1", "--cores-per-job", "1", "--quick-workers", "1")
        films = [upload(caller, clip(**LONG), MIB) for _ in range(2)]
        self.encoding(server)
        began = time.monotonic()
        image = upload(caller, picture(), MIB, media_type="image/png", category="tweet_image")
        self.assertEqual(caller.wait(image, 10)["state"], "succeeded")
        self.assertLess(time.monotonic() - began, 5)
        states = [caller.info_of(caller.status(film))["state"] for film in films]
        self.assertEqual(states, ["in_progress", "pending"])

    def test_a_short_film_passes_the_long_ones_that_wait(self):
        server, caller = self.start("--workers", "1")
        films = [upload(caller, clip(**LONG), MIB) for _ in range(2)]
        self.encoding(server)
        short = upload(caller, clip(1), MIB)
        self.assertEqual(call(server, "DELETE", f"/api/v1/uploads/{films[0]}").status, 204)
        self.assertEqual(caller.wait(short, 30)["state"], "succeeded")
        self.assertNotEqual(caller.info_of(caller.status(films[1]))["state"], "succeeded")


class Poison(ScheduleCase):
    def kill_the_worker_of(self, caller, server, media_id):
        encoders = self.encoding(server)
        for worker in server.children():
            if encoders & processes_below(worker):
                os.kill(worker, signal.SIGSEGV)
        self.assertTrue(eventually(lambda: are_gone(encoders), 5))

    def test_two_crashes_set_the_content_aside_and_a_restart_does_not_forget_it(self):
        server, caller = self.start("--workers", "1")
        content = clip(seconds=30, size="640x360")
        media_id = upload(caller, content, MIB)
        self.kill_the_worker_of(caller, server, media_id)
        self.assertEqual(caller.info_of(caller.status(media_id))["state"], "pending", "tried again, after a pause")
        self.kill_the_worker_of(caller, server, media_id)
        info = caller.wait(media_id, 10)
        self.assertEqual(info["state"], "failed", info)
        self.assertIn("crashed", str(info["error"]))
        self.assertIn("set aside", str(info["error"]))
        server.kill()
        server.start()
        same = upload(caller, content, 100_000)
        info = caller.wait(same, 5)
        self.assertEqual(info["state"], "failed", info)
        self.assertIn(f"media {media_id}", str(info["error"]))
        other = upload(caller, clip(1), MIB)
        self.assertEqual(caller.wait(other, 20)["state"], "succeeded")


class AfterADeath(ScheduleCase):
    def test_the_job_that_ran_is_tried_again_alone_and_progress_does_not_fall(self):
        server, caller = self.start("--workers", "1")
        film = upload(caller, clip(seconds=12, size="1280x720", rate=30), MIB)
        percents = []

        def percent():
            time.sleep(0.1)
            percents.append(caller.info_of(caller.status(film)).get("progress_percent", 0))
            return percents[-1]

        self.assertTrue(eventually(lambda: percent() > 10, 30), percents)
        server.kill()
        restarted = time.monotonic()
        server.start()
        image = upload(caller, picture(), MIB, media_type="image/png", category="tweet_image")
        while (info := caller.info_of(caller.status(film)))["state"] in ("pending", "in_progress"):
            percents.append(info.get("progress_percent", 0))
            # Half a minute of it is enough to see that it is no danger.
            if info["state"] == "in_progress" and time.monotonic() - restarted < 20:
                state = caller.upload_object(image).json()["state"]
                still = caller.info_of(caller.status(film))["state"]
                self.assertTrue(state == "queued" or still == "succeeded", f"the image is {state} beside it")
            time.sleep(0.2)
        self.assertEqual(info["state"], "succeeded", info)
        self.assertEqual(percents, sorted(percents))
        self.assertEqual(caller.wait(image, 10)["state"], "succeeded")


if __name__ == "__main__":
    unittest.main()
