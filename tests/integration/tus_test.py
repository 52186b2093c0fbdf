"""tus where a conversation does not reach: large bodies that are cut, that stall, or come at once; what is on the disk; a thousand parts."""

import base64
import hashlib
import os
import socket
import struct
import threading
import time
import unittest
import zlib

from support import engine
from support.case import ServerCase
from support.client import X1
from support.media import clip, noise
from support.server import Server
from support.wire import Wire, head, request

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
        peer.sendall(head("PATCH", path, fields) + body)
        return peer

    def eventually(self, path, offset):
        ends = time.monotonic() + 10
        while (now := self.offset(path)) != offset and time.monotonic() < ends:
            time.sleep(0.05)
        self.assertEqual(now, offset)

    def original(self, path):
        return X1(self.server).original("7_" + path.rsplit("/", 1)[1]).body


class Transfers(TusCase):
    def send_with_trailer(self, path, body, *trailers, announced="Upload-Checksum", headers=()):
        with Wire(self.server, timeout=10) as wire:
            fields = [TUS, ("Upload-Offset", "0"), ("Content-Type", BODY), ("Trailer", announced), *headers]
            ends = "".join(f"Upload-Checksum: {value}\r\n" for value in trailers)
            wire.send(head("PATCH", path, [*fields, ("Transfer-Encoding", "chunked")]))
            wire.send(b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, ends.encode()))
            return wire.read("PATCH")

    def test_t75_a_checksum_behind_the_body(self):
        sums = {
            "sha1": hashlib.sha1(b"hello").digest(), "sha256": hashlib.sha256(b"hello").digest(),
            "md5": hashlib.md5(b"hello").digest(), "crc32": zlib.crc32(b"hello").to_bytes(4, "big"),
        }
        fields = {name: f"{name} {base64.b64encode(digest).decode()}" for name, digest in sums.items()}
        for name, field in fields.items():
            path = self.create(5)
            wrong = self.send_with_trailer(path, b"hallo", field)
            self.assertEqual((wrong.status, wrong.header("sluice-error")), (460, "checksum_mismatch"), name)
            self.assertEqual(self.offset(path), 0)
            self.assertEqual(self.send_with_trailer(path, b"hello", field, announced="X-Else, upload-checksum").status, 204, name)
            self.assertEqual(self.original(path), b"hello")
        path = self.create(5)
        invalid = (
            self.send_with_trailer(path, b"hello"),
            self.send_with_trailer(path, b"hello", "sha3 abc="),
            self.send_with_trailer(path, b"hello", fields["sha1"], headers=[("Upload-Checksum", fields["md5"])]),
        )
        for answer in invalid:
            self.assertEqual((answer.status, answer.header("sluice-error")), (400, "checksum_invalid"), answer)
        self.assertEqual(self.offset(path), 0)
        both = self.send_with_trailer(path, b"hello", fields["sha1"], headers=[("Upload-Checksum", fields["sha1"])])
        self.assertEqual(both.status, 204)

    def test_t53_a_cut_body_keeps_what_came(self):
        data = noise(300_000)
        for cut in (0, 1, 30, 4096, 65_537, 299_999):
            with self.subTest(cut):
                path = self.create(len(data))
                self.begin(path, 0, len(data), data[:cut]).close()
                self.eventually(path, cut)
                time.sleep(0 if cut else 0.5)  # else this one could come first, and be taken over
                self.assertEqual(self.patch(path, cut, data[cut:]).status, 204)
                self.assertEqual(self.original(path), data)

    def test_t54_a_reset_keeps_what_came(self):
        data = noise(300_000)
        path = self.create(len(data))
        peer = self.begin(path, 0, len(data), data[:200_000])
        self.eventually(path, 200_000)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        self.assertEqual(self.offset(path), 200_000)
        self.assertEqual(self.patch(path, 200_000, data[200_000:]).status, 204)
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

    def test_what_comes_slowly_is_not_stored_at_each_pause(self):
        data = noise(600_000)
        path = self.create(len(data))
        self.assertEqual(self.patch(path, 0, data[:299_988]).status, 204)
        began = time.monotonic()
        with self.begin(path, 299_988, len(data) - 299_988, b"") as slow:
            for at in range(299_988, 300_000):
                slow.sendall(data[at : at + 1])
                time.sleep(0.2)
            took = time.monotonic() - began
            self.eventually(path, 300_000)
            stored = X1(self.server).upload_object(path.rsplit("/", 1)[1]).json()
            self.assertEqual(stored["received_bytes"], 300_000)
            # What stands behind each other in the upload's own file is one.
            self.assertLessEqual(stored["segments"]["received"], 3 + took if engine.is_s3() or engine.is_postgres() else 1)
            self.assertEqual(self.patch(path, 300_000, data[300_000:]).status, 204)
        self.assertEqual(self.original(path), data)

    def test_who_sends_to_what_was_deleted_is_told_so(self):
        for native in (False, True):
            path = self.create(100_000)
            with self.begin(path, 0, 100_000, b"x" * 40_000) as peer:
                self.eventually(path, 40_000)
                there = f"/api/v1/uploads/{path.rsplit('/', 1)[1]}" if native else path
                self.assertEqual(self.send("DELETE", there).status, 204)
                peer.sendall(b"x" * 60_000)
                peer.settimeout(30)
                answer = peer.recv(65_536)
                self.assertIn(b" 410 ", answer.split(b"\r\n")[0], answer)
                self.assertIn(b"Sluice-Error: media_canceled", answer)

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

    def test_an_upload_of_x_that_is_under_way_loses_nothing_by_a_look(self):
        caller = X1(self.server)
        media_id = caller.open(15)
        self.assertEqual(caller.append(media_id, 0, b"hello").status, 204)
        self.assertEqual(caller.append(media_id, 2, b"world").status, 204)
        for answer in (self.send("HEAD", f"/files/{media_id}"), self.patch(f"/files/{media_id}", 10, b"x")):
            self.assertEqual((answer.status, answer.header("sluice-error")), (400, "parameter_invalid"))
        self.assertEqual(self.send("HEAD", f"/resumable/{media_id}").status, 400)
        self.assertEqual(caller.append(media_id, 1, b"-----").status, 204)
        self.assertEqual(caller.finalize(media_id).status, 201)
        self.assertEqual(caller.original(f"7_{media_id}").body, b"hello-----world")

    def test_parts_are_not_in_the_list(self):
        bearer = ("Authorization", "Bearer parts")
        parts = [self.create(1, ("Upload-Concat", "partial"), bearer) for _ in range(7)]
        for part in parts:
            self.assertEqual(self.patch(part, 0, b"x", bearer).status, 204)
        final = self.send("POST", "/files/", ("Upload-Concat", "final;" + " ".join(parts)), bearer, body=b"").header("location")
        parts.append(self.create(1, ("Upload-Concat", "partial"), bearer))
        caller = X1(self.server, "parts")
        page = caller.get("/api/v1/uploads?limit=3").json()
        self.assertEqual([one["media_id"] for one in page["data"]], [final.rsplit("/", 1)[1]])
        self.assertIsNone(page["next"])
        part = parts[0].rsplit("/", 1)[1]
        self.assertEqual([one["media_id"] for one in caller.get(f"/api/v1/uploads?q={part}").json()["data"]], [part])

    def test_somebody_elses_upload_does_not_exist(self):
        path = self.create(5, ("Authorization", "Bearer alice"))
        for method in ("HEAD", "DELETE"):
            self.assertEqual(self.send(method, path, ("Authorization", "Bearer bob")).status, 404)
        self.assertEqual(self.patch(path, 0, b"hello", ("Authorization", "Bearer bob")).status, 404)


