"""Everything that the pipeline makes of one of each kind, as one picture to look at: bench/contact_sheet.py BUILD SHEET.png

Needs ffmpeg, heif-enc, vips and ImageMagick's montage (scripts/install-deps --bench).
"""

import glob
import os
import subprocess
import sys
import tempfile

FFMPEG = ("ffmpeg", "-nostdin", "-v", "error", "-y")
GLOBE = "mandelbrot=s={size}:r=25:start_scale=2:end_pts=60"


# What a phone that was held upright writes into its JPEG: a quarter to the right.
TURNED = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


def ffmpeg(*arguments):
    subprocess.run([*FFMPEG, *arguments], check=True, timeout=300)


def sources(folder):
    """name -> path and category"""
    def at(name):
        return os.path.join(folder, name)

    ffmpeg("-f", "lavfi", "-i", GLOBE.format(size="1280x720"), "-t", "9", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", at("landscape.mp4"))
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=720x1280:r=25:d=5", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", at("portrait.mp4"))
    ffmpeg("-i", at("landscape.mp4"), "-c", "copy", "-metadata:s:v:0", "rotate=90", at("turned.mp4"))
    ffmpeg("-f", "lavfi", "-i", GLOBE.format(size="1280x720"), "-t", "5", "-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params",
           "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc", at("hdr.mp4"))
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=2", "-vf",
           "format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='if(lt(hypot(X-160,Y-120),100),255,0)',split[a][b];[a]palettegen[p];[b][p]paletteuse",
           at("round.gif"))
    ffmpeg("-f", "lavfi", "-i", "color=orange@0.4:s=640x400,format=rgba", "-frames:v", "1", at("glass.png"))
    ffmpeg("-f", "lavfi", "-i", GLOBE.format(size="3000x2000"), "-frames:v", "1", at("photo.png"))
    ffmpeg("-i", at("photo.png"), "-q:v", "3", at("photo.jpg"))
    with open(at("photo.jpg"), "rb") as photo, open(at("turned.jpg"), "wb") as turned:
        data = photo.read()
        turned.write(data[:2] + TURNED + data[2:])
    ffmpeg("-i", at("photo.png"), "-vf", "scale=out_color_matrix=bt2020nc,format=yuv420p10le", "-c:v", "libaom-av1", "-still-picture", "1", "-cpu-used",
           "8", "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-f", "avif", at("hdr.avif"))
    subprocess.run(["vips", "icc_export", at("photo.png"), at("wide.jpg"), "--output-profile", "p3"], check=True, timeout=120)
    subprocess.run(["vips", "icc_export", at("photo.png"), at("inks.jpg"), "--output-profile", "cmyk"], check=True, timeout=120)
    subprocess.run(["heif-enc", "-o", at("phone.heic"), at("photo.png")], check=True, capture_output=True, timeout=120)
    for name in ("landscape.mp4", "portrait.mp4", "turned.mp4", "hdr.mp4"):
        yield name, at(name), "tweet_video"
    yield "round.gif", at("round.gif"), "tweet_gif"
    for name in ("glass.png", "photo.jpg", "turned.jpg", "wide.jpg", "inks.jpg", "phone.heic", "hdr.avif"):
        yield name, at(name), "tweet_image"


def pictures_of(folder):
    """What can be looked at: pictures as they are, of each rendition the middle."""
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        name = os.path.basename(path)
        if name.endswith((".jpg", ".png", ".webp")):
            yield name, path
        elif name.endswith(".mp4") and not name.startswith(("v", "a")):
            still = path + ".png"
            ffmpeg("-ss", "1", "-i", path, "-frames:v", "1", still)
            yield name, still


def main():
    build, sheet = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="sluice-sheet-") as folder:
        words = []
        for name, path, category in sources(folder):
            out = os.path.join(folder, "made-" + name)
            subprocess.run([os.path.join(build, "sluice"), "process", path, "--category", category, "--out", out, "-q"], check=True,
                           stdout=subprocess.DEVNULL, timeout=300)
            for output, picture in list(pictures_of(out)):
                size = subprocess.run(["identify", "-format", "%wx%h", picture + "[0]"], check=True, capture_output=True, text=True).stdout
                words += ["-label", f"{name}\n{output} {size}", picture + "[0]"]
        subprocess.run(["montage", *words, "-background", "#cde", "-geometry", "220x160+4+4", "-tile", "8x", "-pointsize", "11", sheet], check=True, timeout=300)


if __name__ == "__main__":
    main()
