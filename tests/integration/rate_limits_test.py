"""Rates and quotas: who meets them, what the refusal says, and that they never hide a mistake."""

import json
import threading
import time
import unittest

from support.case import ServerCase
from support.client import FORM, V1, X1, X2, upload
from support.curl import shell
from support.media import picture
from support.wire import Wire, head, request


def rate(answer):
    return tuple(int(answer.header(f"x-rate-limit-{name}")) for name in ("limit", "remaining", "reset"))


class Generous(ServerCase):
    """Without any setting: X's headers, and numbers that nobody meets."""

    def test_every_answer_of_x_routes_has_the_headers(self):
        x1, x2 = X1(self.server, "heads"), X2(self.server, "heads")
        media_id = x1.open(10)
        answers = [x1.init(10), x1.append(media_id, 0, b"0123"), x1.finalize(media_id), x1.status(media_id)]
        answers += [x2.init(10), x2.status(media_id), x1.form(command="INIT", total_bytes="x")]
        for answer in answers:
            limit, remaining, reset = rate(answer)
            self.assertGreater(remaining, 1_000_000, answer)
            self.assertLess(remaining, limit)
            self.assertGreater(reset, time.time() - 5)

    def test_other_routes_have_none(self):
        self.assertIsNone(X1(self.server).get("/api/v1/uploads").header("x-rate-limit-limit"))


class Rates(ServerCase):
    arguments = ("--limit", "requests.init=3/15m", "--limit", "requests.v1.status=2/1h", "--limit", "requests.append=1/15m",
                 "--limit", "requests.finalize=1/15m")

    def test_row_102_one_call_too_many_is_told_bucket_limit_and_time(self):
        x1 = X1(self.server, "one-too-many")
        for left in (2, 1, 0):
            self.assertEqual(rate(x1.init(10))[:2], (3, left))
        answer = x1.init(10)
        body = self.assert_v1_error(answer, 429, "rate_limited")
        self.assertEqual(body["errors"][0]["code"], 88)
        self.assertRegex(body["sluice"]["detail"], r"v1\.init: 3 of 3 calls in 900 s .*3 succeeded, 0 were refused")
        self.assertIn(int(answer.header("retry-after")), range(800, 901))
        limit, remaining, reset = rate(answer)
        self.assertEqual((limit, remaining), (3, 0))
        self.assertAlmostEqual(reset, time.time() + int(answer.header("retry-after")), delta=5)

    def test_row_102_v2_has_a_bucket_of_its_own_and_says_it_as_a_problem(self):
        x2 = X2(self.server, "v2")
        for _ in range(3):
            self.assertEqual(x2.init(10).status, 200)
        self.assertIn("v2.init", self.assert_v2_error(x2.init(10), 429, "rate_limited")["detail"])
        self.assertEqual(X1(self.server, "v2").init(10).status, 202)

    def test_others_go_on(self):
        mine, theirs = X1(self.server, "mine"), X1(self.server, "theirs")
        for _ in range(4):
            last = mine.init(10)
        self.assertEqual(last.status, 429)
        self.assertEqual(theirs.init(10).status, 202)

    def test_a_mistake_is_named_first_whatever_the_rate(self):
        x1 = X1(self.server, "mistaken")
        for _ in range(5):
            last = x1.init(10)
        self.assertEqual(last.status, 429)
        self.assert_v1_error(x1.init(10, category="no_such"), 400, "category_unknown")
        self.assert_v1_error(x1.init("x"), 400, "total_bytes_invalid")

    def test_status_of_an_unknown_id_has_a_rate_and_the_mistake_is_told_beside_it(self):
        x1 = X1(self.server, "asks-on-and-on")
        for left in (1, 0):
            answer = x1.status(4711)
            self.assert_v1_error(answer, 404, "media_unknown")
            self.assertEqual(rate(answer)[:2], (2, left))
        detail = self.assert_v1_error(x1.status(4711), 429, "rate_limited")["sluice"]["detail"]
        self.assertRegex(detail, r"v1\.status: 2 of 2 calls .*2 were refused.*There is no upload 4711")

    def test_refused_calls_count_and_are_told_apart(self):
        x1 = X1(self.server, "apart")
        for _ in range(3):
            self.assertEqual(x1.init("x").status, 400)
        self.assertIn("0 succeeded, 3 were refused", self.assert_v1_error(x1.init(10), 429, "rate_limited")["sluice"]["detail"])

    def test_append_and_finalize_do_nothing_beyond_their_rate(self):
        x1 = X1(self.server, "append")
        media_id = x1.open(8)
        self.assertEqual(x1.append(media_id, 0, b"0123").status, 204)
        self.assert_v1_error(x1.append(media_id, 1, b"4567"), 429, "rate_limited")
        self.assertEqual(x1.upload_object(media_id).json()["received_bytes"], 4)
        first = x1.finalize(media_id)
        self.assertEqual(first.status, 400, first)  # a segment is missing: that counts
        self.assertEqual(x1.finalize(media_id).header("sluice-error"), "size_mismatch")

    def test_an_append_beyond_its_rate_is_refused_before_its_bytes(self):
        x1 = X1(self.server, "early")
        media_id = x1.open(4_000_000)
        self.assertEqual(x1.append(media_id, 0, b"0123").status, 204)
        target = f"{V1}?command=APPEND&media_id={media_id}&segment_index=1"
        headers = [*x1.headers, ("Content-Type", "multipart/form-data; boundary=b"), ("Content-Length", 1_000_000)]
        begin = b'--b\r\nContent-Disposition: form-data; name="media"; filename="blob"\r\n\r\n' + bytes(100_000)
        with Wire(self.server) as wire:
            wire.send(head("POST", target, headers) + begin)
            answer = wire.read()
        self.assertEqual((answer.status, answer.header("sluice-error")), (429, "rate_limited"))

    def test_status_of_an_open_upload_is_told_its_cause_for_ever(self):
        x1 = X1(self.server, "status")
        media_id = x1.open(8)
        for _ in range(5):
            self.assert_v1_error(x1.status(media_id), 409, "finalize_missing")


