"""What clients in the wild send, byte by byte, each test named after the clients it imitates. None of this may be refused:
these programs will not be changed."""

import base64
import concurrent.futures
import json
import unittest
from urllib.parse import urlencode

from support.case import ServerCase
from support.client import FORM, V1, V2, X1, X2
from support.media import clip, noise, picture, run_ffmpeg
from support.wire import CRLF, Part, Wire, chunked, exchange, head, multipart, request



class OddCase(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1, cls.x2 = X1(cls.server), X2(cls.server)
        cls.picture = picture()

    def raw(self, method, target, headers=(), body=None, **options):
        return exchange(self.server, request(method, target, headers, body, **options), method)

    def assert_received(self, media_id, count):
        self.assertEqual(self.x1.upload_object(media_id).json()["received_bytes"], count)

    def append_parts(self, parts, **options):
        content_type, body = multipart(parts, **options)
        return self.x1.post(V1, body, content_type)

    def parts(self, media_id, data, index=0):
        return [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", index), Part("media", data, "blob")]


class WhatTheyNeed(OddCase):
    """Section 8.1 of the reference: answers exactly as these clients take them."""

    def test_init_has_the_id_as_a_number_for_tweepy_and_as_a_string_for_twit(self):
        body = self.x1.init(10).json()
        self.assertIsInstance(body["media_id"], int)
        self.assertEqual(str(body["media_id"]), body["media_id_string"])

    def test_append_is_204_without_a_body_or_a_json_label_for_twython_and_perl(self):
        media_id = self.x1.open(10)
        answer = self.x1.append(media_id, 0, b"0123456789")
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertNotIn("json", answer.header("content-type") or "")

    def test_append_of_v2_is_json_for_xdk(self):
        answer = self.x2.append(self.x2.open(10), 0, b"0123456789")
        self.assertEqual(answer.status, 200)
        self.assertIsInstance(answer.json()["data"]["expires_at"], int)

    def test_the_older_append_of_v2_is_204_for_x_ruby(self):
        media_id = self.x2.open(10)
        content_type, body = multipart(self.parts(media_id, b"0123456789"))
        answer = self.x2.post(V2, body, content_type)
        self.assertEqual((answer.status, answer.body), (204, b""))

    def test_unfinished_answers_say_when_to_ask_again_for_tweepy_and_ruby(self):
        animation = run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=5:duration=1", suffix=".gif")
        for data, media_type, category in ((clip(1), "video/mp4", "tweet_video"), (animation, "image/gif", "tweet_gif")):
            media_id = self.x1.open(len(data), media_type=media_type, category=category)
            self.assertEqual(self.x1.append(media_id, 0, data).status, 204)
            finalized = self.x1.finalize(media_id)
            self.assertEqual(finalized.status, 201)
            infos = [finalized.json()["processing_info"]]  # twitter4j and Tweetinvi fail without it
            infos.append(self.x1.info_of(self.x1.status(media_id)))  # twitter-api-v2 asks at once
            infos += self.x1.timed_wait(media_id)[1]
            for info in infos:
                self.assertIn(info["state"], ("pending", "in_progress", "succeeded", "failed"))
                if info["state"] in ("pending", "in_progress"):
                    self.assertIsInstance(info["check_after_secs"], int)
                    self.assertGreaterEqual(info["check_after_secs"], 1)
                else:
                    self.assertNotIn("check_after_secs", info)

    def test_status_of_a_picture_has_processing_info_for_those_who_always_poll(self):
        answer = self.x1.one_shot(self.picture)
        self.assertEqual(self.x1.info_of(self.x1.status(answer.json()["media_id_string"]))["state"], "succeeded")

    def test_v1_errors_are_objects_with_a_message_for_ruby_and_twit(self):
        answer = self.x1.status("1349803915521482754")
        self.assertTrue(answer.header("content-type").startswith("application/json"))
        for error in answer.json()["errors"]:
            self.assertIsInstance(error["code"], int)
            self.assertIn("media_unknown", error["message"])

    def test_v2_errors_tell_the_cause_wherever_a_client_looks(self):
        body = self.x2.status("1349803915521482754").json()
        self.assertEqual({"title", "detail", "type", "status", "message", "errors"} - body.keys(), set())
        self.assertIn("media_unknown", body["message"])  # xdk
        self.assertIn("media_unknown", body["errors"][0]["message"])
        self.assertIn("credentials", body["detail"])  # twitter-api-v2 prints title and detail

    def test_connection_close_is_kept_for_npm_twitter(self):
        for target in (V1, V2):
            with Wire(self.server) as wire:
                wire.send(head("GET", f"{target}?command=STATUS&media_id=1", [("Connection", "close")]))
                self.assertEqual(wire.read().header("connection"), "close")
                self.assertTrue(wire.is_closed())


class Bodies(OddCase):
    """Where the parameters stand, and how the body is written."""

    def test_everything_in_the_query_of_a_post_like_xs_own_examples(self):
        init = self.x1.post(f"{V1}?command=INIT&total_bytes=3&media_type=video/mp4&media_category=tweet_video")
        self.assertEqual(init.status, 202)
        media_id = init.json()["media_id_string"]
        self.assertEqual(self.x1.append(media_id, 0, b"abc").status, 204)
        answer = self.x1.post(f"{V1}?command=FINALIZE&media_id={media_id}")
        self.assertEqual(answer.status, 201, answer)

    def test_query_and_multipart_mixed_like_tweetinvi_and_xs_web_client(self):
        media_id = self.x1.open(3)
        content_type, body = multipart([Part("media", b"abc", "blob")])
        answer = self.x1.post(f"{V1}?command=APPEND&media_id={media_id}&segment_index=0", body, content_type)
        self.assertEqual(answer.status, 204)

    def test_status_parameters_in_the_body_of_a_get_like_twit(self):
        media_id = self.x1.one_shot(self.picture).json()["media_id_string"]
        body = urlencode({"command": "STATUS", "media_id": media_id}).encode()
        answer = self.raw("GET", V1, [("Content-Type", FORM)], body)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["processing_info"]["state"], "succeeded")

    def test_base64_in_media_of_a_form_like_twit(self):
        media_id = self.x1.open(300)
        data = noise(300)
        answer = self.x1.form(command="APPEND", media_id=media_id, segment_index=0, media=base64.b64encode(data).decode())
        self.assertEqual(answer.status, 204, answer)
        self.assert_received(media_id, 300)

    def test_media_data_in_a_form_like_codebird(self):
        answer = self.x1.form(media_data=base64.b64encode(self.picture).decode())
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["size"], len(self.picture))

    def test_a_base64_part_that_says_so_like_twurl(self):
        media_id = self.x1.open(300)
        encoded = base64.encodebytes(noise(300)).replace(b"\n", CRLF)
        part = Part("media", encoded, "blob", [("Content-Transfer-Encoding", "base64")])
        answer = self.append_parts([*self.parts(media_id, b"")[:3], part])
        self.assertEqual(answer.status, 204, answer)
        self.assert_received(media_id, 300)

    def test_media_before_its_parameters_like_linqtotwitter(self):
        media_id = self.x1.open(3)
        self.assertEqual(self.append_parts(self.parts(media_id, b"abc")[::-1]).status, 204)
        self.assert_received(media_id, 3)

    def test_parts_in_every_order_like_twitter_api_of_perl(self):
        for turn in range(4):
            media_id = self.x1.open(3)
            parts = self.parts(media_id, b"abc")
            self.assertEqual(self.append_parts(parts[turn:] + parts[:turn]).status, 204, turn)
            self.assert_received(media_id, 3)

    def test_text_parts_with_a_filename_like_python_twitter(self):
        media_id = self.x1.open(3)
        text = [Part(part.name, part.value, part.name, [("Content-Type", "text/plain")]) for part in self.parts(media_id, b"")[:3]]
        self.assertEqual(self.append_parts([*text, Part("media", b"abc", "blob")]).status, 204)

    def test_media_without_filename_or_content_type(self):
        media_id = self.x1.open(3)
        self.assertEqual(self.append_parts([*self.parts(media_id, b"")[:3], Part("media", b"abc")]).status, 204)

    def test_filenames_with_paths_and_quotes(self):
        for name in (r"C:\Users\me\my clip.mp4", "/tmp/a\\\"b\\\".mp4", "café.mp4", "", "a;b=c.mp4"):
            media_id = self.x1.open(3)
            parts = [*self.parts(media_id, b"")[:3], Part("media", b"abc", name, [("Content-Type", "video/mp4")])]
            self.assertEqual(self.append_parts(parts).status, 204, name)
            self.assert_received(media_id, 3)

    def test_a_boundary_behind_a_comma_like_twurl(self):
        media_id = self.x1.open(3)
        _, body = multipart(self.parts(media_id, b"abc"), boundary="00Twurl123Twurl00")
        for content_type in (
            'multipart/form-data, boundary="00Twurl123Twurl00"',
            "multipart/form-data; charset=UTF-8; boundary=00Twurl123Twurl00",
            "Multipart/Form-Data;boundary=00Twurl123Twurl00",
        ):
            self.assertEqual(self.x1.post(V1, body, content_type).status, 204, content_type)
        self.assert_received(media_id, 3)

    def test_no_line_end_at_the_end_like_codebird_and_one_more_like_python_twitter_tools(self):
        media_id = self.x1.open(3)
        content_type, body = multipart(self.parts(media_id, b"abc"))
        for odd in (body.removesuffix(CRLF), body + CRLF, CRLF + body):
            self.assertEqual(self.x1.post(V1, odd, content_type).status, 204, odd)
        self.assert_received(media_id, 3)

    def test_an_empty_media_beside_init_and_finalize_like_net_twitter(self):
        init = self.append_parts([
            Part("media", b"", ""), Part("command", "INIT"), Part("total_bytes", len(self.picture)), Part("media_type", "image/png"),
        ])
        self.assertEqual(init.status, 202, init)
        media_id = init.json()["media_id_string"]
        self.assertEqual(self.x1.append(media_id, 0, self.picture).status, 204)
        answer = self.x1.form(command="FINALIZE", media_id=media_id, media="")
        self.assertEqual(answer.status, 201, answer)

    def test_finalize_of_v2_with_any_body_that_says_nothing(self):
        bodies = (
            (b"", [("Content-Type", "application/json")]),  # xdk
            (b"{}", [("Content-Type", "application/json")]),  # twitter-api-v2
            (None, []),
            (b"", [("Content-Type", FORM)]),
        )
        for body, headers in bodies:
            media_id = self.x2.open(len(self.picture), media_type="image/png", category="tweet_image")
            self.assertEqual(self.x2.append(media_id, 0, self.picture).status, 200)
            answer = self.raw("POST", f"{V2}/{media_id}/finalize", headers, body)
            self.assertEqual(answer.status, 200, (body, headers, answer))

    def test_a_content_type_on_a_get(self):
        media_id = self.x1.one_shot(self.picture).json()["media_id_string"]
        for content_type in (FORM, "application/json", "multipart/form-data"):
            answer = self.raw("GET", f"{V1}?command=STATUS&media_id={media_id}", [("Content-Type", content_type)])
            self.assertEqual(answer.status, 200, content_type)

    def test_a_chunked_body_and_one_that_waits_for_100(self):
        media_id = self.x1.open(3)
        content_type, body = multipart(self.parts(media_id, b"abc"))
        data = head("POST", V1, [("Content-Type", content_type), ("Transfer-Encoding", "chunked")]) + chunked(body, 7)
        self.assertEqual(exchange(self.server, data, "POST").status, 204)
        with Wire(self.server) as wire:
            headers = [("Content-Type", content_type), ("Content-Length", len(body)), ("Expect", "100-continue")]
            wire.send(head("POST", V1, headers))
            self.assertEqual(wire.read_interim().status, 100)
            wire.send(body)
            self.assertEqual(wire.read().status, 204)

    def test_http_1_0_is_answered_and_closed(self):
        body = urlencode({"command": "INIT", "total_bytes": 3, "media_type": "video/mp4"}).encode()
        for headers in ([], [("Connection", "keep-alive")]):
            with Wire(self.server) as wire:
                wire.send(request("POST", V1, [("Content-Type", FORM), *headers], body, version="HTTP/1.0"))
                answer = wire.read()
                self.assertEqual(answer.status, 202)
                if not headers:
                    self.assertTrue(wire.is_closed())
                else:  # who is promised another request may send it
                    wire.send(request("POST", V1, [("Content-Type", FORM)], body, version="HTTP/1.0"))
                    self.assertEqual(wire.read().status, 202)

    def test_an_absolute_target_like_clients_behind_a_proxy(self):
        answer = self.raw("GET", f"http://upload.twitter.com{V1}?command=STATUS&media_id=1349803915521482754")
        self.assertIn("media_unknown", answer.header("sluice-error"))


