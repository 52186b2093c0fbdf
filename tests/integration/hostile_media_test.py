"""Hostile media through the running server: each file ends in bounded time, for the reason that it has, and costs nothing but its
own job. The corpus is made by fixtures/hostile_media.py."""

import concurrent.futures
import http.server
import os
import threading
import time
import unittest

from fixtures import hostile_media
from fixtures.hostile_media import READY, REFUSED
from support.case import ServerCase
from support.client import X1, pieces
from support.media import clip, scratch_file

SEGMENT = 4 << 20
ENDS_WITHIN = 150  # seconds, queue included
WORKERS = 3  # in both lanes
# The largest task may have 1.5 GiB of data; libraries and stacks come on top.
MEMORY_MAX = 1800 << 20


class Listener:
    """A host that nobody may call."""

    def __init__(self):
        self.calls = []
        calls = self.calls

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                calls.append(self.path)
                self.send_error(404)

            do_HEAD = do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/called.mp4"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def parents():
    """pid -> parent, of all processes."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
                text = stat.read()
        except OSError:
            continue
        found[int(entry)] = int(text[text.rindex(")") + 1 :].split()[1])
    return found


def descendants(pid):
    of = parents()
    found = []
    heads = [pid]
    while heads:
        heads = [child for child, parent in of.items() if parent in heads]
        found += heads
    return found


class MemoryWatch:
    """The most that any process under the server had at once."""

    def __init__(self, pid):
        self.pid, self.peak, self.ends = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def _look(self):
        while not self.ends.wait(0.05):
            for child in descendants(self.pid):
                try:
                    with open(f"/proc/{child}/statm", encoding="ascii") as statm:
                        self.peak = max(self.peak, int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
                except (OSError, IndexError):
                    continue

    def close(self):
        self.ends.set()
        self.thread.join()
        return self.peak


class HostileCase(ServerCase):
    arguments = ("--workers", str(WORKERS - 1), "--quick-workers", "1", "--limit", "requests.x=off")

    def answered(self, answer, *good):
        """Whatever comes, the server is never the one at fault."""
        self.assertLess(answer.status, 500, answer)
        return answer.status in good

    def end_of(self, caller, hostile):
        """READY, REFUSED or the reason of the failure; and the outputs."""
        data = hostile.make()
        media_type, category = hostile.declared
        answer = caller.init(len(data), media_type=media_type, category=category)
        if not self.answered(answer, 202):
            return REFUSED, {}
        media_id = answer.json()["media_id_string"]
        for index, piece in pieces(data, SEGMENT):
            if not self.answered(caller.append(media_id, index, piece), 204):
                return REFUSED, {}
        answer = caller.finalize(media_id)
        if not self.answered(answer, 201):
            return REFUSED, {}
        info = answer.json().get("processing_info")
        if info is not None:
            info = caller.wait(media_id, ENDS_WITHIN)
        told = caller.upload_object(media_id).json()
        if told["state"] == "ready":
            return READY, caller.outputs(media_id)
        return told["processing"]["error"]["reason"], {}

    def judge(self, hostile):
        """What is wrong with how this file ended; nothing if all is well."""
        caller = X1(self.server, f"user-{abs(hash(hostile.name)) % 50}")
        began = time.monotonic()
        try:
            end, outputs = self.end_of(caller, hostile)
        except AssertionError as error:
            return f"{hostile.name}: {error}"
        if end not in hostile.ends:
            return f"{hostile.name}: ended {end}, not {hostile.ends}"
        for name, output in outputs.items():
            body = caller.fetch(output["url"]).body
            carried = [mark for mark in hostile.never if mark in body]
            if carried:
                return f"{hostile.name}: {name} carries {carried}"
        took = time.monotonic() - began
        return f"{hostile.name}: took {took:.0f} s" if took > ENDS_WITHIN else None

    def run_all(self, corpus):
        corpus = list(corpus)
        self.assertTrue(corpus)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wrong = [text for text in pool.map(self.judge, corpus) if text]
        self.assertEqual(wrong, [])

    def setUp(self):
        self.workers = self.wait_for_workers()
        self.watch = MemoryWatch(self.server.pid)

    def wait_for_workers(self):
        ends = time.monotonic() + 30
        while len(self.server.children()) < WORKERS and time.monotonic() < ends:
            time.sleep(0.05)
        return sorted(self.server.children())

    def tearDown(self):
        peak = self.watch.close()
        self.assertLess(peak, MEMORY_MAX)
        caller = X1(self.server, "ann")
        self.assertEqual(caller.get("/readyz").status, 200)
        # The same workers as before, with nobody below them.
        self.assertEqual(sorted(self.server.children()), self.workers)
        self.assertEqual(sorted(descendants(self.server.pid)), self.workers)
        self.assertNotIn("decoder_attacked", self.server.log())
        self.assertEqual(os.listdir(os.path.join(self.server.data, "scratch")), [])


class Hostile(HostileCase):
    def test_nothing_leads_to_another_host_or_file(self):
        listener = Listener()
        self.addCleanup(listener.close)
        path = scratch_file(self.server.root, "neighbour.mp4", clip())
        self.run_all(hostile_media.references(listener.url, path))
        self.assertEqual(listener.calls, [])

    def test_bombs_are_bounded(self):
        self.run_all(hostile_media.BOMBS)

    def test_outputs_carry_pictures_and_sound_alone(self):
        self.run_all(hostile_media.POLYGLOTS)

    def test_odd_sizes_and_texts(self):
        self.run_all(hostile_media.ODDITIES)

    def test_damage_is_the_files_fault(self):
        self.run_all(hostile_media.damaged())

    def test_damage_that_decoders_pass_over_is_noticed(self):
        self.run_all(hostile_media.DAMAGE)

    def test_the_same_files_unharmed_are_ready(self):
        self.run_all(hostile_media.UNHARMED)

    def test_nothing_at_all_is_refused_at_once(self):
        answer = X1(self.server, "ann").init(0)
        self.assertEqual(answer.status, 400, answer)


if __name__ == "__main__":
    unittest.main()
