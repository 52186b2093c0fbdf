"""Running the load generator, and keeping what it said."""

import json
import os
import subprocess


class Book:
    """All results of a run, in memory, and as NDJSON in a file if one is named."""

    def __init__(self, path=None):
        self.path = path
        self.rows = []
        self.notes = []
        if path:
            open(path, "w", encoding="utf-8").close()

    def add(self, section, server, result, **more):
        row = {"section": section, "server": server, **more, **result}
        self.rows.append(row)
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        return row

    def about(self):
        """What the run itself says of its circumstances; nothing if it was broken off."""
        return next((row for row in self.rows if row["section"] == "run"), {})

    def note(self, text):
        if text not in self.notes:
            print("bench: " + text, flush=True)
            self.notes.append(text)
            self.add("note", "", {"text": text})

    def values(self, field, **wanted):
        """The figures of all rounds; `field` may be a path like latency.status.p99_us."""
        found = []
        for row in self.rows:
            if all(row.get(name) == value for name, value in wanted.items()):
                value = row
                for name in field.split("."):
                    value = value.get(name) if isinstance(value, dict) else None
                if value is not None:
                    found.append(value)
        return found


def command(place, mode, server, options, path=None, protocol=None, is_probe=False):
    prefix = place.prefix(place.client_core, -15 if is_probe else -10)
    if is_probe and os.geteuid() == 0:
        # The probe measures the server, not how long it waits for the core that it shares with the uploaders.
        prefix = ["taskset", "-c", str(place.client_core), "chrt", "-f", "5"]
    # Below these ten the children are not the server's: the wrapper is replaced by it.
    return prefix + [
        place.program("bench/loadgen"), mode, "--url", server.url(path), "--protocol", protocol or server.kind.protocol,
        "--pid", str(server.process.pid), *[str(option) for option in options],
    ]


def parse(text, what):
    lines = text.decode().strip().splitlines()
    if not lines:
        raise RuntimeError(f"{what}: the load generator said nothing")
    return json.loads(lines[-1])


def load(place, mode, server, *options, path=None, protocol=None, timeout=600):
    """One run; raises if it did not do what it was told."""
    done = subprocess.run(
        command(place, mode, server, options, path, protocol), check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{server.kind.name}, {mode}: {(done.stderr or done.stdout).decode()[-1500:]}")
    return parse(done.stdout, server.kind.name)
