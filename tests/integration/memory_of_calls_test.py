"""Every call about an upload enters its timeline, the refused ones and those about several uploads too; and what an answer says
beside its body."""

import unittest
from urllib.parse import urlencode

from support.client import FORM, V1, X1, X2, call, upload
from support.media import clip, picture
from support.mistakes import MistakeCase, json_body

METADATA, SUBTITLES = "/1.1/media/metadata/create.json", "/1.1/media/subtitles/create.json"


class MemoryCase(MistakeCase):
    def events(self, media_id):
        answer = self.x1.get(f"/api/v1/uploads/{media_id}/timeline")
        self.assertEqual(answer.status, 200, answer)
        return [(event["call"], event["code"]) for event in answer.json()["data"] if not event["call"].startswith("job.")]


class Refused(MemoryCase):
    def test_alt_text_that_is_too_long_or_missing(self):
        media_id = self.x1.open(10)
        for body in ({"media_id": media_id, "alt_text": {"text": "x" * 1001}}, {"media_id": media_id}):
            self.assertEqual(self.x1.post(METADATA, json_body(**body), "application/json").status, 400)
        self.x2.json("/2/media/metadata", id=media_id, metadata={"alt_text": {"text": 7}})
        expected = [("METADATA", code) for code in ("alt_text_too_long", "parameter_missing", "parameter_invalid")]
        self.assertEqual(self.events(media_id)[1:], expected)

    def test_subtitles_in_no_language(self):
        media_id = self.x1.open(10)
        track = {"media_id": media_id, "language_code": "?"}
        body = json_body(media_id=media_id, media_category="TweetVideo", subtitle_info={"subtitles": [track]})
        self.assertEqual(self.x1.post(SUBTITLES, body, "application/json").status, 400)
        self.assertEqual(self.x1.post(SUBTITLES.replace("create", "delete"), body, "application/json").status, 400)
        self.x2.json("/2/media/subtitles", id=media_id, subtitles={"id": media_id, "language_code": "?"})
        calls = ("SUBTITLES_CREATE", "SUBTITLES_DELETE", "SUBTITLES_CREATE")
        self.assertEqual(self.events(media_id)[1:], [(name, "parameter_invalid") for name in calls])


class Native(MemoryCase):
    def test_keep_and_delete_are_remembered_and_a_look_is_not(self):
        media_id = self.x1.open(10)
        path = f"/api/v1/uploads/{media_id}"
        self.assertEqual(self.x1.post(path + "/keep").status, 200)
        self.assertEqual(self.x1.get(path).status, 200)
        self.assertEqual(call(self.server, "DELETE", path).status, 204)
        self.assertEqual(self.x1.post(path + "/keep").status, 410)
        expected = [("INIT", None), ("KEEP", None), ("DELETE", None), ("KEEP", "media_canceled")]
        self.assertEqual(self.events(media_id), expected)

    def test_a_path_below_a_path_is_unknown(self):
        media_id = self.x1.open(10)
        for rest in ("x/timeline", "x/diagnosis", "/timeline", "timeline/", "x"):
            answer = self.x1.get(f"/api/v1/uploads/{media_id}/{rest}")
            self.assertEqual((answer.status, answer.header("sluice-error")), (404, "unknown_path"), rest)


class Several(MemoryCase):
    def images(self, count):
        ids = [self.x1.one_shot(picture()).json()["media_id_string"] for _ in range(count)]
        for media_id in ids:
            self.assertEqual(self.x1.wait(media_id)["state"], "succeeded")
        return ids

    def test_a_post_enters_the_timeline_of_each_of_its_media(self):
        ids = self.images(3)
        body = urlencode({"status": "x", "media_ids": ",".join(ids)}).encode()
        self.assertEqual(self.x1.post("/1.1/statuses/update.json", body, FORM).status, 200)
        self.assertEqual(self.x2.json("/2/tweets", text="x", media={"media_ids": ids}).status, 201)
        for media_id in ids:
            self.assertEqual([event for event in self.events(media_id) if event[0] == "POST"], [("POST", None)] * 2, media_id)

    def test_a_refused_post_too_and_it_says_whom_it_is_about(self):
        ids = self.images(2)
        unfinished = self.x1.open(10)
        self.x2.json("/2/tweets", text="x", media={"media_ids": [*ids, unfinished]})
        for media_id in (*ids, unfinished):
            self.assertIn(("POST", "finalize_missing"), self.events(media_id))
        events = self.x1.get(f"/api/v1/uploads/{ids[0]}/timeline").json()["data"]
        self.assertIn(f"Together with {unfinished}: ", events[-1]["facts"])
        self.x2.json("/2/tweets", text="x", media={"media_ids": [ids[0], "1349803915521482754"]})
        self.assertIn(("POST", "media_unknown"), self.events(ids[0]))


class Row32(MemoryCase):
    def test_a_rounded_id_is_told_by_every_call(self):
        media_id = self.x1.open(10)
        rounded = str(int(media_id) + 1)  # the same number in floating point
        body = json_body(media_id=rounded, alt_text={"text": "x"})
        self.told_v1(self.x1.post(METADATA, body, "application/json"), 404, "media_id_rounded", media_id)
        answer = self.x2.json("/2/media/metadata", id=rounded, metadata={"alt_text": {"text": "x"}})
        self.told_v2(answer, 404, "media_id_rounded", media_id)
        post = urlencode({"status": "x", "media_ids": rounded}).encode()
        self.told_v1(self.x1.post("/1.1/statuses/update.json", post, FORM), 404, "media_id_rounded", media_id)
        self.told_v2(self.x2.json("/2/tweets", text="x", media={"media_ids": [rounded]}), 404, "media_id_rounded", media_id)
        self.told_v2(self.x2.get(f"/2/media/7_{rounded}"), 404, "media_id_rounded", media_id)
        self.told_v2(self.x2.get(f"/2/media?media_keys=7_{rounded}"), 404, "media_id_rounded", media_id)


class Notices(MemoryCase):
    arguments = ("--role", "api")

    def test_each_notice_is_a_header_of_its_own(self):
        media_id = upload(self.x1, clip(), 1 << 20, category=None)
        for _ in range(2):
            answer = self.x1.status(media_id)
        notices = [value for name, value in answer.headers if name == "sluice-notice"]
        self.assertEqual([notice.split(";")[0] for notice in notices], ["category_missing", "polling_too_fast"], answer)


class AsX(MemoryCase):
    def test_slashes_are_escaped_as_x_does(self):
        media = self.x1_faithful.one_shot(picture())
        self.assertIn(rb'"image_type":"image\/png"', media.body)
        refused = self.x1_faithful.one_shot(b"")
        self.assertIn(rb'"request":"\/1.1\/media\/upload.json"', refused.body)
        self.assertNotIn(rb"\/", self.x1.one_shot(picture()).body)


if __name__ == "__main__":
    unittest.main()
