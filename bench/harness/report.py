"""The tables in Markdown, and putting them between their marks in docs/performance.md."""

import os
import platform
import subprocess
import time

from harness.goals import DIRECT_SYNC, Figures, goal_rows

BEGIN, END = "<!-- measured: written by bench/run.sh, not by hand -->", "<!-- end of what was measured -->"


def servers_of(book, **wanted):
    found = []
    for row in book.rows:
        if all(row.get(name) == value for name, value in wanted.items()) and row["server"] not in found:
            found.append(row["server"])
    return found


def with_range(figures, field, scale, digits, **wanted):
    middle, ends = figures.median(field, **wanted), figures.spread(field, **wanted)
    if middle is None:
        return "–"
    text = f"{middle * scale:,.{digits}f}"
    if ends[0] != ends[1]:
        text += f" ({ends[0] * scale:,.{digits}f}–{ends[1] * scale:,.{digits}f})"
    return text


def times(figures, field, server, base, **wanted):
    mine, other = figures.median(field, server=server, **wanted), figures.median(field, server=base, **wanted)
    return "–" if mine is None or not other else f"{mine / other:.2f}"


def table(head, rows):
    rows = list(rows)
    if not rows:
        return []
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rows), ""]


def ingest_tables(book, figures):
    for fs, base in (("ext4", DIRECT_SYNC), ("tmpfs", "yardstick, page cache")):
        wanted = {"section": "ingest", "fs": fs}
        rows = [
            (
                server, with_range(figures, "cpu_s_per_gib", 1, 2, server=server, **wanted),
                times(figures, "cpu_s_per_gib", server, base, **wanted), times(figures, "cpu_s_per_gib", server, "nginx", **wanted),
                with_range(figures, "mib_per_s", 1, 0, server=server, **wanted),
                with_range(figures, "kernel_threads_s", 1, 2, server=server, **wanted),
                with_range(figures, "peak_rss", 1 / (1 << 20), 0, server=server, **wanted),
            )
            for server in servers_of(book, **wanted)
        ]
        if rows:
            yield f"### Ingest, {fs}: 4 MiB chunks over 8 connections"
            yield ""
            yield from table(
                ("server", "CPU s/GiB", "to " + base, "to nginx", "MiB/s", "kernel threads, s", "peak RSS, MiB"), rows
            )


def small_table(book, figures):
    wanted = {"section": "small"}
    rows = [
        (
            server, with_range(figures, "uploads_per_s", 1, 0, server=server, **wanted),
            with_range(figures, "cpu_us_per_upload", 1, 0, server=server, **wanted),
            times(figures, "uploads_per_s", server, "tusd", **wanted),
            with_range(figures, "latency.upload.p50_us", 1e-3, 1, server=server, **wanted),
            with_range(figures, "latency.upload.p99_us", 1e-3, 1, server=server, **wanted),
        )
        for server in servers_of(book, **wanted)
    ]
    if rows:
        yield "### Small uploads: INIT + 100 KiB + FINALIZE over 64 connections, ext4"
        yield ""
        yield from table(("server", "uploads/s", "CPU µs each", "rate to tusd", "p50 ms", "p99 ms"), rows)


def status_table(book, figures):
    wanted = {"section": "status"}
    rows = [
        (
            server, with_range(figures, "requests_per_s", 1, 0, server=server, **wanted),
            with_range(figures, "cpu_us_per_request", 1, 1, server=server, **wanted),
            times(figures, "cpu_us_per_request", server, "nginx", **wanted),
            with_range(figures, "latency.status.p50_us", 1e-3, 2, server=server, **wanted),
            with_range(figures, "latency.status.p99_us", 1e-3, 2, server=server, **wanted),
        )
        for server in servers_of(book, **wanted)
    ]
    if rows:
        yield "### STATUS, closed loop over 50 connections"
        yield ""
        yield from table(("server", "requests/s", "CPU µs each", "to nginx", "p50 ms", "p99 ms"), rows)


