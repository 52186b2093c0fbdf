"""The tools of bench/ can be believed: the load generator notices bytes that were lost and answers that came late, and the tables
say "no" where a goal is missed."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from xml.etree import ElementTree

from support.server import Server, binary

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "bench"))
TOOLS = os.path.join(os.path.dirname(binary()), "bench")

from harness import beyond, check_after, goals, plot, report, sections, store_filler  # noqa: E402
from harness.load import Book  # noqa: E402


def loadgen(mode, port, *options, path="/1.1/media/upload.json"):
    """(exit code, result)"""
    done = subprocess.run(
        [os.path.join(TOOLS, "loadgen"), mode, "--url", f"http://127.0.0.1:{port}{path}", "--timeout", "60", *map(str, options)],
        check=False, capture_output=True, timeout=120,
    )
    return done.returncode, json.loads(done.stdout or "{}")


class HonestTime(unittest.TestCase):
    """The section check_after sees who came late, who asked often, and progress that fell."""

    def client(self, media_id, finalized, learned, polls, percents):
        client = check_after.Client(None, 0, check_after.MEDIA[0], b"")
        client.media_id, client.finalized, client.learned, client.polls, client.percents = media_id, finalized, learned, polls, percents
        return client

    def test_lateness_counts_from_the_end_and_by_the_time_it_took(self):
        clients = [
            self.client("1", 100.0, 101.9, 1, [0]),  # 0.9 s late of 1 s: within a second
            self.client("2", 100.0, 122.0, 3, [0, 5, 5]),  # 2 s late of 20 s: within 15 %
            self.client("3", 100.0, 112.0, 9, [0, 50, 40]),  # 2 s late of 10 s
        ]
        figures = check_after.figures_of(clients, {"1": 101.0, "2": 120.0, "3": 110.0})
        self.assertAlmostEqual(figures["punctual"], 2 / 3)
        self.assertAlmostEqual(figures["late_p50"], 2.0)
        self.assertEqual((figures["polls_p50"], figures["polls_p90"], figures["falls"]), (3, 9, 1))
        self.assertEqual((figures["waited_p50"], figures["waited_max"]), (10.0, 20.0))

    def test_a_run_has_fifty_jobs_of_all_kinds_in_the_same_order_each_time(self):
        kinds = [row[0] for _, row in check_after.arrivals("spread")]
        self.assertEqual(len(kinds), check_after.JOBS)
        self.assertEqual(kinds, [row[0] for _, row in check_after.arrivals("at once")])
        self.assertEqual(set(kinds), {row[0] for row in check_after.MEDIA})


class StoppedBench(unittest.TestCase):
    """A bench that is told to stop leaves no server behind."""

    PROGRAM = """
import sys, time
sys.path.insert(0, sys.argv[1])
import run
from harness.servers import Place, Sluice
run.end_in_order_when_asked()
with Sluice().start(Place(sys.argv[2], sys.argv[3], sys.argv[3]), "ext4") as server:
    print(server.process.pid, server.folder, flush=True)
    time.sleep(60)