class Values(OddCase):
    """How values are written."""

    def test_every_spelling_of_a_media_type(self):
        for media_type in ("media", "text/plain", "application/octet-stream", "text/plain charset=UTF-8", "VIDEO/MP4", "video/mp4; a=b"):
            self.assertEqual(self.x1.init(3, media_type=media_type).status, 202, media_type)
        self.assertEqual(self.x1.form(command="INIT", total_bytes=3).status, 202)

    def test_every_spelling_of_a_category(self):
        for category in ("tweet_video", "TweetVideo", "TWEET_VIDEO", "tweetvideo", "amplify_video", "AmplifyVideo", "DmVideo"):
            answer = self.x1.init(3, category=category)
            self.assertEqual(answer.status, 202, category)
        for category in ("Subtitles", "SUBTITLES"):
            for media_type in ("text/plain", "application/x-subrip", "text/srt", "text/vtt"):
                self.assertEqual(self.x1.init(3, category=category, media_type=media_type).status, 202, (category, media_type))

    def test_additional_owners_as_commas_as_parts_like_tweepy_and_as_lists(self):
        self.assertEqual(self.x1.init(3, additional_owners="12,13").status, 202)
        init = [Part("command", "INIT"), Part("total_bytes", 3), Part("media_type", "video/mp4")]
        owners = [Part("additional_owners", 12), Part("additional_owners", 13)]
        answer = self.append_parts([*init, *owners])
        self.assertEqual(answer.status, 202, answer)
        repeated = b"command=INIT&total_bytes=3&media_type=video/mp4&additional_owners=12&additional_owners=13"
        self.assertEqual(self.x1.post(V1, repeated, FORM).status, 202)
        for value in (["12", "13"], "12,13"):
            self.assertEqual(self.x2.init(3, additional_owners=value).status, 200, value)

    def test_shared_and_parameters_nobody_knows(self):
        more = {"shared": "false", "source": "web", "enable_1080p_variant": "true", "video_duration_ms": "2000.5", "allow_async": "true"}
        self.assertEqual(self.x1.init(3, **more).status, 202)
        self.assertEqual(self.x1.init(3, shared="true").status, 202)

    def test_numbers_as_strings_and_with_blanks(self):
        media_id = self.x2.open(3)
        answer = self.x2.json(f"{V2}/initialize", media_type="video/mp4", total_bytes="3", media_category="tweet_video")
        self.assertEqual(answer.status, 200)
        for index in ("0", 0, " 0 "):
            content = base64.b64encode(b"abc").decode()
            answer = self.x2.json(f"{V2}/{media_id}/append", segment_index=index, media=content)
            self.assertEqual(answer.status, 200, index)
        blank = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", " 0"), Part("media", b"abc", "b")]
        self.assertEqual(self.append_parts(blank).status, 204)

    def test_segments_in_any_order_of_any_size_at_once_and_again(self):
        sizes = (65_536, 1, 5_000_000, 262_144, 77)  # twit's 64 KiB, ruby-twitter's five million
        data = [noise(size, seed) for seed, size in enumerate(sizes)]
        media_id = self.x1.open(sum(sizes))
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            order = (3, 0, 4, 2, 1)
            answers = list(pool.map(lambda index: self.x1.append(media_id, index, data[index]), order))
        self.assertEqual([answer.status for answer in answers], [204] * 5)
        self.assertEqual(self.x1.append(media_id, 2, data[2]).status, 204)  # a retry
        self.assertEqual(self.x1.append(media_id, 5, b"").status, 204)  # twitteroauth's empty last one
        self.assert_received(media_id, sum(sizes))

    def test_segments_that_change_their_size_like_xs_web_client(self):
        data, at, index = clip(1), 0, 0
        media_id = self.x1.open(len(data))
        while at < len(data):
            size = 4096 << (index % 5)
            self.assertEqual(self.x1.append(media_id, index, data[at : at + size]).status, 204)
            at, index = at + size, index + 1
        self.assertEqual(self.x1.finalize(media_id).status, 201)
        self.assertEqual(self.x1.wait(media_id)["state"], "succeeded")


