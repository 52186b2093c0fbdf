"""Subtitles: uploaded like any other medium, made into captions, and attached to a video."""

import json

from support.case import ServerCase
from support.client import X1, X2, call, upload
from support.media import clip

SRT = b"1\n00:00:00,000 --> 00:00:01,000\nHello <i>there</i>\n\n2\n00:00:01,000 --> 00:00:02,000\nBye\n"
VTT = b"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello\n"


def subtitles(caller, text=SRT, media_type="text/srt", category="subtitles"):
    return upload(caller, text, len(text), media_type=media_type, category=category)


class SubtitleUploads(ServerCase):
    def test_a_subrip_file_is_ready_when_finalize_answers(self):
        for media_type in ("text/srt", "text/plain", "application/x-subrip", "text/plain charset=UTF-8"):
            x1 = X1(self.server, "ann")
            media_id = x1.open(len(SRT), media_type=media_type, category="Subtitles")
            self.assertEqual(x1.append(media_id, 0, SRT).status, 204)
            answer = x1.finalize(media_id)
            self.assertEqual(answer.status, 201, answer)
            self.assertNotIn("processing_info", answer.json())
            self.assertEqual(answer.json()["media_key"], "29_" + media_id)
            output = x1.outputs(media_id)["captions.vtt"]
            made = x1.fetch(output["url"])
            self.assertEqual(made.header("content-type"), "text/vtt;charset=utf-8")
            self.assertTrue(made.body.startswith(b"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello <i>there</i>\n"), made)

    def test_a_webvtt_file_in_one_call(self):
        answer = X2(self.server, "ann").one_shot(VTT, "subtitles")
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn("processing_info", answer.json()["data"])

    def test_row_92_text_that_is_not_utf_8_fails_with_its_line(self):
        x1 = X1(self.server, "ann")
        media_id = subtitles(x1, b"1\n00:00:00,000 --> 00:00:01,000\ncaf\xe9\n")
        info = x1.wait(media_id)
        self.assertEqual(info["state"], "failed")
        self.assertIn("line 3: expected text in UTF-8, got the byte E9", info["error"]["message"])


V1_CREATE = "/1.1/media/subtitles/create.json"
V1_DELETE = "/1.1/media/subtitles/delete.json"
V2_SUBTITLES = "/2/media/subtitles"


def v1_body(video, *tracks, category="TweetVideo"):
    return json.dumps({
        "media_id": video, "media_category": category, "subtitle_info": {"subtitles": list(tracks)},
    }).encode()


