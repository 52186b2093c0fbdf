"""Rows 110 to 118 of the list of mistakes: what only processing can find, told by STATUS with its code, numbers and remedy."""

import unittest

from support.case import ServerCase
from support.client import X1, X2, upload
from support.media import clip, run_ffmpeg


def moving(seconds, size, *options, suffix, rate=25):
    return run_ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}", *options, suffix=suffix)


class Content(ServerCase):
    def failed(self, data, code, *words, media_type="video/mp4", category="tweet_video"):
        for kind in (X1, X2):
            with self.subTest(kind.__name__):
                caller = kind(self.server)
                media_id = upload(caller, data, 1 << 20, media_type=media_type, category=category)
                info = caller.wait(media_id)
                self.assertEqual((info["state"], info["error"]["sluice"]["code"]), ("failed", code), info)
                for word in words:
                    self.assertIn(word, info["error"]["message"], info)

    def test_row_110_a_codec_for_editing(self):
        data = moving(1, "320x240", "-c:v", "prores_ks", suffix=".mov")
        self.failed(data, "codec_not_allowed", "prores", "h264", media_type="video/quicktime")

    def test_row_111_too_short(self):
        data = moving(0.2, "320x240", "-c:v", "libx264", "-pix_fmt", "yuv420p", suffix=".mp4")
        self.failed(data, "duration_out_of_range", "0.5")

    def test_row_112_too_small_and_too_wide(self):
        small = moving(1, "32x16", "-c:v", "libx264", "-pix_fmt", "yuv420p", suffix=".mp4")
        self.failed(small, "dimensions_out_of_range", "32x16", "32x32")
        wide = moving(1, "1600x400", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", suffix=".mp4")
        self.failed(wide, "dimensions_out_of_range", "4.00", "3.00")

    def test_row_117_a_file_without_its_end(self):
        self.failed(clip()[: len(clip()) // 2], "container_unreadable", "data ends")

    def test_row_118_a_gif_of_too_many_frames(self):
        data = moving(8, "32x32", suffix=".gif", rate=50)
        self.failed(data, "gif_too_large", "400", "350", media_type="image/gif", category="tweet_gif")


if __name__ == "__main__":
    unittest.main()
