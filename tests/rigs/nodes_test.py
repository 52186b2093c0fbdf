"""Three nodes that serve and two that work, on one PostgreSQL and one storage, behind a proxy and under load: any process dies, or
is paused for longer than its lease, and comes again; nothing that was acknowledged is lost, no job counts twice, no upload hangs.

SLUICE_NODES_ROUNDS says how often each fault strikes (`make soak`: more), SLUICE_TEST_STORAGE which storage (file, s3)."""

import os
import signal
import time
import unittest
from datetime import datetime

from rigs.calls import Calls
from rigs.case import RigCase
from rigs.load import Crowd
from rigs.processes import is_alive, wait_until
from support.client import X1, upload
from support.media import clip
from support.nodes import Nodes
from support.wire import Wire, request

ROUNDS = int(os.environ.get("SLUICE_NODES_ROUNDS", "1"))
LEASE = 4
DAY, SWEEP = 86_400, 10  # seconds
ARGUMENTS = ("--limit", f"jobs.lease={LEASE}s")


class NodesCase(RigCase):
    def setUp(self):
        super().setUp()
        self.nodes = Nodes(apis=3, workers=2, arguments=ARGUMENTS, fsync=True)
        self.addCleanup(self.nodes.close)
        self.nodes.start()

    def tearDown(self):
        for node in self.nodes.all:
            if node.process is not None:
                self.assertIsNone(node.process.poll(), f"a node died by itself; its log:\n{node.log()[-3000:]}")

    def wait_until_ready(self):
        """All nodes answer again, and those that were away are in turn."""
        for node in self.nodes.all:
            self.assertIsNone(node.process.poll(), "a node died by itself")
            wait_until(lambda node=node: X1(node).get("/readyz").status == 200, timeout=60)
        wait_until(lambda: len(self.nodes.proxy.healthy) == len(self.nodes.apis), timeout=20)


