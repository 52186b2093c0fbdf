"""The reason for Sluice: a caller's mistake is answered with its cause and the next step, in both fidelities."""

import unittest

from support.case import ServerCase
from support.client import V1, V2, X1, X2, pieces, upload
from support.curl import shell
from support.media import noise


class FinalizeForgotten(ServerCase):
    """STATUS before FINALIZE, the case that this project began with."""

    def setUp(self):
        self.v1, self.v2 = X1(self.server), X2(self.server)

    def complete_but_open(self, caller, data=b"0123456789"):
        media_id = caller.open(len(data))
        self.assertIn(caller.append(media_id, 0, data).status, (200, 204))
        return media_id

    def test_v1_names_the_cause_and_the_next_step_however_often_it_is_asked(self):
        media_id = self.complete_but_open(self.v1)
        for _ in range(5):
            body = self.assert_v1_error(self.v1.status(media_id), 409, "finalize_missing")
            self.assertIn("FINALIZE", body["errors"][0]["message"])
            self.assertIn(media_id, str(body["sluice"]["next"]))

    def test_the_next_call_runs_as_printed_and_mends_it(self):
        media_id = self.complete_but_open(self.v1)
        body = self.assert_v1_error(self.v1.status(media_id), 409, "finalize_missing")
        answer = shell(body["sluice"]["next"]["curl"])
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.json()["media_id_string"], media_id)
        self.assertEqual(self.v1.status(media_id).status, 200)

    def test_v2_says_the_same_as_a_problem_with_a_message(self):
        media_id = self.complete_but_open(self.v2)
        for _ in range(3):
            body = self.assert_v2_error(self.v2.status(media_id), 409, "finalize_missing")
            self.assertIn("finalize", body["message"].lower())
            self.assertIn("finalize", body["detail"].lower())

    def test_v2_next_call_runs_as_printed(self):
        media_id = self.complete_but_open(self.v2)
        body = self.assert_v2_error(self.v2.status(media_id), 409, "finalize_missing")
        answer = shell((body.get("next") or body["sluice"]["next"])["curl"])
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["data"]["id"], media_id)

    def test_an_upload_with_gaps_is_told_of_them(self):
        media_id = self.v1.open(40)
        self.assertEqual(self.v1.append(media_id, 0, b"0" * 10).status, 204)
        self.assertEqual(self.v1.append(media_id, 2, b"2" * 10).status, 204)
        body = self.assert_v1_error(self.v1.status(media_id), 409, "finalize_missing")
        self.assertRegex(body["errors"][0]["message"], r"\b20\b.*\b40\b")

    def test_an_upload_without_any_segment_too(self):
        self.assert_v1_error(self.v1.status(self.v1.open(40)), 409, "finalize_missing")


class Faithful(ServerCase):
    arguments = ("--fidelity", "faithful")

    def test_v1_status_before_finalize_is_over_capacity_as_x_says_it(self):
        caller = X1(self.server)
        media_id = caller.open(10)
        answer = caller.status(media_id)
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.json(), {"errors": [{"message": "Over capacity", "code": 130}]})
        self.assertEqual(answer.header("sluice-error"), "finalize_missing")
        self.assertTrue(answer.header("x-request-id"))

    def test_v2_status_before_finalize_is_unavailable_and_the_header_tells_the_truth(self):
        caller = X2(self.server)
        answer = caller.status(caller.open(10))
        self.assertEqual((answer.status, answer.header("sluice-error")), (503, "finalize_missing"), answer)
        self.assertTrue(answer.header("x-request-id"))

    def test_the_happy_path_is_the_same(self):
        caller = X1(self.server)
        data = noise(1000)
        media_id = upload(caller, data, 500)
        self.assert_original(caller, f"7_{media_id}", data)


