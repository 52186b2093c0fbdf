"""What an upload remembers: its calls and its processing, told to its owner, and told again where an earlier refusal explains."""

import re
import time
import unittest

from support.case import ServerCase
from support.client import X1, X2, upload
from support.media import noise

TIMES = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def timeline(caller, media_id):
    answer = caller.get(f"/api/v1/uploads/{media_id}/timeline")
    assert answer.status == 200, answer
    return answer.json()["data"]


def calls(events):
    return [event["call"] for event in events]


def asked(events):
    """Without processing, which may begin before FINALIZE is answered."""
    return [call for call in calls(events) if not call.startswith("job.")]


class TheUploadRemembers(ServerCase):
    def setUp(self):
        self.v1, self.v2 = X1(self.server), X2(self.server)

    def test_each_call_with_time_size_segment_outcome_and_request_id(self):
        media_id = self.v1.open(10)
        appended = self.v1.append(media_id, 0, b"0123456789")
        self.v1.finalize(media_id)
        events = timeline(self.v1, media_id)
        self.assertEqual(asked(events), ["INIT", "APPEND", "FINALIZE"], events)
        append = events[1]
        self.assertEqual((append["segment_index"], append["size_bytes"], append["status"]), (0, 10, 204))
        self.assertEqual(append["request_id"], appended.header("x-request-id"))
        self.assertIsNone(append["code"])
        for event in events:
            self.assertRegex(event["time"], TIMES)
            self.assertGreaterEqual(event["last_time"], event["time"])

    def test_v2_by_path_too(self):
        media_id = self.v2.open(10)
        self.v2.append(media_id, 0, b"0123456789")
        self.v2.finalize(media_id)
        self.assertEqual(asked(timeline(self.v2, media_id)), ["INIT", "APPEND", "FINALIZE"])

    def test_each_step_of_processing(self):
        media_id = upload(self.v1, noise(1000), 1000)
        self.assertEqual(self.v1.wait(media_id)["state"], "failed")
        events = timeline(self.v1, media_id)
        self.assertIn("job.claimed", calls(events))
        failed = next(event for event in events if event["call"] == "job.failed")
        self.assertEqual(failed["code"], "media_failed")
        self.assertTrue(failed["facts"], failed)

    def test_a_refusal_with_its_code_and_what_was_said(self):
        media_id = self.v1.open(10)
        self.v1.append(media_id, 0, b"x" * 11)
        event = timeline(self.v1, media_id)[1]
        self.assertEqual((event["status"], event["code"]), (413, "beyond_total_bytes"), event)
        self.assertRegex(event["facts"], r"\b10\b")

    def test_repeated_questions_are_one_event_with_a_count(self):
        media_id = self.v1.open(10)
        for _ in range(30):
            self.v1.status(media_id)
        events = timeline(self.v1, media_id)
        self.assertEqual(calls(events), ["INIT", "STATUS"], events)
        self.assertEqual((events[1]["count"], events[1]["code"]), (30, "finalize_missing"))

    def test_it_survives_a_restart(self):
        media_id = self.v1.open(10)
        self.server.stop()
        self.server.start()
        self.assertEqual(calls(timeline(self.v1, media_id)), ["INIT"])

    def test_it_goes_with_the_upload(self):
        media_id = self.v1.open(10)
        self.assertEqual(self.v1.get(f"/api/v1/uploads/{media_id}").status, 200)
        # The bytes go with the next sweep; until then nothing new is kept.
        self.assertEqual(self.v1_delete(media_id).status, 204)
        self.assertEqual(self.v1.get(f"/api/v1/uploads/{media_id}/timeline").status, 200)

    def v1_delete(self, media_id):
        from support.client import call
        return call(self.server, "DELETE", f"/api/v1/uploads/{media_id}", self.v1.headers)


class SomebodyElse(ServerCase):
    def setUp(self):
        self.me, self.other = X1(self.server, "me"), X1(self.server, "other")

    def test_is_told_that_there_is_no_such_upload(self):
        media_id = self.me.open(10)
        for what in ("timeline", "diagnosis"):
            answer = self.other.get(f"/api/v1/uploads/{media_id}/{what}")
            unknown = self.other.get(f"/api/v1/uploads/1234567890123456789/{what}")
            self.assertEqual((answer.status, answer.header("sluice-error")), (404, "media_unknown"), answer)
            self.assertEqual((unknown.status, unknown.header("sluice-error")), (404, "media_unknown"), unknown)

    def test_leaves_no_trace_in_it(self):
        media_id = self.me.open(10)
        self.other.status(media_id)
        self.other.append(media_id, 0, b"x")
        self.other.finalize(media_id)
        self.assertEqual(calls(timeline(self.me, media_id)), ["INIT"])

    def test_only_get_is_taken(self):
        media_id = self.me.open(10)
        answer = self.me.post(f"/api/v1/uploads/{media_id}/timeline")
        self.assertEqual((answer.status, answer.header("allow")), (405, "GET"), answer)