class RatesOfTheRest(ServerCase):
    """Posts, messages, accounts and look-ups: each with a bucket of its own."""

    arguments = ("--limit", "requests.post=1/15m", "--limit", "requests.message=2/1h", "--limit", "requests.account=3/1d",
                 "--limit", "requests.look_up=1/15m")

    def calls(self, who):
        x1, x2 = X1(self.server, who), X2(self.server, who)
        text = {"target": {"recipient_id": "42"}, "message_data": {"text": "Hi"}}
        event = json.dumps({"event": {"message_create": text}}).encode()
        key = x1.upload_object(x1.open(10)).json()["media_key"]
        return {
            "v1.post": (1, lambda: x1.post("/1.1/statuses/update.json", b"status=Hi", FORM)),
            "v2.post": (1, lambda: x2.json("/2/tweets", text="Hi")),
            "v1.message": (2, lambda: x1.post("/1.1/direct_messages/events/new.json", event, "application/json")),
            "v2.message": (2, lambda: x2.json("/2/dm_conversations/with/42/messages", text="Hi")),
            "v1.account": (3, lambda: x1.get("/1.1/account/verify_credentials.json")),
            "v2.account": (3, lambda: x2.get("/2/users/me")),
            "v2.look_up": (1, lambda: x2.get(f"/2/media?media_keys={key}")),
        }

    def test_row_102_each_has_its_bucket_and_headers(self):
        for bucket, (limit, call) in self.calls("all").items():
            with self.subTest(bucket):
                for used in range(limit):
                    answer = call()
                    self.assertIn(answer.status, (200, 201), answer)
                    self.assertEqual(rate(answer)[:2], (limit, limit - used - 1))
                check = self.assert_v1_error if bucket.startswith("v1") else self.assert_v2_error
                answer = call()
                body = check(answer, 429, "rate_limited")
                detail = body.get("sluice", body)["detail"]
                self.assertIn(f"{bucket}: {limit} of {limit} calls", detail)
                self.assertGreater(int(answer.header("retry-after")), 0)

    def test_a_post_beyond_its_rate_claims_nothing_and_hides_no_mistake(self):
        x1, x2 = X1(self.server, "claims"), X2(self.server, "claims")
        media_id = x1.one_shot(picture(), "tweet_image").json()["media_id_string"]
        self.assertEqual(x2.json("/2/tweets", text="Hi").status, 201)
        until = x1.upload_object(media_id).json()["expires_at"]
        wanted = {"text": "Hi", "media": {"media_ids": [media_id]}}
        self.assert_v2_error(x2.json("/2/tweets", **wanted), 429, "rate_limited")
        self.assertEqual(x1.upload_object(media_id).json()["expires_at"], until)
        self.assert_v2_error(x2.json("/2/tweets", text="Hi", media={"media_ids": ["4711"]}), 404, "media_unknown")
        self.assert_v2_error(x2.json("/2/tweets", text="Hi", media={"media_ids": "4711"}), 400, "media_ids_invalid")

    def test_a_key_of_nobody_is_told_within_the_rate_and_beside_it(self):
        x2 = X2(self.server, "nobody")
        self.assert_v2_error(x2.get("/2/media/3_4711"), 404, "media_unknown")
        detail = self.assert_v2_error(x2.get("/2/media/3_4711"), 429, "rate_limited")["detail"]
        self.assertIn("Besides: ", detail)
        self.assert_v2_error(x2.get("/2/media/nothing"), 400, "media_key_invalid")


