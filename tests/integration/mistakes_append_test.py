"""APPEND: rows 31 to 57 of the list of mistakes (40, 44, 48 and 53 are seen at FINALIZE), each provoked over a real socket."""

import base64
import hashlib
import re
import threading
import time
import unittest
from datetime import datetime, timezone
from decimal import Decimal

from support.client import FORM, V1, V2, X1, X2
from support.media import noise, picture
from support.mistakes import X_INVALID, MistakeCase
from support.wire import Part, Wire, multipart, request

OTHER = 1349803915521482754
PATH_FORMS = ("./clip.mp4", "@clip.mp4", "https://example.com/clip.mp4", "C:\\clip.mp4", "/tmp/clip.mp4")


class AppendCase(MistakeCase):
    def form(self, parts, command="APPEND", **fields):
        fields = {"command": command, **fields} if command else fields
        content_type, body = multipart([*(Part(name, value) for name, value in fields.items()), *parts])
        return body, content_type

    def both(self, media_id, index, data, headers=(), **fields):
        """The same APPEND in v1.1 and v2."""
        part = [Part("media", data, "blob")]
        body = self.form(part, media_id=media_id, segment_index=index, **fields)
        yield self.told_v1, self.x1.post(V1, *body, headers)
        body = self.form(part, command=None, segment_index=index, **fields)
        yield self.told_v2, self.x2.post(f"{V2}/{media_id}/append", *body, headers)


