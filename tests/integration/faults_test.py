"""X's weather on purpose: each kind of fault, the same calls for the same seed, and who recovers."""

import time
import unittest

from support.case import ServerCase
from support.client import X1, X2, call, upload
from support.keys import create_key
from support.media import noise, picture
from support.server import Server
from support.wire import ConnectionEnded

FAULTS = "/api/v1/faults"


class FaultCase(ServerCase):
    def setUp(self):
        self.x1, self.x2 = X1(self.server), X2(self.server)
        self.addCleanup(self.calm)

    def calm(self):
        call(self.server, "DELETE", FAULTS)

    def rule(self, **members):
        answer = self.x2.json(FAULTS, **members)
        self.assertEqual(answer.status, 201, answer)
        return answer.json()

    def state(self):
        return self.x2.get(FAULTS).json()

    def assert_fault(self, answer, status, x_code, kind):
        self.assertEqual((answer.status, answer.header("sluice-error"), answer.header("sluice-fault")),
                         (status, "fault_injected", kind), answer)
        self.assertEqual(answer.json()["errors"][0]["code"], x_code)


class Kinds(FaultCase):
    def test_over_capacity_says_what_x_says(self):
        self.rule(kind="over_capacity", route="init")
        answer = self.x1.init(10)
        self.assert_fault(answer, 503, 130, "over_capacity")
        self.assertEqual(answer.json(), {"errors": [{"message": "Over capacity", "code": 130}]})
        self.assertTrue(answer.header("retry-after"))
        problem = self.x2.init(10)
        self.assert_fault(problem, 503, 130, "over_capacity")
        self.assertEqual(problem.json()["title"], "Service Unavailable")

    def test_rate_limit_has_the_headers_of_one(self):
        self.rule(kind="429", route="init")
        answer = self.x1.init(10)
        self.assert_fault(answer, 429, 88, "rate_limited")
        self.assertEqual(answer.header("x-rate-limit-remaining"), "0")
        self.assertTrue(answer.header("retry-after"))

    def test_internal_error(self):
        self.rule(kind="internal", route="status")
        self.assert_fault(self.x1.status(upload(self.x1, noise(100), 100)), 500, 131, "internal")

    def test_posts_and_look_ups_have_weather_too(self):
        media_id = self.x1.one_shot(picture(), "tweet_image").json()["media_id_string"]
        wanted = {"text": "Hi", "media": {"media_ids": [media_id]}}
        until = self.x1.upload_object(media_id).json()["expires_at"]
        self.rule(kind="over_capacity", route="post")
        self.assert_fault(self.x2.json("/2/tweets", **wanted), 503, 130, "over_capacity")
        self.assertEqual(self.x1.upload_object(media_id).json()["expires_at"], until)
        self.assertEqual(self.x2.get(f"/2/media/3_{media_id}").status, 200)

    def test_slow_answers_come_late_and_are_right(self):
        self.rule(kind="slow", route="init", delay_ms=300)
        began = time.monotonic()
        answer = self.x1.init(10)
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        self.assertEqual((answer.status, answer.header("sluice-fault")), (202, "slow"))
        self.assertIsNone(answer.header("sluice-error"))

    def test_a_cut_answer_ends_in_the_middle(self):
        self.rule(kind="cut", route="init", cut_after_bytes=30)
        with self.assertRaises(ConnectionEnded) as ended:
            self.x1.init(10)
        self.assertEqual(len(ended.exception.seen), 30)

    def test_before_nothing_was_done_and_after_it_was(self):
        media_id = self.x1.open(8)
        self.rule(kind="over_capacity", route="append", when="before")
        self.assertEqual(self.x1.append(media_id, 0, b"0123").status, 503)
        self.assertEqual(self.x1.upload_object(media_id).json()["received_bytes"], 0)
        self.calm()
        self.rule(kind="over_capacity", route="append", when="after")
        self.assertEqual(self.x1.append(media_id, 0, b"0123").status, 503)
        self.assertEqual(self.x1.upload_object(media_id).json()["received_bytes"], 4)

    def test_processing_that_fails(self):
        self.rule(kind="processing_fails")
        info = self.x1.wait(upload(self.x1, noise(100), 100))
        self.assertEqual((info["state"], info["error"]["name"]), ("failed", "InternalError"))

    def test_processing_that_takes_long(self):
        self.rule(kind="processing_slow", delay_ms=60000)
        media_id = upload(self.x1, noise(100), 100)
        time.sleep(0.5)
        info = self.x1.info_of(self.x1.status(media_id))
        self.assertEqual(info["state"], "pending")