class RatesOfX(ServerCase):
    arguments = ("--limit", "requests.x=on")

    def test_numbers_of_x(self):
        x1, x2 = X1(self.server), X2(self.server)
        self.assertEqual(rate(x1.init(10))[0], 200)
        self.assertEqual(rate(x2.init(10))[0], 1875)
        limit, _, reset = rate(x2.status(4711))
        self.assertEqual(limit, 1000)
        self.assertEqual(rate(x2.json("/2/tweets", text="Hi"))[0], 100)
        self.assertEqual(rate(x1.post("/1.1/statuses/update.json", b"status=Hi", FORM))[0], 300)
        self.assertAlmostEqual(reset, time.time() + 900, delta=5)


class Faithful(ServerCase):
    arguments = ("--fidelity", "faithful", "--limit", "requests.init=0/15m")

    def test_x_says_its_own_words_and_the_header_the_truth(self):
        answer = X1(self.server).init(10)
        self.assertEqual((answer.status, answer.header("sluice-error")), (429, "rate_limited"))
        self.assertEqual(answer.json(), {"errors": [{"message": "Rate limit exceeded", "code": 88}]})


class Quotas(ServerCase):
    arguments = ("--limit", "open_uploads=2", "--limit", "stored_bytes=1000")

    def test_row_29_too_many_open_uploads_names_the_oldest_and_how_to_end_it(self):
        x1 = X1(self.server, "open")
        first, second = x1.open(10), x1.open(10)
        body = self.assert_v1_error(x1.init(10), 429, "too_many_open_uploads")
        self.assertRegex(body["sluice"]["detail"], rf"2 uploads are open, 2 are allowed\..*{first}.*expires at .*{second}")
        self.assertEqual(body["sluice"]["next"]["method"], "DELETE")
        line = body["sluice"]["next"]["curl"].replace("$SLUICE_TOKEN", "open")
        self.assertEqual(shell(line).status, 204)
        self.assertEqual(x1.init(10).status, 202)

    def test_row_103_reserved_bytes_count_and_are_freed(self):
        x2 = X2(self.server, "bytes")
        media_id = x2.open(600)
        body = self.assert_v2_error(x2.init(401), 403, "quota_exceeded")
        self.assertRegex(body["detail"], "1000 bytes are allowed, 600 are used or reserved; this upload needs 401")
        self.assertEqual(body["next"]["method"], "DELETE")
        x2_delete = shell(body["next"]["curl"].replace("$SLUICE_TOKEN", "bytes"))
        self.assertEqual(x2_delete.status, 204, media_id)
        self.assertEqual(x2.init(401).status, 200)

    def test_a_file_in_one_call_meets_the_same_quota(self):
        x1 = X1(self.server, "whole")
        self.assert_v1_error(x1.one_shot(b"\x89PNG\r\n\x1a\n" + bytes(1200), "tweet_image"), 403, "quota_exceeded")

    def test_others_have_their_own(self):
        for name in ("one", "two", "three"):
            self.assertEqual(X1(self.server, name).init(900).status, 202)


class QuotaOfReadyMedia(ServerCase):
    arguments = ("--limit", "stored_bytes=500K")

    def test_the_next_call_runs_where_no_upload_is_open(self):
        x1, x2 = X1(self.server, "full"), X2(self.server, "full")
        media_id = upload(x1, picture(), 1 << 20, media_type="image/png", category="tweet_image")
        self.assertEqual(x1.wait(media_id, 60)["state"], "succeeded")
        bodies = [self.assert_v1_error(x1.init(500_000), 403, "quota_exceeded")["sluice"], self.assert_v2_error(x2.init(500_000), 403, "quota_exceeded")]
        for body in bodies:
            answer = shell(body["next"]["curl"].replace("$SLUICE_TOKEN", "full"))
            self.assertEqual(answer.status, 200, body)
            self.assertEqual([one["media_id"] for one in answer.json()["data"]], [media_id])


