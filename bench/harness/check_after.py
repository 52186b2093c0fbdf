"""Honest time: clients that do what check_after_secs says, with the workers of a real server on all cores. How often they have to ask,
how late they learn of the end, and whether the progress that they see ever falls.

50 jobs of every kind and length, twice: as they come in the course of a minute, to a server that has learned nothing, and all at once
to the same server restarted. The end of a job is when the server's log says so; a client is on time within 15 % of the time from
FINALIZE to that end, or within a second.
"""

import copy
import datetime
import http.client
import json
import os
import random
import statistics
import subprocess
import tempfile
import threading
import time
from urllib.parse import urlencode

PATH = "/1.1/media/upload.json"
JOBS = 50
MINUTE = 60
LATE_PART, LATE_SECONDS = 0.15, 1.0
GIVE_UP = 900

# kind, how many, category, type, arguments of ffmpeg
MEDIA = (
    ("photo", 14, "tweet_image", "image/jpeg", ("-f", "lavfi", "-i", "testsrc2=s=1600x1200", "-frames:v", "1")),
    ("large photo", 4, "tweet_image", "image/jpeg", ("-f", "lavfi", "-i", "testsrc2=s=4000x3000", "-frames:v", "1", "-q:v", "4")),
    ("gif", 6, "tweet_gif", "image/gif", ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=3")),
    ("clip", 14, "tweet_video", "video/mp4", ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=3")),
    ("720p", 7, "tweet_video", "video/mp4", ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=4")),
    ("1080p", 3, "tweet_video", "video/mp4", ("-f", "lavfi", "-i", "mandelbrot=s=1920x1080:r=30,trim=duration=4")),
    ("film", 2, "tweet_video", "video/mp4", ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=40")),
)
ENDINGS = {"image/jpeg": ".jpg", "image/gif": ".gif", "video/mp4": ".mp4"}


def make_media(folder):
    """kind -> bytes; made once for all runs."""
    made = {}
    for kind, _, _, media_type, arguments in MEDIA:
        path = os.path.join(folder, "media-" + kind.replace(" ", "-") + ENDINGS[media_type])
        if not os.path.exists(path):
            codec = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p") if media_type == "video/mp4" else ()
            subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, *codec, path], check=True, stdin=subprocess.DEVNULL, timeout=300)
        with open(path, "rb") as file:
            made[kind] = file.read()
    return made


class Client(threading.Thread):
    """One upload, and its owner who waits as told."""

    def __init__(self, server, at, row, content):
        super().__init__(daemon=True)
        self.server, self.at, self.content = server, at, content
        self.kind, _, self.category, self.media_type, _ = row
        self.media_id, self.finalized, self.learned, self.failure = None, None, None, None
        self.advice, self.percents, self.polls = [], [], 0

    def call(self, method, parameters, body=None, content_type="application/x-www-form-urlencoded"):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        try:
            query = "?" + urlencode(parameters)
            connection.request(method, PATH + query, body, {"Content-Type": content_type} if body else {})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{parameters['command']}: {answer.status} {text[:300]!r}")
            return json.loads(text) if text else {}
        finally:
            connection.close()

    def append(self):
        mark = "a-boundary-of-its-own"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="media"; filename="x"\r\n\r\n'
        body = head.encode() + self.content + f"\r\n--{mark}--\r\n".encode()
        parameters = {"command": "APPEND", "media_id": self.media_id, "segment_index": 0}
        self.call("POST", parameters, body, f"multipart/form-data; boundary={mark}")

    def run(self):
        time.sleep(max(0.0, self.at - time.time()))
        try:
            self.upload()
        except (OSError, RuntimeError, ValueError, http.client.HTTPException) as error:
            self.failure = str(error)

    def upload(self):
        parameters = {
            "command": "INIT", "total_bytes": len(self.content), "media_type": self.media_type, "media_category": self.category,
        }
        self.media_id = self.call("POST", parameters)["media_id_string"]
        self.append()
        self.finalized = time.time()
        info = self.call("POST", {"command": "FINALIZE", "media_id": self.media_id}).get("processing_info", {"state": "succeeded"})
        while info["state"] in ("pending", "in_progress"):
            if time.time() - self.finalized > GIVE_UP:
                raise RuntimeError(f"still {info}")
            self.advice.append(info["check_after_secs"])
            self.percents.append(info.get("progress_percent", 0))
            time.sleep(info["check_after_secs"])
            self.polls += 1
            info = self.call("GET", {"command": "STATUS", "media_id": self.media_id})["processing_info"]
        self.learned = time.time()
        if info["state"] != "succeeded":
            raise RuntimeError(str(info))


def ends_of_jobs(log):
    """media id -> when the server said that its job had ended, in seconds since 1970"""
    ends = {}
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            if '"job_ended"' in line:
                event = json.loads(line)
                ends[str(event["media_id"])] = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
    return ends


def arrivals(way):
    rows = [row for row in MEDIA for _ in range(row[1])]
    assert len(rows) == JOBS
    dice = random.Random(7)
    dice.shuffle(rows)
    start = time.time() + 0.5
    return [(start + (dice.uniform(0, MINUTE) if way == "spread" else 0), row) for row in rows]


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else None


def figures_of(clients, ends):
    late, polls, waits, punctual = [], [], [], 0
    for client in clients:
        ended = ends[client.media_id]
        lateness = max(0.0, client.learned - ended)
        waited = ended - client.finalized
        late.append(lateness)
        polls.append(client.polls)
        waits.append(waited)
        punctual += lateness <= max(LATE_SECONDS, LATE_PART * waited)
    return {
        "jobs": len(clients), "polls_p50": statistics.median(polls), "polls_p90": quantile(polls, 0.9), "polls_max": max(polls),
        "late_p50": statistics.median(late), "late_p90": quantile(late, 0.9), "late_max": max(late),
        "waited_p50": statistics.median(waits), "waited_max": max(waits), "punctual": punctual / len(clients),
        "falls": sum(any(b < a for a, b in zip(c.percents, c.percents[1:])) for c in clients),
    }


def one_run(server, way, content):
    clients = [Client(server, at, row, content[row[0]]) for at, row in arrivals(way)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(GIVE_UP + 60)
    failed = [f"{client.kind}: {client.failure or 'is stuck'}" for client in clients if client.failure or client.is_alive()]
    if failed:
        raise RuntimeError("; ".join(failed)[:1000])
    time.sleep(0.2)  # the last line of the log
    ends = ends_of_jobs(server.log)
    if os.environ.get("BENCH_VERBOSE"):
        for client in sorted(clients, key=lambda c: c.finalized):
            print(f"bench:   {client.kind:<12} done after {ends[client.media_id] - client.finalized:6.2f} s, "
                  f"late {client.learned - ends[client.media_id]:5.2f} s, told {client.advice}, {client.percents}", flush=True)
    return {"all": figures_of(clients, ends), "asked": figures_of([c for c in clients if c.advice], ends)}


def check_after(place, book, scale, measured, kind):
    """Runs both ways on a server of this kind, which has its workers."""
    everywhere = copy.copy(place)
    everywhere.server_core = ",".join(str(core) for core in sorted(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory(prefix="sluice-bench.", dir=place.folders["ext4"]) as folder:
        content = make_media(folder)
        for _ in range(scale.rounds):
            with kind.start(everywhere, "ext4") as server:
                measured(book, "check_after", kind, lambda: one_run(server, "spread", content), way="spread")  # noqa: B023
                server.stop()
                kind.launch(everywhere, server)
                measured(book, "check_after", kind, lambda: one_run(server, "at once", content), way="at once")  # noqa: B023
