"""Compares what a server says after a restart with the history of what it had promised.

    report = Checker(history, server).everything()
    report.losses == []

`claims` looks at what the server says it has, `finish` completes every upload from exactly that, `bytes` reads the originals
back, `jobs` waits for what must follow. A loss is a sentence; each names the upload, so that the history can be looked up.
"""

import concurrent.futures
import time

from rigs import content
from support.client import X1
from support.wire import ConnectionEnded

GONE = (ConnectionEnded, ConnectionError, OSError)
OPEN = "open"
ENDS = ("ready", "failed")


class Report:
    def __init__(self):
        self.uploads = self.segments = self.bytes = self.jobs = self.given_up = 0
        self.losses = []

    def __str__(self):
        return (f"{self.uploads} uploads, {self.segments} segments, {self.bytes} bytes, {self.jobs} jobs checked; "
                f"{len(self.losses)} losses")


def claimed_segments(native):
    """The indices that the server says it has: all up to the highest it knows, without those it misses."""
    told = native["segments"]
    highest = told["received"] + len(told["missing"])
    return set(range(highest)) - set(told["missing"])


class Checker:
    def __init__(self, history, server, recorder=None, sample=None):
        """`recorder` takes what `finish` sends; `sample` are the numbers of the uploads to look at (default: all)."""
        self.history = history
        self.caller = X1(server)
        self.recorder = recorder
        self.sample = sample
        self.report = Report()
        self.claims_of = {}

    def everything(self):
        self.claims()
        self.finish()
        self.bytes()
        self.jobs()
        self.list()
        return self.report

    def lose(self, upload, what):
        self.report.losses.append(f"upload {upload.number} ({upload.media_id}): {what}")

    def uploads(self):
        for number, upload in sorted(self.history.uploads.items()):
            if upload.media_id is not None and (self.sample is None or number in self.sample):
                yield upload

    def native(self, upload):
        """Its object, or None if the server does not know it, which is a loss."""
        answer = self.caller.upload_object(upload.media_id)
        if answer.status != 200:
            self.lose(upload, f"{upload.call} was acknowledged, now: {answer.status} {answer.header('sluice-error')}")
            return None
        return answer.json()

    # --- what the server says it has ---

    def claims(self):
        for contradiction in self.history.contradictions:
            self.report.losses.append(contradiction)
        self.history.contradictions = []
        for upload in self.uploads():
            native = self.native(upload)
            if native is None:
                continue
            self.report.uploads += 1
            if native["state"] != OPEN:
                if not upload.may_be_sealed:
                    self.lose(upload, f"is {native['state']}, but no FINALIZE can have been accepted")
                upload.is_sealed = True  # it says so, and so it has to stand by it
                continue
            if upload.is_sealed:
                self.lose(upload, "FINALIZE was acknowledged, and it is open")
            self.claims_of[upload.number] = self.claims_of_open(upload, native)

    def claims_of_open(self, upload, native):
        claimed = claimed_segments(native)
        self.report.segments += len(claimed)
        if lost := upload.required() - claimed:
            self.lose(upload, f"acknowledged segments are not there: {sorted(lost)}; it says {native['segments']}")
        if invented := claimed - upload.possible():
            self.lose(upload, f"segments are there that do not count: {sorted(invented)}")
        received = sum(upload.segments[index].size for index in claimed if index < len(upload.segments))
        if native["received_bytes"] != received:
            self.lose(upload, f"says {native['received_bytes']} bytes; segments {sorted(claimed)} have {received}")
        return claimed

    # --- completed from what it says ---

    def finish(self):
        """Sends what is not claimed, and FINALIZE. Uploads whose claims were wrong are counted already and left alone."""
        todo = [upload for upload in self.uploads() if upload.number in self.claims_of]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self.finish_one, todo))

    def finish_one(self, upload):
        for index in sorted(set(range(len(upload.segments))) - self.claims_of[upload.number]):
            answer = append(self.recorder, self.caller, upload, index, 0, self.history.seed)
            if answer.status != 204:
                self.refused(upload, answer, f"segment {index}, which it says it has not, is refused")
                return
        answer = finalize(self.recorder, self.caller, upload)
        if answer.status not in (200, 201):
            self.refused(upload, answer, "has all it asked for, and FINALIZE is refused")

    def refused(self, upload, answer, what):
        """A failed sync is final for its upload, if its client was told so before."""
        if upload.has_failed and (answer.status, answer.header("sluice-error")) == (500, "storage_failed"):
            self.report.given_up += 1
            return
        self.lose(upload, f"{what}: {told(answer)}")

    # --- the bytes ---

    def bytes(self):
        for upload in self.uploads():
            if not upload.is_sealed:
                continue
            native = self.native(upload)
            if native is None:
                continue
            try:
                answer = self.caller.original(native["media_key"])
            except GONE as broken:
                self.lose(upload, f"its original breaks off: {broken}")
                continue
            if answer.status != 200:
                self.lose(upload, f"its original is not to be had: {told(answer)}")
                continue
            self.compare(upload, answer.body)

    def compare(self, upload, body):
        if len(body) != upload.total:
            self.lose(upload, f"has {len(body)} bytes, {upload.total} were acknowledged")
            return
        at = 0
        for index, segment in enumerate(upload.segments):
            found = body[at : at + segment.size]
            at += segment.size
            if not any(found == self.expected(upload, index, attempt) for attempt in segment.attempts):
                expected = self.expected(upload, index, min(segment.attempts, default=0))
                self.lose(upload, f"segment {index}, {segment.size} bytes: {first_difference(found, expected)}")
            self.report.bytes += segment.size

    def expected(self, upload, index, attempt):
        return content.segment_of(self.history.seed, upload.number, upload.kind, upload.sizes, index, attempt)

    # --- what follows ---

    def jobs(self, timeout=60):
        """Every sealed upload ends, pictures well, and an end stays as it was."""
        ends = time.monotonic() + timeout
        for upload in self.uploads():
            if upload.is_sealed:
                self.check_job(upload, ends)

    def check_job(self, upload, ends):
        while (native := self.native(upload)) is not None and native["state"] not in ENDS:
            if time.monotonic() > ends:
                self.lose(upload, f"its job never ends: {native['state']}, {native['processing']}")
                return
            time.sleep(0.05)
        if native is None:
            return
        self.report.jobs += 1
        wanted = "ready" if upload.kind == content.PICTURE else "failed"
        if native["state"] != wanted:
            self.lose(upload, f"ended as {native['state']}: {native['processing']}")
        outputs = sorted((output["name"], output["size_bytes"], output["url"].split("?")[0].split("/", 3)[3])
                         for output in native["outputs"])
        if upload.outputs not in (None, outputs):
            self.lose(upload, f"its outputs were {upload.outputs}, now {outputs}: the job was done twice")
        if upload.outputs is None:
            self.read_outputs(upload, native["outputs"])
        upload.outputs = outputs

    def read_outputs(self, upload, outputs):
        for output in outputs:
            try:
                answer = self.caller.fetch(output["url"])
            except GONE as broken:
                self.lose(upload, f"{output['name']} breaks off: {broken}")
                continue
            if answer.status != 200 or len(answer.body) != output["size_bytes"]:
                self.lose(upload, f"{output['name']} is promised with {output['size_bytes']} bytes: {answer.status}, "
                          f"{len(answer.body)} bytes")

    def list(self):
        """No upload that nobody began, none twice."""
        listed, answer = [], {"next": "", "has_more": True}
        while answer["has_more"]:
            after = f"&after={answer['next']}" if listed else ""
            answer = self.caller.get(f"/api/v1/uploads?limit=100{after}").json()
            if "data" not in answer:
                self.report.losses.append(f"the uploads cannot be listed: {answer}")
                return
            listed += [upload["media_id"] for upload in answer["data"]]
        known = {upload.media_id for upload in self.history.uploads.values() if upload.media_id is not None}
        unanswered = sum(1 for upload in self.history.uploads.values() if upload.media_id is None)
        if len(listed) != len(set(listed)) or len(set(listed) - known) > unanswered:
            self.report.losses.append(f"{len(listed)} uploads are listed; {len(known)} were acknowledged, {unanswered} "
                                      "had no answer")


