"""A server that dies at each of its writes and syncs while the last bytes of a tus upload come. What a look then calls whole
is completed: its client is content, and does not come again (tus 1.0.0, "Core Protocol")."""

import tempfile
import unittest

from rigs import calls
from rigs.calls import Calls
from rigs.case import RigServer
from support.client import X1, call
from support.media import noise
from support.wire import ConnectionEnded

DATA = noise(20_000)
HALF = len(DATA) // 2
CALLS_MAX = 60
BYTES = ("Content-Type", "application/offset+octet-stream")


class KilledAtEachCall(unittest.TestCase):
    def setUp(self):
        self.calls = Calls(self.enterContext(tempfile.TemporaryDirectory(prefix="sluice-rig.")))
        self.server = RigServer("--role", "api", environment=self.calls.environment())
        self.addCleanup(self.server.close)
        self.server.start()
        self.left_open = 0

    def send(self, method, path, *headers, body=None):
        return call(self.server, method, path, [("Tus-Resumable", "1.0.0"), *headers], body)

    def create(self, *headers, body=None):
        answer = self.send("POST", "/files/", *headers, body=body)
        self.assertEqual(answer.status, 201, answer)
        return answer.header("location")

    def patch(self, path, at):
        return self.send("PATCH", path, ("Upload-Offset", str(at)), BYTES, body=DATA[at:])

    def state(self, path):
        return X1(self.server).upload_object(path.rsplit("/", 1)[1]).json()["state"]

    def is_killed(self, kind, count, last_call):
        """Whether the server died in `last_call`; then it has been started again."""
        self.calls.arm(kind, count, calls.KILL)
        try:
            self.assertIn(last_call().status, (201, 204))
            return False
        except (ConnectionEnded, OSError):
            return True
        finally:
            self.calls.disarm()
            if self.calls.fired:
                self.server.kill()
                self.server.start()

    def at_each_call(self, begin, last_call, look):
        """`begin` makes what `last_call` ends; `look` gives the path of what has to be there after a kill."""
        for kind in (calls.WRITE, calls.SYNC):
            for count in range(1, CALLS_MAX):
                with self.subTest(kind=calls.NAMES[kind], count=count):
                    made = begin(f"{kind} {count}")
                    was_killed = self.is_killed(kind, count, lambda: last_call(made))
                    self.assert_whole_is_complete(look(made))
                if not was_killed and not self.calls.fired:
                    break
            else:
                self.fail(f"after {CALLS_MAX} of its {calls.NAMES[kind]} calls it was not over")
            self.assertGreater(count, 2, "it never died in the middle")
        self.assertGreater(self.left_open, 0, "no kill came between the last byte and the end: the test has tested nothing")

    def assert_whole_is_complete(self, path):
        answer = self.send("HEAD", path)
        self.assertEqual(answer.status, 200, answer)
        offset = int(answer.header("upload-offset") or 0)
        if offset < len(DATA):
            self.assertEqual(self.patch(path, offset).status, 204)
        self.assertNotEqual(self.state(path), "open", f"{path} is whole, and nobody comes again")
        self.assertEqual(X1(self.server).original("7_" + path.rsplit("/", 1)[1]).body, DATA)

    def note_if_left_open(self, path):
        found = X1(self.server).upload_object(path.rsplit("/", 1)[1]).json()
        is_left_open = found["state"] == "open" and found["received_bytes"] == len(DATA)
        self.left_open += is_left_open
        return path

    def test_a_look_after_the_kill_completes_what_is_whole(self):
        def begin(_):
            path = self.create(("Upload-Length", str(len(DATA))), BYTES, body=DATA[:HALF])
            return path

        self.at_each_call(begin, lambda path: self.patch(path, HALF), self.note_if_left_open)

    def test_the_same_creation_after_the_kill_completes_what_is_whole(self):
        def create(key):
            return self.send("POST", "/files/", ("Upload-Length", str(len(DATA))), ("Idempotency-Key", f'"{key}"'), BYTES, body=DATA)

        def look(key):
            # As the client that heard nothing: with the same call. Where some bytes are there already it goes on behind them.
            answer = create(key)
            if answer.status == 201 and answer.header("upload-offset") == str(len(DATA)):
                path = answer.header("location")
                self.left_open += self.state(path) != "open" and answer.header("idempotency-replayed") == "true"
                self.assertNotEqual(self.state(path), "open", f"{path} is whole, and nobody comes again")
                return path
            self.assertEqual((answer.status, answer.header("sluice-error")), (409, "offset_mismatch"), answer)
            return "/files/" + answer.header("sluice-media-id")

        self.at_each_call(lambda key: key, create, look)


if __name__ == "__main__":
    unittest.main()
