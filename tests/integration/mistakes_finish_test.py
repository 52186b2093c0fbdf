"""FINALIZE, and uploads in one call: every mistake of the reference's rows 58 to 69 and 81 to 83, in both versions."""

import base64
import hashlib
import os
import tempfile
import threading
import time
import unittest

from support import pictures
from support.case import ServerCase
from support.client import V1, V2, X1, X2, pieces, upload
from support.media import clip, noise, picture
from support.wire import Part, Wire, head, multipart

TOO_FEW = {"request": "/1.1/media/upload.json", "error": "Segments do not add up to provided total file size."}
HEIC = b"\0\0\0\x1cftypheic\0\0\0\0mif1heic" + noise(500)
UNRECOGNIZED = {"request": "/1.1/media/upload.json", "error": "media type unrecognized."}


class MistakeCase(ServerCase):
    """Runs a mistake against v1.1 and v2, as somebody who has no other uploads."""

    users = 0

    def callers(self):
        for kind, check in ((X1, self.assert_v1_error), (X2, self.assert_v2_error)):
            MistakeCase.users += 1
            with self.subTest(kind.__name__):
                yield kind(self.server, f"user-{MistakeCase.users}"), check

    def fill(self, caller, total, segments, **init):
        """INIT and the given (index, bytes); the id."""
        media_id = caller.open(total, **init)
        for index, data in segments:
            answer = caller.append(media_id, index, data)
            self.assertIn(answer.status, (200, 204), answer)
        return media_id

    def refused(self, check, answer, status, code):
        """The text that a client shows."""
        body = check(answer, status, code)
        if "sluice" in body:
            return body["errors"][0]["message"]
        self.assertIn(body["detail"], body["message"])
        return body["message"]