def overload_table(book, figures):
    wanted = {"section": "overload"}
    rows = []
    for server in servers_of(book, **wanted):
        cell = lambda field, scale, digits: with_range(figures, field, scale, digits, server=server, **wanted)  # noqa: B023, E731
        rows.append((
            server, cell("quiet.p50_us", 1e-3, 2) + " / " + cell("quiet.p99_us", 1e-3, 2),
            cell("busy.p50_us", 1e-3, 2), cell("busy.p99_us", 1e-3, 2), cell("busy.max_us", 1e-3, 1),
            cell("mib_per_s_alone", 1, 0), cell("mib_per_s_asked", 1, 0),
        ))
    if rows:
        yield "### STATUS beside 40 uploads without pause: 300/s, open loop, ext4"
        yield ""
        yield from table(
            ("server", "quiet p50 / p99 ms", "busy p50 ms", "p99 ms", "max ms", "ingest alone, MiB/s", "beside the queries"), rows
        )


def memory_table(book, figures):
    rows = []
    for server in servers_of(book, section="memory"):
        cell = lambda hold: " / ".join(  # noqa: E731
            with_range(figures, field, 1, 1, section="memory", server=server, hold=hold)  # noqa: B023
            for field in ("further_rss_kib_each", "rss_kib_each")
        )
        rows.append((server, cell("none"), cell("idle"), cell("stalled")))
    if rows:
        yield "### Memory of an open upload, KiB of the server's resident memory: each further one / the first ones, while caches fill"
        yield ""
        yield from table(("server", "no connection", "idle connection", "stalled after 64 KiB of 4 MiB"), rows)


def finalize_and_million(book, figures):
    rows = []
    for size in ("small", "large"):
        bytes_each = figures.median("size_bytes", section="finalize", size=size)
        if bytes_each:
            cell = lambda field: with_range(figures, field, 1e-3, 2, section="finalize", size=size)  # noqa: B023, E731
            rows.append((f"{bytes_each / (1 << 20):.0f} MiB", cell("latency.finalize.p50_us"), cell("latency.finalize.max_us")))
    if rows:
        yield "### FINALIZE of Sluice, by size"
        yield ""
        yield from table(("upload", "p50 ms", "max ms"), rows)
    rows = []
    for store in servers_of_store(book):
        cell = lambda field, scale, digits, what: with_range(  # noqa: E731
            figures, field, scale, digits, section="million", store=store, what=what)  # noqa: B023
        rows.append((
            store, " / ".join(cell("start_seconds", 1, 2, what) for what in ("small", "killed", "power lost")), cell("uploads_per_s", 1, 0, "small"), cell("cpu_us_per_upload", 1, 0, "small"),
            cell("latency.create.p99_us", 1e-3, 1, "small"), cell("requests_per_s", 1, 0, "status"),
            cell("cpu_us_per_request", 1, 1, "status"), cell("peak_rss", 1 / (1 << 20), 0, "status"),
        ))
    if rows:
        yield "### Sluice with an empty store, and with 1,000,000 open uploads in it"
        yield ""
        yield from table(
            ("store", "start, s: stopped / killed / power lost", "small uploads/s", "CPU µs each", "INIT p99 ms", "STATUS/s", "CPU µs each", "peak RSS, MiB"), rows
        )


def check_after_table(book, figures):
    rows = []
    for way, name in (("spread", "in the course of a minute, nothing learned"), ("at once", "all at once, restarted")):
        for part, whose in (("all", "all"), ("asked", "that had to ask")):
            cell = lambda field, scale, digits: with_range(  # noqa: E731
                figures, f"{part}.{field}", scale, digits, section="check_after", way=way)  # noqa: B023
            if cell("jobs", 1, 0) != "–":
                rows.append((
                    name, f"{cell('jobs', 1, 0)} {whose}", cell("waited_p50", 1, 1) + " / " + cell("waited_max", 1, 1),
                    cell("polls_p50", 1, 1), cell("polls_p90", 1, 0), cell("late_p50", 1, 2), cell("late_p90", 1, 2),
                    cell("punctual", 100, 0), cell("falls", 1, 0),
                ))
    if rows:
        yield "### Clients that obey check_after_secs: 50 images, GIFs and videos on all cores"
        yield ""
        yield from table(
            ("they come", "jobs", "done after s, p50 / max", "STATUS p50", "p90", "learned late by s, p50", "p90",
             "within 15 % or 1 s, %", "progress fell"), rows
        )


