"""The console in a real browser: one scenario of tests/clients/console_driver.cjs, and what it saw."""

import json
import os
import subprocess

from support.browser import chromium
from support.clients import npm_folder

PATIENCE = 150


def begin(base, scenario, **more):
    wanted = {"chromium": chromium(), "base": base, "scenario": scenario, **more}
    command = ["node", os.path.join(npm_folder(), "console_driver.cjs"), json.dumps(wanted)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(running):
    try:
        out, err = running.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        running.kill()
        out, err = running.communicate()
        raise AssertionError(f"the browser did not end:\n{err[-3000:]}") from None
    if running.returncode != 0:
        raise AssertionError(f"the browser ended ({running.returncode}):\n{err[-3000:]}")
    return json.loads(out)


def browse(base, scenario, **more):
    return finish(begin(base, scenario, **more))
