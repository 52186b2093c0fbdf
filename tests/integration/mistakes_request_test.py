"""The form of the request: rows 1 to 14 of the list of mistakes, and 104 to 108 of v2, each provoked over a real socket."""

import base64
import unittest
from urllib.parse import quote

from support.client import FORM, V1, V2
from support.media import noise, picture
from support.mistakes import X_INVALID, MistakeCase, json_body
from support.wire import ConnectionEnded, Part, Wire, exchange, multipart, request

DATA = noise(3000)
LOST = "media parameter is missing."


def form(parts, **more):
    content_type, body = multipart([*(Part(name, value) for name, value in more.items()), *parts])
    return body, content_type


class Commands(MistakeCase):
    def test_row_1_command_missing_lists_what_came_and_gives_the_status_line(self):
        media_id = self.x1.open(10)
        answer = self.x1.post(f"{V1}?media_id={media_id}", b"shared=false", FORM)
        told = self.told_v1(
            answer, 400, "command_missing", "media_id (query)", "shared (form body)",
            f"GET /1.1/media/upload.json?command=STATUS&media_id={media_id}", "0 of 10 bytes",
        )
        self.assertEqual(self.runs(told, "GET", 409).header("sluice-error"), "finalize_missing")
        answer = self.x2.json(V2, media_id=media_id)
        told = self.told_v2(answer, 400, "command_missing", "media_id (JSON body)", f"GET /2/media/upload?media_id={media_id}")
        self.runs(told, "GET", 409)

    def test_row_1_command_missing_tells_append_and_init_by_their_parameters(self):
        body = form([Part("media", b"x", "blob")], media_id=self.x1.open(1), segment_index=0)
        self.told_v1(self.x1.post(V1, *body), 400, "command_missing", "command=APPEND", "media (1 bytes)")
        self.told_v1(self.x1.form(total_bytes=5), 400, "command_missing", "command=INIT")
        self.told_v1(self.x1.get(f"{V1}?media_id=5"), 400, "command_missing")

    def test_row_1_as_x(self):
        self.as_x_v1(self.x1_faithful.form(media_id=5), 400, 38, LOST, "command_missing")
        self.as_x_v2(self.x2_faithful.json(V2, media_id="5"), 400, X_INVALID, "command_missing")

    def test_row_2_a_command_in_lower_case(self):
        for word in ("init", "Append", "finalize"):
            with self.subTest(word):
                self.told_v1(self.x1.form(command=word), 400, "command_case", f'"{word}"', word.upper())
                self.told_v2(self.x2.json(V2, command=word), 400, "command_case", word.upper())
        media_id = self.x1.open(10)
        told = self.told_v1(self.x1.get(f"{V1}?command=status&media_id={media_id}"), 400, "command_case", "STATUS")
        self.runs(told, "GET", 409)
        self.told_v2(self.x2.get(f"{V2}?command=status&media_id={media_id}"), 400, "command_case", "STATUS")

    def test_row_2_is_named_before_what_else_is_wrong(self):
        body = form([Part("media_data", "!!!!")], command="append", media_id="undefined")
        self.told_v1(self.x1.post(V1, *body), 400, "command_case")

    def test_row_3_an_unknown_command_names_the_four_and_the_nearest(self):
        four = "INIT, APPEND, FINALIZE and STATUS"
        for word, nearest in (("UPLOAD", None), ("STATUS ", "STATUS"), ("FINALISE", "FINALIZE"), ("append ", "APPEND")):
            with self.subTest(word):
                facts = (four, f"Did you mean {nearest}?") if nearest else (four,)
                self.told_v1(self.x1.form(command=word), 400, "command_unknown", *facts)
                self.told_v2(self.x2.json(V2, command=word), 400, "command_unknown", *facts)
        answer = self.x1.get(f"{V1}?command=STATUS%20&media_id=5")
        self.told_v1(answer, 400, "command_unknown", "Did you mean STATUS?")

    def test_row_4_status_as_post_gives_the_get_line_and_the_state(self):
        media_id = self.x1.open(10)
        answer = self.x1.form(command="STATUS", media_id=media_id)
        told = self.told_v1(
            answer, 405, "status_needs_get", f"GET /1.1/media/upload.json?command=STATUS&media_id={media_id}",
            "0 of 10 bytes arrived, FINALIZE never did",
        )
        self.assertEqual(answer.header("allow"), "GET")
        self.runs(told, "GET", 409)
        answer = self.x2.json(V2, command="STATUS", media_id=media_id)
        self.told_v2(answer, 405, "status_needs_get", f"GET /2/media/upload?media_id={media_id}")
        self.assertEqual(answer.header("allow"), "GET")

    def test_row_4_as_x(self):
        answer = self.x1_faithful.form(command="STATUS", media_id=5)
        self.as_x_v1(answer, 400, 38, "media_id or media_key parameter is missing.", "status_needs_get")

    def test_row_5_a_writing_command_as_get(self):
        for word in ("INIT", "APPEND", "FINALIZE"):
            with self.subTest(word):
                answer = self.x1.get(f"{V1}?command={word}&media_id=5&total_bytes=5")
                self.told_v1(answer, 405, "command_needs_post", word, "POST")
                self.assertEqual(answer.header("allow"), "POST")
                answer = self.x2.get(f"{V2}?command={word}&media_id=5")
                self.told_v2(answer, 405, "command_needs_post", word)
                self.assertEqual(answer.header("allow"), "POST")


