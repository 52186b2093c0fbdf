"""One run that encodes a whole ladder against pieces that are encoded beside each other and joined:
bench/parallel_encode.py [SECONDS [PIECE_SECONDS]]

Needs ffmpeg and ffprobe. Prints wall and CPU seconds of both, and how far a picture was moved at a seam.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

FFMPEG = ("ffmpeg", "-nostdin", "-v", "error", "-y")
RATE = "30000/1001"  # no piece of whole seconds ends with a whole picture
LADDER = ((1920, 1080, 22, 5000), (1280, 720, 22, 2500), (640, 360, 23, 900), (320, 180, 25, 300))


def ffmpeg(*arguments):
    subprocess.run([*FFMPEG, *map(str, arguments)], check=True, timeout=3600)


def graph():
    scaled = [f"[s{i}]scale={width}:{height}:flags=bicubic[p{i}]" for i, (width, height, *_) in enumerate(LADDER)]
    labels = "".join(f"[s{i}]" for i in range(len(LADDER)))
    return f"[0:0]format=yuv420p,split={len(LADDER)}{labels};" + ";".join(scaled)


def encode(source, threads, part, name_of):
    arguments = ["-threads", threads, "-filter_complex_threads", threads, *part, "-i", source, "-filter_complex", graph()]
    for i, (_, height, quality, rate) in enumerate(LADDER):
        arguments += ["-map", f"[p{i}]", "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", quality, "-maxrate", f"{rate}k",
                      "-bufsize", f"{2 * rate}k", "-g", 250, "-force_key_frames", "expr:gte(t,n_forced*2)", "-sc_threshold", 0,
                      "-fps_mode", "vfr", "-video_track_timescale", 90000, "-threads", threads, "-f", "mp4", name_of(height)]
    ffmpeg(*arguments)


def whole(source, cores, folder):
    encode(source, cores, [], lambda height: f"{folder}/whole-{height}.mp4")


def in_pieces(source, cores, folder, seconds, piece):
    count = -(-seconds // piece)

    def one(k):
        part = ["-ss", k * piece] + (["-t", piece] if k + 1 < count else [])
        encode(source, 1, part, lambda height: f"{folder}/piece{k}-{height}.mp4")

    with ThreadPoolExecutor(cores) as beside:
        list(beside.map(one, range(count)))
    for _, height, *_ in LADDER:
        with open(f"{folder}/list", "w") as names:
            names.write("ffconcat version 1.0\n")
            for k in range(count):
                names.write(f"file piece{k}-{height}.mp4\ninpoint 0\n" + (f"duration {piece}\n" if k + 1 < count else ""))
        ffmpeg("-f", "concat", "-safe", 0, "-i", f"{folder}/list", "-map", "0:v", "-c", "copy", f"{folder}/joined-{height}.mp4")


def times_of(path):
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", path]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout.split()
    return sorted(float(line.strip(",")) for line in lines)


def measured(label, work):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    work()
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{label:10} wall {wall:6.1f} s   CPU {cpu:6.1f} s", flush=True)


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    piece = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="sluice-pieces-") as folder:
        source = f"{folder}/source.mp4"
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=1920x1080:r={RATE}:d={seconds}", "-vf", "rotate=t/4,noise=alls=8:allf=t", "-c:v", "libx264",
               "-preset", "ultrafast", "-pix_fmt", "yuv420p", source)
        for _ in range(2):
            measured("whole", lambda: whole(source, cores, folder))
            measured("in pieces", lambda: in_pieces(source, cores, folder, seconds, piece))
        moved = [abs(a - b) for a, b in zip(times_of(f"{folder}/whole-1080.mp4"), times_of(f"{folder}/joined-1080.mp4"), strict=True)]
        print(f"pictures moved by up to {1000 * max(moved):.1f} ms")


if __name__ == "__main__":
    main()
