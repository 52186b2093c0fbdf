"""Still pictures through the whole pipeline: every format in, colours, orientation, and nothing that was not the picture."""

import json
import os
import subprocess
import tempfile
import unittest

from support import pictures
from support.media import picture, run_ffmpeg
from support.pictures import ADOBE_RGB, DISPLAY_P3, flat_png, heif, join, point, read, vips, write
from support.server import binary

COLOUR = (200, 100, 50)
ZIP = b"PK\x03\x04TRAILING-SECRET"
# What of a source's notes may never come out.
NOTES = (
    b"SECRET", b"Exif\0\0", b"EXIF", b"eXIf", b"MM\0*", b"II*\0", b"http://ns.adobe.com", b"<x:xmpmeta", b"XMP ", b"Photoshop 3.0", b"8BIM",
    b"ICC_PROFILE", b"iCCP", b"ICCP", b"tEXt", b"iTXt", b"PK\x03\x04", b"made for a test",
)


class PictureCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-pictures-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.runs = 0

    def process(self, path, *flags):
        self.runs += 1
        out = join(self.folder, f"made-{self.runs}")
        done = subprocess.run(
            [binary(), "process", path, "--category", "tweet_image", "--out", out, "--json", *flags],
            capture_output=True, text=True, timeout=120, check=False,
        )
        return done, json.loads(done.stdout.splitlines()[-1])

    def made(self, path, *flags):
        done, end = self.process(path, *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {one["name"]: one for one in end["outputs"]}

    def refused(self, path, *flags):
        done, end = self.process(path, *flags)
        self.assertEqual(done.returncode, 6, done.stderr)
        return end["error"]

    def file(self, name, data):
        return write(join(self.folder, name), data)

    def assert_near(self, got, wanted, within, what=""):
        self.assertEqual(len(got), len(wanted), f"{what}: {got}")
        self.assertTrue(all(abs(a - b) <= within for a, b in zip(got, wanted)), f"{what}: got {got}, not {wanted} within {within}")

    def assert_flat(self, outputs, wanted, within):
        """All of them show one colour."""
        for name, one in outputs.items():
            self.assert_near(point(one["path"], one["width"] // 2, one["height"] // 2), wanted, within, name)


class Formats(PictureCase):
    def test_pictures_of_phones_are_made_into_what_everybody_shows(self):
        source = self.file("a.png", pictures.smooth_png(1600, 1200))
        for name in ("a.heic", "a.avif"):
            with self.subTest(name):
                outputs = self.made(heif(source, join(self.folder, name)))
                self.assertEqual(set(outputs), {f"{n}.{e}" for n in ("large", "medium", "small", "thumb") for e in ("jpg", "webp")})
                large = outputs["large.jpg"]
                self.assertEqual((large["width"], large["height"]), (1600, 1200))
                self.assertTrue(large["placeholder"])
                for x, y in ((150, 150), (800, 90), (1500, 1100)):
                    self.assert_near(point(large["path"], x, y), point(source, x, y), 6, f"{x},{y}")

    def test_a_brand_of_any_codec_is_told_by_the_others(self):
        source = self.file("a.png", picture(320, 240))
        for ending in ("heic", "avif"):
            data = read(heif(source, join(self.folder, "a." + ending)))
            self.assertEqual(data[8:12], ending.encode())
            outputs = self.made(self.file("b." + ending, data[:8] + b"mif1" + data[12:]))
            self.assertEqual(outputs["large.jpg"]["width"], 320)

    def test_as_x_they_are_refused(self):
        source = self.file("a.png", picture(320, 240))
        for ending in ("heic", "avif"):
            error = self.refused(heif(source, join(self.folder, "a." + ending)), "--faithful")
            self.assertEqual(error["reason"], "Format")
            self.assertIn(f"Found image/{ending}; X takes image/jpeg, image/png, image/webp or image/gif", error["message"])

    def test_too_large_they_are_refused_before_their_pixels(self):
        wide = heif(self.file("wide.png", flat_png(bytes(COLOUR), 8200, 64)), join(self.folder, "wide.heic"))
        error = self.refused(wide)
        self.assertEqual(error["reason"], "Dimensions")
        self.assertIn("8200x64", error["message"])

    def test_damaged_they_are_refused(self):
        data = read(heif(self.file("a.png", picture(640, 480)), join(self.folder, "a.heic")))
        for cut in (len(data) // 2, 300, 40):
            error = self.refused(self.file("cut.heic", data[:cut]))
            self.assertIn(error["reason"], ("CorruptContainer", "DecodeError"), cut)

    def test_a_codec_that_this_machine_lacks_is_said_so(self):
        data = read(heif(self.file("a.png", picture(320, 240)), join(self.folder, "a.heic")))
        self.assertIn(b"hvc1", data)
        error = self.refused(self.file("vvc.heic", data.replace(b"hvc1", b"vvc1").replace(b"hvcC", b"vvcC")))
        self.assertEqual(error["reason"], "Format")
        self.assertIn("image/heic cannot be read on this server", error["message"])

    def test_avif_is_made_when_asked(self):
        outputs = self.made(self.file("a.png", pictures.smooth_png(1600, 1200)), "--avif")
        self.assertEqual({name for name in outputs if name.endswith(".avif")}, {"large.avif", "medium.avif"})
        for name in ("large", "medium"):
            made = outputs[name + ".avif"]
            self.assertEqual(made["content_type"], "image/avif")
            self.assertEqual(read(made["path"])[4:12], b"ftypavif")
            self.assertLess(made["size_bytes"], outputs[name + ".jpg"]["size_bytes"])
            x, y = made["width"] // 2, made["height"] // 3
            self.assert_near(point(made["path"], x, y), point(outputs[name + ".jpg"]["path"], x, y), 6, name)


class Colours(PictureCase):
    def test_wide_profiles_become_the_same_colours_in_srgb(self):
        jpeg = join(self.folder, "flat.jpg")
        vips("copy", self.file("flat.png", flat_png(bytes(COLOUR))), jpeg + "[Q=98,no-subsample]")
        stored = point(jpeg, 30, 20)
        for primaries, gamma in ((DISPLAY_P3, 2.2), (ADOBE_RGB, 563 / 256), (DISPLAY_P3, 1.0)):
            with self.subTest(primaries=primaries, gamma=gamma):
                wanted = pictures.shown_as(stored, primaries, gamma)
                self.assertGreater(max(abs(a - b) for a, b in zip(wanted, stored)), 10, "the profile matters")
                tagged = pictures.jpeg_with(read(jpeg), pictures.icc_segment(pictures.profile(primaries, gamma)))
                self.assert_flat(self.made(self.file("tagged.jpg", tagged), "--avif"), wanted, 4)

    def test_a_profile_in_png_webp_and_heic_counts_as_well(self):
        icc = self.file("p3.icc", pictures.profile(DISPLAY_P3, 2.2))
        flat = self.file("flat.png", flat_png(bytes(COLOUR)))
        vips("copy", flat, join(self.folder, "tagged.png") + f"[profile={icc}]")
        vips("copy", flat, join(self.folder, "tagged.webp") + f"[Q=98,profile={icc}]")
        heif(join(self.folder, "tagged.png"), join(self.folder, "tagged.heic"))
        for name in ("tagged.png", "tagged.webp", "tagged.heic"):
            with self.subTest(name):
                self.assert_flat(self.made(join(self.folder, name)), pictures.shown_as(COLOUR, DISPLAY_P3, 2.2), 6)

    def test_inks_become_light(self):
        inks = join(self.folder, "inks.jpg")
        vips("icc_export", self.file("flat.png", flat_png(bytes((150, 110, 90)))), inks + "[Q=98]", "--output-profile", "cmyk")
        self.assertEqual(pictures.fields(inks)["interpretation"], "cmyk")
        self.assert_flat(self.made(inks), (150, 110, 90), 8)

    def test_inks_without_a_profile_are_taken_as_usual_ones(self):
        inks = join(self.folder, "inks.jpg")
        vips("icc_export", self.file("flat.png", flat_png(bytes((150, 110, 90)))), inks + "[Q=98,strip]", "--output-profile", "cmyk")
        self.assertNotIn(b"ICC_PROFILE", read(inks))
        self.assert_flat(self.made(inks), (150, 110, 90), 8)

    def test_grey_stays_grey(self):
        for bits, value in ((8, b"\x64"), (16, b"\x64\x80")):
            with self.subTest(bits):
                outputs = self.made(self.file("grey.png", flat_png(value, bits=bits, colour_type=0)))
                for name, one in outputs.items():
                    self.assertTrue(all(abs(v - 100) <= 2 for v in point(one["path"], 20, 20)), name)

    def test_a_profile_of_grey_counts(self):
        icc = self.file("grey.icc", pictures.profile(None, 1.0))
        vips("copy", self.file("grey.png", flat_png(b"\x64", colour_type=0)), join(self.folder, "tagged.png") + f"[profile={icc}]")
        wanted = pictures.shown_as((100, 100, 100), pictures.SRGB, 1.0)[0]
        for name, one in self.made(join(self.folder, "tagged.png")).items():
            self.assertTrue(all(abs(v - wanted) <= 3 for v in point(one["path"], 20, 20)), name)

    def test_sixteen_bits_become_eight(self):
        deep = b"".join(value.to_bytes(2, "big") for value in (51400, 25700, 12850))
        outputs = self.made(self.file("deep.png", flat_png(deep, bits=16)))
        self.assert_flat(outputs, COLOUR, 3)
        veiled = self.made(self.file("veiled.png", flat_png(deep + (32896).to_bytes(2, "big"), bits=16, colour_type=6)))
        self.assertEqual(point(veiled["large.png"]["path"], 20, 20), (*COLOUR, 128))
        self.assertEqual(pictures.fields(veiled["large.png"]["path"])["format"], "uchar")

    def test_a_broken_profile_costs_nobody_the_picture(self):
        data = picture(320, 240, ".jpg")
        good = pictures.profile(DISPLAY_P3, 2.2)
        for icc in (b"no profile at all", good[:100], good[:200] + b"\xff" * (len(good) - 200), bytes(len(good)), pictures.profile(None, 2.2)):
            outputs = self.made(self.file("broken.jpg", pictures.jpeg_with(data, pictures.icc_segment(icc))))
            self.assertEqual(outputs["large.jpg"]["width"], 320)

    def coded(self, source, primaries, transfer, *options):
        """An AVIF whose box of colours says so; heif-enc does not write other numbers than its own."""
        data = read(heif(source, join(self.folder, "plain.avif"), *options))
        at = data.index(b"colrnclx") + 8
        return self.file("coded.avif", data[:at] + bytes((0, primaries, 0, transfer)) + data[at + 4:])

    def test_codes_of_wide_and_bright_colours(self):
        flat = self.file("flat.png", flat_png(bytes(COLOUR), 128, 128))
        self.assert_flat(self.made(self.coded(flat, 12, 13)), (215, 93, 31), 5)  # as in colour_code_test
        self.assert_flat(self.made(self.coded(flat, 1, 13)), COLOUR, 5)
        # 203 cd/m2, white where nothing is brighter: not flat and grey, as its numbers would be.
        white = self.file("white.png", flat_png(bytes((148,) * 3), 128, 128))
        self.assert_flat(self.made(self.coded(white, 9, 16)), (231, 231, 231), 5)
        deep = run_ffmpeg(
            "-i", self.file("deep.png", flat_png((38050).to_bytes(2, "big") * 3, 128, 128, bits=16)),
            "-vf", "scale=out_color_matrix=bt2020nc:out_range=full,format=yuv420p10le", "-c:v", "libaom-av1", "-still-picture", "1",
            "-crf", "5", "-cpu-used", "8", "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc",
            "-color_range", "pc", "-f", "avif", suffix=".avif",
        )
        self.assert_flat(self.made(self.file("deep.avif", deep)), (231, 231, 231), 4)

    def test_alpha_that_hides_nothing_makes_no_png(self):
        outputs = self.made(self.file("screenshot.png", flat_png(bytes((*COLOUR, 255)), colour_type=6)))
        self.assertIn("large.jpg", outputs)
        self.assert_flat(outputs, COLOUR, 3)
        self.assertIn("large.png", self.made(self.file("veil.png", flat_png(bytes((*COLOUR, 254)), colour_type=6))))


class Orientation(PictureCase):
    # How a camera stores what is shown upright, by the number that it writes beside it.
    STORED = {1: "null", 2: "hflip", 3: "hflip,vflip", 4: "vflip", 5: "transpose=0", 6: "transpose=2", 7: "transpose=3", 8: "transpose=1"}
    CORNERS = {(0.2, 0.2): (200, 40, 40), (0.8, 0.2): (40, 200, 40), (0.2, 0.8): (40, 40, 200), (0.8, 0.8): (200, 200, 40)}

    def upright(self):
        top = bytes((200, 40, 40)) * 60 + bytes((40, 200, 40)) * 60
        bottom = bytes((40, 40, 200)) * 60 + bytes((200, 200, 40)) * 60
        return self.file("upright.png", pictures.png([top] * 40 + [bottom] * 40))

    def stored(self, orientation):
        turned = run_ffmpeg("-i", self.upright(), "-vf", self.STORED[orientation], "-frames:v", "1", "-q:v", "2", suffix=".jpg")
        return self.file(f"stored-{orientation}.jpg", pictures.jpeg_with(turned, pictures.exif_segment(orientation)))

    def assert_upright(self, outputs):
        for name, one in outputs.items():
            width, height = one["width"], one["height"]
            self.assertEqual((width, height), (120, 80) if not name.startswith("thumb") else (width, height))
            if name.startswith("large"):
                for (x, y), colour in self.CORNERS.items():
                    self.assert_near(point(one["path"], int(x * width), int(y * height)), colour, 12, f"{name} at {x}, {y}")

    def test_all_of_a_camera_come_out_upright(self):
        for orientation in self.STORED:
            with self.subTest(orientation):
                self.assert_upright(self.made(self.stored(orientation), "--avif"))

    # The same for boxes: quarters against the clock, then what changes places (0 top and bottom, 1 left and right).
    BOXES = {"null": (0, None), "hflip": (0, 1), "vflip": (0, 0), "hflip,vflip": (2, None), "transpose=2": (3, None), "transpose=1": (1, None)}

    def test_boxes_turn_a_picture_and_exif_does_not_turn_it_again(self):
        for filters, (angle, axis) in self.BOXES.items():
            for ending in ("heic", "avif"):
                with self.subTest(filters=filters, ending=ending):
                    turned = run_ffmpeg("-i", self.upright(), "-vf", filters, "-frames:v", "1", suffix=".png")
                    data = read(heif(self.file("turned.png", turned), join(self.folder, "turned." + ending)))
                    self.assert_upright(self.made(self.file("boxed." + ending, pictures.turned_heif(data, angle, axis))))

    def test_exif_in_heic_says_nothing(self):
        path = heif(self.stored(6), join(self.folder, "noted.heic"))
        self.assertIn(b"MM\0*", read(path))
        large = self.made(path)["large.jpg"]
        self.assertEqual((large["width"], large["height"]), (80, 120), "as its boxes say (ISO 23000-22, 7.3.6)")


class Notes(PictureCase):
    XMP = b"<x:xmpmeta>XMP-SECRET</x:xmpmeta>"

    def sources(self):
        secrets = (
            pictures.exif_segment(1), pictures.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + self.XMP),
            pictures.segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0fIPTC-SECRET-IPTC"), pictures.segment(0xFE, b"COMMENT-SECRET"),
            pictures.icc_segment(pictures.profile(DISPLAY_P3, 2.2)),
        )
        jpeg = self.file("notes.jpg", pictures.jpeg_with(picture(800, 600, ".jpg"), *secrets) + ZIP)
        yield jpeg
        yield self.file("notes.png", pictures.png_with(
            picture(800, 600), pictures.chunk(b"tEXt", b"Comment\0TEXT-SECRET"), pictures.chunk(b"eXIf", pictures.exif()),
            pictures.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + self.XMP),
        ) + ZIP)
        webp = join(self.folder, "notes.webp")
        vips("copy", jpeg, webp)
        self.assertIn(b"EXIF-SECRET", read(webp))
        yield self.file("trailing.webp", read(webp) + ZIP)
        heic = heif(jpeg, join(self.folder, "notes.heic"))
        self.assertIn(b"EXIF-SECRET", read(heic))
        yield self.file("trailing.heic", read(heic) + pictures.struct.pack(">I4s", 8 + len(ZIP), b"free") + ZIP)

    def test_nothing_but_the_picture_comes_out(self):
        for path in self.sources():
            for name, one in self.made(path, "--avif").items():
                data = read(one["path"])
                found = [note for note in NOTES if note in data]
                self.assertEqual(found, [], f"{os.path.basename(path)}: {name}")
                self.assert_ends_where_it_ends(name, data)

    def assert_ends_where_it_ends(self, name, data):
        if name.endswith(".jpg"):
            self.assertTrue(data.endswith(b"\xff\xd9"))
        elif name.endswith(".webp"):
            self.assertEqual(int.from_bytes(data[4:8], "little") + 8, len(data))
        elif name.endswith(".png"):
            self.assertTrue(data.endswith(b"IEND\xaeB`\x82"))


if __name__ == "__main__":
    unittest.main()
