"""STATUS, the shape of every answer around it, and expiry: rows 70 to 72, 75, 76 and 78 to 80 of the reference."""

import time
import unittest

from integration.mistakes_finish_test import MistakeCase
from support import engine
from support.client import V1, V2, X1, X2, pieces, upload
from support.media import clip, noise, picture


def media_of(answer):
    body = answer.json()
    return body.get("data", body)


class Helpful(MistakeCase):
    def test_row_70_finalize_forgotten_with_everything_there(self):
        for caller, check in self.callers():
            media_id = self.fill(caller, 200, [(0, noise(100)), (1, noise(100, 2))])
            for _ in range(3):
                answer = caller.status(media_id)
                text = self.refused(check, answer, 409, "finalize_missing")
                self.assertIn("2 segments with 200 of 200 bytes", text)
                self.assertRegex(text, r"All bytes are there since 20\d\d-")
                body = answer.json()
                self.assertIn("inalize", body.get("sluice", body)["next"]["url"].lower())

    def test_row_71_what_is_missing_is_told_too(self):
        for caller, check in self.callers():
            parts = [part for part in pieces(noise(1400), 100) if part[0] not in (3, 7)]
            text = self.refused(check, caller.status(self.fill(caller, 1400, parts)), 409, "finalize_missing")
            self.assertIn("Segments 3, 7 are missing", text)
            self.assertIn("offset 300", text)

    def test_row_71_a_refused_finalize_is_told_again(self):
        for caller, check in self.callers():
            media_id = self.fill(caller, len(picture()), [(0, picture())])
            self.refused(check, caller.finalize(media_id), 400, "type_mismatch")
            text = self.refused(check, caller.status(media_id), 409, "finalize_missing")
            self.assertIn("the content is image/png", text)
            self.assertIn("bytes arrived, FINALIZE was refused", text)
            self.assertNotIn("never", text)

    def test_row_72_pictures_and_one_shots_have_succeeded(self):
        for caller, _ in self.callers():
            data = picture()
            ids = [upload(caller, data, 5000, media_type="image/png", category="tweet_image")]
            answer = caller.one_shot(data, category="tweet_image")
            ids.append(media_of(answer).get("id") or media_of(answer)["media_id_string"])
            for media_id in ids:
                answer = caller.status(media_id)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(caller.info_of(answer)["state"], "succeeded")

    def test_row_72_subtitles_have_succeeded(self):
        data = b"1\n00:00:00,000 --> 00:00:01,000\nHello\n"
        for caller, _ in self.callers():
            media_id = upload(caller, data, 1000, media_type="text/srt", category="subtitles")
            self.assertEqual(caller.wait(media_id)["state"], "succeeded")

    def test_row_75_after_the_end_nothing_asks_to_come_again(self):
        for caller, _ in self.callers():
            media_id = upload(caller, clip(), 50_000)
            info = caller.wait(media_id)
            self.assertEqual((info["state"], info["progress_percent"]), ("succeeded", 100))
            answer = caller.status(media_id)
            self.assertNotIn("check_after_secs", caller.info_of(answer))
            self.assertEqual(media_of(answer)["video"], {"video_type": "video/mp4"})
            self.assertEqual(media_of(answer)["size"], len(clip()))

    def test_row_76_failed_has_the_whole_cause_and_does_not_change(self):
        for caller, _ in self.callers():
            media_id = upload(caller, noise(1000), 500)
            info = caller.wait(media_id)
            self.assertEqual(info["state"], "failed")
            self.assertNotIn("check_after_secs", info)
            self.assertIn("will not change", info["error"]["message"])
            self.assertIn("to upload it again", info["error"]["message"])
            self.assertEqual(info["error"]["sluice"]["code"], "container_unreadable")
            self.assertNotIn("expires_after_secs", media_of(caller.status(media_id)))

    def test_rows_78_and_80_progress_moves_names_its_step_and_is_not_100_early(self):
        for caller, _ in self.callers():
            media_id = upload(caller, clip(6, "640x480"), 1 << 20)
            steps, percents, state = set(), [], "pending"
            while state in ("pending", "in_progress"):
                answer = caller.status(media_id)
                self.assertEqual(answer.status, 200, answer)
                info = caller.info_of(answer)
                state = info["state"]
                if state == "in_progress":
                    steps.add(info["sluice"]["step"])
                    percents.append(info["progress_percent"])
                    self.assertGreaterEqual(info["check_after_secs"], 1)
                time.sleep(0.1)
            self.assertEqual(state, "succeeded")
            self.assertEqual(percents, sorted(percents))
            self.assertLess(max(percents, default=0), 100)
            self.assertTrue(steps & {"probe", "encode", "poster", "verify", "publish"}, steps)

    def test_row_79_the_id_in_a_header_or_under_another_name(self):
        for caller, check in self.callers():
            target = V2 if isinstance(caller, X2) else f"{V1}?command=STATUS"
            media_id = caller.open(10)
            answer = caller.get(target, [("X-MediaId", media_id)])
            text = self.refused(check, answer, 400, "media_id_missing")
            self.assertIn(f'The header "X-MediaId" carries "{media_id}"', text)
            joint = "?" if isinstance(caller, X2) else "&"
            text = self.refused(check, caller.get(f"{target}{joint}id={media_id}"), 400, "media_id_missing")
            self.assertIn('its name must be media_id', text)


