"""Clients of X's media API, unmodified, with X's hosts built in, against `serve --dev-tls --dev-proxy` in the environment of
`sluice env`. Each flow is judged by what the *user of the client* gets: a value, or the text of an error.

The table of ../../docs/protocols/clients.md is compared with what passes here.
"""

import concurrent.futures
import os
import re
import shutil
import tempfile
import unittest

from support import media
from support.clients import run_flows
from support.dev import client_environment, dev_server
from support.keys import create_key

LIFETIME = 4  # seconds, of uploads on the server where ids expire
CREDENTIALS = {"consumer_key": "app", "consumer_secret": "s1", "access_token": "12-user", "access_secret": "s2", "bearer": "user"}
DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "protocols", "clients.md")


# What a flow must come to. Each takes the driver's answer and says what is wrong with it, or nothing.
def done(answer):
    return "" if "error" not in answer else f"failed: {answer['error']}"


def ready(answer):
    """An id, and no processing that failed or goes on."""
    if "error" in answer:
        return f"failed: {answer['error']}"
    info = answer["value"].get("processing_info") or {}
    is_ready = re.fullmatch(r"\d{18,19}", answer["value"]["id"]) and info.get("state", "succeeded") == "succeeded"
    return "" if is_ready else f"not ready: {answer['value']}"


def says(*texts):
    """The error that the user sees has all these texts."""

    def check(answer):
        if "error" not in answer:
            return f"no error, but {answer['value']}"
        return "".join(f"{text!r} is not in {answer['error']!r}\n" for text in texts if text not in answer["error"])

    return check


def shows_failure(*texts):
    """The client raises nothing; the object that the user gets has the cause."""

    def check(answer):
        if "error" in answer:
            return f"failed: {answer['error']}"
        info = answer["value"]["processing_info"]
        message = info.get("error", {}).get("message", "")
        good = info["state"] == "failed" and all(text in message for text in texts)
        return "" if good else f"not told: {info}"

    return check


BROKEN = "file is invalid"
GOOD = {"chunked_image": ready, "chunked_video": ready, "gif": ready}
REFUSED = {
    "wrong_category": says("tweet-video", "Did you mean tweet_video?", "category_unknown"),
    "too_large": says("5242880", "file_too_large"),
    "forgotten_finalize": says("FINALIZE is missing", "FINALIZE never did", "finalize_missing"),
}
EXPIRED = {"expired_id": says("expired", "media_expired")}
SIGNED = {"with_keys": done, "bad_signature": says("signature", "oauth_signature", "https%3A%2F%2Fupload.")}
V1 = {"alt_text": done, "post": done, "use_of_failed": says(BROKEN, "media_failed")}
SUBTITLES = {"subtitles": done, "delete_subtitles": done}
TOKENS = {"with_keys": done, "bad_token": says("token", "token_unknown")}
EXPECTED = {
    "tweepy": {
        **GOOD, **REFUSED, **V1, **EXPIRED, **SIGNED, "one_shot_image": ready, "post_v2": done,
        "failed_processing": shows_failure(BROKEN),
    },
    "twitter_api_v2_v1": {
        **GOOD, **REFUSED, **SUBTITLES, **EXPIRED, **SIGNED, "alt_text": done, "post": done, "post_v2": done,
        # The category is made of the type here, so the mistake is a wrong type.
        "wrong_category": says("image/png", "video/mp4", "tweet_video would fit", "type_mismatch"),
        "failed_processing": says("InvalidMedia", BROKEN),
    },
    "twitter_api_v2": {
        **GOOD, **REFUSED, **EXPIRED, **TOKENS, "alt_text": done, "post_v2": done, "failed_processing": says(BROKEN),
    },
    "xdk": {
        **GOOD, **REFUSED, **SUBTITLES, **EXPIRED, **TOKENS, "one_shot_image": ready, "alt_text": done, "post_v2": done,
        "use_of_failed": says(BROKEN, "media_failed"), "failed_processing": shows_failure(BROKEN),
    },
    "twit": {
        **GOOD, **REFUSED, **V1, **EXPIRED, **SIGNED, "one_shot_image": ready, "failed_processing": shows_failure(BROKEN),
    },
    "curl": {
        **GOOD, **REFUSED, **V1, **SUBTITLES, **EXPIRED, **TOKENS, "one_shot_image": ready, "post_v2": done, "media_data": ready,
        "failed_processing": shows_failure(BROKEN),
    },
}

