"""tus beside the servers that speak nothing else: large uploads by one PATCH and by many, small ones, HEAD, and joining parts."""

import http.client
import os
import subprocess
import time

from harness.load import load
from harness.servers import Sluice, TusNode, Tusd

KIB, MIB = 1 << 10, 1 << 20
SMALL = 100 * KIB
PARTS = 8


class SluiceByTus(Sluice):
    protocol, path = "tus", "/files/"


KINDS = (
    SluiceByTus(), SluiceByTus("Sluice, relaxed", durability="relaxed"), Tusd("tusd"), TusNode("@tus/server"),
)


def works(scale):
    """what -> (mode, options) of the load generator. Eight at a time send the same in all as one."""
    total = scale.total
    for parallel in (1, 8):
        for what, chunk in (("one PATCH", total // parallel), ("PATCHes of 4 MiB", 4 * MIB)):
            options = ["--size", total // parallel, "--uploads", parallel, "--connections", parallel, "--chunk", chunk]
            yield f"{what}, {parallel} at a time", "upload", options
    yield "small", "upload", ["--size", SMALL, "--chunk", SMALL, "--uploads", scale.smalls // 4, "--connections", 64]
    yield "HEAD", "status", ["--connections", 50, "--duration", scale.seconds, "--size", 8 * KIB, "--of", "open", "--uploads", 50]


def tus(place, book, scale, measured, turns):
    for what, mode, options in works(scale):
        for kind in turns(place, book, scale, KINDS):
            run = lambda server: load(place, mode, server, *options, "--stencil", place.stencil)  # noqa: B023
            measured(book, "tus", kind, lambda: started(place, kind, run), fs="ext4", what=what)  # noqa: B023
    for kind in turns(place, book, scale, [one for one in KINDS if not isinstance(one, TusNode)]):  # it answers 501
        run = lambda server: joined(server, scale.total // PARTS)
        measured(book, "tus", kind, lambda: started(place, kind, run), fs="ext4", what="join")  # noqa: B023
    for _ in range(scale.rounds):
        book.add("tus", "cp, and sync", copied(place, scale.total), fs="ext4", what="join")


def started(place, kind, work):
    with kind.start(place, "ext4") as server:
        return work(server)


def ask(connection, method, path, headers, body=b""):
    connection.request(method, path, body, {"Tus-Resumable": "1.0.0", "Content-Length": str(len(body)), **headers})
    answer = connection.getresponse()
    answer.read()
    if answer.status not in (201, 204):
        raise RuntimeError(f"{method} {path}: {answer.status}")
    return answer.getheader("Location")


def joined(server, size):
    """The time from the call that joins to its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    piece = os.urandom(MIB) * (size // MIB)
    parts = []
    for _ in range(PARTS):
        parts.append(ask(connection, "POST", server.kind.path, {"Upload-Length": str(size), "Upload-Concat": "partial"}))
        ask(connection, "PATCH", parts[-1], {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, piece)
    began = time.monotonic()
    ask(connection, "POST", server.kind.path, {"Upload-Concat": "final;" + " ".join(parts)})
    return {"seconds": time.monotonic() - began, "bytes": size * PARTS}


def copied(place, size):
    source, target = (os.path.join(place.folders["ext4"], name) for name in ("tus-copy-from", "tus-copy-to"))
    try:
        with open(source, "wb") as file:
            for _ in range(size // MIB):
                file.write(os.urandom(MIB))
        began = time.monotonic()
        subprocess.run(["cp", "--reflink=never", source, target], check=True)
        subprocess.run(["sync", target], check=True)
        return {"seconds": time.monotonic() - began, "bytes": size}
    finally:
        for path in (source, target):
            if os.path.exists(path):
                os.remove(path)
