"""Alt text and the other words about a medium, in both versions, from every client's odd body."""

import json

from support.case import ServerCase
from support.client import FORM, X1, X2, call
from support.wire import Part, multipart

CREATE = "/1.1/media/metadata/create.json"
V2_CREATE = "/2/media/metadata"


class Metadata(ServerCase):
    def setUp(self):
        self.x1 = X1(self.server, "ann")
        self.x2 = X2(self.server, "ann")

    def open(self):
        return self.x1.open(1000)

    def create(self, body, content_type="application/json", caller=None):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return (caller or self.x1).post(CREATE, text, content_type)

    def metadata_of(self, media_id):
        answer = self.x2.json(V2_CREATE, id=media_id, metadata={})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["data"]["associated_metadata"]

    def test_v1_answers_200_with_nothing_that_is_not_labelled_json(self):
        media_id = self.open()
        answer = self.create({"media_id": media_id, "alt_text": {"text": "a cat"}})
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertNotIn("json", answer.header("content-type") or "")
        self.assertEqual(self.metadata_of(media_id), {"alt_text": {"text": "a cat"}})

    def test_json_is_taken_under_every_label_and_with_ids_of_every_form(self):
        for content_type in ("application/json", "text/plain", "application/json; charset=UTF-8", None):
            for form in (str, int):
                media_id = self.open()
                answer = self.create({"media_id": form(media_id), "alt_text": {"text": "é"}}, content_type)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(self.metadata_of(media_id)["alt_text"]["text"], "é")
        key = self.x1.init(1000).json()["media_key"]
        self.assertEqual(self.create({"media_key": key, "alt_text": {"text": "b"}}).status, 200)

    def test_another_text_replaces_the_first_and_other_members_stay(self):
        media_id = self.open()
        self.x2.json(V2_CREATE, id=media_id, metadata={"sensitive_media_warning": {"other": True}})
        for text in ("first", "second"):
            self.create({"media_id": media_id, "alt_text": {"text": text}})
        self.assertEqual(
            self.metadata_of(media_id), {"alt_text": {"text": "second"}, "sensitive_media_warning": {"other": True}}
        )

    def test_row_89_characters_are_counted_and_not_bytes(self):
        media_id = self.open()
        self.assertEqual(self.create({"media_id": media_id, "alt_text": {"text": "😀" * 1000}}).status, 200)
        answer = self.create({"media_id": media_id, "alt_text": {"text": "é" * 1001}})
        body = self.assert_v1_error(answer, 400, "alt_text_too_long")
        self.assertIn("1001 characters, 1000 are allowed", body["errors"][0]["message"])

    def test_row_90_a_form_is_told_the_same_as_json(self):
        media_id = self.open()
        expected = json.dumps({"media_id": media_id, "alt_text": {"text": "a cat"}}, separators=(",", ":"))
        for text in ("alt_text[text]=a+cat", "alt_text=a+cat", "alt_text.text=a%20cat", 'alt_text={"text":"a cat"}'):
            answer = self.create(f"media_id={media_id}&{text}".encode(), FORM)
            body = self.assert_v1_error(answer, 400, "json_expected")
            self.assertIn(expected, body["sluice"]["detail"])
            self.assertIn(expected, body["errors"][0]["message"])
        content_type, form = multipart([Part("media_id", media_id), Part("alt_text[text]", "a cat")])
        self.assertIn(expected, self.create(form, content_type).json()["sluice"]["detail"])
        in_query = self.x1.post(f"{CREATE}?media_id={media_id}&alt_text=a+cat")
        self.assertIn(expected, self.assert_v1_error(in_query, 400, "json_expected")["sluice"]["detail"])

    def test_row_90_broken_json_is_told_where_it_breaks(self):
        for text, told in (
            (b'{"media_id":"1", ', "ends too early"),
            (b'{"media_id":"1",}', "breaks at byte"),
            (b"[1]", "a list"),
            (b"\xff\xfe", "begins with"),
            (b"[" * 10_000, "breaks at byte"),
            (b'{"a":' * 10_000, "breaks at byte"),
            (b'{"media_id":"\xff"}', "breaks at byte"),
        ):
            answer = self.create(text)
            self.assertIn(told, self.assert_v1_error(answer, 400, "json_expected")["sluice"]["detail"])
        self.assertEqual(self.create(b'{"a":"' + b"x" * 300_000 + b'"}').status, 413)

    def test_ids_are_judged(self):
        body = {"alt_text": {"text": "a"}}
        self.assert_v1_error(self.create(body), 400, "media_id_missing")
        self.assert_v1_error(self.create({"media_id": "undefined", **body}), 400, "media_id_invalid")
        self.assert_v1_error(self.create({"media_id": 1.5e18, **body}), 400, "media_id_invalid")
        self.assert_v1_error(self.create({"media_id": [], **body}), 400, "media_id_invalid")
        self.assertEqual(self.create({"media_id": "4711", **body}).status, 404)

    def test_anothers_medium_does_not_exist(self):
        media_id = self.open()
        mine = {"media_id": media_id, "alt_text": {"text": "a"}}
        # With the same last digits, which a rounded id is known by.
        unknown = {"media_id": str(int(media_id) + 4096 * 100), "alt_text": {"text": "a"}}
        bob = X1(self.server, "bob")
        messages = []
        for body in (mine, unknown):
            told = self.assert_v1_error(self.create(body, caller=bob), 404, "media_unknown")
            messages.append(told["errors"][0]["message"].replace(body["media_id"], "ID"))
        self.assertEqual(*messages)
        self.assert_v2_error(X2(self.server, "bob").json(V2_CREATE, id=media_id, metadata={}), 404, "media_unknown")

    def test_v2_takes_every_member_and_answers_what_is_kept(self):
        members = {
            "alt_text": {"text": "a cat"},
            "allow_download_status": {"allow_download": True},
            "audience_policy": {"creator_subscriptions": ["Any"]},
            "content_expiration": {"timestamp_sec": 1800000000},
            "domain_restrictions": {"whitelist": ["example.org"]},
            "found_media_origin": {"id": "1", "provider": "giphy"},
            "geo_restrictions": {"blacklisted_country_codes": ["US"]},
            "management_info": {"managed": False},
            "preview_image": {"media_key": {"media": "3_1"}},
            "sensitive_media_warning": {"adult_content": False},
            "shared_info": {"shared": True},
            "sticker_info": {"stickers": [{"id": "1"}]},
            "upload_source": {"upload_source": "gallery"},
        }
        media_id = self.open()
        answer = self.x2.json(V2_CREATE, id=media_id, metadata=members)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json(), {"data": {"id": media_id, "associated_metadata": members}})

    def test_v2_names_the_member_that_is_wrong(self):
        media_id = self.open()
        for metadata, code, told in (
            ({"alt_txt": {"text": "a"}}, "parameter_invalid", "Did you mean alt_text?"),
            ({"alt_text": "a"}, "parameter_invalid", "alt_text is a string"),
            ({"alt_text": {"text": "x" * 1001}}, "alt_text_too_long", "1001 characters"),
            ({"found_media_origin": {"id": "1" * 25, "provider": "a"}}, "parameter_invalid", "found_media_origin.id"),
            ("a", "parameter_invalid", "metadata is a string"),
        ):
            answer = self.x2.json(V2_CREATE, id=media_id, metadata=metadata)
            body = self.assert_v2_error(answer, 400, code)
            for text in (body["detail"], body["message"], body["errors"][0]["message"]):
                self.assertIn(told, text)
        self.assert_v2_error(self.x2.json(V2_CREATE, metadata={}), 400, "media_id_missing")
        self.assert_v2_error(self.x2.json(V2_CREATE, id="7_" + media_id, metadata={}), 400, "media_key_as_id")

    def test_it_goes_with_the_upload(self):
        media_id = self.open()
        self.create({"media_id": media_id, "alt_text": {"text": "a"}})
        self.assertEqual(self.x1_delete(media_id).status, 204)
        answer = self.create({"media_id": media_id, "alt_text": {"text": "a"}})
        self.assert_v1_error(answer, 410, "media_canceled")

    def x1_delete(self, media_id):
        return call(self.server, "DELETE", f"/api/v1/uploads/{media_id}", self.x1.headers)

    def test_other_methods_are_told_the_right_one(self):
        for target, allowed in ((CREATE, "POST"), ("/1.1/media/subtitles/create.json", "POST")):
            answer = self.x1.get(target)
            self.assert_v1_error(answer, 405, "method_not_allowed")
            self.assertEqual(answer.header("allow"), allowed)
        self.assertEqual(self.x2.get(V2_CREATE).header("allow"), "POST")


class Faithful(ServerCase):
    arguments = ("--fidelity", "faithful")

    def test_row_90_x_says_that_the_payload_is_missing(self):
        answer = X1(self.server, "ann").post(CREATE, b"media_id=1", FORM)
        self.assertEqual((answer.status, answer.header("sluice-error")), (400, "json_expected"), answer)
        self.assertEqual(answer.json()["error"], "Missing json payload.")
        self.assertEqual(answer.json()["request"], CREATE)
