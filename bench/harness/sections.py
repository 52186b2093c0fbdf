"""What is measured. Each section runs all servers in turns, another one first in each round, so that what else the machine does
hits all of them alike."""

import os
import subprocess
import time

from harness import beyond
from harness import check_after as honest_time
from harness import images as still_images
from harness import pipeline as video_pipeline
from harness import store_filler
from harness import tus as by_tus
from harness.load import command, load, parse
from harness.servers import Missing, Nginx, Sluice, TusNode, Tusd, Yardstick

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SMALL = 100 * KIB

DIRECT = Yardstick("yardstick, direct + fdatasync", "direct", sync=True)
CACHED = Yardstick("yardstick, page cache", "cached")
PACKED = Yardstick("yardstick, packed + shared sync", "packed", sync=True)
PEERS = (Nginx("nginx"), Tusd("tusd"), TusNode("@tus/server"))


class Scale:
    """How much is done: all of it bounded, quick with BENCH_ROUNDS=1 BENCH_TOTAL=256M."""

    def __init__(self, rounds, total):
        self.rounds, self.total = rounds, total
        self.is_quick = total < GIB
        self.smalls = 2000 if self.is_quick else 8000
        self.seconds = 1.5 if self.is_quick else 3
        # Twice, and once a tenth: a stalled upload takes three of the server's descriptors, and 20,000 are usual.
        self.held = 1000 if self.is_quick else 3000
        self.million = 1_000_000


def present(place, book, kinds):
    found = []
    for kind in kinds:
        try:
            kind.check(place)
            found.append(kind)
        except Missing as missing:
            book.note(str(missing))
    return found


def turns(place, book, scale, kinds):
    kinds = present(place, book, kinds)
    for number in range(scale.rounds):
        for i in range(len(kinds)):
            yield kinds[(i + number) % len(kinds)]


def measured(book, section, kind, work, **more):
    """One run; a server that cannot do it is noted and does not end the bench."""
    started = time.monotonic()
    try:
        result = work()
    except (RuntimeError, subprocess.TimeoutExpired, OSError) as error:
        book.note(f"{section}, {kind.name}: failed: {str(error)[:400]}")
        return None
    row = book.add(section, kind.name, result, **more)
    print(f"bench: {section:<9} {kind.name:<34} {time.monotonic() - started:5.1f} s", flush=True)
    return row


def with_server(place, file_system, kind, work):
    with kind.start(place, file_system) as server:
        return work(server)


def bulk_options(place, size, uploads, connections):
    return ["--size", size, "--uploads", uploads, "--connections", connections, "--chunk", 4 * MIB, "--stencil", place.stencil]


