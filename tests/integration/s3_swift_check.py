"""The second S3 store: OpenStack Swift with its s3api. Not among the tests of `make test`; `make swift` runs it."""

import os
import unittest

from integration import s3_test
from support import engine
from support.object_store import ObjectStore, SwiftStore


def setUpModule():
    """All that asks for the store from now on gets this one."""
    # pylint: disable=protected-access
    swift = SwiftStore()
    unittest.addModuleCleanup(swift.close)
    was = engine._object_store, s3_test.ObjectStore
    engine._object_store, s3_test.ObjectStore = swift, SwiftStore
    unittest.addModuleCleanup(lambda: setattr(engine, "_object_store", was[0]))
    unittest.addModuleCleanup(lambda: setattr(s3_test, "ObjectStore", was[1]))
    unittest.addModuleCleanup(lambda: os.environ.update(ObjectStore.environment()))


class OnSwift(s3_test.Objects):
    pass


class RedirectedOnSwift(s3_test.Redirected):
    pass


if __name__ == "__main__":
    unittest.main()
