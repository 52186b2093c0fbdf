"""make soak, told to stop, leaves no server behind."""

import glob
import os
import subprocess
import sys
import tempfile
import time
import unittest

from support.server import binary

SOAK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soak.py")


def servers_below(folder):
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended meanwhile
        if "serve" in words and any(word.startswith(folder) for word in words):
            found.append(path)
    return found


def wait_for(what, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.02)
    return what()


class StoppedSoak(unittest.TestCase):
    def test_sigterm_takes_the_servers_along(self):
        with tempfile.TemporaryDirectory() as folder:
            soak = subprocess.Popen(
                [sys.executable, "-B", SOAK], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                env={**os.environ, "TMPDIR": folder, "SLUICE_BIN": binary()},
            )
            self.addCleanup(soak.stdout.close)
            self.assertTrue(wait_for(lambda: servers_below(folder), 60), "no server was seen: the test proves nothing")
            soak.terminate()
            self.assertEqual(soak.wait(60), 128 + 15)
            self.assertEqual(servers_below(folder), [])


if __name__ == "__main__":
    unittest.main()
