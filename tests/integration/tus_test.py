"""tus where a conversation does not reach: cut and stalled bodies, two at once, a killed server, real clients."""

import socket
import threading
import time
import unittest

from support.case import ServerCase
from support.client import X1
from support.media import clip, noise
from support.server import Server
from support.wire import Wire, request

BODY = "application/offset+octet-stream"
TUS = ("Tus-Resumable", "1.0.0")


class TusCase(ServerCase):
    def send(self, method, path, *headers, body=None, server=None):
        with Wire(server or self.server, timeout=30) as wire:
            wire.send(request(method, path, [TUS, *headers, ("Connection", "close")], body))
            return wire.read(method)

    def create(self, length, *headers, server=None):
        answer = self.send("POST", "/files/", ("Upload-Length", str(length)), *headers, body=b"", server=server)
        self.assertEqual(answer.status, 201, answer)
        return answer.header("location")

    def offset(self, path, server=None):
        answer = self.send("HEAD", path, server=server)
        self.assertEqual(answer.status, 200, answer)
        return int(answer.header("upload-offset"))

    def patch(self, path, offset, body, *headers, server=None):
        fields = (("Upload-Offset", str(offset)), ("Content-Type", BODY), *headers)
        return self.send("PATCH", path, *fields, body=body, server=server)

    def begin(self, path, offset, length, body, *headers):
        """A PATCH whose body is not all there yet; the open connection."""
        fields = [TUS, ("Upload-Offset", str(offset)), ("Content-Type", BODY), ("Content-Length", str(length)), *headers]
        peer = socket.create_connection((self.server.host, self.server.port), 30)
        head = f"PATCH {path} HTTP/1.1\r\nHost: x\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
        peer.sendall(head.encode() + body)
        return peer

    def eventually(self, path, offset):
        ends = time.monotonic() + 10
        while (now := self.offset(path)) != offset and time.monotonic() < ends:
            time.sleep(0.05)
        self.assertEqual(now, offset)

    def original(self, path):
        return X1(self.server).original("7_" + path.rsplit("/", 1)[1]).body


