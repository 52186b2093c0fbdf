"""What a release that counts is given to do: bench/train.py BUILD COUNTS. scripts/profile builds it and keeps what was counted.

All that a busy server does in its ways through the code: uploads small and large by X and by tus, on both file systems, durable and relaxed;
questions of all kinds; media played back; clients that come and go in mid-body. The counts weigh what costs most by the call, so the questions,
which are cheap, are not more than the uploads.
"""

import os
import sys

from harness.load import load
from harness.sections import make_stencil
from harness.servers import Place, Sluice
from harness.tus import SluiceByTus

KIB, MIB = 1 << 10, 1 << 20
SECONDS = 1.5


def uploads(size, chunk, count, connections, *more):
    return "upload", ["--size", size, "--chunk", chunk, "--uploads", count, "--connections", connections, *more]


def questions(of, count):
    return "status", ["--connections", 50, "--duration", SECONDS, "--size", 8 * KIB, "--of", of, "--uploads", count]


BYTES = (
    uploads(100 * KIB, 100 * KIB, 6000, 64), uploads(64 * MIB, 4 * MIB, 8, 8), uploads(1 * MIB, 64 * KIB, 64, 8), uploads(32 * MIB, 32 * MIB, 4, 4),
)
PLAYED = uploads(1 * MIB, 256 * KIB, 64, 8, "--first", 100000, "--verify")
STALLED = ("hold", ["--hold", "stalled", "--uploads", 200, "--size", 4 * MIB, "--settle", 0])
WORKS = (
    ("ext4", Sluice(), (*BYTES, PLAYED, questions("open", 16), STALLED)),
    ("tmpfs", Sluice(), (*BYTES, PLAYED)),
    ("ext4", Sluice("relaxed", durability="relaxed"), BYTES),
    ("ext4", SluiceByTus(), (*BYTES, questions("open", 50))),
    ("tmpfs", SluiceByTus(), BYTES),
    ("ext4", Sluice("with workers", role="all", more=["--workers", "1"]), (questions("ready", 16),)),
)


def main(build, counts):
    place = Place(os.path.abspath(build), os.path.abspath(os.path.join(build, "bench")), "/dev/shm")
    place.stencil = make_stencil(os.path.join(build, "bench"))
    for file_system, kind, works in WORKS:
        os.environ["LLVM_PROFILE_FILE"] = counts
        with kind.start(place, file_system) as server:
            os.environ["LLVM_PROFILE_FILE"] = "/dev/null"  # the load generator is not what is counted
            for mode, options in works:
                print(f"train: {kind.name}, {kind.protocol}, {file_system}: {mode} {' '.join(map(str, options))}", flush=True)
                load(place, mode, server, *options, "--stencil", place.stencil)


if __name__ == "__main__":
    main(*sys.argv[1:])
