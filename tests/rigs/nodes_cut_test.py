"""A node loses its database or its storage, by a cable that is pulled (a network namespace), and the gateway of the S3 store is
killed and comes again: under load, with two other nodes beside it. Those go on, nothing that was acknowledged is lost, no upload
hangs, and whoever was cut off finds back by itself. A node that works loses them in the middle of a job: it is done once with effect.

SLUICE_NODES_ROUNDS says how often each fault strikes (`make soak`: more)."""

import json
import os
import time
import unittest

from rigs.case import RigCase
from rigs.load import Crowd
from rigs.processes import wait_until
from support import metrics
from support.client import X1, upload
from support.media import clip
from support.network import FarNode, Network
from support.nodes import Nodes
from support.round_robin import RoundRobin

LEASE = 4  # seconds
ROUNDS = int(os.environ.get("SLUICE_NODES_ROUNDS", "1"))
# The database is taken for away when nothing came for 8 s (tcp_user_timeout), and asked again now and then.
PATIENCE = 60


class CutCase(RigCase):
    """Some nodes here, one behind cables; what they share is here."""

    def start_nodes(self, role, **how):
        self.nodes = Nodes(storage="s3", **how)
        self.addCleanup(self.nodes.close)
        self.nodes.start()
        store, postgres = self.nodes.storage.store, self.nodes.postgres
        self.network = Network({
            "database": os.path.join(postgres.root, f".s.PGSQL.{postgres.port}"),
            "storage": ("127.0.0.1", store.port),
        })
        self.addCleanup(self.network.close)
        (database, port), (storage, s3_port) = self.network.addresses["database"], self.network.addresses["storage"]
        self.far = FarNode(
            self.network, "--role", role, "--database", f"postgres://sluice@{database}:{port}/sluice",
            "--storage", f"s3://media/?endpoint=http://{storage}:{s3_port}&region=us-east-1", *self.nodes.arguments,
        )
        self.far.environment = {**self.far.environment, **self.nodes.storage.environment}
        self.addCleanup(self.far.close)
        self.far.start()


class AnyLinkIsCut(CutCase):
    def setUp(self):
        super().setUp()
        self.start_nodes("api", apis=2, workers=1)
        self.nodes.apis.append(self.far)
        self.nodes.proxy.close()
        self.nodes.proxy = RoundRobin(self.nodes.apis)
        self.probes = {}
        self.crowd = Crowd(self.nodes.proxy, self.recorder, self.chance, size=9, pause=0.3)

    def gauge(self, name):
        return metrics.total(metrics.parse(X1(self.far).get("/metrics").body.decode()), name)

    def cut(self, service, is_away):
        """Until the node says that it has lost it; the others are under load meanwhile."""
        self.network.cut(service)
        try:
            wait_until(is_away, timeout=PATIENCE, step=0.1)
        finally:
            self.network.mend(service)

    def lose_the_database(self):
        self.cut("database", lambda: X1(self.far).get("/readyz").status == 503)

    def lose_the_storage(self):
        def is_away():
            self.store_something(self.far)
            return self.gauge("sluice_storage_up") == 0

        self.cut("storage", is_away)

    def kill_the_gateway(self):
        self.nodes.storage.store.kill_gateway()
        time.sleep(self.chance.uniform(0.2, 1))
        self.nodes.storage.store.start_gateway()

    def store_something(self, node):
        """A segment more of an upload of its own: the status."""
        caller = X1(node, "probe")
        if node not in self.probes:
            begun = caller.init(1_000_000)
            if begun.status != 202:
                return begun.status
            self.probes[node] = [begun.json()["media_id_string"], 0]
        self.probes[node][1] += 1
        return caller.append(*self.probes[node], b"\x80" * 100).status

    def all_store(self):
        return all(self.store_something(node) == 204 for node in self.nodes.apis)

    def meet(self, fault):
        def strike():
            time.sleep(self.chance.uniform(0.4, 1.2))
            fault()
            self.note(faults=1)

        self.crowd.travel(strike)
        met = self.crowd.cut_short()
        began = time.monotonic()
        wait_until(self.all_store, timeout=PATIENCE, step=0.1)
        print(f"{fault.__name__}: {met} uploads met; all store again {time.monotonic() - began:.1f} s after", flush=True)
        return met

    def test_nothing_acknowledged_is_lost(self):
        faults = [self.lose_the_database, self.lose_the_storage, self.kill_the_gateway] * ROUNDS
        self.chance.shuffle(faults)
        met = sum(self.meet(fault) for fault in faults)
        unexpected = [refusal for refusal in self.crowd.refusals if ": 503 " not in refusal]
        self.assertEqual(unexpected, [], f"seed {self.seed}")
        self.assertGreater(met, 0, "no fault met an upload in its middle: the test has tested nothing")
        self.crowd.refusals = []
        self.crowd.travel(again=False)
        self.assertEqual(self.crowd.refusals, [], f"seed {self.seed}")
        report = self.verify(self.nodes.proxy)
        print(report, flush=True)
        self.assert_nothing_lost(report)
        self.assertEqual(self.nodes.sql("SELECT count(*) FROM jobs"), "0")


