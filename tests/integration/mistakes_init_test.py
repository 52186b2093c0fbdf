"""INIT: rows 15 to 30 of the list of mistakes (28 is seen at FINALIZE, 29 is a quota), each provoked over a real socket."""

import json
import unittest

from support.client import FORM, V1, V2
from support.media import picture, run_ffmpeg
from support.mistakes import X_INVALID, MistakeCase
from support.wire import Part, multipart

UNRECOGNIZED = "media type unrecognized."
TOO_LARGE = '{ "message": "maxFileSizeExceeded", "maxFileSizeBytes": %d }'


class Sizes(MistakeCase):
    def test_row_15_total_bytes_missing(self):
        facts = ("size of the whole file, not of a chunk and not of its base64", "media_type (form body)")
        self.told_v1(self.x1.form(command="INIT", media_type="video/mp4"), 400, "total_bytes_missing", *facts)
        answer = self.x2.json(f"{V2}/initialize", media_type="video/mp4")
        self.told_v2(answer, 400, "total_bytes_missing", "media_type (JSON body)")
        self.assertEqual(self.x1_faithful.form(command="INIT").header("sluice-error"), "total_bytes_missing")

    def test_row_16_total_bytes_that_are_no_size(self):
        for value in ("0", "-5", "12MB", "NaN", "undefined", "1e6", "1.5", str(1 << 64)):
            with self.subTest(value):
                fact = f'total_bytes is "{value}"'
                self.told_v1(self.x1.init(value), 400, "total_bytes_invalid", fact)
                self.told_v2(self.x2.init(value), 400, "total_bytes_invalid", fact)
        for number in (-5, 1.5, 10**30):
            self.told_v2(self.x2.init(number), 400, "total_bytes_invalid", "total_bytes is")

    def test_numbers_beyond_63_bits(self):
        self.told_v1(self.x1.init((1 << 63) + 5), 413, "file_too_large", str((1 << 63) + 5))
        self.told_v2(self.x2.init((1 << 63) + 5), 413, "file_too_large", str((1 << 63) + 5))

    def test_row_18_larger_than_the_category_allows(self):
        facts = (str(1 << 30), "dm_video takes at most 536870912", "tweet_video would take it")
        self.told_v1(self.x1.init(1 << 30, category="dm_video"), 413, "file_too_large", *facts)
        self.told_v2(self.x2.init(1 << 30, category="dm_video"), 413, "file_too_large", *facts)
        answer = self.x1.init(8 << 20, "image/gif", "tweet_image")
        self.told_v1(answer, 413, "file_too_large", "at most 5242880", "tweet_gif would take it: at most 15728640")
        told = self.told_v1(self.x1.init(8 << 20, "image/png", "tweet_image"), 413, "file_too_large", "5242880")
        self.assertNotIn("would take it", told["detail"])

    def test_row_18_as_x(self):
        answer = self.x1_faithful.init(8 << 20, "image/png", "tweet_image")
        self.as_x_v1(answer, 400, 324, "Image file size must be <= 5242880 bytes", "file_too_large")

    def test_row_18_as_x_of_each_kind(self):
        gif = "File size exceeds 15728640 bytes."
        for category in ("tweet_gif", "dm_gif"):
            answer = self.x1_faithful.init((15 << 20) + 1, "image/gif", category)
            self.as_x_media_service(answer, 400, gif, "file_too_large")
        for category, limit in (("dm_video", 512 << 20), ("tweet_video", 16 << 30)):
            answer = self.x1_faithful.init(limit + 1, "video/mp4", category)
            self.as_x_media_service(answer, 400, TOO_LARGE % limit, "file_too_large")
            self.assertEqual(json.loads(answer.json()["error"])["maxFileSizeBytes"], limit)

    def test_row_19_the_least_segment_size_is_told_with_the_id(self):
        self.assertEqual(self.x1.init(123_456_789).header("sluice-segment-min-bytes"), "123457")
        self.assertEqual(self.x2.init(123_456_789).header("sluice-segment-min-bytes"), "123457")
        self.assertEqual(self.x1.init(5).header("sluice-segment-min-bytes"), "1")


class SmallSegments(MistakeCase):
    arguments = ("--limit", "segment.max_bytes=1M")

    def test_row_19_a_file_that_a_thousand_segments_cannot_hold(self):
        size = 2 << 30
        self.told_v1(self.x1.init(size), 400, "too_many_segments_needed", "1048576", str(size))
        self.told_v2(self.x2.init(size), 400, "too_many_segments_needed", "1048576", str(size))


