"""`sluice keys` of the binary under test, on a server's data directory."""

import json
import os
import subprocess

from support import engine
from support.server import binary


def run_keys(*words, environment=None):
    if environment is None and "--data" in words:
        environment = {**os.environ, **engine.environment_of(words[words.index("--data") + 1])}
    return subprocess.run(
        [binary(), "keys", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=environment
    )


def keys(data, *words):
    """The JSON that the command prints; it must succeed."""
    done = run_keys(*words, "--data", data, "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def create_key(data, name="test", **flags):
    """create_key(data, scope="media.write", user="7")"""
    words = [word for flag, value in flags.items() for word in (f"--{flag}", str(value))]
    return keys(data, "create", "--name", name, *words)
