"""Which engines keep the rows and the bytes of the servers that tests start. Rows: SQLite, or with SLUICE_TEST_ENGINE=postgres a
PostgreSQL, in which each data directory has a database of its own. Bytes: the disk, or with SLUICE_TEST_STORAGE=s3 an S3 store, in
which each has a prefix of its own. So any module can be run on each."""

import atexit
import os

from support.object_store import ObjectStore
from support.postgres import Postgres

_cluster = None
_databases = {}
_object_store = None
_prefixes = {}


def is_postgres():
    return os.environ.get("SLUICE_TEST_ENGINE") == "postgres"


def is_s3():
    return os.environ.get("SLUICE_TEST_STORAGE") == "s3"


def environment_of(data):
    """What `sluice` must find in its environment to work on this data directory."""
    found = {}
    if is_postgres():
        if data not in _databases:
            _databases[data] = cluster().make_database(f"test{len(_databases)}")
        found["SLUICE_DATABASE_URL"] = _databases[data]
    if is_s3():
        prefix = _prefixes.setdefault(data, f"test{len(_prefixes)}")
        found |= {"SLUICE_STORAGE_URL": object_store().url(prefix), **ObjectStore.environment()}
    return found


def prefix_of(data):
    """Of the objects of this data directory."""
    return _prefixes[data]


def object_store():
    global _object_store
    if _object_store is None:
        _object_store = ObjectStore()
        atexit.register(_object_store.close)
    return _object_store


def cluster():
    global _cluster
    if _cluster is None:
        _cluster = Postgres()
        atexit.register(_cluster.close)
        _cluster.start()
    return _cluster
