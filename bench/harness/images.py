"""Still images: one sluice-worker beside vipsthumbnail and ImageMagick in a loop, on the same core, making the same pictures: four
sizes, each as JPEG and WebP."""

import json
import os
import shutil
import subprocess
import tempfile

from harness.pipeline import FFMPEG, Work, spent

# name, side, cropped; see src/media/image_plan.cpp
# 2000 and not 2048: half of the photo below, which is what we make of it, so that all get the same by the same short way.
VARIANTS = (("large", 2000, False), ("medium", 1200, False), ("small", 680, False), ("thumb", 150, True))
SOURCES = (("12 MP JPEG", "4000x3000", ".jpg", 10), ("640x480 PNG", "640x480", ".png", 150))


def make_source(folder, size, ending):
    path = os.path.join(folder, "source" + ending)
    subprocess.run([
        *FFMPEG, "-f", "lavfi", "-i", f"mandelbrot=s={size},noise=alls=6", "-frames:v", "1", "-q:v", "3", path,
    ], check=True, timeout=120)
    return path


def by_worker(worker, source, out, count):
    orders = os.path.join(out, "orders")
    with open(orders, "w", encoding="ascii") as file:
        for number in range(count):
            folder = os.path.join(out, str(number))
            os.mkdir(folder)
            file.write(json.dumps({
                "type": "job", "job": str(number + 1), "media": "7", "category": "tweet_image", "declared_type": "", "input": source,
                "output_folder": folder, "cores": 1, "speed_factor": 1.0, "speed_spread": 1.8, "as_x": False, "with_avif": False,
                "may_copy": True,
            }) + "\n")
    return ["sh", "-c", 'exec taskset -c 1 "$0" <"$1"', worker, orders]


def loop(out, count, line):
    """The same shell line for each picture."""
    return ["taskset", "-c", "1", "sh", "-c", f'i=0; while [ $i -lt {count} ]; do mkdir "$0/$i"; cd "$0/$i"; {line}; i=$((i+1)); done', out]


def wanted(source_side):
    return [row for row in VARIANTS if row[2] or row[1] < source_side or row[0] == "large"]


def vips_line(source, side):
    parts = []
    for name, size, cropped in wanted(side):
        crop = "--smartcrop centre " if cropped else ""
        for ending in ("jpg[Q=82,optimize_coding,interlace,strip]", "webp[Q=78,effort=2,strip]"):
            parts.append(f"vipsthumbnail '{source}' {crop}--size '{size}x{size}>' -o \"$PWD/{name}.{ending}\"")
    return "; ".join(parts)


def magick_line(source, side):
    parts = [f"convert '{source}' -strip -auto-orient"]
    for name, size, cropped in wanted(side):
        shape = f"-resize '{size}x{size}^' -gravity center -extent {size}x{size}" if cropped else f"-resize '{size}x{size}>'"
        for ending in ("jpg", "webp"):
            quality = "-interlace JPEG -quality 82" if ending == "jpg" else "-quality 78 -define webp:method=2"
            parts.append(f"\\( +clone {shape} {quality} +write {name}.{ending} +delete \\)")
    return " ".join(parts) + " null:"


def images(place, book, scale, measured):
    with tempfile.TemporaryDirectory(prefix="sluice-bench.", dir=place.folders["ext4"]) as folder:
        for what, size, ending, count in SOURCES:
            source, side = make_source(folder, size, ending), int(size.split("x", 1)[0])

            def run(command_in):
                with tempfile.TemporaryDirectory(dir=folder) as out:
                    result = spent(command_in(out), out)
                    made = sum(len(files) for _, _, files in os.walk(out)) - 1 - os.path.exists(os.path.join(out, "orders"))
                    if made != count * 2 * len(wanted(side)):  # noqa: B023
                        raise RuntimeError(f"{made} files were made, not {count * 2 * len(wanted(side))}")  # noqa: B023
                    result["images_per_second"] = count / result["cpu_seconds"]  # noqa: B023
                    return result

            worker = os.path.join(place.build, "sluice-worker")
            works = [Work("sluice-worker", what, lambda: run(lambda out: by_worker(worker, source, out, count)))]  # noqa: B023
            if shutil.which("vipsthumbnail"):
                works.append(Work("vipsthumbnail, a loop", what, lambda: run(lambda out: loop(out, count, vips_line(source, side)))))  # noqa: B023
            else:
                book.note("images: no vipsthumbnail here (scripts/install-deps --bench)")
            if shutil.which("convert"):
                works.append(Work("ImageMagick, a loop", what, lambda: run(lambda out: loop(out, count, magick_line(source, side)))))  # noqa: B023
            else:
                book.note("images: no ImageMagick here (scripts/install-deps --bench)")
            for number in range(scale.rounds):
                for i in range(len(works)):
                    work = works[(i + number) % len(works)]
                    measured(book, "images", work, work.run, what=what)