class Paths(MistakeCase):
    def test_row_6_the_nearest_path_in_the_words_of_its_version(self):
        for asked, meant in (
            ("/1.1/media/upload", "/1.1/media/upload.json"), ("/1.1/media/upload.json/", "/1.1/media/upload.json"),
            ("/1.1/media/upload.json/initialize", "/2/media/upload/initialize"),
            ("/1.1/media/upload/5/append", "/2/media/upload/5/append"),
        ):
            with self.subTest(asked):
                self.told_v1(self.x1.post(asked, b"a=b", FORM), 404, "unknown_path", f'"{asked}"', f"Did you mean {meant}?")
                answer = self.x1_faithful.post(asked, b"a=b", FORM)
                self.as_x_v1(answer, 404, 34, "Sorry, that page does not exist", "unknown_path")
        for asked, meant in (
            ("/2/media/upload/", "/2/media/upload"), ("/2/media/upload/initialise", "/2/media/upload/initialize"),
            ("/2/media/upload/append", "/2/media/upload/{id}/append"), ("/2/media/upload/5", "/2/media/upload?media_id=5"),
        ):
            with self.subTest(asked):
                self.told_v2(self.x2.post(asked, b"{}", "application/json"), 404, "unknown_path", f"Did you mean {meant}?")
        self.as_x_v2(self.x2_faithful.post("/2/media/upload/", b""), 404, "Not Found", "unknown_path")