class Types(MistakeCase):
    def test_row_20_a_placeholder_for_a_type_is_accepted(self):
        for media_type in ("", "media", "application/octet-stream", "text/plain charset=UTF-8", "binary/octet-stream"):
            with self.subTest(media_type):
                self.assertEqual(self.x1.init(5, media_type).status, 202)
                self.assertEqual(self.x2.init(5, media_type).status, 200)
        self.assertEqual(self.x1.form(command="INIT", total_bytes=5).status, 202)

    def test_row_20_it_is_noted_in_the_timeline(self):
        for media_type, words in (("media", 'media_type is "media": the content decides'), ("", "No media_type came"), ("video/mp4", None)):
            media_id = self.x1.open(5, media_type=media_type)
            init = self.x1.get(f"/api/v1/uploads/{media_id}/timeline").json()["data"][0]
            self.assertIsNone(init["code"])
            self.assertIn(words or "", init["facts"] or "")
            self.assertEqual(bool(init["facts"]), bool(words), init)

    def test_row_21_a_kind_that_nobody_processes(self):
        for media_type in ("audio/mpeg", "application/pdf", "video/x-msvideo", "video/mp4\x07\nx"):
            with self.subTest(media_type):
                shown = media_type.replace("\x07", "?").replace("\n", "?") if "\n" not in media_type else "video/mp4"
                facts = (shown, "video/mp4", "image/webp", "text/vtt")
                self.told_v1(self.x1.init(5, media_type, None), 415, "media_type_unsupported", *facts)
                self.told_v2(self.x2.init(5, media_type), 415, "media_type_unsupported", *facts)
        answer = self.x1_faithful.init(5, "audio/mpeg")
        self.as_x_media_service(answer, 400, UNRECOGNIZED, "media_type_unsupported")

    def test_row_24_spellings_of_categories(self):
        for category in ("tweet_video", "TweetVideo", "TWEET_VIDEO", "tweetvideo"):
            self.assertEqual(self.x1.init(5, category=category).status, 202)
            self.assertEqual(self.x2.init(5, category=category).status, 200)
        for category, nearest in (
            ("tweet-video", "tweet_video"), ("video", "tweet_video"), ("tweet_vidoe", "tweet_video"),
            ("GIF", "tweet_gif"), ("photo", "tweet_image"), ("caption", "subtitles"),
        ):
            with self.subTest(category):
                facts = (f'"{category}"', "dm_image, dm_gif, dm_video and subtitles", f"Did you mean {nearest}?")
                self.told_v1(self.x1.init(5, category=category), 400, "category_unknown", *facts)
                self.told_v2(self.x2.init(5, category=category), 400, "category_unknown", *facts)
        answer = self.x1_faithful.init(5, category="tweet-video")
        self.as_x_v1(answer, 400, 324, "Unsupported raw media category", "category_unknown")
        self.as_x_v2(self.x2_faithful.init(5, category="x"), 400, X_INVALID, "category_unknown")

    def test_text_with_control_characters(self):
        answer = self.x1.init(5, category="tweet\x00\x1b[31m\nvideo")
        told = self.told_v1(answer, 400, "category_unknown", "tweet??[31m?video")
        self.assertNotIn("\x1b", json.dumps(told))
        self.assertEqual(self.x2.json(f"{V2}/initialize", total_bytes=5, unknown="\x00\x01").status, 200)

    def test_row_25_category_and_type_contradict(self):
        for category, media_type, fitting in (
            ("tweet_image", "video/mp4", "tweet_video"), ("amplify_video", "image/png", "tweet_image"),
            ("tweet_gif", "video/mp4", "tweet_video"), ("subtitles", "image/gif", "tweet_gif"),
        ):
            with self.subTest(category):
                facts = (f"media_category is {category}", f'"{media_type}"', f"{fitting} would fit")
                self.told_v1(self.x1.init(5, media_type, category), 400, "category_type_conflict", *facts)
                self.told_v2(self.x2.init(5, media_type, category), 400, "category_type_conflict", *facts)


class Guessed(MistakeCase):
    """Without a category the content decides, and the answer says that X would not have taken it so."""

    def check(self, caller, answer, fact):
        self.assertEqual(answer.header("sluice-notice"), "category_missing", answer)
        self.assertIn("/docs/errors/category_missing>", answer.header("link"))
        notice = caller.info_of(answer)["sluice"]["notices"][0]
        self.assertEqual(notice["code"], "category_missing")
        self.assertIn(fact, notice["message"])

    def test_row_22_a_video_is_taken_for_a_tweet_video(self):
        data = run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=1", "-pix_fmt", "yuv420p", suffix=".mp4")
        for caller, statuses in ((self.x1, (202, 201)), (self.x2, (200, 200))):
            answer = caller.init(len(data), category=None) if caller is self.x1 else caller.json(
                f"{V2}/initialize", media_type="video/mp4", total_bytes=len(data))
            self.assertEqual(answer.status, statuses[0])
            self.assertEqual(answer.header("sluice-notice"), "category_missing")
            self.assertNotIn("sluice", answer.json())
            media_id = answer.json().get("media_id_string") or answer.json()["data"]["id"]
            caller.append(media_id, 0, data)
            answer = caller.finalize(media_id)
            self.assertEqual(answer.status, statuses[1], answer)
            self.assertIn(caller.info_of(answer)["state"], ("pending", "in_progress", "succeeded"))
            self.check(caller, answer, "taken for tweet_video")
            self.check(caller, caller.status(media_id), "15 MB and 30 s")
            self.assertEqual(caller.wait(media_id)["state"], "succeeded")

    def test_row_23_a_gif_is_taken_for_a_tweet_gif(self):
        answer = self.x1.init(6 << 20, "image/gif", None)
        self.assertEqual((answer.status, answer.header("sluice-notice")), (202, "category_missing"))
        data = run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=32x32:rate=5:duration=1", suffix=".gif")
        media_id = self.x1.open(len(data), media_type="", category=None)
        self.x1.append(media_id, 0, data)
        self.check(self.x1, self.x1.finalize(media_id), "taken for tweet_gif")
        self.check(self.x1, self.x1.status(media_id), "at most 5 MB")

    def test_row_22_an_image_needs_no_category(self):
        self.assertIsNone(self.x1.init(5, "image/png", None).header("sluice-notice"))

    def test_row_22_as_x_has_the_header_alone(self):
        answer = self.x1_faithful.init(5, category=None)
        self.assertEqual((answer.status, answer.header("sluice-notice")), (202, "category_missing"))
        self.assertNotIn("sluice", answer.json())


