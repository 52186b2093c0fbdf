"""The video pipeline: `sluice process` beside the bare ffmpeg commands that make the same files, and a video that conforms, copied,
beside the same one encoded. CPU time of all processes, wall time, and the memory of the largest of them."""

import os
import subprocess
import tempfile
import time

SECONDS = {"camera": 12, "conforming": 60}
# The ladder of a 1080p source; see src/media/ladder.cpp.
RUNGS = ((1920, 1080, 22, 5000, "4.2"), (1280, 720, 22, 2500, "4.0"), (640, 360, 23, 900, "3.1"), (320, 180, 25, 300, "3.0"))
FFMPEG = ("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y")


class Work:
    """Named like a server, for the tables."""

    def __init__(self, name, what, run):
        self.name, self.what, self.run = name, what, run


def spent(command, folder):
    """What one command and all its children needed."""
    started = time.monotonic()
    with open(os.path.join(folder, "log"), "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        with open(os.path.join(folder, "log"), errors="replace") as log:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}: {log.read()[-400:]}")
    return {
        "cpu_seconds": usage.ru_utime + usage.ru_stime, "wall_seconds": time.monotonic() - started,
        "peak_mib": usage.ru_maxrss / 1024,
    }


def together(parts):
    return {
        "cpu_seconds": sum(part["cpu_seconds"] for part in parts), "wall_seconds": sum(part["wall_seconds"] for part in parts),
        "peak_mib": max(part["peak_mib"] for part in parts),
    }


def make_source(folder, conforming):
    """Moving pictures with grain, as a camera or as a careful web encoder writes them."""
    name = "conforming" if conforming else "camera"
    path, seconds = os.path.join(folder, name + ".mp4"), SECONDS[name]
    size = "1280x720" if conforming else "1920x1080"
    codec = ("-b:v", "2M", "-maxrate", "2500k", "-bufsize", "5M", "-g", "60") if conforming else ("-crf", "23", "-g", "250")
    subprocess.run([
        *FFMPEG, "-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d={seconds},noise=alls=4:allf=t", "-f", "lavfi", "-i", f"sine=d={seconds}",
        "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", *codec, "-c:a", "aac", "-ac", "2", path,
    ], check=True, timeout=600)
    return path


def bare_commands(source, folder, threads):
    """The least that makes the same files: one decode for all renditions, two packagings, two pictures."""
    graph = f"[0:0]scale=w=1920:h=1080:flags=bicubic,setsar=1,format=yuv420p,split={len(RUNGS)}[p0]"
    graph += "".join(f"[s{i}]" for i in range(1, len(RUNGS)))
    graph += "".join(f";[s{i}]scale=w={w}:h={h}:flags=bicubic,setsar=1[p{i}]" for i, (w, h, *_) in enumerate(RUNGS) if i)
    encode = [*FFMPEG, "-threads", threads, "-filter_complex_threads", threads, "-i", source, "-filter_complex", graph]
    tracks = [os.path.join(folder, f"track-{i}.mp4") for i in range(len(RUNGS))]
    for i, (_, _, quality, rate, level) in enumerate(RUNGS):
        encode += [
            "-map", f"[p{i}]", "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", str(quality), "-maxrate", f"{rate}k",
            "-bufsize", f"{2 * rate}k", "-profile:v", "main" if rate == 300 else "high", "-level", level, "-g", "250",
            "-force_key_frames", "expr:gte(t,n_forced*2)", "-sc_threshold", "0", "-threads", threads, "-f", "mp4", tracks[i],
        ]
    sound = os.path.join(folder, "sound.mp4")
    encode += ["-map", "0:1", "-vn", "-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", "128k", sound]
    inputs = [word for track in (*tracks, sound) for word in ("-i", track)]
    package = [*FFMPEG, *inputs]
    hls = [*FFMPEG, *inputs]
    for i, (w, h, *_) in enumerate(RUNGS):
        package += ["-map", f"{i}:v", "-map", f"{len(RUNGS)}:a", "-c", "copy", "-movflags", "+faststart", os.path.join(folder, f"{w}x{h}.mp4")]
        hls += ["-map", f"{i}:v"]
    streams = " ".join(f"v:{i},agroup:s,name:v{h}" for i, (_, h, *_) in enumerate(RUNGS)) + " a:0,agroup:s,name:a,default:yes"
    hls += [
        "-map", f"{len(RUNGS)}:a", "-c", "copy", "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4",
        "-hls_flags", "single_file+independent_segments", "-hls_segment_filename", os.path.join(folder, "%v.mp4"),
        "-var_stream_map", streams, os.path.join(folder, "%v.m3u8"),
    ]
    poster = [*FFMPEG, "-skip_frame", "nokey", "-t", "10", "-i", source, "-vf", "thumbnail=n=5", "-frames:v", "1", os.path.join(folder, "p.jpg")]
    webp = [*FFMPEG, "-i", os.path.join(folder, "p.jpg"), os.path.join(folder, "p.webp")]
    sprite = [*FFMPEG, "-skip_frame", "nokey", "-i", tracks[-1], "-vf", "fps=1/2,scale=160:-2,tile=6x1", "-frames:v", "1", os.path.join(folder, "s.jpg")]
    return [encode, package, hls, poster, webp, sprite]


def pipeline(place, book, scale, measured):
    threads = str(os.cpu_count())
    with tempfile.TemporaryDirectory(prefix="sluice-bench.", dir=place.folders["ext4"]) as folder:
        camera, conforming = make_source(folder, False), make_source(folder, True)

        def process(source, *more):
            with tempfile.TemporaryDirectory(dir=folder) as out:
                made = os.path.join(out, "made")
                sluice = os.path.join(place.build, "sluice")
                return spent([sluice, "process", source, "--category", "tweet_video", "--out", made, "-q", "--cores", threads, *more], out)

        def bare(source):
            with tempfile.TemporaryDirectory(dir=folder) as out:
                return together([spent(command, out) for command in bare_commands(source, out, threads)])

        works = (
            Work("bare ffmpeg commands", "12 s of 1080p", lambda: bare(camera)),
            Work("Sluice", "12 s of 1080p", lambda: process(camera)),
            Work("Sluice, sandbox off", "12 s of 1080p", lambda: process(camera, "--sandbox=off")),
            Work("Sluice, encoded", "60 s of 720p that conforms", lambda: process(conforming, "--remux=off")),
            Work("Sluice, copied", "60 s of 720p that conforms", lambda: process(conforming)),
        )
        for number in range(scale.rounds):
            for i in range(len(works)):
                work = works[(i + number) % len(works)]
                measured(book, "pipeline", work, work.run, what=work.what)
