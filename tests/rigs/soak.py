#!/usr/bin/env python3
"""make soak: the rigs in turn, each once at least, for SOAK_MINUTES (default 10); then a report. Exit 1 if any was lost.

Each module runs as in `make test`, with more rounds, with seeds of its own, and its sweeps from K = 1. What a test notes
(histories, faults, what was checked) is summed up here. A module that fails is named with the last lines it printed.
Told to stop (SIGTERM, SIGINT), it ends the test that runs as an error would, so that its servers and disks go with it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODULES = ("kill_test.ServerKilled", "power_cut_test", "sweep_test", "kill_test.CheckerSees", "sync_order_test",
           "resources_test", "wire_faults_test", "nodes_test", "nodes_cut_test", "nodes_test.AnyProcessDies.on_s3",
           "kill_test.ServerKilled.on_s3")
ON_S3 = ".on_s3"  # behind a module: the bytes are in an S3 store
FIGURES = ("histories", "faults", "uploads", "segments", "bytes", "jobs", "given_up", "losses")
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STOP_SECONDS = 60
ROUNDS = {"SLUICE_KILL_ROUNDS": "10", "SLUICE_CUT_ROUNDS": "6", "SLUICE_NODES_ROUNDS": "4"}


def when_told_to_stop(leave):
    def once(number, _frame):
        for each in STOPS:
            signal.signal(each, signal.SIG_IGN)  # what is to be stopped takes its time
        leave()
        sys.exit(128 + number)

    for number in STOPS:
        signal.signal(number, once)


class Stoppable(unittest.TextTestResult):
    """The exit is an error of the test that runs: it cleans up, and no other one begins."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        when_told_to_stop(self.stop)


def run_module(module):
    suite = unittest.defaultTestLoader.loadTestsFromName("rigs." + module)
    return 0 if unittest.TextTestRunner(verbosity=2, resultclass=Stoppable).run(suite).wasSuccessful() else 1


def run(module, report, environment):
    """None, or the end of what a failed module said."""
    if module.endswith(ON_S3):
        environment = {**environment, "SLUICE_TEST_STORAGE": "s3"}
    child = subprocess.Popen(
        [sys.executable, "-B", "-m", "rigs.soak", module.removesuffix(ON_S3)], cwd=TESTS, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env={**os.environ, **environment, "SLUICE_RIG_REPORT": report}, start_new_session=True,
    )
    try:
        said = child.communicate()[0]
    except SystemExit:
        child.terminate()
        child.communicate(timeout=STOP_SECONDS)
        raise
    return None if child.returncode == 0 else said[-6000:]


def rows_of(report):
    """rig -> figures; the red runs apart."""
    rows = {}
    with open(report, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            row = rows.setdefault((entry["is_red"], entry["rig"]), dict.fromkeys((*FIGURES, "seen"), 0))
            for name in row:
                row[name] += entry.get(name, 0)
    return rows


def print_report(rows, minutes, failures):
    print(f"\nsoak: {minutes:.1f} minutes\n")
    print(f"{'rig':42}" + "".join(f"{name:>12}" for name in FIGURES))
    total = dict.fromkeys(FIGURES, 0)
    for (is_red, rig), row in sorted(rows.items()):
        if not is_red:
            print(f"{rig:42}" + "".join(f"{row[name]:>12}" for name in FIGURES))
            total = {name: total[name] + row[name] for name in FIGURES}
    print(f"{'all':42}" + "".join(f"{total[name]:>12}" for name in FIGURES))
    print("\nred runs, in which the fault is real and must be seen:")
    for (is_red, rig), row in sorted(rows.items()):
        if is_red:
            print(f"{rig:42}{row['histories']:>6} histories, {row['seen']} losses seen")
    print(f"\n{total['histories']} histories, {total['faults']} faults injected, {total['bytes']} bytes checked, "
          f"{total['losses']} losses, {len(failures)} failed runs")


def main():
    minutes = float(os.environ.get("SOAK_MINUTES") or "10")
    environment = {**ROUNDS, "SOAK_MINUTES": str(minutes), "SLUICE_BIN": os.environ.get("SLUICE_BIN") or os.path.join(
        os.path.dirname(TESTS), "build", "dev", "sluice")}
    when_told_to_stop(lambda: None)
    began, failures, turn = time.monotonic(), [], 0
    with tempfile.NamedTemporaryFile(prefix="sluice-soak.") as report:
        while time.monotonic() - began < 60 * minutes or turn < len(MODULES):
            module = MODULES[turn % len(MODULES)]
            turn += 1
            print(f"{time.monotonic() - began:6.0f} s  {module}", flush=True)
            if said := run(module, report.name, environment):
                failures.append(module)
                print(f"FAILED {module}\n{said}", flush=True)
        print_report(rows_of(report.name), (time.monotonic() - began) / 60, failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(run_module(sys.argv[1]) if len(sys.argv) > 1 else main())
