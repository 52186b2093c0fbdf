"""What the tests of this folder have in common: a seed, a history outside the doomed disk, and the verdict."""

import ctypes
import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

from rigs.checker import Checker
from rigs.history import History, Recorder
from support.server import Server, binary

MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
CLONE_NEWNS = 0x20000


def rig(name):
    """A program or library of this folder, built beside the server."""
    path = os.path.join(os.path.dirname(binary()), "rigs", name)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path} is not there: build the target `rigs`")
    return path


def run(*command, check=True):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def hide_mounts():
    """What this process mounts from now on nobody else sees, and it goes away with it."""
    if os.geteuid() != 0:
        raise PermissionError("the rigs mount file systems: run these tests as root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare: a mount namespace of one's own is needed")
    run("mount", "--make-rprivate", "/")


class RigServer(Server):
    """A server whose data is wherever the rig says, with an environment."""

    def __init__(self, *arguments, data=None, environment=None, prefix=()):
        super().__init__("--workers", "1", *arguments, data=data)
        self.environment = dict(environment or {})
        self.prefix = list(prefix)

    def command(self):
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        return [*self.prefix, "env", *settings, *super().command()] if settings or self.prefix else super().command()


class RigCase(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 30))
        print(f"seed {self.seed}", flush=True)
        self.chance = random.Random(self.seed)
        self.folder = tempfile.mkdtemp(prefix="sluice-rig.")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.recorder = Recorder(os.path.join(self.folder, "history"), self.seed)
        self.addCleanup(self.recorder.close)

    def server(self, *arguments, **more):
        server = RigServer(*arguments, **more)
        self.addCleanup(server.close)
        return server

    def verify(self, server, sample=None):
        """The verdict of a checker that knows the file alone."""
        self.assertEqual(
            {n: u.acknowledged() for n, u in History.read(self.recorder.path).uploads.items()},
            {n: u.acknowledged() for n, u in self.recorder.history.uploads.items()},
        )
        report = Checker(self.recorder.history, server, self.recorder, sample).everything()
        self.note(histories=1, uploads=report.uploads, segments=report.segments, bytes=report.bytes, jobs=report.jobs,
                  given_up=report.given_up, losses=0 if self.IS_RED else len(report.losses), seen=len(report.losses))
        return report

    # In a red run losses are what is wanted.
    IS_RED = False

    def note(self, **figures):
        """For the report of `make soak`: rig, and what to add to its row."""
        if path := os.environ.get("SLUICE_RIG_REPORT"):
            rig_name = type(self).__module__.removeprefix("rigs.") + "." + type(self).__name__
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"rig": rig_name, "is_red": self.IS_RED, **figures}) + "\n")

    def assert_nothing_lost(self, report):
        self.assertEqual(report.losses, [], f"seed {self.seed}, history:\n{self.kept_history() if report.losses else ''}")

    def kept_history(self):
        """Where the lines are kept for whoever looks into a loss."""
        path = os.path.join(tempfile.gettempdir(), f"sluice-history-{self.seed}")
        shutil.copy(self.recorder.path, path)
        return path