class Shapes(MistakeCase):
    """Fields and headers as X sends them."""

    def test_v1_answers_have_xs_headers(self):
        caller = X1(self.server)
        data = picture()
        init = caller.init(len(data), media_type="image/png", category="tweet_image")
        media_id = init.json()["media_id_string"]
        self.assertEqual(init.json()["media_id"], int(media_id))
        append = caller.append(media_id, 0, data)
        finalize = caller.finalize(media_id)
        for answer in (init, finalize, caller.status(media_id), caller.status(1)):
            self.assertEqual(answer.header("content-type"), "application/json;charset=utf-8")
            self.assertEqual(answer.header("content-disposition"), "attachment; filename=json.json")
        for answer in (init, append, finalize):
            self.assertEqual(answer.header("x-mediaid"), media_id)
            self.assertRegex(answer.header("x-response-time"), r"^\d+$")
            self.assertRegex(answer.header("x-transaction-id"), r"^[0-9a-f]{16}$")
            self.assertEqual(answer.header("x-access-level"), "read-write-directmessages")
            self.assertRegex(answer.header("server-timing"), r"(^|, )total;dur=[0-9.]+")
        self.assertEqual((append.status, append.body), (204, b""))
        self.assertEqual(append.header("content-type"), "text/html;charset=utf-8")
        self.assertEqual((append.header("x-segmentcount"), append.header("x-totalbytes")), ("1", str(len(data))))
        self.assertRegex(append.header("server-timing"), r"body;dur=[0-9.]+, store;dur=[0-9.]+")

    def test_finalize_of_a_picture_is_final_and_of_a_video_has_processing_info(self):
        for caller, _ in self.callers():
            data = picture()
            media_id = self.fill(caller, len(data), [(0, data)], media_type="image/png", category="tweet_image")
            body = media_of(caller.finalize(media_id))
            self.assertEqual(body["image"], {"image_type": "image/png", "w": 640, "h": 480})
            self.assertEqual((body["size"], body["media_key"]), (len(data), f"3_{media_id}"))
            self.assertTrue(86300 < body["expires_after_secs"] <= 86400, body)
            self.assertNotIn("processing_info", body)
            media_id = self.fill(caller, len(clip()), [(0, clip())])
            answer = caller.finalize(media_id)
            self.assertIn(caller.info_of(answer)["state"], ("pending", "in_progress"))
            self.assertGreaterEqual(caller.info_of(answer)["check_after_secs"], 1)


