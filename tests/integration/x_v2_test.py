"""X's v2 guide, followed with raw curl: initialize, append, finalize, status, one-shot, and the older command form."""

import base64
import concurrent.futures
import json
import tempfile
import time
import unittest

from support.case import ServerCase
from support.client import V2, X1, X2, pieces, upload
from support.curl import curl
from support.media import clip, noise, picture, probe, scratch_file
from support.wire import Part, multipart

JSON = ("-H", "Content-Type: application/json")


class GuideByCurl(ServerCase):
    def setUp(self):
        self.url = self.server.url + V2
        folder = tempfile.TemporaryDirectory(prefix="sluice-x2.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.caller = X2(self.server)

    def initialize(self, total, media_type="video/mp4", category="tweet_video"):
        wanted = json.dumps({"media_type": media_type, "total_bytes": total, "media_category": category})
        answer = curl("-X", "POST", f"{self.url}/initialize", *JSON, "-d", wanted)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["data"]

    def assert_appended(self, answer):
        self.assertEqual(answer.status, 200, answer)
        self.assertGreater(answer.json()["data"]["expires_at"], time.time())

    def append_multipart(self, media_id, index, data):
        path = scratch_file(self.folder, f"segment{index}", data)
        return curl(f"{self.url}/{media_id}/append", "-F", f"segment_index={index}", "-F", f"media=@{path}")

    def append_json(self, media_id, index, data):
        members = {"segment_index": index, "media": base64.b64encode(data).decode()}
        path = scratch_file(self.folder, f"segment{index}.json", json.dumps(members).encode())
        return curl(f"{self.url}/{media_id}/append", *JSON, "--data-binary", f"@{path}")

    def test_initialize_answers_an_id_and_a_key(self):
        data = self.initialize(1000)
        self.assertRegex(data["id"], r"^[0-9]{15,19}$")
        self.assertEqual(data["media_key"], "7_" + data["id"])
        self.assertEqual(data["expires_after_secs"], 86400)

    def test_a_video_goes_in_by_chunks_and_comes_out_playable(self):
        video = clip()
        media_id = self.initialize(len(video))["id"]
        for index, piece in pieces(video, len(video) // 4 + 1):
            way = self.append_json if index % 2 else self.append_multipart
            self.assert_appended(way(media_id, index, piece))
        answer = curl("-X", "POST", f"{self.url}/{media_id}/finalize")
        self.assertEqual(answer.status, 200, answer)
        data = answer.json()["data"]
        self.assertEqual((data["id"], data["size"]), (media_id, len(video)))
        self.assertIn(data["processing_info"]["state"], ("pending", "in_progress"))
        self.assertGreaterEqual(data["processing_info"]["check_after_secs"], 1)
        info = self.caller.wait(media_id)
        self.assertEqual((info["state"], info["progress_percent"]), ("succeeded", 100), info)
        self.assert_original(self.caller, data["media_key"], video)
        outputs = self.caller.outputs(media_id)
        rendition = next(o for n, o in outputs.items() if n != "original" and o["content_type"] == "video/mp4")
        found = probe(self.caller.fetch(rendition["url"]).body)
        self.assertEqual(sorted(stream["codec_name"] for stream in found["streams"]), ["aac", "h264"])

    def test_finalize_takes_an_empty_body_that_is_labelled_json(self):
        for body in (b"", b"{}"):
            media_id = self.caller.open(4)
            self.assert_appended(self.caller.append(media_id, 0, b"1234"))
            answer = self.caller.post(f"{V2}/{media_id}/finalize", body, "application/json")
            self.assertEqual(answer.status, 200, answer)

    def test_an_image_goes_in_by_one_shot_multipart(self):
        path = scratch_file(self.folder, "picture.png", picture())
        answer = curl(self.url, "-F", f"media=@{path}", "-F", "media_category=tweet_image")
        self.check_one_shot(answer)

    def test_an_image_goes_in_by_one_shot_json(self):
        members = {"media": base64.b64encode(picture()).decode(), "media_category": "tweet_image"}
        path = scratch_file(self.folder, "picture.json", json.dumps(members).encode())
        self.check_one_shot(curl(self.url, *JSON, "--data-binary", f"@{path}"))

    def check_one_shot(self, answer):
        self.assertEqual(answer.status, 200, answer)
        data = answer.json()["data"]
        self.assertEqual(data["media_key"], "3_" + data["id"])
        self.assertEqual(data["size"], len(picture()))
        self.assert_original(self.caller, data["media_key"], picture())
        self.assertEqual(self.caller.wait(data["id"])["state"], "succeeded")

    def test_the_older_command_form_is_served_with_bodies_in_data(self):
        data = noise(1000)
        form = {"command": "INIT", "total_bytes": 1000, "media_type": "video/mp4", "media_category": "tweet_video"}
        content_type, body = multipart([Part(*pair) for pair in form.items()])
        answer = self.caller.post(V2, body, content_type)
        self.assertEqual(answer.status, 202, answer)
        media_id = answer.json()["data"]["id"]
        parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", 0), Part("media", data)]
        content_type, body = multipart(parts)
        answer = self.caller.post(V2, body, content_type)
        self.assertEqual((answer.status, answer.body), (204, b""), answer)
        content_type, body = multipart([Part("command", "FINALIZE"), Part("media_id", media_id)])
        answer = self.caller.post(V2, body, content_type)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.json()["data"]["id"], media_id)
        answer = self.caller.get(f"{V2}?command=STATUS&media_id={media_id}")
        self.assertEqual(answer.status, 200, answer)


class Liberties(ServerCase):
    def setUp(self):
        self.caller = X2(self.server)

    def finished(self, media_id, data):
        answer = self.caller.finalize(media_id)
        self.assertEqual(answer.status, 200, answer)
        self.assert_original(self.caller, answer.json()["data"]["media_key"], data)

    def test_segments_come_in_parallel_and_in_any_order(self):
        data = noise(9_000_001)
        media_id = self.caller.open(len(data))
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = pool.map(lambda piece: self.caller.append(media_id, *piece), reversed(pieces(data, 700_000)))
            self.assertEqual({answer.status for answer in answers}, {200})
        self.finished(media_id, data)

    def test_a_repeated_segment_is_a_success_and_a_different_one_a_conflict(self):
        data = noise(100_000)
        media_id = self.caller.open(len(data))
        for _ in range(2):
            self.assertEqual(self.caller.append(media_id, 0, data).status, 200)
        self.assert_v2_error(self.caller.append(media_id, 0, data[::-1]), 409, "segment_conflict")
        self.finished(media_id, data)

    def test_fields_may_stand_after_the_media_part(self):
        data = noise(100_000)
        media_id = self.caller.open(len(data))
        content_type, body = multipart([Part("media", data, "blob"), Part("segment_index", "0")])
        self.assertEqual(self.caller.post(f"{V2}/{media_id}/append", body, content_type).status, 200)
        self.finished(media_id, data)

    def test_the_index_may_be_a_string_in_json(self):
        media_id = self.caller.open(4)
        answer = self.caller.json(f"{V2}/{media_id}/append", segment_index="0", media=base64.b64encode(b"1234").decode())
        self.assertEqual(answer.status, 200, answer)
        self.finished(media_id, b"1234")

    def test_both_versions_may_be_mixed_on_one_upload(self):
        data = noise(2000)
        media_id = X1(self.server).open(len(data))
        self.assertEqual(self.caller.append(media_id, 0, data[:1000]).status, 200)
        self.assertEqual(X1(self.server).append(media_id, 1, data[1000:]).status, 204)
        self.finished(media_id, data)

    def test_broken_media_says_why_in_its_status(self):
        media_id = upload(self.caller, noise(4000), 4000)
        info = self.caller.wait(media_id)
        self.assertEqual(info["state"], "failed", info)
        self.assertTrue(info["error"]["message"], info)


if __name__ == "__main__":
    unittest.main()