def pipeline_table(book, figures):
    rows = []
    for server in servers_of(book, section="pipeline"):
        wanted = {"section": "pipeline", "server": server}
        what = next(row["what"] for row in book.rows if row.get("section") == "pipeline" and row["server"] == server)
        rows.append((
            what, server, with_range(figures, "cpu_seconds", 1, 2, **wanted), with_range(figures, "wall_seconds", 1, 2, **wanted),
            with_range(figures, "peak_mib", 1, 0, **wanted),
        ))
    if rows:
        yield "### One video: all renditions, HLS, poster and storyboard"
        yield ""
        yield from table(("source", "by", "CPU s", "wall s", "largest process, MiB"), rows)


def images_table(book, figures):
    rows = []
    for what in dict.fromkeys(row["what"] for row in book.rows if row.get("section") == "images"):
        for server in servers_of(book, section="images", what=what):
            wanted = {"section": "images", "server": server, "what": what}
            rows.append((
                what, server, with_range(figures, "images_per_second", 1, 1, **wanted),
                times(figures, "images_per_second", server, "vipsthumbnail, a loop", section="images", what=what),
                with_range(figures, "peak_mib", 1, 0, **wanted),
            ))
    if rows:
        yield "### Images, all sizes as JPEG and WebP, on one core"
        yield ""
        yield from table(("source", "by", "images per CPU second", "× vipsthumbnail", "largest process, MiB"), rows)


def tus_tables(book, figures):
    places = list(dict.fromkeys(row["what"] for row in book.rows if row.get("section") == "tus"))
    rows, small, heads, joins = [], [], [], []
    for what in places:
        for server in servers_of(book, section="tus", what=what):
            wanted = {"section": "tus", "what": what, "server": server}
            cell = lambda field, scale, digits: with_range(figures, field, scale, digits, **wanted)  # noqa: B023, E731
            if what == "small":
                small.append((server, cell("uploads_per_s", 1, 0), cell("cpu_us_per_upload", 1, 0), cell("latency.upload.p99_us", 1e-3, 1)))
            elif what == "HEAD":
                heads.append((server, cell("requests_per_s", 1, 0), cell("cpu_us_per_request", 1, 1), cell("latency.status.p99_us", 1e-3, 2)))
            elif what == "join":
                joins.append((server, cell("seconds", 1e3, 1)))
            else:
                rows.append((what, server, cell("cpu_s_per_gib", 1, 2), cell("mib_per_s", 1, 0), cell("peak_rss", 1 / (1 << 20), 0)))
    for title, head, lines in (
        ("### tus: large uploads, ext4", ("uploads", "server", "CPU s/GiB", "MiB/s", "peak RSS, MiB"), rows),
        ("### tus: small uploads, POST and PATCH of 100 KiB over 64 connections", ("server", "uploads/s", "CPU µs each", "p99 ms"), small),
        ("### tus: HEAD of open uploads, closed loop over 50 connections", ("server", "requests/s", "CPU µs each", "p99 ms"), heads),
        ("### tus: eight parts become one, and a copy of as many bytes", ("by", "ms"), joins),
    ):
        if lines:
            yield title
            yield ""
            yield from table(head, lines)


def s3_table(book, figures):
    rows = []
    for what in dict.fromkeys(row["what"] for row in book.rows if row.get("section") == "s3"):
        for server in servers_of(book, section="s3", what=what):
            cell = lambda field, scale, digits: with_range(  # noqa: E731
                figures, field, scale, digits, section="s3", what=what, server=server)  # noqa: B023
            rows.append((
                what, server, cell("mib_per_s", 1, 0), cell("cpu_s_per_gib", 1, 2), cell("latency.chunk.p50_us", 1e-3, 0),
                cell("latency.chunk.p99_us", 1e-3, 0), cell("latency.finalize.p50_us", 1e-3, 1), cell("latency.finalize.p99_us", 1e-3, 1),
            ))
    if rows:
        yield "### S3 and disk: 8 uploads at a time. The S3 store has its data in memory, on the same cores"
        yield ""
        yield from table(
            ("upload, segments", "where", "MiB/s", "server's CPU s/GiB", "APPEND p50 ms", "p99 ms", "FINALIZE p50 ms", "p99 ms"), rows
        )


