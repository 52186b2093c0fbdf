"""Steers libfault_calls.so in a running server: which call fails, lies, kills or pauses it, and where the wall clock stands."""

import errno
import mmap
import os
import struct

from rigs.case import rig

SYNC, WRITE, OPEN, RENAME, RESERVE, TRUNCATE, UNLINK, READ = range(1, 9)
NAMES = {SYNC: "sync", WRITE: "write", OPEN: "open", RENAME: "rename", RESERVE: "reserve", TRUNCATE: "truncate",
         UNLINK: "unlink", READ: "read"}
ERROR, PRETEND, SHORT, KILL, PAUSE = range(5)
# The words of `Page` in fault_calls.cpp.
CALL, AFTER, HITS_MAX, MANNER, ERROR_NUMBER, FIRED, CLOCK_OFFSET, SEEN = range(8)


class Calls:
    def __init__(self, folder):
        self.path = os.path.join(folder, "calls")
        with open(self.path, "wb") as file:
            file.write(bytes(4096))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)

    def _get(self, word):
        return struct.unpack_from("<q", self.page, 8 * word)[0]

    def _set(self, word, value):
        struct.pack_into("<q", self.page, 8 * word, value)

    def environment(self, uring=True):
        preload = {"LD_PRELOAD": rig("libfault_calls.so"), "SLUICE_RIG_CALLS": self.path}
        return preload | ({} if uring else {"SLUICE_RIG_NO_URING": "1"})

    def arm(self, call, count, manner=ERROR, error_number=errno.EIO, hits=1):
        """The `count`th of these calls from now on (1: the next one), and as many as `hits` in all."""
        self._set(CALL, 0)
        self._set(FIRED, 0)
        self._set(AFTER, self.seen(call) + count)
        self._set(HITS_MAX, hits)
        self._set(MANNER, manner)
        self._set(ERROR_NUMBER, error_number)
        self._set(CALL, call)

    def disarm(self):
        self._set(CALL, 0)

    @property
    def fired(self):
        return self._get(FIRED)

    def seen(self, call):
        return self._get(SEEN + call)

    def set_clock(self, seconds):
        """The server's wall clock is the machine's, plus this."""
        self._set(CLOCK_OFFSET, int(seconds * 1_000_000_000))