class Bodies(MistakeCase):
    def test_row_7_a_body_that_its_type_does_not_describe(self):
        as_json = json_body(command="INIT", total_bytes=5)
        parts, multipart_type = form([], command="INIT", total_bytes=5)
        rows = [
            (as_json, "multipart/form-data; boundary=x", "a JSON object", "application/json"),
            (as_json, FORM, "a JSON object", "application/json"),
            (as_json, "multipart/form-data", "a JSON object", "application/json"),
            (parts, FORM, "a multipart body", "multipart/form-data"),
            (parts, "application/json", "a multipart body", "multipart/form-data"),
            (b"command=INIT&total_bytes=5", "application/json", "url-encoded parameters", FORM),
            (b"command=INIT&total_bytes=5", multipart_type, "url-encoded parameters", FORM),
            (picture(), FORM, "a binary file (89 50 4e 47", 'multipart part named "media"'),
            (picture(), None, "There is no Content-Type", "a binary file"),
        ]
        for body, content_type, *facts in rows:
            with self.subTest(content_type=content_type, body=body[:12]):
                facts = [*facts, *([content_type] if content_type else [])]
                self.told_v1(self.x1.post(V1, body, content_type), 400, "body_unreadable", *facts)
                answer = self.x2.post(f"{V2}/initialize", body, content_type)
                self.told_v2(answer, 400, "body_unreadable", *facts)

    def test_row_7_as_x(self):
        body = json_body(command="INIT")
        self.as_x_v1(self.x1_faithful.post(V1, body, FORM), 400, 38, LOST, "body_unreadable")
        answer = self.x2_faithful.post(f"{V2}/initialize", b"a=b", "application/json")
        self.as_x_v2(answer, 400, "Request body is not valid JSON.", "body_unreadable")

    def test_row_7_a_lost_header_is_no_mistake_if_the_body_tells_what_it_is(self):
        body, _ = form([], command="INIT", total_bytes=5, media_type="video/mp4")
        self.assertEqual(self.x1.post(V1, body).status, 202)
        self.assertEqual(self.x1.post(V1, b"command=INIT&total_bytes=5").status, 202)
        self.assertEqual(self.x2.post(f"{V2}/initialize", json_body(total_bytes=5, media_type="video/mp4")).status, 200)

    def test_row_8_a_boundary_that_is_not_declared_or_another(self):
        body, _ = form([], command="INIT", total_bytes=5)
        seen = "--sluice-test-boundary-7d1f"
        for declared, facts in (
            ("multipart/form-data", ("names no boundary", seen)),
            ("multipart/form-data; boundary=other", ('"other"', seen.removeprefix("--"))),
        ):
            with self.subTest(declared):
                self.told_v1(self.x1.post(V1, body, declared), 400, "multipart_boundary", *facts)
                self.told_v2(self.x2.post(f"{V2}/initialize", body, declared), 400, "multipart_boundary", *facts)

    def test_row_9_a_body_that_is_cut_off(self):
        body, content_type = form([Part("media", DATA, "blob")], command="APPEND", media_id=self.x1.open(3000), segment_index=0)
        data = request("POST", V1, [("Content-Type", content_type)], body)
        with Wire(self.server) as wire:
            wire.send(data[:-1000])
            wire.half_close()
            try:
                answer = wire.read()
            except ConnectionEnded as ended:
                self.fail(f"closed without an answer: {ended}")
        told = self.told_v1(answer, 400, "body_truncated", str(len(body)), str(len(body) - 1000))
        self.assertIn("Repeat this call; nothing of it was stored", told["hint"])

    def test_row_11_a_parameter_twice_names_both_values_and_places(self):
        answer = self.x1.post(f"{V1}?command=FINALIZE&media_id=5", b"media_id=6", FORM)
        self.told_v1(answer, 400, "parameter_conflict", '"media_id" is "5" in the query and "6" in the form body')
        answer = self.x2.json(f"{V2}/5/append", media_id="6", segment_index=0, media="AAAA")
        self.told_v2(answer, 400, "parameter_conflict", '"5" in the path and "6" in the JSON body')

    def test_row_12_media_and_media_data_together(self):
        media_id = self.x1.open(10)
        for parts in (
            [Part("media", b"12345", "blob"), Part("media_data", "AAAA")],
            [Part("media_data", "AAAA"), Part("media", b"12345", "blob")],
        ):
            body = form(parts, command="APPEND", media_id=media_id, segment_index=0)
            self.told_v1(self.x1.post(V1, *body), 400, "media_twice", '"media"', '"media_data"', "5", "4")
        body = form([Part("media", b"12345", "blob"), Part("media_data", "AAAA")], segment_index=0)
        self.told_v2(self.x2.post(f"{V2}/{media_id}/append", *body), 400, "media_twice", "5 bytes", "with 4")

    def test_row_12_an_empty_one_beside_it_is_harmless(self):
        for parts in ([Part("media", ""), Part("media_data", "AAAA")], [Part("media_data", "AAAA"), Part("media", "")]):
            body = form(parts, command="APPEND", media_id=self.x1.open(3), segment_index=0)
            self.assertEqual(self.x1.post(V1, *body).status, 204)

    def test_row_12_comes_behind_the_command(self):
        body = form([Part("media", b"1", "a"), Part("media_data", "AAAA"), Part("command", "append")])
        self.told_v1(self.x1.post(V1, *body), 400, "command_case")

    def test_row_13_the_part_has_another_name(self):
        media_id = self.x1.open(10)
        for name in ("file", "media[]", "data"):
            with self.subTest(name):
                body = form([Part(name, DATA)], command="APPEND", media_id=media_id, segment_index=0)
                facts = (f'rename "{name}" to "media"', f"{name} (3000 bytes)", "segment_index (multipart body)")
                self.told_v1(self.x1.post(V1, *body), 400, "media_part_missing", *facts)
                body = form([Part(name, noise(100_000), "clip.mp4")], segment_index=0)
                answer = self.x2.post(f"{V2}/{media_id}/append", *body)
                self.told_v2(answer, 400, "media_part_missing", f'rename "{name}" to "media"', "100000 bytes")
        self.told_v1(self.x1.post(V1, *form([Part("file", picture(), "a.png")])), 400, "media_part_missing", '"file"')

    def test_row_13_as_x(self):
        answer = self.x1_faithful.post(V1, *form([Part("file", picture(), "a.png")]))
        self.as_x_v1(answer, 400, 38, LOST, "media_part_missing")

    def test_row_14_file_names_and_types_where_nobody_needs_them(self):
        typed = [("Content-Type", "text/plain; charset=utf-8")]
        for parts in (
            [Part("command", "APPEND", "command"), Part("segment_index", "0", "index", typed), Part("media", DATA)],
            [Part("media", DATA, 'C:\\x\\a "b".mp4'), Part("segment_index", "0"), Part("command", "APPEND", None, typed)],
        ):
            body = form([*parts, Part("media_id", self.x1.open(3000), "id.txt", typed)])
            answer = self.x1.post(V1, *body)
            self.assertEqual(answer.status, 204, answer)