class SegmentsThatDoNotAddUp(ServerCase):
    def setUp(self):
        self.caller = X1(self.server)

    def test_finalize_names_the_missing_indexes_and_the_bytes(self):
        data = noise(1000)
        media_id = self.caller.open(len(data))
        for index, piece in pieces(data, 100):
            if index not in (3, 7):
                self.assertEqual(self.caller.append(media_id, index, piece).status, 204)
        body = self.assert_v1_error(self.caller.finalize(media_id), 400, "segment_missing")
        message = body["errors"][0]["message"]
        self.assertRegex(message, r"\b3\b.*\b7\b")
        self.assertRegex(message, r"\b800\b")
        self.assertRegex(message, r"\b1000\b")
        self.mend(media_id, data)

    def mend(self, media_id, data):
        for index in (3, 7):
            self.assertEqual(self.caller.append(media_id, index, data[index * 100 : index * 100 + 100]).status, 204)
        answer = self.caller.finalize(media_id)
        self.assertEqual(answer.status, 201, answer)
        self.assert_original(self.caller, answer.json()["media_key"], data)

    def test_v2_finalize_names_them_too(self):
        caller = X2(self.server)
        media_id = caller.open(300)
        self.assertEqual(caller.append(media_id, 1, noise(100)).status, 200)
        body = self.assert_v2_error(caller.finalize(media_id), 400, "segment_missing")
        self.assertRegex(body["detail"], r"\b0\b")

    def test_a_last_segment_that_is_cut_is_a_size_mismatch(self):
        media_id = self.caller.open(1000)
        self.assertEqual(self.caller.append(media_id, 0, noise(999)).status, 204)
        body = self.assert_v1_error(self.caller.finalize(media_id), 400, "size_mismatch")
        self.assertRegex(body["errors"][0]["message"], r"\b999\b")
        self.assertRegex(body["errors"][0]["message"], r"\b1000\b")

    def test_no_append_at_all_is_told(self):
        self.assert_v1_error(self.caller.finalize(self.caller.open(10)), 400, "nothing_appended")

    def test_too_many_bytes_are_refused_at_once(self):
        media_id = self.caller.open(100)
        self.assertEqual(self.caller.append(media_id, 0, noise(60)).status, 204)
        body = self.assert_v1_error(self.caller.append(media_id, 1, noise(60)), 413, "beyond_total_bytes")
        self.assertIn("100", body["errors"][0]["message"])
        self.assertEqual(self.caller.append(media_id, 1, noise(40)).status, 204)
        self.assertEqual(self.caller.finalize(media_id).status, 201)

    def test_an_append_after_finalize_is_told_so(self):
        data = noise(200)
        media_id = upload(self.caller, data, 100)
        self.assert_v1_error(self.caller.append(media_id, 5, noise(10)), 409, "already_finalized")
        self.assertEqual(self.caller.append(media_id, 1, data[100:]).status, 204)


class Ownership(ServerCase):
    def setUp(self):
        self.mine, self.theirs = X1(self.server, "alice"), X1(self.server, "bob")

    def answers(self, caller, media_id):
        return {
            "status": caller.status(media_id),
            "append": caller.append(media_id, 0, b"0123456789"),
            "finalize": caller.finalize(media_id),
        }

    def anonymised(self, answer, media_id):
        """What is left when the id and the request's own id are taken out."""
        text = answer.body.decode().replace(str(media_id), "ID").replace(answer.header("x-request-id"), "REQ")
        return answer.status, answer.header("sluice-error"), text

    def test_an_unknown_id_is_unknown_everywhere(self):
        for name, answer in self.answers(self.mine, 1349803915521482754).items():
            with self.subTest(name):
                self.assert_v1_error(answer, 404, "media_unknown")
        self.assert_v2_error(X2(self.server).status(1349803915521482754), 404, "media_unknown")
        self.assert_v2_error(X2(self.server).finalize(1349803915521482754), 404, "media_unknown")

    def test_another_users_id_looks_exactly_like_one_that_never_was(self):
        media_id = self.mine.open(10)
        unknown = str(int(media_id) + 4096 * 100)  # with the same last digits, which a rounded id is known by
        there, nowhere = self.answers(self.theirs, media_id), self.answers(self.theirs, unknown)
        for name in there:
            with self.subTest(name):
                self.assertEqual(self.anonymised(there[name], media_id), self.anonymised(nowhere[name], unknown))
        self.assertEqual(self.mine.append(media_id, 0, b"0123456789").status, 204)
        self.assertEqual(self.mine.finalize(media_id).status, 201)

    def test_anonymous_callers_do_not_see_the_uploads_of_named_ones(self):
        media_id = self.mine.open(10)
        self.assert_v1_error(X1(self.server).status(media_id), 404, "media_unknown")