class Attaching(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1, cls.x2 = X1(cls.server, "ann"), X2(cls.server, "ann")
        data = clip(1)
        cls.ready = upload(cls.x1, data, len(data))
        cls.x1.wait(cls.ready)

    def video(self):
        return self.x1.open(1000)

    def attach(self, video, *tracks, caller=None, **more):
        return (caller or self.x1).post(V1_CREATE, v1_body(video, *tracks, **more), "application/json")

    def languages(self, video):
        return [track["language"] for track in self.x1.upload_object(video).json()["subtitles"]]

    def test_v1_attaches_and_detaches(self):
        english, german = subtitles(self.x1), subtitles(self.x1, VTT)
        answer = self.attach(
            self.ready,
            {"media_id": english, "language_code": "EN", "display_name": "English"},
            {"media_id": int(german), "language_code": "DE", "display_name": "Deutsch"},
        )
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(self.languages(self.ready), ["DE", "EN"])
        key = self.x1.upload_object(self.ready).json()["media_key"]
        shown = self.x2.get(f"/2/media/{key}").json()["data"]["subtitles"]
        self.assertEqual([track["display_name"] for track in shown], ["Deutsch", "English"])
        self.assertTrue(self.x1.fetch(shown[1]["url"]).body.startswith(b"WEBVTT"))
        for language in ("en", "DE"):
            answer = self.x1.post(V1_DELETE, v1_body(self.ready, {"language_code": language}), "application/json")
            self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(self.languages(self.ready), [])
        self.assertEqual(self.x1.status(english).status, 410, "X deletes the subtitles, too")

    def test_v2_attaches_and_detaches(self):
        video, english = self.video(), subtitles(self.x1)
        answer = self.x2.json(
            V2_SUBTITLES, id=video, media_category="AmplifyVideo",
            subtitles={"id": english, "language_code": "EN", "display_name": "English"},
        )
        self.assertEqual(answer.status, 200, answer)
        track = {"id": english, "language_code": "EN", "display_name": "English"}
        expected = {"id": video, "media_category": "AmplifyVideo", "associated_subtitles": [track]}
        self.assertEqual(answer.json(), {"data": expected})
        body = json.dumps({"id": video, "media_category": "AmplifyVideo", "language_code": "EN"}).encode()
        answer = self.delete(V2_SUBTITLES, body)
        self.assertEqual((answer.status, answer.json()), (200, {"data": {"deleted": True}}))
        self.assertEqual(self.languages(video), [])

    def delete(self, target, body=b""):
        label = [("Content-Type", "application/json")] if body else []
        return call(self.server, "DELETE", target, [*self.x1.headers, *label], body or None)

    def test_row_91_every_spelling_is_taken(self):
        for category in ("TweetVideo", "tweet_video", "TWEET_VIDEO", "amplify_video", None):
            video, english = self.video(), subtitles(self.x1)
            answer = self.attach(video, {"media_id": english, "language_code": "en-us"}, category=category)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(self.languages(video), ["EN-US"])

    def test_row_91_exchanged_ids_are_named(self):
        video, english = self.video(), subtitles(self.x1)
        answer = self.attach(english, {"media_id": video, "language_code": "EN"})
        body = self.assert_v1_error(answer, 400, "subtitle_ids_swapped")
        self.assertIn(f"{video} is the video, {english} the subtitles", body["errors"][0]["message"])
        answer = self.x2.json(V2_SUBTITLES, id=english, subtitles={"id": video, "language_code": "EN"})
        self.assert_v2_error(answer, 400, "subtitle_ids_swapped")

    def assert_invalid(self, answer, told):
        body = self.assert_v1_error(answer, 400, "subtitle_invalid")
        self.assertIn(told, body["errors"][0]["message"])

    def test_row_92_what_cannot_be_used_is_named(self):
        video, english = self.video(), subtitles(self.x1)
        image = self.x1.open(1000, media_type="image/png", category="tweet_image")
        self.assert_invalid(self.attach(image, {"media_id": english, "language_code": "EN"}), "is tweet_image")
        unfinished = self.x1.open(10, media_type="text/srt", category="subtitles")
        self.assert_invalid(self.attach(video, {"media_id": unfinished, "language_code": "EN"}), "not finalized")
        for text, told in (
            (b"1\n00:00:00,000 --> 00:00:01,000\ncaf\xe9\n", "line 3: expected text in UTF-8"),
            (b"1\nHello\n", "line 2: expected a time line"),
            (b"<html></html>", "line 1: expected WEBVTT"),
        ):
            broken = subtitles(self.x1, text)
            self.assert_invalid(self.attach(video, {"media_id": broken, "language_code": "EN"}), told)
        self.assertEqual(self.languages(video), [])

    def test_row_93_a_language_that_is_not_there(self):
        video, english = self.video(), subtitles(self.x1)
        self.attach(video, {"media_id": english, "language_code": "EN"})
        answer = self.x1.post(V1_DELETE, v1_body(video, {"language_code": "FR"}), "application/json")
        body = self.assert_v1_error(answer, 404, "subtitle_unknown")
        self.assertIn("there are EN", body["errors"][0]["message"])

    def test_row_93_a_delete_whose_body_was_dropped(self):
        answer = self.delete(V2_SUBTITLES)
        body = self.assert_v2_error(answer, 400, "body_missing")
        self.assertIn("proxies drop the body of DELETE", body["detail"])
        video, english = self.video(), subtitles(self.x1)
        self.attach(video, {"media_id": english, "language_code": "EN"})
        answer = self.delete(f"{V2_SUBTITLES}?id={video}&media_category=TweetVideo&language_code=EN")
        self.assertEqual(answer.status, 200, answer)

    def test_what_is_malformed_is_named(self):
        video, english = self.video(), subtitles(self.x1)
        track = {"media_id": english, "language_code": "EN"}
        for body, code, told in (
            ({"media_id": video}, "parameter_missing", "subtitle_info"),
            ({"media_id": video, "subtitle_info": {"subtitles": []}}, "parameter_invalid", "1 to 50"),
            ({"media_id": video, "subtitle_info": {"subtitles": ["EN"]}}, "parameter_invalid", "a string"),
            ({"media_id": video, "subtitles": {"media_id": english}}, "parameter_missing", "language_code"),
            ({"media_id": video, "subtitles": {**track, "language_code": "English"}}, "parameter_invalid", "as in EN"),
            ({"media_id": video, "subtitles": {**track, "display_name": "a\nb"}}, "parameter_invalid", "display_name"),
            ({"media_id": video, "subtitles": track, "media_category": "TwitVideo"}, "category_unknown", "TweetVideo"),
            ({"media_id": video, "subtitles": {"language_code": "EN"}}, "media_id_missing", "media_id"),
            ({"subtitles": track}, "media_id_missing", "media_id"),
        ):
            answer = self.x1.post(V1_CREATE, json.dumps(body).encode(), "application/json")
            self.assertIn(told, self.assert_v1_error(answer, 400, code)["errors"][0]["message"])

    def test_others_do_not_see_them(self):
        video, english = self.video(), subtitles(self.x1)
        bob = X1(self.server, "bob")
        track = {"media_id": english, "language_code": "EN"}
        self.assert_v1_error(self.attach(video, track, caller=bob), 404, "media_unknown")
        own = bob.open(1000)
        self.assert_v1_error(self.attach(own, track, caller=bob), 404, "media_unknown")
