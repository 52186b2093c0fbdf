"""What went wrong, asked of the server and of recordings: the API, `sluice diagnose ID`, and `sluice diagnose --trace FILE`."""

import json
import os
import subprocess
import tempfile
import unittest

from support.case import ServerCase
from support.client import X1, upload
from support.curl import shell
from support.media import noise
from support.server import binary

TRACES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "traces")


def diagnose(*arguments, stdin=None):
    return subprocess.run(
        [binary(), "diagnose", *arguments], capture_output=True, timeout=60,
        **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}),
    )


class OfOurOwnUploads(ServerCase):
    arguments = ("--limit", "segment.max_bytes=1000")

    def setUp(self):
        self.caller = X1(self.server)

    def verdict(self, media_id):
        answer = self.caller.get(f"/api/v1/uploads/{media_id}/diagnosis")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def command(self, media_id, *more):
        return diagnose(media_id, "--server", self.server.url, *more)

    def complete_but_open(self):
        media_id = self.caller.open(10)
        self.assertEqual(self.caller.append(media_id, 0, b"0123456789").status, 204)
        return media_id

    def test_finalize_forgotten(self):
        media_id = self.complete_but_open()
        for _ in range(4):
            self.caller.status(media_id)
        body = self.verdict(media_id)
        self.assertEqual((body["code"], body["confidence"], body["healthy"]), ("finalize_missing", "certain", False), body)
        self.assertIn("STATUS was asked 4 times", body["facts"])
        self.assertTrue(body["doc_url"].endswith("/docs/errors/finalize_missing"))
        self.assertEqual(body["verdicts"][0]["code"], body["code"])

    def test_the_next_call_runs_as_printed_and_mends_it(self):
        media_id = self.complete_but_open()
        answer = shell(self.verdict(media_id)["next"]["curl"])
        self.assertEqual(answer.status, 201, answer)

    def test_each_next_call_leads_on_when_a_gap_was_refused(self):
        media_id = self.caller.open(3000)
        for index in (0, 2):
            self.assertEqual(self.caller.append(media_id, index, noise(1000, seed=index)).status, 204)
        self.assertEqual(self.caller.append(media_id, 0, noise(1000, seed=7)).header("sluice-error"), "segment_conflict")
        self.assertEqual(self.caller.finalize(media_id).header("sluice-error"), "segment_missing")
        body = self.verdict(media_id)
        self.assertEqual(([one["code"] for one in body["verdicts"]]), ["segment_missing", "segment_conflict"], body)
        with tempfile.NamedTemporaryFile(prefix="sluice-segment.") as file:
            file.write(noise(1000, seed=1))
            file.flush()
            answer = shell(body["next"]["curl"].replace("@FILE", "@" + file.name))
        self.assertEqual(answer.status, 204, answer)
        body = self.verdict(media_id)
        self.assertEqual((body["code"], body["confidence"]), ("finalize_missing", "certain"), body)
        self.assertEqual({one["code"] for one in body["verdicts"][1:]}, {"segment_missing", "segment_conflict"}, body)
        self.assertEqual(shell(body["next"]["curl"]).status, 201)

    def test_a_refused_append_is_the_cause_and_not_what_follows_from_it(self):
        media_id = self.caller.open(2500)
        self.caller.append(media_id, 0, noise(1000))
        self.caller.append(media_id, 1, noise(1500))
        self.caller.finalize(media_id)
        self.caller.status(media_id)
        body = self.verdict(media_id)
        self.assertEqual(body["code"], "segment_too_large", body)
        self.assertIn("1500", body["facts"])

    def test_a_failed_upload_tells_why_processing_failed(self):
        media_id = upload(self.caller, noise(900), 900)
        self.assertEqual(self.caller.wait(media_id)["state"], "failed")
        body = self.verdict(media_id)
        self.assertFalse(body["healthy"], body)
        self.assertIn("Processing failed", body["facts"])

    def test_one_under_way_is_no_problem(self):
        body = self.verdict(self.caller.open(10))
        self.assertEqual((body["code"], body["healthy"]), ("upload_under_way", True), body)

    def test_another_users_upload_does_not_exist(self):
        media_id = X1(self.server, "me").open(10)
        answer = X1(self.server, "other").get(f"/api/v1/uploads/{media_id}/diagnosis")
        self.assertEqual((answer.status, answer.header("sluice-error")), (404, "media_unknown"), answer)

    def test_the_command_prints_the_verdict_and_exits_1(self):
        done = self.command(self.complete_but_open())
        self.assertEqual(done.returncode, 1, done)
        text = done.stdout.decode()
        self.assertRegex(text, r"^sluice: \d+: .*\(finalize_missing, certain\)\n  facts  .*\n  do     .*\n  next   curl .*\n  more   http")

    def test_the_command_as_json(self):
        done = self.command(self.complete_but_open(), "--json")
        body = json.loads(done.stdout)
        self.assertEqual((body["v"], body["type"], body["code"]), (1, "diagnosis", "finalize_missing"), body)

    def test_the_command_exits_0_when_nothing_is_wrong_and_8_without_upload(self):
        self.assertEqual(self.command(self.caller.open(10)).returncode, 0)
        self.assertEqual(self.command("1234567890123456789").returncode, 8)


class OfRecordings(unittest.TestCase):
    """Recorded against the real X, whose answers name no cause."""

    def of(self, name, *more):
        done = diagnose("--trace", os.path.join(TRACES, name), "--json", *more)
        self.assertNotIn(b"SECRET", done.stdout + done.stderr)
        return done.returncode, json.loads(done.stdout)["code"]

    def test_the_four_causes_of_the_thread(self):
        self.assertEqual(self.of("finalize_forgotten.curl.txt"), (1, "finalize_missing"))
        self.assertEqual(self.of("finalize_forgotten.har"), (1, "finalize_missing"))
        self.assertEqual(self.of("category_missing.har"), (1, "category_missing"))
        self.assertEqual(self.of("polling_too_fast.har"), (1, "polling_too_fast"))
        self.assertEqual(self.of("rate_limit.curl.txt"), (1, "rate_limited"))

    def test_others(self):
        self.assertEqual(self.of("append_refused.curl.txt"), (1, "segment_too_large"))
        self.assertEqual(self.of("path_as_media.curl.txt"), (1, "path_as_media"))
        self.assertEqual(self.of("scope_missing.trace.txt"), (1, "scope_missing"))
        self.assertEqual(self.of("ready.har"), (0, "healthy"))

    def test_from_stdin_as_text(self):
        with open(os.path.join(TRACES, "finalize_forgotten.curl.txt"), "rb") as file:
            done = diagnose("--trace", "-", stdin=file.read())
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(b"(finalize_missing, certain)", done.stdout)

    def test_what_is_no_recording_exits_3_and_says_so(self):
        for text in (b"", b"hello\n", b'{"log":{}}', b"\x00\xff"):
            done = diagnose("--trace", "-", stdin=text)
            self.assertEqual((done.returncode, done.stdout), (3, b""), done)
            self.assertIn(b"HAR", done.stderr)
        self.assertEqual(diagnose("--trace", "/nonexistent").returncode, 3)

    def test_wrong_usage_exits_2(self):
        self.assertEqual(diagnose().returncode, 2)
        self.assertEqual(diagnose("1", "2").returncode, 2)
        self.assertEqual(diagnose("1", "--trace", "x").returncode, 2)


if __name__ == "__main__":
    unittest.main()
