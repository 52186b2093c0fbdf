"""X's v1.1 guide, followed with raw curl, and the liberties that its clients take."""

import base64
import concurrent.futures
import random
import tempfile
import unittest

from support.case import ServerCase
from support.client import V1, X1, pieces, upload
from support.curl import curl
from support.media import clip, noise, picture, probe, scratch_file
from support.wire import Part, multipart


class GuideByCurl(ServerCase):
    def setUp(self):
        self.url = self.server.url + V1
        folder = tempfile.TemporaryDirectory(prefix="sluice-x1.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.caller = X1(self.server)

    def init(self, total, media_type="video/mp4", category="tweet_video"):
        answer = curl(
            self.url, "-d", "command=INIT", "-d", f"total_bytes={total}", "--data-urlencode", f"media_type={media_type}",
            "-d", f"media_category={category}",
        )
        self.assertEqual(answer.status, 202, answer)
        return answer

    def assert_appended(self, answer):
        self.assertEqual((answer.status, answer.body), (204, b""), answer)
        self.assertNotIn("json", answer.header("content-type") or "")

    def append_binary(self, media_id, index, data):
        path = scratch_file(self.folder, f"segment{index}", data)
        return curl(
            self.url, "-F", "command=APPEND", "-F", f"media_id={media_id}", "-F", f"segment_index={index}",
            "-F", f"media=@{path}",
        )

    def append_base64_multipart(self, media_id, index, data):
        path = scratch_file(self.folder, f"segment{index}.b64", base64.b64encode(data))
        return curl(
            self.url, "-F", "command=APPEND", "-F", f"media_id={media_id}", "-F", f"segment_index={index}",
            "-F", f"media_data=<{path}",
        )

    def append_base64_urlencoded(self, media_id, index, data):
        path = scratch_file(self.folder, f"segment{index}.b64", base64.b64encode(data))
        return curl(
            self.url, "-d", "command=APPEND", "-d", f"media_id={media_id}", "-d", f"segment_index={index}",
            "--data-urlencode", f"media_data@{path}",
        )

    def finish(self, media_id, category_number=7):
        answer = curl(self.url, "-d", "command=FINALIZE", "-d", f"media_id={media_id}")
        self.assertEqual(answer.status, 201, answer)
        body = answer.json()
        self.assertEqual(str(body["media_id"]), body["media_id_string"])
        self.assertEqual(body["media_id_string"], media_id)
        self.assertEqual(body["media_key"], f"{category_number}_{media_id}")
        return body

    def test_init_answers_both_forms_of_the_id_and_a_key(self):
        body = self.init(1000).json()
        self.assertIsInstance(body["media_id"], int)
        self.assertEqual(body["media_id_string"], str(body["media_id"]))
        self.assertRegex(body["media_id_string"], r"^[0-9]{15,19}$")
        self.assertEqual(body["media_key"], "7_" + body["media_id_string"])
        self.assertEqual(body["expires_after_secs"], 86400)

    def test_a_video_goes_in_by_chunks_of_every_form_and_comes_out_playable(self):
        video = clip()
        media_id = self.init(len(video)).json()["media_id_string"]
        ways = [self.append_binary, self.append_base64_multipart, self.append_base64_urlencoded]
        segments = pieces(video, len(video) // 5 + 1)
        for index, data in segments:
            self.assert_appended(ways[index % len(ways)](media_id, index, data))
        body = self.finish(media_id)
        self.assertEqual(body["size"], len(video))
        self.assertIn(body["processing_info"]["state"], ("pending", "in_progress"))
        self.assertGreaterEqual(body["processing_info"]["check_after_secs"], 1)
        info, seen = self.caller.timed_wait(media_id)
        self.assertEqual(info["state"], "succeeded", info)
        self.assertEqual(info["progress_percent"], 100)
        self.assertNotIn("check_after_secs", info)
        percents = [step.get("progress_percent", 0) for step in seen]
        self.assertEqual(percents, sorted(percents))
        self.check_outputs(media_id, body["media_key"], video)

    def check_outputs(self, media_id, media_key, video):
        self.assert_original(self.caller, media_key, video)
        outputs = self.caller.outputs(media_id)
        renditions = [o for name, o in outputs.items() if name != "original" and o["content_type"] == "video/mp4"]
        posters = [o for o in outputs.values() if o["content_type"].startswith("image/")]
        self.assertTrue(renditions and posters, outputs)
        for output in renditions + posters:
            answer = self.caller.fetch(output["url"])
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(len(answer.body), output["size_bytes"])
            self.assertEqual(answer.header("content-type"), output["content_type"])
        rendition = probe(self.caller.fetch(renditions[0]["url"]).body)
        codecs = sorted(stream["codec_name"] for stream in rendition["streams"])
        self.assertEqual(codecs, ["aac", "h264"])
        self.assertAlmostEqual(float(rendition["format"]["duration"]), 2.0, delta=0.3)

    def test_status_of_a_processing_job_is_a_media_object(self):
        video = clip()
        media_id = upload(self.caller, video, 100_000)
        answer = curl("-G", self.url, "-d", "command=STATUS", "-d", f"media_id={media_id}")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["media_id_string"], media_id)
        self.assertIn(answer.json()["processing_info"]["state"], ("pending", "in_progress", "succeeded"))
        self.assertEqual(self.caller.wait(media_id)["state"], "succeeded")

    def test_an_image_goes_in_by_one_shot(self):
        path = scratch_file(self.folder, "picture.png", picture())
        answer = curl(self.url, "-F", f"media=@{path}", "-F", "media_category=tweet_image")
        self.assertEqual(answer.status, 200, answer)
        body = answer.json()
        self.assertEqual(body["media_key"], "3_" + body["media_id_string"])
        self.assertEqual(body["size"], len(picture()))
        self.assertEqual((body["image"]["w"], body["image"]["h"]), (640, 480))
        self.assertEqual(body["image"]["image_type"], "image/png")
        self.assert_original(self.caller, body["media_key"], picture())
        # X answers 404 here; clients that always poll deserve better (mistakes, row 72).
        self.assertEqual(self.caller.wait(body["media_id_string"])["state"], "succeeded")

    def test_an_image_goes_in_by_one_shot_as_urlencoded_base64(self):
        path = scratch_file(self.folder, "picture.b64", base64.b64encode(picture()))
        answer = curl(self.url, "--data-urlencode", f"media_data@{path}")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["size"], len(picture()))

    def test_an_image_goes_in_by_chunks(self):
        media_id = self.init(len(picture()), "image/png", "tweet_image").json()["media_id_string"]
        self.assert_appended(self.append_binary(media_id, 0, picture()))
        body = self.finish(media_id, category_number=3)
        self.assertEqual(self.caller.wait(media_id)["state"], "succeeded")
        variants = [o for name, o in self.caller.outputs(media_id).items() if name != "original"]
        self.assertTrue(variants)
        for variant in variants:
            answer = self.caller.fetch(variant["url"])
            found = probe(answer.body, ".img")["streams"][0]
            self.assertEqual((found["width"], found["height"]), (variant["width"], variant["height"]))
        self.assert_original(self.caller, body["media_key"], picture())


