"""The sandbox around decoders, as the operator sees it: tried at the start, told, refused where it does not hold."""

import os
import shutil
import subprocess
import tempfile
import unittest

from support.client import X1, upload
from support.media import clip, picture
from support.server import Server, binary


class Elsewhere(Server):
    """The server with programs of another folder, as another user."""

    def __init__(self, folder, *arguments, user=None):
        super().__init__(*arguments)
        self.folder, self.user = folder, user
        if user is not None:
            os.chown(self.root, user, user)

    def command(self):
        as_user = [] if self.user is None else ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        return [*as_user, os.path.join(self.folder, "sluice"), *super().command()[1:]]


class SandboxCase(unittest.TestCase):
    def programs(self, worker=None):
        """A folder with `sluice` and its worker, or a script in the worker's place."""
        folder = tempfile.mkdtemp(prefix="sluice-programs.")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        shutil.copy(binary(), folder)
        beside = os.path.join(folder, "sluice-worker")
        if worker is None:
            shutil.copy(binary() + "-worker", beside)
        else:
            with open(beside, "w", encoding="ascii") as script:
                script.write("#!/bin/sh\n" + worker)
            os.chmod(beside, 0o755)
        return folder

    def started(self, server):
        self.addCleanup(server.close)
        return server.start()

    def refusal(self, worker, *arguments):
        """What a start that fails says: exit code and log."""
        server = Elsewhere(self.programs(worker), *arguments)
        self.addCleanup(server.close)
        told = subprocess.run(server.command(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, text=True, check=False)
        self.assertEqual(told.stdout, "")
        return told.returncode, told.stderr


class AtTheStart(SandboxCase):
    def assert_processes_media(self, server):
        x1 = X1(server, "ann")
        for data, media_type, category in (
            (clip(), "video/mp4", "tweet_video"),
            (picture(), "image/png", "tweet_image"),
        ):
            media_id = upload(x1, data, len(data), media_type=media_type, category=category)
            x1.wait(media_id)
            self.assertTrue(x1.outputs(media_id), media_type)

    def test_the_walls_are_tried_and_told(self):
        server = self.started(Server("--workers", "1"))
        self.assertIn('"event":"sandbox"', server.log())
        self.assertIn('"hold":"files, network, processes', server.log())
        x1 = X1(server, "ann")
        self.assertEqual(x1.get("/version").json()["sandbox"], "on")
        self.assertEqual(x1.get("/readyz").body, b"ready\n")
        for wall in ("files", "network", "processes"):
            self.assertIn(f'sluice_sandbox_wall{{wall="{wall}"}} 1', x1.get("/metrics").body.decode())
        self.assertFalse(os.path.exists(os.path.join(server.data, "scratch", "canary")))
        self.assert_processes_media(server)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_an_ordinary_user_has_them_too(self):
        server = self.started(Elsewhere(self.programs(), user=65534))
        self.assertIn('"hold":"files, network, processes', server.log())
        self.assert_processes_media(server)

    def test_without_them_only_who_says_so(self):
        server = self.started(Server("--sandbox=off"))
        self.assertIn('"event":"sandbox_off"', server.log())
        x1 = X1(server, "ann")
        self.assertEqual(x1.get("/version").json()["sandbox"], "off")
        self.assertEqual(x1.get("/readyz").body, b"ready, sandbox off\n")
        self.assertIn('sluice_sandbox_wall{wall="files"} 0', x1.get("/metrics").body.decode())
        self.assert_processes_media(server)

    def test_a_server_that_decodes_nothing_has_none(self):
        server = self.started(Server("--role", "api"))
        self.assertEqual(X1(server, "ann").get("/version").json()["sandbox"], "none")


class Refused(SandboxCase):
    def test_a_wall_that_does_not_hold_ends_the_start(self):
        for walls, missing in (("0111", "files"), ("1011", "network"), ("0000", "files, network")):
            code, told = self.refusal(f"echo 'walls {walls} landlock 0'\n")
            self.assertEqual(code, 3, told)
            self.assertIn(f"walls of the sandbox that do not hold: {missing}", told)
            self.assertIn("--sandbox=off", told)

    def test_a_self_test_that_tells_nothing_ends_the_start(self):
        for worker in ("exit 0\n", "echo walls 9999 landlock 1\n", "kill -9 $$\n"):
            code, told = self.refusal(worker)
            self.assertEqual(code, 3, told)
            self.assertIn("self-test", told)

    def test_only_on_and_off_are_settings(self):
        code, told = self.refusal("exit 0\n", "--sandbox=maybe")
        self.assertNotEqual(code, 0)
        self.assertIn("on or off", told)


if __name__ == "__main__":
    unittest.main()
