"""Three nodes that serve and two that work, on one PostgreSQL and one storage, behind a proxy and under load: any process dies, or
is paused for longer than its lease, and comes again; nothing that was acknowledged is lost, no job counts twice, no upload hangs.

SLUICE_NODES_ROUNDS says how often each fault strikes (`make soak`: more), SLUICE_TEST_STORAGE which storage (file, s3)."""

import json
import os
import signal
import tempfile
import time
import unittest
from datetime import datetime

from rigs.calls import PAUSE, RENAME, Calls
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
        self.calls = {node: self.calls_of(node) for node in self.nodes.workers}
        self.nodes.start()

    def calls_of(self, node):
        calls = Calls(tempfile.mkdtemp(dir=self.folder))
        node.environment |= calls.environment()
        return calls

    def tearDown(self):
        for node in self.nodes.all:
            if node.process is not None:
                self.assertIsNone(node.process.poll(), f"a node died by itself; its log:\n{node.log()[-3000:]}")

    def wait_until_ready(self, but=None):
        """All nodes answer again, and those that were away are in turn."""
        for node in self.nodes.all:
            if node is but:
                continue
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

    def outputs(self, media_id):
        """Name -> the blob that it is, for what is published."""
        rows = self.nodes.sql(f"SELECT name, blob FROM outputs WHERE upload = {media_id}")
        return {name: int(blob) for name, blob in (row.split("|") for row in rows.splitlines())}

    def ends(self, node, media_id):
        """What became of the tries of a node."""
        told = [json.loads(line) for line in node.log().splitlines() if f'"{media_id}"' in line]
        return [line["result"] for line in told if line["event"] == "job_ended"]

    def assert_its_only(self, media_id, paused):
        """What is published can be fetched, and of what the paused node made no file is left that no row names."""
        caller = X1(self.nodes.proxy)
        self.assertEqual(self.nodes.sql(f"SELECT state, attempts FROM uploads WHERE id = {media_id}"), "ready|2")
        for output in caller.outputs(media_id).values():
            self.assertEqual(len(caller.fetch(output["url"].replace(self.nodes.proxy.url, "")).body), output["size_bytes"])
        if self.nodes.storage.kind == "file":
            named = "SELECT count(*) FROM (SELECT blob FROM outputs UNION SELECT blob FROM segments) AS named"
            folder = os.path.join(self.nodes.storage.folder, "storage", "blobs")
            files = [leaf for _, _, leaves in os.walk(folder) for leaf in leaves]
            self.assertEqual(len(files), int(self.nodes.sql(named)), files)
        self.assertEqual(X1(paused).get("/readyz").status, 200)

    def test_after_its_lease_is_gone_it_has_no_effect(self):
        caller = X1(self.nodes.proxy)
        media_id = upload(caller, clip(6, "1280x720"), 2_000_000)
        paused = self.begun(media_id)
        workers = paused.children()
        for pid in (paused.pid, *workers):
            os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(caller.wait(media_id, 120)["state"], "succeeded")
            published = self.outputs(media_id)
        finally:
            for pid in (*workers, paused.pid):
                os.kill(pid, signal.SIGCONT)
        wait_until(lambda: self.ends(paused, media_id), timeout=60)
        self.assertEqual(self.ends(paused, media_id), ["lost"])
        self.assertEqual(self.outputs(media_id), published)
        self.assert_its_only(media_id, paused)
        self.note(faults=1, jobs=1)

    def pause_before_the_commit(self):
        """A film whose node is paused when its worker is done and the last file is being published: the upload, that node, the other."""
        film = clip(4, "640x360")
        caller = X1(self.nodes.proxy)
        first = upload(caller, film, 2_000_000)
        self.assertEqual(caller.wait(first, 120)["state"], "succeeded")
        time.sleep(1)  # what the node writes after a job
        for calls in self.calls.values():
            calls.arm(RENAME, len(self.outputs(first)), PAUSE)
        media_id = upload(caller, film, 2_000_000)
        wait_until(lambda: any(calls.fired for calls in self.calls.values()), timeout=60)
        for calls in self.calls.values():
            calls.disarm()
        paused = next(node for node in self.nodes.workers if self.calls[node].fired)
        self.addCleanup(os.kill, paused.pid, signal.SIGCONT)
        self.assertNotIn("master.m3u8", self.outputs(media_id), "it is committed")
        return media_id, paused, next(node for node in self.nodes.workers if node is not paused)

    def test_between_its_workers_end_and_the_commit_until_another_has_done_it(self):
        media_id, paused, _ = self.pause_before_the_commit()
        self.assertEqual(X1(self.nodes.proxy).wait(media_id, 120)["state"], "succeeded")
        published = self.outputs(media_id)
        os.kill(paused.pid, signal.SIGCONT)
        wait_until(lambda: self.ends(paused, media_id), timeout=60)
        self.assertEqual(self.ends(paused, media_id), ["lost"])
        self.assertEqual(self.outputs(media_id), published)
        self.assert_its_only(media_id, paused)
        self.note(faults=1, jobs=1)

    def test_between_its_workers_end_and_the_commit_while_another_is_at_it(self):
        """Its commit comes when the job is there and leased: nothing but the fence keeps it out."""
        media_id, paused, other = self.pause_before_the_commit()
        number = X1(other).get("/version").json()["node"]
        wait_until(lambda: self.holder(media_id) == number, timeout=60)
        early = self.outputs(media_id)
        os.kill(paused.pid, signal.SIGCONT)
        wait_until(lambda: self.ends(paused, media_id), timeout=60)
        self.assertEqual(self.ends(other, media_id), [], "the other one was done too soon: the test has tested nothing")
        self.assertEqual(X1(self.nodes.proxy).wait(media_id, 120)["state"], "succeeded")
        self.assertEqual(self.ends(paused, media_id), ["lost"])
        published = self.outputs(media_id)
        self.assertEqual({name: published.get(name) for name in early}, early)
        makers = {blob >> 12 & 1023 for name, blob in published.items() if name not in early}  # an id has its node's number
        self.assertEqual(makers, {number})
        self.assert_its_only(media_id, paused)
        self.note(faults=1, jobs=1)

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

    def database_dies_during_a_job(self, but=None):
        """It goes away while a job runs, and comes again when the job is done and its lease is over: the upload, and who had it."""
        caller = X1(self.nodes.proxy)
        media_id = upload(caller, clip(2), 2_000_000)
        worker = self.begun(media_id)
        idle = next(node for node in self.nodes.workers if node is not worker)
        if but == "idle":
            os.kill(idle.pid, signal.SIGSTOP)
            self.addCleanup(os.kill, idle.pid, signal.SIGCONT)
        self.nodes.postgres.kill()
        wait_until(lambda: "claim_failed" in worker.log() or "heartbeat_failed" in worker.log(), timeout=30)
        time.sleep(LEASE + 2)
        self.nodes.postgres.start()
        self.wait_until_ready(but=idle if but else None)
        self.assertEqual(caller.wait(media_id, 120)["state"], "succeeded")
        self.note(faults=1, jobs=1)
        return media_id, worker, idle

    def attempts(self, media_id):
        return int(self.nodes.sql(f"SELECT attempts FROM uploads WHERE id = {media_id}"))

    def test_a_result_survives_the_death_of_the_database(self):
        """Nobody else is there to take the job, and its node does not begin it again."""
        media_id, worker, _ = self.database_dies_during_a_job(but="idle")
        self.assertEqual(self.attempts(media_id), 1)
        wait_until(lambda: self.ends(worker, media_id), timeout=20)
        self.assertEqual(self.ends(worker, media_id), ["ready"])

    def test_a_result_and_another_worker_when_the_database_is_back(self):
        """The lease is over: whoever is first has the job, and one of the two publishes it."""
        media_id, worker, idle = self.database_dies_during_a_job()
        attempts = self.attempts(media_id)
        wait_until(lambda: len(self.ends(worker, media_id) + self.ends(idle, media_id)) == attempts, timeout=60)
        ends = (self.ends(worker, media_id), self.ends(idle, media_id))
        self.assertIn((attempts, *ends), [(1, ["ready"], []), (2, ["lost"], ["ready"])])


if __name__ == "__main__":
    unittest.main()
