"""GET /media/{media_key}/{name}: ranges, validators, types, and who may have the original."""

import os
import subprocess
import time
import unittest

from support import engine
from support.case import ServerCase
from support.client import X1, upload
from support.media import clip, noise, picture
from support.server import binary
from support.tracing import blob_path
from support.wire import ConnectionEnded, exchange, head

DATA = noise(100_000)


class Original(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.caller = X1(cls.server, "alice")
        cls.media_id = upload(cls.caller, DATA, 30_000)
        cls.path = f"/media/7_{cls.media_id}/original"

    def fetch(self, *headers):
        return self.caller.get(self.path, headers)

    def test_the_whole_of_it_is_a_download_with_safe_headers(self):
        answer = self.fetch()
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.body, DATA)
        self.assertEqual(answer.header("content-length"), str(len(DATA)))
        self.assertEqual(answer.header("x-content-type-options"), "nosniff")
        self.assertTrue(answer.header("content-disposition").startswith("attachment"), answer.headers)
        self.assertEqual(answer.header("accept-ranges"), "bytes")
        self.assertTrue(answer.header("etag"))
        self.assertTrue(answer.header("cache-control"))

    def test_ranges(self):
        end = len(DATA) - 1
        for asked, first, last in (
            ("bytes=0-99", 0, 99), ("bytes=500-", 500, end), ("bytes=-100", end - 99, end), ("bytes=0-0", 0, 0),
            (f"bytes={end}-{end}", end, end), ("bytes=0-999999999", 0, end), ("bytes=29990-30010", 29990, 30010),
            ("bytes=-999999999", 0, end),
        ):
            with self.subTest(asked):
                answer = self.fetch(("Range", asked))
                self.assertEqual(answer.status, 206, answer.headers)
                self.assertEqual(answer.header("content-range"), f"bytes {first}-{last}/{len(DATA)}")
                self.assertEqual(answer.body, DATA[first : last + 1])

    def test_a_range_beyond_the_end_is_not_satisfiable(self):
        for asked in (f"bytes={len(DATA)}-", "bytes=-0"):
            with self.subTest(asked):
                answer = self.fetch(("Range", asked))
                self.assertEqual(answer.status, 416, answer)
                self.assertEqual(answer.header("content-range"), f"bytes */{len(DATA)}")
                self.assertEqual(answer.header("sluice-error"), "range_not_satisfiable")

    def test_a_range_that_makes_no_sense_is_ignored(self):
        for asked in ("bytes=abc", "lines=1-2", "bytes=9-1", "bytes=", "bytes"):
            with self.subTest(asked):
                answer = self.fetch(("Range", asked))
                self.assertEqual((answer.status, len(answer.body)), (200, len(DATA)))

    def test_if_none_match_spares_the_bytes(self):
        etag = self.fetch().header("etag")
        for value in (etag, f'"other", {etag}', "*"):
            answer = self.fetch(("If-None-Match", value))
            self.assertEqual((answer.status, answer.body), (304, b""), answer)
            self.assertEqual(answer.header("etag"), etag)
        self.assertEqual(self.fetch(("If-None-Match", '"other"')).status, 200)

    def test_if_range_with_another_etag_gives_the_whole(self):
        answer = self.fetch(("Range", "bytes=0-9"), ("If-Range", '"other"'))
        self.assertEqual((answer.status, len(answer.body)), (200, len(DATA)))
        answer = self.fetch(("Range", "bytes=0-9"), ("If-Range", self.fetch().header("etag")))
        self.assertEqual((answer.status, answer.body), (206, DATA[:10]))

    def test_head_tells_the_length(self):
        auth = self.caller.headers
        answer = exchange(self.server, head("HEAD", self.path, [*auth, ("Connection", "close")]), "HEAD")
        self.assertEqual((answer.status, answer.header("content-length")), (200, str(len(DATA))), answer)
        ranged = [*auth, ("Range", "bytes=0-9"), ("Connection", "close")]  # of GET alone
        answer = exchange(self.server, head("HEAD", self.path, ranged), "HEAD")
        self.assertEqual((answer.status, answer.header("content-length")), (200, str(len(DATA))), answer)

    def test_only_its_owner_gets_it(self):
        for other in (X1(self.server, "bob"), X1(self.server)):
            answer = other.get(self.path)
            self.assertEqual(answer.status, 404, answer)
            self.assertNotIn(DATA[:100], answer.body)

    def test_unknown_names_and_keys_are_not_found(self):
        for path in (
            f"/media/7_{self.media_id}/nothing", "/media/7_12345/original", "/media/nonsense/original",
            f"/media/3_{self.media_id}/original", f"/media/7_{self.media_id}/..%2f..%2fsluice.db",
        ):
            with self.subTest(path):
                answer = self.caller.get(path)
                self.assertIn(answer.status, (400, 404), answer)
                self.assertTrue(answer.header("sluice-error"), answer)


class Outputs(ServerCase):
    def test_what_we_made_is_served_to_everybody_with_our_type(self):
        caller = X1(self.server, "alice")
        media_id = caller.one_shot(picture(), "tweet_image").json()["media_id_string"]
        self.assertEqual(caller.wait(media_id)["state"], "succeeded")
        variants = {name: o for name, o in caller.outputs(media_id).items() if name != "original"}
        self.assertTrue(variants)
        for name, variant in variants.items():
            answer = X1(self.server).fetch(variant["url"])
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(len(answer.body), variant["size_bytes"])
            self.assertEqual(answer.header("content-type"), variant["content_type"])
            self.assertTrue(variant["content_type"].startswith("image/"))
            self.assertEqual(answer.header("x-content-type-options"), "nosniff")


