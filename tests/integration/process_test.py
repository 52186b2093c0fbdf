"""`sluice process`: the pipeline on a local file."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

from support.media import clip, picture
from support.server import binary


class Process(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-process-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = os.path.join(self.folder, "made")

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def run_process(self, *words):
        return subprocess.run([binary(), "process", *words], capture_output=True, text=True, timeout=120, check=False)

    def test_a_clip_becomes_what_the_server_would_make(self):
        done = self.run_process(self.file("clip.mp4", clip(3, "640x360", 30)), "--category", "tweet_video", "--out", self.out, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[-1]["type"], "ready")
        made = {one["name"]: one for one in lines[-1]["outputs"]}
        self.assertLessEqual({"640x360.mp4", "master.m3u8", "poster.jpg", "storyboard.vtt"}, set(made))
        self.assertEqual(sorted(os.listdir(self.out)), sorted(made), "nothing else is left there")
        for one in made.values():
            self.assertEqual(os.path.getsize(one["path"]), one["size_bytes"])
        percents = [line["percent"] for line in lines if line["type"] == "progress"]
        self.assertEqual(percents, sorted(percents))

    def test_an_image_in_words(self):
        done = self.run_process(self.file("a picture.png", picture(320, 200)), "--category=tweet_image", "--out", self.out, "-q")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^large\.jpg +picture +\d+  image/jpeg$")

    def test_avif_is_made_when_it_is_asked_for(self):
        path = self.file("picture.png", picture(1600, 1000))
        done = self.run_process(path, "--category=tweet_image", "--avif", "--out", self.out, "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(self.out, "large.avif"), "rb") as file:
            self.assertEqual(file.read(12)[4:], b"ftypavif")
        self.assertEqual(sorted(name for name in os.listdir(self.out) if name.endswith(".avif")), ["large.avif", "medium.avif"])

    def test_a_refusal_says_why(self):
        done = self.run_process(self.file("clip.mp4", b"not a clip at all"), "--category", "tweet_video", "--out", self.out)
        self.assertEqual(done.returncode, 6)
        self.assertIn("no known media format", done.stderr)

    def test_what_cannot_be_begun(self):
        path = self.file("clip.mp4", b"x")
        for words, code, told in (
            ((path, "--category", "tweet_vidoe", "--out", self.out), 2, "tweet_vidoe"),
            ((path, "--category", "tweet_video"), 2, "--out"),
            ((path + ".gone", "--category", "tweet_video", "--out", self.out), 3, "no file"),
            ((path, "--category", "tweet_video", "--out", self.folder), 3, "not empty"),
            ((path, "--category", "tweet_video", "--out", self.out, "--cores", "0"), 2, "--cores"),
        ):
            with self.subTest(told):
                done = self.run_process(*words)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(told, done.stderr)

    def test_interrupted_it_leaves_no_process(self):
        path = self.file("clip.mp4", clip(20, "1920x1080", 30))
        process = subprocess.Popen(
            [binary(), "process", path, "--category", "tweet_video", "--out", self.out, "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        with process:
            for line in process.stdout:
                if json.loads(line).get("step") == "encode":
                    break
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(10), 130)
        ends = time.monotonic() + 5
        while self.readers_of(self.out) and time.monotonic() < ends:
            time.sleep(0.1)
        self.assertEqual(self.readers_of(self.out), [])

    @staticmethod
    def readers_of(folder):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if folder.encode() in file.read() and int(pid) != os.getpid():
                        found.append(pid)
            except OSError:
                pass  # gone meanwhile
        return found


if __name__ == "__main__":
    unittest.main()
