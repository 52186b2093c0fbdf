"""Resumable uploads where a conversation does not reach: large bodies that are cut and stall, many at once, a server that is killed in
mid-body, keys that are revoked, the guide."""

import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from support.case import ServerCase
from support.client import X1
from support.keys import create_key, keys
from support.media import clip, noise
from support.server import Server
from support.wire import ConnectionEnded, Wire, request

PART = ("Content-Type", "application/partial-upload")
VERSION = ("Upload-Draft-Interop-Version", "9")
MORE, LAST = ("Upload-Complete", "?0"), ("Upload-Complete", "?1")


class RufhCase(ServerCase):
    def send(self, method, path, *headers, body=None, server=None):
        with Wire(server or self.server, timeout=30) as wire:
            wire.send(request(method, path, [*headers, ("Connection", "close")], body))
            return wire.read(method)

    def create(self, *headers, body=b"", server=None):
        answer = self.send("POST", "/resumable/", MORE, *headers, body=body, server=server)
        self.assertEqual(answer.status, 201, answer)
        return answer.header("location")

    def state(self, path, server=None):
        answer = self.send("HEAD", path, server=server)
        self.assertEqual(answer.status, 204, answer)
        return int(answer.header("upload-offset")), answer.header("upload-complete")

    def patch(self, path, offset, body, last, *headers, server=None):
        return self.send("PATCH", path, PART, LAST if last else MORE, ("Upload-Offset", str(offset)), *headers, body=body, server=server)

    def begin(self, method, path, *headers, body=b"", version="1.1"):
        """A request whose body is not all there yet; its wire."""
        wire = Wire(self.server, timeout=30)
        self.addCleanup(wire.close)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        wire.send(f"{method} {path} HTTP/{version}\r\nHost: x\r\n{lines}\r\n".encode() + body)
        return wire

    def eventually(self, path, offset):
        ends = time.monotonic() + 10
        while (now := self.state(path)[0]) != offset and time.monotonic() < ends:
            time.sleep(0.05)
        self.assertEqual(now, offset)

    def original(self, path, server=None):
        return X1(server or self.server).original("7_" + path.rsplit("/", 1)[1]).body


class Interim(RufhCase):
    def test_r24_r27_the_url_comes_before_the_body_has_ended(self):
        wire = self.begin("POST", "/resumable/", VERSION, LAST, ("Content-Length", "10"), body=b"hello")
        told = wire.read_interim()
        self.assertEqual((told.status, told.reason), (104, "Upload Resumption Supported"))
        self.assertEqual(told.header("upload-draft-interop-version"), "9")
        self.assertIn("max-size=", told.header("upload-limit"))
        path = told.header("location")
        self.eventually(path, 5)  # the look at it makes the bytes count while the request goes on
        self.assertEqual(self.state(path), (5, "?0"))
        wire.send(b"world")
        answer = wire.read("POST")
        self.assertEqual((answer.status, answer.header("upload-complete"), answer.header("location")), (201, "?1", path))
        self.assertEqual(self.original(path), b"helloworld")

    def test_r25_nobody_else_gets_one(self):
        for version in ((), (("Upload-Draft-Interop-Version", "2"),), (("Upload-Draft-Interop-Version", '"9"'),)):
            answer = self.send("POST", "/resumable/", LAST, *version, body=b"hello")
            self.assertEqual((answer.status, answer.interim), (201, []))

    def test_r23_what_was_cut_goes_on_at_the_url_of_the_104(self):
        data = noise(300_000)
        wire = self.begin("POST", "/resumable/", VERSION, LAST, ("Content-Length", str(len(data))), body=data[:100_000])
        path = wire.read_interim().header("location")
        wire.close()
        self.eventually(path, 100_000)
        self.assertEqual(self.patch(path, 100_000, data[100_000:], True).status, 200)
        self.assertEqual(self.original(path), data)

    def test_r26_progress_of_a_slow_append(self):
        path = self.create(("Upload-Length", "400"))
        wire = self.begin("PATCH", path, PART, VERSION, LAST, ("Upload-Offset", "0"), ("Content-Length", "400"))
        offsets = []
        for number in range(4):
            wire.send(noise(100, seed=number))
            time.sleep(1.2)
        answer = wire._head()
        while answer.status == 104:
            self.assertIsNone(answer.header("location"))
            offsets.append(int(answer.header("upload-offset")))
            answer = wire._head()
        self.assertEqual((answer.status, answer.header("upload-complete")), (200, "?1"))
        self.assertGreaterEqual(len(offsets), 2, offsets)
        self.assertEqual(offsets, sorted(set(offsets)))
        self.assertTrue(all(offset % 100 == 0 and offset <= 400 for offset in offsets), offsets)

    def test_r28_a_continue_is_sent_as_well(self):
        wire = self.begin("POST", "/resumable/", VERSION, LAST, ("Content-Length", "5"), ("Expect", "100-continue"))
        seen = {wire.read_interim().status, wire.read_interim().status}
        self.assertEqual(seen, {100, 104})
        wire.send(b"hello")
        self.assertEqual(wire.read("POST").status, 201)


