"""What operators lean on: health, version, metrics, logs, request ids."""

import contextlib
import fcntl
import json
import os
import re
import time
import unittest

from support import metrics
from support.case import ServerCase
from support.client import X1, upload
from support.media import noise
from support.server import Server
from support.tracing import Injection

EXPECTED = (
    "sluice_build_info", "process_resident_memory_bytes", "sluice_http_requests_total",
    "sluice_http_request_duration_seconds_count", "sluice_http_received_bytes_total",
    "sluice_uploads_started_total", "sluice_uploads_open", "sluice_upload_segments_total",
    "sluice_errors_total", "sluice_jobs_queued", "sluice_jobs_running", "sluice_jobs_total", "sluice_storage_free_bytes",
)
SECRET = "s3cr3t-token-that-must-not-be-logged"


class Operations(ServerCase):
    def setUp(self):
        self.caller = X1(self.server, SECRET)

    def test_livez_and_readyz(self):
        for path in ("/livez", "/readyz"):
            self.assertEqual(self.caller.get(path).status, 200)

    def test_version_is_json(self):
        answer = self.caller.get("/version")
        self.assertEqual(answer.status, 200)
        self.assertRegex(answer.json()["version"], r"^[0-9]+\.[0-9]+\.[0-9]+")

    def test_a_request_id_is_echoed_if_it_is_valid_and_made_if_not(self):
        self.assertEqual(self.caller.get("/livez", [("X-Request-Id", "abc.DEF_1-2")]).header("x-request-id"), "abc.DEF_1-2")
        for bad in ("has blank", "x" * 129, "semi;colon", '<script>"'):
            made = self.caller.get("/livez", [("X-Request-Id", bad)]).header("x-request-id")
            self.assertRegex(made, r"^req_[0-9a-z]+$")

    def test_request_ids_differ(self):
        ids = {self.caller.get("/livez").header("x-request-id") for _ in range(20)}
        self.assertEqual(len(ids), 20)

    def test_the_metrics_count_what_happened(self):
        before = self.samples()
        media_id = upload(self.caller, noise(1000), 400)
        self.assertEqual(self.caller.wait(media_id)["state"], "failed")
        self.assertEqual(self.caller.status(self.caller.open(10)).status, 409)
        after = self.samples()
        names = {name for name, _, _ in after}
        self.assertEqual([name for name in EXPECTED if name not in names], [])

        def grown(name, **labels):
            return metrics.total(after, name, **labels) - metrics.total(before, name, **labels)

        self.assertEqual(grown("sluice_upload_segments_total"), 3)
        self.assertEqual(grown("sluice_uploads_started_total"), 2)
        self.assertEqual(grown("sluice_errors_total", code="finalize_missing"), 1)
        self.assertGreaterEqual(grown("sluice_http_received_bytes_total"), 1000)
        self.assertGreaterEqual(grown("sluice_jobs_total"), 1)  # those of other tests may end meanwhile

    def samples(self):
        answer = self.caller.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.header("content-type").startswith("text/plain"))
        return metrics.parse(answer.body.decode())

    def test_labels_never_carry_ids_or_paths(self):
        media_id = upload(self.caller, noise(10), 10)
        self.caller.get("/some/path/of/a/stranger?token=1")
        text = self.caller.get("/metrics").body.decode()
        self.assertNotIn(media_id, text)
        self.assertNotIn("stranger", text)

    def test_every_line_of_the_log_is_json_with_time_level_and_message(self):
        self.assertEqual(self.caller.get("/nowhere", [("X-Request-Id", "find-me")]).status, 404)
        upload(self.caller, noise(10), 10)
        until = time.monotonic() + 5  # a line goes out a moment after the answer
        while "find-me" not in self.server.log() and time.monotonic() < until:
            time.sleep(0.01)
        lines = [json.loads(line) for line in self.server.log().splitlines()]
        self.assertTrue(lines)
        for line in lines:
            self.assertTrue(re.match(r"^20\d\d-\d\d-\d\dT", line["time"]), line)
            self.assertTrue(line["level"] and line["msg"], line)
        self.assertTrue([line for line in lines if line.get("request_id") == "find-me"], "the refused request is not in the log")
        self.assertNotIn(SECRET, self.server.log())


class StuckLog(unittest.TestCase):
    """stderr is a pipe that is full, and nobody reads it: a log shipper that hangs."""

    def setUp(self):
        self.reader, self.writer = os.pipe()
        self.server = Server()
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.writer)
        self.addCleanup(self.server.close)
        self.server.start(stderr=self.writer)

    def fill(self):
        os.set_blocking(self.writer, False)  # for the server, too: they share the description
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.writer, b"x" * 4095 + b"\n")
        os.set_blocking(self.writer, True)

    def provoke_a_500(self, caller):
        """A sync of the database fails: it refuses writes from now on, and every refusal is logged."""
        log = os.path.join(os.path.realpath(self.server.data), "sluice.db-wal")
        with Injection(self.server.pid, "fdatasync:error=EIO:when=1+", log):
            self.assertEqual(caller.init(1000).status, 500)

    def test_answers_go_on_after_a_500_and_sigterm_ends(self):
        caller = X1(self.server)
        self.fill()
        self.provoke_a_500(caller)
        for _ in range(20):
            self.assertEqual(caller.init(1000).status, 500)
            self.assertEqual(caller.get("/livez").status, 200)
        self.server.stop(timeout=10)

    def test_stopped_is_the_last_word_and_nothing_is_lost(self):
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 1 << 20)  # room for all of it, in pieces of any size
        caller = X1(self.server)
        for number in range(200):
            self.assertEqual(caller.get("/nowhere", [("X-Request-Id", f"n-{number}")]).status, 404)
        self.assertEqual(self.server.stop(timeout=10), 0)
        os.set_blocking(self.reader, False)
        text = b""
        with contextlib.suppress(BlockingIOError):
            while True:
                text += os.read(self.reader, 1 << 20)
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(lines[-1]["event"], "stopped")
        self.assertEqual(len([line for line in lines if line.get("request_id", "").startswith("n-")]), 200)


if __name__ == "__main__":
    unittest.main()