class Expiry(MistakeCase):
    arguments = ("--limit", "upload.lifetime=2")

    def test_row_36_an_expired_id_is_not_an_unknown_one(self):
        for caller, check in self.callers():
            media_id = self.fill(caller, 100, [(0, noise(60))])
            ready = upload(caller, picture(), 5000, media_type="image/png", category="tweet_image")
            ends = time.monotonic() + 30
            while caller.status(ready).status == 200 and time.monotonic() < ends:
                time.sleep(0.2)
            late = (caller.append(media_id, 0, noise(60)), caller.append(media_id, 1, noise(40)))
            for answer in (caller.status(media_id), *late, caller.finalize(media_id)):
                text = self.refused(check, answer, answer.status, "media_expired")
                self.assertIn(answer.status, (404, 410))
                self.assertRegex(text, r"expired at 20\d\d-")
            self.assertIn("60 of 100 bytes had arrived", self.refused(check, caller.status(media_id), answer.status, "media_expired"))
            self.refused(check, caller.status(ready), answer.status, "media_expired")
            for each in (media_id, ready):
                self.assertEqual(caller.upload_object(each).json()["state"], "expired")
            self.assertEqual(caller.upload_object(ready).json()["outputs"], [])
            self.assertEqual(caller.get(f"/media/3_{ready}/original").status, 404)

    def test_what_expired_is_swept_and_leaves_a_tombstone(self):
        caller = X1(self.server, "swept")
        media_id = self.fill(caller, 100, [(0, noise(60))])
        ends = time.monotonic() + 30
        while caller.upload_object(media_id).json()["state"] != "expired" and time.monotonic() < ends:
            time.sleep(0.2)
        self.assertEqual(caller.upload_object(media_id).json()["state"], "expired")
        self.assertEqual(caller.status(media_id).header("sluice-error"), "media_expired")

    def test_what_is_kept_does_not_expire(self):
        caller = X1(self.server, "kept")
        media_id = upload(caller, picture(), 5000, media_type="image/png", category="tweet_image")
        self.assertEqual(caller.post(f"/api/v1/uploads/{media_id}/keep").status, 200)
        time.sleep(3)
        self.assertEqual(caller.status(media_id).status, 200)


class WithoutWorkers(MistakeCase):
    arguments = ("--role", "api")

    def test_row_77_nobody_processes_and_status_is_pending_all_the_same(self):
        for caller in (X1(self.server), X2(self.server)):
            media_id = upload(caller, clip(), 1 << 20)
            for _ in range(3):
                answer = caller.status(media_id)
                self.assertEqual(answer.status, 200, answer)
                info = caller.info_of(answer)
                self.assertEqual(info["state"], "pending", info)
                self.assertGreaterEqual(info["check_after_secs"], 1)
        is_a_node = engine.is_postgres() and engine.is_s3()
        self.assertEqual("nobody_works" in self.server.log(), not is_a_node)


class Faithful(MistakeCase):
    arguments = ("--fidelity", "faithful")

    def assert_no_status(self, caller, media_id):
        answer = caller.status(media_id)
        body = answer.json()
        if isinstance(caller, X2):
            self.assertEqual((answer.status, body["errors"][0]["message"]), (400, "BadRequest: Not found"), answer)
        else:
            self.assertEqual((answer.status, body["errors"][0]["code"]), (404, 34), answer)
        self.assertIn(answer.header("sluice-error"), ("already_finalized", "not_chunked"))

    def test_rows_70_and_71_are_over_capacity(self):
        for caller, _ in self.callers():
            media_id = self.fill(caller, 200, [(0, noise(100))])
            answer = caller.status(media_id)
            self.assertEqual((answer.status, answer.header("sluice-error")), (503, "finalize_missing"), answer)
            self.assertEqual(answer.json()["errors"][0]["code"], 130)

    def test_row_72_pictures_and_one_shots_have_no_status(self):
        for caller, _ in self.callers():
            self.assert_no_status(caller, upload(caller, picture(), 5000, media_type="image/png", category="tweet_image"))
            body = media_of(caller.one_shot(picture(), category="tweet_image"))
            self.assert_no_status(caller, body.get("id") or body["media_id_string"])

    def test_row_22_a_small_video_without_a_category_is_synchronous(self):
        caller = X1(self.server, "small")
        media_id = self.fill(caller, len(clip()), [(0, clip())], category=None)
        body = media_of(caller.finalize(media_id))
        self.assertNotIn("processing_info", body)
        self.assertEqual(body["video"], {"video_type": "video/mp4"})
        self.assert_no_status(caller, media_id)

    def test_rows_75_and_76_videos_have_one(self):
        for caller, _ in self.callers():
            self.assertEqual(caller.wait(upload(caller, clip(), 50_000))["state"], "succeeded")
            info = caller.wait(upload(caller, noise(1000), 500))
            self.assertEqual(info["error"], {"code": 1, "name": "InvalidMedia", "message": "file is invalid"})

    def test_v1_append_counts_nothing_as_x_does(self):
        caller = X1(self.server)
        answer = caller.append(caller.open(10), 0, noise(10))
        self.assertEqual((answer.header("x-segmentcount"), answer.header("x-totalbytes")), ("0", "0"))


if __name__ == "__main__":
    unittest.main()