class Chosen(RufhCase):
    arguments = ("--rufh-interop", "8,rfc")

    def test_the_operator_says_who_gets_a_104(self):
        for version, interim in ((("Upload-Draft-Interop-Version", "8"), [104]), (VERSION, []), (("X-None", "1"), [104])):
            answer = self.send("POST", "/resumable/", LAST, version, body=b"hello")
            self.assertEqual((answer.status, answer.interim), (201, interim), version)


class Transfers(RufhCase):
    def chunked(self, method, path, *headers, chunks, ends=True):
        wire = self.begin(method, path, ("Transfer-Encoding", "chunked"), *headers)
        for chunk in chunks:
            wire.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if not ends:
            wire.close()
            return None
        wire.send(b"0\r\n\r\n")
        return wire.read(method)

    def test_r51_an_end_before_the_end_is_no_wrong_digest(self):
        digest = ("Repr-Digest", "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:")
        path = self.create(("Upload-Length", "5"), digest, body=b"h")
        answer = self.chunked("PATCH", path, PART, LAST, ("Upload-Offset", "1"), chunks=[b"el"])
        self.assertEqual((answer.status, answer.header("upload-complete"), answer.header("sluice-error")), (400, "?0", "length_invalid"))
        self.assertEqual(self.state(path), (3, "?0"))
        self.assertEqual(self.patch(path, 3, b"lo", True).status, 200)
        self.assertEqual(self.patch(path, 5, b"", True).status, 200)

    def test_a_cut_chunked_end_is_no_end(self):
        path = self.create(body=b"hello")
        self.chunked("PATCH", path, PART, LAST, ("Upload-Offset", "5"), chunks=[b"world"], ends=False)
        self.eventually(path, 10)
        self.assertEqual(self.state(path), (10, "?0"))
        self.assertEqual(self.patch(path, 10, b"!", True).status, 200)
        self.assertEqual(self.original(path), b"helloworld!")

    def test_r57_cut_at_many_places(self):
        data = noise(20_000)
        for cut in (0, 1, 19, 4_095, 4_096, 19_999):
            path = self.create(("Upload-Length", str(len(data))))
            wire = self.begin("PATCH", path, PART, LAST, ("Upload-Offset", "0"), ("Content-Length", str(len(data))), body=data[:cut])
            wire.close()
            self.eventually(path, cut)
            self.assertEqual(self.patch(path, cut, data[cut:], True).status, 200)
            self.assertEqual(self.original(path), data)

    def test_a_plain_post_that_is_cut_leaves_nothing(self):
        before = len(X1(self.server).get("/api/v1/uploads?limit=100").json()["data"])
        wire = self.begin("POST", "/resumable/", ("Content-Length", "10"), body=b"hello")
        time.sleep(0.3)
        wire.close()
        ends = time.monotonic() + 5
        while (now := len(X1(self.server).get("/api/v1/uploads?limit=100").json()["data"])) > before and time.monotonic() < ends:
            time.sleep(0.05)
        self.assertEqual(now, before)

    def test_a_plain_post_said_again_while_it_runs_ends_neither(self):
        data = noise(40_000)
        key = ("Idempotency-Key", "twice")
        first = self.begin("POST", "/resumable/", key, ("Content-Length", str(len(data))), body=data[:30_000])
        time.sleep(1)  # what came is stored when nothing more comes
        again = self.send("POST", "/resumable/", key, body=data)
        self.assertEqual((again.status, again.header("sluice-error")), (409, "offset_mismatch"))
        first.send(data[30_000:])
        answer = first.read("POST")
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.original(answer.header("location")), data)
        self.assertEqual(self.send("POST", "/resumable/", key, body=data).header("location"), answer.header("location"))

    def test_the_end_of_a_plain_post_takes_nothing_from_the_one_that_took_over(self):
        data, key = noise(300_000), ("Idempotency-Key", "hedged")
        length = ("Content-Length", str(len(data)))
        first = self.begin("POST", "/resumable/", key, length, body=data[:30_000])
        time.sleep(0.03)
        second = self.begin("POST", "/resumable/", key, length, body=data[:30_000])
        time.sleep(0.05)
        first.close()
        time.sleep(0.3)
        second.send(data[30_000:])
        answer = second.read("POST")
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.original(answer.header("location")), data)

    def test_a_creation_said_again_is_told_where_it_stands(self):
        key = ("Idempotency-Key", "begun")
        first = self.send("POST", "/resumable/", MORE, key, body=b"hello")
        again = self.send("POST", "/resumable/", MORE, key, body=b"hello")
        told = [(a.status, a.header("location"), a.header("upload-offset"), a.header("upload-complete")) for a in (first, again)]
        self.assertEqual(told[0], told[1])
        self.assertEqual((told[1][0], told[1][2], told[1][3]), (201, "5", "?0"))
        path = first.header("location")
        wire = self.begin("PATCH", path, PART, MORE, ("Upload-Offset", "5"), ("Content-Length", "5"), body=b"wo")
        wire.close()
        self.eventually(path, 7)
        key = ("Idempotency-Key", "cut")
        cut = self.begin("POST", "/resumable/", VERSION, MORE, key, ("Content-Length", "10"), body=b"hello")
        path = cut.read_interim().header("location")
        cut.close()
        self.eventually(path, 5)
        again = self.send("POST", "/resumable/", MORE, key, body=b"helloworld")
        self.assertEqual((again.status, again.header("location"), again.header("upload-offset")), (409, path, "5"))
        self.assertEqual(again.json()["expected-offset"], 5)
        self.assertEqual(self.patch(path, 5, b"world", True).status, 200)

    def test_r67_a_creation_said_again_has_the_digest_that_is_asked_for(self):
        key, wanted = ("Idempotency-Key", "digest"), ("Want-Repr-Digest", "sha-256=1")
        first = self.send("POST", "/resumable/", LAST, key, body=b"hello")
        again = self.send("POST", "/resumable/", LAST, key, wanted, body=b"hello")
        self.assertEqual([(a.status, a.header("location")) for a in (first, again)], [(201, first.header("location"))] * 2)
        self.assertEqual((first.header("repr-digest"), again.header("repr-digest")), (None, Trailers.HELLO))

    def test_r62_of_two_at_once_one_is_stored(self):
        bodies = [bytes([48 + number]) * 50_000 for number in range(4)]
        path = self.create(("Upload-Length", "50000"))
        answers = [None] * len(bodies)

        def send(number):
            try:
                answers[number] = self.patch(path, 0, bodies[number], True).status
            except (ConnectionEnded, ConnectionError):
                answers[number] = 0

        threads = [threading.Thread(target=send, args=(number,)) for number in range(len(bodies))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(answers.count(200), 1, answers)
        offset, complete = self.state(path)
        if complete == "?0":
            self.assertEqual(self.patch(path, offset, bodies[0][offset:], True).status, 200)
        self.assertEqual(len(self.original(path)), 50_000)
        if answers.count(200) == 1 and complete == "?1":
            self.assertEqual(self.original(path), bodies[answers.index(200)])

    def test_r63_a_look_at_a_stalled_append(self):
        path = self.create(("Upload-Length", "10"))
        stalled = self.begin("PATCH", path, PART, LAST, ("Upload-Offset", "0"), ("Content-Length", "10"), body=b"hello")
        self.eventually(path, 5)
        began = time.monotonic()
        self.assertEqual(self.state(path), (5, "?0"))
        self.assertLess(time.monotonic() - began, 2)
        self.assertEqual(self.patch(path, 5, b"WORLD", True).status, 200)
        stalled.send(b"world")
        self.assertEqual(self.original(path), b"helloWORLD")

    def test_r64_cancelled_in_mid_append(self):
        path = self.create(("Upload-Length", "10"))
        stalled = self.begin("PATCH", path, PART, LAST, ("Upload-Offset", "0"), ("Content-Length", "10"), body=b"hello")
        self.eventually(path, 5)
        self.assertEqual(self.send("DELETE", path).status, 204)
        self.assertEqual(self.send("HEAD", path).status, 410)
        stalled.send(b"world")
        try:
            self.assertGreaterEqual(stalled.read("PATCH").status, 400)
        except ConnectionEnded:
            pass

    def test_r69_somebody_elses_upload_does_not_exist(self):
        path = self.create(("Authorization", "Bearer alice"), body=b"hello")
        for answer in (self.send("HEAD", path), self.patch(path, 5, b"!", True), self.send("DELETE", path)):
            self.assertEqual(answer.status, 404)
        self.assertEqual(self.send("HEAD", path, ("Authorization", "Bearer alice")).status, 204)

    def test_r59_processing_is_told_where_the_link_leads(self):
        data = clip()
        answer = self.send("POST", "/resumable/?media_category=tweet_video", LAST, ("Content-Type", "video/mp4"), body=data)
        self.assertEqual((answer.status, answer.header("upload-complete")), (201, "?1"))
        caller = X1(self.server)
        self.assertEqual(caller.wait(answer.header("sluice-media-id"))["state"], "succeeded")
        bad = self.send("POST", "/resumable/?media_category=tweet_video", LAST, ("Content-Type", "video/mp4"), body=noise(5_000))
        self.assertEqual(caller.wait(bad.header("sluice-media-id"))["state"], "failed")
        self.assertEqual(self.state(bad.header("location")), (5_000, "?1"))
        link = bad.header("link").split(">")[0].removeprefix("<")
        self.assertEqual(caller.fetch(link).json()["processing"]["error"]["reason"], "CorruptContainer")

    def test_tus_sees_the_same_upload(self):
        path = self.create(("Upload-Length", "10"), body=b"hello")
        there = "/files/" + path.rsplit("/", 1)[1]
        answer = self.send("HEAD", there, ("Tus-Resumable", "1.0.0"))
        self.assertEqual((answer.status, answer.header("upload-offset")), (200, "5"))
        fields = (("Tus-Resumable", "1.0.0"), ("Upload-Offset", "5"), ("Content-Type", "application/offset+octet-stream"))
        self.assertEqual(self.send("PATCH", there, *fields, body=b"world").status, 204)
        self.assertEqual(self.state(path), (10, "?1"), "the first word for an end counts")


class Trailers(RufhCase):
    """Digests behind the body (RFC 9530, sections 2 and 3)."""

    HELLO = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"
    WRONG = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"

    def send_hello(self, method, path, name, value, *headers):
        """`hello`, chunked, with a field behind it (none: only announced)."""
        wire = self.begin(method, path, ("Transfer-Encoding", "chunked"), ("Trailer", f"X-Other, {name}"), *headers)
        wire.send(b"5\r\nhello\r\n0\r\n" + (f"{name}: {value}\r\n".encode() if value else b"") + b"\r\n")
        return wire.read(method)

    def append(self, path, value, *headers):
        return self.send_hello("PATCH", path, "Content-Digest", value, PART, MORE, ("Upload-Offset", "0"), *headers)

    def test_of_a_body(self):
        for value, code in (
            (self.WRONG, "checksum_mismatch"), ("sha-256=:AA:", "checksum_invalid"), (None, "checksum_invalid"),
            (f"md5=:AAAA:, {self.WRONG}", "checksum_mismatch"),
        ):
            path = self.create(("Upload-Length", "10"))
            answer = self.append(path, value)
            self.assertEqual((answer.status, answer.header("sluice-error")), (400, code), value)
            self.assertEqual(self.state(path), (0, "?0"), "nothing of it is kept")
            self.assertEqual(self.append(path, self.HELLO).status, 204)
            self.assertEqual(self.state(path), (5, "?0"))

    def test_before_the_body_and_behind_it(self):
        path = self.create()
        refused = self.append(path, self.WRONG, ("Content-Digest", self.HELLO))
        self.assertEqual((refused.status, refused.header("sluice-error")), (400, "checksum_invalid"))
        self.assertEqual(self.append(path, None, ("Content-Digest", self.HELLO)).status, 204, "a trailer may get lost on the way")

    def test_of_the_whole_file(self):
        for opt_in in ((LAST,), ()):
            answer = self.send_hello("POST", "/resumable/", "Repr-Digest", self.HELLO, *opt_in)
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(self.original(answer.header("location")), b"hello")
            answer = self.send_hello("POST", "/resumable/", "Repr-Digest", self.WRONG, *opt_in)
            self.assertEqual((answer.status, answer.header("sluice-error")), (400, "digest_mismatch"))
            self.assertEqual(answer.header("upload-complete"), "?1" if opt_in else None)
        both = f"{self.HELLO}\r\nRepr-Digest: sha-512={':' + 'A' * 86 + '==:'}"
        for before, behind, code in ((self.WRONG, self.HELLO, "checksum_invalid"), (self.HELLO, both, "digest_mismatch"), (self.HELLO, self.HELLO, None)):
            answer = self.send_hello("POST", "/resumable/", "Repr-Digest", behind, LAST, ("Repr-Digest", before))
            self.assertEqual((answer.status, answer.header("sluice-error")), (400 if code else 201, code), (before, behind))
        answer = self.send_hello("POST", "/resumable/", "Repr-Digest", None, LAST)
        self.assertEqual((answer.status, answer.header("upload-complete")), (400, "?0"))
        path = answer.header("location")
        self.assertEqual(self.state(path), (5, "?0"), "the bytes are there, and may be said to be all")
        self.assertEqual(self.patch(path, 5, b"", True).status, 200)


class Revoked(RufhCase):
    arguments = ("--auth", "keys")

    def test_r69_a_key_that_was_revoked_in_between_completes_nothing(self):
        key, other = create_key(self.server.data, user="7"), create_key(self.server.data, user="7")
        bearer = ("Authorization", "Bearer " + key["bearer_token"])
        path = self.create(bearer, ("Upload-Length", "10"), body=b"hello")
        keys(self.server.data, "revoke", key["id"])
        ends = time.monotonic() + 30  # it is known within seconds
        while self.send("HEAD", path, bearer).status == 204 and time.monotonic() < ends:
            time.sleep(0.1)
        answer = self.patch(path, 5, b"world", True, bearer)
        self.assertEqual((answer.status, answer.header("sluice-error")), (401, "token_revoked"))
        answer = self.send("HEAD", path, ("Authorization", "Bearer " + other["bearer_token"]))
        self.assertEqual((answer.header("upload-offset"), answer.header("upload-complete")), ("5", "?0"))


class Read(RufhCase):
    arguments = ("--storage", "disk")  # what comes from a socket is not counted

    def bytes_read(self):
        with open(f"/proc/{self.server.process.pid}/io", encoding="ascii") as file:
            return int(re.search(r"rchar: (\d+)", file.read())[1])

    def test_a_digest_that_nobody_knows_is_not_computed(self):
        data = noise(6_000_000)
        for digest, reads in (("md5=:AAAA:", False), ("sha-256=:" + "A" * 43 + "=:", True)):
            path = self.create(("Repr-Digest", digest), body=data)
            before = self.bytes_read()
            answer = self.patch(path, len(data), b"", True)
            self.assertEqual(answer.status, 400 if reads else 200)
            self.assertEqual(self.bytes_read() - before >= len(data), reads, digest)


class ByCurl(RufhCase):
    """The guide to the letter."""

    def blocks(self):
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "..", "..", "docs", "guides", "resumable.md"), encoding="utf-8") as file:
            return [block.replace("http://127.0.0.1:8080", self.server.url) for block in re.findall(r"```sh\n(.*?)```", file.read(), re.DOTALL)]

    def test_the_guide(self):
        data = clip()
        for number, block in enumerate(self.blocks()):
            with self.subTest(number), tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "clip.mp4"), "wb") as file:
                    file.write(data)
                done = subprocess.run(["bash", "-ec", block], cwd=folder, capture_output=True, text=True, timeout=60, check=True)
                self.assertIn("Upload-Complete: ?1", done.stdout)
                media_id = json.loads(done.stdout.splitlines()[-1])["media_id"]
                self.assertEqual(X1(self.server).wait(media_id)["state"], "succeeded")
                self.assertEqual(X1(self.server).original(f"7_{media_id}").body, data)


