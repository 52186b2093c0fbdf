"""A headless Chromium that plays what the server made, or uploads with Uppy or tus-js-client, on a page of another site."""

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
    """The URL of a page with a <video> and hls.js, Uppy and tus-js-client beside it, on a port, and so an origin, of its own."""
    with tempfile.TemporaryDirectory(prefix="sluice-site-") as folder:
        for source in (("hls.js", "dist", "hls.min.js"), ("uppy", "dist", "uppy.min.mjs"), ("tus-js-client", "dist", "tus.min.js")):
            shutil.copy(os.path.join(npm_folder(), "node_modules", *source), folder)
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


def upload_with_uppy(endpoint, file, golden):
    """What a page with Uppy saw that was loaded anew in the middle of an upload: see uppy_driver.cjs."""
    with other_site() as page:
        wanted = {"chromium": chromium(), "page": page, "endpoint": endpoint, "file": file, "golden": golden}
        return _run("uppy_driver.cjs", wanted)


def upload_with_tus_js(server_url, file, modes, token=None):
    """What a page with tus-js-client saw, by each protocol that it speaks: see tus_js_page_driver.cjs."""
    files, resumable = f"{server_url}/files/", f"{server_url}/resumable/"
    protocols = [("tus-v1", files), ("ietf-draft-03", resumable), ("ietf-draft-05", resumable)]
    with other_site() as page:
        wanted = {"chromium": chromium(), "page": page, "server": server_url, "file": file, "modes": modes, "token": token}
        return _run("tus_js_page_driver.cjs", {**wanted, "protocols": protocols}, 2 * PATIENCE)


def _run(driver, wanted, patience=PATIENCE):
    done = subprocess.run(
        ["node", os.path.join(npm_folder(), driver), json.dumps(wanted)],
        capture_output=True, text=True, timeout=patience, check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"the browser ended ({done.returncode}):\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)


def play(url, how, seconds=2):
    """What a player saw: see hls_player.cjs."""
    with other_site() as page:
        wanted = {"chromium": chromium(), "page": page, "url": url, "how": how, "seconds": seconds, "patience": 60}
        return _run("hls_player.cjs", wanted)