class QuotaOfStreams(ServerCase):
    """What comes without a length counts as it grows, and what is joined once."""

    arguments = ("--limit", "stored_bytes=1000")

    def send(self, user, method, path, *headers, body=None):
        tus = [] if path.startswith("/resumable") else [("Tus-Resumable", "1.0.0")]
        with Wire(self.server, timeout=30) as wire:
            wire.send(request(method, path, [*tus, ("Authorization", f"Bearer {user}"), *headers, ("Connection", "close")], body))
            return wire.read(method)

    def create(self, user, *headers):
        answer = self.send(user, "POST", "/files/", *(headers or [("Upload-Defer-Length", "1")]), body=b"")
        self.assertEqual(answer.status, 201, answer)
        return answer.header("location")

    def patch(self, user, path, offset, body, *headers):
        fields = ("Upload-Offset", str(offset)), ("Content-Type", "application/offset+octet-stream")
        return self.send(user, "PATCH", path, *fields, *headers, body=body)

    def assert_refused(self, answer, text=""):
        self.assertEqual((answer.status, answer.header("sluice-error")), (403, "quota_exceeded"), answer)
        self.assertIn(text, answer.body.decode())

    def test_what_has_no_length_yet_grows_to_the_quota_and_no_further(self):
        path = self.create("grows")
        self.assertEqual(self.patch("grows", path, 0, bytes(600)).status, 204)
        self.assert_refused(self.patch("grows", path, 600, bytes(401)), "1000 bytes are allowed, 600 are used or reserved; this upload needs 401 more")
        self.assert_refused(self.patch("grows", path, 600, bytes(1), ("Upload-Length", "1001")), "needs 401 more")
        with Wire(self.server, timeout=30) as wire:
            fields = ("Tus-Resumable", "1.0.0"), ("Authorization", "Bearer grows"), ("Upload-Offset", "600"), ("Content-Type", "application/offset+octet-stream")
            wire.send(head("PATCH", path, [*fields, ("Transfer-Encoding", "chunked")]) + b"191\r\n" + bytes(401) + b"\r\n0\r\n\r\n")
            self.assert_refused(wire.read("PATCH"), "400 more were left")
        self.assertEqual(self.send("grows", "HEAD", path).header("upload-offset"), "600")
        self.assert_refused(self.send("grows", "POST", "/files/", ("Upload-Length", "401"), body=b""))
        self.assertEqual(self.patch("grows", path, 600, bytes(400), ("Upload-Length", "1000")).status, 204)
        self.assertEqual(self.send("grows", "DELETE", path).status, 204)
        self.create("grows", ("Upload-Length", "1000"))

    def test_by_resumable_http_as_well(self):
        part = ("Content-Type", "application/partial-upload")
        made = self.send("rufh", "POST", "/resumable/", ("Upload-Complete", "?0"), body=bytes(600))
        self.assertEqual(made.status, 201, made)
        path = made.header("location")
        refused = self.send("rufh", "PATCH", path, part, ("Upload-Complete", "?1"), ("Upload-Offset", "600"), body=bytes(401))
        self.assert_refused(refused, "needs 401 more")
        self.assertEqual((refused.header("upload-complete"), refused.header("upload-offset")), ("?0", "600"))
        last = self.send("rufh", "PATCH", path, part, ("Upload-Complete", "?1"), ("Upload-Offset", "600"), body=bytes(400))
        self.assertEqual(last.status, 200, last)

    def test_several_at_once_stay_within_it_together(self):
        paths = [self.create("many") for _ in range(5)]
        answers = []
        threads = [threading.Thread(target=lambda path=path: answers.append(self.patch("many", path, 0, bytes(400)).status)) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(sorted(answers), [204, 204, 403, 403, 403])
        offsets = [self.send("many", "HEAD", path).header("upload-offset") for path in paths]
        self.assertEqual(sorted(offsets), ["0", "0", "0", "400", "400"])

    def test_parts_count_once_and_another_joined_one_by_its_size(self):
        part = self.create("joins", ("Upload-Concat", "partial"), ("Upload-Length", "600"))
        self.assertEqual(self.patch("joins", part, 0, bytes(600)).status, 204)
        join = lambda parts: self.send("joins", "POST", "/files/", ("Upload-Concat", "final;" + parts), body=b"")
        self.assert_refused(join(f"{part} {part}"))
        self.assertEqual(join(part).status, 201)
        self.assert_refused(join(part))
        self.create("joins", ("Upload-Length", "400"))


if __name__ == "__main__":
    unittest.main()
