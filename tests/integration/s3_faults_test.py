"""An S3 store that says no, is slow, loses answers, dies and comes back: nothing that was acknowledged is lost, nothing that was not counts,
and the caller hears the true cause."""

import email.utils
import os
import re
import threading
import time

from support import engine
from support.client import X1, X2, upload
from support.faulty_store import FaultyStore
from support.media import clip, noise, picture
from support.wire import ConnectionEnded
from integration.s3_test import S3Case

SEGMENT = 300_000


class FaultyCase(S3Case):
    """Between server and store is a relay that makes mistakes on demand."""

    @classmethod
    def setUpClass(cls):
        cls.line = FaultyStore(engine.object_store().port)
        cls.addClassCleanup(cls.line.close)
        cls.url_of_store = engine.object_store().url(cls.__name__.lower(), port=cls.line.port)
        cls.more = ("--storage", cls.url_of_store)  # the last one counts
        super().setUpClass()

    def setUp(self):
        self.addCleanup(self.line.clear)
        self.caller = X1(self.server)

    def assert_unavailable(self, answer):
        body = self.assert_v1_error(answer, 503, "storage_unavailable")
        self.assertGreaterEqual(int(answer.header("retry-after")), 1)
        return body["errors"][0]["message"]

    def opened(self, seed=1):
        """An upload with its first of two segments, and the bytes."""
        data = noise(2 * SEGMENT, seed)
        media_id = self.caller.open(len(data))
        self.assertEqual(self.caller.append(media_id, 0, data[:SEGMENT]).status, 204)
        return media_id, data

    def assert_whole(self, media_id, data):
        self.assertIn(self.caller.finalize(media_id).status, (200, 201))
        self.assert_original(self.caller, f"7_{media_id}", data)

    def survives(self, *fault, **details):
        """The second APPEND meets this, and is a success all the same."""
        media_id, data = self.opened()
        before = len(self.keys())
        met = self.line.add(*fault, **details)
        answer = self.caller.append(media_id, 1, data[SEGMENT:])
        self.assertGreaterEqual(met.fired, 1, "the fault did not happen")
        self.assertEqual(answer.status, 204, answer)
        self.assert_whole(media_id, data)
        self.eventually_keys(before + 1)
        return met

    def until(self, is_so, timeout=60):
        """Whether it came to be so."""
        ends = time.monotonic() + timeout
        while not is_so() and time.monotonic() < ends:
            time.sleep(0.02)
        return is_so()

    def eventually(self, ask, timeout=60):
        ends = time.monotonic() + timeout
        while (answer := ask()).status == 503 and time.monotonic() < ends:
            time.sleep(0.1)
        return answer


