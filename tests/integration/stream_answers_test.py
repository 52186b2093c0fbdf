"""What answers about uploads by tus and RUFH say: in the words of those protocols, with the cause that ended them."""

from integration.rufh_test import RufhCase
from integration.tus_test import TusCase
from support.client import X1
from support.media import noise

VIDEO = ("Upload-Metadata", "filetype dmlkZW8vbXA0,media_category dHdlZXRfdmlkZW8=")
LAST = ("Upload-Complete", "?1")
AS_JSON = ("Accept", "application/json")


def id_of(path):
    return path.rsplit("/", 1)[1]


class Words(TusCase):
    arguments = ("--limit", "requests.init=50/15m")

    def refusal(self, answer, status, code):
        self.assertEqual((answer.status, answer.header("sluice-error")), (status, code), answer)
        for word in (b"INIT", b"FINALIZE", b"APPEND", b"Announce", b"segment_index"):
            self.assertNotIn(word, answer.body)
        return answer

    def test_nobody_is_sent_to_calls_of_another_protocol(self):
        path = self.create(10)
        self.refusal(self.patch(path, 0, b"x" * 11, AS_JSON), 413, "beyond_total_bytes")
        self.refusal(self.send("HEAD", "/files/17"), 404, "media_unknown")
        self.refusal(self.patch("/files/17", 0, b"x"), 404, "media_unknown")
        self.assertEqual(self.send("DELETE", path).status, 204)
        self.refusal(self.patch(path, 0, b"x", AS_JSON), 410, "media_canceled")

    def test_empty_parts_are_parts(self):
        part = ("Upload-Concat", "partial")
        empty, full = self.create(0, part), self.create(5, part)
        self.assertEqual(self.patch(full, 0, b"hello").status, 204)
        for parts, content in (((empty, full, empty), b"hello"), ((empty, empty), b"")):
            final = self.send("POST", "/files/", ("Upload-Concat", "final;" + " ".join(parts)), body=b"")
            self.assertEqual(final.status, 201, final)
            self.assertEqual(self.offset(final.header("location")), len(content))
            self.assertEqual(self.original(final.header("location")), content)

    def test_a_finalize_is_led_back_to_the_stream(self):
        path = self.create(10)
        body = self.assert_v1_error(X1(self.server).finalize(id_of(path)), 409, "not_chunked")
        self.assertIn("go on there", body["sluice"]["detail"])

    def test_a_key_used_again_is_told_in_one_line(self):
        key = ("Idempotency-Key", '"one"')
        first = self.send("POST", "/files/", ("Upload-Length", "10"), VIDEO, key, body=b"")
        self.assertEqual(first.status, 201)
        other = self.send("POST", "/files/", ("Upload-Length", "11"), VIDEO, key, body=b"")
        self.assertEqual((other.status, other.header("sluice-error")), (422, "idempotency_key_reused"))
        self.assertNotIn(b"\n", other.body.rstrip(b"\n"))


class Limits(TusCase):
    """A picture of 6 MB is too large, whenever its length is told."""

    PICTURE = ("Upload-Metadata", "media_category dHdlZXRfaW1hZ2U=")
    MOST, MORE = 5 * 1024 * 1024, 6_000_000

    def refused(self, answer):
        self.assertEqual((answer.status, answer.header("sluice-error")), (413, "file_too_large"), answer)
        self.assertIn(b"tweet_image takes at most 5242880", answer.body)

    def deferred(self):
        return self.send("POST", "/files/", ("Upload-Defer-Length", "1"), self.PICTURE, body=b"").header("location")

    def test_with_the_creation(self):
        self.refused(self.send("POST", "/files/", ("Upload-Length", str(self.MORE)), self.PICTURE, body=b""))

    def test_with_a_later_length(self):
        self.refused(self.patch(self.deferred(), 0, b"x", ("Upload-Length", str(self.MORE))))

    def test_with_the_bytes(self):
        path = self.deferred()
        self.refused(self.patch(path, 0, bytes(self.MORE)))
        self.assertLessEqual(self.offset(path), self.MOST)

    def test_with_its_parts(self):
        whole = self.create(3_000_000, ("Upload-Concat", "partial"))
        later = self.send("POST", "/files/", ("Upload-Concat", "partial"), ("Upload-Defer-Length", "1"), body=b"").header("location")
        self.assertEqual(self.patch(whole, 0, bytes(3_000_000)).status, 204)
        self.refused(self.send("POST", "/files/", ("Upload-Concat", f"final;{whole} {whole}"), self.PICTURE, body=b""))
        final = self.send("POST", "/files/", ("Upload-Concat", f"final;{whole} {later}"), self.PICTURE, body=b"")
        self.assertEqual(final.status, 201, final)
        self.refused(self.patch(later, 0, bytes(3_000_000), ("Upload-Length", "3000000")))


class Rates(TusCase):
    arguments = ("--limit", "requests.init=3/15m")

    def test_creations_that_succeeded_are_counted_as_such_and_told(self):
        for left in ("2", "1", "0"):
            answer = self.send("POST", "/files/", ("Upload-Length", "10"), body=b"")
            self.assertEqual((answer.status, answer.header("x-rate-limit-remaining")), (201, left))
        answer = self.send("POST", "/files/", ("Upload-Length", "10"), AS_JSON, body=b"")
        self.assertEqual((answer.status, answer.header("x-rate-limit-remaining")), (429, "0"), answer)
        self.assertIn("3 succeeded", answer.json()["detail"])
        self.assertIn("Retry-After", answer.json()["hint"])
        self.assertIsNone(self.send("OPTIONS", "/files/").header("x-rate-limit-limit"))


class Causes(RufhCase):
    def diagnosis(self, media_id):
        return X1(self.server).get(f"/api/v1/uploads/{media_id}/diagnosis").json()

    def test_what_the_protocol_ended_names_the_mistake(self):
        path = self.create(("Upload-Length", "5"))
        self.assertEqual(self.patch(path, 0, b"hello world", False).header("sluice-error"), "beyond_total_bytes")
        told = self.diagnosis(id_of(path))
        self.assertEqual(told["code"], "beyond_total_bytes", told)
        self.assertIn("ended the upload", told["facts"])

    def test_what_somebody_deleted_was_cancelled(self):
        path = self.create(("Upload-Length", "5"))
        self.assertEqual(self.send("DELETE", path).status, 204)
        told = self.diagnosis(id_of(path))
        self.assertEqual((told["code"], told["hint"]), ("media_canceled", "Create a new upload, and send the whole file."))

    def test_failed_processing_is_named_as_status_names_it(self):
        answer = self.send("POST", "/resumable/?media_category=tweet_video", LAST, ("Content-Type", "video/mp4"), body=noise(5000))
        media_id = answer.json()["media_id"]
        caller = X1(self.server)
        failed = caller.wait(media_id)
        self.assertEqual(failed["state"], "failed")
        told = self.diagnosis(media_id)
        self.assertIn(told["code"], caller.status(media_id).body.decode())
        self.assertEqual(told["code"], "container_unreadable")


if __name__ == "__main__":
    import unittest

    unittest.main()