class Killed(unittest.TestCase):
    def test_r58_the_offset_never_falls(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        case = RufhCase()
        data = noise(2_000_000)
        answer = case.send("POST", "/resumable/", MORE, ("Upload-Length", str(len(data))), body=data[:700_000], server=server)
        path = answer.header("location")
        peer = socket.create_connection((server.host, server.port))
        self.addCleanup(peer.close)
        head = f"PATCH {path} HTTP/1.1\r\nHost: x\r\n{PART[0]}: {PART[1]}\r\nUpload-Complete: ?1\r\nUpload-Offset: 700000\r\nContent-Length: 1300000\r\n\r\n"
        peer.sendall(head.encode() + data[700_000:1_000_000])
        seen = case.state(path, server=server)[0]
        server.kill()
        server.start()
        offset, complete = case.state(path, server=server)
        self.assertGreaterEqual(offset, max(seen, 700_000))
        self.assertEqual(complete, "?0")
        self.assertEqual(case.patch(path, offset, data[offset:], True, server=server).status, 200)
        self.assertEqual(case.original(path, server=server), data)


    def test_a_plain_post_that_was_killed_may_be_said_again(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        case = RufhCase()
        data = noise(100_000)
        peer = socket.create_connection((server.host, server.port))
        self.addCleanup(peer.close)
        peer.sendall(b"POST /resumable/ HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Length: 100000\r\n\r\n" + data[:60_000])
        time.sleep(1)  # what came is stored when nothing more comes
        server.kill()
        server.start()
        answer = case.send("POST", "/resumable/", ("Idempotency-Key", "k"), body=data, server=server)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(case.original(answer.header("location"), server=server), data)


if __name__ == "__main__":
    unittest.main()