class Urls(MistakeCase):
    def test_row_10_short_media_in_the_query_is_taken_as_x_documents_it(self):
        media_id = self.x1.open(9)
        text = [quote(base64.b64encode(piece).decode()) for piece in (b"\xfb\xff\x00", b"\xfb\xff\x01", b"\xfb\xff\x02")]
        for index, name in enumerate(("media_data", "media")):
            target = f"{V1}?command=APPEND&media_id={media_id}&segment_index={index}&{name}={text[index]}"
            self.assertEqual(self.x1.post(target).status, 204)
        answer = self.x2.post(f"{V2}/{media_id}/append?segment_index=2&media={text[2]}")
        self.assertEqual(answer.status, 200, answer)
        answer = self.x1.finalize(media_id)
        self.assertEqual(answer.status, 201, answer)
        self.assert_original(self.x1, answer.json()["media_key"], b"\xfb\xff\x00\xfb\xff\x01\xfb\xff\x02")

    def test_row_10_media_that_the_head_cannot_hold(self):
        long = "A" * 20_000
        facts = ("bytes of the head had come", "8192", "Put the media into the body")
        for target in (f"{V1}?command=APPEND&media_id=5&segment_index=0&media_data={long}", f"{V1}?x={long}"):
            self.told_v1(self.x1.post(target), 414, "media_in_url", "stands in the address", *facts)
        self.told_v2(self.x2.post(f"{V2}?media={long}"), 414, "media_in_url", *facts)
        answer = self.x1.post(V1, b"command=APPEND", FORM, [("X-Media", long)])
        self.told_v1(answer, 414, "media_in_url", 'header field "X-Media"', *facts)
        self.as_x_v1(self.x1_faithful.post(f"{V1}?media_data={long}"), 431, 214, "Request Header Fields Too Large", "media_in_url")
        self.assertEqual(self.x1.get(f"/2/media?x={long}").header("sluice-error"), "uri_too_long")

    def test_row_10_media_in_the_query_and_in_the_body(self):
        target = f"{V1}?command=APPEND&media_id={self.x1.open(9)}&segment_index=0&media_data=AAAA"
        answer = self.x1.post(target, *form([Part("media", b"12345", "blob")]))
        self.told_v1(answer, 400, "media_twice", "5 bytes in the body", "4 in the query")

    def test_row_10_a_plus_that_became_a_blank(self):
        target = f"{V1}?command=APPEND&media_id={self.x1.open(9)}&segment_index=0&media_data=AA+A"
        self.told_v1(self.x1.post(target), 400, "base64_invalid", "%2B")


class V2Only(MistakeCase):
    def test_row_104_initialize_as_a_form(self):
        body, content_type = form([], total_bytes=5, media_type="video/mp4", media_category="tweet_video")
        for body, content_type in ((body, content_type), (b"total_bytes=5&media_type=video%2Fmp4", FORM)):
            self.assertEqual(self.x2.post(f"{V2}/initialize", body, content_type).status, 200)

    def test_row_105_counting_from_1(self):
        media_id = self.x2.open(6)
        for index in (1, 2):
            self.assertEqual(self.x2.append(media_id, index, b"abc").status, 200)
        self.told_v2(self.x2.finalize(media_id), 400, "segment_missing", "0", "count from 0")

    def test_row_106_a_media_key_in_the_path(self):
        media_id = self.x2.open(6)
        key = f"7_{media_id}"
        for answer in (self.x2.append(key, 0, b"abc"), self.x2.finalize(key)):
            self.told_v2(answer, 400, "media_key_as_id", key, f"the id is {media_id}")
        self.as_x_v2(self.x2_faithful.finalize(key), 400, X_INVALID, "media_key_as_id")

    def test_row_108_both_forms_on_one_upload(self):
        data = picture()
        answer = self.x2.json(V2, command="INIT", total_bytes=len(data), media_type="image/png", media_category="tweet_image")
        self.assertEqual(answer.status, 202, answer)
        media_id = answer.json()["data"]["id"]
        self.assertEqual(self.x2.append(media_id, 0, data[:1000]).status, 200)
        body = form([Part("media", data[1000:], "blob")], command="APPEND", media_id=media_id, segment_index=1)
        self.assertEqual(self.x2.post(V2, *body).status, 204)
        answer = self.x2.json(V2, command="FINALIZE", media_id=media_id)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.x2.status(media_id).json()["data"]["processing_info"]["state"], "succeeded")

    def test_json_that_is_nested_ten_thousand_deep(self):
        body = b'{"total_bytes":5,"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
        answer = self.x2.post(f"{V2}/initialize", body, "application/json")
        self.told_v2(answer, 400, "json_expected", "nested deeper than 16 levels")


if __name__ == "__main__":
    unittest.main()
