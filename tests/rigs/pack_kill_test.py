"""A server that dies between the bytes in a pack and the row that names them; what `sluice fsck` makes of it."""

import tempfile
import unittest

from integration.fsck_packs_test import SMALL, WHOLE, PackCase
from rigs import calls
from rigs.calls import Calls
from rigs.case import RigServer
from support.client import X1
from support.media import noise
from support.wire import ConnectionEnded


class KilledBetweenBytesAndRow(PackCase):
    def new_server(self):
        self.calls = Calls(self.enterContext(tempfile.TemporaryDirectory(prefix="sluice-rig.")))
        return RigServer(environment=self.calls.environment())

    def test_the_bytes_are_found_told_and_given_back(self):
        kept = self.acknowledged(1)
        caller = X1(self.server)
        media_id = caller.open(SMALL + 1)
        # The sync of the pack is the last thing before the row.
        self.calls.arm(calls.SYNC, 1, calls.KILL)
        with self.assertRaises((ConnectionEnded, OSError)):
            caller.append(media_id, 0, noise(SMALL, 2))
        self.calls.disarm()
        self.server.kill()
        code, problems, summary = self.fsck()
        self.assertEqual((code, [problem["kind"] for problem in problems]), (1, ["orphan_bytes"]), problems)
        self.assertIn(f"{WHOLE} bytes in 1 places", problems[0]["detail"])
        self.assertEqual((summary["packs"], summary["segments"]), (1, 1))
        self.assertFalse(self.fsck("--repair")[1][0]["repaired"], "what is young may be somebody's yet")

        self.age()
        before = self.taken()
        code, problems, _ = self.fsck("--repair")
        self.assertEqual((code, [problem["repaired"] for problem in problems]), (0, [True]))
        self.assertEqual(before - self.taken(), WHOLE)
        self.assertEqual(self.fsck()[:2], (0, []))

        self.server.start()
        caller = X1(self.server)
        self.assertEqual(caller.upload_object(kept).json()["received_bytes"], SMALL)
        self.assertEqual(caller.upload_object(media_id).json()["received_bytes"], 0)
        self.assertEqual(caller.append(media_id, 0, noise(SMALL, 2)).status, 204)
        self.server.stop()
        self.assertEqual(self.fsck()[:2], (0, []))


if __name__ == "__main__":
    unittest.main()
