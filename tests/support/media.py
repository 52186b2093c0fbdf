"""Real media for tests, made by ffmpeg, and the proof that what comes out plays."""

import functools
import json
import os
import random
import subprocess
import tempfile


def run_ffmpeg(*arguments, suffix):
    with tempfile.NamedTemporaryFile(suffix=suffix) as out:
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments, out.name],
            check=True, stdin=subprocess.DEVNULL, timeout=120,
        )
        with open(out.name, "rb") as made:
            return made.read()


@functools.cache
def clip(seconds=2, size="320x240", rate=25):
    """H.264 and AAC in MP4."""
    return run_ffmpeg(
        "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}",
        "-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}",
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2",
        "-movflags", "+faststart", suffix=".mp4",
    )


@functools.cache
def picture(width=640, height=480, suffix=".png"):
    return run_ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={width}x{height}", "-frames:v", "1", suffix=suffix)


def probe(data, suffix=".mp4"):
    """ffprobe's streams and format; raises if the bytes cannot be read."""
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        told = subprocess.run(
            ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", file.name],
            check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
        )
        decoded = subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", file.name, "-f", "null", "-"],
            capture_output=True, stdin=subprocess.DEVNULL, timeout=120,
        )
    if decoded.returncode != 0:
        raise ValueError(f"does not decode: {decoded.stderr.decode()}")
    return json.loads(told.stdout)


def noise(count, seed=1):
    """Bytes that look like nothing and repeat nowhere."""
    return random.Random(seed).randbytes(count)


def scratch_file(directory, name, data):
    path = os.path.join(directory, name)
    with open(path, "wb") as file:
        file.write(data)
    return path
