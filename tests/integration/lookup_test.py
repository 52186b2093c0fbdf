"""Looking media up by their keys, as v2 does."""

import base64
import json

from support.case import ServerCase
from support.client import X1, X2, upload
from support.media import clip, picture

FIELDS = (
    "alt_text,duration_ms,height,media_key,non_public_metrics,organic_metrics,preview_image_url,promoted_metrics,"
    "public_metrics,type,url,variants,width"
)


class LookUp(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1, cls.x2 = X1(cls.server, "ann"), X2(cls.server, "ann")
        image = cls.x1.one_shot(picture(), "tweet_image").json()
        cls.image = image["media_key"]
        data = clip(1)
        cls.video = "7_" + upload(cls.x1, data, len(data))
        cls.x1.wait(cls.video)
        body = {"media_id": image["media_id_string"], "alt_text": {"text": "bars"}}
        cls.x1.post("/1.1/media/metadata/create.json", json.dumps(body).encode(), "application/json")

    def look_up(self, keys, fields=None, caller=None):
        more = f"&media.fields={fields}" if fields else ""
        return (caller or self.x2).get(f"/2/media?media_keys={keys}{more}")

    def test_key_and_type_are_there_without_asking(self):
        answer = self.x2.get(f"/2/media/{self.image}")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json(), {"data": {"media_key": self.image, "type": "photo"}})

    def test_an_image_with_every_field(self):
        data = self.x2.get(f"/2/media/{self.image}?media.fields={FIELDS}").json()["data"]
        self.assertEqual((data["width"], data["height"], data["alt_text"]), (640, 480, "bars"))
        self.assertEqual(data["public_metrics"], {"view_count": 0})
        self.assertNotIn("variants", data)
        self.assertTrue(self.x2.fetch(data["url"]).header("content-type").startswith("image/"))

    def test_a_video_with_every_field(self):
        data = self.x2.get(f"/2/media/{self.video}?media.fields={FIELDS}").json()["data"]
        self.assertEqual((data["type"], data["width"], data["height"]), ("video", 320, 240))
        self.assertAlmostEqual(data["duration_ms"], 1000, delta=150)
        self.assertNotIn("url", data)
        self.assertEqual(self.x2.fetch(data["preview_image_url"]).header("content-type"), "image/jpeg")
        variant, *_, playlist = data["variants"]
        self.assertEqual((playlist["content_type"], playlist.get("bit_rate")), ("application/x-mpegURL", None))
        self.assertEqual(variant["content_type"], "video/mp4")
        self.assertGreater(variant["bit_rate"], 10_000)
        self.assertEqual(self.x2.fetch(variant["url"]).status, 200)

    def test_several_keys_and_those_that_are_not_there(self):
        answer = self.look_up(f"{self.image},7_4711,{self.video}")
        self.assertEqual(answer.status, 200, answer)
        body = answer.json()
        self.assertEqual([one["media_key"] for one in body["data"]], [self.image, self.video])
        (missing,) = body["errors"]
        self.assertEqual((missing["resource_id"], missing["resource_type"]), ("7_4711", "media"))
        self.assertTrue(missing["type"].endswith("/problems/resource-not-found"))
        self.assertIn("7_4711", missing["message"])

    def test_what_is_not_ready_has_a_type_and_no_url(self):
        key = self.x2.init(1000).json()["data"]["media_key"]
        data = self.x2.get(f"/2/media/{key}?media.fields={FIELDS}").json()["data"]
        self.assertEqual(data, {"media_key": key, "type": "video", "public_metrics": {"view_count": 0}})

    def test_anothers_media_do_not_exist(self):
        bob = X2(self.server, "bob")
        self.assert_v2_error(bob.get(f"/2/media/{self.image}"), 404, "media_unknown")
        body = self.look_up(self.image, caller=bob).json()
        self.assertNotIn("data", body)
        self.assertEqual(body["errors"][0]["resource_id"], self.image)
        as_id = bob.get(f"/2/media/{self.image.split('_')[1]}")
        self.assertNotIn(self.image, self.assert_v2_error(as_id, 400, "media_id_as_key")["message"])

    def test_row_109_a_media_id_is_told_its_key(self):
        media_id = self.image.split("_")[1]
        for answer in (self.look_up(media_id), self.x2.get(f"/2/media/{media_id}")):
            body = self.assert_v2_error(answer, 400, "media_id_as_key")
            for text in (body["detail"], body["message"], body["errors"][0]["message"]):
                self.assertIn(f"its media_key is {self.image}", text)

    def test_malformed_questions(self):
        for target, code in (
            ("/2/media", "parameter_missing"),
            ("/2/media?media_keys=", "parameter_missing"),
            ("/2/media?media_keys=undefined", "media_key_invalid"),
            ("/2/media/x_1", "media_key_invalid"),
            ("/2/media?media_keys=" + ",".join(["7_1"] * 101), "parameter_invalid"),
            (f"/2/media/{self.image}?media.fields=widht", "parameter_invalid"),
        ):
            self.assert_v2_error(self.x2.get(target), 400, code)
        self.assert_v2_error(self.x2.get("/2/media/16_" + self.image.split("_")[1]), 404, "media_unknown")
        self.assertEqual(self.x2.post("/2/media?media_keys=7_1").header("allow"), "GET")

    def test_analytics_are_empty(self):
        answer = self.x2.get(f"/2/media/analytics?media_keys={self.video}&granularity=total")
        self.assertEqual((answer.status, answer.json()), (200, {"data": []}))


class OneShot(ServerCase):
    def setUp(self):
        self.x2 = X2(self.server, "ann")

    def send(self, **members):
        return self.x2.json("/2/media/upload", media=base64.b64encode(picture(64, 64)).decode(), **members)

    def test_row_107_a_category_that_is_missing_is_named_in_every_text(self):
        for members in ({}, {"mediaCategory": "tweet_image"}):
            body = self.assert_v2_error(self.send(**members), 400, "parameter_missing")
            for text in (body["detail"], body["message"], body["errors"][0]["message"]):
                self.assertIn("media_category is missing", text)
        self.assertRegex(body["detail"], r"Received: mediaCategory.*media \(\d+ bytes\)")

    def test_row_107_other_members_harm_nobody(self):
        answer = self.send(media_category="tweet_image", media_type="image/png", shared=False, extra=1)
        self.assertEqual(answer.status, 200, answer)

    def test_ads_live_fifteen_days_in_v2(self):
        data = self.x2.init(1000, category="amplify_video").json()["data"]
        self.assertIn(data["expires_after_secs"], (1295999, 1296000))
        answer = X1(self.server, "ann").init(1000, category="amplify_video")
        self.assertIn(answer.json()["expires_after_secs"], (86399, 86400))
