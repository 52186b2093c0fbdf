"""The way of the bytes from the socket to the file: whatever their number, their place and the pauses between them,
the original is what was sent. Every case runs where the file system takes direct writes (the usual disk) and in memory."""

import concurrent.futures
import os
import random
import shutil
import tempfile
import time
import unittest

from support.case import ServerCase
from support.client import V1, X1
from support.media import clip, noise
from support.server import Server
from support.wire import Part, Wire, multipart, request

MIB = 1 << 20
SMALLEST = 40_001  # more than a short clip; a packed upload has a quarter of a MiB at most


def video(length):
    """A clip with a `free` box behind it, `length` bytes in all; the padding is noise."""
    data = clip() if length > MIB else clip(1, "128x96", 5)
    padding = length - len(data) - 8
    return data + (padding + 8).to_bytes(4, "big") + b"free" + noise(padding, seed=length)


class OnDisk(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1 = X1(cls.server)

    def assert_stored(self, media_id, data):
        answer = self.x1.finalize(media_id)
        self.assertEqual(answer.status, 201, answer)
        self.assert_original(self.x1, answer.json()["media_key"], data)

    def append_body(self, media_id, index, data, behind=()):
        before = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", index)]
        return multipart([*before, Part("media", data, "blob"), *behind])

    def cut(self, data, size):
        return [data[at : at + size] for at in range(0, len(data), size)]

    def test_segments_of_every_alignment_in_any_order_and_at_once(self):
        for size in (999_999, MIB, MIB - 1, MIB + 1, 524_288 + 4096, 65_537, 1_000_000):
            with self.subTest(size=size):
                data = video(5 * size + 4097)
                media_id = self.x1.open(len(data))
                segments = list(enumerate(self.cut(data, size)))
                # The first one gives the stride, so that the others are put where they belong.
                self.assertEqual(self.x1.append(media_id, *segments[0]).status, 204)
                rest = segments[1:]
                random.Random(size).shuffle(rest)
                with concurrent.futures.ThreadPoolExecutor(4) as pool:
                    answers = list(pool.map(lambda segment: self.x1.append(media_id, *segment), rest))
                self.assertEqual({answer.status for answer in answers}, {204})
                self.assert_stored(media_id, data)

    def test_segments_whose_places_are_not_known_when_they_come(self):
        data = video(3 * MIB + 77)
        media_id = self.x1.open(len(data))
        for index, segment in reversed(list(enumerate(self.cut(data, MIB)))):
            self.assertEqual(self.x1.append(media_id, index, segment).status, 204)
        self.assert_stored(media_id, data)

    def test_a_client_that_falls_silent_in_the_middle(self):
        data = video(3 * MIB)
        media_id = self.x1.open(len(data))
        content_type, body = self.append_body(media_id, 0, data)
        message = request("POST", V1, [("Content-Type", content_type)], body)
        with Wire(self.server) as wire:
            for piece in (message[:70_001], message[70_001:900_000], message[900_000:900_003], message[900_003:]):
                wire.send(piece)
                time.sleep(0.25)
            self.assertEqual(wire.read("POST").status, 204)
        self.assert_stored(media_id, data)

    def test_a_small_upload_that_falls_silent_in_the_middle(self):
        for length in (SMALLEST, 100 * 1024, 255_000, 262_144):
            data = video(length)
            media_id = self.x1.open(len(data))
            content_type, body = self.append_body(media_id, 0, data, [Part("behind", "x" * 70)])
            message = request("POST", V1, [("Content-Type", content_type)], body)
            end = len(message)
            with self.subTest(length=length), Wire(self.server) as wire:
                for begin, stop in ((0, 9_000), (9_000, 15_000), (15_000, end - 300), (end - 300, end - 100), (end - 100, end)):
                    wire.send(message[begin:stop])
                    time.sleep(0.2)
                self.assertEqual(wire.read("POST").status, 204)
                self.assert_stored(media_id, data)

    def test_small_uploads_side_by_side_some_with_an_empty_part_before_their_media(self):
        def one(number):
            data = video(SMALLEST + 5_001 * number)
            media_id = self.x1.open(len(data))
            fields = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", 0)]
            empty = [Part("media", b"", "blob")] if number % 2 else []
            content_type, body = multipart([*fields, *empty, Part("media", data, "blob"), Part("behind", "it")])
            message = request("POST", V1, [("Content-Type", content_type)], body)
            with Wire(self.server) as wire:
                middle = len(message) // 2
                wire.send(message[:middle])
                time.sleep(0.02)
                wire.send(message[middle:])
                status = wire.read("POST").status
            return media_id, data, status

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for media_id, data, status in pool.map(one, range(32)):
                self.assertEqual(status, 204)
                self.assert_stored(media_id, data)

    def test_bytes_that_come_in_drops(self):
        data = video(300_000)
        media_id = self.x1.open(len(data))
        content_type, body = self.append_body(media_id, 0, data)
        message = request("POST", V1, [("Content-Type", content_type)], body)
        steps = random.Random(7)
        with Wire(self.server) as wire:
            at = 0
            while at < len(message):
                step = steps.choice((1, 2, 700, 1500, 9000, 40_000))
                wire.send(message[at : at + step])
                at += step
                time.sleep(0.002)
            self.assertEqual(wire.read("POST").status, 204)
        self.assert_stored(media_id, data)

    def test_the_head_of_the_media_comes_before_its_bytes(self):
        data = video(MIB)
        cases = {
            "as many clients send it": ([], "blob"),
            "a head that is longer than what is read at first": ([], "n" * 6000),
            "an empty part before": ([Part("media", b"", "empty")], "blob"),
        }
        for name, (before, file_name) in cases.items():
            with self.subTest(name):
                media_id = self.x1.open(len(data))
                path = f"{V1}?command=APPEND&media_id={media_id}&segment_index=0"
                content_type, body = multipart([*before, Part("media", data, file_name)])
                split = body.index(data[:64])
                sent = request("POST", path, [("Content-Type", content_type)], body)
                head = len(sent) - len(body)
                with Wire(self.server) as wire:
                    for piece in (sent[:head], body[:split], body[split:]):
                        wire.send(piece)
                        time.sleep(0.05)
                    answer = wire.read("POST")
                self.assertEqual(answer.status, 204, answer)
                self.assert_stored(media_id, data)

    def test_what_looks_like_a_boundary_and_fields_behind_the_media(self):
        content_type, body = multipart([Part("x", "")])
        boundary = b"\r\n--" + content_type.split("boundary=")[1].encode()
        alike = b"".join(boundary[:count] + b"\r\n" for count in range(len(boundary)))
        start = video(700_000)
        data = start + (len(alike) * 9 + 8).to_bytes(4, "big") + b"free" + alike * 9
        for behind in ([], [Part("note", "n" * 30_000), Part("more", "m")], [Part("note", "n" * 3)]):
            with self.subTest(behind=len(behind)):
                media_id = self.x1.open(len(data))
                kind, body = self.append_body(media_id, 0, data, behind)
                self.assertEqual(self.x1.post(V1, body, kind).status, 204)
                self.assert_stored(media_id, data)

    def test_more_clients_than_there_are_buffers(self):
        data = video(2 * MIB)
        ids = [self.x1.open(len(data)) for _ in range(60)]
        bodies = [self.append_body(media_id, 0, data) for media_id in ids]
        wires = [Wire(self.server) for _ in ids]
        try:
            messages = [request("POST", V1, [("Content-Type", kind)], body) for kind, body in bodies]
            for wire, message in zip(wires, messages):
                wire.send(message[: MIB // 2])
            for wire, message in zip(reversed(wires), reversed(messages)):
                wire.send(message[MIB // 2 :])
            self.assertEqual({wire.read("POST").status for wire in wires}, {204})
        finally:
            for wire in wires:
                wire.close()
        for media_id in ids[::20]:
            self.assert_stored(media_id, data)


class InMemory(OnDisk):
    """The same on a file system in memory, where there is no direct I/O."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-test.", dir="/dev/shm")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.server = Server(data=os.path.join(cls.folder, "data")).start()
        cls.addClassCleanup(cls.server.close)
        cls.x1 = X1(cls.server)


if __name__ == "__main__":
    unittest.main()
