"""Reads a trace of strace: was everything synced, file and directory, before each 2xx left?

A power cut on ext4 or xfs does not show a missing sync of a directory, because these commit a new entry together with the
file; the trace shows it. What is judged lies below `root`, with these exceptions:

- SQLite's main file and shared memory: the log has what they have. Of the log it is asked that it was synced between the
  request and its answer, since what is written behind (the timeline) may be written at any time.
- `scratch` of the pipeline, and what it learned of the machine's speed: nothing of it is promised.
"""

import os
import re

TRACED = ("openat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,write,writev,pwrite64,pwritev,pwritev2,"
          "ftruncate,fallocate,copy_file_range,fsync,fdatasync,sync_file_range,sendto,sendmsg,recvfrom,recvmsg,read,readv")
WRITES = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "fallocate"}
RENAMES = {"rename", "renameat", "renameat2", "link", "linkat"}
LINE = re.compile(r"^(\d+) +(.*)$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
RESULT = re.compile(r"\) += (-?\d+)(?:<([^>]*)>)?")
FIRST = re.compile(r"^\w+\((?:AT_FDCWD<[^>]*>|(\d+)<([^>]*)>)")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
AT_FOLDER = re.compile(r'(?:AT_FDCWD|\d+)<([^>]*)>, "((?:[^"\\]|\\.)*)"')


def whole_calls(lines):
    """Calls in the order of their ends; an answer counts from its beginning, since then it may be on its way."""
    begun = {}
    for line in lines:
        found = LINE.match(line)
        if not found:
            continue
        thread, text = found.groups()
        if text.endswith("<unfinished ...>"):
            begun[thread] = text.removesuffix("<unfinished ...>").rstrip()
            if text.startswith("send"):
                yield text, True
            continue
        if resumed := RESUMED.match(text):
            text = begun.pop(thread, resumed[1] + "(") + resumed[2]
            if text.startswith("send"):
                continue
        yield text, False


class Order:
    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.files = {}  # path -> the call that made it dirty
        self.folders = {}  # folder -> {path: the call that changed its entry}
        self.known = set()
        self.log_written = self.log_synced = False
        self.acknowledgements = 0
        self.offences = []

    def is_judged(self, path):
        inside = path.startswith(self.root + "/")
        return inside and "/scratch" not in path and not path.endswith(("-shm", "-wal", ".db", "/lock", "/ballast", "/ballast.last", "/speeds", "/speeds.new"))

    def read(self, lines):
        for text, _ in whole_calls(lines):
            self.take(text)
        return self

    def take(self, text):
        name = text.split("(", 1)[0]
        if name in ("sendto", "sendmsg", "write", "writev") and '"HTTP/1.1 2' in text:
            self.acknowledge()
            return
        result = RESULT.search(text)
        if not result or int(result[1]) < 0:
            return
        if name in ("recvfrom", "recvmsg", "read", "readv") and re.search(r'"(POST|GET) /', text):
            self.log_written = self.log_synced = False
        elif name == "openat":
            self.opened(text, result[2] or "")
        elif name in WRITES or name == "copy_file_range":
            self.written(name, text)
        elif name in ("fsync", "fdatasync"):
            self.synced(text)
        elif name in RENAMES or name in ("mkdir", "mkdirat"):
            for folder, leaf in AT_FOLDER.findall(text) or [("/", path) for path in QUOTED.findall(text)]:
                self.entry(os.path.normpath(os.path.join(folder, leaf)), text)
        elif name.startswith("unlink"):
            for folder, leaf in AT_FOLDER.findall(text) or [("/", path) for path in QUOTED.findall(text)]:
                self.removed(os.path.normpath(os.path.join(folder, leaf)))

    def removed(self, path):
        """Nobody is promised that it is gone; and what is gone needs no sync."""
        self.files.pop(path, None)
        self.folders.get(os.path.dirname(path), {}).pop(path, None)
        self.known.discard(path)

    def opened(self, text, path):
        if "O_CREAT" in text and path not in self.known:
            self.known.add(path)
            self.entry(path, text)

    def entry(self, path, text):
        if self.is_judged(path):
            self.folders.setdefault(os.path.dirname(path), {})[path] = text

    def written(self, name, text):
        paths = re.findall(r"\d+<([^>]*)>", text)
        path = paths[-1] if name == "copy_file_range" and paths else (FIRST.match(text) or ["", "", ""])[2] or ""
        if path.endswith("-wal") and path.startswith(self.root):
            self.log_written = True
        elif self.is_judged(path):
            self.files[path] = text

    def synced(self, text):
        path = (FIRST.match(text) or ["", "", ""])[2] or ""
        self.files.pop(path, None)
        self.folders.pop(path, None)
        if path.endswith("-wal"):
            self.log_synced = self.log_written

    def acknowledge(self):
        self.acknowledgements += 1
        offences = [f"a file was not synced: {path} ({text[:120]})" for path, text in self.files.items()]
        offences += [f"a folder was not synced: {folder} ({text[:120]})"
                     for folder, entries in self.folders.items() for text in entries.values()]
        if self.log_written and not self.log_synced:
            offences.append("the metadata's log was written and not synced")
        self.offences += [f"answer {self.acknowledgements}: {offence}" for offence in offences]
        self.files.clear()
        self.folders.clear()
