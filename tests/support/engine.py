"""Which engine keeps the rows of the servers that tests start: SQLite, or with SLUICE_TEST_ENGINE=postgres a PostgreSQL, in which
each data directory has a database of its own. So any module can be run on either."""

import atexit
import os

from support.postgres import Postgres

_cluster = None
_databases = {}


def is_postgres():
    return os.environ.get("SLUICE_TEST_ENGINE") == "postgres"


def environment_of(data):
    """What `sluice` must find in its environment to work on this data directory."""
    if not is_postgres():
        return {}
    if data not in _databases:
        _databases[data] = cluster().make_database(f"test{len(_databases)}")
    return {"SLUICE_DATABASE_URL": _databases[data]}


def cluster():
    global _cluster
    if _cluster is None:
        _cluster = Postgres()
        atexit.register(_cluster.close)
        _cluster.start()
    return _cluster
