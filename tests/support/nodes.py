"""Several nodes on one PostgreSQL and one storage, each with a data directory of its own.

SLUICE_TEST_STORAGE says which storage: `file` (default: a folder that they share) or `s3` (an object store of the tests' own)."""

import os
import shutil
import tempfile

from support.object_store import ObjectStore
from support.postgres import Postgres
from support.round_robin import RoundRobin
from support.server import Server


class Storage:
    """What --storage names, and what the nodes need in their environment for it."""

    def __init__(self, kind=None):
        self.kind = kind or os.environ.get("SLUICE_TEST_STORAGE") or "file"
        self.environment = {}
        self.store = None
        if self.kind == "file":
            self.folder = tempfile.mkdtemp(prefix="sluice-shared.")
            self.url = f"file://{self.folder}/storage"
        elif self.kind == "s3":
            self.store = ObjectStore()
            self.url, self.environment = self.store.url(), self.store.environment()
        else:
            raise ValueError(f"SLUICE_TEST_STORAGE is {self.kind!r}")

    def close(self):
        if self.store is not None:
            self.store.close()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class Nodes:
    """`apis` nodes that serve and `workers` that work; `close()` ends all of them, their database and their storage."""

    def __init__(self, apis=3, workers=1, arguments=(), fsync=False, storage=None):
        self.postgres = Postgres(fsync=fsync)
        self.storage = Storage(storage)
        self.proxy = None
        self.database = None
        self.arguments = list(arguments)
        self.apis = [self._node("api") for _ in range(apis)]
        self.workers = [self._node("worker", "--workers", "1", "--quick-workers", "1") for _ in range(workers)]

    def _node(self, role, *more):
        node = Server("--role", role, *more)
        node.environment = {**node.environment, **self.storage.environment}
        return node

    def make(self, role, *arguments):
        """One more, not started."""
        node = self._node(role, *arguments)
        self._complete(node)
        return node

    def _complete(self, node):
        node.arguments += ["--database", self.database, "--storage", self.storage.url, *self.arguments]

    @property
    def all(self):
        return [*self.apis, *self.workers]

    def start(self):
        self.postgres.start()
        self.database = self.postgres.make_database("sluice")
        for node in self.all:
            self._complete(node)
            node.start()
        self.proxy = RoundRobin(self.apis)
        return self

    def sql(self, text):
        return self.postgres.sql(text, "sluice")

    def close(self):
        if self.proxy is not None:
            self.proxy.close()
        for node in self.all:
            node.close()
        self.storage.close()
        self.postgres.close()
