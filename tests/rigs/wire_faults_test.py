"""Connections that end at every byte, peers that are slow by the thousand: what counts is what was complete."""

import os
import resource
import socket
import struct
import time
import unittest
from urllib.parse import urlencode

from rigs import content
from rigs.case import RigCase
from support.client import FORM, V1, X1
from support.wire import Part, multipart, request

STALLED = 1000
SMALL = 64
MEMORY_MAX_EACH = 48 << 10
# What is read ahead for one reader.
MEMORY_MAX_EACH_READER = 160 << 10


def post(body, content_type):
    return request("POST", V1, [("Content-Type", content_type), ("Connection", "close")], body)


def form(**parameters):
    return post(urlencode(parameters).encode(), FORM)


def append_request(media_id, index, data):
    parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", index)]
    content_type, body = multipart([*parts, Part("media", data, "blob")])
    return post(body, content_type)


class CutConnections(RigCase):
    def setUp(self):
        super().setUp()
        self.cut = self.server()
        self.cut.start()
        self.caller = X1(self.cut)

    def send_and_cut(self, data, resets):
        """Sends and goes away without waiting: by FIN, or by RST."""
        with socket.create_connection((self.cut.host, self.cut.port), 30) as peer:
            peer.sendall(data)
            if resets:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def cut_everywhere(self, data):
        for count in range(len(data)):
            self.send_and_cut(data[:count], resets=count % 2 == 0)
        self.note(faults=len(data))

    def settled(self, read, wanted):
        """What is asked for, once the server has noticed the ends of the connections."""
        ends = time.monotonic() + 10
        while (found := read()) != wanted and time.monotonic() < ends:
            time.sleep(0.02)
        return found

    def listed(self):
        return len(self.caller.get("/api/v1/uploads").json()["data"])

    def test_an_init_counts_when_it_came_whole(self):
        data = form(command="INIT", total_bytes=SMALL, media_type="video/mp4", media_category="tweet_video")
        self.cut_everywhere(data)
        self.assertEqual(self.listed(), 0)
        self.send_and_cut(data, resets=False)  # whole: only the answer is lost
        self.assertEqual(self.settled(self.listed, 1), 1)

    def test_a_segment_counts_when_it_came_whole_and_finalize_too(self):
        media_id = self.caller.open(SMALL)
        piece = content.noise(self.seed, 1, 0, 0, SMALL)
        data = append_request(media_id, 0, piece)
        self.cut_everywhere(data)
        native = lambda: self.caller.upload_object(media_id).json()
        self.assertEqual((native()["segments"]["received"], native()["received_bytes"]), (0, 0))
        self.send_and_cut(data, resets=False)
        self.assertEqual(self.settled(lambda: native()["received_bytes"], SMALL), SMALL)
        self.assertEqual(self.caller.append(media_id, 0, piece).status, 204, "the same again")
        final = form(command="FINALIZE", media_id=media_id)
        self.cut_everywhere(final)
        self.assertEqual(native()["state"], "open")
        self.send_and_cut(final, resets=False)
        self.assertNotEqual(self.settled(lambda: native()["state"] == "open", False), True)
        self.assertIn(self.caller.finalize(media_id).status, (200, 201))
        self.assertEqual(self.caller.original(native()["media_key"]).body, piece)

    def test_an_answer_that_is_cut_anywhere_is_given_again(self):
        media_id = self.caller.open(SMALL)
        piece = content.noise(self.seed, 2, 0, 0, SMALL)
        data = append_request(media_id, 0, piece)
        for count in range(0, 400, 7):
            with socket.create_connection((self.cut.host, self.cut.port), 30) as peer:
                peer.sendall(data)
                while count > 0 and (came := peer.recv(count)):
                    count -= len(came)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        answer = self.caller.append(media_id, 0, piece)
        self.assertEqual(answer.status, 204, answer)
        segments = self.caller.upload_object(media_id).json()["segments"]
        self.assertEqual((segments["received"], segments["missing"]), (1, []))


class SlowPeers(RigCase):
    def setUp(self):
        super().setUp()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = 3 * STALLED
        if most < needed:
            self.fail(f"the limit of open files is {most}, {needed} are needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, most))
        self.slow = self.server()
        self.slow.start()
        self.caller = X1(self.slow)
        self.media_id = self.caller.open(5_000_000)
        self.peers = []
        self.addCleanup(lambda: [peer.close() for peer in self.peers])

    def stall(self, data, receive_buffer=None):
        peer = socket.socket()
        if receive_buffer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        peer.settimeout(30)
        peer.connect((self.slow.host, self.slow.port))
        peer.sendall(data)
        self.peers.append(peer)

    def assert_is_at_ease(self, before, memory_max_each=MEMORY_MAX_EACH):
        took = []
        for _ in range(40):
            began = time.monotonic()
            answer = self.caller.status(self.media_id)
            took.append(time.monotonic() - began)
            self.assertEqual(answer.header("sluice-error"), "finalize_missing", answer)
        grown = self.slow.memory("VmRSS") - before
        took.sort()
        self.note(faults=len(self.peers))
        print(f"{len(self.peers)} peers: STATUS median {took[20] * 1000:.1f} ms, worst {took[-1] * 1000:.0f} ms; "
              f"{grown / len(self.peers) / 1024:.1f} KiB each", flush=True)
        self.assertLess(took[20], 1)
        self.assertLess(grown, len(self.peers) * memory_max_each + (16 << 20))
        self.assertEqual(self.caller.append(self.media_id, 7, b"\x80" * 1000).status, 204, "others go on")

    def test_a_thousand_that_stall_in_mid_body(self):
        before = self.slow.memory("VmRSS")
        for index in range(STALLED):
            whole = append_request(self.media_id, index + 10, content.noise(1, 1, index, 0, 4000))
            self.stall(whole[:3000])
        self.assert_is_at_ease(before)
        self.assertEqual(self.caller.upload_object(self.media_id).json()["received_bytes"], 1000)

    def test_a_thousand_that_stall_in_the_head(self):
        before = self.slow.memory("VmRSS")
        for _ in range(STALLED):
            self.stall(b"POST /1.1/media/upload.json HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        self.assert_is_at_ease(before)

    def test_a_thousand_that_do_not_read(self):
        data = content.noise(self.seed, 3, 0, 0, 4_000_000)
        large = self.caller.open(len(data))
        self.assertEqual(self.caller.append(large, 0, data).status, 204)
        self.assertEqual(self.caller.finalize(large).status, 201)
        key = self.caller.upload_object(large).json()["media_key"]
        before = self.slow.memory("VmRSS")
        for _ in range(STALLED):
            self.stall(request("GET", f"/media/{key}/original"), receive_buffer=4096)
        self.assert_is_at_ease(before, MEMORY_MAX_EACH_READER)


if __name__ == "__main__":
    unittest.main()