class OriginalsThatAreNotKept(ServerCase):
    arguments = ("--retention-original", "delete")

    def test_only_what_was_made_stays(self):
        caller = X1(self.server, "alice")
        sent = picture(1500, 1000)  # too large to share a blob with others
        media_id = upload(caller, sent, 300_000, media_type="image/png", category="tweet_image")
        self.assertEqual(caller.wait(media_id)["state"], "succeeded")
        known = caller.upload_object(media_id).json()
        self.assertIsNone(known["original_url"])
        answer = caller.original(known["media_key"])
        self.assertEqual((answer.status, answer.header("sluice-error")), (404, "output_unknown"), answer)
        self.assertIn(b"retention.original=delete", answer.body)
        self.assertFalse(os.path.exists(blob_path(self.server.data, media_id)))
        for output in caller.outputs(media_id).values():
            self.assertEqual(len(caller.fetch(output["url"]).body), output["size_bytes"])
        self.assertEqual(caller.finalize(media_id).status, 201, "again, as the first time")
        self.assertEqual(caller.append(media_id, 0, sent[:300_000]).status, 204, "the same again")
        self.assertEqual(caller.append(media_id, 0, b"x" + sent[1:300_000]).status, 409, "other bytes")
        failed = upload(caller, noise(100_000), 30_000)
        self.assertEqual(caller.wait(failed)["state"], "failed")
        self.assertEqual(len(caller.original(f"7_{failed}").body), 100_000, "somebody may want to look at it")
        self.server.stop()
        checked = subprocess.run(
            [binary(), "fsck", "--data", self.server.data, "--json"], capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, **self.server.environment},
        )
        self.assertEqual(checked.returncode, 0, checked.stdout)


@unittest.skipIf(engine.is_s3(), "it changes a file of the disk; s3_faults_test does the same to an object")
class Changed(ServerCase):
    arguments = ("--cors-origin", "https://app.example.org")

    def test_a_bit_that_changed_on_the_disk_breaks_the_answer_off(self):
        caller, data = X1(self.server), noise(4_000_000)
        media_id = upload(caller, data, 1_000_000)
        self.assertTrue(caller.original(f"7_{media_id}").body == data)
        with open(blob_path(self.server.data, media_id), "r+b") as file:
            file.seek(1_500_000)
            changed = file.read(1)[0] ^ 1
            file.seek(1_500_000)
            file.write(bytes([changed]))
        with self.assertRaises(ConnectionEnded):
            caller.original(f"7_{media_id}")
        self.assert_logged("original_differs")
        rest = caller.get(f"/media/7_{media_id}/original", [("Range", "bytes=2000000-")])
        self.assertTrue(rest.body == data[2_000_000:], "the other segments are what they were")

    def test_what_cannot_be_begun_is_refused_as_the_answer_to_its_page(self):
        caller, page = X1(self.server), [("Origin", "https://app.example.org")]
        media_id = upload(caller, noise(400_000), 200_000)
        path = f"/media/7_{media_id}/original"
        told = caller.get(path, page).header("access-control-allow-origin")
        failures = self.failures_counted(caller)
        os.truncate(blob_path(self.server.data, media_id), 0)
        refused = caller.get(path, page)
        self.assertEqual((refused.status, refused.header("sluice-error")), (500, "storage_failed"), refused)
        self.assertEqual((told, refused.header("access-control-allow-origin")), ("https://app.example.org",) * 2)
        self.assertIn("x-request-id", refused.header("access-control-expose-headers").lower())
        ends = time.monotonic() + 5
        while self.failures_counted(caller) == failures and time.monotonic() < ends:
            time.sleep(0.05)
        self.assertEqual(self.failures_counted(caller), failures + 1)

    def assert_logged(self, event):
        """No answer waits for the log: it may come after it."""
        ends = time.monotonic() + 5
        while event not in self.server.log() and time.monotonic() < ends:
            time.sleep(0.02)
        self.assertIn(event, self.server.log())

    def failures_counted(self, caller):
        """Of the route that delivers."""
        counter = 'sluice_http_requests_total{protocol="delivery",route="file",method="GET",code="500"} '
        lines = caller.get("/metrics").body.decode().splitlines()
        return sum(int(line.removeprefix(counter)) for line in lines if line.startswith(counter))

    def change(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            changed = file.read(1)[0] ^ 1
            file.seek(at)
            file.write(bytes([changed]))

    def file_of(self, content):
        """Where the server has these bytes."""
        for folder, _, names in os.walk(os.path.join(self.server.data, "blobs")):
            for path in (os.path.join(folder, name) for name in names):
                with open(path, "rb") as file:
                    if file.read() == content:
                        return path
        raise AssertionError("no file has these bytes")

    def test_a_bit_of_what_was_made_that_changed_on_the_disk_breaks_the_answer_off(self):
        caller = X1(self.server)
        media_id = upload(caller, clip(2), 1_000_000)
        self.assertEqual(caller.wait(media_id)["state"], "succeeded")
        outputs = caller.outputs(media_id)
        film = next(one for one in outputs.values() if one["content_type"] == "video/mp4")
        content = caller.fetch(film["url"]).body
        self.change(self.file_of(content), len(content) // 2)
        with self.assertRaises(ConnectionEnded):
            caller.fetch(film["url"])
        self.assert_logged("output_differs")
        playlists = [one for one in outputs.values() if one["content_type"] == "application/vnd.apple.mpegurl"]
        self.assertTrue(playlists)
        text = caller.fetch(playlists[0]["url"]).body
        self.change(self.file_of(text), len(text) // 2)
        refused = caller.fetch(playlists[0]["url"])
        self.assertEqual((refused.status, refused.header("sluice-error")), (500, "storage_failed"), refused)


if __name__ == "__main__":
    unittest.main()
