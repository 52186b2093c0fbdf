"""A full class of work turns its own newest requests away, early and honestly; the other class goes on (docs/operations/overload.md)."""

import contextlib
import os
import resource
import select
import threading
import time
import unittest

from support import metrics
from support.case import ServerCase
from support.client import FORM, V1, V2, X1, X2, call
from support.media import noise
from support.wire import ConnectionEnded, Part, Wire, head, multipart

MEDIA = noise(200_000)
PAGE = ("Origin", "http://localhost:3000")


def append_bytes(media_id, index, data=MEDIA):
    """(head, body) of an APPEND whose kind only its body tells."""
    parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", index)]
    content_type, body = multipart([*parts, Part("media", data, "blob")])
    return head("POST", V1, [("Content-Type", content_type), ("Content-Length", len(body))]), body


class Overload(ServerCase):
    arguments = ("--limit", "bulk.running=4", "--limit", "control.running=8")

    def setUp(self):
        self.caller = X1(self.server)

    def wire(self):
        wire = Wire(self.server)
        self.addCleanup(wire.close)
        return wire

    def stall(self, data):
        """Sends this and then nothing more."""
        wire = self.wire()
        wire.send(data)
        return wire

    def wait_for_running(self, name, count):
        for _ in range(200):
            samples = metrics.parse(self.caller.get("/metrics").body.decode())
            if metrics.total(samples, "sluice_requests_in_work", **{"class": name}) == count:
                return samples
        self.fail(f"never were {count} requests of {name} in work")

    def fill_bulk(self):
        """Four clients that stall in mid-body, two from the start and two after some media; ([wire], [rest], media_id)."""
        media_id = self.caller.open(4 * len(MEDIA))
        wires, rests = [], []
        for index in range(4):
            begin, body = append_bytes(media_id, index, bytes([index]) + MEDIA[1:])
            sent = 0 if index < 2 else 100_000
            wires.append(self.stall(begin + body[:sent]))
            rests.append(body[sent:])
        self.wait_for_running("bulk", 4)
        return wires, rests, media_id

    def assert_shed(self, answer, name, bound):
        self.assertEqual((answer.status, answer.header("sluice-error")), (503, "overloaded"), answer)
        self.assertTrue(1 <= int(answer.header("retry-after")) <= 30, answer)
        text = answer.body.decode()
        self.assertIn(f"{bound} requests of the class {name}", text)

    def assert_told_to_a_page(self, answer, path):
        self.assertEqual((answer.status, answer.header("sluice-error")), (503, "overloaded"), answer)
        self.assertEqual(answer.header("access-control-allow-origin"), PAGE[1], answer)
        self.assertIn("Retry-After", answer.header("access-control-expose-headers"))
        self.assertEqual(answer.header("tus-resumable"), "1.0.0" if path.startswith("/files") else None)

    def test_full_bulk_turns_its_own_away_and_the_small_calls_go_on(self):
        wires, rests, media_id = self.fill_bulk()
        # Before its body is read: "100 Continue" does not come.
        begin, body = append_bytes(media_id, 1)
        waiting = self.stall(begin.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        answer = waiting.read("POST")
        self.assert_shed(answer, "bulk", 4)
        self.assertEqual(answer.interim, [])
        self.assert_v1_error(answer, 503, "overloaded")
        # All of it sent at once, small enough to look like a parameter, in v2's words, and a download.
        self.assert_shed(self.caller.append(media_id, 1, MEDIA), "bulk", 4)
        self.assert_shed(self.caller.append(media_id, 1, b"a few bytes"), "bulk", 4)
        answer = X2(self.server).append(media_id, 1, b"a few bytes")
        self.assert_shed(answer, "bulk", 4)
        self.assert_v2_error(answer, 503, "overloaded")
        for path in ("/files/1", "/resumable/1"):
            self.assert_told_to_a_page(call(self.server, "PATCH", path, [PAGE], b"a few bytes"), path)
        self.assert_shed(self.caller.get("/media/7_1/original"), "bulk", 4)
        # What is small goes on.
        self.assertEqual(self.caller.status(media_id).header("sluice-error"), "finalize_missing")
        other = self.caller.open(1000)
        self.assertEqual(self.caller.finalize(other).header("sluice-error"), "nothing_appended")
        self.assertEqual(self.caller.get("/api/v1/uploads").status, 200)
        self.assertEqual(self.caller.get("/readyz").status, 200)
        # Who was in goes on where it stood, and leaves its place.
        for wire, rest in zip(wires, rests):
            wire.send(rest)
            self.assertEqual(wire.read("POST").status, 204)
        samples = self.wait_for_running("bulk", 0)
        self.assertGreaterEqual(metrics.total(samples, "sluice_requests_shed_total", **{"class": "bulk"}), 5)
        self.assertEqual(self.caller.finalize(media_id).status, 201)

    def test_full_control_turns_its_own_away_and_uploads_go_on(self):
        media_id = self.caller.open(len(MEDIA))
        begin, body = append_bytes(media_id, 0)
        bulk = self.stall(begin + body[:1000])
        self.wait_for_running("bulk", 1)
        # Six of eight places for calls with a body, which these do not send.
        init = head("POST", V1, [("Content-Type", FORM), ("Content-Length", 80)]) + b"command=INIT&"
        stalled = [self.stall(init) for _ in range(6)]
        self.wait_for_running("control", 6)
        answer = self.caller.init(1000)
        self.assert_shed(answer, "control", 6)
        self.assert_v1_error(answer, 503, "overloaded")
        # Those who only ask have places of their own, and uploads theirs.
        self.assertEqual(self.caller.status(media_id).header("sluice-error"), "finalize_missing")
        bulk.send(body[1000:])
        self.assertEqual(bulk.read("POST").status, 204)
        self.assertEqual(self.caller.get("/livez").status, 200)
        for wire in stalled:
            wire.close()
        self.wait_for_running("control", 0)
        self.assertEqual(self.caller.finalize(media_id).status, 201)

    def test_a_download_keeps_its_place_until_it_is_sent(self):
        data = noise(8 << 20)
        media_id = self.caller.open(len(data))
        self.assertEqual(self.caller.append(media_id, 0, data).status, 204)
        self.assertEqual(self.caller.finalize(media_id).status, 201)
        reader = self.stall(head("GET", f"/media/7_{media_id}/original"))
        self.wait_for_running("bulk", 1)
        self.assertEqual(len(reader.read().body), len(data))
        self.wait_for_running("bulk", 0)


class FewFiles(ServerCase):
    def setUp(self):
        self.caller = X1(self.server)

    def open_files(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def limit_files(self, count):
        _, hard = resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, (count, hard))

    def test_without_files_the_door_neither_hangs_nor_spins(self):
        media_id = self.caller.open(1000)
        asking = Wire(self.server)
        self.addCleanup(asking.close)
        question = head("GET", f"{V1}?command=STATUS&media_id={media_id}")
        asking.send(question[:10])  # else it is idle, and goes for another one
        time.sleep(0.05)
        self.limit_files(self.open_files() + 4)
        # Not idle: these are in the middle of a head.
        others = [Wire(self.server) for _ in range(12)]
        for wire in others:
            self.addCleanup(wire.close)
            wire.send(b"GET / HTTP/1.1\r\n")
        # Those for whom there is no file are told so and let go instead of waiting for nothing.
        ended, _, _ = select.select([wire.socket for wire in others], [], [], 5)
        told = next(wire for wire in others if wire.socket in ended)
        self.assert_told(told.read(), "no more files")
        self.assertTrue(told.is_closed())
        # Who has a connection is served.
        asking.send(question[10:])
        self.assertEqual(asking.read().header("sluice-error"), "finalize_missing")
        before = self.processor_time()
        time.sleep(0.5)
        self.assertLess(self.processor_time() - before, 0.4)
        for wire in others:
            wire.close()
        asking.close()
        for _ in range(100):
            try:
                answer = self.caller.append(media_id, 0, MEDIA[:1000])
                if answer.status == 204:
                    break
                self.assertEqual(answer.status, 503, answer)  # the files are not free yet
            except (ConnectionEnded, OSError):
                pass
            time.sleep(0.05)
        else:
            self.fail("never came back")

    def assert_told(self, answer, why):
        self.assertEqual((answer.status, answer.header("sluice-error")), (503, "overloaded"), answer)
        self.assertTrue(1 <= int(answer.header("retry-after")) <= 30, answer)
        self.assertIn(why, answer.body.decode())

    def processor_time(self):
        with open(f"/proc/{self.server.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class FullHouse(ServerCase):
    arguments = ("--limit", "connections=16")

    def refused_ones(self, count, length, piece):
        """They have their answer, and go on sending the rest of a body, a piece in 0.2 s each."""
        refused = [Wire(self.server) for _ in range(count)]
        for wire in refused:
            self.addCleanup(wire.close)
            wire.send(head("POST", "/no/such/path", [("Content-Length", str(length))]))
            self.assertEqual(wire.read("POST").status, 404)
        stop = threading.Event()

        def send():
            while not stop.wait(0.2):
                for wire in refused:
                    with contextlib.suppress(OSError):
                        wire.send(piece)

        sender = threading.Thread(target=send)
        sender.start()
        self.addCleanup(sender.join)
        self.addCleanup(stop.set)
        time.sleep(0.8)  # each has had its answer for half a second
        return refused

    def closed_for_others(self):
        samples = metrics.parse(X1(self.server).get("/metrics").body.decode())
        return metrics.total(samples, "sluice_http_connections_shed_total", how="idle")

    def test_small_calls_find_a_place_beside_those_who_send_what_was_refused(self):
        caller = X1(self.server)
        media_id = caller.open(1000)
        self.assertEqual(caller.append(media_id, 0, MEDIA[:1000]).status, 204)
        self.refused_ones(14, 16_000_000, MEDIA[:20_000])
        before = self.closed_for_others()
        self.assert_v1_error(caller.append(media_id, 1, MEDIA), 503, "overloaded")  # a big one has no such right
        answers = [caller.post(V1, b"command=INIT&total_bytes=10&media_type=video%2Fmp4", FORM), caller.finalize(media_id)]
        self.assertEqual([answer.status for answer in answers], [202, 201], answers)
        self.assertGreater(self.closed_for_others(), before)

    def test_who_makes_way_is_closed_at_once_also_where_the_connection_would_be_kept(self):
        refused = self.refused_ones(14, 250_000, MEDIA[:8_000])
        before = self.closed_for_others()
        answer = X1(self.server).post(V1, b"command=INIT&total_bytes=10&media_type=video%2Fmp4", FORM)
        self.assertEqual(answer.status, 202, answer)
        self.assertGreater(self.closed_for_others(), before)
        ended, _, _ = select.select([wire.socket for wire in refused], [], [], 3)
        self.assertGreater(len(ended), 0, "the one that made way goes on being read")

    def test_who_finds_no_place_is_told_so_in_the_words_of_the_call(self):
        caller = X1(self.server)
        media_id = caller.open(len(MEDIA))
        wires = []
        begin, body = append_bytes(media_id, 0)
        for _ in range(14):
            wires.append(Wire(self.server))
            wires[-1].send(begin + body[:1000])
        for _ in range(2):  # of the kept places
            wires.append(Wire(self.server))
            wires[-1].send(b"GET / HTTP/1.1\r\n")
        for wire in wires:
            self.addCleanup(wire.close)
        time.sleep(0.3)
        answer = caller.append(media_id, 1, MEDIA)
        self.assert_v1_error(answer, 503, "overloaded")
        self.assertTrue(1 <= int(answer.header("retry-after")) <= 30, answer)
        self.assertIn("all are in use", answer.json()["errors"][0]["message"])
        self.assert_v2_error(X2(self.server).init(1000), 503, "overloaded")
        told = call(self.server, "PATCH", "/files/1", [PAGE], b"a few bytes")
        self.assertEqual((told.status, told.header("access-control-allow-origin")), (503, PAGE[1]), told)
        for wire in wires:
            wire.close()
        for _ in range(100):
            if caller.get("/metrics").status == 200:
                break
            time.sleep(0.05)
        samples = metrics.parse(caller.get("/metrics").body.decode())
        self.assertGreaterEqual(metrics.total(samples, "sluice_http_connections_shed_total", how="cut"), 2)


if __name__ == "__main__":
    unittest.main()
