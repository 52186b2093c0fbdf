"""A server whose rows are in PostgreSQL: the database is killed, frozen and exchanged; nothing that was acknowledged is lost."""

import itertools
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import unittest

from support import engine, metrics
from support.case import ServerCase
from support.client import X1, X2, upload
from support.cut_wire import CutWire
from support.keys import keys, run_keys
from support.media import clip, noise, picture
from support.postgres import Postgres
from support.server import Server, binary

SEGMENT = 300_000
PASSWORD = "very-secret-word"


class PostgresCase(ServerCase):
    """A cluster, which writes for good, with a database, and a server on it."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres(fsync=True)
        cls.addClassCleanup(cls.postgres.close)
        cls.postgres.start()
        cls.arguments = ("--database", cls.postgres.make_database("sluice"))
        super().setUpClass()

    def eventually(self, ask, timeout=20):
        """The first answer that is not a 503."""
        ends = time.monotonic() + timeout
        while (answer := ask()).status == 503 and time.monotonic() < ends:
            time.sleep(0.1)
        return answer

    def assert_unavailable(self, answer):
        self.assert_v1_error(answer, 503, "database_unavailable")
        self.assertGreaterEqual(int(answer.header("retry-after")), 1)


class Killed(PostgresCase):
    def test_in_the_middle_of_an_upload_calls_are_503_and_it_goes_on_by_itself(self):
        caller, data = X1(self.server), clip(2)
        half = len(data) // 2
        media_id = caller.open(len(data))
        self.assertEqual(caller.append(media_id, 0, data[:half]).status, 204)
        self.postgres.kill()
        self.assert_unavailable(caller.append(media_id, 1, data[half:]))
        self.assert_unavailable(caller.status(media_id))
        self.assert_unavailable(caller.finalize(media_id))
        self.assert_unavailable(caller.init(100))
        self.assert_v2_error(X2(self.server).status(media_id), 503, "database_unavailable")
        self.assertEqual(caller.get("/livez").status, 200)
        self.assertEqual(caller.get("/readyz").status, 503)
        self.assertIn("\nsluice_database_up 0\n", caller.get("/metrics").body.decode())
        self.postgres.start()
        again = self.eventually(lambda: caller.append(media_id, 1, data[half:]))
        self.assertEqual(again.status, 204, again)
        self.assertEqual(caller.append(media_id, 0, data[:half]).status, 204, "a repeated segment is a success")
        self.assertIn(caller.finalize(media_id).status, (200, 201))
        self.assertEqual(caller.wait(media_id)["state"], "succeeded")
        self.assert_original(caller, f"7_{media_id}", data)
        self.assertEqual(caller.get("/readyz").status, 200)
        self.assertIn("\nsluice_database_up 1\n", caller.get("/metrics").body.decode())
        self.assertIn("database_lost", self.server.log())
        self.assertIn("database_found", self.server.log())

    def test_while_a_job_runs_it_ends_all_the_same(self):
        caller = X1(self.server)
        media_id = upload(caller, clip(10, "1280x720"), 5_000_000)
        ends = time.monotonic() + 30
        while caller.info_of(caller.status(media_id))["state"] == "pending" and time.monotonic() < ends:
            time.sleep(0.05)
        self.postgres.kill()
        time.sleep(1)
        self.postgres.start()
        self.assertEqual(self.eventually(lambda: caller.status(media_id)).status, 200)
        self.assertEqual(caller.wait(media_id)["state"], "succeeded")

    def test_a_killed_server_goes_on_where_it_was(self):
        caller = X1(self.server)
        data = clip(2)
        media_id = caller.open(len(data))
        self.assertEqual(caller.append(media_id, 0, data[:1000]).status, 204)
        self.server.kill()
        self.server.start()
        self.assertEqual(caller.append(media_id, 1, data[1000:]).status, 204)
        self.assertIn(caller.finalize(media_id).status, (200, 201))
        self.assertEqual(caller.wait(media_id)["state"], "succeeded")
        self.assert_original(caller, f"7_{media_id}", data)


class KilledUnderLoad(PostgresCase):
    def deliver(self, seed, results):
        """One upload, every call repeated until it is acknowledged; (id, data) once FINALIZE was."""
        caller, data = X1(self.server), noise(4 * SEGMENT, seed)
        opened = self.eventually(lambda: caller.init(len(data)), 60)
        media_id = opened.json()["media_id_string"]
        order = list(range(4))
        random.Random(seed).shuffle(order)
        for index in order:
            piece = data[index * SEGMENT : (index + 1) * SEGMENT]
            answer = self.eventually(lambda piece=piece, index=index: caller.append(media_id, index, piece), 60)
            assert answer.status == 204, answer
        answer = self.eventually(lambda: caller.finalize(media_id), 60)
        assert answer.status in (200, 201), answer
        results.append((media_id, data))

    def test_everything_that_was_acknowledged_is_there(self):
        delivered, seeds, enough = [], itertools.count(), threading.Event()

        def work():
            while not enough.is_set():
                self.deliver(next(seeds), delivered)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                before = len(delivered)
                ends = time.monotonic() + 30
                while len(delivered) < before + 6 and time.monotonic() < ends:
                    time.sleep(0.02)
                self.postgres.kill()
                time.sleep(0.3)
                self.postgres.start()
        finally:
            enough.set()
            for thread in threads:
                thread.join(120)
        self.assertFalse(any(thread.is_alive() for thread in threads))
        self.assertGreaterEqual(len(delivered), 18, "the database was not killed while uploads ran")
        self.assertEqual(self.eventually(lambda: X1(self.server).get("/readyz")).status, 200)
        for media_id, data in delivered:
            self.assert_original(X1(self.server), f"7_{media_id}", data)
        self.server.stop()
        checked = subprocess.run(
            [binary(), "fsck", "--data", self.server.data, *self.arguments], capture_output=True, text=True, check=False
        )
        self.assertEqual(checked.returncode, 0, checked)
        self.server.start()


class LostAnswers(unittest.TestCase):
    """The commit has happened, and its answer was lost: the caller is told 503, and repeating the call is right."""

    @classmethod
    def setUpClass(cls):
        cls.wire = CutWire(engine.cluster().root)
        cls.addClassCleanup(cls.wire.close)
        engine.cluster().make_database("lost")
        cls.server = Server("--database", f"postgres:///lost?user=sluice&host={cls.wire.folder}")
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    @staticmethod
    def is_of_a_change(data):
        """The end of a transaction that was longer than one flight: what reads comes in one with its BEGIN."""
        return b"COMMIT\0" in data and b"BEGIN\0" not in data

    def test_a_segment_is_there_and_comes_again(self):
        caller, data = X1(self.server), noise(2 * SEGMENT, 7)
        media_id, before = caller.open(len(data)), self.wire.lost

        def is_stored(answer):
            is_insert = b"INSERT 0 1\0" in answer and b"BEGIN\0" not in answer
            return is_insert and engine.cluster().sql(f"SELECT count(*) FROM segments WHERE upload = {media_id}", "lost") == "1"

        self.wire.lose(is_stored)
        lost = caller.append(media_id, 0, data[:SEGMENT])
        self.assertEqual((lost.status, lost.header("sluice-error")), (503, "database_unavailable"), lost)
        self.assertEqual(self.wire.lost, before + 1)
        rows = engine.cluster().sql(f"SELECT count(*) FROM segments WHERE upload = {media_id}", "lost")
        self.assertEqual(rows, "1", "the answer to something else was lost: the test has tested nothing")
        self.assertEqual(caller.append(media_id, 0, data[:SEGMENT]).status, 204)
        self.assertEqual(caller.append(media_id, 1, data[SEGMENT:]).status, 204)

        def is_end(answer):
            state = engine.cluster().sql(f"SELECT state FROM uploads WHERE id = {media_id}", "lost")
            return self.is_of_a_change(answer) and state != "open"

        self.wire.lose(is_end)
        lost = caller.finalize(media_id)
        self.assertEqual((lost.status, lost.header("sluice-error")), (503, "database_unavailable"), lost)
        self.assertEqual(self.wire.lost, before + 2)
        self.assertIn(caller.finalize(media_id).status, (200, 201))
        self.assertEqual(caller.original(f"7_{media_id}").body, data)

    def test_a_one_shot_whose_answer_was_lost_has_its_bytes(self):
        caller, image, before = X1(self.server), picture(), self.wire.lost

        def is_made(answer):
            made = engine.cluster().sql("SELECT count(*) FROM uploads WHERE one_shot = 1", "lost")
            return self.is_of_a_change(answer) and made == "1"

        self.wire.lose(is_made)
        lost = caller.one_shot(image)
        self.assertEqual((lost.status, lost.header("sluice-error")), (503, "database_unavailable"), lost)
        self.assertEqual(self.wire.lost, before + 1)
        media_id = engine.cluster().sql("SELECT id FROM uploads WHERE one_shot = 1", "lost")
        self.assertEqual(caller.original(f"3_{media_id}").body, image)

    def test_a_read_is_simply_asked_again(self):
        caller, before = X1(self.server), self.wire.lost
        media_id = caller.open(100)
        self.wire.lose(lambda answer: b"SELECT " in answer)
        self.assertEqual(caller.status(media_id).header("sluice-error"), "finalize_missing")
        self.assertEqual(self.wire.lost, before + 1)


class Frozen(PostgresCase):
    def test_a_database_that_says_nothing_is_503_in_time_and_no_call_hangs(self):
        caller = X1(self.server)
        media_id = caller.open(100)
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.postgres.process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        frozen = [self.postgres.process.pid, *map(int, children)]
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            self.assert_unavailable(caller.status(media_id))
            self.assertLess(time.monotonic() - begun, 15, "the ten seconds of a statement, and three of grace")
            self.assertEqual(caller.get("/livez").status, 200)
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        answer = self.eventually(lambda: caller.status(media_id))
        self.assert_v1_error(answer, 409, "finalize_missing")


class WithKeys(PostgresCase):
    def test_metrics_are_given_while_the_database_is_away_and_nothing_else(self):
        server = Server(*self.arguments[:1], self.postgres.make_database("withkeys"), "--auth", "keys")
        self.addCleanup(server.close)
        server.start()
        token = keys(server.data, "create", "--name", "prometheus", "--scope", "admin", "--database", server.arguments[1])["bearer_token"]
        caller = X1(server, token)
        self.assertEqual(caller.get("/metrics").status, 200)
        self.postgres.kill()
        try:
            time.sleep(2.5)  # no key is known for certain any more
            answer = caller.get("/metrics")
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(metrics.total(metrics.parse(answer.body.decode()), "sluice_database_up"), 0)
            self.assert_unavailable(caller.init(10))
            unknown = X1(server, "another").get("/metrics")
            self.assertEqual((unknown.status, unknown.header("retry-after")), (503, "2"), unknown)
            self.assertEqual(X1(server).get("/metrics").status, 401)
        finally:
            self.postgres.start()


class Together(unittest.TestCase):
    """Which directory and which database may be used together."""

    def refused(self, *arguments, data):
        done = subprocess.run(
            [binary(), "serve", "--listen", "127.0.0.1:0", "--data", data, *arguments],
            capture_output=True, text=True, timeout=60, check=False,
        )
        self.assertEqual(done.returncode, 3, done)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        return done.stderr

    def server(self, *arguments):
        server = Server(*arguments)
        self.addCleanup(server.close)
        return server

    def test_what_belongs_to_another_is_refused_before_anything_is_removed(self):
        postgres = engine.cluster()
        first, second = postgres.make_database("first"), postgres.make_database("second")
        on_postgres = self.server("--database", first).start()
        media_id = upload(X1(on_postgres), noise(1000), 1000)
        self.assertEqual(on_postgres.stop(), 0)
        self.assertIn("does not know it", self.refused("--database", second, data=on_postgres.data))
        self.assertIn("say which with --database", self.refused("--database", "sqlite", data=on_postgres.data))
        elsewhere = self.server()
        self.assertIn("a new data directory", self.refused("--database", first, data=elsewhere.data))
        on_sqlite = self.server("--database", "sqlite").start()
        self.assertEqual(on_sqlite.stop(), 0)
        self.assertIn("has an SQLite database", self.refused("--database", second, data=on_sqlite.data))
        on_postgres.start()
        self.assertEqual(X1(on_postgres).original(f"7_{media_id}").body, noise(1000))

    def test_a_database_that_is_not_there_is_a_clear_error_without_the_password(self):
        data = self.server().data
        text = self.refused("--database", f"postgres://me:{PASSWORD}@127.0.0.1:1/none", data=data)
        self.assertIn("the database cannot be opened: The database does not answer.", text)
        self.assertIn("Connection refused", text)

    def test_a_password_opens_the_port_and_a_wrong_one_does_not(self):
        postgres = Postgres(password=PASSWORD)
        self.addCleanup(postgres.close)
        postgres.start().make_database("sluice")
        at = f"127.0.0.1:{postgres.port}/sluice"
        server = self.server("--database", f"postgres://sluice:{PASSWORD}@{at}").start()
        media_id = upload(X1(server), noise(1000), 1000)
        self.assertEqual(X1(server).original(f"7_{media_id}").body, noise(1000))
        self.assertNotIn(PASSWORD, server.log() + X1(server).get("/api/v1/system").body.decode())
        self.assertEqual(server.stop(), 0)
        text = self.refused("--database", f"postgres://sluice:not-{PASSWORD}@{at}", data=server.data)
        self.assertIn("password authentication failed", text)

    def test_the_password_is_shown_nowhere(self):
        url = engine.cluster().make_database("hidden") + f"&password={PASSWORD}"
        server = self.server("--database", url).start()
        seen = X1(server).get("/api/v1/system").body.decode() + X1(server).get("/metrics").body.decode() + server.log()
        self.assertNotIn(PASSWORD, seen)
        self.assertIn("postgres://sluice@", seen)

    def test_a_copy_of_the_directory_is_no_second_server(self):
        url = engine.cluster().make_database("twin")
        server = self.server("--database", url).start()
        media_id = X1(server).open(100)
        copied = os.path.join(server.root, "copy")
        shutil.copytree(server.data, copied)
        self.assertIn("Another server works on this database", self.refused("--database", url, data=copied))
        checked = subprocess.run(
            [binary(), "fsck", "--data", copied, "--database", url], capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(checked.returncode, 3, checked)
        self.assertIn("Another server works on this database", checked.stderr)
        server.process.kill()
        server.process.wait()
        self.assert_goes_on(url, copied, media_id)

    def assert_goes_on(self, url, data, media_id):
        """Killed, the first one is not waited for."""
        twin = self.server("--database", url)
        twin.data = data
        began = time.monotonic()
        answer = X1(twin.start()).status(media_id)
        self.assertEqual(answer.header("sluice-error"), "finalize_missing", answer)
        self.assertLess(time.monotonic() - began, 10)

    def test_keys_are_made_in_the_database_of_the_server(self):
        url = engine.cluster().make_database("keys")
        server = self.server("--database", url, "--auth", "keys").start()
        made = run_keys("create", "--name", "mine", "--data", server.data, "--database", url, "--json")
        self.assertEqual(made.returncode, 0, made)
        self.assertEqual(engine.cluster().sql("SELECT name FROM keys", "keys"), "mine")
        wrong = run_keys("list", "--data", server.data)
        self.assertIn("PostgreSQL", wrong.stderr)
        self.assertNotEqual(wrong.returncode, 0)


if __name__ == "__main__":
    unittest.main()
