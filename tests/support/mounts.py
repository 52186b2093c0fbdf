"""Unmounting what a killed server has used: the kernel closes an io_uring's files a moment after its process is gone."""

import subprocess
import time


def unmount(folder, patience=20):
    """Tries while the file system is busy, for `patience` seconds; then says why."""
    until = time.monotonic() + patience
    while True:
        tried = subprocess.run(["umount", folder], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if tried.returncode == 0:
            return
        if "busy" not in tried.stderr or time.monotonic() > until:
            raise RuntimeError(tried.stderr.strip())
        time.sleep(0.05)