def told(answer):
    return f"{answer.status} {answer.header('sluice-error')} {answer.body[:300]!r}"


def first_difference(found, expected):
    at = next((at for at in range(len(found)) if found[at] != expected[at]), None)
    if at is None:
        return "bytes of an attempt that was refused"
    wrong = sum(1 for a, b in zip(found, expected) if a != b)
    zeroes = " (zeroes)" if not any(found[at : at + 16]) else ""
    return f"first at {at}, {wrong} of {len(found)} differ{zeroes}"


# --- the calls, recorded ----------------------------------------------------------------------------------------------


def recorded(recorder, request, op, upload, **facts):
    """Makes the call between its two lines. A lost answer is recorded as that, and raised."""
    number = recorder.sent(op, upload, **facts)
    try:
        answer = request()
    except GONE:
        recorder.answered(number, None)
        raise
    more = {"code": answer.header("sluice-error")} if answer.status >= 400 else {}
    if op in ("init", "whole") and answer.status < 300:
        more["media_id"] = answer.json()["media_id_string"]
    recorder.answered(number, answer.status, **more)
    return answer


def append(recorder, caller, upload, index, attempt, seed):
    data = content.segment_of(seed, upload.number, upload.kind, upload.sizes, index, attempt)
    return recorded(
        recorder, lambda: caller.append(upload.media_id, index, data), "append", upload.number, segment=index, attempt=attempt
    )


def finalize(recorder, caller, upload):
    return recorded(recorder, lambda: caller.finalize(upload.media_id), "finalize", upload.number)