class Liberties(ServerCase):
    """What the field does although the guide does not say so (reference: clients, 8.2)."""

    def setUp(self):
        self.caller = X1(self.server)

    def finished(self, media_id, data):
        answer = self.caller.finalize(media_id)
        self.assertEqual(answer.status, 201, answer)
        self.assert_original(self.caller, answer.json()["media_key"], data)

    def test_segments_come_out_of_order_and_unequal(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        data = noise(3_000_000, seed)
        cuts = sorted(chance.sample(range(1, len(data)), 20))
        segments = list(enumerate(data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)])))
        chance.shuffle(segments)
        media_id = self.caller.open(len(data))
        with self.subTest(seed=seed):
            for index, piece in segments:
                self.assertEqual(self.caller.append(media_id, index, piece).status, 204)
            self.finished(media_id, data)

    def test_segments_come_in_parallel(self):
        data = noise(12_345_678)
        media_id = self.caller.open(len(data))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda piece: self.caller.append(media_id, *piece), pieces(data, 1 << 20))
            self.assertEqual({answer.status for answer in answers}, {204})
        self.finished(media_id, data)

    def test_segments_come_backwards(self):
        data = noise(2_000_000)
        media_id = self.caller.open(len(data))
        for index, piece in reversed(pieces(data, 300_000)):
            self.assertEqual(self.caller.append(media_id, index, piece).status, 204)
        self.finished(media_id, data)

    def test_a_repeated_segment_with_the_same_bytes_changes_nothing(self):
        data = noise(200_000)
        media_id = self.caller.open(len(data))
        for index, piece in [*pieces(data, 100_000), *pieces(data, 100_000)]:
            self.assertEqual(self.caller.append(media_id, index, piece).status, 204)
        self.finished(media_id, data)

    def test_a_repeated_segment_with_other_bytes_is_refused_and_the_first_one_stays(self):
        data = noise(200_000)
        media_id = self.caller.open(len(data))
        first, second = pieces(data, 100_000)
        self.assertEqual(self.caller.append(media_id, *first).status, 204)
        self.assert_v1_error(self.caller.append(media_id, 0, second[1]), 409, "segment_conflict")
        self.assertEqual(self.caller.append(media_id, *second).status, 204)
        self.finished(media_id, data)

    def test_the_media_part_may_stand_before_the_parameters(self):
        data = noise(300_000)
        media_id = self.caller.open(len(data))
        parts = [Part("media", data, "blob"), Part("segment_index", 0), Part("media_id", media_id), Part("command", "APPEND")]
        content_type, body = multipart(parts)
        self.assertEqual(self.caller.post(V1, body, content_type).status, 204)
        self.finished(media_id, data)

    def test_parameters_may_stand_in_the_query_and_only_the_media_in_the_body(self):
        data = noise(50_000)
        media_id = self.caller.open(len(data))
        content_type, body = multipart([Part("media", data, "blob")])
        target = f"{V1}?command=APPEND&media_id={media_id}&segment_index=0"
        self.assertEqual(self.caller.post(target, body, content_type).status, 204)
        self.finished(media_id, data)

    def test_a_base64_part_is_decoded_where_its_head_says_so(self):
        data = noise(50_001)
        media_id = self.caller.open(len(data))
        parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", 0)]
        encoded = Part("media", base64.b64encode(data), "blob", [("Content-Transfer-Encoding", "base64")])
        content_type, body = multipart([*parts, encoded])
        self.assertEqual(self.caller.post(V1, body, content_type).status, 204)
        self.finished(media_id, data)

    def test_an_empty_last_segment_counts_as_nothing(self):
        data = noise(50_000)
        media_id = self.caller.open(len(data))
        self.assertEqual(self.caller.append(media_id, 0, data).status, 204)
        self.assertEqual(self.caller.append(media_id, 1, b"").status, 204)
        self.finished(media_id, data)

    def test_the_missing_last_line_end_of_a_form_is_forgiven(self):
        data = noise(10_000)
        media_id = self.caller.open(len(data))
        parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", 0), Part("media", data)]
        content_type, body = multipart(parts)
        self.assertEqual(self.caller.post(V1, body.removesuffix(b"\r\n"), content_type).status, 204)
        self.finished(media_id, data)

    def test_bytes_that_look_like_a_boundary_are_bytes(self):
        data = b"\r\n--sluice-test-boundary" + noise(5000) + b"\r\n--sluice-test-boundary-7d1\r\n" + b"\r\n--"
        media_id = self.caller.open(len(data))
        self.assertEqual(self.caller.append(media_id, 0, data).status, 204)
        self.finished(media_id, data)

    def test_every_spelling_of_a_category_is_understood(self):
        for category in ("tweet_video", "TweetVideo", "TWEET_VIDEO", "tweetvideo"):
            with self.subTest(category=category):
                answer = self.caller.init(1000, category=category)
                self.assertEqual(answer.status, 202, answer)
                self.assertTrue(answer.json()["media_key"].startswith("7_"))

    def test_finalize_again_is_answered_as_before(self):
        data = noise(1000)
        media_id = upload(self.caller, data, 1000)
        again = self.caller.finalize(media_id)
        self.assertIn(again.status, (200, 201), again)
        self.assertEqual(again.json()["media_id_string"], media_id)

    def test_broken_media_ends_as_failed_with_the_reason(self):
        media_id = upload(self.caller, noise(5000), 5000)
        info = self.caller.wait(media_id)
        self.assertEqual(info["state"], "failed", info)
        self.assertEqual(info["error"]["name"], "InvalidMedia", info)
        self.assertEqual(info["error"]["code"], 1)
        self.assertIn("video/mp4", info["error"]["message"])
        self.assertNotIn("check_after_secs", info)

    def test_every_host_name_is_served(self):
        for host in ("upload.twitter.com", "api.x.com", "upload.x.com"):
            answer = curl("-H", f"Host: {host}", "-d", "command=INIT&total_bytes=5&media_type=video/mp4", self.server.url + V1)
            self.assertEqual(answer.status, 202, answer)


if __name__ == "__main__":
    unittest.main()
