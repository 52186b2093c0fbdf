"""What comes out of a video, as a player meets it: renditions, HLS, poster, storyboard, subtitles, signed URLs."""

import re
import time
import unittest

from support.browser import play
from support.case import ServerCase
from support.client import X1, X2, call, upload
from support.keys import create_key
from support.media import clip, probe, run_ffmpeg

VTT = b"WEBVTT\n\n00:00:00.000 --> 00:00:04.000\nHello from below\n"


def conforming(seconds=4):
    """What X's own clients upload: nothing in it needs to be changed."""
    return run_ffmpeg(
        "-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=30:duration={seconds}", "-f", "lavfi", "-i", f"sine=duration={seconds}",
        "-c:v", "libx264", "-preset", "veryfast", "-b:v", "500k", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2",
        "-movflags", "+faststart", suffix=".mp4",
    )


def links(playlist):
    """The URIs of a playlist, in tags and on lines of their own."""
    own_lines = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    return own_lines + re.findall(r'URI="([^"]+)"', playlist)


def text_of(answer):
    return answer.body.decode()


class VideoCase(ServerCase):
    def ready(self, data, caller=None, size=200_000):
        caller = caller or self.x1
        media_id = upload(caller, data, size)
        info = caller.wait(media_id)
        self.assertEqual(info["state"], "succeeded", info)
        return media_id

    def attach(self, video, caller_v1, caller_v2):
        subtitles = upload(caller_v1, VTT, 1000, media_type="text/vtt", category="subtitles")
        self.assertEqual(caller_v1.wait(subtitles)["state"], "succeeded")
        track = {"id": subtitles, "language_code": "EN", "display_name": 'The "English" one'}
        answer = caller_v2.json("/2/media/subtitles", id=video, media_category="TweetVideo", subtitles=track)
        self.assertEqual(answer.status, 200, answer)
        return subtitles

    def follow(self, caller, url):
        """Every URL that a player finds from this playlist on -> its answer."""
        found = {}
        todo = [url]
        while todo:
            next_url = todo.pop()
            answer = caller.fetch(next_url)
            found[next_url] = answer
            self.assertEqual(answer.status, 200, f"{next_url}: {answer}")
            if answer.header("content-type") == "application/vnd.apple.mpegurl":
                folder = next_url[: next_url.split("?")[0].rindex("/") + 1]
                absolute = [link if link.startswith(("/", "http")) else folder + link for link in links(text_of(answer))]
                todo += [link for link in set(absolute) if link not in found and link not in todo]
        return found


