"""`sluice fsck`: real damage is found, named, and mended where that is safe."""

import json
import os
import subprocess
import time
import unittest

from support.client import X1, upload
from support.media import noise, picture
from support.server import Server, binary
from support.tracing import blob_path

SEGMENT = 100_000


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


class Fsck(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.server.start()
        caller = X1(self.server)
        self.data = noise(3 * SEGMENT)
        self.media_id = caller.open(len(self.data))
        for index in range(2):
            self.assertEqual(caller.append(self.media_id, index, self.data[index * SEGMENT :][:SEGMENT]).status, 204)

    def fsck(self, *flags, under=()):
        done = subprocess.run(
            [*under, binary(), "fsck", "--data", self.server.data, "--json", *flags], capture_output=True, text=True, timeout=60
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [line for line in lines if line["type"] == "problem"], lines[-1] if lines else done.stderr

    def damage(self, at, length=1):
        with open(blob_path(self.server.data, self.media_id), "r+b") as file:
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 1]) * length)

    def assert_found(self, kind, *flags, **members):
        code, problems, summary = self.fsck(*flags)
        self.assertEqual(code, 1, summary)
        self.assertEqual([problem["kind"] for problem in problems], [kind], problems)
        for name, value in members.items():
            self.assertEqual(problems[0].get(name), value, problems)

    def test_a_sound_directory(self):
        self.server.stop()
        code, problems, summary = self.fsck()
        self.assertEqual((code, problems), (0, []))
        self.assertEqual((summary["uploads"], summary["segments"], summary["bytes"]), (1, 2, 2 * SEGMENT))

    def test_a_directory_in_use_is_refused_and_says_by_whom(self):
        code, _, text = self.fsck()
        self.assertEqual(code, 3)
        self.assertIn(f"pid {self.server.pid}", text)

    def test_a_directory_that_is_none_is_not_made(self):
        missing = os.path.join(self.server.root, "nothing")
        done = subprocess.run([binary(), "fsck", "--data", missing], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3, done)
        self.assertFalse(os.path.exists(missing))

    def test_a_flipped_byte_is_found_and_its_segment_can_be_sent_again(self):
        self.server.stop()
        self.damage(SEGMENT + 5)
        self.assert_found("segment_differs", media_id=self.media_id, repaired=False)
        code, problems, _ = self.fsck("--repair")
        self.assertEqual((code, [p["repaired"] for p in problems]), (0, [True]))
        self.assertEqual(self.fsck()[0], 0)
        self.server.start()
        caller = X1(self.server)
        self.assertEqual(caller.upload_object(self.media_id).json()["received_bytes"], SEGMENT)
        for index in (1, 2):
            self.assertEqual(caller.append(self.media_id, index, self.data[index * SEGMENT :][:SEGMENT]).status, 204)
        self.assertEqual(caller.finalize(self.media_id).status, 201)
        self.assertEqual(caller.original(f"7_{self.media_id}").body, self.data)

    def test_a_file_that_was_cut_and_one_that_is_gone(self):
        self.server.stop()
        path = blob_path(self.server.data, self.media_id)
        os.truncate(path, SEGMENT + 10)
        self.assert_found("segment_too_short", media_id=self.media_id)
        os.unlink(path)
        code, problems, _ = self.fsck("--repair")
        self.assertEqual([problem["kind"] for problem in problems], ["segment_missing"] * 2)
        self.assertEqual(code, 0)
        self.server.start()
        self.assertEqual(X1(self.server).append(self.media_id, 0, self.data[:SEGMENT]).status, 204)

    def test_of_a_sealed_upload_damage_is_told_and_nothing_is_pretended(self):
        caller = X1(self.server)
        self.assertEqual(caller.append(self.media_id, 2, self.data[2 * SEGMENT :]).status, 204)
        self.assertEqual(caller.finalize(self.media_id).status, 201)
        self.server.stop()
        self.damage(7)
        self.assert_found("segment_differs", "--repair", media_id=self.media_id, repaired=False)

    def ready_picture(self):
        """Its id, and the files of what was made of it."""
        caller = X1(self.server)
        image = picture(64, 64)
        before = self.files()
        answer = caller.one_shot(image, "tweet_image")
        self.assertEqual(answer.status, 200, answer)
        media_id = answer.json()["media_id_string"]
        ends = time.monotonic() + 30
        while caller.upload_object(media_id).json()["state"] != "ready" and time.monotonic() < ends:
            time.sleep(0.1)
        outputs = [path for path in self.files() - before if content_of(path) != image]
        self.assertTrue(outputs)
        return media_id, sorted(outputs)

    def files(self):
        """Of the uploads that do not lie in packs."""
        found = set()
        for folder, _, names in os.walk(os.path.join(os.path.realpath(self.server.data), "blobs")):
            if os.path.basename(folder) != "packs":
                found |= {os.path.join(folder, name) for name in names}
        return found

    def test_what_cannot_be_read_is_told_and_the_rest_is_looked_at(self):
        unread, outputs = self.ready_picture()
        gone, others = self.ready_picture()
        self.server.stop()
        os.unlink(others[0])
        failing = [outputs[0], blob_path(self.server.data, self.media_id)]
        strace = ["strace", "-f", "-o", os.path.join(self.server.root, "strace"), "-e", "trace=pread64"]
        strace += ["-e", "inject=pread64:error=EIO"] + [word for path in failing for word in ("-P", path)]
        code, problems, summary = self.fsck("--repair", under=strace)
        found = {(problem["kind"], problem.get("media_id"), problem["repaired"]) for problem in problems}
        self.assertEqual(found, {
            ("segment_unreadable", self.media_id, False),
            ("output_unreadable", unread, False),
            ("output_missing", gone, False),
        })
        self.assertEqual((code, summary["type"]), (1, "summary"), summary)
        self.assertIn("Input/output error", problems[0]["detail"])
        os.unlink(failing[1])
        os.mkdir(failing[1])
        self.assertIn("segment_unreadable", {problem["kind"] for problem in self.fsck()[1]})

    def test_an_output_that_is_gone(self):
        media_id, outputs = self.ready_picture()
        self.server.stop()
        for path in outputs:
            with open(path, "r+b") as file:
                file.write(b"?")
        code, problems, _ = self.fsck()
        self.assertEqual(code, 1)
        self.assertEqual({problem["kind"] for problem in problems}, {"output_differs"})
        for path in outputs:
            os.unlink(path)
        code, problems, _ = self.fsck()
        self.assertEqual(code, 1)
        self.assertEqual({problem["kind"] for problem in problems}, {"output_missing"})
        self.assertEqual({problem["media_id"] for problem in problems}, {media_id})

    def test_a_stray_file_is_removed_once_it_is_old(self):
        self.server.stop()
        stray = blob_path(self.server.data, 0x7777777777777777)
        with open(stray, "wb") as file:
            file.write(b"nobody's")
        self.assert_found("orphan_file", "--repair", repaired=False)
        self.assertTrue(os.path.exists(stray), "young ones may be somebody's yet")
        os.utime(stray, (1, 1))
        self.assertEqual(self.fsck("--repair")[0], 0)
        self.assertFalse(os.path.exists(stray))
        self.assertEqual(self.fsck()[1], [])


if __name__ == "__main__":
    unittest.main()
