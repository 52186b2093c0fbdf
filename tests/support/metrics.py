"""Reads Prometheus text. Strict: a line that is neither a comment nor a sample is an error."""

import re

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? ([^ ]+)( [0-9]+)?$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def parse(text):
    """[(name, {label: value}, number)]"""
    samples = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        found = SAMPLE.match(line)
        if not found:
            raise ValueError(f"not a sample: {line!r}")
        samples.append((found[1], dict(LABEL.findall(found[3] or "")), float(found[4])))
    return samples


def total(samples, name, **labels):
    """Sum of the samples of this name whose labels match."""
    return sum(
        number for sample, found, number in samples
        if sample == name and all(found.get(key) == value for key, value in labels.items())
    )
