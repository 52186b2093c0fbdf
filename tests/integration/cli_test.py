"""`sluice upload` from outside: its output, its exit codes, and going on after an interruption."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from support import metrics
from support.case import ServerCase
from support.client import X1, X2
from support.media import clip, noise, picture, scratch_file
from support.server import binary


class CliCase(ServerCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-cli.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.environment = {**os.environ, "XDG_STATE_HOME": os.path.join(self.folder, "state"), "HOME": self.folder}

    def command(self, *arguments, server=None):
        return [binary(), "upload", "--server", server or self.server.url, *arguments]

    def run_upload(self, *arguments, server=None, timeout=180):
        return subprocess.run(
            self.command(*arguments, server=server), capture_output=True, text=True, timeout=timeout,
            stdin=subprocess.DEVNULL, env=self.environment,
        )

    def file(self, name, data):
        return scratch_file(self.folder, name, data)

    def last_object(self, text):
        objects = [json.loads(line) for line in text.splitlines()]
        self.assertTrue(objects)
        return objects[-1]


class Success(CliCase):
    def assert_ready(self, done, data):
        self.assertEqual(done.returncode, 0, done.stderr)
        last = self.last_object(done.stdout)
        self.assertEqual((last["type"], last["state"], last["size_bytes"]), ("ready", "ready", len(data)), last)
        self.assertIsInstance(last["media_id"], str)
        self.assertTrue(last["outputs"], last)
        for output in last["outputs"]:
            answer = X2(self.server).fetch(output["url"])
            self.assertEqual((answer.status, len(answer.body)), (200, output["size_bytes"]))
        self.assertTrue(X2(self.server).original(last["media_key"]).body == data)

    def test_a_video_over_x2_and_x1(self):
        path = self.file("clip.mp4", clip())
        for protocol in ("x2", "x1"):
            with self.subTest(protocol):
                done = self.run_upload("--protocol", protocol, "--category", "tweet_video", "--json", path)
                self.assert_ready(done, clip())

    def test_segments_go_in_parallel_and_of_the_wanted_size(self):
        path = self.file("clip.mp4", clip())
        done = self.run_upload("--chunk-size", "32K", "--parallel", "6", "--json", path)
        self.assert_ready(done, clip())

    def test_an_image(self):
        path = self.file("picture.png", picture())
        self.assert_ready(self.run_upload("--category", "tweet_image", "--json", path), picture())

    def test_off_a_terminal_there_is_no_carriage_return_and_stdout_has_only_the_result(self):
        path = self.file("clip.mp4", clip())
        done = self.run_upload("--category", "tweet_video", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("\r", done.stderr + done.stdout)
        self.assertNotIn("\x1b", done.stderr + done.stdout)
        self.assertIn("/media/7_", done.stdout)

    def test_quiet_json_is_one_object(self):
        path = self.file("picture.png", picture())
        done = self.run_upload("--quiet", "--json", path)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
        self.assert_ready(done, picture())

    def test_the_summary_of_several_files_has_what_each_came_to(self):
        good, bad = self.file("picture.png", picture()), self.file("broken.mp4", noise(50_000))
        done = self.run_upload("--quiet", "--json", good, bad)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
        first, second = self.last_object(done.stdout)["files"]
        self.assertEqual((first["state"], first["size_bytes"], first["exit_code"]), ("ready", len(picture()), 0), first)
        names = [output["name"] for output in first["outputs"]]
        self.assertEqual(names, [output["name"] for output in X1(self.server).upload_object(first["media_id"]).json()["outputs"]])
        self.assertTrue(names)
        self.assertEqual((second["state"], second["size_bytes"], second["outputs"], second["exit_code"]), ("failed", 50_000, [], 7), second)
        self.assertEqual(X1(self.server).upload_object(second["media_id"]).json()["state"], "failed")

    def test_the_timeline_names_every_call(self):
        path = self.file("clip.mp4", clip())
        done = self.run_upload("--timeline", "--category", "tweet_video", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("INIT", "APPEND", "FINALIZE", "STATUS", "check_after_secs", "progress_percent"):
            self.assertIn(word, done.stdout + done.stderr)


class Failure(CliCase):
    def test_exit_7_when_processing_fails(self):
        done = self.run_upload("--category", "tweet_video", "--json", self.file("broken.mp4", noise(50_000)))
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertEqual(self.last_object(done.stdout)["type"], "failed")

    def test_exit_2_for_a_flag_that_is_not_there(self):
        done = self.run_upload("--chunk-sizes", "5M", self.file("clip.mp4", clip()))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("chunk-size", done.stderr)

    def test_exit_3_for_a_file_that_is_not_there(self):
        self.assertEqual(self.run_upload(os.path.join(self.folder, "nothing.mp4")).returncode, 3)

    def test_exit_6_when_the_media_is_refused(self):
        path = self.file("large.png", picture() + bytes(6 << 20))
        done = self.run_upload("--category", "tweet_image", "--type", "image/png", "--json", path)
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn("file_too_large", done.stdout + done.stderr)

    def test_exit_5_when_nobody_listens(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            began = time.monotonic()
            done = self.run_upload("--timeout", "2s", self.file("clip.mp4", clip()), server=url)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("the next try would come after --timeout", done.stderr)
        self.assertLess(time.monotonic() - began, 10)


class Interrupted(CliCase):
    def segments_received(self):
        samples = metrics.parse(X2(self.server).get("/metrics").body.decode())
        return metrics.total(samples, "sluice_upload_segments_total")

    def wait_for_segments(self, process, count, begun_with):
        ends = time.monotonic() + 60
        while self.segments_received() < begun_with + count:
            self.assertIsNone(process.poll(), "the upload ended before it could be interrupted")
            self.assertLess(time.monotonic(), ends)

    def test_the_same_command_goes_on_where_it_stopped(self):
        data = noise(24 << 20)
        path = self.file("long.mp4", data)
        segments = len(data) // (32 << 10)
        arguments = ("--chunk-size", "32Ki", "--parallel", "1", "--category", "tweet_video", path)
        before = self.segments_received()
        with subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
            env=self.environment,
        ) as process:
            self.wait_for_segments(process, 20, before)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("same command", errors)
        done = self.run_upload("--json", *arguments)
        self.assertEqual(done.returncode, 7, done.stderr)  # noise is no video; its bytes are what matters here
        last = self.last_object(done.stdout)
        original = X2(self.server).get(f"/media/7_{last['media_id']}/original")
        self.assertTrue(original.body == data)
        sent = self.segments_received() - before
        self.assertLess(sent, segments + 10, "the second run began anew")


if __name__ == "__main__":
    unittest.main()