class Metadata(OddCase):
    """metadata/create and subtitles: JSON, however it is labelled, and an answer that nobody may parse."""

    def setUp(self):
        self.media_id = self.x1.one_shot(self.picture).json()["media_id_string"]

    def send(self, media_id, headers, text="A test picture"):
        body = json.dumps({"media_id": media_id, "alt_text": {"text": text}}).encode()
        return self.raw("POST", "/1.1/media/metadata/create.json", headers, body)

    def test_without_a_content_type_like_twython_and_as_text_like_tweetinvi(self):
        for headers in ([], [("Content-Type", "text/plain; charset=utf-8")], [("Content-Type", "application/json;charset=UTF-8")]):
            self.assertEqual(self.send(self.media_id, headers).status, 200, headers)

    def test_the_id_as_a_number(self):
        self.assertEqual(self.send(int(self.media_id), [("Content-Type", "application/json")]).status, 200)

    def test_200_without_a_body_or_a_json_label_for_twitter_api_of_perl(self):
        answer = self.send(self.media_id, [("Content-Type", "application/json")])
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertNotIn("json", answer.header("content-type") or "")

    def test_on_the_api_host_like_net_twitter(self):
        body = json.dumps({"media_id": self.media_id, "alt_text": {"text": "x"}}).encode()
        answer = self.raw("POST", "/1.1/media/metadata/create.json", [], body, host="api.twitter.com")
        self.assertEqual(answer.status, 200)

    def test_subtitles_with_categories_and_languages_in_either_case(self):
        data = clip(1)
        video = self.x1.open(len(data))
        self.assertEqual(self.x1.append(video, 0, data).status, 204)
        self.assertEqual(self.x1.finalize(video).status, 201)
        srt = b"1\r\n00:00:00,000 --> 00:00:00,900\r\nHello\r\n"
        text = self.x1.open(len(srt), media_type="text/plain", category="subtitles")
        self.assertEqual(self.x1.append(text, 0, srt).status, 204)
        self.assertEqual(self.x1.finalize(text).status, 201)
        for category, language in (("TweetVideo", "EN"), ("tweet_video", "en")):
            one = {"media_id": text, "language_code": language, "display_name": "English"}
            body = {"media_id": video, "media_category": category, "subtitle_info": {"subtitles": [one]}}
            answer = self.raw("POST", "/1.1/media/subtitles/create.json", [("Content-Type", "application/json")], json.dumps(body).encode())
            self.assertEqual((answer.status, answer.body), (200, b""), answer)


class Hosts(OddCase):
    def test_every_path_is_served_on_every_host(self):
        for host in ("upload.twitter.com", "upload.x.com", "api.x.com", "api.twitter.com", "localhost:1", "sluice.internal"):
            for target in (f"{V1}?command=STATUS&media_id=1349803915521482754", f"{V2}?media_id=1349803915521482754"):
                answer = self.raw("GET", target, host=host)
                self.assertEqual(answer.header("sluice-error"), "media_unknown", (host, target))
                self.assertIn(f"http://{host}/docs/errors/media_unknown", answer.body.decode().replace("\\/", "/"))


if __name__ == "__main__":
    unittest.main()
