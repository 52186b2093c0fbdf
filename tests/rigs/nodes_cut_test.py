"""A node loses its database or its storage, by a cable that is pulled (a network namespace), and the gateway of the S3 store is
killed and comes again: under load, with two other nodes beside it. Those go on, nothing that was acknowledged is lost, no upload
hangs, and whoever was cut off finds back by itself.

SLUICE_NODES_ROUNDS says how often each fault strikes (`make soak`: more)."""

import os
import time
import unittest

from rigs.case import RigCase
from rigs.load import Crowd
from rigs.processes import wait_until
from support import metrics
from support.client import X1
from support.network import FarNode, Network
from support.nodes import Nodes
from support.round_robin import RoundRobin

ROUNDS = int(os.environ.get("SLUICE_NODES_ROUNDS", "1"))
# The database is taken for away when nothing came for 8 s (tcp_user_timeout), and asked again now and then.
PATIENCE = 60


class AnyLinkIsCut(RigCase):
    def setUp(self):
        super().setUp()
        self.nodes = Nodes(apis=2, workers=1, storage="s3")
        self.addCleanup(self.nodes.close)
        self.nodes.start()
        store, postgres = self.nodes.storage.store, self.nodes.postgres
        self.network = Network({
            "database": os.path.join(postgres.root, f".s.PGSQL.{postgres.port}"),
            "storage": ("127.0.0.1", store.port),
        })
        self.addCleanup(self.network.close)
        self.far = self.start_far_node()
        self.nodes.apis.append(self.far)
        self.nodes.proxy.close()
        self.nodes.proxy = RoundRobin(self.nodes.apis)
        self.probes = {}
        self.crowd = Crowd(self.nodes.proxy, self.recorder, self.chance, size=9, pause=0.3)

    def start_far_node(self):
        (database, port), (storage, s3_port) = self.network.addresses["database"], self.network.addresses["storage"]
        far = FarNode(
            self.network, "--role", "api", "--database", f"postgres://sluice@{database}:{port}/sluice",
            "--storage", f"s3://media/?endpoint=http://{storage}:{s3_port}&region=us-east-1",
        )
        far.environment = {**far.environment, **self.nodes.storage.environment}
        self.addCleanup(far.close)
        return far.start()

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


if __name__ == "__main__":
    unittest.main()
