"""The goals, each as a ratio of figures of one run, and whether it is met. What was not measured is said to be so."""

import statistics

DIRECT_SYNC, DIRECT, CACHED = "yardstick, direct + fdatasync", "yardstick, direct", "yardstick, page cache"


class Figures:
    def __init__(self, book):
        self.book = book

    def median(self, field, **wanted):
        values = self.book.values(field, **wanted)
        return statistics.median(values) if values else None

    def spread(self, field, **wanted):
        values = self.book.values(field, **wanted)
        return (min(values), max(values)) if values else None


class Row:
    """One goal: what is asked, what was found, and the verdict (True, False or None: not measured)."""

    def __init__(self, goal, measured, verdict):
        self.goal, self.measured, self.verdict = goal, measured, verdict

    def verdict_text(self):
        return {True: "yes", False: "**no**", None: "not measured"}[self.verdict]


def at_most(goal, value, limit, text):
    if value is None:
        return Row(goal, "–", None)
    return Row(goal, text, value <= limit)


def ratio(one, other):
    return one / other if one is not None and other else None


def ratio_row(goal, one, other, limit, unit):
    value = ratio(one, other)
    text = "" if value is None else f"{value:.2f} × ({one:.3g} against {other:.3g} {unit})"
    return at_most(goal, value, limit, text)


def ingest_rows(figures):
    def cpu(server, fs="ext4"):
        return figures.median("cpu_s_per_gib", section="ingest", server=server, fs=fs)

    what = "APPEND 4 MiB, 8 connections, ext4, CRC32C on: CPU ≤"
    for limit, server, name in (
        (1.35, DIRECT_SYNC, "the yardstick's direct way with fdatasync"), (0.5, "nginx", "nginx"), (0.45, "tusd", "tusd"),
        (0.12, "@tus/server", "@tus/server"),
    ):
        yield ratio_row(f"{what} {limit} × {name}", cpu("Sluice"), cpu(server), limit, "CPU s/GiB")
    yield ratio_row(
        "the same on tmpfs: CPU ≤ 1.10 × the yardstick's page cache way", cpu("Sluice", "tmpfs"), cpu(CACHED, "tmpfs"), 1.10, "CPU s/GiB"
    )


def overload_rows(figures):
    def latency(quantile):
        micros = figures.median(f"busy.{quantile}_us", section="overload", server="Sluice")
        return None if micros is None else micros / 1000

    def limited(goal, value, limit):
        return at_most(goal, value, limit, "" if value is None else f"{value:.2f} ms")

    yield limited("STATUS, 300/s open loop beside 40 uploads: p50 ≤ 0.5 ms", latency("p50"), 0.5)
    yield limited("… p99 ≤ 2 ms", latency("p99"), 2)
    alone = figures.median("mib_per_s_alone", section="overload", server="Sluice")
    asked = figures.median("mib_per_s_asked", section="overload", server="Sluice")
    given_up = None if alone is None or asked is None else 1 - asked / alone
    text = "" if given_up is None else f"{given_up * 100:.0f} % ({alone:.0f} MiB/s alone, {asked:.0f} beside the queries)"
    yield at_most("… giving up ≤ 5 % of ingest", given_up, 0.05, text)


def status_rows(figures):
    def cpu(server):
        return figures.median("cpu_us_per_request", section="status", server=server)

    for server, what in (("Sluice, of ready media", "ready media"), ("Sluice, of open uploads", "open uploads, 409 finalize_missing")):
        goal = f"STATUS ({what}), 50 connections: CPU ≤ 1.25 × nginx's fixed JSON"
        yield ratio_row(goal, cpu(server), cpu("nginx"), 1.25, "µs each")


