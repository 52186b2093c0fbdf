"""Processes die at the worst moment, on one data directory; nothing acknowledged may be lost (contract 7.1, 7.2).

The seed of the random moments is printed; SLUICE_SEED=N repeats a run's choices, though not the kernel's timing.
"""

import os
import random
import signal
import threading
import time
import unittest

from support import metrics
from support.client import X1
from support.media import clip, noise
from support.server import Server
from support.wire import ConnectionEnded

ROUNDS = int(os.environ.get("SLUICE_KILL_ROUNDS", "10"))
UPLOADS = 20
BROKEN = (ConnectionEnded, ConnectionError, OSError, AssertionError)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, timeout=60, step=0.02):
    ends = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(condition)
        time.sleep(step)


class Journey:
    """One upload as its client remembers it over all the crashes: what was acknowledged, and nothing else."""

    def __init__(self, chance):
        self.data = noise(chance.randrange(300_000, 1_500_000), chance.randrange(1 << 30))
        cuts = sorted(chance.sample(range(1, len(self.data)), chance.randrange(3, 12)))
        bounds = list(zip([0, *cuts], [*cuts, len(self.data)]))
        self.todo = list(enumerate(self.data[a:b] for a, b in bounds))
        chance.shuffle(self.todo)
        # A client that thinks between two segments, so that a kill meets it under way on a fast machine too.
        self.pause = chance.uniform(0.02, 0.2)
        self.acknowledged = 0
        self.media_id = None
        self.is_sealed = False

    def travel(self, caller):
        """As far as the server lives. A lost answer means: unknown, so the call is made again next time."""
        if self.media_id is None:
            self.media_id = caller.open(len(self.data))
        while self.todo:
            time.sleep(self.pause)
            answer = caller.append(self.media_id, *self.todo[-1])
            if answer.status != 204:
                raise Refused(answer)
            self.todo.pop()
            self.acknowledged += 1
        answer = caller.finalize(self.media_id)
        if answer.status not in (200, 201):
            raise Refused(answer)
        self.is_sealed = True


class Refused(Exception):
    """The server lives and says no: it has lost something, or contradicts itself."""


class Crowd:
    """Clients that travel at once against one server, and remember what it refused."""

    def __init__(self, server):
        self.server = server
        self.refusals = []

    def drive(self, journey):
        try:
            journey.travel(X1(self.server))
        except Refused as refused:
            self.refusals.append(f"{journey.media_id}: {refused}")
        except BROKEN:
            pass  # the server went away

    def travel(self, journeys, then=lambda: None):
        """Sets all of them going, runs `then` meanwhile, and returns when the last has arrived or is stranded."""
        threads = [threading.Thread(target=self.drive, args=(journey,), daemon=True) for journey in journeys]
        for thread in threads:
            thread.start()
        then()
        for thread in threads:
            thread.join(120)
            if thread.is_alive():
                raise TimeoutError("a client hangs")

    def first_damage(self, journeys):
        """The first upload whose original is not what was sent; None if all are whole."""
        for journey in journeys:
            answer = X1(self.server).original(f"7_{journey.media_id}")
            if answer.status != 200 or answer.body != journey.data:
                return f"{journey.media_id}: {answer.status}, {len(answer.body)} of {len(journey.data)} bytes"
        return None


class ServerKilled(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 30))
        print(f"kill_test seed {self.seed}", flush=True)
        self.chance = random.Random(self.seed)
        self.server = Server("--workers", "1")
        self.addCleanup(self.server.close)
        self.crowd = Crowd(self.server)

    def kill_soon(self):
        time.sleep(self.chance.uniform(0.05, 0.8))
        workers = self.server.children()
        self.server.kill()
        wait_until(lambda: not any(is_alive(pid) for pid in workers), timeout=20)

    def assert_whole(self, journeys):
        self.assertIsNone(self.crowd.first_damage(journeys), f"seed {self.seed}")

    def travel(self, journeys, then=lambda: None):
        self.crowd.travel(journeys, then)
        self.assertEqual(self.crowd.refusals, [], f"seed {self.seed}")

    def test_every_acknowledged_segment_survives_kill_9_at_random_moments(self):
        travelling, arrived, cut_short = [], [], 0
        for _ in range(ROUNDS):
            travelling += [Journey(self.chance) for _ in range(UPLOADS - len(travelling))]
            self.server.start()
            self.assert_whole(arrived[-10:])
            self.travel(travelling, self.kill_soon)
            cut_short += sum(1 for journey in travelling if journey.acknowledged and not journey.is_sealed)
            arrived += [journey for journey in travelling if journey.is_sealed]
            travelling = [journey for journey in travelling if not journey.is_sealed]
        self.assertGreater(cut_short, 0, "no kill met an upload in its middle: the test has tested nothing")
        self.server.start()
        self.travel(travelling)
        self.assertTrue(all(journey.is_sealed for journey in travelling))
        self.assert_whole(arrived + travelling)
        print(f"{len(arrived + travelling)} uploads; {cut_short} times a kill met one in its middle", flush=True)
        self.assertEqual(self.server.stop(), 0)

    def test_sigterm_during_load_loses_nothing_acknowledged(self):
        self.server.start()
        journeys = [Journey(self.chance) for _ in range(8)]
        codes = []
        Crowd(self.server).travel(journeys, lambda: (time.sleep(0.2), codes.append(self.server.stop())))
        self.assertEqual(codes, [0])
        self.server.start()
        self.travel(journeys)
        self.assert_whole(journeys)


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
