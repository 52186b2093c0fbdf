"""X's media calls as small methods, over one raw connection per call. Nothing here retries: tests want to see each answer."""

import base64
import json
import time
from urllib.parse import urlencode, quote

from support.wire import Part, Wire, multipart, request

V1 = "/1.1/media/upload.json"
V2 = "/2/media/upload"
FORM = "application/x-www-form-urlencoded"
OPEN_ENDED = ("pending", "in_progress")


def call(server, method, target, headers=(), body=None):
    with Wire(server, timeout=60) as wire:
        host = f"{server.host}:{server.port}"  # URLs in answers are made of it
        wire.send(request(method, target, [*headers, ("Connection", "close")], body, host=host))
        return wire.read(method)


class Caller:
    """Who asks: a bearer token, or nobody in particular."""

    def __init__(self, server, token=None):
        self.server = server
        self.headers = [("Authorization", f"Bearer {token}")] if token else []

    def get(self, target, headers=()):
        return call(self.server, "GET", target, [*self.headers, *headers])

    def post(self, target, body=b"", content_type=None, headers=()):
        extra = [("Content-Type", content_type)] if content_type else []
        return call(self.server, "POST", target, [*self.headers, *extra, *headers], body)

    def fetch(self, url, headers=()):
        """A URL from an answer: absolute on this server, or a path."""
        return self.get(url.removeprefix(self.server.url), headers)

    def upload_object(self, media_id):
        return self.get(f"/api/v1/uploads/{media_id}")

    def outputs(self, media_id):
        """name -> output, as the native API lists them."""
        answer = self.upload_object(media_id)
        assert answer.status == 200, answer
        return {output["name"]: output for output in answer.json()["outputs"]}

    def original(self, media_key):
        return self.get(f"/media/{media_key}/original")

    def timed_wait(self, media_id, timeout=120):
        """Obeys check_after_secs until the end; (last processing_info, all of them)."""
        ends = time.monotonic() + timeout
        seen = []
        while True:
            answer = self.status(media_id)
            assert answer.status == 200, answer
            info = self.info_of(answer)
            seen.append(info)
            if info["state"] not in OPEN_ENDED:
                return info, seen
            assert time.monotonic() < ends, f"still {info} after {timeout} s"
            time.sleep(min(info["check_after_secs"], 2))

    def wait(self, media_id, timeout=120):
        return self.timed_wait(media_id, timeout)[0]


class X1(Caller):
    def form(self, **parameters):
        return self.post(V1, urlencode(parameters).encode(), FORM)

    def init(self, total, media_type="video/mp4", category="tweet_video", **more):
        parameters = {"command": "INIT", "total_bytes": total, "media_type": media_type, **more}
        if category:
            parameters["media_category"] = category
        return self.form(**parameters)

    def open(self, total, **more):
        answer = self.init(total, **more)
        assert answer.status == 202, answer
        return answer.json()["media_id_string"]

    def append(self, media_id, index, data):
        parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", index)]
        content_type, body = multipart([*parts, Part("media", data, "blob")])
        return self.post(V1, body, content_type)

    def finalize(self, media_id):
        return self.form(command="FINALIZE", media_id=media_id)

    def status(self, media_id):
        return self.get(f"{V1}?command=STATUS&media_id={quote(str(media_id))}")

    def one_shot(self, data, category=None):
        parts = [Part("media_category", category)] if category else []
        content_type, body = multipart([*parts, Part("media", data, "picture")])
        return self.post(V1, body, content_type)

    @staticmethod
    def info_of(answer):
        return answer.json()["processing_info"]


class X2(Caller):
    def json(self, target, **members):
        return self.post(target, json.dumps(members).encode(), "application/json")

    def init(self, total, media_type="video/mp4", category="tweet_video", **more):
        return self.json(f"{V2}/initialize", media_type=media_type, total_bytes=total, media_category=category, **more)

    def open(self, total, **more):
        answer = self.init(total, **more)
        assert answer.status == 200, answer
        return answer.json()["data"]["id"]

    def append(self, media_id, index, data):
        content_type, body = multipart([Part("segment_index", index), Part("media", data, "blob")])
        return self.post(f"{V2}/{media_id}/append", body, content_type)

    def append_json(self, media_id, index, data):
        return self.json(f"{V2}/{media_id}/append", segment_index=index, media=base64.b64encode(data).decode())

    def finalize(self, media_id):
        return self.post(f"{V2}/{media_id}/finalize")

    def status(self, media_id):
        return self.get(f"{V2}?media_id={quote(str(media_id))}")

    def one_shot(self, data, category="tweet_image"):
        content_type, body = multipart([Part("media_category", category), Part("media", data, "picture")])
        return self.post(V2, body, content_type)

    @staticmethod
    def info_of(answer):
        return answer.json()["data"]["processing_info"]


def pieces(data, size):
    """[(index, bytes)] of at most `size` each."""
    return [(index, data[at : at + size]) for index, at in enumerate(range(0, len(data), size))]


def upload(caller, data, size, **init):
    """INIT, every APPEND in order, FINALIZE; the id."""
    media_id = caller.open(len(data), **init)
    for index, piece in pieces(data, size):
        answer = caller.append(media_id, index, piece)
        assert answer.status in (200, 204), answer
    answer = caller.finalize(media_id)
    assert answer.status in (200, 201), answer
    return media_id