"""

    def test_sigterm_stops_the_server_too(self):
        with tempfile.TemporaryDirectory() as folder:
            bench = subprocess.Popen(
                [sys.executable, "-B", "-c", self.PROGRAM, os.path.join(ROOT, "bench"), os.path.dirname(binary()), folder],
                stdout=subprocess.PIPE,
            )
            self.addCleanup(bench.stdout.close)
            pid, data = bench.stdout.readline().decode().split()
            bench.terminate()
            self.assertEqual(bench.wait(40), 128 + 15)
            self.assertFalse(os.path.exists(f"/proc/{pid}"), "the server runs on")
            self.assertFalse(os.path.exists(data))


UPLOADS = ("--size", "1M", "--chunk", "200K", "--uploads", 3, "--connections", 2, "--verify")


class Verification(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def yardstick(self, way):
        command = [os.path.join(TOOLS, "yardstick"), "--dir", self.folder, "--way", way]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        line = process.stdout.readline().decode()
        return int(line.rsplit(":", 1)[1]) if line else None

    def test_sluice_gives_back_what_was_sent(self):
        server = Server("--role", "api").start()
        self.addCleanup(server.close)
        stencil = sections.make_stencil(self.folder)
        for more in ((), ("--parallel", 2)):
            code, result = loadgen("upload", server.port, *UPLOADS, "--stencil", stencil, *more)
            self.assertEqual((code, result["verified_bytes"], result["errors"]), (0, 3 << 20, {}), result)

    def test_the_yardstick_gives_back_what_was_sent(self):
        for way in ("cached", "direct"):
            with self.subTest(way):
                port = self.yardstick(way)
                if port is None:
                    self.skipTest("io_uring is not allowed here")
                code, result = loadgen("upload", port, *UPLOADS)
                self.assertEqual((code, result["verified_bytes"]), (0, 3 << 20), result)

    def test_a_server_that_stores_nothing_is_noticed(self):
        code, result = loadgen("upload", self.yardstick("sink"), *UPLOADS)
        self.assertEqual((code, result["verified_bytes"]), (1, 0), result)

    def test_other_bytes_are_noticed(self):
        port = self.yardstick("cached")
        stop = threading.Event()

        def spoil():
            while not stop.is_set():
                for name in os.listdir(self.folder):
                    with open(os.path.join(self.folder, name), "r+b") as file:
                        file.seek(4097)
                        file.write(b"spoilt")
                time.sleep(0.001)

        spoiler = threading.Thread(target=spoil)
        spoiler.start()
        try:
            code, result = loadgen("upload", port, "--size", "1M", "--uploads", 30, "--verify")
        finally:
            stop.set()
            spoiler.join()
        self.assertEqual(code, 1)
        self.assertIn("verify: other bytes came back than were sent", result["errors"])


class OpenLoop(unittest.TestCase):
    def test_a_stall_is_in_every_request_that_was_due_meanwhile(self):
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(20)
        self.addCleanup(listener.close)

        def answer_all():
            peer, _ = listener.accept()
            with peer:
                count = 0
                while peer.recv(4096):
                    count += 1
                    if count == 10:
                        time.sleep(0.3)
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=answer_all, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        port = listener.getsockname()[1]
        code, result = loadgen("status", port, "--of", "fixed", "--rate", 100, "--duration", 0.6, path="/")
        latency = result["latency"]["status"]
        # 60 were due and 30 of them during the stall; by a closed loop one would have been slow.
        self.assertEqual((code, latency["count"]), (0, 60), result)
        self.assertGreater(latency["p90_us"], 100_000)


def book_of(*rows):
    book = Book()
    for row in rows:
        book.add(**row)
    return book


def ingest_row(server, cpu):
    return {"section": "ingest", "server": server, "fs": "ext4", "result": {"cpu_s_per_gib": cpu, "mib_per_s": 1000}}


class Tables(unittest.TestCase):
    def verdicts(self, mine):
        book = book_of(ingest_row("Sluice", mine), ingest_row(goals.DIRECT_SYNC, 0.3), ingest_row("nginx", 0.7))
        return [row.verdict for row in goals.goal_rows(book)][:3]

    def test_a_goal_is_met_or_not_or_was_not_measured(self):
        self.assertEqual(self.verdicts(0.33), [True, True, None])
        self.assertEqual(self.verdicts(0.40), [True, False, None])
        self.assertEqual(self.verdicts(1.47), [False, False, None])

    def test_the_page_has_a_row_for_each_goal_and_the_picture_is_well_formed(self):
        book = book_of(ingest_row("Sluice", 0.4), ingest_row("Sluice", 0.5), ingest_row(goals.DIRECT_SYNC, 0.3))
        about = report.circumstances(ROOT, sections.Scale(2, 1 << 30), ["ingest"])
        book.add("run", "", {**about, "load": "1.0 to 2.0"})
        text = report.markdown(book)
        self.assertIn("| Sluice | 0.45 (0.40–0.50) | 1.50 |", text)
        self.assertEqual(text.count("| not measured |") + text.count("| yes |") + text.count("**no**"), len(list(goals.goal_rows(book))))
        ElementTree.fromstring(plot.svg(book, "a < b"))


    def test_figures_beyond_one_machine_have_tables_of_their_own(self):
        book = Book()
        latency = {"chunk": {"p50_us": 16_000, "p99_us": 25_000}, "finalize": {"p50_us": 5_000, "p99_us": 7_000}}
        book.add("s3", "Sluice, disk", {"mib_per_s": 1800, "cpu_s_per_gib": 0.35, "latency": latency}, what="64 MiB, 4 MiB")
        uploads = {"uploads_per_s": 300, "node_us": 400, "database_us": 500, "p50_ms": 3, "p99_ms": 9}
        book.add("nodes", "embedded", {**uploads, "changes_each": None})
        book.add("nodes", "PostgreSQL, 1 node", {**uploads, "changes_each": 3.04, "transactions_each": 10.6})
        book.add("nodes", "PostgreSQL, 1 node", {**uploads, "changes_each": 3.06})
        found = goals.Figures(book)
        self.assertIn("| 64 MiB, 4 MiB | Sluice, disk | 1,800 | 0.35 | 16 | 25 | 5.0 | 7.0 |", list(report.s3_table(book, found)))
        tables = list(report.nodes_tables(book, found))
        self.assertIn("| embedded | 300 | 400 | 500 | – | – | 3.0 | 9.0 |", tables)
        self.assertIn("| PostgreSQL, 1 node | 300 | 400 | 500 | 3.05 (3.04–3.06) | 10.60 | 3.0 | 9.0 |", tables)
        self.assertFalse([line for line in tables if "jobs/s" in line], "none were measured")

    def test_the_cpu_of_a_process_has_that_of_its_children_too(self):
        burn = "import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', 'for _ in range(10**7): pass'])\nprint(flush=True)\ntime.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", burn], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            spent = beyond.cpu_of(process.pid)
            process.kill()
        self.assertGreater(spent, 0.15)
        self.assertLess(spent, 60)


class Million(unittest.TestCase):
    def test_the_store_is_filled_with_open_uploads_that_the_server_takes(self):
        server = Server("--role", "api").start()
        self.addCleanup(server.close)
        self.assertEqual(loadgen("hold", server.port, "--uploads", 1, "--size", "1M", "--settle", 0)[0], 0)
        server.stop()
        said = store_filler.fill(server.data, 500)
        self.assertIn("open uploads", said)
        with sqlite3.connect(store_filler.database_of(server.data)) as database:
            self.assertGreaterEqual(database.execute("SELECT count(*) FROM uploads WHERE state = 'open'").fetchone()[0], 500)
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        server.start()
        self.assertEqual(loadgen("status", server.port, "--uploads", 2, "--duration", 0.2)[0], 0)


if __name__ == "__main__":
    unittest.main()
