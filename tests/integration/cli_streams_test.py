"""`sluice upload` by tus and by the resumable uploads of HTTP: to Sluice, over lines that break, and to a tus server that is not ours."""

import os
import re
import signal
import subprocess
import time
import unittest

from integration.cli_test import CliCase
from support.broken_line import BrokenLine
from support.client import X2, Caller
from support.keys import create_key
from support.media import clip, noise, picture
from support.server import Server
from support.tus_server import tus_server


class Streams(CliCase):
    protocol = "tus"

    def upload(self, *arguments, **more):
        return self.run_upload("--protocol", self.protocol, *arguments, **more)

    def assert_ready(self, done, data):
        self.assertEqual(done.returncode, 0, done.stderr)
        last = self.last_object(done.stdout)
        self.assertEqual((last["type"], last["state"], last["size_bytes"]), ("ready", "ready", len(data)), last)
        self.assertTrue(last["outputs"], last)
        self.assertTrue(X2(self.server).original(last["media_key"]).body == data)
        self.assertEqual(Caller(self.server).upload_object(last["media_id"]).json()["protocol"], self.protocol)
        return last

    def test_a_video(self):
        path = self.file("clip.mp4", clip())
        last = self.assert_ready(self.upload("--category", "tweet_video", "--json", path), clip())
        told = Caller(self.server).upload_object(last["media_id"]).json()
        self.assertEqual((told["file_name"], told["category"]), ("clip.mp4", "tweet_video"))

    def test_an_image_with_a_text_in_pieces(self):
        path = self.file("picture.png", picture())
        self.assert_ready(self.upload("--alt-text", "a test", "--chunk-size", "4K", "--json", path), picture())

    def test_a_line_that_breaks(self):
        data = noise(900_000)
        path = self.file("blob.mp4", data)
        with BrokenLine(self.server, (100_000, 250_000, 90_000)) as line:
            done = self.upload("--no-wait", "--timeline", path, server=line.url)
            self.assertEqual((done.returncode, line.broken), (0, 3), done.stderr)
        self.assertIn("HEAD", done.stdout)
        newest = Caller(self.server).get("/api/v1/uploads?limit=1").json()["data"][0]
        self.assertTrue(X2(self.server).original(newest["media_key"]).body == data)

    def test_interrupted_it_goes_on(self):
        data = clip(4, "640x360")
        path = self.file("clip.mp4", data)
        arguments = ("--protocol", self.protocol, "--chunk-size", "20K", "--json", path)
        with subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, text=True, env=self.environment) as first:
            line = first.stdout.readline()
            while '"progress"' not in line:
                line = first.stdout.readline()
                self.assertTrue(line, "it ended before it was interrupted")
            first.send_signal(signal.SIGINT)
            first.stdout.read()
            self.assertEqual(first.wait(30), 130)
        done = self.run_upload(*arguments)
        self.assert_ready(done, data)
        self.assertIn('"resumed":true', done.stdout.replace(" ", ""))

    def test_what_expired_meanwhile_begins_anew(self):
        server = Server("--limit", "upload.lifetime=2s")
        self.addCleanup(server.close)
        server.start()
        path = self.file("blob.mp4", noise(500_000))
        with BrokenLine(server, [100_000] * 20) as line:
            url = line.url
            self.assertNotEqual(self.upload("--timeout", "1s", path, server=url).returncode, 0)
            line.cuts.clear()
            time.sleep(3)
            done = self.upload("--no-wait", "--timeline", path, server=url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"HEAD +410(.|\n)*CREATE +201")

    def test_mistakes(self):
        path = self.file("clip.mp4", clip())
        done = self.upload("--category", "tweet-video", "--json", path)
        last = self.last_object(done.stdout)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((last["type"], last["code"]), ("failed", "category_unknown"), last)
        broken = self.file("broken.mp4", noise(5_000))
        done = self.upload("--json", broken)
        self.assertEqual((done.returncode, self.last_object(done.stdout)["code"]), (7, "media_failed"), done.stdout)

    def test_with_a_key(self):
        server = Server("--auth", "keys")
        self.addCleanup(server.close)
        server.start()
        token = create_key(server.data)["bearer_token"]
        path = self.file("clip.mp4", clip())
        self.assertNotEqual(self.upload(path, server=server.url).returncode, 0)
        self.environment["SLUICE_TOKEN"] = token
        done = self.upload("--json", path, server=server.url)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)


class ByRufh(Streams):
    protocol = "rufh"

    def test_a_server_that_takes_little_at_once(self):
        server = Server("--limit", "append.max_bytes=100000")
        self.addCleanup(server.close)
        server.start()
        data = noise(350_000)
        done = self.upload("--no-wait", "--timeline", self.file("blob.mp4", data), server=server.url)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(re.findall(r"PATCH (\d+) +(\d+)", done.stdout), [("0", "204"), ("100000", "204"), ("200000", "204"), ("300000", "200")])
        newest = Caller(server).get("/api/v1/uploads?limit=1").json()["data"][0]
        self.assertTrue(X2(server).original(newest["media_key"]).body == data)


class ElsewhereByTus(CliCase):
    def test_a_server_that_is_not_ours(self):
        data = noise(3_000_000)
        path = self.file("blob.mp4", data)
        with tus_server() as (url, folder):
            done = self.run_upload("--protocol", "tus", "--chunk-size", "1M", "--json", path, server=url)
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            last = self.last_object(done.stdout)
            self.assertEqual((last["type"], last["state"], last["size_bytes"]), ("ready", "ready", len(data)), last)
            self.assertEqual([output["url"] for output in last["outputs"]], [f"{url}/files/{last['media_id']}"])
            with open(os.path.join(folder, last["media_id"]), "rb") as file:
                self.assertTrue(file.read() == data)


if __name__ == "__main__":
    unittest.main()