CLEAN_UP = []
RESULTS = {}  # client -> future of its answers


def make_files(folder):
    whole = media.run_ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1", "-c:v", "libx264", "-preset", "ultrafast",
        "-pix_fmt", "yuv420p", suffix=".mp4",
    )
    animation = media.run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=120x90:rate=10:duration=1", suffix=".gif")
    content = {
        "picture.png": media.picture(),
        "clip.mp4": media.clip(1),
        "broken.mp4": whole[: len(whole) // 2],  # its index stood at the end
        "animation.gif": animation,
        "text.srt": b"1\n00:00:00,000 --> 00:00:00,900\nHello\n",
        "large.png": media.picture() + media.noise(6 << 20),
    }
    paths = {name: media.scratch_file(folder, name, data) for name, data in content.items()}
    names = ("image", "video", "broken", "gif", "srt", "large")
    return {**dict(zip(names, paths.values())), "lifetime": LIFETIME}


# Flows that need a server of their own, and what credentials; all others run on "lasting" with any.
PASSES = {"expired_id": ("short", "any"), "with_keys": ("keys", "good"), "bad_signature": ("keys", "bad"), "bad_token": ("keys", "bad")}


def run_client(client, environments, credentials, folder):
    """Each client has files of its own, since some write beside them."""
    os.makedirs(os.path.join(folder, client))
    files = make_files(os.path.join(folder, client))
    told = {}
    plain = [flow for flow in EXPECTED[client] if flow not in PASSES]
    for flows, (server, whose) in [(plain, ("lasting", "any")), *(([flow], PASSES[flow]) for flow in EXPECTED[client] if flow in PASSES)]:
        told |= run_flows(client, flows, environments[server], files, credentials[whose])
    return told


def credentials_of(data):
    key = create_key(data)
    good = {**key, "access_secret": key["access_token_secret"], "bearer": key["bearer_token"]}
    return {"any": CREDENTIALS, "good": good, "bad": {**good, "consumer_secret": "not mine", "bearer": "slc_nobody"}}


def setUpModule():
    folder = tempfile.mkdtemp(prefix="sluice-clients.")
    CLEAN_UP.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    arguments = {
        "lasting": ["--workers", "2"], "short": ["--limit", f"upload.lifetime={LIFETIME}s"], "keys": ["--auth", "keys"],
    }
    servers, environments = {}, {}
    for name, words in arguments.items():
        servers[name] = dev_server(*words)
        CLEAN_UP.append(servers[name].close)
        environments[name] = client_environment(servers[name].start())
    credentials = credentials_of(servers["keys"].data)
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=len(EXPECTED))
    CLEAN_UP.append(pool.shutdown)
    for client in EXPECTED:
        RESULTS[client] = pool.submit(run_client, client, environments, credentials, folder)


def tearDownModule():
    for step in reversed(CLEAN_UP):
        step()


class Clients(unittest.TestCase):
    def check(self, client):
        answers = RESULTS[client].result(timeout=150)
        for flow, check in EXPECTED[client].items():
            with self.subTest(client=client, flow=flow):
                self.assertFalse(answers[flow].get("missing"), "the driver has no such flow")
                self.assertEqual(check(answers[flow]), "")

    def test_tweepy(self):
        self.check("tweepy")

    def test_twitter_api_v2_on_v1(self):
        self.check("twitter_api_v2_v1")

    def test_twitter_api_v2_on_v2(self):
        self.check("twitter_api_v2")

    def test_xdk(self):
        self.check("xdk")

    def test_twit(self):
        self.check("twit")

    def test_curl(self):
        self.check("curl")

    def test_every_client_has_a_test(self):
        checked = {name for name in dir(self) if name.startswith("test_")}
        self.assertEqual(len(checked) - 2, len(EXPECTED))

    def test_the_document_says_what_passes(self):
        with open(DOCUMENT, encoding="utf-8") as file:
            rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in file if line.startswith("| ")]
        clients = [name.strip("`") for name in rows[0][1:]]
        self.assertEqual(set(clients), set(EXPECTED))
        told = {client: set() for client in clients}
        for flow, *marks in (row for row in rows[1:] if row[0].startswith("`")):
            for client, mark in zip(clients, marks):
                self.assertIn(mark, ("yes", "shown", "–"), (flow, client))
                if mark != "–":
                    told[client].add(flow.split()[0].strip("`"))
        self.assertEqual(told, {client: set(flows) for client, flows in EXPECTED.items()})


if __name__ == "__main__":
    unittest.main()
