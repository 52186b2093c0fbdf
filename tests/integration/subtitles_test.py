"""Subtitles: uploaded like any other medium, made into captions, and attached to a video."""

from support.case import ServerCase
from support.client import X1, X2, upload

SRT = b"1\n00:00:00,000 --> 00:00:01,000\nHello <i>there</i>\n\n2\n00:00:01,000 --> 00:00:02,000\nBye\n"
VTT = b"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello\n"


def subtitles(caller, text=SRT, media_type="text/srt", category="subtitles"):
    return upload(caller, text, len(text), media_type=media_type, category=category)


class SubtitleUploads(ServerCase):
    def test_a_subrip_file_is_ready_when_finalize_answers(self):
        for media_type in ("text/srt", "text/plain", "application/x-subrip", "text/plain charset=UTF-8"):
            x1 = X1(self.server, "ann")
            media_id = x1.open(len(SRT), media_type=media_type, category="Subtitles")
            self.assertEqual(x1.append(media_id, 0, SRT).status, 204)
            answer = x1.finalize(media_id)
            self.assertEqual(answer.status, 201, answer)
            self.assertNotIn("processing_info", answer.json())
            self.assertEqual(answer.json()["media_key"], "29_" + media_id)
            output = x1.outputs(media_id)["captions.vtt"]
            made = x1.fetch(output["url"])
            self.assertEqual(made.header("content-type"), "text/vtt;charset=utf-8")
            self.assertTrue(made.body.startswith(b"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello <i>there</i>\n"), made)

    def test_a_webvtt_file_in_one_call(self):
        answer = X2(self.server, "ann").one_shot(VTT, "subtitles")
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn("processing_info", answer.json()["data"])

    def test_row_92_text_that_is_not_utf_8_fails_with_its_line(self):
        x1 = X1(self.server, "ann")
        media_id = subtitles(x1, b"1\n00:00:00,000 --> 00:00:01,000\ncaf\xe9\n")
        info = x1.wait(media_id)
        self.assertEqual(info["state"], "failed")
        self.assertIn("line 3: expected text in UTF-8, got the byte E9", info["error"]["message"])