class TheCauseIsToldAgain(ServerCase):
    """Many clients hide a refusal, so the next call that it makes impossible repeats it (reference 8.3)."""

    arguments = ("--limit", "segment.max_bytes=1000")

    def setUp(self):
        self.caller = X1(self.server)

    def with_a_refused_append(self):
        media_id = self.caller.open(3000)
        self.assertEqual(self.caller.append(media_id, 0, noise(1000)).status, 204)
        self.assertEqual(self.caller.append(media_id, 1, noise(1500)).status, 413)
        self.assertEqual(self.caller.append(media_id, 2, noise(1000)).status, 204)
        return media_id

    def test_row_63_finalize_names_the_append_that_was_refused_and_why(self):
        media_id = self.with_a_refused_append()
        body = self.assert_v1_error(self.caller.finalize(media_id), 400, "segment_missing")
        message = body["errors"][0]["message"]
        self.assertRegex(message, r"APPEND of segment 1 was refused at \d{4}-\S+Z with segment_too_large")
        self.assertRegex(message, r"\b1500\b")

    def test_a_refusal_that_was_mended_is_not_named(self):
        media_id = self.with_a_refused_append()
        self.assertEqual(self.caller.append(media_id, 1, noise(900)).status, 204)
        message = self.caller.finalize(media_id).json()["errors"][0]["message"]
        self.assertNotIn("segment_too_large", message)

    def test_status_names_the_finalize_that_was_refused_and_when(self):
        media_id = self.with_a_refused_append()
        self.caller.finalize(media_id)
        body = self.assert_v1_error(self.caller.status(media_id), 409, "finalize_missing")
        message = body["errors"][0]["message"]
        self.assertRegex(message, r"FINALIZE was refused at \d{4}-\S+Z with segment_missing\.")
        self.assertEqual(message.count("segment_too_large"), 1, "nothing is told twice")

    def test_status_says_since_when_all_is_there_and_how_often_it_was_asked(self):
        media_id = self.caller.open(10)
        self.caller.append(media_id, 0, b"0123456789")
        for _ in range(4):
            self.caller.status(media_id)
        message = self.caller.status(media_id).json()["errors"][0]["message"]
        self.assertRegex(message, r"are there since \d{4}-\S+Z")
        self.assertIn("STATUS was asked 4 times before", message)


class Polling(ServerCase):
    """Without workers an upload stays pending, so that polling is all that happens."""

    arguments = ("--role", "api", "--limit", "polling.per_second=5")

    def setUp(self):
        self.caller = X1(self.server)
        self.media_id = upload(self.caller, noise(1000), 1000)

    def test_row_74_the_first_question_after_finalize_is_no_fault(self):
        answer = self.caller.status(self.media_id)
        self.assertEqual(answer.status, 200)
        self.assertIsNone(answer.header("sluice-notice"), answer)

    def test_row_73_too_early_is_answered_and_said_and_advised_longer(self):
        first = self.caller.status(self.media_id).json()["processing_info"]["check_after_secs"]
        answer = self.caller.status(self.media_id)
        self.assertEqual(answer.status, 200, answer)
        notice = answer.header("sluice-notice")
        self.assertRegex(notice, rf"^polling_too_fast; asked_after=0\.\d; advised={first}$")
        self.assertGreater(answer.json()["processing_info"]["check_after_secs"], first)
        event = timeline(self.caller, self.media_id)[-1]
        self.assertEqual((event["call"], event["obeyed"], event["advised_secs"]), ("STATUS", False, first), event)

    def test_who_obeys_is_not_noticed(self):
        wait = self.caller.status(self.media_id).json()["processing_info"]["check_after_secs"]
        time.sleep(wait)
        self.assertIsNone(self.caller.status(self.media_id).header("sluice-notice"))

    def test_row_73_an_absurd_rate_is_refused_with_how_long_to_wait(self):
        answers = [self.caller.status(self.media_id) for _ in range(40)]
        refused = [answer for answer in answers if answer.status == 429]
        self.assertTrue(refused, "none was refused")
        self.assertGreaterEqual(len([answer for answer in answers if answer.status == 200]), 10)
        answer = refused[-1]
        body = self.assert_v1_error(answer, 429, "polling_too_fast")
        self.assertGreaterEqual(int(answer.header("retry-after")), 1)
        self.assertRegex(body["errors"][0]["message"], r"\d\.\d\d s after the one before; advised were \d+ s")

    def poll_for(self, seconds):
        ends = time.monotonic() + seconds
        count = 0
        while time.monotonic() < ends:
            self.caller.status(self.media_id)
            count += 1
        return count

    def test_row_73_hours_of_it_take_a_few_rows_and_push_nothing_out(self):
        asked = self.poll_for(3)
        events = [event for event in timeline(self.caller, self.media_id) if event["call"] == "STATUS"]
        self.assertLessEqual(len(events), 3, [(event["status"], event["count"]) for event in events])
        self.assertEqual(sum(event["count"] for event in events), asked)
        run = events[-1]
        self.assertEqual((run["status"], run["code"], run["obeyed"]), (429, "polling_too_fast", False), run)

    def test_row_73_the_diagnosis_names_it_while_it_is_refused(self):
        self.poll_for(3)
        body = self.caller.get(f"/api/v1/uploads/{self.media_id}/diagnosis").json()
        self.assertEqual((body["code"], body["healthy"]), ("polling_too_fast", False), body)
        self.assertRegex(body["facts"], r"check_after_secs was \d+")

    def test_a_mistake_that_makes_polling_useless_is_named_however_often(self):
        media_id = self.caller.open(10)
        for _ in range(40):
            self.assertEqual(self.caller.status(media_id).header("sluice-error"), "finalize_missing")


if __name__ == "__main__":
    unittest.main()