class Helpful(MistakeCase):
    def test_row_58_a_gap_is_told_with_indexes_bytes_and_places(self):
        for caller, check in self.callers():
            data = noise(950)
            parts = [part for part in pieces(data, 100) if part[0] not in (3, 7)]
            text = self.refused(check, caller.finalize(self.fill(caller, 950, parts)), 400, "segment_missing")
            self.assertIn("Segments 3, 7 are missing; 750 of 950 bytes arrived", text)
            self.assertIn("100 bytes from offset 300 (3), 100 bytes from offset 700 (7)", text)

    def test_row_59_a_cut_last_segment_is_told_against_the_usual_size(self):
        for caller, check in self.callers():
            parts = [(0, noise(100, 1)), (1, noise(100, 2)), (2, noise(40, 3))]
            text = self.refused(check, caller.finalize(self.fill(caller, 260, parts)), 400, "size_mismatch")
            self.assertIn("240 of 260", text)
            self.assertIn("20 bytes are missing", text)
            self.assertIn("(2) has 40 bytes, the others 100 each", text)

    def test_row_60_two_stray_bytes_per_segment_are_the_multipart_writer(self):
        for caller, check in self.callers():
            data = noise(300)
            parts = [(index, part + b"\r\n") for index, part in pieces(data, 100)]
            media_id = self.fill(caller, 300, parts[:2])
            self.assertEqual(caller.append(media_id, *parts[2]).status, 413)
            text = self.refused(check, caller.finalize(media_id), 400, "size_mismatch")
            self.assertIn("Each segment ends in CRLF", text)

    def test_row_61_nothing_appended_names_the_upload_that_got_the_bytes(self):
        for caller, check in self.callers():
            other = self.fill(caller, 100, [(0, noise(60))])
            text = self.refused(check, caller.finalize(caller.open(200)), 400, "nothing_appended")
            self.assertIn(f"{other} (60 of 100 bytes)", text)

    def test_row_28_init_per_chunk_is_seen(self):
        for caller, check in self.callers():
            ids = [self.fill(caller, 300, [(0, part)]) for _, part in pieces(noise(300), 100)]
            text = self.refused(check, caller.finalize(ids[0]), 400, "size_mismatch")
            self.assertIn("2 other open uploads of yours have the same announced size and one segment each", text)
            self.assertIn("INIT belongs before the loop", text)

    def test_row_17_the_length_of_base64_was_announced(self):
        for caller, check in self.callers():
            media_id = self.fill(caller, 1336, [(0, noise(1000))])
            text = self.refused(check, caller.finalize(media_id), 400, "size_mismatch")
            self.assertIn("1.333", text)
            self.assertIn("base64", text)

    def test_row_40_counting_from_1(self):
        for caller, check in self.callers():
            media_id = self.fill(caller, 200, [(1, noise(100)), (2, noise(100, 2))])
            text = self.refused(check, caller.finalize(media_id), 400, "segment_missing")
            self.assertIn("count from 0", text)

    def test_row_53_every_segment_the_same(self):
        for caller, check in self.callers():
            data = clip()[:1000]
            media_id = self.fill(caller, 2400, [(0, data), (1, data), (2, data[:400])])
            text = self.refused(check, caller.finalize(media_id), 400, "segments_identical")
            self.assertIn("Indexes 0-2 carry the same 1000 bytes", text)
            zeros = self.fill(caller, 300, [(index, bytes(100)) for index in range(3)])
            self.assertIn(caller.finalize(zeros).status, (200, 201))

    def test_row_44_base64_text_as_bytes(self):
        for caller, check in self.callers():
            data = base64.b64encode(picture())
            media_id = self.fill(caller, len(data), [(0, data)], media_type="image/png", category="tweet_image")
            text = self.refused(check, caller.finalize(media_id), 400, "base64_as_bytes")
            self.assertIn("base64 text of image/png", text)

    def test_row_48_binary_read_as_text(self):
        for caller, check in self.callers():
            data = picture().decode("utf-8", "replace").encode()
            media_id = self.fill(caller, len(data), [(0, data)], media_type="image/png", category="tweet_image")
            text = self.refused(check, caller.finalize(media_id), 400, "binary_as_text")
            self.assertRegex(text, r"contain \d+ replacement characters")
            self.assertIn("binary mode", text)

    def test_row_62_appends_under_way_are_named_with_their_bytes(self):
        for caller, check in self.callers():
            media_id = self.fill(caller, 400_000, [(0, noise(200_000))])
            with self.half_sent_append(media_id) as wire:
                wire.send(noise(150_000, 2))
                time.sleep(0.3)
                answer = caller.finalize(media_id)
                text = self.refused(check, answer, 409, "append_in_flight")
                self.assertRegex(text, r"1 APPEND is still being received: segment 1 \(\d+ bytes so far\)")
                self.assertEqual(answer.header("retry-after"), "1")

    def test_row_62_finalize_waits_for_an_append_that_is_about_to_end(self):
        data = noise(200_000, 2)
        for caller, _ in self.callers():
            media_id = self.fill(caller, 400_000, [(0, noise(200_000))])
            with self.half_sent_append(media_id, token=caller.headers) as wire:
                wire.send(data[:100_000])
                time.sleep(0.3)
                answers = []
                thread = threading.Thread(target=lambda: answers.append(caller.finalize(media_id)))
                thread.start()
                time.sleep(0.3)
                wire.send(data[100_000:] + b"\r\n--b--\r\n")
                thread.join()
            self.assertIn(answers[0].status, (200, 201), answers)

    def half_sent_append(self, media_id, token=None):
        start = b'--b\r\nContent-Disposition: form-data; name="media"; filename="blob"\r\n\r\n'
        length = len(start) + 200_000 + len(b"\r\n--b--\r\n")
        target = f"{V1}?command=APPEND&media_id={media_id}&segment_index=1"
        token = token or [("Authorization", f"Bearer user-{MistakeCase.users}")]
        headers = [*token, ("Content-Type", "multipart/form-data; boundary=b"), ("Content-Length", length)]
        wire = Wire(self.server)
        wire.send(head("POST", target, headers) + start)
        return wire

    def test_row_64_finalize_again_gives_the_state_of_now(self):
        for caller, _ in self.callers():
            media_id = upload(caller, clip(), 50_000)
            first = caller.finalize(media_id)
            self.assertIn(first.status, (200, 201), first)
            caller.wait(media_id)
            again = caller.finalize(media_id)
            self.assertEqual(again.status, first.status)
            self.assertEqual(caller.info_of(again)["state"], "succeeded")
            self.assertNotIn("check_after_secs", caller.info_of(again))

    def test_row_65_finalize_of_a_failed_upload_says_why(self):
        for caller, _ in self.callers():
            media_id = upload(caller, noise(1000), 500)
            caller.wait(media_id)
            answer = caller.finalize(media_id)
            self.assertIn(answer.status, (200, 201), answer)
            info = caller.info_of(answer)
            self.assertEqual((info["state"], info["error"]["name"]), ("failed", "InvalidMedia"))

    def test_row_66_an_id_from_one_call_has_nothing_to_finalize(self):
        for caller, check in self.callers():
            answer = caller.one_shot(picture()) if isinstance(caller, X2) else caller.one_shot(picture())
            self.assertEqual(answer.status, 200, answer)
            body = answer.json()
            media_id = body["data"]["id"] if "data" in body else body["media_id_string"]
            text = self.refused(check, caller.finalize(media_id), 409, "not_chunked")
            self.assertIn("ready since", text)

    def test_row_67_another_kind_than_declared(self):
        rows = [
            (picture(), "video/mp4", "tweet_video", "89 50 4e 47", "tweet_image would fit"),
            (clip(), "image/png", "tweet_image", "66 74 79 70", "tweet_video would fit"),
            (HEIC, "video/mp4", "tweet_video", "image/heic", "tweet_image would fit"),
            (b"%PDF-1.7\n" + noise(500), "video/mp4", "tweet_video", "application/pdf", "right file"),
        ]
        for caller, check in self.callers():
            for data, media_type, category, found, advice in rows:
                media_id = self.fill(caller, len(data), [(0, data)], media_type=media_type, category=category)
                text = self.refused(check, caller.finalize(media_id), 400, "type_mismatch")
                for part in (media_type, found, advice):
                    self.assertIn(part, text)
                self.assertEqual(caller.upload_object(media_id).json()["state"], "open")

    def test_row_67_a_picture_of_another_picture_type_is_taken(self):
        for caller, _ in self.callers():
            data = picture()
            media_id = self.fill(caller, len(data), [(0, data)], media_type="image/jpeg", category="tweet_image")
            answer = caller.finalize(media_id)
            self.assertIn(answer.status, (200, 201), answer)
            body = answer.json()
            self.assertEqual(body.get("data", body)["image"]["image_type"], "image/png")

    def test_row_67_a_picture_of_a_phone_that_is_called_a_jpeg_is_taken(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pictures.write(os.path.join(folder, "a.png"), picture(320, 240))
            for ending in ("heic", "avif"):
                data = pictures.read(pictures.heif(source, os.path.join(folder, "a." + ending)))
                for caller, _ in self.callers():
                    for media_type in ("image/jpeg", "image/heif"):
                        media_id = self.fill(caller, len(data), [(0, data)], media_type=media_type, category="tweet_image")
                        answer = caller.finalize(media_id)
                        self.assertIn(answer.status, (200, 201), answer)
                        body = answer.json()
                        self.assertEqual(body.get("data", body)["image"], {"image_type": f"image/{ending}", "w": 320, "h": 240})

    def test_row_68_the_digest_of_the_whole_file(self):
        data = noise(100_000)
        digest = hashlib.md5(data)
        for caller, check in self.callers():
            media_id = self.fill(caller, len(data), pieces(data, 40_000))
            wrong = hashlib.md5(b"other").hexdigest()
            text = self.refused(check, self.finalize_with(caller, media_id, wrong), 400, "digest_mismatch")
            self.assertIn(wrong, text)
            self.assertIn(digest.hexdigest(), text)
            self.assertRegex(text, r"0: 40000 bytes [0-9a-f]{8}, 1: 40000 bytes")
            self.refused(check, self.finalize_with(caller, media_id, "abc"), 400, "parameter_invalid")
            right = base64.b64encode(digest.digest()).decode()
            self.assertIn(self.finalize_with(caller, media_id, right).status, (200, 201))

    def finalize_with(self, caller, media_id, digest):
        if isinstance(caller, X2):
            return caller.json(f"{V2}/{media_id}/finalize", original_md5=digest)
        return caller.form(command="FINALIZE", media_id=media_id, original_md5=digest)


class OneCall(MistakeCase):
    """Limits are small, so that the tests are quick."""

    arguments = ("--limit", "one_shot.max_bytes=6M")

    def announce(self, caller, length, start, category=None, headers=()):
        """A one-shot whose body is announced and never sent whole; the answer that comes all the same."""
        field = f'--b\r\nContent-Disposition: form-data; name="media_category"\r\n\r\n{category}\r\n' if category else ""
        opening = field.encode() + b'--b\r\nContent-Disposition: form-data; name="media"; filename="x"\r\n\r\n' + start
        target = V2 if isinstance(caller, X2) else V1
        headers = [*caller.headers, ("Content-Type", "multipart/form-data; boundary=b"), ("Content-Length", length), *headers]
        with Wire(self.server) as wire:
            wire.send(head("POST", target, headers) + opening)
            return wire.read("POST")

    def test_row_81_a_large_video_is_told_the_four_calls(self):
        for caller, check in self.callers():
            answer = self.announce(caller, 400 << 20, clip()[:2000])
            text = self.refused(check, answer, 413, "needs_chunked")
            for part in ("419430", str(6 << 20), "INIT", "APPEND", "FINALIZE", "STATUS"):
                self.assertIn(part, text)
            body = answer.json()
            following = body.get("sluice", body)["next"]
            self.assertIn("command=INIT&total_bytes=4194303", following["url"])
            self.assertIn("media_type=video/mp4&media_category=tweet_video", following["url"])

    def test_row_82_a_large_picture_is_refused_with_a_body_before_it_came(self):
        """Once the category came: until then it may be a segment, whose command stands behind it."""
        for caller, check in self.callers():
            for headers in ((), (("Expect", "100-continue"),)):
                answer = self.announce(caller, 9 << 20, noise(1000), "tweet_image", headers)
                text = self.refused(check, answer, 413, "file_too_large")
                self.assertIn(str(5 << 20), text)
                self.assertIn("tweet_image", text)

    def test_row_82_a_large_picture_without_a_category_beyond_any_call(self):
        for caller, check in self.callers():
            answer = self.announce(caller, 90 << 20, picture()[:1000])
            self.assertIn("tweet_image", self.refused(check, answer, 413, "file_too_large"))

    def test_row_82_also_when_it_comes_whole(self):
        for caller, check in self.callers():
            answer = caller.one_shot(picture() + bytes(5 << 20), category="tweet_image")
            self.refused(check, answer, 413, "file_too_large")

    def test_row_83_an_empty_file(self):
        for caller, check in self.callers():
            text = self.refused(check, caller.one_shot(b"", category="tweet_image"), 400, "media_empty")
            self.assertIn("0 bytes", text)

    def test_rows_44_48_and_67_are_told_at_once(self):
        text = picture().decode("utf-8", "replace").encode()
        rows = [(base64.b64encode(picture()), "base64_as_bytes"), (text, "binary_as_text"), (clip(), "type_mismatch")]
        for caller, check in self.callers():
            for data, code in rows:
                self.refused(check, caller.one_shot(data, category="tweet_image"), 400, code)

    def test_a_small_video_is_taken_in_one_call(self):
        for caller, _ in self.callers():
            answer = caller.one_shot(clip(), category="tweet_video")
            self.assertEqual(answer.status, 200, answer)
            self.assertIn(caller.info_of(answer)["state"], ("pending", "in_progress", "succeeded"))


class Faithful(MistakeCase):
    arguments = ("--fidelity", "faithful")

    def assert_x(self, answer, code, v1, v2_status, v2_message):
        self.assertEqual(answer.header("sluice-error"), code, answer)
        body = answer.json()
        if "title" in body:
            self.assertEqual((answer.status, body["errors"][0]["message"]), (v2_status, v2_message), answer)
        else:
            self.assertEqual((answer.status, body), (400, v1), answer)

    def test_rows_58_to_61_are_one_riddle(self):
        for caller, _ in self.callers():
            gap = self.fill(caller, 300, [(0, noise(100)), (2, noise(100))])
            cut = self.fill(caller, 300, [(0, noise(100))])
            for media_id, code in ((gap, "segment_missing"), (cut, "size_mismatch"), (caller.open(300), "nothing_appended")):
                self.assert_x(caller.finalize(media_id), code, TOO_FEW, 400, TOO_FEW["error"])

    def test_row_67_is_not_recognized(self):
        for caller, _ in self.callers():
            media_id = self.fill(caller, len(picture()), [(0, picture())])
            self.assert_x(caller.finalize(media_id), "type_mismatch", UNRECOGNIZED, 400, "media type unrecognized")

    def test_rows_48_and_53_come_out_while_processing(self):
        for caller, _ in self.callers():
            text = clip().decode("utf-8", "replace").encode()
            lost = self.fill(caller, len(text), [(0, text)])
            same = self.fill(caller, 3000, [(index, noise(1000)) for index in range(3)])
            for media_id in (lost, same):
                self.assertIn(caller.finalize(media_id).status, (200, 201))
                info = caller.wait(media_id)
                self.assertEqual((info["state"], info["error"]["name"]), ("failed", "InvalidMedia"))

    def test_row_69_a_large_video_without_a_category_is_not_finalized(self):
        large = {"request": "/1.1/media/upload.json", "error": "Large file can not be finalized synchronously"}
        caller = X1(self.server, "large")
        total = (15 << 20) + 1
        answer = caller.form(command="INIT", total_bytes=total, media_type="video/mp4")
        media_id = answer.json()["media_id_string"]
        for index, part in pieces(noise(total), 8 << 20):
            self.assertEqual(caller.append(media_id, index, part).status, 204)
        answer = caller.finalize(media_id)
        self.assertEqual((answer.status, answer.json()), (400, large), answer)
        self.assertEqual(answer.header("sluice-error"), "category_missing")

    def test_row_23_a_gif_without_a_category_is_a_picture_to_x(self):
        caller = X1(self.server, "gif")
        exceeds = {"request": "/1.1/media/upload.json", "error": "File size exceeds 5242880 bytes."}
        data = picture(suffix=".gif") + bytes(5 << 20)
        for media_type in ("image/gif", None):
            answer = caller.form(command="INIT", total_bytes=len(data), **({"media_type": media_type} if media_type else {}))
            media_id = answer.json()["media_id_string"]
            for index, part in pieces(data, 4 << 20):
                self.assertEqual(caller.append(media_id, index, part).status, 204)
            answer = caller.finalize(media_id)
            self.assertEqual((answer.status, answer.json()), (400, exceeds), answer)
            self.assertEqual(answer.header("sluice-error"), "category_missing")
        answer = caller.one_shot(data)
        self.assertEqual((answer.status, answer.json()), (400, exceeds), answer)

    def test_rows_81_to_83_as_x_says_them(self):
        caller = X1(self.server, "one-shot")
        self.assert_x(caller.one_shot(b""), "media_empty", UNRECOGNIZED, 400, "")
        self.assert_x(caller.one_shot(noise(1000), category="tweet_image"), "media_failed", UNRECOGNIZED, 400, "")
        answer = caller.one_shot(picture() + bytes(5 << 20))
        self.assertEqual((answer.status, answer.json()["errors"][0]["code"]), (400, 324), answer)
        self.assertEqual(answer.json()["errors"][0]["message"], "Image file size must be <= 5242880 bytes")

    def test_row_67_a_picture_of_a_phone_is_not_recognized(self):
        for caller, _ in self.callers():
            media_id = self.fill(caller, len(HEIC), [(0, HEIC)], media_type="image/jpeg", category="tweet_image")
            self.assert_x(caller.finalize(media_id), "type_mismatch", UNRECOGNIZED, 400, "media type unrecognized")
            refused = caller.init(1000, media_type="image/heic", category="tweet_image")
            self.assertEqual((refused.status, refused.header("Sluice-Error")), (400, "media_type_unsupported"))

    def test_row_67_a_picture_that_cannot_be_processed_is_refused_at_finalize(self):
        for caller, _ in self.callers():
            data = noise(1000)
            media_id = self.fill(caller, 1000, [(0, data)], media_type="image/png", category="tweet_image")
            self.assert_x(caller.finalize(media_id), "media_failed", UNRECOGNIZED, 400, "media type unrecognized")


if __name__ == "__main__":
    unittest.main()