class EveryErrorHasTheMembers(ServerCase):
    """One row per mistake: what is sent, and the code that must come back."""

    def test_v1(self):
        caller = X1(self.server)
        media_id = caller.open(100)
        rows = [
            ({"media_id": media_id}, 400, "command_missing"),
            ({}, 400, "media_missing"),
            ({"command": "init"}, 400, "command_case"),
            ({"command": "UPLOAD"}, 400, "command_unknown"),
            ({"command": "INIT", "media_type": "video/mp4"}, 400, "total_bytes_missing"),
            ({"command": "INIT", "total_bytes": "0", "media_type": "video/mp4"}, 400, "total_bytes_invalid"),
            ({"command": "INIT", "total_bytes": "9", "media_category": "tweet-video"}, 400, "category_unknown"),
            (
                {"command": "INIT", "total_bytes": "9", "media_category": "tweet_image", "media_type": "video/mp4"},
                400, "category_type_conflict",
            ),
            ({"command": "INIT", "total_bytes": "9", "media_type": "application/pdf"}, 415, "media_type_unsupported"),
            ({"command": "INIT", "total_bytes": str(1 << 50), "media_type": "video/mp4"}, 413, "file_too_large"),
            ({"command": "FINALIZE"}, 400, "media_id_missing"),
            ({"command": "FINALIZE", "media_id": "undefined"}, 400, "media_id_invalid"),
            ({"command": "APPEND", "media_id": media_id, "media_data": "AAAA"}, 400, "segment_index_missing"),
            ({"command": "APPEND", "media_id": media_id, "segment_index": "0"}, 400, "media_missing"),
        ]
        for parameters, status, code in rows:
            with self.subTest(parameters):
                # A body that is not empty, so that the first row is a form without a command and not no form at all.
                self.assert_v1_error(caller.form(**parameters, shared="false"), status, code)

    def test_v2(self):
        caller = X2(self.server)
        media_id = caller.open(100)
        rows = [
            ("initialize", {"media_type": "video/mp4", "media_category": "tweet_video"}, 400, "total_bytes_missing"),
            ("initialize", {"total_bytes": -1, "media_type": "video/mp4"}, 400, "total_bytes_invalid"),
            ("initialize", {"total_bytes": 9, "media_category": "film"}, 400, "category_unknown"),
            (f"{media_id}/append", {"media": "AAAA"}, 400, "segment_index_missing"),
            (f"{media_id}/append", {"segment_index": 1000, "media": "AAAA"}, 400, "segment_index_range"),
            (f"{media_id}/append", {"segment_index": 0}, 400, "media_missing"),
            (f"7_{media_id}/append", {"segment_index": 0, "media": "AAAA"}, 400, "media_key_as_id"),
        ]
        for path, members, status, code in rows:
            with self.subTest(path=path, members=members):
                self.assert_v2_error(caller.json(f"{V2}/{path}", **members), status, code)

    def test_the_page_that_doc_url_names_is_there(self):
        caller = X1(self.server)
        body = self.assert_v1_error(caller.status(caller.open(10)), 409, "finalize_missing")
        answer = caller.fetch(body["sluice"]["doc_url"])
        self.assertEqual(answer.status, 200, answer)
        self.assertIn(b"FINALIZE", answer.body)

    def test_an_unknown_path_is_told(self):
        answer = X1(self.server).get("/1.1/media/uplaod.json")
        self.assertEqual((answer.status, answer.header("sluice-error")), (404, "unknown_path"), answer)
        self.assertTrue(answer.header("x-request-id"))

    def test_status_sent_as_post_is_told(self):
        caller = X1(self.server)
        answer = caller.form(command="STATUS", media_id=caller.open(10))
        self.assert_v1_error(answer, 405, "status_needs_get")
        self.assertEqual(answer.header("allow"), "GET")

    def test_a_command_sent_as_get_is_told(self):
        answer = X1(self.server).get(f"{V1}?command=INIT&total_bytes=10&media_type=video/mp4")
        self.assert_v1_error(answer, 405, "command_needs_post")
        self.assertEqual(answer.header("allow"), "POST")


if __name__ == "__main__":
    unittest.main()
