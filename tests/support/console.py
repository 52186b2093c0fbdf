"""The console in a real browser: scenarios of tests/clients/console_driver.cjs, and what they saw. One browser for a whole module."""

import atexit
import json
import os
import select
import subprocess
import tempfile
import time

from support.browser import chromium
from support.clients import npm_folder

PATIENCE = 150


class _Browser:
    def __init__(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["node", os.path.join(npm_folder(), "console_driver.cjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log
        )

    def order(self, order):
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self):
        ends = time.monotonic() + PATIENCE
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([self.process.stdout], [], [], max(ends - time.monotonic(), 0))
            read = os.read(self.process.stdout.fileno(), 1 << 20) if readable else b""
            if not read:
                self.close()
                self.log.seek(0)
                raise AssertionError(f"the browser {'ended' if readable else 'did not end'}:\n{self.log.read()[-3000:].decode()}")
            line += read
        return json.loads(line)

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    @property
    def is_there(self):
        return self.process.poll() is None


_browser = None


def _there():
    global _browser
    if _browser is None or not _browser.is_there:
        _browser = _Browser()
        atexit.register(_browser.close)
    return _browser


def begin(base, scenario, **more):
    """For what happens meanwhile: `finish()` has the answer."""
    _there().order({"chromium": chromium(), "base": base, "scenario": scenario, **more})


def finish():
    seen = _there().answer()
    if "broke" in seen:
        raise AssertionError(f"the scenario broke off:\n{seen['broke'][-3000:]}")
    return seen


def browse(base, scenario, **more):
    begin(base, scenario, **more)
    return finish()
