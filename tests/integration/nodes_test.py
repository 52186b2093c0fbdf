"""Several nodes with one PostgreSQL and one storage: any call may go to any of them, and any of them may die."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from support.client import X1, X2, call, pieces, upload
from support.media import clip, noise, picture
from support.nodes import Nodes
from support.server import Server, binary
from support.wire import ConnectionEnded, Wire, head, request

TUS = ("Tus-Resumable", "1.0.0")
BODY = "application/offset+octet-stream"
SEGMENT = 200_000


class NodesCase(unittest.TestCase):
    apis, workers, arguments = 3, 1, ()

    @classmethod
    def setUpClass(cls):
        cls.nodes = Nodes(cls.apis, cls.workers, cls.arguments)
        cls.addClassCleanup(cls.nodes.close)
        cls.nodes.start()
        cls.a, cls.b, cls.c = (cls.nodes.apis * 3)[:3]

    def eventually(self, ask, what, timeout=20):
        ends = time.monotonic() + timeout
        while not (found := ask()):
            self.assertLess(time.monotonic(), ends, what)
            time.sleep(0.05)
        return found

    def send(self, node, method, path, *headers, body=None):
        return call(node, method, path, [TUS, *headers], body)

    def create(self, node, length):
        answer = self.send(node, "POST", "/files/", ("Upload-Length", str(length)), body=b"")
        self.assertEqual(answer.status, 201, answer)
        return "/files/" + answer.header("location").rsplit("/", 1)[1]

    def patch(self, node, path, offset, body):
        return self.send(node, "PATCH", path, ("Upload-Offset", str(offset)), ("Content-Type", BODY), body=body)

    def offset(self, node, path):
        answer = self.send(node, "HEAD", path)
        self.assertEqual(answer.status, 200, answer)
        return int(answer.header("upload-offset"))

    @staticmethod
    def begin(node, path, offset, length, body):
        """A PATCH whose body is not all there yet."""
        fields = [TUS, ("Upload-Offset", str(offset)), ("Content-Type", BODY), ("Content-Length", str(length))]
        peer = socket.create_connection((node.host, node.port), 30)
        peer.sendall(head("PATCH", path, fields) + body)
        return peer


class NoStickiness(NodesCase):
    def test_each_call_goes_to_another_node(self):
        data = clip(2)
        size = len(data) // 4 + 1
        media_id = X1(self.a).open(len(data))
        answers = {}

        def append(node, index, piece):
            answers[index] = X1(node).append(media_id, index, piece)

        threads = [
            threading.Thread(target=append, args=(self.nodes.apis[index % 3], index, piece))
            for index, piece in pieces(data, size)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual([answers[index].status for index in sorted(answers)], [204] * 4)
        self.assertEqual(X1(self.c).status(media_id).header("sluice-error"), "finalize_missing")
        self.assertEqual(X1(self.b).append(media_id, 0, data[:size]).status, 204, "a repetition elsewhere")
        self.assertEqual(X1(self.b).append(media_id, 1, data[:size]).header("sluice-error"), "segment_conflict")
        finals = {}

        def finalize(node):
            finals[node.port] = X1(node).finalize(media_id)

        threads = [threading.Thread(target=finalize, args=(node,)) for node in self.nodes.apis]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertTrue(all(answer.status in (200, 201) for answer in finals.values()), finals)
        self.assertEqual(X1(self.nodes.proxy).wait(media_id)["state"], "succeeded")
        attempts = self.nodes.sql(f"SELECT attempts FROM uploads WHERE id = {media_id}")
        self.assertEqual(attempts, "1", "finalized by three, it was processed more than once")
        for node in self.nodes.apis:
            self.assertTrue(X1(node).original(f"7_{media_id}").body == data)

    def test_each_tells_the_same_time_to_ask_again(self):
        """While the only worker is busy with another film, and while it is at this one."""
        caller = X1(self.nodes.proxy)
        upload(caller, clip(4, "640x360"), 2_000_000)
        media_id = upload(caller, clip(4, "640x360"), 2_000_000)
        seen = []
        while "succeeded" not in seen:
            infos = [X1.info_of(X1(node).status(media_id)) for node in self.nodes.apis]
            if len({info["state"] for info in infos}) == 1:  # else it went on between two of them
                told = [info.get("check_after_secs", 0) for info in infos]
                self.assertLessEqual(max(told) - min(told), 1, infos)
                seen.append(infos[0]["state"])
            time.sleep(0.5)
        self.assertEqual(set(seen), {"pending", "in_progress", "succeeded"})

    def test_a_picture_in_one_call_is_there_on_all(self):
        media_id = X2(self.a).one_shot(picture()).json()["data"]["id"]
        self.eventually(lambda: X1(self.b).upload_object(media_id).json()["state"] == "ready", "it is not processed")
        for node in self.nodes.apis:
            self.assertTrue(X1(node).original(f"3_{media_id}").body == picture())
            self.assertIn("thumb", str(X1(node).outputs(media_id)))

    def test_each_says_what_it_is(self):
        versions = [X1(node).get("/version").json() for node in self.nodes.all]
        self.assertEqual([version["role"] for version in versions], ["api", "api", "api", "worker"])
        self.assertEqual(len({version["node"] for version in versions}), 4)
        worker = X1(self.nodes.workers[0])
        self.assertEqual(worker.get("/readyz").status, 200)
        refused = worker.init(100)
        self.assertEqual(refused.status, 404, refused)
        self.assertIn("role worker", refused.json()["errors"][0]["message"])
        # It learns of those who came later with its next beat.
        self.eventually(lambda: "sluice_nodes_live 4" in X1(self.a).get("/metrics").body.decode(), "it does not see them all")

    def test_finalize_elsewhere_says_that_a_segment_is_under_way(self):
        data = noise(2 * SEGMENT)
        media_id = X1(self.a).open(len(data))
        self.assertEqual(X1(self.a).append(media_id, 0, data[:SEGMENT]).status, 204)
        target = f"/2/media/upload/{media_id}/append"
        body = (
            b'--b\r\nContent-Disposition: form-data; name="segment_index"\r\n\r\n1\r\n--b\r\n'
            b'Content-Disposition: form-data; name="media"; filename="x"\r\n\r\n' + data[SEGMENT:] + b"\r\n--b--\r\n"
        )
        with socket.create_connection((self.a.host, self.a.port), 30) as peer:
            fields = [("Content-Type", "multipart/form-data; boundary=b"), ("Content-Length", str(len(body)))]
            peer.sendall(head("POST", target, fields) + body[:-5000])
            self.eventually(
                lambda: X1(self.b).finalize(media_id).header("sluice-error") == "append_in_flight", "it is not told elsewhere"
            )
            for _ in range(3):
                self.assertEqual(X1(self.c).finalize(media_id).header("sluice-error"), "append_in_flight")
            peer.sendall(body[-5000:])
            self.assertIn(b" 200 ", peer.recv(4096).split(b"\r\n")[0])
        self.assertIn(X1(self.b).finalize(media_id).status, (200, 201))

    def test_events_of_other_nodes_are_seen(self):
        with Wire(self.b, timeout=30) as wire:
            wire.send(request("GET", "/api/v1/events", [("Accept", "text/event-stream")]))
            time.sleep(0.5)
            media_id = X1(self.a).open(100)
            seen, ends = b"", time.monotonic() + 10
            while media_id.encode() not in seen and time.monotonic() < ends:
                seen += wire.socket.recv(65536)
            self.assertIn(media_id.encode(), seen)


class TakeOver(NodesCase):
    def test_the_next_one_takes_over_on_another_node_and_nothing_of_the_old_one_lands(self):
        old, new = b"o" * 300_000, b"n" * 300_000
        path = self.create(self.a, len(new))
        with self.begin(self.a, path, 0, len(old), b"") as stuck:
            time.sleep(0.5)
            answer = self.patch(self.b, path, 0, new)
            self.assertEqual(answer.status, 204, answer)
            try:
                stuck.sendall(old)
                stuck.settimeout(10)
                self.assertIn(b" 409 ", stuck.recv(4096).split(b"\r\n")[0])
            except ConnectionError:
                pass  # closed already: no better
        media_id = path.rsplit("/", 1)[1]
        self.assertTrue(X1(self.c).original(f"7_{media_id}").body == new)

    def test_a_look_elsewhere_sees_what_a_stalled_one_has_sent(self):
        data = noise(100_000)
        path = self.create(self.a, len(data))
        with self.begin(self.a, path, 0, len(data), data[:40_000]):
            self.eventually(lambda: self.offset(self.b, path) == 40_000, "what has come is not told")
            self.assertEqual(self.patch(self.c, path, 40_000, data[40_000:]).status, 204)
        media_id = path.rsplit("/", 1)[1]
        self.assertTrue(X1(self.a).original(f"7_{media_id}").body == data)

    def test_a_paused_node_that_wakes_up_stores_nothing(self):
        old, new = b"o" * 300_000, b"n" * 300_000
        path = self.create(self.a, len(new))
        with self.begin(self.a, path, 0, len(old), b"") as stuck:
            time.sleep(0.5)
            os.kill(self.a.pid, signal.SIGSTOP)
            try:
                stuck.sendall(old)
                self.assertEqual(self.patch(self.b, path, 0, new[:150_000]).status, 204)
            finally:
                os.kill(self.a.pid, signal.SIGCONT)
            try:
                stuck.settimeout(10)
                self.assertNotIn(b" 204 ", stuck.recv(4096).split(b"\r\n")[0])
            except ConnectionError:
                pass
        self.assertEqual(self.offset(self.a, path), 150_000)
        self.assertEqual(self.patch(self.a, path, 150_000, new[150_000:]).status, 204)
        media_id = path.rsplit("/", 1)[1]
        self.assertTrue(X1(self.c).original(f"7_{media_id}").body == new)

    def test_only_the_token_keeps_out_who_lost_the_stream_and_was_told_nothing(self):
        """No hint reaches the paused node, and who took over has stored nothing yet: the offset would fit."""
        old, new = b"o" * 300_000, b"n" * 300_000
        path = self.create(self.a, len(new))
        media_id = path.rsplit("/", 1)[1]

        def token():
            return self.nodes.sql(f"SELECT stream_token FROM uploads WHERE id = {media_id}")

        with self.begin(self.a, path, 0, len(old), b"") as stuck:
            first = self.eventually(lambda: token() != "0" and token(), "the stream is not taken")
            os.kill(self.a.pid, signal.SIGSTOP)
            try:
                stuck.sendall(old)
                self.lose_hints()
                taken = self.begin(self.b, path, 0, len(new), b"")
                self.addCleanup(taken.close)
                self.eventually(lambda: token() != first, "it is not taken over")
                self.eventually(lambda: self.hint_lines() == len(self.nodes.all) - 1, "the others do not hear again")
            finally:
                os.kill(self.a.pid, signal.SIGCONT)
            try:
                stuck.settimeout(20)
                self.assertIn(b" 409 ", stuck.recv(4096).split(b"\r\n")[0])
            except ConnectionError:
                pass
        self.assertEqual(self.nodes.sql(f"SELECT received FROM uploads WHERE id = {media_id}"), "0")
        taken.sendall(new)
        taken.settimeout(20)
        self.assertIn(b" 204 ", taken.recv(4096).split(b"\r\n")[0])
        self.assertTrue(X1(self.c).original(f"7_{media_id}").body == new)

    def hint_lines(self):
        return int(self.nodes.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sluice hints'"))

    def lose_hints(self):
        """Those that are said before a node has connected again reach it never."""
        self.nodes.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice hints'")

    def test_a_cancelled_one_is_told_elsewhere(self):
        path = self.create(self.a, 300_000)
        with self.begin(self.a, path, 0, 300_000, b"o" * 100) as stuck:
            time.sleep(0.3)
            self.assertEqual(self.send(self.b, "DELETE", path).status, 204)
            stuck.settimeout(15)
            try:
                self.assertNotIn(b" 204 ", stuck.recv(4096))
            except ConnectionError:
                pass
        self.assertEqual(self.send(self.c, "HEAD", path).status, 410)

    def test_a_plain_post_said_again_on_another_node_ends_neither(self):
        data, key = noise(40_000), ("Idempotency-Key", "twice")
        with Wire(self.a) as first:
            first.send(head("POST", "/resumable/", [key, ("Content-Length", str(len(data)))]) + data[:30_000])
            row = lambda: next((row for row in call(self.b, "GET", "/api/v1/uploads").json()["data"] if row["size_bytes"] == len(data)), None)
            self.eventually(lambda: (row() or {}).get("received_bytes") == 30_000, "what came is not stored")
            again = self.send(self.b, "POST", "/resumable/", key, body=data)
            self.assertEqual((again.status, again.header("sluice-error")), (409, "offset_mismatch"), again)
            first.send(data[30_000:])
            answer = first.read("POST")
        self.assertEqual(answer.status, 201, answer)
        self.assertTrue(X1(self.c).original("7_" + answer.header("location").rsplit("/", 1)[1]).body == data)
        self.assertEqual(self.send(self.b, "POST", "/resumable/", key, body=data).header("location"), answer.header("location"))


class SignedIn(NodesCase):
    apis, workers = 2, 0

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="sluice-keys.")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.arguments = ("--auth", "keys", "--key-file", os.path.join(folder, "keys.secret"))
        super().setUpClass()

    def link_code(self, node):
        told = (json.loads(line) for line in node.log().splitlines())
        return next(line["url"] for line in told if line["event"] == "console").split("#")[1]

    def session(self, method, node, *headers):
        return call(node, method, "/api/v1/session", [("Origin", f"http://{node.host}:{node.port}"), *headers])

    def test_the_operator_is_signed_in_at_all_nodes_and_out_of_all(self):
        answer = self.session("POST", self.a, ("Sluice-Link", self.link_code(self.a)))
        self.assertEqual(answer.status, 201, answer)
        cookie = ("Cookie", answer.header("set-cookie").split(";")[0])
        for node in self.nodes.apis:
            self.assertEqual(self.session("GET", node, cookie).json()["name"], "operator")
        self.assertEqual(self.session("DELETE", self.b, cookie).status, 204)
        for node in self.nodes.apis:
            self.assertFalse(self.session("GET", node, cookie).json()["signed_in"], node.url)


class Limits(NodesCase):
    workers = 0
    arguments = ("--limit", "requests.init=8/15m", "--limit", "open_uploads=3", "--limit", "stored_bytes=1000")

    def test_calls_are_counted_together(self):
        answers = []
        for number in range(18):
            answers.append(X1(self.nodes.apis[number % 3], "rates").init(100).header("sluice-error"))
            time.sleep(0.15)  # longer than it takes to tell
        self.assertEqual(answers[:8], [None] * 3 + ["too_many_open_uploads"] * 5, answers)
        self.assertEqual(set(answers[10:]), {"rate_limited"}, answers)

    def test_a_quota_holds_for_all(self):
        answers = []
        lock = threading.Lock()

        def init(node):
            answer = X1(node, "quota").init(100)
            with lock:
                answers.append(answer.status)

        threads = [threading.Thread(target=init, args=(node,)) for node in self.nodes.apis * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(answers.count(202), 3, answers)

    def test_streams_that_grow_on_several_nodes_stay_within_the_quota_together(self):
        user = ("Authorization", "Bearer grows")
        answers = []

        def patch(node, path):
            answers.append(self.send(node, "PATCH", path, user, ("Upload-Offset", "0"), ("Content-Type", BODY), body=bytes(400)).status)

        made = [self.send(node, "POST", "/files/", user, ("Upload-Defer-Length", "1"), body=b"") for node in self.nodes.apis]
        self.assertEqual([answer.status for answer in made], [201] * 3, made)
        threads = [threading.Thread(target=patch, args=(node, answer.header("location"))) for node, answer in zip(self.nodes.apis, made)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(sorted(answers), [204, 204, 403])


class Together(NodesCase):
    apis, workers = 1, 0

    def refused(self, node):
        done = subprocess.run(
            node.command(), capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, **node.environment},
        )
        self.assertIn(done.returncode, (2, 3), done)
        return done.stderr

    def server(self, *arguments):
        server = Server(*arguments)
        self.addCleanup(server.close)
        return server

    @staticmethod
    def said(done):
        return done.stdout + done.stderr

    def test_what_nodes_need_is_said(self):
        self.assertIn("they share a database", self.refused(self.server("--role", "worker")))
        self.assertIn("postgres://", self.refused(self.server("--storage", "file:///tmp/x")))
        relaxed = self.server("--storage", "file:///tmp/x", "--database", "postgres:///x", "--durability", "relaxed")
        self.assertIn("relaxed needs a disk of its own", self.refused(relaxed))

    def test_another_storage_or_another_key_is_refused(self):
        first = self.nodes.make("api", "--auth", "keys")
        second = self.nodes.make("api", "--auth", "keys")
        for node in (first, second):
            self.addCleanup(node.close)
        first.start()
        self.assertIn("key file of this node is another", self.refused(second))
        second.arguments += ["--key-file", os.path.join(first.data, "keys.secret")]
        second.start()
        if self.nodes.storage.kind == "file":
            other = self.server("--database", self.nodes.database, "--storage", f"file://{second.root}/other")
            self.assertIn("a new data directory", self.refused(other))

    def test_fsck_waits_for_the_nodes(self):
        environment = {**os.environ, **self.nodes.storage.environment}
        command = [binary(), "fsck", "--data", self.a.data, "--database", self.nodes.database,
                   "--storage", self.nodes.storage.url]
        stopped = self.nodes.make("api")
        self.addCleanup(stopped.close)
        stopped.start()
        stopped.stop()
        command[command.index("--data") + 1] = stopped.data
        running = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        self.assertNotEqual(running.returncode, 0)
        self.assertIn("Stop them first", running.stderr + running.stdout)
        self.a.stop()
        try:
            def is_well():
                done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
                return done.returncode == 0 or "Stop them first" not in self.said(done)

            self.eventually(is_well, "nodes that were killed are not taken for dead")
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
            self.assertEqual(done.returncode, 0, done)
        finally:
            self.a.start()


if __name__ == "__main__":
    unittest.main()
