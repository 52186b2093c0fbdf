"""The real `sluice serve`, started on a free port in a directory of its own, and stopped again."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from support import engine

READY = "sluice ready "


def binary():
    """The program under test: $SLUICE_BIN, or the debug build."""
    here = os.path.dirname(os.path.abspath(__file__))
    default = os.path.join(here, "..", "..", "build", "dev", "sluice")
    path = os.path.abspath(os.environ.get("SLUICE_BIN") or default)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not there: build it, or set SLUICE_BIN")
    return path


class Server:
    """One data directory and, while it runs, one process. Owns both; `close()` ends and removes them."""

    def __init__(self, *arguments, data=None):
        self.root = tempfile.mkdtemp(prefix="sluice-test.")
        self.data = data or os.path.join(self.root, "data")
        self.arguments = list(arguments)
        self.log_path = os.path.join(self.root, "log")
        self.process = None
        self.url = None
        self.environment = engine.environment_of(self.data)

    def command(self):
        return [binary(), "serve", "--listen", "127.0.0.1:0", "--data", self.data, *self.arguments]

    def start(self, timeout=60, stderr=None):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log if stderr is None else stderr, start_new_session=True,
                env={**os.environ, **self.environment},
            )
        self.url = self._ready_line(timeout)
        self.host, port = self.url.removeprefix("http://").split(":")
        self.port = int(port)
        return self

    def _ready_line(self, timeout):
        ends = time.monotonic() + timeout
        line = b""
        while not line.endswith(b"\n"):
            left = ends - time.monotonic()
            readable, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            byte = os.read(self.process.stdout.fileno(), 1) if readable else b""
            if not byte:
                ended = self.process.wait(5) if readable else "still there"
                self.kill()
                raise RuntimeError(f"the server did not become ready ({ended}); its log:\n{self.log()[-4000:]}")
            line += byte
        text = line.decode().strip()
        if not text.startswith(READY):
            raise RuntimeError(f"not a ready line: {text!r}")
        return text.removeprefix(READY)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def memory(self, field="VmHWM"):
        """Bytes of VmHWM (peak) or VmRSS (now)."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        raise KeyError(field)

    def children(self, name="sluice-worker"):
        """Pids of the direct children with this program name (kernel names are cut at 15 bytes)."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
                    text = stat.read()
            except OSError:
                continue
            comm = text[text.index("(") + 1 : text.rindex(")")]
            parent = int(text[text.rindex(")") + 1 :].split()[1])
            if parent == self.pid and comm == name[:15]:
                found.append(int(entry))
        return found

    def stop(self, timeout=60):
        """SIGTERM; returns the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self._reap(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """SIGKILL: the power cut of a process."""
        if self.process is not None:
            self.process.kill()
            self._reap(60)

    def _reap(self, timeout):
        code = self.process.wait(timeout)
        self.process.stdout.close()
        self.process = None
        return code

    def close(self):
        try:
            self.kill()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)