class Ids(AppendCase):
    def test_row_31_an_id_that_init_never_answered(self):
        caller = X1(self.server, "row-31")
        told = self.told_v1(caller.append("undefined", 0, b"x"), 400, "media_id_invalid", '"undefined"')
        self.assertIn("No INIT of yours has come", told["detail"])
        caller.init("12MB")
        for value, code in (("undefined", "media_id_invalid"), ("null", "media_id_invalid"),
                            ("[object Object]", "media_id_invalid"), ("", "media_id_missing")):
            with self.subTest(value):
                answer = caller.append(value, 0, b"x")
                self.told_v1(answer, 400, code, "Your last INIT was refused with total_bytes_invalid at 20")
        media_id = caller.open(5)
        self.told_v1(caller.append("", 0, b"x"), 400, "media_id_missing", f"Your last INIT answered media_id {media_id}")
        answer = X2(self.server, "row-31").post(f"{V2}/undefined/append", *self.form([Part("media", b"x")], None, segment_index=0))
        self.told_v2(answer, 400, "media_id_invalid", '"undefined"')

    def test_row_31_as_x(self):
        answer = self.x1_faithful.append("undefined", 0, b"x")
        self.as_x_media_service(answer, 400, "Invalid media_id: Some().", "media_id_invalid")

    def test_row_32_an_id_that_a_53_bit_number_rounded(self):
        media_id = rounded = 0
        while rounded == media_id:  # a few ids survive it
            media_id = int(self.x1.open(5))
            rounded = int(Decimal(repr(float(media_id))))  # the shortest digits, as JavaScript prints them
        for answer in (self.x1.append(rounded, 0, b"x"), self.x1.finalize(rounded), self.x1.status(rounded)):
            told = self.told_v1(answer, 404, "media_id_rounded", str(media_id), str(rounded), "media_id_string")
            self.runs(told, "GET", 409)
        for answer in (self.x2.append(rounded, 0, b"x"), self.x2.finalize(rounded), self.x2.status(rounded)):
            self.told_v2(answer, 404, "media_id_rounded", str(media_id))
        stranger = X1(self.server, "stranger").status(rounded)
        self.told_v1(stranger, 404, "media_unknown")
        self.assertNotIn(str(media_id), stranger.body.decode())

    def test_row_32_a_floating_point_number_as_text(self):
        self.told_v1(self.x1.append("1.349803915521483e+18", 0, b"x"), 400, "media_id_invalid", "media_id_string")
        self.told_v1(self.x1.append(str(1 << 63), 0, b"x"), 400, "media_id_invalid", "63 bits")
        self.told_v1(self.x1.append(OTHER // 100 * 100, 0, b"x"), 404, "media_unknown", "ends in 00", "media_id_string")

    def test_row_33_a_media_key_as_id(self):
        media_id = self.x1.open(5)
        key = f"7_{media_id}"
        told = self.told_v1(self.x1.append(key, 0, b"x"), 400, "media_key_as_id", key, f"the id is {media_id}")
        self.runs(told, "GET", 409)
        self.told_v2(self.x2.append(key, 0, b"x"), 400, "media_key_as_id", f"the id is {media_id}")
        self.told_v1(self.x1.status(key), 409, "finalize_missing")
        self.told_v2(self.x2.status(key), 409, "finalize_missing")
        self.x1.append(media_id, 0, b"12345")
        self.assertEqual(self.x1.finalize(key).status, 201)
        self.as_x_v1(self.x1_faithful.append(key, 0, b"x"), 400, 324, "The validation of media ids failed.", "media_key_as_id")

    def test_row_34_an_id_that_was_never_issued(self):
        one, two = X1(self.server, "row-34"), X2(self.server, "row-34")
        one.open(5), one.open(5)
        for answer in (one.append(OTHER, 0, b"x"), one.finalize(OTHER), one.status(OTHER)):
            told = self.told_v1(answer, 404, "media_unknown", str(OTHER), "in this server", "You have 2 open uploads")
        self.assertEqual(told["next"]["method"], "GET")
        listed = one.fetch(told["next"]["url"])
        self.assertEqual((listed.status, len(listed.json()["data"])), (200, 2), listed)
        for answer in (two.append(OTHER, 0, b"x"), two.finalize(OTHER), two.status(OTHER)):
            self.told_v2(answer, 404, "media_unknown", str(OTHER), "You have 2 open uploads")
        self.as_x_v1(self.x1_faithful.status(OTHER), 404, 34, "Sorry, that page does not exist", "media_unknown")
        self.as_x_v2(self.x2_faithful.status(OTHER), 400, "BadRequest: Not found", "media_unknown")

    def test_row_35_the_id_of_another_user_in_the_same_words(self):
        owner, stranger = X1(self.server, "row-35-owner"), X1(self.server, "row-35-stranger")
        theirs = owner.open(5)
        for call in (lambda who, i: who.append(i, 0, b"x"), lambda who, i: who.finalize(i), lambda who, i: who.status(i)):
            answers = [call(stranger, media_id) for media_id in (theirs, str(OTHER))]
            for answer in answers:
                self.told_v1(answer, 404, "media_unknown", "Ids belong to the credentials that made them: you are token:")
            words = [answer.json()["sluice"]["detail"].replace(media_id, "ID") for answer, media_id in zip(answers, (theirs, str(OTHER)))]
            self.assertEqual(words[0].split(" The id ends in 00")[0], words[1])
        self.told_v1(self.x1.status(theirs), 404, "media_unknown", "you are anonymous (no credentials were sent)")

    def test_the_first_cause_is_named_wherever_the_media_stands(self):
        bad = Part("media_data", "!!!!")
        rows = [
            ([bad, Part("command", "append")], 400, "command_case"),
            ([bad, Part("command", "APPEND"), Part("segment_index", 0)], 400, "media_id_missing"),
            ([bad, Part("command", "APPEND"), Part("media_id", "x"), Part("segment_index", 0)], 400, "media_id_invalid"),
            ([bad, Part("command", "APPEND"), Part("media_id", OTHER)], 400, "segment_index_missing"),
            ([bad, Part("command", "APPEND"), Part("media_id", OTHER), Part("segment_index", 0)], 404, "media_unknown"),
            ([bad, Part("command", "APPEND"), Part("media_id", self.x1.open(5)), Part("segment_index", 0)], 400, "base64_invalid"),
        ]
        for parts, status, code in rows:
            with self.subTest(code):
                self.told_v1(self.x1.post(V1, *self.form(parts, None)), status, code)


class Expired(AppendCase):
    arguments = ("--limit", "upload.lifetime=1")

    def test_row_36_an_upload_that_is_too_old(self):
        media_id = self.x1.open(5)
        self.x1.append(media_id, 0, b"123")
        time.sleep(1.1)
        facts = ("It expired at 20", "1 seconds after INIT", "3 of 5 bytes had arrived")
        for answer in (self.x1.append(media_id, 1, b"45"), self.x1.finalize(media_id), self.x1.status(media_id)):
            self.told_v1(answer, 404, "media_expired", *facts)
        for answer in (self.x2.append(media_id, 1, b"45"), self.x2.finalize(media_id), self.x2.status(media_id)):
            self.told_v2(answer, 404, "media_expired", *facts)


class Indexes(AppendCase):
    def test_row_37_segment_index_missing_names_the_next_free_one(self):
        media_id = self.x1.open(9)
        self.x1.append(media_id, 0, b"123")
        for _ in range(2):
            body = self.form([Part("media", b"456")], media_id=media_id)
            self.told_v1(self.x1.post(V1, *body), 400, "segment_index_missing", "media_id (multipart body)", "free index of this upload is 1")
            self.x1.append(media_id, 2, b"789")
        answer = self.x2.json(f"{V2}/{media_id}/append", media="AAAA")
        self.told_v2(answer, 400, "segment_index_missing", "media_id (path)", "free index of this upload is 1")

    def test_row_38_a_segment_index_that_is_no_number(self):
        media_id = self.x1.open(9)
        for value in ("abc", "-1", "1.5", "0x1", "99999999999999999999"):
            with self.subTest(value):
                for told, answer in self.both(media_id, value, b"x"):
                    told(answer, 400, "segment_index_invalid", f'segment_index is "{value}"')
        for value, data in ((" 0", b"1"), ("01", b"2"), ("2.0", b"3")):
            self.assertEqual(self.x1.append(media_id, value, data).status, 204, value)
        for value, data in (("03", b"4"), (4, b"5"), (5.0, b"6")):
            self.assertEqual(self.x2.append_json(media_id, value, data).status, 200, value)

    def test_row_39_a_segment_index_beyond_999(self):
        media_id = self.x1.open(5_000_000)
        self.x1.append(media_id, 0, noise(4000))
        facts = ('"1000"', "total_bytes is 5000000", "4000 bytes on average", "at least 5000 bytes")
        for told, answer in self.both(media_id, 1000, b"x"):
            told(answer, 400, "segment_index_range", *facts)
        answer = self.x1_faithful.append(self.x1_faithful.open(9), 1000, b"x")
        self.as_x_media_service(answer, 400, "SegmentIndex must be between 0 and 999.", "segment_index_range")

    def test_row_41_no_media(self):
        media_id = self.x1.open(9)
        facts = ("segment_index (multipart body)", 'no "media_data"')
        self.told_v1(self.x1.post(V1, *self.form([], media_id=media_id, segment_index=0)), 400, "media_missing", *facts)
        answer = self.x2.post(f"{V2}/{media_id}/append", *self.form([], None, segment_index=0))
        self.told_v2(answer, 400, "media_missing", *facts)
        answer = self.x1_faithful.post(V1, *self.form([], media_id=self.x1_faithful.open(9), segment_index=0))
        self.as_x_v1(answer, 400, 38, "media parameter is missing.", "media_missing")

    def test_row_42_an_empty_segment_is_one(self):
        media_id = self.x1.open(9)
        self.assertEqual(self.x1.append(media_id, 0, b"").status, 204)
        self.assertEqual(self.x2.append(media_id, 1, b"").status, 200)
        self.told_v1(self.x1.finalize(media_id), 400, "nothing_appended", "0 of 9 bytes", "2 segments are empty")
        self.x1.append(media_id, 2, b"123")
        self.told_v1(self.x1.finalize(media_id), 400, "size_mismatch", "3 of 9", "2 segments are empty")


class Limits(AppendCase):
    arguments = ("--limit", "segment.max_bytes=64K")

    def test_row_43_a_segment_above_the_limit(self):
        media_id = self.x1.open(500_000)
        for told, answer in self.both(media_id, 0, noise(70_000)):
            told(answer, 413, "segment_too_large", "65536", "Advised for the 500000 bytes")
        for told, answer in self.both(media_id, 0, noise(200_000)):
            told(answer, 413, "segment_too_large", "65536", "Advised for the 500000 bytes of this upload are segments of 65536")

    def test_row_43_also_if_the_media_comes_first(self):
        parts = [Part("media", noise(70_000), "blob"), Part("command", "APPEND"), Part("segment_index", 0)]
        content_type, body = multipart([*parts, Part("media_id", self.x1.open(500_000))])
        self.told_v1(self.x1.post(V1, body, content_type), 413, "segment_too_large", "65536")
        content_type, body = multipart([*parts, Part("media_id", OTHER)])
        self.told_v1(self.x1.post(V1, body, content_type), 404, "media_unknown")


class Content(AppendCase):
    def test_row_45_what_is_no_base64(self):
        media_id = self.x1.open(9)
        prefix = "data:image/png;base64,"
        rows = [
            (prefix + "AAAA", (f'Remove "{prefix}"', "characters 1 to 22")),
            ("AA+A AA", ('Character 5 is " "', "%2B")),
            ("AAAA*AAA", ('Character 5 is "*"',)),
            ("AAAAA", ("after 5 characters",)),
        ]
        for text, facts in rows:
            with self.subTest(text):
                body = self.form([Part("media_data", text)], media_id=media_id, segment_index=0)
                self.told_v1(self.x1.post(V1, *body), 400, "base64_invalid", *facts)
                answer = self.x2.json(f"{V2}/{media_id}/append", segment_index=0, media=text)
                self.told_v2(answer, 400, "base64_invalid", *facts)
        raw = self.form([Part("media_data", picture())], media_id=media_id, segment_index=0)
        self.told_v1(self.x1.post(V1, *raw), 400, "base64_invalid", "Character 1 ", "byte 137")
        answer = self.x1.post(V1, f"media_data={prefix}AAAA".encode(), FORM)
        self.told_v1(answer, 400, "base64_invalid", prefix)
        answer = self.x1_faithful.post(V1, f"media_data={prefix}AAAA".encode(), FORM)
        self.as_x_media_service(answer, 400, "media type unrecognized.", "base64_invalid")

    def test_row_45_the_url_safe_alphabet_and_line_breaks_are_accepted(self):
        data = noise(300)
        for text in (base64.urlsafe_b64encode(data).decode(), base64.encodebytes(data).decode(), base64.b64encode(data).decode().rstrip("=")):
            body = self.form([Part("media_data", text)], media_id=self.x1.open(300), segment_index=0)
            self.assertEqual(self.x1.post(V1, *body).status, 204)
            self.assertEqual(self.x2.json(f"{V2}/{self.x2.open(300)}/append", segment_index=0, media=text).status, 200)

    def test_row_46_a_path_or_an_address_as_content(self):
        media_id = self.x1.open(500)
        for text in PATH_FORMS:
            with self.subTest(text):
                fact = f'the {len(text)} characters "{text}", not the file'
                for told, answer in self.both(media_id, 0, text.encode()):
                    told(answer, 400, "path_as_media", fact)
                body = self.form([Part("media_data", text)], media_id=media_id, segment_index=0)
                self.told_v1(self.x1.post(V1, *body), 400, "path_as_media", fact)
        self.told_v1(self.x1.one_shot(b"./clip.mp4"), 400, "path_as_media", "./clip.mp4")
        self.told_v2(self.x2.one_shot(b"./clip.mp4"), 400, "path_as_media", "./clip.mp4")

    def test_row_46_as_x_is_told_at_finalize(self):
        media_id = self.x1_faithful.open(500)
        self.assertEqual(self.x1_faithful.append(media_id, 0, b"./clip.mp4").status, 204)
        answer = self.x1_faithful.finalize(media_id)
        self.as_x_media_service(answer, 400, "Segments do not add up to provided total file size.", "size_mismatch")

    def test_row_47_the_json_of_a_buffer(self):
        media_id = self.x1.open(500_000)
        for text in ('{"type":"Buffer","data":[137,80,78,71]}', '{"0":137,"1":80}', "[object Object]", "<Buffer 89 50 4e 47>"):
            with self.subTest(text):
                for told, answer in self.both(media_id, 3, text.encode()):
                    told(answer, 400, "buffer_as_json", text.replace('"', "'"))
        numbers = list(noise(40))
        long = list(noise(60_000))
        for media in ({"type": "Buffer", "data": numbers}, numbers, {"type": "Buffer", "data": long}, long):
            answer = self.x2.json(f"{V2}/{media_id}/append", segment_index=0, media=media)
            self.told_v2(answer, 400, "buffer_as_json")

    def test_row_49_an_error_page_instead_of_the_media(self):
        media_id = self.x1.open(5000)
        for text, line in (("<!DOCTYPE html>\n<title>404</title>", "<!DOCTYPE html>"), ('{"error":"\x1bgone"}', "{'error':'?gone'}")):
            with self.subTest(text):
                for told, answer in self.both(media_id, 0, text.encode()):
                    told(answer, 400, "not_media", f'"{line}"')
                self.told_v1(self.x1.one_shot(text.encode()), 400, "not_media", f'"{line}"')
                self.told_v2(self.x2.one_shot(text.encode()), 400, "not_media", f'"{line}"')
        answer = self.x1_faithful.one_shot(b"<html>404</html>")
        self.as_x_media_service(answer, 400, "media type unrecognized.", "not_media")

    def test_row_49_subtitles_are_text(self):
        for text in (b"./clip.mp4", b'{"a":1}'):
            media_id = self.x1.open(50, media_type="text/plain", category="subtitles")
            self.assertEqual(self.x1.append(media_id, 0, text).status, 204)


class Repeats(AppendCase):
    def test_row_50_the_same_bytes_again(self):
        media_id = self.x1.open(6)
        for _ in range(2):
            self.assertEqual(self.x1.append(media_id, 0, b"123").status, 204)
            self.assertEqual(self.x2.append(media_id, 0, b"123").status, 200)
        self.x1.append(media_id, 1, b"456")
        answer = self.x1.finalize(media_id)
        self.assert_original(self.x1, answer.json()["media_key"], b"123456")

    def test_row_51_other_bytes_under_a_used_index(self):
        media_id = self.x1.open(6)
        self.x1.append(media_id, 0, b"123")
        for told, answer in self.both(media_id, 0, b"4567"):
            facts = ("Segment 0 is there since 20", "3 bytes (CRC-32C 107b2fb2)", "4 bytes came", "The first ones are kept")
            told(answer, 409, "segment_conflict", *facts)

    def begin(self, media_id, data, until):
        """Sends the first `until` bytes of the body of an APPEND to index 0; the wire, and the rest."""
        body, content_type = self.form([Part("media", data, "blob")], media_id=media_id, segment_index=0)
        text = request("POST", V1, [("Content-Type", content_type)], body)
        wire = Wire(self.server)
        self.addCleanup(wire.close)
        wire.send(text[:until])
        return wire, text[until:]

    def test_row_52_the_same_segment_is_being_sent_by_another_connection(self):
        data = noise(400_000)
        media_id = self.x1.open(len(data))
        wire, rest = self.begin(media_id, data, 100_000)
        ended = threading.Event()

        def trickle():
            at = 0
            while not ended.wait(0.05) and at < len(rest) - 5000:
                wire.send(rest[at : at + 2000])
                at += 2000
            wire.send(rest[at:])

        sender = threading.Thread(target=trickle)
        sender.start()
        time.sleep(0.3)  # for the server to see who came first
        try:
            for told, answer in self.both(media_id, 0, data):
                told(answer, 409, "segment_in_flight", "segment 0", "bytes so far")
                self.assertEqual(answer.header("retry-after"), "1")
        finally:
            ended.set()
            sender.join()
        self.assertEqual(wire.read().status, 204)
        self.assertEqual(self.x1.append(media_id, 0, data).status, 204)

    def test_row_52_is_waited_for_if_it_is_about_to_end(self):
        data = noise(200_000)
        media_id = self.x1.open(len(data))
        wire, rest = self.begin(media_id, data, 100_000)
        timer = threading.Timer(0.2, lambda: wire.send(rest))
        timer.start()
        self.assertEqual(self.x1.append(media_id, 0, data).status, 204)
        timer.join()
        self.assertEqual(wire.read().status, 204)

    def test_row_52_a_retry_beside_a_dead_connection_goes_through(self):
        data = noise(200_000)
        media_id = self.x1.open(len(data))
        wire, rest = self.begin(media_id, data, 100_000)
        self.assertEqual(self.x1.append(media_id, 0, data).status, 204)
        wire.send(rest)
        self.assertEqual(wire.read().status, 204)

    def test_row_54_more_bytes_than_announced(self):
        media_id = self.x1.open(6)
        self.x1.append(media_id, 0, b"123")
        facts = ("announced 6 bytes", "3 are there", "brings 4 more")
        for told, answer in self.both(media_id, 1, b"4567"):
            told(answer, 413, "beyond_total_bytes", *facts)
        media_id = self.x1_faithful.open(3)
        answer = self.x1_faithful.append(media_id, 0, b"1234")
        self.as_x_media_service(answer, 400, "Segments do not add up to provided total file size.", "beyond_total_bytes")

    def test_row_55_after_finalize(self):
        data = picture()
        media_id = self.x1.open(len(data), media_type="image/png", category="tweet_image")
        self.x1.append(media_id, 0, data[:500])
        self.x1.append(media_id, 1, data[500:])
        before = datetime.now(timezone.utc).replace(microsecond=0)
        self.assertEqual(self.x1.finalize(media_id).status, 201)
        after = datetime.now(timezone.utc)
        facts = ("FINALIZE came at 20", f"with {len(data)} bytes", "is ready since 20")
        for told, answer in self.both(media_id, 2, b"x"):
            members = told(answer, 409, "already_finalized", *facts)
            self.runs(members, "GET", 200)
            when = re.search(r"FINALIZE came at (\S+?),", members["detail"]).group(1)
            self.assertTrue(before <= datetime.fromisoformat(when) <= after, when)
        self.assertEqual(self.x1.append(media_id, 1, data[500:]).status, 204)
        self.assertEqual(self.x2.append(media_id, 0, data[:500]).status, 200)
        for told, answer in self.both(media_id, 1, b"other"):
            told(answer, 409, "already_finalized", "Segment 1 is there since", "5 bytes came")


class Digests(AppendCase):
    def test_row_56_a_digest_that_does_not_fit(self):
        data, other = noise(5000), hashlib.md5(b"other")
        computed = hashlib.md5(data).hexdigest()
        media_id = self.x1.open(len(data))
        for text in (other.hexdigest(), base64.b64encode(other.digest()).decode()):
            facts = (other.hexdigest(), computed, "5000 bytes", "Nothing was stored")
            for told, answer in self.both(media_id, 0, data, segment_md5=text):
                told(answer, 400, "digest_mismatch", "segment_md5", *facts)
            for told, answer in self.both(media_id, 0, data, headers=[("Content-MD5", text)]):
                told(answer, 400, "digest_mismatch", "Content-MD5", *facts)
        for told, answer in self.both(media_id, 0, data, segment_md5="abc"):
            told(answer, 400, "parameter_invalid", 'segment_md5 is "abc"')
        self.told_v1(self.x1.finalize(media_id), 400, "nothing_appended")

    def test_row_56_a_digest_that_fits(self):
        data = noise(5000)
        md5 = hashlib.md5(data)
        for text in (md5.hexdigest(), md5.hexdigest().upper(), base64.b64encode(md5.digest()).decode()):
            for _, answer in self.both(self.x1.open(len(data)), 0, data, segment_md5=text):
                self.assertIn(answer.status, (200, 204), answer)
            for _, answer in self.both(self.x1.open(len(data)), 0, data, headers=[("Content-MD5", text)]):
                self.assertIn(answer.status, (200, 204), answer)
        body, content_type = self.form([Part("media", data)], media_id=self.x1.open(len(data)), segment_index=0)
        of_body = base64.b64encode(hashlib.md5(body).digest()).decode()
        self.assertEqual(self.x1.post(V1, body, content_type, [("Content-MD5", of_body)]).status, 204)

    def test_row_57_an_upload_that_was_cancelled(self):
        media_id = self.x1.open(6)
        with Wire(self.server) as wire:
            wire.send(request("DELETE", f"/api/v1/uploads/{media_id}"))
            self.assertIn(wire.read().status, (200, 204))
        for told, answer in self.both(media_id, 0, b"123"):
            told(answer, 410, "media_canceled", "cancelled at 20")
        self.told_v1(self.x1.finalize(media_id), 410, "media_canceled")
        self.told_v2(self.x2.status(media_id), 410, "media_canceled")


if __name__ == "__main__":
    unittest.main()