class Passing(FaultyCase):
    def test_a_store_that_says_503_and_500_is_asked_again(self):
        self.survives("status", code=503, times=2)
        self.survives("status", code=500, name=b"InternalError", times=1)

    def test_a_request_that_is_cut_is_sent_again(self):
        self.survives("cut", after=100_000)

    def test_an_answer_that_is_lost_leaves_no_second_object(self):
        self.survives("lose")

    def test_each_attempt_has_a_key_of_its_own(self):
        self.line.seen.clear()
        self.survives("status", times=3)
        puts = [target for method, target in self.line.seen if method == "PUT"]
        self.assertEqual(len(puts), 1 + 4)
        self.assertEqual(len(set(puts)), len(puts))

    def test_a_key_that_is_taken_is_left_alone_and_another_one_used(self):
        media_id, data = self.opened()
        self.line.seen.clear()
        refused = [self.line.add("status"), self.line.add("status", code=412, name=b"PreconditionFailed")]
        self.assertEqual(self.caller.append(media_id, 1, data[SEGMENT:]).status, 204)
        self.assertEqual([fault.fired for fault in refused], [1, 1])
        puts = [target for method, target in self.line.seen if method == "PUT"]
        self.assertEqual(len(set(puts)), 3)
        self.assertNotIn(("DELETE", puts[1]), self.line.seen, "it may be somebody else's")
        self.assert_whole(media_id, data)

    def test_a_bit_that_changed_on_the_way_is_not_stored(self):
        met = self.survives("flip")
        self.assertEqual(met.fired, 1)

    def test_a_bit_that_changed_on_the_way_back_is_not_processed(self):
        data = clip(1)
        media_id = self.caller.open(len(data))
        self.assertEqual(self.caller.append(media_id, 0, data).status, 204)
        met = self.line.add("flip", method="GET", times=4)  # FINALIZE reads the beginning first
        self.assertIn(self.caller.finalize(media_id).status, (200, 201))
        self.assertEqual(self.caller.wait(media_id)["state"], "succeeded")
        self.assertEqual(met.fired, 4)
        self.assertTrue(self.until(lambda: "input_differs" in self.server.log()), self.server.log())

    def test_a_bit_that_changed_on_the_way_back_is_not_given_out(self):
        media_id, data = self.opened()
        self.assertEqual(self.caller.append(media_id, 1, data[SEGMENT:]).status, 204)
        self.assertIn(self.caller.finalize(media_id).status, (200, 201))
        self.caller.wait(media_id)  # nobody else reads it
        met = self.line.add("flip", method="GET")
        self.assert_original(self.caller, f"7_{media_id}", data)
        self.assertEqual(met.fired, 1)
        self.assertTrue(self.until(lambda: "original_differs" in self.server.log()), self.server.log())
        self.line.add("flip", method="GET", times=2)
        answer = self.caller.original(f"7_{media_id}")
        self.assertEqual((answer.status, answer.header("sluice-error")), (500, "storage_failed"), answer)

    def test_a_bit_of_what_was_made_that_changed_on_the_way_back_is_not_given_out(self):
        media_id = upload(self.caller, clip(1), 1_000_000)
        self.assertEqual(self.caller.wait(media_id)["state"], "succeeded")
        url = next(one for one in self.caller.outputs(media_id).values() if one["role"] == "poster")["url"]
        made = self.caller.fetch(url).body
        met = self.line.add("flip", method="GET")
        self.assertEqual(self.caller.fetch(url).body, made)
        self.assertEqual(met.fired, 1)
        self.assertTrue(self.until(lambda: "output_differs" in self.server.log()), self.server.log())
        self.line.add("flip", method="GET", times=2)
        answer = self.caller.fetch(url)
        self.assertEqual((answer.status, answer.header("sluice-error")), (500, "storage_failed"), answer)

    def test_a_slow_store_makes_calls_slow_and_status_not(self):
        media_id, data = self.opened()
        last_bytes = threading.Event()
        self.addCleanup(last_bytes.set)
        slow = self.line.add("slow", until=last_bytes)
        answers = []
        sending = threading.Thread(target=lambda: answers.append(self.caller.append(media_id, 1, data[SEGMENT:])))
        sending.start()
        self.assertTrue(self.until(lambda: slow.fired == 1))
        self.assertEqual(self.caller.status(media_id).header("sluice-error"), "finalize_missing")
        self.assertTrue(sending.is_alive(), "it waited for the store")
        last_bytes.set()
        sending.join()
        self.assertEqual((slow.fired, answers[0].status), (1, 204))
        self.assert_whole(media_id, data)

    def test_reads_are_repeated_too(self):
        media_id, data = self.opened()
        self.assertEqual(self.caller.append(media_id, 1, data[SEGMENT:]).status, 204)
        self.assertIn(self.caller.finalize(media_id).status, (200, 201))
        met = self.line.add("status", method="GET", times=2)
        self.assert_original(self.caller, f"7_{media_id}", data)
        self.assertEqual(met.fired, 2)