class Outputs(VideoCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1 = X1(cls.server, "alice")
        cls.x2 = X2(cls.server, "alice")

    def test_everything_that_a_page_needs(self):
        media_id = self.ready(clip(5, "1280x720", 30))
        upload_object = self.x1.upload_object(media_id).json()
        outputs = {one["name"]: one for one in upload_object["outputs"]}
        found = upload_object["content"]["probe"]
        self.assertEqual((found["video_codec"], found["coded_size"], found["frame_rate"], found["frames"]), ("h264", "1280x720", 30, 150))
        self.assertAlmostEqual(found["duration_ms"], 5000, delta=100)
        self.assertEqual(upload_object["protocol"], "x1")
        self.assertEqual(
            [(one["name"], one["role"]) for one in upload_object["outputs"]][:6],
            [("1280x720.mp4", "rendition"), ("640x360.mp4", "rendition"), ("320x180.mp4", "rendition"),
             ("poster.jpg", "poster"), ("poster.webp", "poster"), ("master.m3u8", "playlist")],
        )
        for name, media_type in (
            ("1280x720.mp4", "video/mp4"), ("poster.jpg", "image/jpeg"),
            ("poster.webp", "image/webp"), ("storyboard.jpg", "image/jpeg"), ("storyboard.vtt", "text/vtt;charset=utf-8"),
            ("master.m3u8", "application/vnd.apple.mpegurl"),
        ):
            answer = self.x1.fetch(outputs[name]["url"])
            self.assertEqual((answer.status, answer.header("content-type")), (200, media_type), name)
            self.assertEqual(answer.header("x-content-type-options"), "nosniff")
            self.assertEqual(answer.header("access-control-allow-origin"), "*")
            self.assertIn("sandbox", answer.header("content-security-policy"))
        self.assertRegex(upload_object["placeholder"], r"^[A-Za-z0-9+/]{20,40}=*$")
        self.assertLessEqual(upload_object["created_at"], upload_object["processing"]["playable_at"])
        found = self.follow(self.x1, outputs["master.m3u8"]["url"])
        types = sorted(answer.header("content-type") for answer in found.values())
        self.assertEqual(types, [*["application/vnd.apple.mpegurl"] * 5, "audio/mp4", *["video/mp4"] * 3])
        self.assertFalse(any(one["role"] == "track" for one in outputs.values()), "they are the playlist's business")

    def test_x_shows_renditions_and_the_playlist_and_no_track(self):
        media_id = self.ready(clip(2, "640x360", 30))
        data = self.x2.get(f"/2/media/7_{media_id}?media.fields=variants,preview_image_url").json()["data"]
        shown = [(one["content_type"], "bit_rate" in one) for one in data["variants"]]
        self.assertEqual(shown, [("video/mp4", True), ("video/mp4", True), ("application/x-mpegURL", False)])
        self.assertTrue(data["preview_image_url"].endswith("/poster.jpg"))

    def test_a_conforming_clip_is_copied_and_says_so(self):
        data = conforming()
        outputs = self.x1.outputs(self.ready(data))
        self.assertTrue(outputs["640x360.mp4"]["copied"])
        self.assertEqual([one for one in outputs if outputs[one]["role"] == "rendition"], ["640x360.mp4"], "light as it is")
        made = self.x1.fetch(outputs["640x360.mp4"]["url"]).body
        facts = [stream["nb_frames"] for stream in probe(made)["streams"] if stream["codec_type"] == "video"]
        self.assertEqual(facts, ["120"])

    def test_it_is_playable_before_it_is_ready(self):
        data = clip(20, "1920x1080", 30)
        media_id = upload(self.x1, data, 4_000_000)
        seen = None
        while (state := (told := self.x1.upload_object(media_id).json())["state"]) not in ("ready", "failed"):
            if state == "processing" and told["processing"]["playable_at"]:
                seen = seen or told
            time.sleep(0.05)
        self.assertEqual(state, "ready", told)
        self.assertIsNotNone(seen, "nothing could be played before all was ready")
        rendition = next(one for one in seen["outputs"] if one["role"] == "rendition")
        self.assertEqual(rendition["name"], "320x180.mp4")
        self.assertLess(seen["processing"]["progress_percent"], 60, "most of the work is still to be done")
        self.assertEqual(probe(self.x1.fetch(rendition["url"]).body)["streams"][0]["codec_name"], "h264")
        ready = {one["name"]: one for one in told["outputs"]}
        self.assertEqual(ready["320x180.mp4"]["url"], rendition["url"])
        self.assertEqual(told["processing"]["playable_at"], seen["processing"]["playable_at"])

    def test_subtitles_that_come_later_are_in_the_playlist(self):
        video = self.ready(clip(5, "640x360", 30))
        url = self.x1.outputs(video)["master.m3u8"]["url"]
        before = self.x1.fetch(url)
        self.assertEqual(self.x1.fetch(url, [("If-None-Match", before.header("etag"))]).status, 304)
        self.attach(video, self.x1, self.x2)
        after = self.x1.fetch(url, [("If-None-Match", before.header("etag"))])
        self.assertEqual(after.status, 200, "the playlist has changed")
        self.assertIn("NAME=\"The 'English' one\",LANGUAGE=\"en\"", text_of(after))
        self.assertEqual(text_of(after).count('SUBTITLES="subtitles"'), 2)
        texts = [text_of(answer) for link, answer in self.follow(self.x1, url).items() if link.endswith(".vtt")]
        self.assertEqual(len(texts), 1)
        self.assertIn("Hello from below", texts[0])
        self.assertEqual(self.x1.get(f"/media/7_{video}/subtitles-4711.m3u8").status, 404)

    def test_a_page_of_another_site_may_ask_for_ranges(self):
        video = self.ready(clip(2, "320x240", 30))
        path = f"/media/7_{video}/320x240.mp4"
        answer = call(self.server, "OPTIONS", path, [("Origin", "http://elsewhere"), ("Access-Control-Request-Method", "GET")])
        self.assertEqual(answer.status, 204, answer)
        self.assertIn("Range", answer.header("access-control-allow-headers"))


class Browser(VideoCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1 = X1(cls.server)
        cls.x2 = X2(cls.server)

    def test_the_hls_plays_with_hls_js(self):
        video = self.ready(clip(6, "1280x720", 30))
        self.attach(video, self.x1, self.x2)
        seen = play(self.x1.outputs(video)["master.m3u8"]["url"], "hls.js")
        self.assertEqual(seen["errors"], [])
        self.assertEqual(sorted(seen["levels"]), ["1280x720", "320x180", "640x360"])
        self.assertGreaterEqual(seen["time"], 2)
        self.assertAlmostEqual(seen["duration"], 6, delta=0.3)
        self.assertTrue(seen["hasSound"], seen)
        self.assertEqual(seen["subtitles"], ["en The 'English' one"])
        self.assertIn("Hello from below", seen["cues"])

    def test_the_mp4_plays_without_it(self):
        video = self.ready(clip(4, "640x360", 30))
        seen = play(self.x1.outputs(video)["640x360.mp4"]["url"], "video")
        self.assertEqual(seen["errors"], [])
        self.assertGreaterEqual(seen["time"], 2)
        self.assertEqual(seen["size"], "640x360")
        self.assertTrue(seen["hasSound"], seen)


class Signed(VideoCase):
    arguments = ("--auth", "keys")

    def test_every_link_from_the_playlist_on_is_signed(self):
        key = create_key(self.server.data)
        self.x1 = X1(self.server, key["bearer_token"])
        video = self.ready(clip(3, "640x360", 30))
        self.attach(video, self.x1, X2(self.server, key["bearer_token"]))
        stranger = X1(self.server)
        outputs = self.x1.outputs(video)
        found = self.follow(stranger, outputs["master.m3u8"]["url"])
        self.assertEqual(len(found), 9, "master; two renditions, sound and subtitles with a playlist and a file each")
        for url in found:
            self.assertEqual(stranger.fetch(url.split("?")[0]).status, 401, url)
        times = stranger.fetch(outputs["storyboard.vtt"]["url"]).body.decode()
        tile = re.search(r"^(storyboard\.jpg\?\S+)#xywh=", times, re.MULTILINE).group(1)
        self.assertEqual(stranger.get(f"/media/7_{video}/{tile}").header("content-type"), "image/jpeg")
        seen = play(outputs["master.m3u8"]["url"], "hls.js")
        self.assertEqual((seen["errors"], seen["time"] >= 2), ([], True), seen)


if __name__ == "__main__":
    unittest.main()