class Transfers(TusCase):
    def test_t25_two_creations_have_two_urls(self):
        self.assertNotEqual(self.create(5), self.create(5))

    def test_t30_what_is_refused_costs_no_body(self):
        with Wire(self.server, timeout=10) as wire:
            wire.send(
                b"POST /files/ HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 99999999999999\r\n"
                b"Content-Type: application/offset+octet-stream\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
            )
            self.assertEqual(wire.read("POST").status, 413)

    def test_t48_chunked(self):
        path = self.create(10)
        with Wire(self.server, timeout=10) as wire:
            wire.send(
                f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: {BODY}\r\n"
                "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n".encode()
            )
            answer = wire.read("PATCH")
        self.assertEqual((answer.status, answer.header("upload-offset")), (204, "10"), answer)
        self.assertEqual(self.original(path), b"helloworld")

    def test_t49_chunked_beyond_the_length(self):
        path = self.create(8)
        with Wire(self.server, timeout=10) as wire:
            wire.send(
                f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: {BODY}\r\n"
                "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n".encode()
            )
            answer = wire.read("PATCH")
        self.assertEqual((answer.status, answer.header("sluice-error")), (413, "beyond_total_bytes"), answer)
        self.assertLessEqual(self.offset(path), 8)

    def test_t53_a_cut_body_keeps_what_came(self):
        data = noise(300_000)
        for cut in (0, 1, 30, 4096, 65_537, 299_999):
            with self.subTest(cut):
                path = self.create(len(data))
                self.begin(path, 0, len(data), data[:cut]).close()
                self.eventually(path, cut)
                self.assertEqual(self.patch(path, cut, data[cut:]).status, 204)
                self.assertEqual(self.original(path), data)

    def test_t56_a_look_sees_what_a_stalled_one_has_sent(self):
        data = noise(100_000)
        path = self.create(len(data))
        with self.begin(path, 0, len(data), data[:40_000]):
            began = time.monotonic()
            self.eventually(path, 40_000)
            self.assertLess(time.monotonic() - began, 2)
            self.assertEqual(self.patch(path, 40_000, data[40_000:]).status, 204)
        self.assertEqual(self.original(path), data)

    def test_t57_the_next_one_takes_over_and_nothing_of_the_old_one_lands(self):
        old, new = b"o" * 100_000, b"n" * 100_000
        path = self.create(len(new))
        with self.begin(path, 0, len(old), b"") as stuck:
            time.sleep(0.3)
            answers = []
            follower = threading.Thread(target=lambda: answers.append(self.patch(path, 0, new)))
            follower.start()
            follower.join(5)
            self.assertFalse(follower.is_alive(), "it waits for the one that hangs")
            self.assertEqual(answers[0].status, 204, answers)
            try:
                stuck.sendall(old)
                stuck.settimeout(10)
                self.assertIn(b" 409 ", stuck.recv(4096).split(b"\r\n")[0])
            except ConnectionError:
                pass  # closed already: no better
        self.assertEqual(self.original(path), new)

    def test_t57_of_two_at_once_one_is_stored(self):
        for _ in range(5):
            bodies = [bytes([letter]) * 50_000 for letter in b"ab"]
            path = self.create(50_000)
            answers = [None, None]

            def send(index, path=path, bodies=bodies, answers=answers):
                answers[index] = self.patch(path, 0, bodies[index])

            threads = [threading.Thread(target=send, args=(index,)) for index in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            statuses = [answer.status for answer in answers]
            self.assertEqual(sorted(statuses), [204, 409], answers)
            self.assertEqual(self.original(path), bodies[statuses.index(204)])

    def test_t76_a_cut_body_with_a_checksum_keeps_nothing(self):
        path = self.create(1000)
        self.begin(path, 0, 1000, b"x" * 500, ("Upload-Checksum", "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=")).close()
        time.sleep(0.5)
        self.assertEqual(self.offset(path), 0)

    def test_what_is_complete_becomes_the_same_medium(self):
        data = clip()
        path = self.create(len(data), ("Upload-Metadata", "filename Y2xpcC5tcDQ=,filetype dmlkZW8vbXA0,media_category dHdlZXRfdmlkZW8="))
        for at in range(0, len(data), 50_000):
            self.assertEqual(self.patch(path, at, data[at : at + 50_000]).status, 204)
        caller = X1(self.server)
        media_id = path.rsplit("/", 1)[1]
        self.assertEqual(caller.wait(media_id)["state"], "succeeded")
        told = caller.upload_object(media_id).json()
        self.assertEqual((told["file_name"], told["protocol"], told["size_bytes"]), ("clip.mp4", "tus", len(data)))
        self.assertEqual(self.original(path), data)

    def test_status_of_an_unfinished_one_asks_for_no_finalize(self):
        path = self.create(10)
        self.patch(path, 0, b"hello")
        answer = X1(self.server).status(path.rsplit("/", 1)[1])
        self.assert_v1_error(answer, 409, "upload_incomplete")
        self.assertIn("5 bytes are there of 10", answer.json()["errors"][0]["message"])

    def test_the_diagnosis_of_an_unfinished_one_asks_for_no_finalize(self):
        path = self.send("POST", "/files/", ("Upload-Defer-Length", "1"), body=b"").header("location")
        self.patch(path, 0, b"hello")
        caller = X1(self.server)
        media_id = path.rsplit("/", 1)[1]
        self.assertIsNone(caller.upload_object(media_id).json()["size_bytes"])
        told = caller.get(f"/api/v1/uploads/{media_id}/diagnosis").json()
        self.assertEqual(told["code"], "upload_under_way")
        self.assertTrue(told["facts"].startswith("5 of an unknown number of bytes arrived."), told)
        self.assertNotIn("FINALIZE", told["hint"])
        self.assertEqual(told["next"]["curl"], f"curl -I -H 'Tus-Resumable: 1.0.0' '{self.server.url}{path}'")
        caller.status(media_id)
        self.assertEqual(caller.get(f"/api/v1/uploads/{media_id}/diagnosis").json()["code"], "upload_incomplete")

    def test_somebody_elses_upload_does_not_exist(self):
        path = self.create(5, ("Authorization", "Bearer alice"))
        for method in ("HEAD", "DELETE"):
            self.assertEqual(self.send(method, path, ("Authorization", "Bearer bob")).status, 404)
        self.assertEqual(self.patch(path, 0, b"hello", ("Authorization", "Bearer bob")).status, 404)


class Restarts(TusCase):
    def test_t60_what_was_acknowledged_survives_kill_9(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        data = noise(200_000)
        path = self.create(len(data), server=server)
        for at in (0, 70_001):
            self.assertEqual(self.patch(path, at, data[at : at + 70_001], server=server).status, 204)
        server.kill()
        server.start()
        self.assertEqual(self.offset(path, server), 140_002)
        self.assertEqual(self.patch(path, 140_002, data[140_002:], server=server).status, 204)
        self.assertEqual(X1(server).original("7_" + path.rsplit("/", 1)[1]).body, data)


if __name__ == "__main__":
    unittest.main()
