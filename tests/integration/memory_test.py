"""The server's memory does not grow with the size of a file (contract 7.8). SLUICE_FULL=1 sends 2 GiB, else 512 MiB."""

import hashlib
import os
import threading
import unittest

from support.client import V1, X1
from support.media import noise
from support.server import Server
from support.wire import Part, Wire, head, multipart, request

SEGMENT = 4 << 20
TOTAL = (2 << 30) if os.environ.get("SLUICE_FULL") == "1" else (512 << 20)
CONNECTIONS = 4
GROWTH_MAX = 12 << 20  # four connections with their buffers, the socket's, the allocator's slack
PATTERN = noise(SEGMENT)


def segment(index):
    """4 MiB that differ from every other segment."""
    return index.to_bytes(8, "big") + PATTERN[8:]


class Memory(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.server.start()
        self.caller = X1(self.server)
        self.failures = []

    def send_segments(self, media_id, indexes):
        try:
            with Wire(self.server, timeout=120) as wire:
                for index in indexes:
                    self.send_segment(wire, media_id, index)
        except Exception as error:  # an assertion in a thread would be lost
            self.failures.append(repr(error))

    def send_segment(self, wire, media_id, index):
        parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", index)]
        content_type, body = multipart([*parts, Part("media", segment(index), "blob")])
        wire.send(request("POST", V1, [("Content-Type", content_type)], body))
        answer = wire.read()
        assert answer.status == 204, answer

    def upload(self, total):
        media_id = self.caller.open(total)
        indexes = range(total // SEGMENT)
        threads = [
            threading.Thread(target=self.send_segments, args=(media_id, indexes[n::CONNECTIONS])) for n in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.failures, [])
        self.assertEqual(self.caller.finalize(media_id).status, 201)
        return media_id

    def forget_peak(self):
        """Lets VmHWM begin anew (proc(5), clear_refs 5); returns the resident bytes of now."""
        with open(f"/proc/{self.server.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        return self.server.memory("VmRSS")

    def digest_of_original(self, media_id):
        found = hashlib.sha256()
        with Wire(self.server, timeout=120) as wire:
            wire.send(head("GET", f"/media/7_{media_id}/original", [("Connection", "close")]))
            answer = wire._head()
            self.assertEqual((answer.status, answer.header("content-length")), (200, str(TOTAL)))
            found.update(wire.pending)
            while data := wire.socket.recv(1 << 20):
                found.update(data)
        return found.hexdigest()

    def test_a_large_upload_and_its_delivery_do_not_raise_it(self):
        self.upload(32 * SEGMENT)  # the pools and threads exist now
        before = self.forget_peak()
        media_id = self.upload(TOTAL)
        after_upload = self.server.memory("VmHWM") - before
        wanted = hashlib.sha256()
        for index in range(TOTAL // SEGMENT):
            wanted.update(segment(index))
        self.assertEqual(self.digest_of_original(media_id), wanted.hexdigest())
        after_delivery = self.server.memory("VmHWM") - before
        print(
            f"resident before {before >> 10} KiB; peak rose by {after_upload >> 10} KiB for {TOTAL >> 20} MiB in, "
            f"{after_delivery >> 10} KiB with delivery", flush=True,
        )
        self.assertLess(after_upload, GROWTH_MAX)
        self.assertLess(after_delivery, GROWTH_MAX)


if __name__ == "__main__":
    unittest.main()