def small_rows(figures):
    def rate(server):
        return figures.median("uploads_per_s", section="small", server=server)

    mine = rate("Sluice")
    goal = "small uploads (INIT + 100 KiB + FINALIZE), durable, one core, 64 connections: ≥ 5,000/s"
    yield Row(goal, "–" if mine is None else f"{mine:.0f}/s", None if mine is None else mine >= 5000)
    cpu = figures.median("cpu_us_per_upload", section="small", server="Sluice")
    yield at_most("… ≤ 150 µs CPU each", cpu, 150, "" if cpu is None else f"{cpu:.0f} µs")
    times = ratio(mine, rate("tusd"))
    text = "–" if times is None else f"{times:.2f} × ({mine:.0f}/s against {rate('tusd'):.0f}/s)"
    yield Row("… ≥ 4 × tusd, which does not sync", text, None if times is None else times >= 4)


def memory_rows(figures):
    for hold, name, limit in (("none", "no connection", 0.5), ("idle", "idle connection", 4), ("stalled", "stalled in mid-body", 8)):
        kib = figures.median("further_rss_kib_each", section="memory", server="Sluice", hold=hold)
        yield at_most(f"memory of each further open upload, {name}: ≤ {limit} KiB", kib, limit, "" if kib is None else f"{kib:.2f} KiB")


def finalize_rows(figures):
    def p50(size):
        return figures.median("latency.finalize.p50_us", section="finalize", size=size)

    large = figures.median("size_bytes", section="finalize", size="large")
    name = "1 GiB" if large is None else f"{large / (1 << 20):.0f} MiB"
    value = ratio(p50("large"), p50("small"))
    text = "" if value is None else f"p50 {p50('large') / 1000:.2f} ms against {p50('small') / 1000:.2f} ms"
    # Twice as long is the noise of a handful of calls that each wait for a disk which others use too.
    yield at_most(f"FINALIZE of {name} against 1 MiB: the same within noise", value, 2, text)


def million_rows(figures):
    for what, name in (
        ("small", "a server with 1,000,000 open uploads: starts in seconds"),
        ("killed", "… and after kill -9"),
        ("power lost", "… and after a power loss, when a sample of them is compared with the disk"),
    ):
        start, empty = (figures.median("start_seconds", section="million", store=store, what=what) for store in ("full", "empty"))
        text = "" if start is None else f"{start:.1f} s ({empty or 0:.1f} s with an empty store)"
        yield at_most(name, start, 10, text)

    def pair(field, what):
        return [figures.median(field, section="million", store=store, what=what) for store in ("full", "empty")]

    uploads, requests = pair("cpu_us_per_upload", "small"), pair("cpu_us_per_request", "status")
    for name, (full, empty), unit in (("small uploads", uploads, "µs CPU each"), ("STATUS", requests, "µs CPU each")):
        yield ratio_row(f"… serves the same figures: {name} (within a fifth)", full, empty, 1.2, unit)


def check_after_rows(figures):
    for way, name in (("spread", "spread over a minute"), ("at once", "at once")):
        wanted = {"section": "check_after", "way": way}
        polls = figures.median("asked.polls_p50", **wanted)
        goal = f"50 mixed jobs {name}, clients obey check_after_secs: STATUS at most 3 times in the median"
        yield at_most(goal, polls, 3, "" if polls is None else f"{polls:.1f}")
        punctual = figures.median("all.punctual", **wanted)
        text = "–" if punctual is None else f"{punctual * 100:.0f} %"
        yield Row("… nine of ten learn of the end within 15 % or 1 s", text, None if punctual is None else punctual >= 0.9)


def pipeline_rows(figures):
    def cpu(server):
        return figures.median("cpu_seconds", section="pipeline", server=server)

    yield ratio_row("video pipeline: ≤ 1.05 × the CPU of the bare ffmpeg commands", cpu("Sluice"), cpu("bare ffmpeg commands"), 1.05, "CPU s")
    yield ratio_row("a video that conforms, copied: ≤ 0.05 × its encoding", cpu("Sluice, copied"), cpu("Sluice, encoded"), 0.05, "CPU s")


def goal_rows(book):
    figures = Figures(book)
    for section in (ingest_rows, overload_rows, status_rows, small_rows, memory_rows, finalize_rows, million_rows, check_after_rows, pipeline_rows):
        yield from section(figures)
