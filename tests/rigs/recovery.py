#!/usr/bin/env python3
"""How long it takes until all is well again after each kill: three serving nodes and two that work, on PostgreSQL and a real S3
store. Prints the table of docs/operations/nodes.md; ROUNDS (3) says how often each is killed.

    cd tests && SLUICE_BIN=../build/release/sluice python3 -B -m rigs.recovery"""

import os
import statistics
import time

from rigs.processes import wait_until
from support.client import X1, upload
from support.media import clip
from support.nodes import Nodes
from support.wire import ConnectionEnded

ROUNDS = int(os.environ.get("ROUNDS", "3"))
AWAY = (ConnectionEnded, ConnectionError, OSError)


def works(server):
    """Whether an upload begins there and stores its first segment."""
    try:
        caller = X1(server)
        begun = caller.init(1000)
        return begun.status == 202 and caller.append(begun.json()["media_id_string"], 0, b"\x80" * 1000).status == 204
    except AWAY:
        return False


def seconds_until(condition, timeout=120):
    began = time.monotonic()
    wait_until(condition, timeout=timeout, step=0.01)
    return time.monotonic() - began


class Recovery:
    def __init__(self, nodes):
        self.nodes = nodes
        self.rows = {}

    def note(self, what, seconds):
        self.rows.setdefault(what, []).append(seconds)

    def on_all(self):
        """Every serving node stores again, and the slowest counts."""
        return all(works(node) for node in self.nodes.apis)

    def kill_a_serving_node(self):
        node = self.nodes.apis[0]
        node.kill()
        self.note("a serving node: until the others take its calls, by a proxy", seconds_until(lambda: works(self.nodes.proxy)))
        began = time.monotonic()
        node.start()
        wait_until(lambda: works(node), step=0.01)
        self.note("a serving node: until it stores again, from its start", time.monotonic() - began)

    def running(self):
        """A job that a worker has begun: its upload, and the node."""
        media_id = upload(X1(self.nodes.proxy), clip(6, "1280x720"), 2_000_000)
        said = f"SELECT holder FROM jobs WHERE media = {media_id} AND state = 'leased'"
        wait_until(lambda: self.nodes.sql(said), timeout=60, step=0.01)
        number = int(self.nodes.sql(said).removeprefix("node-"))
        return media_id, next(node for node in self.nodes.workers if X1(node).get("/version").json()["node"] == number)

    def begun_again(self, media_id):
        return self.nodes.sql(f"SELECT 1 FROM uploads WHERE id = {media_id} AND attempts > 1") == "1"

    def kill_a_working_node(self, comes_back):
        media_id, node = self.running()
        node.kill()
        began = time.monotonic()
        if comes_back:
            node.start()
        wait_until(lambda: self.begun_again(media_id), timeout=120, step=0.01)
        how = "and started again" if comes_back else "and gone for good (`jobs.lease` of 30 s)"
        self.note(f"a working node, {how}: until its job runs again", time.monotonic() - began)
        X1(self.nodes.proxy).wait(media_id, 180)
        if not comes_back:
            node.start()

    def kill_the_database(self):
        self.nodes.postgres.kill()
        began = time.monotonic()
        self.nodes.postgres.start()
        self.note("PostgreSQL: until it answers", time.monotonic() - began)
        self.note("PostgreSQL: until all nodes store, from its answer", seconds_until(self.on_all))

    def kill_the_gateway(self):
        store = self.nodes.storage.store
        store.kill_gateway()
        wait_until(lambda: not works(self.nodes.proxy))
        began = time.monotonic()
        store.start_gateway()
        self.note("the gateway of the S3 store: until it answers", time.monotonic() - began)
        self.note("the gateway of the S3 store: until all nodes store, from its answer", seconds_until(self.on_all))


def main():
    nodes = Nodes(apis=3, workers=2, fsync=True, storage="s3")
    try:
        nodes.start()
        recovery = Recovery(nodes)
        for _ in range(ROUNDS):
            recovery.kill_a_serving_node()
            recovery.kill_a_working_node(comes_back=True)
            recovery.kill_a_working_node(comes_back=False)
            recovery.kill_the_database()
            recovery.kill_the_gateway()
        print(f"| killed (kill -9), {ROUNDS} times each | median | longest |\n|---|---|---|")
        for what, seconds in recovery.rows.items():
            print(f"| {what} | {statistics.median(seconds):.1f} s | {max(seconds):.1f} s |")
    finally:
        nodes.close()


if __name__ == "__main__":
    main()
