"""What the clients did and were told, as a file of JSON lines outside the doomed disk, and what follows from it.

A line {"n", "op", …} is written before a request is sent, a line {"n", "outcome", "status", …} when its answer came. The
outcome is
  ok        2xx: from now on it is a promise
  refused   4xx, 503, 507: it does not count
  failed    another 5xx: the server said that its disk failed. No promise; the record may have reached the disk before the
            error did, so what is found is allowed if it is whole
  unknown   no answer, or no second line: may be or may not be, but not half

`History` folds the lines. It is the same whether it grew with the load or was read from the file afterwards.
"""

import json
import threading

OK, REFUSED, FAILED, UNKNOWN = "ok", "refused", "failed", "unknown"


def outcome_of(status):
    if status is None:
        return UNKNOWN
    if 200 <= status < 300:
        return OK
    return REFUSED if status < 500 or status in (503, 507) else FAILED


class Segment:
    def __init__(self, size):
        self.size = size
        self.acknowledged = None  # the attempt whose bytes stand
        self.possible = set()  # attempts that may have been stored, though nobody said so
        self.must_be_there = False  # said by a conflict with bytes that were never acknowledged

    @property
    def attempts(self):
        return {self.acknowledged} if self.acknowledged is not None else self.possible


class Upload:
    def __init__(self, number, kind, sizes, call="INIT"):
        self.number = number
        self.kind = kind
        self.call = call
        self.segments = [Segment(size) for size in sizes]
        self.media_id = None
        self.is_sealed = False
        self.may_be_sealed = False
        self.has_failed = False  # it was told of a failed disk: that may be final for it
        self.outputs = None  # as they were when it was first seen ready

    @property
    def sizes(self):
        return [segment.size for segment in self.segments]

    @property
    def total(self):
        return sum(self.sizes)

    def acknowledged(self):
        return {index for index, segment in enumerate(self.segments) if segment.acknowledged is not None}

    def possible(self):
        return {index for index, segment in enumerate(self.segments) if segment.attempts}

    def required(self):
        return {
            index for index, segment in enumerate(self.segments)
            if segment.acknowledged is not None or segment.must_be_there
        }


class History:
    def __init__(self):
        self.seed = None
        self.uploads = {}
        self.pending = {}
        self.counts = {OK: 0, REFUSED: 0, FAILED: 0, UNKNOWN: 0}
        self.contradictions = []  # answers that no history allows

    @classmethod
    def read(cls, path):
        history = cls()
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):  # the last one may be torn
                    history.apply(json.loads(line))
        return history

    def apply(self, entry):
        if "seed" in entry:
            self.seed = entry["seed"]
        elif "outcome" in entry:
            self._answered(self.pending.pop(entry["n"]), entry)
        else:
            self.pending[entry["n"]] = entry
            getattr(self, "_sent_" + entry["op"])(entry)

    # What may be true as soon as the request is under way, since its answer may never come.

    def _sent_init(self, entry):
        self.uploads[entry["upload"]] = Upload(entry["upload"], entry["kind"], entry["sizes"])

    def _sent_whole(self, entry):
        self.uploads[entry["upload"]] = Upload(entry["upload"], entry["kind"], entry["sizes"], "one-shot")

    def _sent_append(self, entry):
        segment = self.uploads[entry["upload"]].segments[entry["segment"]]
        entry["was_possible"] = entry["attempt"] in segment.possible
        segment.possible.add(entry["attempt"])

    def _sent_finalize(self, entry):
        upload = self.uploads[entry["upload"]]
        entry["was_possible"] = upload.may_be_sealed
        upload.may_be_sealed = True

    def _answered(self, sent, answer):
        self.counts[answer["outcome"]] += 1
        if answer["outcome"] == FAILED and sent["upload"] in self.uploads:
            self.uploads[sent["upload"]].has_failed = True
        getattr(self, f"_{answer['outcome']}_{sent['op']}", lambda *_: None)(sent, answer)

    def _ok_init(self, sent, answer):
        self.uploads[sent["upload"]].media_id = answer["media_id"]

    def _ok_whole(self, sent, answer):
        upload = self.uploads[sent["upload"]]
        upload.media_id = answer["media_id"]
        upload.is_sealed = upload.may_be_sealed = True
        for segment in upload.segments:
            segment.acknowledged = 0

    def _ok_append(self, sent, _):
        segment = self.uploads[sent["upload"]].segments[sent["segment"]]
        if segment.acknowledged not in (None, sent["attempt"]):
            self.contradict(sent, f"other bytes were acknowledged as attempt {segment.acknowledged}")
        segment.acknowledged = sent["attempt"]

    def _refused_append(self, sent, answer):
        segment = self.uploads[sent["upload"]].segments[sent["segment"]]
        if not sent["was_possible"]:
            segment.possible.discard(sent["attempt"])
        if answer.get("code") == "segment_conflict":
            if sent["attempt"] == segment.acknowledged:
                self.contradict(sent, "the bytes that were acknowledged are refused as others")
            if not segment.attempts:
                self.contradict(sent, "it conflicts with bytes that nobody sent")
            segment.must_be_there = True

    def _refused_finalize(self, sent, _):
        upload = self.uploads[sent["upload"]]
        upload.may_be_sealed = sent["was_possible"]
        if upload.is_sealed:
            self.contradict(sent, "FINALIZE was a success before")

    def _ok_finalize(self, sent, _):
        self.uploads[sent["upload"]].is_sealed = True

    def _ok_delete(self, sent, _):
        del self.uploads[sent["upload"]]

    def contradict(self, sent, what):
        self.contradictions.append(f"upload {sent['upload']} {sent['op']} {sent.get('segment', '')}: {what}")


class Recorder:
    """Writes the lines and keeps the history of them. Any thread."""

    def __init__(self, path, seed):
        self.path = path
        self.history = History()
        self.lock = threading.Lock()
        self.file = open(path, "a", buffering=1, encoding="utf-8")
        self.numbers = 0
        self.uploads = 0
        self._enter({"seed": seed})

    def _enter(self, entry):
        self.file.write(json.dumps(entry) + "\n")
        self.history.apply(entry)

    def repeat(self, entry):
        """Takes over a line of another history, number and all."""
        self.numbers = max(self.numbers, entry["n"])
        self._enter(entry)

    def sent(self, op, upload, **more):
        with self.lock:
            self.numbers += 1
            self._enter({"n": self.numbers, "op": op, "upload": upload, **more})
            return self.numbers

    def answered(self, number, status, **more):
        with self.lock:
            self._enter({"n": number, "outcome": outcome_of(status), "status": status, **more})

    def new_upload(self):
        with self.lock:
            self.uploads += 1
            return self.uploads

    def close(self):
        self.file.close()
