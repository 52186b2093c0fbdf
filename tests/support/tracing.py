"""Faults put into a running server's system calls, by strace; and where a blob's file is."""

import os
import subprocess
import tempfile
import time


def blob_path(data, blob_id):
    """The file of a blob; see store/disk/blob_directory."""
    blob_id = int(blob_id)
    folder = (blob_id * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 56
    return os.path.join(os.path.realpath(data), "blobs", f"{folder >> 4:x}", f"{folder & 15:x}", f"{blob_id:016x}")


class Injection:
    """While it lives, system calls of the process on one file fail: Injection(pid, "fdatasync:error=EIO:when=1", path)."""

    def __init__(self, pid, fault, path):
        handle, self.log = tempfile.mkstemp(prefix="sluice-strace.")
        os.close(handle)
        call = fault.split(":")[0]
        self.process = subprocess.Popen(
            ["strace", "-f", "-q", "-o", self.log, "-P", path, "-e", f"trace={call}", "-e", f"inject={fault}", "-p", str(pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._wait_until_attached(pid)

    def _wait_until_attached(self, pid, timeout=20):
        ends = time.monotonic() + timeout
        while time.monotonic() < ends and self.process.poll() is None:
            if self._is_attached(pid):
                return
            time.sleep(0.02)
        raise RuntimeError(f"strace did not attach: {self.process.stderr.read1(1000)!r}")

    def _is_attached(self, pid):
        """To every thread: any of them may make the call."""
        for thread in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as status:
                    if f"TracerPid:\t{self.process.pid}\n" not in status.read():
                        return False
            except FileNotFoundError:
                pass  # it has ended
        return True

    def fired(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read().count("(INJECTED)")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()
        os.unlink(self.log)
