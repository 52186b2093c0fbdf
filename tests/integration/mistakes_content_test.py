"""What is wrong with the content itself: rows 110 to 120 of the list of mistakes, told in processing_info, in both versions."""

import functools
import unittest

from integration.mistakes_finish_test import MistakeCase
from support.client import X1, upload
from support.media import clip, picture, run_ffmpeg

MP4 = {"media_type": "video/mp4", "category": "tweet_video"}
DM = {"media_type": "video/mp4", "category": "dm_video"}
WEBM = {"media_type": "video/webm", "category": "tweet_video"}
GIF = {"media_type": "image/gif", "category": "tweet_gif"}
PNG = {"media_type": "image/png", "category": "tweet_image"}


def source(size="128x96", rate=10, seconds=1):
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]


@functools.cache
def film(*arguments, suffix=".mp4", **of_source):
    return run_ffmpeg(*source(**of_source), *arguments, suffix=suffix)


def H264(*more, **of_source):
    return film(*more, "-c:v", "libx264", "-preset", "ultrafast", **{"size": "64x64", **of_source})


def HEVC():
    return film("-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none", size="128x96")


def VP9():
    return film("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", suffix=".webm")


def AV1():
    return film("-c:v", "libaom-av1", "-cpu-used", "8", "-pix_fmt", "yuv420p")


def MPEG4():
    return film("-c:v", "mpeg4", "-pix_fmt", "yuv420p")


def OPEN():
    options = ["-x264-params", "open-gop=1:keyint=10:min-keyint=1:bframes=3:b-adapt=0:scenecut=0", "-pix_fmt", "yuv420p"]
    return film(*options, "-c:v", "libx264", size="64x64", rate=25, seconds=2)


def sound(codec, channels):
    return ["-f", "lavfi", "-i", "sine=duration=1", "-c:a", codec, "-ac", str(channels), "-pix_fmt", "yuv420p"]


class Content(MistakeCase):
    def failure(self, data, init):
        """(caller, error) for v1 and v2."""
        for caller, _ in self.callers():
            info = caller.wait(upload(caller, data, 4 << 20, **init))
            self.assertEqual(info["state"], "failed", info)
            yield caller, info["error"]

    def assert_told(self, data, init, number, name, code, facts, hint):
        for _, error in self.failure(data, init):
            self.assertEqual((error["code"], error["name"], error["sluice"]["code"]), (number, name, code), error)
            for fact in facts:
                self.assertIn(fact, error["message"])
            self.assertIn(hint, error["sluice"]["hint"])
            self.assertIn(hint, error["message"])
            self.assertIn("will not change", error["message"])
            self.assertTrue(error["sluice"]["doc_url"].endswith(f"/docs/errors/{code}"), error)