def ingest(place, book, scale):
    on_disk = (
        Sluice(), Sluice("Sluice, relaxed", durability="relaxed"), DIRECT, Yardstick("yardstick, direct", "direct"), CACHED,
        Yardstick("yardstick, page cache + fdatasync", "cached", sync=True), *PEERS,
    )
    in_memory = (Sluice(), CACHED, Yardstick("yardstick, recv only", "sink"), *PEERS)
    for file_system, kinds in (("ext4", on_disk), ("tmpfs", in_memory)):
        for kind in turns(place, book, scale, kinds):
            # 16 uploads over 8 connections; the slowest peer gets an eighth of the work.
            uploads = 2 if isinstance(kind, TusNode) else 16
            options = bulk_options(place, max(scale.total // 16, 16 * MIB), uploads, min(8, uploads))
            work = lambda server: load(place, "upload", server, *options)  # noqa: B023 (called at once)
            measured(book, "ingest", kind, lambda: with_server(place, file_system, kind, work), fs=file_system)  # noqa: B023


def small_options(place, uploads, connections=64):
    return ["--size", SMALL, "--chunk", SMALL, "--uploads", uploads, "--connections", connections, "--stencil", place.stencil]


def small(place, book, scale):
    kinds = (
        Sluice(), Sluice("Sluice, relaxed", durability="relaxed"), PACKED, Yardstick("yardstick, a file each + fdatasync", "cached", True),
        CACHED, *PEERS,
    )
    for kind in turns(place, book, scale, kinds):
        uploads = scale.smalls // 8 if isinstance(kind, TusNode) else scale.smalls
        work = lambda server: load(place, "upload", server, *small_options(place, uploads))  # noqa: B023
        measured(book, "small", kind, lambda: with_server(place, "ext4", kind, work), fs="ext4")  # noqa: B023


def status_work(place, scale, kind):
    def work(server):
        options = ["--connections", 50, "--duration", scale.seconds, "--stencil", place.stencil, "--size", 8 * KIB]
        if isinstance(kind, Nginx):
            return load(place, "status", server, *options, "--of", "fixed", path="/status.json")
        if isinstance(kind, Sluice):
            what = "ready" if "ready" in kind.name else "open"
            return load(place, "status", server, *options, "--of", what, "--uploads", 16)
        return load(place, "status", server, *options, "--of", "open", "--uploads", 50)

    return work


def status(place, book, scale):
    processing = ["--workers", "1"]
    kinds = (
        Sluice("Sluice, of ready media", role="all", more=processing), Sluice("Sluice, of open uploads"),
        CACHED, *PEERS,
    )
    for kind in turns(place, book, scale, kinds):
        work = status_work(place, scale, kind)
        measured(book, "status", kind, lambda: with_server(place, "ext4", kind, work), fs="ext4")  # noqa: B023


def probe_options(place, kind, seconds):
    options = ["--connections", 20, "--rate", 300, "--duration", seconds]
    if isinstance(kind, Nginx):
        return [*options, "--of", "fixed"]
    # Under way, as those that people ask for; so many that nobody asks for one of them too often.
    return [*options, "--of", "open" if kind.protocol == "tus" else "finished", "--uploads", 200, "--size", 8 * KIB,
            "--stencil", place.stencil]


def begin_probe(place, server, seconds):
    kind = server.kind
    path = "/status.json" if isinstance(kind, Nginx) else None
    process = subprocess.Popen(
        command(place, "status", server, [*probe_options(place, kind, seconds), "--wait-for-line"], path, is_probe=True),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    if process.stdout.readline().strip() != b"prepared":
        raise RuntimeError(f"{kind.name}, probe: {process.communicate()[1].decode()[-500:]}")
    return process


def end_probe(process, name):
    out, error = process.communicate(b"\n", timeout=120)
    if not out.strip():
        raise RuntimeError(f"{name}, probe: {error.decode()[-500:]}")
    return parse(out, name)


def saturate(place, server, seconds):
    options = bulk_options(place, 64 * MIB, 1_000_000, 40)
    return subprocess.Popen(
        command(place, "upload", server, [*options, "--duration", seconds]), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


def overload_work(place, seconds):
    def work(server):
        name = server.kind.name
        quiet = end_probe(begin_probe(place, server, 1), name)
        uploads_only = parse(saturate(place, server, seconds).communicate(timeout=120)[0], name)
        probe = begin_probe(place, server, seconds - 1)
        uploader = saturate(place, server, seconds)
        try:
            time.sleep(0.5)
            asked = end_probe(probe, name)
        finally:
            out = uploader.communicate(timeout=120)[0]
        uploads = parse(out, name)
        return {
            "quiet": quiet["latency"]["status"], "busy": asked["latency"]["status"], "errors": asked["errors"],
            "mib_per_s_alone": uploads_only["mib_per_s"], "mib_per_s_asked": uploads["mib_per_s"],
            "upload_errors": {**uploads_only["errors"], **uploads["errors"]}, "sheds": uploads["sheds"],
        }

    return work


def overload(place, book, scale):
    for kind in turns(place, book, scale, (Sluice(), Yardstick("yardstick, direct", "direct"), *PEERS)):
        work = overload_work(place, 2.5 if scale.is_quick else 4)
        measured(book, "overload", kind, lambda: with_server(place, "ext4", kind, work), fs="ext4")  # noqa: B023


def memory(place, book, scale):
    one_round = Scale(1, scale.total)
    for hold in ("none", "idle", "stalled"):
        for kind in turns(place, book, one_round, (Sluice(), Yardstick("yardstick, direct", "direct"), *PEERS)):
            if hold == "none" and isinstance(kind, Nginx):
                continue
            path = "/status.json" if isinstance(kind, Nginx) and hold == "idle" else None
            # What is idle or stands still has done so for a while: a second is the pause of a busy client.
            options = ["--hold", hold, "--uploads", scale.held, "--further", scale.held, "--size", 4 * MIB, "--stencil", place.stencil, "--settle", 5]
            work = lambda server: load(place, "hold", server, *options, path=path)  # noqa: B023
            measured(book, "memory", kind, lambda: with_server(place, "ext4", kind, work), fs="ext4", hold=hold)  # noqa: B023


def finalize(place, book, scale):
    """The same server, small and large in turns; only the time of FINALIZE counts."""
    large = 256 * MIB if scale.is_quick else GIB

    def work(server, size, uploads):
        return load(place, "upload", server, *bulk_options(place, size, uploads, 8), "--parallel", 8)

    for number in range(scale.rounds):
        with Sluice().start(place, "ext4") as server:
            for size, uploads in ((MIB, 20), (large, 3)) if number % 2 == 0 else ((large, 3), (MIB, 20)):
                measured(
                    book, "finalize", server.kind, lambda: work(server, size, uploads),  # noqa: B023
                    fs="ext4", size="large" if size == large else "small", size_bytes=size,
                )


def seconds_to_start(place, server):
    began = time.monotonic()
    server.kind.launch(place, server)
    return time.monotonic() - began


def starts_after_the_worst(place, book, server, store):
    """Killed, and then as if the machine had lost its power as well."""
    for what in ("killed", "power lost"):
        server.process.kill()
        server.process.wait()
        server.stop()
        if what == "power lost":
            store_filler.lose_power(server.data)
        book.add("million", server.kind.name, {"start_seconds": seconds_to_start(place, server)}, store=store, what=what)


def million(place, book, scale):
    kind = Sluice()
    for store in ("empty", "full"):
        server = kind.start(place, "ext4")
        try:
            # Small ones: a million times their size is promised room, and more than the disk has would be refused.
            store_filler.open_one(server.port, 2 * KIB)
            server.stop()
            if store == "full":
                book.note(f"million: {store_filler.fill(server.data, scale.million)}")
            start_seconds = seconds_to_start(place, server)
            for what, mode, options in (
                ("small", "upload", small_options(place, scale.smalls // 2)),
                ("status", "status", ["--connections", 50, "--duration", scale.seconds, "--uploads", 50]),
            ):
                measured(
                    book, "million", kind, lambda: load(place, mode, server, *options),  # noqa: B023
                    store=store, what=what, start_seconds=start_seconds,
                )
            starts_after_the_worst(place, book, server, store)
        except (RuntimeError, OSError) as error:
            book.note(f"million, {store}: failed: {str(error)[:400]}")
        finally:
            server.__exit__()


def check_after(place, book, scale):
    kind = Sluice("Sluice, with its workers", role="all")
    honest_time.check_after(place, book, scale, measured, kind)


def pipeline(place, book, scale):
    video_pipeline.pipeline(place, book, scale, measured)


def images(place, book, scale):
    still_images.images(place, book, scale, measured)


def tus(place, book, scale):
    by_tus.tus(place, book, scale, measured, turns)


def s3(place, book, scale):
    beyond.s3(place, book, scale, measured, turns)


def nodes(place, book, scale):
    beyond.nodes(place, book, scale, measured)


SECTIONS = {
    "ingest": ingest, "small": small, "status": status, "overload": overload, "memory": memory, "finalize": finalize,
    "million": million, "check_after": check_after, "pipeline": pipeline, "images": images, "tus": tus,
    "s3": s3, "nodes": nodes,
}


def make_stencil(folder):
    """A whole MP4 of two kilobytes: every upload begins with it, so that a server that looks at media takes it for what it is."""
    path = os.path.join(folder, "stencil.mp4")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=c=teal:s=64x64:r=10:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p",
         "-movflags", "+faststart", path],
        check=True, stdin=subprocess.DEVNULL,
    )
    return path
