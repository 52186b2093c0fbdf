"""Still pictures with what cameras and tools put into them: colour profiles, orientation, notes. Made by ffmpeg, heif-enc and vips."""

import os
import struct
import subprocess
import zlib

SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
D65 = (0.3127, 0.3290)
# From light of D65 to light of D50, which profiles are written for (ICC.1, annex E).
BRADFORD = ((1.0479, 0.0229, -0.0502), (0.0296, 0.9904, -0.0171), (-0.0092, 0.0151, 0.7519))


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


# --- colours ---

def xyz(point):
    return (point[0] / point[1], 1.0, (1 - point[0] - point[1]) / point[1])


def times(matrix, vector):
    return tuple(sum(a * b for a, b in zip(row, vector)) for row in matrix)


def inverse(m):
    (a, b, c), (d, e, f), (g, h, i) = m
    det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return tuple(tuple(value / det for value in row) for row in (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    ))


def to_xyz(primaries):
    """The matrix from linear colours to XYZ, light of D65."""
    columns = [xyz(point) for point in primaries]
    rows = tuple(zip(*columns))
    scales = times(inverse(rows), xyz(D65))
    return tuple(tuple(value * scale for value, scale in zip(row, scales)) for row in rows)


def shown_as(colour, primaries, gamma):
    """The sRGB of a colour of 8 bit that is meant by other primaries and a plain gamma."""
    linear = tuple((value / 255) ** gamma for value in colour)
    own = times(inverse(to_xyz(SRGB)), times(to_xyz(primaries), linear))
    clipped = (min(max(value, 0), 1) for value in own)
    return tuple(round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in clipped)


def number(value):
    return struct.pack(">i", round(value * 65536))