class Helpful(Content):
    def test_row_110_a_codec_that_is_not_taken(self):
        for _, error in self.failure(film("-c:v", "prores_ks", suffix=".mov"), MP4):
            self.assertEqual((error["code"], error["name"], error["sluice"]["code"]), (1, "InvalidMedia", "codec_not_allowed"), error)
            for fact in ("video/mp4", "prores", "audio codec none", "h264, hevc"):
                self.assertIn(fact, error["message"])
            self.assertIn("ffmpeg -i input.mp4 -c:v libx264", error["message"])

    def test_row_110_a_container_that_is_not_taken(self):
        data = film("-c:v", "mpeg4", suffix=".avi")
        self.assert_told(data, MP4, 1, "InvalidMedia", "codec_not_allowed", ("AVI", "accepted are video/mp4"), "ffmpeg -i")

    def test_row_110_codecs_that_x_does_not_take_are_converted(self):
        for data, init, found in ((HEVC(), MP4, "hevc"), (VP9(), WEBM, "vp9"), (AV1(), MP4, "av1"), (MPEG4(), MP4, "mpeg4")):
            self.assert_converted(data, "codec_not_allowed", f"Found {found} video", "X takes H.264", init=init)

    def test_row_112_pixels_that_are_not_square_are_converted(self):
        data = film("-c:v", "libx264", "-pix_fmt", "yuv420p", "-vf", "setsar=4/3", size="96x96")
        self.assert_converted(data, "dimensions_out_of_range", "pixels of the shape 4:3", "X takes square pixels")

    def test_row_111_too_long(self):
        data = film("-c:v", "libx264", "-preset", "ultrafast", size="64x64", rate=1, seconds=150)
        facts = ("Duration 150 s exceeds max duration of 140 s for dm_video",)
        self.assert_told(data, DM, 3, "UnsupportedMedia", "duration_out_of_range", facts, "ffmpeg -i input.mp4 -t 140 -c copy")

    def test_row_111_too_short(self):
        data = film("-c:v", "libx264", rate=25, seconds=0.2)
        self.assert_told(
            data, MP4, 3, "UnsupportedMedia", "duration_out_of_range", ("Duration 0.2 s is below", "0.5 s"), "ffmpeg -i"
        )

    def test_row_112_too_small_and_too_wide(self):
        small = film("-c:v", "libx264", size="16x16")
        self.assert_told(small, MP4, 3, "UnsupportedMedia", "dimensions_out_of_range", ("16x16", "32x32", "4096x2304"), "scale=")
        wide = film("-c:v", "libx264", size="400x64")
        self.assert_told(wide, MP4, 3, "UnsupportedMedia", "dimensions_out_of_range", ("6.25", "0.33", "3.00"), "pad=")

    def test_row_113_a_frame_rate_that_is_no_video(self):
        data = film("-c:v", "libx264", "-preset", "ultrafast", size="64x64", rate=300)
        self.assert_told(data, MP4, 1, "InvalidMedia", "frame_rate_too_high", ("300 frames per second", "more than 240"), "-r 30")

    def assert_converted(self, data, code, *facts, init=MP4):
        for caller, _ in self.callers():
            media_id = upload(caller, data, 4 << 20, **init)
            info = caller.wait(media_id)
            self.assertEqual(info["state"], "succeeded", info)
            told = {notice["code"]: notice["message"] for notice in info["sluice"]["notices"]}
            self.assertEqual(list(told), [code])
            for fact in (*facts, "would refuse this file. It was converted.", "ffmpeg -i"):
                self.assertIn(fact, told[code])
            self.assertEqual(caller.status(media_id).header("sluice-notice"), code)

    def test_row_113_slow_motion_and_interlaced_pictures_are_converted(self):
        fast = film("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", size="64x64", rate=120)
        self.assert_converted(fast, "frame_rate_too_high", "Found 120 frames per second", "at most 60")
        fields = ["-vf", "setfield=tff", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-flags", "+ildct+ilme"]
        self.assert_converted(film(*fields), "frame_rate_too_high", "Found interlaced pictures", "progressive")

    def test_row_114_ten_bits_and_full_colour_are_converted(self):
        for pixels in ("yuv420p10le", "yuv444p"):
            data = film("-c:v", "libx264", "-pix_fmt", pixels, size="64x64")
            self.assert_converted(data, "pixel_format_not_allowed", f"pixel format {pixels}", "yuv420p")

    def test_row_115_other_sound_is_converted(self):
        for sound, found in ((("aac", "6"), "aac sound with 6 channels"), (("libopus", "2"), "opus sound"), (("libmp3lame", "2"), "mp3 sound")):
            noise = ["-f", "lavfi", "-i", "sine=duration=1", "-c:a", sound[0], "-ac", sound[1]]
            data = film(*noise, "-c:v", "libx264", "-pix_fmt", "yuv420p", size="64x64")
            self.assert_converted(data, "audio_not_allowed", found, "AAC-LC")

    def test_row_116_keyframes_that_are_far_apart_are_converted(self):
        options = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "9999", "-sc_threshold", "0"]
        data = film(*options, size="64x64", rate=60, seconds=10)
        self.assert_converted(data, "gop_too_long", "Found 600 frames with a single keyframe", "512")

    def test_row_116_an_open_gop_is_converted(self):
        self.assert_converted(OPEN(), "gop_too_long", "Found an open GOP", "X takes closed GOPs")

    def test_row_117_an_mp4_that_is_cut(self):
        fast, slow = clip(), film("-c:v", "libx264", seconds=2)
        cut = len(fast) // 2
        facts = ("the box mdat begins at byte", f"ends at byte {cut}", f"All {cut} bytes that were announced arrived")
        self.assert_told(fast[:cut], MP4, 1, "InvalidMedia", "container_unreadable", facts, "export it again")
        facts = ("the box mdat begins at byte", "the box moov (the index)")
        self.assert_told(slow[: len(slow) // 4], MP4, 1, "InvalidMedia", "container_unreadable", facts, "+faststart")

    def test_row_117_an_mp4_without_its_index(self):
        data = film("-c:v", "libx264", seconds=2)
        whole = data[: data.index(b"moov") - 4]
        facts = ("the box moov (the index) is missing, there are only ftyp, free, mdat",)
        self.assert_told(whole, MP4, 1, "InvalidMedia", "container_unreadable", facts, "export it again")

    def test_row_118_a_gif_with_too_many_frames_or_pixels(self):
        many = film(suffix=".gif", size="32x32", rate=50, seconds=8)
        self.assert_told(many, GIF, 1, "InvalidMedia", "gif_too_large", ("400 frames of 32x32", "350 frames", "300 million"), "ffmpeg")
        large = film(suffix=".gif", size="1400x64", rate=2)
        self.assert_told(large, GIF, 3, "UnsupportedMedia", "gif_too_large", ("1400x64", "1280x1080"), "scale=")

    def test_row_119_a_picture_of_another_format_than_declared(self):
        for caller, _ in self.callers():
            info = caller.wait(upload(caller, picture(suffix=".jpg"), 1 << 20, **PNG))
            self.assertEqual(info["state"], "succeeded")
            notice = info["sluice"]["notices"][0]
            self.assertEqual(notice["code"], "type_mismatch")
            self.assertIn("Declared image/png, found image/jpeg", notice["message"])

    def test_row_120_a_decoder_that_needs_too_much_memory(self):
        # Sixteen reference frames of ten bits, and floating point for the tones: more than a gigabyte.
        tones = ["-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"]
        options = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-refs", "16", *tones]
        data = run_ffmpeg("-f", "lavfi", "-i", "color=black:size=4096x2304:rate=25:duration=1", *options, suffix=".mp4")
        facts = ("needs more memory than the limit of 1 GiB",)
        self.assert_told(data, MP4, 0, "InternalError", "processing_limit", facts, "make it smaller")

    def test_row_22_a_video_without_a_category_is_told_in_status(self):
        caller = X1(self.server, "no-category")
        info = caller.wait(upload(caller, clip(), 1 << 20, category=None))
        self.assertEqual(info["sluice"]["notices"][0]["code"], "category_missing")


class Faithful(Content):
    arguments = ("--fidelity", "faithful")

    def test_rows_110_and_111_and_117_and_118_as_x_says_them(self):
        long = film("-c:v", "libx264", "-preset", "ultrafast", size="64x64", rate=1, seconds=150)
        duration = "Duration 2.minutes+30.seconds exceeds max duration of 2.minutes+20.seconds"
        rows = [
            (film("-c:v", "mpeg4", suffix=".avi"), MP4, 1, "InvalidMedia", "Unsupported video format"),
            (long, DM, 3, "UnsupportedMedia", duration),
            (clip()[: len(clip()) // 2], MP4, 1, "InvalidMedia", "file is invalid"),
            (film(suffix=".gif", size="32x32", rate=50, seconds=8), GIF, 1, "InvalidMedia", "file is currently unsupported"),
        ]
        for data, init, number, name, text in rows:
            for _, error in self.failure(data, init):
                self.assertEqual(error, {"code": number, "name": name, "message": text})

    def test_rows_110_and_113_to_116_are_refused_as_x_refuses_them(self):
        unsupported, gop = "Unsupported video format", "Video GOP is too large. Largest number of frames allowed in one GOP: 512"
        rows = [
            (HEVC(), unsupported),
            (H264("-pix_fmt", "yuv444p"), unsupported),
            (H264("-pix_fmt", "yuv420p", rate=120), unsupported),
            (H264(*sound("libmp3lame", 2)), unsupported),
            (H264("-pix_fmt", "yuv420p", "-g", "9999", "-sc_threshold", "0", rate=60, seconds=10), gop),
        ]
        for data, text in rows:
            for _, error in self.failure(data, MP4):
                self.assertEqual(error, {"code": 1, "name": "InvalidMedia", "message": text})
        for _, error in self.failure(OPEN(), MP4):
            self.assertEqual(error, {"code": 1, "name": "InvalidMedia"})

    def test_what_x_takes_is_taken(self):
        for caller, _ in self.callers():
            self.assertEqual(caller.wait(upload(caller, clip(), 4 << 20, **MP4))["state"], "succeeded")


if __name__ == "__main__":
    unittest.main()