class Ends(unittest.TestCase):
    def setUp(self):
        self.server = Server("--limit", "upload.lifetime=2s")
        self.addCleanup(self.server.close)
        self.server.start()
        self.case = TusCase()

    def stored(self):
        """Bytes that blobs take; on the disk small ones have room in packs, which is taken beforehand."""
        if engine.is_s3():
            sizes = engine.object_store().sizes(engine.prefix_of(self.server.data)).values()
            return sum(size for size in sizes if size > 256 * 1024)
        sizes = 0
        for folder, _, names in os.walk(os.path.join(self.server.data, "blobs")):
            for name in names if os.path.basename(folder) != "packs" else ():
                try:
                    sizes += os.lstat(os.path.join(folder, name)).st_blocks * 512
                except FileNotFoundError:
                    pass
        return sizes

    def test_t69_t70_only_the_unfinished_expire(self):
        at_first = self.stored()
        unfinished, complete = self.case.create(9_000_000, server=self.server), self.case.create(5, server=self.server)
        self.assertEqual(self.case.patch(unfinished, 0, noise(8_000_000), server=self.server).status, 204)
        self.assertEqual(self.case.patch(complete, 0, b"hello", server=self.server).status, 204)
        self.assertGreater(self.stored(), at_first + 7_900_000)
        time.sleep(2.1)
        gone = self.case.send("HEAD", unfinished, server=self.server)
        self.assertEqual((gone.status, gone.header("sluice-error"), gone.header("upload-offset")), (410, "media_expired", None))
        self.assertEqual(self.case.patch(unfinished, 8_000_000, noise(1_000_000), server=self.server).status, 410)
        self.assertEqual(self.case.offset(complete, self.server), 5)
        ends = time.monotonic() + 60
        while self.stored() > at_first and time.monotonic() < ends:
            time.sleep(0.2)
        self.assertEqual(self.stored(), at_first, "the bytes of what expired are still there")
        self.assertEqual(self.case.offset(complete, self.server), 5)
        self.assertEqual(X1(self.server).original("7_" + complete.rsplit("/", 1)[1]).body, b"hello")

    def test_t93_joining_takes_neither_time_nor_room(self):
        server = Server()
        self.addCleanup(server.close)
        self.server = server.start()
        data = noise(32 << 20)
        parts = []
        for _ in range(2):
            part = self.case.create(len(data), ("Upload-Concat", "partial"), server=server)
            self.assertEqual(self.case.patch(part, 0, data, server=server).status, 204)
            parts.append(part)
        before, began = self.stored(), time.monotonic()
        answer = self.case.send("POST", "/files/", ("Upload-Concat", "final;" + " ".join(parts * 8)), body=b"", server=server)
        took = time.monotonic() - began
        self.assertEqual(answer.status, 201, answer)
        self.assertLess(took, 0.9)
        self.assertLess(self.stored() - before, 4 << 20, "512 MiB are joined of 64")
        joined = self.case.send("HEAD", answer.header("location"), server=server)
        self.assertEqual(joined.header("upload-offset"), str(16 * len(data)))


