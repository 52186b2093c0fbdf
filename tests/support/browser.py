"""A headless Chromium that plays what the server made, on a page of another site."""

import contextlib
import functools
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading

from support.clients import npm_folder

PATIENCE = 120


def chromium():
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("no chromium here: scripts/install-deps installs it")
    return path


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def other_site():
    """The URL of a page with a <video> and hls.js, on a port, and so an origin, of its own."""
    with tempfile.TemporaryDirectory(prefix="sluice-site-") as folder:
        shutil.copy(os.path.join(npm_folder(), "node_modules", "hls.js", "dist", "hls.min.js"), folder)
        with open(os.path.join(folder, "player.html"), "w", encoding="ascii") as page:
            page.write("<!doctype html><title>player</title><script src=hls.min.js></script><video></video>")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/player.html"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def play(url, how, seconds=2):
    """What a player saw: see hls_player.cjs."""
    with other_site() as page:
        wanted = {"chromium": chromium(), "page": page, "url": url, "how": how, "seconds": seconds, "patience": 60}
        done = subprocess.run(
            ["node", os.path.join(npm_folder(), "hls_player.cjs"), json.dumps(wanted)],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )
    if done.returncode != 0:
        raise AssertionError(f"the browser ended ({done.returncode}):\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)