class Learned(FaultyCase):
    """What a server has learned of its store serves the calls that were on their way, and can be unlearned."""

    def test_a_correction_of_the_clock_is_corrected_again(self):
        for away in (3600, -7200):
            # The store is said to be an hour ahead; with that the true one refuses, and says its own time.
            date = email.utils.formatdate(time.time() + away, usegmt=True).encode()
            self.survives("status", code=403, name=b"RequestTimeTooSkewed", fields=b"Date: " + date + b"\r\n")

    def test_a_clock_that_no_correction_helps_is_named(self):
        media_id, data = self.opened()
        date = email.utils.formatdate(usegmt=True).encode()
        met = self.line.add("status", code=403, name=b"RequestTimeTooSkewed", fields=b"Date: " + date + b"\r\n", times=1000)
        self.assertIn("clock", self.assert_unavailable(self.caller.append(media_id, 1, data[SEGMENT:])))
        self.assertEqual(met.fired, 1, "nothing was learned")

    def test_all_who_hear_that_conditions_are_unknown_go_on_without(self):
        opened = [self.opened(seed) for seed in range(4)]
        together = threading.Barrier(len(opened))
        met = self.line.add("status", code=501, name=b"NotImplemented", together=together, times=len(opened))
        answers = []
        threads = [
            threading.Thread(target=lambda m=media_id, d=data: answers.append(X1(self.server).append(m, 1, d[SEGMENT:])))
            for media_id, data in opened
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(met.fired, len(opened))
        self.assertEqual([answer.status for answer in answers], [204] * len(opened))
        for media_id, data in opened:
            self.assert_whole(media_id, data)


class Lasting(FaultyCase):
    def test_a_store_that_always_says_503_is_named_as_the_cause(self):
        media_id, data = self.opened()
        met = self.line.add("status", times=1000)
        self.assertIn("503 SlowDown", self.assert_unavailable(self.caller.append(media_id, 1, data[SEGMENT:])))
        self.assertEqual(met.fired, 4)
        self.assert_v2_error(X2(self.server).append(media_id, 1, data[SEGMENT:]), 503, "storage_unavailable")
        self.assert_unavailable(self.caller.one_shot(picture()))
        self.line.clear()
        self.assertEqual(self.caller.append(media_id, 1, data[SEGMENT:]).status, 204)
        self.assert_whole(media_id, data)

    def test_a_full_quota_is_507(self):
        media_id, data = self.opened()
        self.line.add("status", code=403, name=b"QuotaExceeded", times=1000)
        self.assert_v1_error(self.caller.append(media_id, 1, data[SEGMENT:]), 507, "storage_full")

    def test_rights_that_were_taken_away_are_named(self):
        media_id, data = self.opened()
        met = self.line.add("status", code=403, name=b"AccessDenied", times=1000)
        self.assertIn("credentials", self.assert_unavailable(self.caller.append(media_id, 1, data[SEGMENT:])))
        self.assertEqual(met.fired, 1, "asking again would change nothing")

    def test_a_store_that_sends_elsewhere_is_named(self):
        media_id, data = self.opened()
        met = self.line.add("status", code=301, name=b"PermanentRedirect", times=1000)
        self.assertIn("another endpoint or another region", self.assert_unavailable(self.caller.append(media_id, 1, data[SEGMENT:])))
        self.assertEqual(met.fired, 1, "asking again would change nothing")

    def test_a_ghost_of_a_request_that_was_given_up_counts_for_nothing(self):
        media_id, data = self.opened()
        before = self.keys()
        comes = threading.Event()
        self.addCleanup(comes.set)
        late = self.line.add("late", until=comes)
        begun = time.monotonic()
        self.assertEqual(self.caller.append(media_id, 1, data[SEGMENT:]).status, 204)
        self.assertEqual(late.fired, 1)
        self.assertGreater(time.monotonic() - begun, 9, "it was waited for")
        counted = self.keys() - before
        self.assertEqual(len(counted), 1)
        comes.set()
        self.until(lambda: len(self.keys() - before) > 1)
        ghosts = self.keys() - before - counted
        self.assertEqual(len(ghosts), 1, "the ghost has come")
        self.assert_whole(media_id, data)
        self.assertEqual(self.server.stop(), 0)
        done, lines = self.fsck("--repair", "--older-than", "0")
        self.assertEqual([line.get("kind") for line in lines[:-1]], ["orphan_file"], done)
        self.assertEqual(self.keys() - before, counted)
        self.server.start()
        self.caller = X1(self.server)
        self.assert_original(self.caller, f"7_{media_id}", data)

    def test_a_server_that_is_killed_while_bytes_are_on_their_way(self):
        media_id, data = self.opened()
        held = self.line.add("hold")
        wrong = []

        def send():
            try:
                wrong.append(self.caller.append(media_id, 1, data[SEGMENT:]))
            except (OSError, ConnectionEnded):
                pass
            except BaseException as error:  # of a thread nobody would hear it
                wrong.append(error)

        sending = threading.Thread(target=send)
        sending.start()
        self.assertTrue(self.until(lambda: held.fired == 1))
        self.server.kill()
        sending.join()
        self.assertEqual(wrong, [], "it died before it answered")
        self.line.clear()
        self.server.start()
        self.caller = X1(self.server)
        self.assertEqual(self.caller.upload_object(media_id).json()["received_bytes"], SEGMENT)
        self.assertEqual(self.caller.append(media_id, 1, data[SEGMENT:]).status, 204)
        self.assert_whole(media_id, data)


class Gone(FaultyCase):
    """The store itself dies, and comes back."""

    def setUp(self):
        super().setUp()
        self.gone = False
        self.addCleanup(lambda: self.gone and self.come_back())

    def go(self):
        self.store.kill_gateway()
        self.gone = True

    def come_back(self):
        self.store.start_gateway()
        self.gone = False

    def test_in_the_middle_of_an_upload_calls_are_503_and_it_goes_on_by_itself(self):
        media_id, data = self.opened()
        self.go()
        self.assertIn("does not answer", self.assert_unavailable(self.caller.append(media_id, 1, data[SEGMENT:])))

        def is_refused_at_once():
            asked = len(self.line.seen)
            self.assert_unavailable(self.caller.append(media_id, 1, data[SEGMENT:]))
            return len(self.line.seen) == asked

        self.assertTrue(self.until(is_refused_at_once), "known to be away: calls do not ask, but for one each half second")
        self.assert_v1_error(self.caller.status(media_id), 409, "finalize_missing")
        self.assertEqual(self.caller.init(100).status, 202, "rows need no store")
        self.assertEqual(self.caller.get("/livez").status, 200)
        self.assertEqual(self.metric("sluice_storage_up"), 0)
        self.come_back()
        self.assertEqual(self.eventually(lambda: self.caller.append(media_id, 1, data[SEGMENT:])).status, 204)
        self.assertEqual(self.caller.append(media_id, 0, data[:SEGMENT]).status, 204, "a repeated segment is a success")
        self.assert_whole(media_id, data)
        self.assertEqual(self.metric("sluice_storage_up"), 1)
        self.assertIn("storage_lost", self.server.log())
        self.assertIn("storage_found", self.server.log())

    def test_a_finalize_and_a_download_without_the_store_say_so(self):
        data = clip(1)
        media_id = self.caller.open(len(data))
        self.assertEqual(self.caller.append(media_id, 0, data).status, 204)
        self.go()
        self.assert_unavailable(self.caller.finalize(media_id))
        self.come_back()
        self.assertIn(self.eventually(lambda: self.caller.finalize(media_id)).status, (200, 201))
        self.assertEqual(self.caller.wait(media_id)["state"], "succeeded")
        self.go()
        media_key = f"7_{media_id}"
        for _ in range(2):  # then it is known to be away
            answer = self.caller.original(media_key)
            self.assertEqual((answer.status, answer.header("sluice-error")), (503, "storage_unavailable"), answer)
            self.assertGreaterEqual(int(answer.header("retry-after")), 1)
        self.come_back()
        self.assertEqual(self.eventually(lambda: self.caller.original(media_key)).status, 200)
        self.assert_original(self.caller, media_key, data)

    def test_a_job_ends_though_the_store_was_away(self):
        media_id = upload(self.caller, clip(8, "1280x720"), 5_000_000)
        self.assertTrue(self.until(lambda: self.caller.info_of(self.caller.status(media_id))["state"] != "pending"))
        self.go()
        time.sleep(3)
        self.come_back()
        self.assertEqual(self.caller.wait(media_id, timeout=300)["state"], "succeeded")
        for output in self.caller.outputs(media_id).values():
            self.assertEqual(len(self.caller.fetch(output["url"]).body), output["size_bytes"])

    def test_a_frozen_store_is_waited_for(self):
        media_id, data = self.opened()
        self.store.freeze("osd")
        thaw = threading.Timer(3, lambda: self.store.thaw("osd"))
        thaw.start()
        self.addCleanup(thaw.join)
        self.assertEqual(self.caller.append(media_id, 1, data[SEGMENT:]).status, 204)
        self.assert_whole(media_id, data)

    def test_a_finalize_that_comes_too_early_does_not_wait_for_a_frozen_store(self):
        media_id, _ = self.opened()
        self.store.freeze("rgw")
        self.addCleanup(self.store.thaw, "rgw")
        for _ in range(4):
            begun = time.monotonic()
            self.assert_v1_error(self.caller.finalize(media_id), 400, "size_mismatch")
            self.assertLess(time.monotonic() - begun, 3, "for the sake of a hint")
        self.assertEqual(self.metric("sluice_storage_up"), 1, "a hint that did not come says nothing of the store")

    def test_a_store_that_hangs_keeps_neither_status_nor_init(self):
        media_id, data = self.opened()
        finals = [self.opened()[0] for _ in range(4)]
        self.store.freeze("rgw")
        self.addCleanup(self.store.thaw, "rgw")
        answers = []
        threads = [
            *(threading.Thread(target=lambda: answers.append(self.caller.append(media_id, 1, data[SEGMENT:]))) for _ in range(70)),
            *(threading.Thread(target=lambda m=m: answers.append(self.caller.append(m, 1, data[SEGMENT:]))) for m in finals),
        ]
        for thread in threads:
            thread.start()
        worst = 0
        while any(thread.is_alive() for thread in threads):
            begun = time.monotonic()
            self.assert_v1_error(self.caller.status(media_id), 409, "finalize_missing")
            self.assertEqual(self.caller.init(100).status, 202)
            worst = max(worst, time.monotonic() - begun)
            time.sleep(0.2)
        self.assertLess(worst, 8, "who waited for the store would wait 10 s at least")
        self.assertEqual(len(answers), len(threads))
        self.assertEqual({answer.status for answer in answers} - {409}, {503})
        self.store.thaw("rgw")
        self.assertEqual(self.eventually(lambda: self.caller.append(media_id, 1, data[SEGMENT:])).status, 204)
        self.assert_whole(media_id, data)


class UnderLoad(FaultyCase):
    """Many callers, and a line that breaks for one request in five: every 2xx is kept, and no more than was sent."""

    def test_every_acknowledged_segment_is_there(self):
        for method in ("PUT", "GET"):
            self.line.add("status", method, code=503, times=1000, every=17)
            self.line.add("cut", method, after=5000, times=1000, every=19)
            self.line.add("lose", method, times=1000, every=23)
            self.line.add("status", method, code=500, times=1000, every=29)
        wrong, breaks = [], []
        completed = dict.fromkeys(range(6), 0)

        def reporting(work, *args):
            try:
                work(*args)
            except BaseException as error:  # of a thread nobody would hear it
                wrong.append(repr(error)[:300])

        def whole_or_503(media_id):
            """When all tries for a later segment meet a fault the head is out already: the caller sees that it is cut, and asks again."""
            while True:
                try:
                    return self.caller.original(f"7_{media_id}")
                except ConnectionEnded:
                    breaks.append(media_id)

        def send(number):
            for seed in range(number, 6000, 1000):
                data = noise(4 * 70_000, seed)
                media_id = self.caller.open(len(data))
                for index in range(4):
                    piece = data[index * 70_000 : (index + 1) * 70_000]
                    answer = self.eventually(lambda i=index, p=piece, m=media_id: self.caller.append(m, i, p))
                    if answer.status != 204:
                        wrong.append(answer)
                self.eventually(lambda m=media_id: self.caller.finalize(m))
                answer = self.eventually(lambda m=media_id: whole_or_503(m))
                if answer.body != data:
                    wrong.append((media_id, answer.status, len(answer.body)))
                completed[number] += 1

        threads = [threading.Thread(target=reporting, args=(send, number)) for number in completed]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(set(completed.values()), {6}, completed)
        self.assertLess(len(breaks), 12, "of 36")
        self.assertGreater(sum(fault.fired for fault in self.line.faults), 30)
        self.assertGreater(self.metric("sluice_storage_repeated"), 10)
        log = self.server.log()
        self.assertIn('"code":"', log, "this is where codes are")
        self.assertLessEqual(set(re.findall(r'"code":"(\w+)"', log)), {"storage_unavailable"})


if __name__ == "__main__":
    import unittest

    unittest.main()
