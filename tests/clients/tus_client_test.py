"""Clients of tus, unmodified, against `sluice serve`: tus-js-client of npm and Debian's tuspy.

Each flow is judged by what the user of the client gets, and by what the server has afterwards: the file, byte for byte, as a
medium that was processed.
"""

import os
import re
import shutil
import tempfile
import unittest

from support import media
from support.broken_line import BrokenLine
from support.client import X1
from support.clients import run_flows
from support.server import Server

LARGEST = 3_000_000
CUTS = (60_000, 90_000)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--limit", f"upload.max_bytes={LARGEST}")
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
        self.assertRegex(value["status_link"], r'/api/v1/uploads/\d+>; rel="status"')
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
        self.assertEqual(value["requests"].count("HEAD 200"), 3)
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


if __name__ == "__main__":
    unittest.main()
