"""The table of bench/run.sh from loadgen's JSON lines: medians over the rounds, and ratios to nginx of the same run."""

import collections
import json
import statistics
import sys


def medians(rows, key, *fields):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in key)].append(row)
    return {group: [statistics.median(row[field] for row in found) for field in fields] for group, found in groups.items()}


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        rows = [json.loads(line) for line in file]
    bulk = [row for row in rows if row["mode"] != "status" and "2 GiB" not in row["server"]]
    found = medians(bulk, ("server", "conns"), "cpu_s_per_gib", "mib_per_s", "peak_kib")
    print(f"{'4 MiB segments':<16} {'conns':>5} {'CPU s/GiB':>10} {'MiB/s':>8} {'peak MiB':>9} {'CPU, nginx = 1':>15}")
    for (server, conns), (cpu, rate, peak) in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        ratio = cpu / max(found[("nginx", conns)][0], 0.01)
        print(f"{server:<16} {conns:>5} {cpu:>10.2f} {rate:>8.0f} {peak / 1024:>9.1f} {ratio:>15.2f}")
    asked = [row for row in rows if row["mode"] == "status"]
    for (conns,), (rate, p50, p99) in medians(asked, ("conns",), "requests_per_s", "p50_ms", "p99_ms").items():
        print(f"STATUS over {conns} connections: {rate:.0f} requests/s, p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    for row in rows:
        if "2 GiB" in row["server"]:
            print(f"peak memory of the server during a 2 GiB upload: {row['peak_kib'] / 1024:.1f} MiB")


if __name__ == "__main__":
    main()
