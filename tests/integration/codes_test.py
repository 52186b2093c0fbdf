"""The codes that belong to no mistake of an upload: broken HTTP, forms without end, silence, a full disk.

With the tests of the list of mistakes they see to it that every code of the catalogue is received (coverage/codes_gate.py).
"""

import os
import shutil
import subprocess
import unittest

from support import seen
from support.case import ServerCase
from support.client import FORM, V1, V2, X1, Caller
from support.server import Server
from support.wire import Wire, exchange, head


class Transport(ServerCase):
    """Before any call is known: the answer has the shape of its path and a request id, and the connection ends."""

    def refused(self, data, status, code):
        answer = exchange(self.server, data)
        self.assertEqual((answer.status, answer.header("sluice-error")), (status, code), answer)
        self.assertTrue(answer.header("x-request-id"), answer)
        told = answer.json()["sluice"] if "sluice" in answer.json() else answer.json()
        self.assertTrue(told["doc_url"].endswith("/docs/errors/" + code), answer)
        return told["detail"]

    def test_a_request_with_two_framings(self):
        framings = [("Content-Length", 5), ("Transfer-Encoding", "chunked")]
        self.refused(head("POST", V1, framings) + b"0\r\n\r\n", 400, "request_malformed")

    def test_a_version_from_the_future(self):
        self.refused(head("GET", V1, version="HTTP/3.0"), 505, "http_version_unsupported")

    def test_a_compressed_transfer(self):
        self.refused(head("POST", V1, [("Transfer-Encoding", "gzip, chunked")]), 501, "transfer_encoding_unsupported")

    def test_an_expectation_that_nobody_knows(self):
        self.refused(head("POST", V1, [("Expect", "miracles"), ("Content-Length", 1)]), 417, "expectation_unknown")

    def test_an_address_and_a_head_without_end(self):
        self.refused(head("GET", V1 + "?a=" + 9000 * "x"), 414, "uri_too_long")
        self.refused(head("GET", V1, [("Cookie", 17000 * "x")]), 431, "head_too_large")

    def test_a_page_sees_why_its_head_was_refused(self):
        page = ("Origin", "http://localhost:3000")
        for path, version in (("/files/1", "1.0.0"), ("/resumable/1", None)):
            for origin, allowed in ((page, page[1]), (("Origin", "http://evil.example"), None)):
                answer = exchange(self.server, head("PATCH", path, [origin, ("Cookie", 17000 * "x")]))
                self.assertEqual((answer.status, answer.header("sluice-error")), (431, "head_too_large"), answer)
                self.assertEqual(answer.header("access-control-allow-origin"), allowed, answer)
                self.assertEqual(answer.header("tus-resumable"), version, answer)

    def test_row_10_media_in_an_address_without_end(self):
        for name in ("media_data", "media"):
            told = self.refused(head("POST", f"{V1}?command=APPEND&{name}=" + 9000 * "A"), 414, "media_in_url")
            self.assertIn("The media stands in the address", told)


class Origins(ServerCase):
    def test_a_page_of_another_site_may_not_write(self):
        caller = X1(self.server)
        evil = [("Origin", "http://evil.example")]
        answer = caller.post(V1, b"command=INIT&total_bytes=5&media_type=image/png", FORM, evil)
        self.assert_v1_error(answer, 403, "host_not_allowed")
        self.assert_v2_error(caller.post(V2 + "/initialize", b"{}", "text/plain", evil), 403, "host_not_allowed")
        local = [("Origin", "http://localhost:3000")]
        self.assertEqual(caller.post(V1, b"command=INIT&total_bytes=5&media_type=image/png", FORM, local).status, 202)

    def test_a_page_with_credentials_may(self):
        answer = X1(self.server, "token").post(
            V1, b"command=INIT&total_bytes=5&media_type=image/png", FORM, [("Origin", "http://app.example")])
        self.assertEqual(answer.status, 202, answer)


class Forms(ServerCase):
    def test_a_form_of_very_many_fields(self):
        caller = X1(self.server)
        body = "&".join(f"media[{i}]=137" for i in range(2000)).encode()
        self.assert_v1_error(caller.post(V1, body, FORM), 400, "too_many_fields")

    def test_an_output_that_is_not_there(self):
        answer = Caller(self.server).get("/media/7_1/poster.png")
        self.assertEqual((answer.status, answer.header("sluice-error")), (404, "output_unknown"), answer)


class Silence(ServerCase):
    def test_a_head_that_stops_is_told_so(self):
        """The server waits ten seconds for the rest."""
        with Wire(self.server) as wire:
            wire.send(b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Half:")
            answer = wire.read()
            self.assertEqual((answer.status, answer.header("sluice-error")), (408, "request_timeout"), answer)
            self.assertTrue(wire.is_closed())


class SmallDiskServer(Server):
    """Its data lie on 64 MiB of memory that only this process sees."""

    def command(self):
        os.makedirs(self.data, exist_ok=True)
        script = 'mount -t tmpfs -o size=64m none "$0" && exec "$@"'
        return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, self.data, *super().command()]


def may_mount():
    probe = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return shutil.which("unshare") is not None and subprocess.run(probe, capture_output=True).returncode == 0


class FullDisk(unittest.TestCase):
    def test_init_is_refused_when_the_file_cannot_fit(self):
        if not may_mount():
            seen.give_up("storage_full")
            self.skipTest("no mount namespaces here")
        server = SmallDiskServer()
        self.addCleanup(server.close)
        server.start()
        answer = X1(server).init(200 << 20)
        self.assertEqual((answer.status, answer.header("sluice-error")), (507, "storage_full"), answer)
        self.assertRegex(answer.json()["errors"][0]["message"], r"209715200 bytes were announced, \d+ are free")
        self.assertEqual(X1(server).init(1 << 20).status, 202, "what fits is taken")


if __name__ == "__main__":
    unittest.main()
