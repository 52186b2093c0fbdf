"""The bytes of every upload, derived from (seed, upload, segment, attempt), so that whoever verifies needs no copy.

There are two kinds. *Noise* is cut into segments that are made one by one, so an attempt of a segment may have other bytes
than the one before it. A *picture* is a real PNG padded with noise to the wanted size, so that a job has something to do;
its segments are slices of it, in every attempt the same.
"""

import functools
import random
import struct
import zlib

NOISE, PICTURE = "noise", "picture"
# What alignment has to deal with: around pages, sectors, and the sizes that clients send.
ODD_SIZES = (1, 511, 512, 513, 4095, 4096, 4097, 65_535, 65_536, 100_000, 131_073, 262_144, 1_000_003)
LARGE_SIZES = (1 << 20, 4_194_303, 4_194_304, 5_000_000)


def noise(seed, upload, segment, attempt, size):
    """The first byte begins no text and no known format, and is another one in each attempt: a segment may have no other."""
    if size == 0:
        return b""
    first = random.Random(f"{seed}/{upload}/{segment}").randrange(64) + attempt
    made = random.Random(f"{seed}/{upload}/{segment}/{attempt}").randbytes(size)
    return bytes([0x80 | first & 0x3F]) + made[1:]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@functools.lru_cache(maxsize=64)
def picture(seed, upload, size):
    """A PNG of exactly `size` bytes (150 at least): 8 by 8 pixels, and a private chunk of noise behind its header."""
    rows = b"".join(b"\0" + bytes((row * 24 + column) % 256 for column in range(24)) for row in range(8))
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    tail = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    padding = size - len(head) - len(tail) - 12
    if padding < 0:
        raise ValueError(f"a picture of {size} bytes is not possible")
    return head + chunk(b"noIS", noise(seed, upload, "padding", 0, padding)) + tail


def segment_of(seed, upload, kind, sizes, segment, attempt):
    if kind == NOISE:
        return noise(seed, upload, segment, attempt, sizes[segment])
    at = sum(sizes[:segment])
    return picture(seed, upload, sum(sizes))[at : at + sizes[segment]]
