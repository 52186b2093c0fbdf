"""PostgreSQL, an S3 store and several nodes beside the embedded default: sections `s3` and `nodes`. Everything shares the cores of one
machine, so what a call costs each process says more than how many there are in a second."""

import contextlib
import copy
import glob
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from harness.load import command, load, parse
from harness.servers import Missing, Sluice

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests"))

from support.client import X1  # noqa: E402
from support.object_store import ObjectStore  # noqa: E402
from support.postgres import Postgres  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
TICKS = os.sysconf("SC_CLK_TCK")
PICTURE = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240", "-frames:v", "1", "-f", "image2", "-c:v", "mjpeg", "-"]


def needed(*programs):
    for name, found in programs:
        if not found:
            raise Missing(f"{name} is not on this machine: what needs it was skipped")


def on_all_cores(place):
    wide = copy.copy(place)
    wide.server_core = wide.client_core = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    return wide


def cpu_of(pid):
    """Seconds of a process, its children and those that it has reaped."""
    ticks, parents = {}, {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError):
            with open(path, encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            one = int(path.split("/")[2])
            ticks[one], parents[one] = sum(map(int, fields[11:15])), int(fields[1])
    of_it, found = {pid}, True
    while found:
        found = {one for one, parent in parents.items() if parent in of_it} - of_it
        of_it |= found
    return sum(ticks.get(one, 0) for one in of_it) / TICKS


class OnS3(Sluice):
    def __init__(self, store):
        super().__init__("Sluice, S3 (Ceph RGW)")
        self.store, self.count = store, 0

    def launch(self, place, server):
        self.count += 1  # a bucket's prefix belongs to one installation
        self.flags = ["--role", "api", "--storage", self.store.url(f"bench{self.count}")]
        return super().launch(place, server)


WORKS = (("64 MiB, 4 MiB", 64 * MIB, 4 * MIB), ("4 MiB, 1 MiB", 4 * MIB, MIB), ("256 KiB, 64 KiB", 256 * KIB, 64 * KIB))


def s3(place, book, scale, measured, turns):
    try:
        needed(("Ceph's gateway (radosgw)", shutil.which("radosgw")), ("Ceph's OSD", shutil.which("ceph-osd")))
    except Missing as missing:
        book.note(f"s3: {missing}")
        return
    os.environ.update(ObjectStore.environment())
    store = ObjectStore()
    kinds = (Sluice("Sluice, disk"), OnS3(store))
    try:
        for what, size, chunk in WORKS:
            uploads = max(8, min(scale.total // 4 // size, 512))
            options = ["--size", size, "--chunk", chunk, "--uploads", uploads, "--connections", 8, "--stencil", place.stencil]
            for kind in turns(place, book, scale, kinds):
                def work(kind=kind):
                    with kind.start(place, "ext4") as server:
                        return load(place, "upload", server, *options)  # noqa: B023

                measured(book, "s3", kind, work, what=what)
    finally:
        store.close()


class Cluster:
    """So many nodes that serve, and workers, over one PostgreSQL and a shared folder; with none of both the embedded default."""

    def __init__(self, place, name, apis=1, workers=0, embedded=False):
        self.name, self.stack = name, contextlib.ExitStack()
        self.place, self.postgres, self.database = on_all_cores(place), None, []
        try:
            if not embedded:
                self.postgres = Postgres(fsync=True)
                self.stack.callback(self.postgres.close)
                self.postgres.start()
                shared = tempfile.mkdtemp(prefix="sluice-bench.", dir=place.folders["ext4"])
                self.stack.callback(shutil.rmtree, shared, True)
                self.database = ["--database", self.postgres.make_database("sluice"), "--storage", f"file://{shared}/storage"]
            works = ["--workers", "1", "--quick-workers", "2"]
            role = "all" if embedded and workers else "api"
            self.apis = [self.node(role, *(works if role == "all" else [])) for _ in range(apis)]
            self.workers = [self.node("worker", *works) for _ in range(0 if embedded else workers)]
        except BaseException:
            self.stack.close()
            raise

    def node(self, role, *more):
        return self.stack.enter_context(Sluice(self.name, role=role, more=(*self.database, *more)).start(self.place, "ext4"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def commits(self):
        """Transactions of PostgreSQL. A session that is idle tells what it did within 10 s."""
        time.sleep(11)
        return int(self.postgres.sql("SELECT xact_commit FROM pg_stat_database WHERE datname = 'sluice'", "sluice"))

    def changes(self):
        """Transactions that changed rows, of all nodes."""
        total = 0
        for api in self.apis:
            text = get(api, "/metrics")
            total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("sluice_database_commits "))
        return total

    def cpu(self):
        return (
            sum(cpu_of(api.process.pid) for api in self.apis),
            cpu_of(self.postgres.process.pid) if self.postgres else 0.0,
        )


def get(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def tiny_uploads(cluster, uploads):
    """INIT, an APPEND of 4 KiB and FINALIZE, spread over the nodes, 16 at a time in all."""
    count = len(cluster.apis)
    options = ["--size", 4 * KIB, "--chunk", 4 * KIB, "--uploads", uploads // count, "--connections", 16 // count]
    before = cluster.changes()
    time.sleep(2)
    changed, cpu, began = cluster.changes(), cluster.cpu(), time.monotonic()
    idle = (changed - before) / 2
    runs = [
        subprocess.Popen(
            command(cluster.place, "upload", api, [*options, "--stencil", cluster.place.stencil, "--first", number * uploads]),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for number, api in enumerate(cluster.apis)
    ]
    said = [run.communicate(timeout=300) for run in runs]
    seconds = time.monotonic() - began
    for run, (_, error) in zip(runs, said):
        if run.returncode != 0:
            raise RuntimeError(error.decode()[-500:])
    results = [parse(out, cluster.name) for out, _ in said]
    spent = [after - before for before, after in zip(cpu, cluster.cpu())]
    done = sum(result["uploads"] for result in results)
    return {
        "uploads_per_s": done / seconds, "node_us": spent[0] / done * 1e6, "database_us": spent[1] / done * 1e6,
        "changes_each": (cluster.changes() - changed - idle * seconds) / done if cluster.postgres else None,
        "p50_ms": statistics.median(result["latency"]["upload"]["p50_us"] for result in results) / 1e3,
        "p99_ms": max(result["latency"]["upload"]["p99_us"] for result in results) / 1e3,
    }


def transactions(cluster, uploads):
    """All transactions of an upload, those that only read too; what the nodes do by themselves meanwhile is taken off."""
    counts, times = [], []
    for work in (lambda: None, lambda: None, lambda: tiny_uploads(cluster, uploads)):
        work()
        counts.append(cluster.commits())
        times.append(time.monotonic())
    idle = (counts[1] - counts[0]) / (times[1] - times[0])
    return {"transactions_each": (counts[2] - counts[1] - idle * (times[2] - times[1])) / uploads}


class Point:
    """A server as the tests' client knows it."""

    def __init__(self, server):
        self.host, self.port, self.url = "127.0.0.1", server.port, server.url("")


class Events:
    """When the event of an upload came to somebody who listens at this node."""

    def __init__(self, server):
        self.times, self.text = {}, b""
        self.socket = socket.create_connection(("127.0.0.1", server.port), 30)
        self.socket.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n")
        if b" 200 " not in self.socket.recv(65536):
            raise RuntimeError("no events")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while data := self.socket.recv(65536):
                self.text += data
                self.times[len(self.text)] = time.monotonic()

    def when(self, media_id, timeout=10):
        ends = time.monotonic() + timeout
        while time.monotonic() < ends:
            at = self.text.find(media_id.encode())
            if at >= 0:
                return next(moment for end, moment in sorted(self.times.items()) if end > at)
            time.sleep(0.005)
        raise RuntimeError(f"no event of {media_id}")


def quantiles(values, name):
    values = sorted(values)
    return {f"{name}_p50_ms": values[len(values) // 2] * 1e3, f"{name}_p99_ms": values[min(len(values) - 1, len(values) * 99 // 100)] * 1e3}


def hints(cluster, count):
    """From a commit to hear() at another node, beside eight others that commit: what NOTIFY takes, and the time in which hints gather."""
    if not cluster.postgres:
        return {}
    # None of the nodes' own: what it says they would not understand.
    url = cluster.postgres.make_database("hints")
    said = subprocess.run([cluster.place.program("bench/hints_bench"), url, str(count)], check=True, capture_output=True, text=True, timeout=120)
    figures = [float(word) for word in said.stdout.splitlines()[-1].split()]
    return {"hint_p50_ms": figures[2], "hint_p99_ms": figures[3]}


def news(cluster, count):
    """From the answer to INIT at the first node (its commit is behind it) to the event in a stream of the last one, which looks each
    150 ms for what it has to send: that, and no hint, is what it takes."""
    events, took = Events(cluster.apis[-1]), []
    try:
        time.sleep(0.5)
        caller = X1(Point(cluster.apis[0]))
        for _ in range(count):
            media_id = caller.open(100)
            answered = time.monotonic()
            took.append(max(0.0, events.when(media_id) - answered))
    finally:
        events.socket.close()
    return quantiles(took, "event")


def pictures(cluster, count, picture):
    """Small pictures, four at a time, until each is ready: a job each, its worker woken by the commit and the caller by its end."""
    took, wrong, lock = [], [], threading.Lock()

    def send(number):
        for i in range(number, count, 4):
            caller = X1(Point(cluster.apis[i % len(cluster.apis)]))
            try:
                media_id = caller.open(len(picture), media_type="image/jpeg", category="tweet_image")
                caller.append(media_id, 0, picture)
                began = time.monotonic()
                answer = caller.finalize(media_id)
                while "processing_info" in answer.json() and answer.json()["processing_info"]["state"] in ("pending", "in_progress"):
                    time.sleep(0.02)
                    answer = caller.status(media_id)
                with lock:
                    took.append(time.monotonic() - began)
            except Exception as error:  # noqa: BLE001 (told below)
                wrong.append(repr(error)[:200])
                return

    began = time.monotonic()
    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return {"jobs_per_s": count / (time.monotonic() - began), **quantiles(took, "job")}


class Named:
    def __init__(self, name, **how):
        self.name, self.how = name, how


EMBEDDED = Named("embedded: SQLite", embedded=True)
SERVING = (EMBEDDED, Named("PostgreSQL, 1 node", apis=1), Named("PostgreSQL, 2 nodes", apis=2), Named("PostgreSQL, 3 nodes", apis=3))
WORKING = (Named("embedded: SQLite", embedded=True, workers=1), Named("PostgreSQL, 2 nodes and a worker node", apis=2, workers=1))


def nodes(place, book, scale, measured):
    try:
        needed(("PostgreSQL", glob.glob("/usr/lib/postgresql/*/bin/postgres")))
        kinds, working = SERVING, WORKING
    except Missing as missing:
        book.note(f"nodes: {missing}")
        kinds, working = SERVING[:1], WORKING[:1]
    uploads = 960 if scale.is_quick else 2880
    picture = subprocess.run(PICTURE, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout
    for number in range(scale.rounds):
        for i in range(len(kinds)):
            kind = kinds[(i + number) % len(kinds)]

            def serve(kind=kind):
                with Cluster(place, kind.name, **kind.how) as cluster:
                    tiny_uploads(cluster, 96)  # connections are made, statements prepared
                    result = tiny_uploads(cluster, uploads)
                    return result | (transactions(cluster, uploads) if cluster.postgres and len(cluster.apis) == 1 else {})

            measured(book, "nodes", kind, serve, what="uploads")
        for kind in working[:: 1 if number % 2 == 0 else -1]:
            def tell(kind=kind):
                with Cluster(place, kind.name, **kind.how) as cluster:
                    pictures(cluster, 8, picture)
                    return news(cluster, 100 if scale.is_quick else 300) | hints(cluster, 100 if scale.is_quick else 300) | pictures(cluster, 40 if scale.is_quick else 120, picture)

            measured(book, "nodes", kind, tell, what="jobs")
