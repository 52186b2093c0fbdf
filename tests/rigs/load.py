"""Clients under way: each takes one upload as far as the server lives, and records what it was told.

The uploads differ in everything that may matter to the way of the bytes: sizes around pages and sectors and large ones, one
segment or many, in order or not, two at a time, repeated with the same bytes or with others, and one-shots.
"""

import concurrent.futures
import random
import threading
import time

from rigs import content
from rigs.checker import GONE, append, finalize, recorded, told
from support.client import X1

REPEATED = 0.15  # the share of segments that are sent again


def sizes_of(chance, shape):
    if shape == "one":
        return [chance.choice(content.ODD_SIZES)]
    if shape == "large":  # two of one odd size and a rest
        size = chance.choice(content.LARGE_SIZES)
        return [size, size, chance.choice(content.ODD_SIZES)]
    if shape == "regular":
        size = chance.choice([65_536, 100_000, 131_073, 262_144])
        return [size] * chance.randrange(2, 7) + [chance.randrange(1, size)]
    return [chance.choice(content.ODD_SIZES[:-1]) for _ in range(chance.randrange(3, 9))]


def plan(chance, large=0.1):
    """(kind, sizes): what an upload will be. Pictures have at least 200 bytes."""
    shape = "large" if chance.random() < large else chance.choice(["one", "regular", "irregular"])
    sizes = sizes_of(chance, shape)
    picture = chance.random() < 0.4 and 200 <= sum(sizes) <= 4_000_000
    return (content.PICTURE if picture else content.NOISE), sizes


class Journey:
    """One upload and its client. The thread that calls travel() owns it meanwhile."""

    def __init__(self, recorder, chance, large=0.1, pause=0.05):
        self.recorder = recorder
        self.number = recorder.new_upload()
        self.chance = random.Random(f"{recorder.history.seed}/{self.number}")
        self.kind, self.sizes = plan(chance, large)
        self.order = list(range(len(self.sizes)))
        if chance.random() < 0.5:
            chance.shuffle(self.order)
        self.is_whole = self.kind == content.PICTURE and chance.random() < 0.3
        self.width = chance.choice([1, 1, 2, 3])  # segments under way at once
        # A client that thinks between two segments, so that a fault meets it under way on a fast machine too.
        self.pause = chance.uniform(0, pause)
        self.is_over = False

    @property
    def upload(self):
        return self.recorder.history.uploads.get(self.number)

    def travel(self, caller):
        if self.is_whole:
            self.send_whole(caller)
            return
        if self.upload is None or self.upload.media_id is None:
            if self.upload is not None:  # INIT had no answer: a new one is the only way on
                self.number = self.recorder.new_upload()
            self.init(caller)
        self.append_all(caller)
        self.demand(finalize(self.recorder, caller, self.upload), 200, 201)
        self.is_over = True

    def send_whole(self, caller):
        if self.upload is not None:
            self.number = self.recorder.new_upload()
        data = content.picture(self.recorder.history.seed, self.number, sum(self.sizes))
        self.demand(recorded(
            self.recorder, lambda: caller.one_shot(data, "tweet_image"), "whole", self.number,
            kind=self.kind, sizes=[len(data)],
        ), 200, 201, 202)
        self.is_over = True

    def init(self, caller):
        picture = self.kind == content.PICTURE
        media = {"media_type": "image/png", "category": "tweet_image"} if picture else {}
        self.demand(recorded(
            self.recorder, lambda: caller.init(sum(self.sizes), **media), "init", self.number, kind=self.kind, sizes=self.sizes
        ), 202)

    def append_all(self, caller):
        todo = [index for index in self.order if self.upload.segments[index].acknowledged is None]
        if self.width == 1:
            for index in todo:
                self.append_one(caller, index)
            return
        with concurrent.futures.ThreadPoolExecutor(self.width) as pool:
            list(pool.map(lambda index: self.append_one(caller, index), todo))

    def append_one(self, caller, index):
        time.sleep(self.pause)
        segment = self.upload.segments[index]
        # After a lost answer some clients send other bytes: then the first ones may stand, or the new ones.
        is_other = self.kind == content.NOISE and segment.possible and self.chance.random() < 0.2
        attempt = max(segment.possible, default=0) + (1 if is_other else 0)
        answer = self.append(caller, index, attempt)
        if answer.header("sluice-error") == "segment_conflict":
            for earlier in sorted(segment.possible - {attempt}):
                answer = self.append(caller, index, earlier)
                if answer.status == 204:
                    break
        self.demand(answer, 204)
        if self.chance.random() < REPEATED:
            self.repeat(caller, index)

    def repeat(self, caller, index):
        segment = self.upload.segments[index]
        self.demand(self.append(caller, index, segment.acknowledged), 204)
        if self.kind == content.NOISE:
            self.demand(self.append(caller, index, segment.acknowledged + 1), 409)

    def append(self, caller, index, attempt):
        return append(self.recorder, caller, self.upload, index, attempt, self.recorder.history.seed)

    def demand(self, answer, *statuses):
        if answer.status not in statuses:
            raise Refused(f"upload {self.number}: {told(answer)}")


class Refused(Exception):
    """The server lives and says no."""


class Crowd:
    """Travellers at once against one server; `refusals` are what it said instead of yes."""

    def __init__(self, server, recorder, chance, size=12, **shape):
        self.server = server
        self.recorder = recorder
        self.chance = chance
        self.size = size
        self.shape = shape
        self.travelling = []
        self.arrived = []
        self.refusals = []
        self.is_stopped = threading.Event()

    def fill(self):
        while len(self.travelling) < self.size:
            self.travelling.append(Journey(self.recorder, self.chance, **self.shape))

    def drive(self, journey, again):
        """Until it arrives; then, with `again`, the next upload, until the server goes away."""
        caller = X1(self.server)
        try:
            journey.travel(caller)
            while again and not self.is_stopped.is_set():
                journey = Journey(self.recorder, self.chance, **self.shape)
                self.travelling.append(journey)
                journey.travel(caller)
        except Refused as refused:
            self.refusals.append(str(refused))
        except GONE:
            pass

    def travel(self, then=lambda: None, again=True):
        """Sets all going, runs `then` meanwhile (a fault, if it is to meet them), returns when all arrived or are stranded."""
        self.fill()
        self.is_stopped.clear()
        threads = [
            threading.Thread(target=self.drive, args=(journey, again), daemon=True) for journey in list(self.travelling)
        ]
        for thread in threads:
            thread.start()
        try:
            then()
        finally:
            self.is_stopped.set()
            for thread in threads:
                thread.join(120)
        if any(thread.is_alive() for thread in threads):
            raise TimeoutError("a client hangs")
        self.arrived += [journey for journey in self.travelling if journey.is_over]
        self.travelling = [journey for journey in self.travelling if not journey.is_over]

    def cut_short(self):
        """How many are under way with something acknowledged: what a fault is meant to meet."""
        return sum(1 for journey in self.travelling if journey.upload is not None and journey.upload.acknowledged())
