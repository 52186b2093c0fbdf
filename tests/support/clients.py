"""Unmodified clients of X's API, run in processes of their own with the environment of `sluice env`."""

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys

from support.server import binary

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients")
PATIENCE = 60


@functools.cache
def npm_folder():
    """The clients of npm, as the lock file says, in the build folder, with the drivers beside them."""
    folder = os.path.join(os.path.dirname(binary()), "test-clients")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(folder)
        for name in os.listdir(HERE):
            if name.endswith((".cjs", ".mjs")):
                _replace(os.path.join(HERE, name), os.path.join(folder, name))
    return folder


def _replace(source, target):
    """Whole at every moment: a client that runs meanwhile may be reading the target."""
    shutil.copy(source, target + ".new")
    os.replace(target + ".new", target)


def _install(folder):
    names = ("package.json", "package-lock.json", ".npmrc")
    digest = hashlib.sha256()
    for name in names:
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    mark = os.path.join(folder, "installed")
    if os.path.exists(mark):
        with open(mark, encoding="ascii") as file:
            if file.read() == digest.hexdigest():
                return
    for name in names:
        shutil.copy(os.path.join(HERE, name), os.path.join(folder, name))
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit"], cwd=folder, capture_output=True, text=True, timeout=180, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"npm ci failed:\n{done.stdout}\n{done.stderr}")
    with open(mark, "w", encoding="ascii") as file:
        file.write(digest.hexdigest())


def python_with(module):
    """A Python that has this Debian package: this one, or Debian's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", f"import {module}"], capture_output=True, timeout=30, check=False).returncode == 0:
            return python
    raise RuntimeError(f"no Python here has {module}: scripts/install-deps installs it")


def driver_command(client):
    if client == "tweepy":
        return [python_with("tweepy"), "-B", os.path.join(HERE, "tweepy_driver.py")]
    if client == "tuspy":
        return [python_with("tusclient"), "-B", os.path.join(HERE, "tuspy_driver.py")]
    if client == "curl":
        return [sys.executable, "-B", os.path.join(HERE, "curl_driver.py")]
    return ["node", os.path.join(npm_folder(), client + "_driver.cjs")]


def run_flows(client, flows, environment, files, credentials):
    """flow -> what the driver told about it: {"value": …} or {"error": what the client's user sees}."""
    plan = json.dumps({"flows": flows, "files": files, "credentials": credentials})
    done = subprocess.run(
        [*driver_command(client), plan], capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment
    )
    told = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            answer = json.loads(line)
            told[answer["flow"]] = answer
    if done.returncode != 0 or len(told) != len(flows):
        last = done.stderr[-3000:]
        for flow in flows:
            told.setdefault(flow, {"flow": flow, "error": f"the client's process ended ({done.returncode}):\n{last}", "name": "exit"})
    return told
