"""Repeated calls are answered as the first time and change nothing (contract 7.3)."""

import threading
import unittest

from support import engine
from support.case import ServerCase
from support.client import V1, V2, FORM, X1, X2, call
from support.media import noise, picture
from support.wire import Part, Wire, head, multipart

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def keyed(key):
    return [("Idempotency-Key", key)]


class Keyed(ServerCase):
    def setUp(self):
        self.x1 = X1(self.server, token=self.id())
        self.x2 = X2(self.server, token=self.id())

    def init_v1(self, key, total=1000, caller=None):
        body = f"command=INIT&total_bytes={total}&media_type=video%2Fmp4&media_category=tweet_video".encode()
        return (caller or self.x1).post(V1, body, FORM, keyed(key))

    def init_v2(self, key, total=1000):
        body = b'{"media_type":"video/mp4","total_bytes":%d,"media_category":"tweet_video"}' % total
        return self.x2.post(f"{V2}/initialize", body, "application/json", keyed(key))

    def one_shot(self, key, data):
        content_type, body = multipart([Part("media_category", "tweet_image"), Part("media", data, "picture")])
        return self.x1.post(V1, body, content_type, keyed(key))

    def open_uploads(self):
        return len(self.x1.get("/api/v1/uploads").json()["data"])

    def test_init_again_is_answered_with_the_same_upload(self):
        first, again = self.init_v1(f'"{KEY}"'), self.init_v1(KEY)
        self.assertEqual((first.status, again.status), (202, 202))
        self.assertEqual(first.json()["media_id_string"], again.json()["media_id_string"])
        self.assertIsNone(first.header("idempotency-replayed"))
        self.assertEqual(again.header("idempotency-replayed"), "true")
        self.assertEqual(self.open_uploads(), 1)

    def test_v2_and_v1_of_one_caller_share_their_keys(self):
        first, again = self.init_v2("k"), self.init_v2("k")
        self.assertEqual(first.json()["data"]["id"], again.json()["data"]["id"])
        self.assertEqual(self.init_v1("k").json()["media_id_string"], first.json()["data"]["id"])

    def test_another_call_under_the_same_key_is_refused_with_both(self):
        first = self.init_v1("k").json()["media_id_string"]
        refused = self.init_v1("k", total=2000)
        self.assert_v1_error(refused, 422, "idempotency_key_reused")
        message = refused.json()["errors"][0]["message"]
        for fact in (first, "total_bytes=1000", "total_bytes=2000"):
            self.assertIn(fact, message)
        self.assertEqual(self.init_v2("k", total=2000).status, 422)
        self.assertEqual(self.open_uploads(), 1)

    def test_keys_of_others_are_others(self):
        mine = self.init_v1("k").json()["media_id_string"]
        theirs = self.init_v1("k", caller=X1(self.server, token="somebody else")).json()["media_id_string"]
        self.assertNotEqual(mine, theirs)

    def test_a_key_that_is_none_is_told(self):
        self.assert_v1_error(self.init_v1('""'), 400, "parameter_invalid")
        self.assert_v1_error(self.init_v1("k" * 256), 400, "parameter_invalid")

    def test_the_key_ends_with_its_upload(self):
        first = self.init_v1("k").json()["media_id_string"]
        self.assertIn(self.x1.post(f"/api/v1/uploads/{first}/keep").status, (200, 204))
        with self.subTest("cancelled"):
            answer = call(self.server, "DELETE", f"/api/v1/uploads/{first}", self.x1.headers)
            self.assertIn(answer.status, (200, 204))
            self.assertNotEqual(self.init_v1("k").json()["media_id_string"], first)

    def test_a_one_shot_again_makes_nothing_new(self):
        image = picture(64, 64)
        first, again = self.one_shot("k", image), self.one_shot("k", image)
        self.assertEqual((first.status, again.status), (200, 200), again)
        self.assertEqual(first.json()["media_id_string"], again.json()["media_id_string"])
        self.assertEqual(again.header("idempotency-replayed"), "true")
        self.assert_v1_error(self.one_shot("k", picture(32, 32)), 422, "idempotency_key_reused")
        self.assert_v1_error(self.init_v1("k"), 422, "idempotency_key_reused")
        self.assertEqual(self.open_uploads(), 1)

    def test_creations_of_resumable_uploads_again_are_told_as_such(self):
        hello = b"hello"
        tus = [("Tus-Resumable", "1.0.0"), ("Upload-Length", "5"), ("Content-Type", "application/offset+octet-stream")]
        for path, fields, body in (
            ("/files/", tus, hello), ("/files/", tus, b""), ("/resumable/", [("Upload-Complete", "?1")], hello),
            ("/resumable/", [("Upload-Complete", "?0"), ("Upload-Length", "5")], b""), ("/resumable/", [], hello),
        ):
            with self.subTest(path=path, fields=fields, body=body):
                key = keyed(f'"{len(fields)} {len(body)} {path}"')
                first, again = (call(self.server, "POST", path, self.x1.headers + fields + key, body) for _ in range(2))
                self.assertEqual((first.status, again.status), (201, 201), again)
                self.assertEqual(first.header("location"), again.header("location"))
                self.assertIsNone(first.header("idempotency-replayed"))
                self.assertEqual(again.header("idempotency-replayed"), "true")

    def test_other_bytes_with_a_creation_of_the_same_key_are_refused(self):
        data = noise(300_000)
        other = data[:150_000] + bytes([data[150_000] ^ 1]) + data[150_001:]
        length = ("Upload-Length", str(len(data)))
        tus = [("Tus-Resumable", "1.0.0"), length, ("Content-Type", "application/offset+octet-stream")]
        for path, fields, sent in (
            ("/files/", tus, 300_000), ("/files/", tus, 200_000),
            ("/resumable/", [("Upload-Complete", "?1")], 300_000), ("/resumable/", [("Upload-Complete", "?0"), length], 200_000),
            ("/resumable/", [], 300_000),
        ):
            with self.subTest(path=path, fields=fields, sent=sent):
                all_fields = self.x1.headers + fields + keyed(f'"{sent} {len(fields)} {path}"')
                first, again, differs = (
                    call(self.server, "POST", path, all_fields, body[:sent]) for body in (data, data, other)
                )
                self.assertEqual((first.status, again.status, differs.status), (201, 201, 422), differs)
                self.assertEqual(again.header("location"), first.header("location"))
                self.assertEqual(differs.header("sluice-error"), "idempotency_key_reused")

    def start_again_with(self, arguments):
        self.server.stop()
        self.server.arguments = list(arguments)
        self.server.start()

    def test_a_repeat_needs_no_room(self):
        image = picture(64, 64)
        first, init = self.one_shot("k", image), self.init_v1("i")
        self.addCleanup(self.start_again_with, self.server.arguments)
        self.start_again_with(("--limit", "storage.reserve=900T"))
        again = self.one_shot("k", image)
        self.assertEqual((again.status, again.header("idempotency-replayed")), (200, "true"), again)
        self.assertEqual(again.json()["media_id_string"], first.json()["media_id_string"])
        self.assertEqual(self.init_v1("i").json(), init.json())
        if engine.is_s3():
            self.assertEqual(self.one_shot("another", image).status, 200, "a bucket has room for all")
        else:
            self.assert_v1_error(self.one_shot("another", image), 507, "storage_full")
        self.assert_v1_error(self.one_shot("k", picture(32, 32)), 422, "idempotency_key_reused")

    def test_another_size_under_the_same_key_is_refused_before_all_of_it_came(self):
        image = picture(64, 64)
        self.assertEqual(self.one_shot("k", image).status, 200)
        for length, sent in ((4_000_000, len(image) + 500_000), (len(image) // 2, 500)):
            with self.subTest(length=length), Wire(self.server) as wire:
                content_type, body = multipart([Part("media_category", "tweet_image"), Part("media", bytes(length), "p")])
                fields = [*self.x1.headers, ("Content-Type", content_type), ("Content-Length", str(len(body))), *keyed("k")]
                wire.send(head("POST", V1, fields) + body[:sent])
                self.assert_v1_error(wire.read("POST"), 422, "idempotency_key_reused")

    def test_a_repeat_with_much_behind_its_media_is_a_repeat(self):
        notes = [Part(f"note{number}", "x" * 60_000) for number in range(6)]
        content_type, body = multipart([Part("media_category", "tweet_image"), Part("media", picture(32, 32), "p"), *notes])
        first, second = (self.x1.post(V1, body, content_type, keyed("k")) for _ in range(2))
        self.assertEqual((first.status, second.status), (200, 200), second.body)
        self.assertEqual(first.json()["media_id"], second.json()["media_id"])

    def test_parallel_duplicates_make_one_upload(self):
        answers = []
        image = picture(48, 48)
        for send in (lambda: self.init_v1("init"), lambda: self.one_shot("whole", image)):
            threads = [threading.Thread(target=lambda: answers.append(send())) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual({answer.status for answer in answers}, {200, 202})
        self.assertEqual(len({answer.json()["media_id_string"] for answer in answers}), 2)
        self.assertEqual(self.open_uploads(), 2)

    def test_the_key_is_known_after_a_kill(self):
        first = self.init_v1("k").json()["media_id_string"]
        self.server.kill()
        self.server.start()
        self.assertEqual(self.init_v1("k", caller=X1(self.server, token=self.id())).json()["media_id_string"], first)


class Repeated(ServerCase):
    def test_segments_and_finalize_again(self):
        x1 = X1(self.server)
        data = noise(3000, 7)
        media_id = x1.open(3000)
        for _ in range(3):
            self.assertEqual(x1.append(media_id, 0, data[:2000]).status, 204)
        self.assertEqual(x1.append(media_id, 1, data[2000:]).status, 204)
        self.assert_v1_error(x1.append(media_id, 1, data[:1000]), 409, "segment_conflict")
        self.assert_v1_error(x1.append(media_id, 1, data[:999]), 409, "segment_conflict")
        first = x1.finalize(media_id)
        again = x1.finalize(media_id)
        self.assertEqual((first.status, again.status), (201, 201))
        self.assertEqual(first.json()["media_id"], again.json()["media_id"])
        # The lost answer of the last APPEND: the same bytes are still a success, others are told.
        self.assertEqual(x1.append(media_id, 1, data[2000:]).status, 204)
        self.assert_v1_error(x1.append(media_id, 1, data[:1000]), 409, "already_finalized")
        self.assert_v1_error(x1.append(media_id, 2, data[:10]), 409, "already_finalized")
        self.assertEqual(x1.original(f"7_{media_id}").body, data)


if __name__ == "__main__":
    unittest.main()