class Rights(MistakeCase):
    arguments = ("--amplify-video", "deny")

    def test_row_26_a_category_that_needs_a_right(self):
        facts = ("amplify_video", "right to advertise", "tweet_video takes the same files")
        self.told_v1(self.x1.init(5, category="AmplifyVideo"), 403, "category_forbidden", *facts)
        self.told_v2(self.x2.init(5, category="amplify_video"), 403, "category_forbidden", *facts)
        self.assertEqual(self.x1.init(5).status, 202)
        self.assertEqual(self.x1_faithful.init(5, category="amplify_video").status, 403)


class Owners(MistakeCase):
    def test_row_27_owners_in_every_form(self):
        self.assertEqual(self.x1.init(5, additional_owners="12,34").status, 202)
        self.assertEqual(self.x2.init(5, additional_owners=["12", "34"]).status, 200)
        self.assertEqual(self.x2.init(5, additional_owners="12, 34").status, 200)
        self.assertEqual(self.x1.init(5, additional_owners=",".join(map(str, range(1, 101)))).status, 202)
        parts = [Part("command", "INIT"), Part("total_bytes", 5), *(Part("additional_owners", n) for n in range(1, 101))]
        content_type, body = multipart(parts)
        self.assertEqual(self.x1.post(V1, body, content_type).status, 202)

    def test_row_27_owners_that_are_none(self):
        answer = self.x1.init(5, additional_owners="12,@jack,,-5")
        self.told_v1(answer, 400, "additional_owners_invalid", '"@jack"', '"-5"')
        answer = self.x2.init(5, additional_owners=["12", "jack", str(1 << 70)])
        self.told_v2(answer, 400, "additional_owners_invalid", '"jack"', str(1 << 70))
        answer = self.x1.form(command="INIT", total_bytes=5, media_type="video/mp4", **{"additional_owners[0]": "12"})
        self.told_v1(answer, 400, "additional_owners_invalid", '"additional_owners[0]"')
        content_type, body = multipart([Part("additional_owners", "jack"), Part("media", picture(), "a.png")])
        self.told_v1(self.x1.post(V1, body, content_type), 400, "additional_owners_invalid", '"jack"')

    def test_row_27_a_thousand_owners(self):
        many = [str(10**18 + n) for n in range(1000)]
        facts = ("1000", "100")
        self.told_v1(self.x1.init(5, additional_owners=",".join(many)), 400, "additional_owners_invalid", *facts)
        self.told_v2(self.x2.init(5, additional_owners=many), 400, "additional_owners_invalid", *facts)
        parts = [Part("command", "INIT"), Part("total_bytes", 5), *(Part("additional_owners", name) for name in many)]
        content_type, body = multipart(parts)
        self.told_v1(self.x1.post(V1, body, content_type), 400, "additional_owners_invalid", *facts)


class MediaBeside(MistakeCase):
    def test_row_30_media_beside_init(self):
        parts = [Part("media", b"12345", "blob"), Part("command", "INIT"), Part("total_bytes", 5)]
        content_type, body = multipart(parts)
        told = self.told_v1(self.x1.post(V1, body, content_type), 400, "media_in_init", "5 bytes", '"media"')
        self.assertIn("APPEND", told["hint"])
        answer = self.x2.json(f"{V2}/initialize", total_bytes=5, media="AAAA")
        self.told_v2(answer, 400, "media_in_init", "3 bytes")

    def test_row_30_an_empty_one_is_harmless(self):
        self.assertEqual(self.x1.post(V1, b"command=INIT&total_bytes=5&media=", FORM).status, 202)
        content_type, body = multipart([Part("media", ""), Part("command", "INIT"), Part("total_bytes", 5)])
        answer = self.x1.post(V1, body, content_type)
        self.assertEqual(answer.status, 202, answer)
        media_id = answer.json()["media_id_string"]
        self.x1.append(media_id, 0, b"12345")
        answer = self.x1.form(command="FINALIZE", media_id=media_id, media="")
        self.assertEqual(answer.status, 201, answer)


if __name__ == "__main__":
    unittest.main()