class ManyParts(TusCase):
    arguments = ("--limit", "open_uploads=5000")

    def join(self, parts, origin):
        return self.send("POST", "/files/", ("Upload-Concat", "final;" + " ".join(origin + part for part in parts)), body=b"")

    def test_a_thousand_parts_are_joined_by_one_request(self):
        parts, data = [], noise(1000)
        with Wire(self.server) as wire:
            fields = [TUS, ("Upload-Length", "1"), ("Upload-Concat", "partial"), ("Content-Type", BODY)]
            for at in range(len(data)):
                wire.send(request("POST", "/files/", fields, data[at : at + 1]))
                parts.append(wire.read("POST").header("location"))
        for origin in ("", "https://uploads.example.org:8443"):
            answer = self.join(parts, origin)
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(self.original(answer.header("location")), data)
            told = self.send("HEAD", answer.header("location"))
            self.assertEqual((told.header("upload-offset"), told.header("upload-length")), ("1000", "1000"))
            self.assertEqual(told.header("upload-concat"), "final;" + " ".join(origin + part for part in parts))
        answer = self.join([*parts, parts[0]], "")
        self.assertEqual((answer.status, answer.header("sluice-error")), (400, "concatenation_invalid"))
        self.assertIn(b"1 to 1000 parts", answer.body)
        answer = self.join(parts, "https://" + "far-" * 10 + "away.example.org")
        self.assertEqual((answer.status, answer.header("sluice-error")), (431, "head_too_large"))
        self.assertIn(b"Upload-Concat has more than 65536 bytes", answer.body)


class Restarts(TusCase):
    def test_t59_a_stop_keeps_what_came(self):
        server = Server()
        self.addCleanup(server.close)
        self.server = server.start()
        data = noise(300_000)
        path = self.create(len(data))
        with self.begin(path, 0, len(data), data[:150_000]) as peer:
            time.sleep(0.1)
            self.assertEqual(server.stop(), 0)
            peer.close()
        server.start()
        self.assertEqual(self.offset(path), 150_000)
        self.assertEqual(self.patch(path, 150_000, data[150_000:]).status, 204)
        self.assertEqual(self.original(path), data)

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
