"""Clients of resumable uploads, unmodified, against `sluice serve`: tus-js-client of npm, Debian's tuspy, and curl.

Each flow is judged by what the user of the client gets, and by what the server has afterwards: the file, byte for byte, as a
medium that was processed.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from support import media
from support.broken_line import BrokenLine
from support.browser import upload_with_tus_js, upload_with_uppy
from support.client import X1
from support.clients import run_flows
from support.keys import create_key
from support.server import Server

LARGEST = 3_000_000
CUTS = (60_000, 90_000)


class Case(unittest.TestCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--limit", f"upload.max_bytes={LARGEST}", *cls.arguments)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.caller = X1(cls.server)
        cls.folder = tempfile.mkdtemp(prefix="sluice-tus-clients.")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.clip = media.clip(3, "640x360")
        assert 4 * 50_000 < len(cls.clip) < LARGEST, len(cls.clip)
        cls.files = {
            "video": media.scratch_file(cls.folder, "clip.mp4", cls.clip),
            "large": media.scratch_file(cls.folder, "large.mp4", media.noise(LARGEST + 1)),
        }

    def flow(self, client, name, **more):
        wanted = {"endpoint": f"{self.server.url}/files/", "rufh": f"{self.server.url}/resumable/", **more}
        told = run_flows(client, [name], dict(os.environ), self.files, wanted)[name]
        self.assertFalse(told.get("missing"), "the driver has no such flow")
        return told

    def works(self, client, name, data=None, **more):
        told = self.flow(client, name, **more)
        self.assertNotIn("error", told)
        value = told["value"]
        self.assert_whole(value["url"].rsplit("/", 1)[1], self.clip if data is None else data)
        return value

    def assert_whole(self, media_id, data):
        got = self.caller.original("7_" + media_id)
        self.assertTrue(got.body == data, f"not the same {len(data)} bytes, but {got.status} with {len(got.body)}")
        if data:
            self.assertEqual(self.caller.wait(media_id)["state"], "succeeded")

    def named(self, value):
        self.assertEqual(self.caller.upload_object(value["media_id"]).json()["file_name"], "clip.mp4")

    def refuses(self, client, name, *texts):
        told = self.flow(client, name)
        for text in texts:
            self.assertIn(text, told.get("error", str(told)))

    def over_a_broken_line(self, client, name):
        with BrokenLine(self.server, CUTS) as line:
            value = self.works(client, name, broken=f"{line.url}/files/")
            self.assertEqual(line.broken, len(CUTS))
        return value


class TusJs(Case):
    def works(self, client, name, data=None, **more):
        value = super().works(client, name, data, **more)
        self.assertRegex(value["status_link"], r'^</api/v1/uploads/\d+>; rel="status"')
        return value

    def test_whole(self):
        value = self.works("tus_js", "whole")
        self.assertEqual(value["requests"], ["POST 201", "PATCH 204"])
        self.named(value)

    def test_chunks(self):
        value = self.works("tus_js", "chunks")
        self.assertEqual(len(value["requests"]), 1 + -(-len(self.clip) // 50_000))

    def test_a_buffer(self):
        self.works("tus_js", "a_buffer")

    def test_data_with_the_creation(self):
        self.assertEqual(self.works("tus_js", "with_creation")["requests"], ["POST 201"])
        self.assertEqual(self.works("tus_js", "with_creation_in_chunks")["requests"][:2], ["POST 201", "PATCH 204"])

    def test_resume(self):
        value = self.works("tus_js", "resume")
        self.assertEqual(value["requests"][0], "HEAD 200")
        self.assertNotIn("POST 201", value["requests"])
        self.assertGreaterEqual(value["first"], 50_000)

    def test_parallel(self):
        value = self.works("tus_js", "parallel")
        self.assertEqual(value["requests"].count("POST 201"), 5, "four parts and the one that joins them")
        self.assertEqual(value["requests"][-1], "POST 201")

    def test_parallel_with_resume(self):
        value = self.works("tus_js", "parallel_resume")
        self.assertGreaterEqual(value["requests"].count("HEAD 200"), 3, "of three parts; a slow one is asked about again")
        self.assertEqual(value["requests"].count("POST 201"), 1, "only the one that joins them")

    def test_deferred_length(self):
        self.works("tus_js", "deferred_length")

    def test_post_instead_of_patch(self):
        self.assertEqual(set(self.works("tus_js", "override")["requests"]), {"POST 201", "POST 204"})

    def test_empty(self):
        self.works("tus_js", "empty", data=b"")

    def test_broken_line(self):
        value = self.over_a_broken_line("tus_js", "broken_line")
        self.assertIn("HEAD 200", value["requests"])
        self.assertEqual(value["requests"].count("POST 201"), 1)

    def test_broken_line_with_the_creation(self):
        self.over_a_broken_line("tus_js", "broken_line_with_creation")

    def test_terminate(self):
        self.assertEqual(self.flow("tus_js", "terminate")["value"]["status"], 410)

    def test_a_url_of_nothing_begins_again(self):
        value = self.works("tus_js", "forgotten")
        self.assertEqual(value["requests"][:2], ["HEAD 410", "POST 201"])
        self.assertNotEqual(value["url"], value["before"])

    def test_mistakes(self):
        self.refuses("tus_js", "too_large", "413", "file_too_large", str(LARGEST))
        self.refuses("tus_js", "wrong_category", "400", "category_unknown", "Did you mean tweet_video?")
        self.refuses("tus_js", "bad_metadata", "400", "metadata_invalid")


class Uppy(Case):
    """In a browser that loads the page anew in mid-upload."""

    def check(self, golden):
        seen = upload_with_uppy(f"{self.server.url}/files/", self.files["video"], golden)
        self.assertIsNone(seen["failed"], seen)
        self.assertEqual((seen["result"]["name"], seen["restored"]), ("holiday.mp4", golden))
        self.assertEqual([call["method"] for call in seen["first"]], ["POST"], "the PATCH had not ended")
        self.assertEqual([call["method"] for call in seen["second"]], ["HEAD", "PATCH"], seen)
        self.assertGreater(seen["second"][1]["offset"], len(self.clip) // 5, "it began again at the start")
        self.assert_whole(seen["result"]["url"].rsplit("/", 1)[1], self.clip)

    def test_golden_retriever(self):
        self.check(golden=True)

    def test_the_same_file_chosen_again(self):
        self.check(golden=False)


class TusJsInAPage(Case):
    """In a browser, on a page of another origin, which then reads how the upload ended."""

    modes = ("whole", "override", "resume")
    token = None

    def test_every_protocol(self):
        told = upload_with_tus_js(self.server.url, self.files["video"], self.modes, self.token)
        self.assertEqual(len(told), 3 * len(self.modes))
        for flow, seen in told.items():
            with self.subTest(flow):
                self.assertNotIn("error", seen)
                media_id = seen["url"].rsplit("/", 1)[1]
                self.assertEqual((seen["ids"], seen["file_name"]), ([media_id] * 3, "clip.mp4"))
                self.assertEqual(seen["original"], f"{self.server.url}/media/7_{media_id}/original")
                self.assertEqual(seen["digest"], hashlib.sha256(self.clip).hexdigest())
                self.assertEqual(seen["mistake"], [404, "media_unknown"])
                self.assert_calls(flow.split()[1], [call.split()[0] for call in seen["requests"]])

    def assert_calls(self, mode, methods):
        pieces = -(-len(self.clip) // 100_000)
        wanted = {
            "whole": ["POST", "PATCH"],
            "override": ["POST"] * (1 + pieces),
            "resume": ["HEAD"] + ["PATCH"] * (pieces - 1),
        }
        self.assertEqual(methods, wanted[mode])


class TusJsInAPageWithKeys(TusJsInAPage):
    """The token goes along, to be asked for before each call, and over the redirection."""

    arguments = ("--auth", "keys")
    modes = ("override",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = create_key(cls.server.data, "page")["bearer_token"]


class Tuspy(Case):
    def test_whole(self):
        self.named(self.works("tuspy", "whole"))

    def test_chunks(self):
        self.works("tuspy", "chunks")

    def test_checksums(self):
        self.works("tuspy", "checksums")

    def test_resume(self):
        value = self.works("tuspy", "resume")
        self.assertEqual((value["first"], value["same"]), (50_000, True))

    def test_broken_line(self):
        self.over_a_broken_line("tuspy", "broken_line")

    def test_a_wrong_checksum_stores_nothing(self):
        value = self.works("tuspy", "wrong_checksum")
        self.assertTrue(re.match(r"460 .*checksum_mismatch", value["told"], re.DOTALL), value)
        self.assertEqual(value["offset"], 0)

    def test_too_large(self):
        self.refuses("tuspy", "too_large", "413", "file_too_large")


class TusJsDrafts(Case):
    """The modes in which tus-js-client speaks drafts of the resumable uploads of HTTP."""

    def works(self, client, name, data=None, **more):
        value = super().works(client, name, data, **more)
        self.assertIn("/resumable/", value["url"])
        told = self.caller.upload_object(value["url"].rsplit("/", 1)[1]).json()
        self.assertEqual((told["file_name"], told["media_type"], told["category"]), ("clip.mp4", "video/mp4", "tweet_video"))
        return value

    def test_whole(self):
        for draft in ("draft_03", "draft_05"):
            self.assertEqual(len(self.works("tus_js", draft)["requests"]), 2, draft)

    def test_chunks(self):
        for draft in ("draft_03", "draft_05"):
            self.assertEqual(len(self.works("tus_js", f"{draft}_in_chunks")["requests"]), 1 + -(-len(self.clip) // 50_000), draft)

    def test_data_with_the_creation(self):
        for draft in ("draft_03", "draft_05"):
            self.assertEqual(len(self.works("tus_js", f"{draft}_with_creation")["requests"]), 1, draft)

    def test_resume(self):
        for draft in ("draft_03", "draft_05"):
            value = self.works("tus_js", f"{draft}_resume")
            self.assertTrue(value["requests"][0].startswith("HEAD 20"), value)
            self.assertFalse([one for one in value["requests"] if one.startswith("POST")], value)
            self.assertGreaterEqual(value["first"], 50_000)


class CurlByHand(Case):
    """The resumable uploads of HTTP as their text has them, call by call, with curl."""

    def curl(self, *arguments):
        """(status, header fields, body) of the last answer, be it an interim one; curl's exit code in `self.code`."""
        done = subprocess.run(
            ["curl", "-sS", "-i", "--max-time", "30", *arguments], capture_output=True, timeout=40, check=False,
        )
        self.code = done.returncode
        head, _, body = re.split(rb"(?<=\r\n\r\n)(?=HTTP/1\.1 )", done.stdout)[-1].partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return int(status.split()[1]) if status else 0, fields, body

    def url(self, path):
        return self.server.url + path

    def append(self, path, offset, piece, complete):
        fields = [f"Upload-Offset: {offset}", f"Upload-Complete: {complete}", "Content-Type: application/partial-upload"]
        words = [word for field in fields for word in ("-H", field)]
        return self.curl("-X", "PATCH", *words, "--data-binary", f"@{piece}", self.url(path))

    def piece(self, start, end):
        return media.scratch_file(self.folder, f"piece-{start}", self.clip[start:end])

    def test_piece_after_piece(self):
        name = "Content-Disposition: inline; filename*=UTF-8''clip.mp4"
        status, fields, _ = self.curl(
            "-H", "Upload-Complete: ?0", "-H", f"Upload-Length: {len(self.clip)}", "-H", "Content-Type: video/mp4", "-H", name,
            "--data-binary", f"@{self.piece(0, 100_000)}", self.url("/resumable/?media_category=tweet_video"),
        )
        self.assertEqual((status, fields["upload-complete"], fields["upload-offset"]), (201, "?0", "100000"))
        path = fields["location"]
        status, fields, _ = self.curl("-I", self.url(path))
        self.assertEqual((status, fields["upload-offset"], fields["upload-complete"]), (204, "100000", "?0"))
        status, fields, body = self.append(path, 5, self.piece(100_000, 200_000), "?0")
        self.assertEqual((status, fields["upload-offset"], fields["content-type"]), (409, "100000", "application/problem+json"))
        self.assertEqual(json.loads(body)["expected-offset"], 100_000)
        self.assertEqual(self.append(path, 100_000, self.piece(100_000, 200_000), "?0")[0], 204)
        status, fields, _ = self.append(path, 200_000, self.piece(200_000, len(self.clip)), "?1")
        self.assertEqual((status, fields["upload-complete"]), (200, "?1"))
        self.assert_whole(fields["sluice-media-id"], self.clip)
        self.named({"media_id": fields["sluice-media-id"]})

    def test_all_at_once_and_on_after_a_cut(self):
        video = ["-H", "Upload-Complete: ?1", "-H", "Upload-Draft-Interop-Version: 9", "-H", "Content-Type: video/mp4"]
        # A second for the upload to be written down, on however busy a disk.
        with BrokenLine(self.server, (300_000,)) as line:
            told = self.curl(*video, "--limit-rate", "300k", "--data-binary", f"@{self.files['video']}", f"{line.url}/resumable/")
        self.assertNotEqual(self.code, 0, "the line did not break")
        # The interim answer came before the body had gone, and curl shows it.
        self.assertEqual((told[0], told[1]["upload-draft-interop-version"]), (104, "9"))
        path = told[1]["location"]
        status, fields, _ = self.curl("-I", self.url(path))
        self.assertEqual((status, fields["upload-complete"]), (204, "?0"))
        offset = int(fields["upload-offset"])
        self.assertTrue(0 < offset < len(self.clip), offset)
        status, fields, _ = self.append(path, offset, self.piece(offset, len(self.clip)), "?1")
        self.assertEqual((status, fields["upload-complete"]), (200, "?1"))
        self.assert_whole(fields["sluice-media-id"], self.clip)

    def test_cancelled(self):
        path = self.curl("-H", "Upload-Complete: ?0", "--data-binary", "hello", self.url("/resumable/"))[1]["location"]
        self.assertEqual(self.curl("-X", "DELETE", self.url(path))[0], 204)
        self.assertEqual(self.curl("-I", self.url(path))[0], 410)


if __name__ == "__main__":
    unittest.main()