def nodes_tables(book, figures):
    uploads, jobs = [], []
    for server in servers_of(book, section="nodes"):
        cell = lambda field, digits: with_range(figures, field, 1, digits, section="nodes", server=server)  # noqa: B023, E731
        if cell("uploads_per_s", 0) != "–":
            uploads.append((
                server, cell("uploads_per_s", 0), cell("node_us", 0), cell("database_us", 0), cell("changes_each", 2),
                cell("transactions_each", 2), cell("p50_ms", 1), cell("p99_ms", 1),
            ))
        if cell("jobs_per_s", 1) != "–":
            jobs.append((
                server, cell("hint_p50_ms", 1), cell("hint_p99_ms", 1), cell("event_p50_ms", 1), cell("event_p99_ms", 1), cell("jobs_per_s", 1), cell("job_p50_ms", 0), cell("job_p99_ms", 0),
            ))
    if uploads:
        yield "### Nodes: INIT + APPEND of 4 KiB + FINALIZE, 16 at a time. Nodes, PostgreSQL and the load share the cores"
        yield ""
        yield from table(
            ("what", "uploads/s", "nodes' CPU µs each", "PostgreSQL's CPU µs each", "commits that changed rows, each",
             "transactions, each", "p50 ms", "p99 ms"), uploads
        )
    if jobs:
        yield "### Nodes: a commit heard of at another node; the event of an INIT in a stream there (looked at each 150 ms); small pictures, 4 at a time, from FINALIZE to ready"
        yield ""
        yield from table(("what", "heard p50 ms", "p99 ms", "in the stream p50 ms", "p99 ms", "jobs/s", "job p50 ms", "p99 ms"), jobs)


def servers_of_store(book):
    return [store for store in ("empty", "full") if any(row.get("store") == store for row in book.rows)]


def commit_of(root):
    """The last one that changed what is measured."""
    command = ["git", "-C", root, "log", "-1", "--format=%h (%cs) %s", "--", "src", "include", "cmake", "CMakePresets.json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() or "no commit is known"


def circumstances(root, scale, sections):
    """A row of the results: what has to be known of a run to read it."""
    return {
        "commit": commit_of(root), "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC", "rounds": scale.rounds,
        "total_mib": scale.total >> 20, "sections": sections, "cores": os.cpu_count(), "kernel": platform.release().split("-")[0],
    }


def conditions(about):
    yield (
        f"Commit {about['commit']}; {about['at']}; {about['rounds']} round(s), {about['total_mib']} MiB of bulk ingest each; "
        f"sections: {', '.join(about['sections'])}. {about['cores']} cores, Linux {about['kernel']}; load average of the machine "
        f"during the sections: {about['load']}. Medians, with the range over the rounds in brackets. The server had one core, the "
        "client another."
    )
    yield ""


def markdown(book):
    figures = Figures(book)
    lines = list(conditions(book.about()))
    lines += ["### Goals", ""]
    lines += table(
        ("goal", "measured", "met?"),
        ((row.goal, row.measured, row.verdict_text()) for row in goal_rows(book)),
    )
    parts = (
        ingest_tables, small_table, status_table, overload_table, memory_table, finalize_and_million, check_after_table, pipeline_table,
        images_table, tus_tables, s3_table, nodes_tables,
    )
    for part in parts:
        lines += part(book, figures)
    if book.notes:
        lines += ["Notes of the run:", "", *(f"- {note}" for note in book.notes), ""]
    return "\n".join(lines)


def put_into(page, text):
    with open(page, encoding="utf-8") as file:
        whole = file.read()
    before, rest = whole.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    with open(page, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