class AnyProcessDies(NodesCase):
    def setUp(self):
        super().setUp()
        self.crowd = Crowd(self.nodes.proxy, self.recorder, self.chance, size=9, pause=0.3)
        self.cut_short = 0

    def meet(self, fault):
        """The fault in the middle of the load."""
        def strike():
            time.sleep(self.chance.uniform(0.4, 1.2))
            fault()
            self.note(faults=1)
            time.sleep(self.chance.uniform(0.2, 0.6))

        self.crowd.travel(strike)
        self.cut_short += self.crowd.cut_short()

    def kill(self, node):
        workers = node.children()
        node.kill()
        wait_until(lambda: not any(is_alive(pid) for pid in workers), timeout=20)

    def kill_a_serving_node(self):
        node = self.chance.choice(self.nodes.apis)
        self.meet(lambda: self.kill(node))
        node.start()

    def kill_a_working_node(self):
        node = self.chance.choice(self.nodes.workers)
        self.meet(lambda: self.kill(node))
        node.start()

    def kill_the_database(self):
        def strike():
            self.nodes.postgres.kill()
            time.sleep(self.chance.uniform(0.2, 1))
            self.nodes.postgres.start()

        self.meet(strike)

    def pause_a_node(self, node, seconds):
        def strike():
            os.kill(node.pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(node.pid, signal.SIGCONT)

        self.meet(strike)

    def pause_a_serving_node(self):
        """For longer than a lease too."""
        self.pause_a_node(self.chance.choice(self.nodes.apis), LEASE + 1)

    def pause_a_working_node(self):
        """For longer than its lease: the other one takes its job, and what it does when it wakes up has no effect."""
        self.pause_a_node(self.chance.choice(self.nodes.workers), LEASE + 2)

    def test_nothing_acknowledged_is_lost(self):
        faults = [self.kill_a_serving_node, self.kill_a_working_node, self.kill_the_database, self.pause_a_serving_node,
                  self.pause_a_working_node] * ROUNDS
        self.chance.shuffle(faults)
        for fault in faults:
            print(f"{fault.__name__}", flush=True)
            fault()
            self.wait_until_ready()
        unexpected = [refusal for refusal in self.crowd.refusals if ": 503 " not in refusal]
        self.assertEqual(unexpected, [], f"seed {self.seed}")
        self.assertGreater(self.cut_short, 0, "no fault met an upload in its middle: the test has tested nothing")
        self.crowd.refusals = []
        self.crowd.travel(again=False)
        self.assertEqual(self.crowd.refusals, [], f"seed {self.seed}")
        report = self.verify(self.nodes.proxy)
        print(f"{len(faults)} faults, {self.cut_short} uploads met in their middle; {report}", flush=True)
        self.assert_nothing_lost(report)
        self.assertEqual(self.nodes.sql("SELECT count(*) FROM jobs"), "0")


class WrongClock(RigCase):
    """The wall clock of a node is days off, and the database so slow that no beat tells the time well."""

    def setUp(self):
        super().setUp()
        self.nodes = Nodes(apis=1, workers=0)
        self.addCleanup(self.nodes.close)
        self.nodes.start()
        self.calls = Calls(self.folder)

    def slow_down_the_beats(self):
        self.nodes.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
                       "'BEGIN PERFORM pg_sleep(0.7); RETURN NEW; END'")
        self.nodes.sql("CREATE TRIGGER slow BEFORE UPDATE ON nodes FOR EACH ROW EXECUTE FUNCTION slow()")

    def test_a_node_goes_by_the_clock_of_the_database_from_its_start(self):
        caller = X1(self.nodes.apis[0])
        media_id = caller.open(3000)
        self.slow_down_the_beats()
        self.calls.set_clock(5 * DAY)
        wrong = self.nodes.make("api")
        wrong.environment |= self.calls.environment()
        self.addCleanup(wrong.close)
        wrong.start()
        for index in range(3):
            answer = X1(wrong).append(media_id, index, b"\x80" * 1000)
            self.assertEqual(answer.status, 204, answer)
        time.sleep(SWEEP + 3)
        self.assertEqual(caller.upload_object(media_id).json()["state"], "open")
        self.assertEqual(caller.finalize(media_id).status, 201)
        self.note(faults=3)

    def test_a_clock_that_jumps_between_two_beats_ends_nothing(self):
        jumps = self.nodes.make("api")
        jumps.environment |= self.calls.environment()
        self.addCleanup(jumps.close)
        jumps.start()
        media_id = X1(self.nodes.apis[0]).open(1000)
        self.slow_down_the_beats()
        time.sleep(1)  # the beat that runs
        self.calls.set_clock(5 * DAY)
        answer = X1(jumps).append(media_id, 0, b"\x80" * 1000)
        self.assertEqual(answer.status, 204, answer)
        time.sleep(SWEEP + 3)
        self.assertEqual(X1(self.nodes.apis[0]).upload_object(media_id).json()["state"], "open")
        self.calls.set_clock(-5 * DAY)
        self.assertEqual(X1(jumps).finalize(media_id).status, 201)
        self.note(faults=2)

    def test_the_numbers_of_its_events_and_its_start_are_of_the_time_of_the_database(self):
        """A process with this number after it, whose clock is right, makes none of them again."""
        self.calls.set_clock(5 * DAY)
        wrong = self.nodes.make("api")
        wrong.environment |= self.calls.environment()
        self.addCleanup(wrong.close)
        wrong.start()
        caller = X1(wrong)
        with Wire(wrong, timeout=30) as wire:
            wire.send(request("GET", "/api/v1/events", [("Accept", "text/event-stream")]))
            seen = b""
            while b"retry:" not in seen:
                seen += wire.socket.recv(65536)
            caller.open(100)
            while b"id: " not in seen or not seen.endswith(b"\n\n"):
                seen += wire.socket.recv(65536)
        number = int(seen.split(b"id: ")[1].split(b"\n")[0])
        self.assertEqual(number >> 42, caller.get("/version").json()["node"])
        now = int(self.nodes.sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"))
        self.assertLess(abs((number & (1 << 42) - 1) - now), 3600_000)
        started = datetime.fromisoformat(caller.get("/api/v1/system").json()["started_at"]).timestamp()
        self.assertLess(abs(started * 1000 - now), 3600_000)
        self.note(faults=1)


class CheckerSees(NodesCase):
    """The red run: what the database forgets between two faults must be found."""

    IS_RED = True

    def test_a_segment_that_is_gone(self):
        crowd = Crowd(self.nodes.proxy, self.recorder, self.chance, size=6, pause=0.5)
        crowd.travel(lambda: time.sleep(2))
        sealed = [upload for upload in self.recorder.history.uploads.values() if upload.is_sealed and upload.media_id]
        self.assertTrue(sealed, "nothing was finished: the test has tested nothing")
        gone = self.chance.choice(sealed).media_id
        self.assertIsNotNone(self.nodes.sql(f"DELETE FROM segments WHERE upload = {gone}"))
        losses = "\n".join(self.verify(self.nodes.proxy).losses)
        self.assertIn(str(gone), losses, f"seed {self.seed}")


class AWorkerWakesUp(NodesCase):
    def holder(self, media_id):
        """The number of the node that has the job."""
        said = self.nodes.sql(f"SELECT holder FROM jobs WHERE media = {media_id} AND state = 'leased'")
        return int(said.removeprefix("node-")) if said else None

    def node_of(self, number):
        return next(node for node in self.nodes.workers if X1(node).get("/version").json()["node"] == number)

    def begun(self, media_id):
        wait_until(lambda: self.holder(media_id) is not None, timeout=60)
        return self.node_of(self.holder(media_id))

    def test_after_its_lease_is_gone_it_has_no_effect(self):
        caller = X1(self.nodes.proxy)
        media_id = upload(caller, clip(6, "1280x720"), 2_000_000)
        paused = self.begun(media_id)
        workers = paused.children()
        for pid in (paused.pid, *workers):
            os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(caller.wait(media_id, 120)["state"], "succeeded")
        finally:
            for pid in (*workers, paused.pid):
                os.kill(pid, signal.SIGCONT)
        outputs = caller.outputs(media_id)
        attempts = self.nodes.sql(f"SELECT attempts FROM uploads WHERE id = {media_id}")
        self.assertEqual(attempts, "2")
        time.sleep(3)  # in which the other one ends what it had begun
        self.assertEqual(caller.outputs(media_id), outputs)
        for output in outputs.values():
            self.assertEqual(len(caller.fetch(output["url"].replace(self.nodes.proxy.url, "")).body), output["size_bytes"])
        self.note(faults=1, jobs=1)
        self.assertEqual(X1(paused).get("/readyz").status, 200)

    def test_a_job_of_a_killed_node_is_done_by_another(self):
        caller = X1(self.nodes.proxy)
        media_id = upload(caller, clip(6, "1280x720"), 2_000_000)
        dead = self.begun(media_id)
        dead.kill()
        began = time.monotonic()
        self.assertEqual(caller.wait(media_id, 120)["state"], "succeeded")
        print(f"done {time.monotonic() - began:.1f} s after the kill; the lease is {LEASE} s", flush=True)
        self.note(faults=1, jobs=1)
        dead.start()

    def test_a_result_survives_the_death_of_the_database(self):
        """It goes away while a job runs, stays away until the job is done, and comes again: no second attempt."""
        caller = X1(self.nodes.proxy)
        media_id = upload(caller, clip(2), 2_000_000)
        worker = self.begun(media_id)
        self.nodes.postgres.kill()
        wait_until(lambda: "claim_failed" in worker.log() or "heartbeat_failed" in worker.log(), timeout=30)
        time.sleep(LEASE + 2)
        self.nodes.postgres.start()
        self.wait_until_ready()
        self.assertEqual(caller.wait(media_id, 120)["state"], "succeeded")
        failures = self.nodes.sql(f"SELECT coalesce(max(failures), 0) FROM jobs WHERE media = {media_id}")
        self.assertEqual(failures, "0")
        self.note(faults=1, jobs=1)


if __name__ == "__main__":
    unittest.main()
