"""@tus/server of npm, with its file store, in a folder of its own."""

import contextlib
import os
import subprocess
import tempfile

from support.clients import npm_folder


@contextlib.contextmanager
def tus_server():
    """Its URL, and the folder where its files are."""
    with tempfile.TemporaryDirectory(prefix="sluice-tus-server.") as folder:
        command = ["node", os.path.join(npm_folder(), "tus_server.mjs"), folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                port = int(process.stdout.readline())
                yield f"http://127.0.0.1:{port}", folder
            finally:
                process.kill()
