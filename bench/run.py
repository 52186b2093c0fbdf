"""Sluice, the yardstick and the peers in one run on the same work. bench/run.sh builds what is needed and starts this.

BENCH_ROUNDS=3         rounds; another server is first in each
BENCH_TOTAL=1G         bulk ingest of a run; with less than 1G everything is shorter (256M and one round: about three minutes)
BENCH_ONLY=a,b         of: ingest small status overload memory finalize million check_after pipeline images tus s3 nodes
BENCH_DIR=DIR          where the data directories are made, on a real file system (default: beside the build)
BENCH_MEMORY_DIR=DIR   the same for tmpfs (default /dev/shm)
BENCH_WRITE=no         leave docs/performance.* as they are
BENCH_FROM=FILE        no run: tables and picture of the lines of an earlier one
"""

import json
import os
import resource
import signal
import sys
import time

from harness import plot, report
from harness.load import Book
from harness.sections import SECTIONS, Scale, make_stencil
from harness.servers import Place

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def size_of(text):
    units = {"K": 10, "M": 20, "G": 30}
    return int(float(text[:-1]) * (1 << units[text[-1]])) if text[-1] in units else int(text)


def place_of(build):
    results = os.path.join(build, "bench")
    disk = os.environ.get("BENCH_DIR", results)
    memory = os.environ.get("BENCH_MEMORY_DIR", "/dev/shm")
    place = Place(os.path.abspath(build), os.path.abspath(disk), memory)
    place.stencil = make_stencil(results)
    return place


def sections_wanted():
    only = os.environ.get("BENCH_ONLY", "")
    wanted = [name for name in only.split(",") if name] or list(SECTIONS)
    unknown = [name for name in wanted if name not in SECTIONS]
    if unknown:
        sys.exit(f"bench: no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return wanted


def take_all_descriptors():
    """Servers inherit it: thousands of connections are held open."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def measure(build, scale, wanted):
    place = place_of(build)
    book = Book(os.path.join(build, "bench", "results.ndjson"))
    take_all_descriptors()
    about, loads = report.circumstances(ROOT, scale, wanted), [os.getloadavg()[0]]
    for name in wanted:
        began = time.monotonic()
        print(f"bench: == {name}", flush=True)
        SECTIONS[name](place, book, scale)
        loads.append(os.getloadavg()[0])
        print(f"bench: == {name} took {time.monotonic() - began:.0f} s", flush=True)
    about["load"] = f"{min(loads):.1f} to {max(loads):.1f}"
    book.add("run", "", about)
    return book


def earlier(path):
    book = Book()
    with open(path, encoding="utf-8") as file:
        book.rows = [json.loads(line) for line in file]
    book.notes = [row["text"] for row in book.rows if row["section"] == "note"]
    return book


def end_in_order_when_asked():
    """SIGTERM leaves by way of the `with` of each server, so that none runs on."""

    def leave(number, _frame):
        signal.signal(number, signal.SIG_IGN)  # once is enough: what is to be stopped takes its time
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def main():
    end_in_order_when_asked()
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "release")
    scale = Scale(int(os.environ.get("BENCH_ROUNDS", "3")), size_of(os.environ.get("BENCH_TOTAL", "1G")))
    wanted = sections_wanted()
    source = os.environ.get("BENCH_FROM")
    book = earlier(source) if source else measure(build, scale, wanted)
    about = book.about()
    caption = (
        f"commit {about['commit'].split(' ')[0]}, {about['at']}; medians of {about['rounds']} round(s), "
        "whiskers from the lowest to the highest"
    )
    writes = os.environ.get("BENCH_WRITE", "yes") != "no"
    picture = os.path.join(ROOT, "docs", "performance") if writes else os.path.join(build, "bench", "performance")
    plot.write(book, caption, picture)
    text = report.markdown(book)
    with open(os.path.join(build, "bench", "results.md"), "w", encoding="utf-8") as file:
        file.write(text)
    if writes:
        report.put_into(picture + ".md", text)
    print("\n" + text)


if __name__ == "__main__":
    main()