def profile(primaries, gamma):
    """An ICC profile, version 2, of three primaries and a gamma; without primaries one of grey."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + b"".join(number(value) for value in (0.9642, 1, 0.8249))
    name = b"made for a test\0"
    tags = [(b"desc", b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78)), (b"cprt", b"text" + bytes(4) + b"none\0"), (b"wtpt", white)]
    if primaries:
        columns = zip(*to_xyz(primaries))
        for letter, column in zip(b"rgb", columns):
            letter = bytes((letter,))
            tags.append((letter + b"XYZ", b"XYZ " + bytes(4) + b"".join(number(value) for value in times(BRADFORD, column))))
            tags.append((letter + b"TRC", curve))
    else:
        tags.append((b"kTRC", curve))
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, data in tags:
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    whole = struct.pack(">I", len(tags)) + table + body
    head = struct.pack(">I4sI4s4s4s", 128 + len(whole), bytes(4), 0x02400000, b"mntr", b"RGB " if primaries else b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + number(0.9642) + number(1) + number(0.8249)
    return head.ljust(128, b"\0") + whole


# --- containers ---

def segment(marker, data):
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def jpeg_with(data, *segments):
    return data[:2] + b"".join(segments) + data[2:]


def icc_segment(icc):
    return segment(0xE2, b"ICC_PROFILE\0\1\1" + icc)


def exif(orientation=1, secret=b"EXIF-SECRET"):
    """A block of TIFF with an orientation, a description and a position."""
    description = secret + b"\0"
    ifd = struct.pack(">H", 3) + struct.pack(">HHIHH", 0x112, 3, 1, orientation, 0)
    ifd += struct.pack(">HHII", 0x10E, 2, len(description), 50) + struct.pack(">HHII", 0x8825, 4, 1, 50 + len(description)) + bytes(4)
    gps = struct.pack(">H", 2) + struct.pack(">HHI4s", 1, 2, 2, b"N\0\0\0") + struct.pack(">HHI4s", 3, 2, 2, b"E\0\0\0") + bytes(4)
    return b"MM\0*" + struct.pack(">I", 8) + ifd + description + gps


def exif_segment(orientation=1, secret=b"EXIF-SECRET"):
    return segment(0xE1, b"Exif\0\0" + exif(orientation, secret))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(data, *chunks):
    """Behind the header, which has 33 bytes with the signature."""
    return data[:33] + b"".join(chunks) + data[33:]


def riff_chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def png(rows, bits=8, colour_type=2):
    """`rows` of bytes, one for each line, without filters."""
    width = len(rows[0]) * 8 // bits // {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour_type, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def flat_png(pixel, width=64, height=48, bits=8, colour_type=2):
    return png([pixel * width] * height, bits, colour_type)


def point(path, x, y):
    """The values of one pixel of any picture."""
    told = subprocess.run(["vips", "getpoint", path, str(x), str(y)], check=True, capture_output=True, text=True, timeout=60)
    return tuple(round(float(word)) for word in told.stdout.split())


def smooth_png(width, height):
    """Colours that change slowly, so that no format makes others of them."""
    across = bytearray(b"\0\0\x50" * width)
    across[0::3] = bytes(40 + 160 * x // width for x in range(width))
    rows = []
    for y in range(height):
        across[1::3] = bytes((60 + 120 * y // height,)) * width
        rows.append(bytes(across))
    return png(rows)


def turned_heif(data, angle, axis=None):
    """A HEIC or AVIF whose picture is to be turned by `angle` x 90 degrees against the clock, and mirrored then: 0 top and bottom, 1 left and right."""
    extra = [struct.pack(">I4sB", 9, b"irot", angle)] + ([struct.pack(">I4sB", 9, b"imir", axis)] if axis is not None else [])
    count = properties_of(data)
    ipma = data.index(b"ipma") + 4
    entries, item, had = struct.unpack_from(">IHB", data, ipma + 4)
    assert (entries, data[ipma:ipma + 4]) == (1, bytes(4)), "one picture, small numbers"
    links = bytes(0x80 | (count + i) for i in range(1, len(extra) + 1))
    more = ipma + 11 + had
    whole = data[:ipma + 8] + struct.pack(">HB", item, had + len(links)) + data[ipma + 11:more] + links + data[more:]
    end = data.index(b"ipco") - 4
    end += struct.unpack_from(">I", data, end)[0]
    whole = bytearray(whole[:end] + b"".join(extra) + whole[end:])
    in_ipco, in_all = sum(map(len, extra)), sum(map(len, extra)) + len(links)
    for name, grown in ((b"ipco", in_ipco), (b"ipma", len(links)), (b"iprp", in_all), (b"meta", in_all)):
        at = whole.index(name) - 4
        struct.pack_into(">I", whole, at, struct.unpack_from(">I", whole, at)[0] + grown)
    move_extents(whole, in_all)
    return bytes(whole)


def properties_of(data):
    at = data.index(b"ipco") - 4
    end, count = at + struct.unpack_from(">I", data, at)[0], 0
    at += 8
    while at < end:
        at, count = at + struct.unpack_from(">I", data, at)[0], count + 1
    return count


def move_extents(data, by):
    """iloc says where the bytes of each item begin in the file."""
    at = data.index(b"iloc") + 4
    version, sizes, bases = data[at], data[at + 4], data[at + 5]
    assert version < 2 and sizes == 0x44 and bases >> 4 in (0, 4)
    items, at = struct.unpack_from(">H", data, at + 6)[0], at + 8
    for _ in range(items):
        at += 4 + (2 if version else 0)
        based = bases >> 4 and struct.unpack_from(">I", data, at)[0] > 0
        if based:
            struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + by)
        at += bases >> 4
        extents = struct.unpack_from(">H", data, at)[0]
        at += 2
        for _ in range(extents):
            if not based:
                struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + by)
            at += 8


def heif(source, path, *options):
    """HEIC or AVIF, by the name of `path`."""
    run("heif-enc", "-q", "95", *options, source, "-o", path)
    return path


def vips(*words):
    run("vips", *words)


def fields(path):
    told = subprocess.run(["vipsheader", "-a", path], check=True, capture_output=True, text=True, timeout=60)
    return dict(line.split(": ", 1) for line in told.stdout.splitlines() if ": " in line)


def join(folder, name):
    return os.path.join(folder, name)
