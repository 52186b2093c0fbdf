"""A full disk: told with the figures, nothing acknowledged is lost, and all goes on when there is room (contract 7.1)."""

import contextlib
import json
import os
import subprocess
import tempfile
import unittest

from support.case import ServerCase
from support.client import X1, X2, call
from support.media import clip, noise, picture
from support.mounts import unmount
from support.server import Server

MIB = 1 << 20


class SmallDisk:
    """A file system of its own, on a loop device: what a power user has, and what a tmpfs cannot show."""

    def __init__(self, size, kind, *options):
        self.root = tempfile.mkdtemp(prefix="sluice-disk.")
        self.folder = os.path.join(self.root, "mounted")
        os.mkdir(self.folder)
        if kind == "tmpfs":
            run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", self.folder)
            return
        self.image = os.path.join(self.root, "image")
        with open(self.image, "wb") as file:
            file.truncate(size)
        run("mkfs.ext4", "-q", "-m", "0", *options, self.image)
        run("mount", "-o", "loop", self.image, self.folder)

    def mount_anew(self):
        unmount(self.folder)
        run("mount", "-o", "loop", self.image, self.folder)

    def fill(self, leave=0):
        """Takes what is free, but for `leave` bytes; the name of the filler."""
        filler = os.path.join(self.folder, "filler")
        status = os.statvfs(self.folder)
        count = status.f_bavail * status.f_frsize - leave
        # Without a buffer: what did not fit must not come again when the file is closed.
        with open(filler, "wb", buffering=0) as file:
            try:
                while count > 0:
                    count -= file.write(bytes(min(count, 65536)))
            except OSError:
                pass  # full, as wanted
        return filler

    def close(self):
        unmount(self.folder)
        subprocess.run(["rm", "-rf", self.root], check=True)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Reserve(ServerCase):
    arguments = ("--limit", "storage.reserve=900T")

    def test_a_file_in_one_call_asks_for_room_too(self):
        x1, x2 = X1(self.server), X2(self.server)
        for category in ("tweet_image", None):
            self.assert_v1_error(x1.one_shot(picture(), category), 507, "storage_full")
        self.assert_v2_error(x2.one_shot(picture()), 507, "storage_full")
        body = self.assert_v1_error(x1.one_shot(clip()), 507, "storage_full")
        self.assertIn(f"{len(clip())} bytes", body["sluice"]["detail"])
        self.assertEqual(x1.get("/api/v1/uploads").json()["data"], [])


@unittest.skipUnless(os.geteuid() == 0, "needs root, to mount small file systems")
class FullDisk(unittest.TestCase):
    def start(self, size, kind, *arguments):
        disk = SmallDisk(size, kind)
        self.addCleanup(disk.close)
        server = Server(*arguments, data=os.path.join(disk.folder, "data"))
        self.addCleanup(server.close)
        server.start()
        return disk, server, X1(server)

    def assert_full(self, answer, *facts):
        self.assertEqual((answer.status, answer.header("sluice-error")), (507, "storage_full"), answer)
        for fact in facts:
            self.assertIn(fact, answer.json()["errors"][0]["message"])

    def test_what_was_promised_counts_as_taken(self):
        _, _, caller = self.start(96 * MIB, "ext4", "--limit", "storage.reserve=8M")
        ids = []
        while True:
            answer = caller.init(20 * MIB)
            if answer.status != 202:
                break
            ids.append(answer.json()["media_id_string"])
        self.assertIn(len(ids), (2, 3, 4), "no byte has come, and still no more than fits is promised")
        self.assert_full(answer, f"{20 * MIB} bytes were announced", f"{len(ids) * 20 * MIB} are promised", "reserve")
        # What was promised is kept: all of them finish.
        data = noise(20 * MIB)
        for media_id in ids:
            self.assertEqual(caller.append(media_id, 0, data).status, 204)
        self.assert_full(caller.init(20 * MIB))
        self.assertEqual(caller.finalize(ids[0]).status, 201)

    def test_everything_but_new_bytes_goes_on_while_the_disk_is_full(self):
        for kind in ("ext4", "tmpfs"):
            with self.subTest(kind):
                disk, server, caller = self.start(96 * MIB, kind, "--workers", "1")
                data = noise(3 * MIB)
                whole, half = caller.open(3 * MIB), caller.open(3 * MIB)
                for index in range(3):
                    self.assertEqual(caller.append(whole, index, data[index * MIB :][:MIB]).status, 204)
                self.assertEqual(caller.append(half, 0, data[:MIB]).status, 204)
                filler = disk.fill()
                self.assert_full(caller.init(3 * MIB), "are free", "reserve")
                self.assertEqual(caller.status(whole).header("sluice-error"), "finalize_missing")
                # Its room was reserved, so what an open upload lacks may still come.
                self.assertEqual(caller.append(half, 1, data[MIB : 2 * MIB]).status, 204)
                self.assertEqual(caller.finalize(whole).status, 201)
                self.assertIn(caller.status(whole).status, (200,))
                self.assertEqual(caller.get("/readyz").status, 200)
                server.kill()
                server.start()
                caller = X1(server)
                self.assert_full(caller.init(3 * MIB))
                os.unlink(filler)
                self.assertEqual(caller.append(half, 2, data[2 * MIB :]).status, 204)
                self.assertEqual(caller.finalize(half).status, 201)
                self.assertEqual(caller.init(3 * MIB).status, 202)
                self.assertEqual(caller.original(f"7_{whole}").body, data)
                self.assertEqual(caller.original(f"7_{half}").body, data)

    def test_small_writes_leave_room_for_what_ends_and_deletes_uploads(self):
        disk, server, caller = self.start(200 * MIB, "ext4", "--role", "api")
        whole, other = caller.open(1000), caller.open(1000)
        self.assertEqual(caller.append(whole, 0, noise(1000)).status, 204)
        others = [caller.open(1000) for _ in range(2000)]
        disk.fill()
        answers = []
        for media_id in others:
            text = json.dumps({"media_id": media_id, "alt_text": {"text": "\u8a9e" * 999}}).encode()
            answers.append(caller.post("/1.1/media/metadata/create.json", text, "application/json"))
            if answers[-1].status != 200:
                break
        self.assert_full(answers[-1])
        self.assertEqual(caller.finalize(whole).status, 201)
        self.assertEqual(call(server, "DELETE", f"/api/v1/uploads/{other}").status, 204)

    def test_a_start_without_room_for_the_mapped_index_is_refused_and_no_crash(self):
        # With blocks smaller than a page there is room for the size of the index, and not for its pages.
        refusals = 0
        for leave in range(8_000, 40_000, 8_000):
            with self.subTest(leave=leave):
                disk = SmallDisk(32 * MIB, "ext4", "-b", "1024")
                self.addCleanup(disk.close)
                server = Server(data=os.path.join(disk.folder, "data"))
                self.addCleanup(server.close)
                server.start()
                media_id = X1(server).open(1000)
                X1(server).append(media_id, 0, noise(1000))
                server.stop()  # so that the next start finds no index
                for name in ("ballast", "ballast.last"):  # and nothing to give back
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(os.path.join(server.data, name))
                os.sync()
                filler = disk.fill(leave)
                try:
                    server.start()
                    server.kill()
                except RuntimeError as refused:
                    refusals += 1
                    self.assertIn("did not become ready (3)", str(refused))
                    self.assertIn("database or disk is full", server.log())
                os.unlink(filler)
                server.start()
                self.assertEqual(X1(server).finalize(media_id).status, 201)
        self.assertEqual(refusals, 4)


if __name__ == "__main__":
    unittest.main()
