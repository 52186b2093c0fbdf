"""`sluice upload` as it works against X: a server that answers in X's words, v1.1 and v2, credentials from the files people have."""

import json
import os
import subprocess
import tempfile
import unittest

from support.case import ServerCase
from support.client import Caller
from support.keys import create_key
from support.media import clip, picture, scratch_file
from support.server import binary

TWURLRC = """---
profiles:
  somebody:
    {consumer_key}:
      username: somebody
      consumer_key: {consumer_key}
      consumer_secret: {consumer_secret}
      token: {access_token}
      secret: {access_token_secret}
configuration:
  default_profile:
  - somebody
  - {consumer_key}
"""


class FaithfulCase(ServerCase):
    arguments = ("--fidelity", "faithful")

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-client.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, data):
        return scratch_file(self.folder, name, data)

    def upload(self, *arguments, **variables):
        """(exit code, the last object, what a person sees)"""
        environment = {"HOME": self.folder, "PATH": os.environ["PATH"], **variables}
        done = subprocess.run(
            [binary(), "upload", "--server", self.server.url, "--json", "--quiet", *arguments],
            env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        )
        last = done.stdout.strip().split("\n")[-1]
        return done.returncode, json.loads(last) if last else None, done.stderr


class Open(FaithfulCase):
    def test_a_video_goes_up_over_both_versions(self):
        for protocol in ("x1", "x2"):
            code, told, err = self.upload("--protocol", protocol, "--chunk-size", "64K", self.file("clip.mp4", clip()))
            self.assertEqual((code, told["type"], told["state"]), (0, "ready", "ready"), (told, err))

    def test_credentials_from_a_file_decide_whose_upload_it_is(self):
        keys = dict(consumer_key="ck", consumer_secret="cs", access_token="1-user", access_token_secret="ts")
        path = self.file("twurlrc", TWURLRC.format(**keys).encode())
        code, told, err = self.upload("--protocol", "x1", "--credentials", path, self.file("p.png", picture()))
        self.assertEqual((code, told["type"]), (0, "ready"), (told, err))
        self.assertEqual(Caller(self.server).upload_object(told["media_id"]).status, 404)

    def test_a_file_without_credentials_is_refused_before_anything_is_sent(self):
        code, told, err = self.upload("--credentials", self.file("empty", b"---\n"), self.file("p.png", picture()))
        self.assertEqual((code, told), (3, None), err)
        self.assertIn("holds no user's credentials", err)

    def test_alt_text_and_subtitles_go_along(self):
        subtitles = self.file("clip.srt", b"1\n00:00:00,000 --> 00:00:01,500\nhello\n")
        for protocol in ("x1", "x2"):
            code, told, err = self.upload(
                "--protocol", protocol, "--alt-text", "a test card", "--subtitles", subtitles + ":de", self.file("clip.mp4", clip()))
            self.assertEqual((code, told["type"]), (0, "ready"), (told, err))
            found = Caller(self.server).get(f"/2/media/{self.key_of(told)}?media.fields=alt_text,media_key")
            self.assertEqual(found.json()["data"]["alt_text"], "a test card", found)

    def key_of(self, told):
        return Caller(self.server).upload_object(told["media_id"]).json()["media_key"]


class Keyed(FaithfulCase):
    """As towards X: every call signed or with a token, and checked."""

    arguments = ("--fidelity", "faithful", "--auth", "keys")

    def test_oauth_1_0a_from_a_file_of_twurl(self):
        key = create_key(self.server.data)
        path = self.file("twurlrc", TWURLRC.format(**key).encode())
        code, told, err = self.upload(
            "--protocol", "x1", "--chunk-size", "64K", "--credentials", path, self.file("clip.mp4", clip()))
        self.assertEqual((code, told["type"], told["state"]), (0, "ready", "ready"), (told, err))
        self.assertNotIn(key["access_token_secret"], json.dumps(told) + err)

    def test_what_keys_create_printed_does_for_both_versions(self):
        key = create_key(self.server.data)
        path = self.file("key.json", json.dumps(key).encode())
        for protocol in ("x1", "x2"):
            code, told, err = self.upload("--protocol", protocol, "--credentials", path, self.file("p.png", picture()))
            self.assertEqual((code, told["type"]), (0, "ready"), (told, err))

    def test_oauth_1_0a_from_the_environment(self):
        key = create_key(self.server.data)
        variables = {
            f"SLUICE_{name.upper()}": key[name]
            for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        }
        for protocol in ("x1", "x2"):
            code, told, err = self.upload("--protocol", protocol, self.file("p.png", picture()), **variables)
            self.assertEqual((code, told["type"]), (0, "ready"), (told, err))

    def test_a_wrong_secret_is_an_exit_of_its_own(self):
        key = create_key(self.server.data) | {"access_token_secret": "wrong", "bearer_token": ""}
        path = self.file("key.json", json.dumps(key).encode())
        code, told, err = self.upload("--protocol", "x1", "--credentials", path, self.file("p.png", picture()))
        self.assertEqual((code, told["code"]), (4, "oauth_signature"), (told, err))

    def test_without_credentials(self):
        code, told, err = self.upload("--protocol", "x1", self.file("p.png", picture()))
        self.assertEqual((code, told["code"]), (4, "auth_missing"), (told, err))


if __name__ == "__main__":
    unittest.main()