class Rules(FaultCase):
    def test_a_mistake_is_still_named(self):
        self.rule(kind="over_capacity")
        self.assert_v1_error(self.x1.init("x"), 400, "total_bytes_invalid")
        self.assert_v1_error(self.x1.status(4711), 404, "media_unknown")

    def test_the_same_seed_strikes_the_same_calls(self):
        sequences = []
        for _ in range(2):
            self.calm()
            self.rule(kind="over_capacity", route="init", rate=0.4, seed=11)
            sequences.append([self.x1.init(10).status for _ in range(30)])
        self.assertEqual(sequences[0], sequences[1])
        self.assertEqual(set(sequences[0]), {202, 503})

    def test_recovered_clients_are_counted_by_kind(self):
        before = self.state()["kinds"]["internal"]
        media_id = self.x1.open(8)
        self.rule(kind="internal", route="append", rate=1)
        for index in (0, 1):
            self.assertEqual(self.x1.append(media_id, index, b"0123").status, 500)
        self.calm()
        self.assertEqual(self.x1.append(media_id, 1, b"0123").status, 204)
        now = self.state()["kinds"]["internal"]
        self.assertEqual(now["injected"] - before["injected"], 2)
        self.assertEqual(now["recovered"] - before["recovered"], 1)
        text = call(self.server, "GET", "/metrics").body.decode()
        self.assertIn(f'sluice_faults_recovered_total{{kind="internal"}} {now["recovered"]}', text)
        self.assertIn(f'sluice_faults_injected_total{{kind="internal"}} {now["injected"]}', text)

    def test_wrong_rules_are_told_so(self):
        for members in ({}, {"kind": "rain"}, {"kind": "503", "rate": 2}, {"kind": "503", "route": "x"},
                        {"kind": "503", "when": "now"}, {"kind": "slow", "delay_ms": -1}):
            self.assert_v2_error(self.x2.json(FAULTS, **members), 400, "parameter_invalid")
        self.assert_v2_error(self.x2.post(FAULTS, b"kind=503", "text/plain"), 400, "json_expected")
        self.assertEqual(self.state()["rules"], [])

    def test_rules_are_shown_with_what_they_did(self):
        self.rule(kind="over_capacity", route="init", rate=0.5, seed=3)
        self.x1.init(10)
        rule = self.state()["rules"][0]
        self.assertEqual((rule["kind"], rule["route"], rule["rate"], rule["seed"], rule["calls_seen"]),
                         ("over_capacity", "init", 0.5, 3, 1))


class WithKeys(ServerCase):
    arguments = ("--auth", "keys")

    def test_there_are_no_faults_where_others_are_served(self):
        caller = X2(self.server, create_key(self.server.data)["bearer_token"])
        for answer in (caller.get(FAULTS), caller.json(FAULTS, kind="503")):
            self.assert_v2_error(answer, 403, "dev_mode_only")
        self.assertEqual(X2(self.server).get(FAULTS).status, 401)

    def test_a_server_with_keys_refuses_to_start_with_faults(self):
        server = Server("--auth", "keys", "--fault", "503=1")
        self.addCleanup(server.close)
        with self.assertRaises(RuntimeError) as refused:
            server.start()
        self.assertIn("--fault", str(refused.exception))


class Flags(ServerCase):
    arguments = ("--fault", "503:init=1", "--fault-seed", "5")

    def test_rules_from_the_command_line(self):
        answer = X1(self.server).init(10)
        self.assertEqual((answer.status, answer.header("sluice-fault")), (503, "over_capacity"))
        self.assertEqual(X1(self.server).get(FAULTS).json()["rules"][0]["seed"], 5)


if __name__ == "__main__":
    unittest.main()
