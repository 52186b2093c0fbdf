"""Posts and messages that use media: checked, claimed, answered, and published nowhere."""

import json
import time
from urllib.parse import urlencode

from support.case import ServerCase
from support.client import FORM, V1, X1, X2, call, upload
from support.keys import create_key
from support.media import clip, noise, picture
from support.wire import Part, multipart

UPDATE = "/1.1/statuses/update.json"
TWEETS = "/2/tweets"
FAULTS = "/api/v1/faults"
V1_MESSAGE = "/1.1/direct_messages/events/new.json"
V2_MESSAGE = "/2/dm_conversations/with/42/messages"


class UseCase(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1, cls.x2 = X1(cls.server, "ann"), X2(cls.server, "ann")

    def image(self, category="tweet_image", caller=None, **more):
        parts = [Part("media_category", category)] if category else []
        parts += [Part(name, value) for name, value in more.items()]
        content_type, body = multipart([*parts, Part("media", picture(64, 64), "a.png")])
        answer = (caller or self.x1).post(V1, body, content_type)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["media_id_string"]

    def update(self, *ids, status="Hello", caller=None):
        form = urlencode({"status": status, "media_ids": ",".join(ids)}).encode()
        return (caller or self.x1).post(UPDATE, form, FORM)

    def tweet(self, *ids, caller=None):
        return (caller or self.x2).json(TWEETS, text="Hello", media={"media_ids": list(ids)})

    def message(self, media_id, caller=None):
        return (caller or self.x2).json(V2_MESSAGE, text="Hi", attachments=[{"media_id": media_id}])

    def v1_message(self, media_id):
        data = {"text": "Hi", "attachment": {"type": "media", "media": {"id": media_id}}}
        create = {"target": {"recipient_id": "42"}, "message_data": data}
        return self.x1.json_post(V1_MESSAGE, {"event": {"type": "message_create", "message_create": create}})

    def expires_at(self, media_id):
        return self.x1.upload_object(media_id).json()["expires_at"]


def _json_post(self, target, body):
    return self.post(target, json.dumps(body).encode(), "application/json")


X1.json_post = _json_post


class Posts(UseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        data = clip(1)
        cls.video = upload(cls.x1, data, len(data))
        cls.x1.wait(cls.video)

    def test_v1_answers_a_post_with_its_media(self):
        ids = [self.image(), self.image()]
        answer = self.update(*ids)
        self.assertEqual(answer.status, 200, answer)
        post = answer.json()
        self.assertEqual(str(post["id"]), post["id_str"])
        self.assertEqual((post["text"], post["full_text"]), ("Hello", "Hello"))
        media = post["extended_entities"]["media"]
        self.assertEqual([one["id_str"] for one in media], ids)
        self.assertEqual(post["entities"]["media"][0]["type"], "photo")
        self.assertEqual(self.x1.fetch(media[0]["media_url"]).status, 200)
        self.assertTrue(post["user"]["id_str"])
        for media_id in ids:
            self.assertIsNone(self.expires_at(media_id))
            self.assertEqual(self.x1.upload_object(media_id).json()["used_by"], ["post:" + post["id_str"]])

    def test_parameters_stand_in_the_query_or_in_a_multipart_body_as_well(self):
        media_id = self.image()
        self.assertEqual(self.x1.post(f"{UPDATE}?status=a&media_ids={media_id}").status, 200)
        content_type, body = multipart([Part("status", "a"), Part("media_ids", media_id)])
        self.assertEqual(self.x1.post(UPDATE, body, content_type).status, 200)
        self.assertEqual(self.update(status="no media").status, 200)

    def test_v1_shows_a_video_with_its_variants(self):
        media = self.update(self.video).json()["extended_entities"]["media"][0]
        self.assertEqual(media["type"], "video")
        self.assertEqual(media["video_info"]["variants"][0]["content_type"], "video/mp4")

    def test_v2_answers_201(self):
        media_id = self.image()
        answer = self.x2.json(
            TWEETS, text="Hello", media={"media_ids": [media_id], "tagged_user_ids": ["1"]}, reply_settings="following"
        )
        self.assertEqual(answer.status, 201, answer)
        data = answer.json()["data"]
        self.assertEqual(data, {"id": data["id"], "text": "Hello", "edit_history_tweet_ids": [data["id"]]})
        self.assertIsNone(self.expires_at(media_id))
        self.assertEqual(self.x2.json(TWEETS, text="no media").status, 201)

    def test_nothing_to_say_is_refused(self):
        self.assert_v1_error(self.x1.post(UPDATE, b"", FORM), 400, "parameter_missing")
        self.assert_v2_error(self.x2.json(TWEETS), 400, "parameter_missing")
        self.assert_v2_error(self.x2.post(TWEETS, b"text=a", FORM), 400, "json_expected")

    def both(self, *ids, status, code):
        """What both versions say about a post with these media."""
        v1 = self.assert_v1_error(self.update(*ids), status, code)
        v2 = self.assert_v2_error(self.tweet(*ids), status, code)
        self.assertIn(v1["sluice"]["detail"][:60], v2["errors"][0]["message"])
        return v1["errors"][0]["message"]

    def test_row_84_media_that_is_being_processed(self):
        self.addCleanup(call, self.server, "DELETE", FAULTS)
        self.assertEqual(self.x2.json(FAULTS, kind="processing_slow", delay_ms=2000).status, 201)
        data = clip(1)
        media_id = upload(self.x1, data, len(data))
        answer = self.update(media_id)
        body = self.assert_v1_error(answer, 409, "media_not_ready")
        message = body["errors"][0]["message"]
        self.assertRegex(message, r"is (queued|processing), at \d+ percent; about \d+ seconds are left")
        self.assertGreaterEqual(int(answer.header("retry-after")), 1)
        self.assertEqual(body["sluice"]["next"]["method"], "GET")
        self.assertIn(media_id, body["sluice"]["next"]["url"])
        self.assertEqual(self.x1.wait(media_id)["state"], "succeeded")
        self.assertEqual(self.update(media_id).status, 200)

    def test_row_84_media_that_was_never_finalized(self):
        media_id = self.x1.open(1000)
        self.assertIn("FINALIZE never did", self.both(media_id, status=409, code="finalize_missing"))

    def test_row_85_media_that_failed_is_told_word_for_word(self):
        data = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + noise(3000)
        media_id = upload(self.x1, data, len(data))
        error = self.x1.wait(media_id)["error"]["message"]
        self.assertIn(error, self.both(media_id, status=422, code="media_failed"))

    def test_row_86_combinations(self):
        images = [self.image() for _ in range(5)]
        message = self.both(*images, status=400, code="media_combination")
        self.assertIn("5 images", message)
        self.assertIn(f"{images[0]} is tweet_image", message)
        message = self.both(images[0], self.video, status=400, code="media_combination")
        self.assertIn(f"{self.video} is tweet_video", message)
        message = self.both(self.image("dm_image"), status=400, code="media_combination")
        self.assertIn("direct messages", message)
        self.assertIsNotNone(self.expires_at(images[0]), "what is refused is not claimed")

    def test_row_87_v1_lists_that_are_none(self):
        media_id = self.image()
        for parameters, told in (
            ({"media_ids": json.dumps([media_id])}, "separated by commas"),
            ({"media_ids": "undefined"}, '"undefined"'),
            ({"media_ids": "[object Object]"}, "[object Object]"),
            ({"media_id": media_id}, "takes media_ids"),
            ({"media_ids[]": media_id}, '"media_ids[]"'),
            ({"media_ids[0]": media_id, "media_ids[1]": media_id}, '"media_ids[0]"'),
        ):
            answer = self.x1.post(UPDATE, urlencode({"status": "a", **parameters}).encode(), FORM)
            self.assertIn(told, self.assert_v1_error(answer, 400, "media_ids_invalid")["errors"][0]["message"])

    def test_row_87_v2_lists_that_are_none(self):
        media_id = self.image()
        for body, told in (
            ({"media": {"media_ids": media_id}}, f'is a string ("{media_id}")'),
            ({"media": {"media_ids": list(media_id)}}, f'together "{media_id}"'),
            ({"media": {"media_ids": {"0": media_id}}}, "is an object"),
            ({"media": {"media_id": media_id}}, "media_ids, a list"),
            ({"media": [media_id]}, "media is a list"),
            ({"media_ids": [media_id]}, "belongs into media"),
            ({"media": {"media_ids": [None]}}, "is null"),
        ):
            answer = self.x2.json(TWEETS, text="a", **body)
            self.assertIn(told, self.assert_v2_error(answer, 400, "media_ids_invalid")["message"])
        self.assertEqual(self.x2.json(TWEETS, text="a", media={"media_ids": [int(media_id)]}).status, 201)
        key = "3_" + media_id
        self.assertIn(media_id, self.both(key, status=400, code="media_key_as_id"))

    def test_row_35_anothers_media_does_not_exist(self):
        media_id = self.image()
        bob = X1(self.server, "bob")
        self.assert_v1_error(self.update(media_id, caller=bob), 404, "media_unknown")
        self.assert_v2_error(self.tweet(media_id, caller=X2(self.server, "bob")), 404, "media_unknown")
        self.both("1349803915521482754", status=404, code="media_unknown")
        self.assertIsNotNone(self.expires_at(media_id))

    def test_a_deleted_medium_is_told_as_such(self):
        media_id = self.image()
        call(self.server, "DELETE", f"/api/v1/uploads/{media_id}", self.x1.headers)
        self.both(media_id, status=410, code="media_canceled")


class Messages(UseCase):
    def test_v2_answers_201_on_all_three_paths(self):
        answer = self.message(self.image("dm_image"))
        self.assertEqual(answer.status, 201, answer)
        data = answer.json()["data"]
        self.assertTrue(data["dm_conversation_id"].endswith("-42"))
        self.assertTrue(data["dm_event_id"])
        body = {"text": "Hi", "attachments": [{"media_id": self.image("dm_image")}]}
        answer = self.x2.json("/2/dm_conversations/1-2/messages", **body)
        self.assertEqual((answer.status, answer.json()["data"]["dm_conversation_id"]), (201, "1-2"))
        body = {"text": "Hi", "attachments": [{"media_id": self.image("dm_image")}]}
        answer = self.x2.json("/2/dm_conversations", conversation_type="Group", participant_ids=["1"], message=body)
        self.assertEqual(answer.status, 201, answer)

    def test_v1_answers_an_event(self):
        media_id = self.image("dm_image")
        answer = self.v1_message(media_id)
        self.assertEqual(answer.status, 200, answer)
        create = answer.json()["event"]["message_create"]
        self.assertEqual(create["target"]["recipient_id"], "42")
        self.assertEqual(create["message_data"]["attachment"]["media"]["id_str"], media_id)
        self.assertIsNone(self.expires_at(media_id))

    def test_shared_media_may_be_sent_again_and_others_not(self):
        once, often = self.image("dm_image"), self.image("dm_image", shared="true")
        self.assertEqual(self.message(once).status, 201)
        body = self.assert_v2_error(self.message(once), 400, "media_combination")
        self.assertIn("shared=true", body["detail"])
        self.assertEqual([self.message(often).status, self.v1_message(often).status], [201, 200])

    def test_row_86_a_posts_media_is_not_for_messages(self):
        body = self.assert_v2_error(self.message(self.image()), 400, "media_combination")
        self.assertIn("dm_image", body["detail"])
        self.assertEqual(self.message(self.image(category=None)).status, 201)

    def test_malformed_messages(self):
        for body, code in (
            ({}, "parameter_missing"),
            ({"text": "a", "attachments": "1"}, "media_ids_invalid"),
            ({"text": "a", "attachments": [{"id": "1"}]}, "media_ids_invalid"),
            ({"text": 1}, "parameter_invalid"),
        ):
            self.assert_v2_error(self.x2.json(V2_MESSAGE, **body), 400, code)
        self.assert_v1_error(self.x1.json_post(V1_MESSAGE, {"event": {}}), 400, "parameter_missing")


class Account(UseCase):
    def test_the_caller_is_somebody_and_always_the_same(self):
        v1 = self.x1.get("/1.1/account/verify_credentials.json").json()
        v2 = self.x2.get("/2/users/me").json()["data"]
        self.assertEqual(v1["id_str"], v2["id"])
        self.assertEqual(v1["screen_name"], v2["username"])
        self.assertNotEqual(v2["id"], X2(self.server, "bob").get("/2/users/me").json()["data"]["id"])


class Expiry(UseCase):
    arguments = ("--limit", "upload.lifetime=2s")

    def test_row_88_what_was_claimed_stays_and_the_rest_expires(self):
        claimed, forgotten = self.image(), self.image()
        self.assertEqual(self.update(claimed).status, 200)
        time.sleep(2.2)
        self.assertEqual(self.update(claimed).status, 200)
        body = self.assert_v1_error(self.update(forgotten), 404, "media_expired")
        self.assertIn("It expired at", body["errors"][0]["message"])
        self.assert_v2_error(self.tweet(forgotten), 404, "media_expired")


class Faithful(UseCase):
    arguments = ("--fidelity", "faithful")

    def test_x_says_little_and_the_header_says_why(self):
        media_id = self.x1.open(1000)
        unknown = "1349803915521482754"
        for answer, status, code in (
            (self.update(unknown), 404, "media_unknown"),
            (self.tweet(unknown), 400, "media_unknown"),
            (self.update(self.image("dm_image")), 400, "media_combination"),
            (self.tweet(self.image("dm_image")), 400, "media_combination"),
            (self.x2.json(TWEETS, text="a", media={"media_ids": "1"}), 400, "media_ids_invalid"),
            (self.update(media_id), 503, "finalize_missing"),
        ):
            self.assertEqual(answer.header("sluice-error"), code, answer)
            self.assertNotIn("sluice", answer.json())
        self.assertIn("media IDs are invalid", self.tweet(self.image("dm_image")).json()["errors"][0]["message"])


class Owners(UseCase):
    arguments = ("--auth", "keys")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = [create_key(cls.server.data, name=name) for name in ("ann", "bob", "eve")]
        cls.ann, cls.bob, cls.eve = (X1(cls.server, key["bearer_token"]) for key in cls.keys)

    def test_an_additional_owner_may_look_and_use_but_not_change(self):
        shared = self.image(caller=self.ann, additional_owners=str(self.keys[1]["user_id"]))
        self.assertEqual(self.bob.status(shared).status, 200)
        key = "3_" + shared
        self.assertEqual(self.bob.get(f"/2/media/{key}").status, 200)
        self.assertEqual(self.update(shared, caller=self.bob).status, 200)
        body = {"media_id": shared, "alt_text": {"text": "a"}}
        refused = self.bob.json_post("/1.1/media/metadata/create.json", body)
        self.assert_v1_error(refused, 404, "media_unknown")
        self.assert_v1_error(self.bob.finalize(shared), 404, "media_unknown")
        deleted = call(self.server, "DELETE", f"/api/v1/uploads/{shared}", self.bob.headers)
        self.assertEqual(deleted.status, 404)
        self.assert_v1_error(self.update(shared, caller=self.eve), 404, "media_unknown")
        self.assert_v1_error(self.eve.status(shared), 404, "media_unknown")

    def test_without_credentials_nothing_is_answered(self):
        nobody = X1(self.server)
        self.assert_v1_error(self.update("1", caller=nobody), 401, "auth_missing")
        self.assert_v2_error(X2(self.server).get("/2/media/7_1"), 401, "auth_missing")
        self.assert_v2_error(X2(self.server).json(TWEETS, text="a"), 401, "auth_missing")
        self.assertEqual(self.ann.get("/1.1/account/verify_credentials.json").json()["name"], "ann")