class AWorkerIsCutOff(CutCase):
    def setUp(self):
        super().setUp()
        self.start_nodes("worker", apis=1, workers=1, arguments=("--limit", f"jobs.lease={LEASE}s"))
        self.caller = X1(self.nodes.apis[0])
        self.near = self.nodes.workers[0]

    def holder(self, media_id):
        """The number of the node that has the job."""
        said = self.nodes.sql(f"SELECT holder FROM jobs WHERE media = {media_id} AND state = 'leased'")
        return int(said.removeprefix("node-")) if said else None

    def begun_far_away(self):
        """A film whose job the far node has begun; the other one comes when the cable has been pulled."""
        self.near.stop()
        media_id = upload(self.caller, clip(6, "1280x720"), 2_000_000)
        far = X1(self.far).get("/version").json()["node"]
        wait_until(lambda: self.holder(media_id) == far, timeout=60)
        return media_id

    def outputs(self, media_id):
        return self.nodes.sql(f"SELECT name, blob FROM outputs WHERE upload = {media_id} ORDER BY name")

    def result_far_away(self, media_id):
        """What the far node says of its try."""
        told = [json.loads(line) for line in self.far.log().splitlines() if f'"{media_id}"' in line]
        return [line["result"] for line in told if line["event"] == "job_ended"]

    def assert_whole(self, media_id):
        for output in self.caller.outputs(media_id).values():
            answer = self.caller.fetch(output["url"])
            self.assertEqual((answer.status, len(answer.body)), (200, output["size_bytes"]), output)
        self.assertEqual(self.nodes.sql("SELECT count(*) FROM jobs"), "0")
        wait_until(lambda: X1(self.far).get("/readyz").status == 200, timeout=PATIENCE)

    def test_from_its_database_and_another_does_the_job_once_with_effect(self):
        media_id = self.begun_far_away()
        self.network.cut("database")
        self.near.start()
        self.assertEqual(self.caller.wait(media_id, 120)["state"], "succeeded")
        published = self.outputs(media_id)
        self.network.mend("database")
        wait_until(lambda: self.result_far_away(media_id), timeout=PATIENCE)
        self.assertNotIn("ready", self.result_far_away(media_id))
        self.assertEqual(self.outputs(media_id), published)
        self.assertEqual(self.nodes.sql(f"SELECT state, attempts FROM uploads WHERE id = {media_id}"), "ready|2")
        self.assert_whole(media_id)

    def test_from_its_storage_and_the_job_ends_well_here_or_there(self):
        media_id = self.begun_far_away()
        self.network.cut("storage")
        self.near.start()
        time.sleep(LEASE + 2)
        self.network.mend("storage")
        self.assertEqual(self.caller.wait(media_id, 180)["state"], "succeeded")
        self.assert_whole(media_id)


if __name__ == "__main__":
    unittest.main()
