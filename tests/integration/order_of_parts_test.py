"""The parts of a multipart body may come in any order: the same call is accepted, or refused for the same cause, whether the
media stands before its parameters or behind them."""

import unittest

from support.client import V1, V2
from support.media import noise, picture
from support.mistakes import MistakeCase
from support.wire import Part, Wire, chunked, head, multipart

UNKNOWN = "1349803915521482799"
# Larger than a picture may be, and it begins like one; yet it may be a piece of anything.
SEGMENT = b"\xff\xd8\xff\xe0" + noise(6 << 20)[4:]


class OrderCase(MistakeCase):
    def both_orders(self, target, media, **parameters):
        """The answers to the same parts, parameters first and media first."""
        fields = [Part(name, value) for name, value in parameters.items()]
        file = Part("media", media, "blob")
        for parts in ([*fields, file], [file, *fields]):
            content_type, body = multipart(parts)
            yield self.x1.post(target, body, content_type)


class Segments(OrderCase):
    def test_a_segment_that_begins_like_a_picture_is_a_segment(self):
        for target, media_id in ((V1, self.x1.open(100 << 20)), (V2, self.x2.open(100 << 20))):
            for answer in self.both_orders(target, SEGMENT, command="APPEND", media_id=media_id, segment_index=0):
                self.assertEqual(answer.status, 204, answer)

    def test_the_id_and_the_command_may_stand_on_both_sides(self):
        media_id = self.x1.open(len(SEGMENT))
        file = Part("media", SEGMENT, "blob")
        content_type, body = multipart([Part("media_id", media_id), file, Part("segment_index", 0), Part("command", "APPEND")])
        self.assertEqual(self.x1.post(V1, body, content_type).status, 204)

    def test_a_body_that_does_not_tell_its_length(self):
        media_id = self.x1.open(len(SEGMENT))
        parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", 0)]
        content_type, body = multipart([Part("media", SEGMENT, "blob"), *parts])
        with Wire(self.server) as wire:
            wire.send(head("POST", V1, [("Content-Type", content_type), ("Transfer-Encoding", "chunked")]) + chunked(body, 1 << 20))
            self.assertEqual(wire.read("POST").status, 204)

    def test_an_unknown_id_is_the_cause(self):
        for answer in self.both_orders(V1, SEGMENT, command="APPEND", media_id=UNKNOWN, segment_index=0):
            self.told_v1(answer, 404, "media_unknown", UNKNOWN)
        for answer in self.both_orders(V2, SEGMENT, command="APPEND", media_id=UNKNOWN, segment_index=0):
            self.told_v2(answer, 404, "media_unknown", UNKNOWN)

    def test_a_forgotten_command_is_the_cause(self):
        for answer in self.both_orders(V1, SEGMENT, media_id=self.x1.open(100 << 20), segment_index=0):
            self.told_v1(answer, 400, "command_missing")

    def test_the_other_commands_have_causes_of_their_own(self):
        for answer in self.both_orders(V1, SEGMENT, command="FINALIZE", media_id=UNKNOWN):
            self.told_v1(answer, 404, "media_unknown")
        for answer in self.both_orders(V1, SEGMENT, command="INIT", total_bytes=10, media_type="video/mp4"):
            self.told_v1(answer, 400, "media_in_init", str(len(SEGMENT)))
        for answer in self.both_orders(V1, SEGMENT, command="UPLOAD"):
            self.told_v1(answer, 400, "command_unknown")


class Wholes(OrderCase):
    def test_a_picture_that_is_too_large(self):
        large = picture() + bytes(6 << 20)
        for parameters in ({}, {"media_category": "tweet_image"}, {"additional_owners": "7"}):
            for answer in self.both_orders(V1, large, **parameters):
                self.told_v1(answer, 413, "file_too_large", str(5 << 20), "tweet_image")
        for answer in self.both_orders(V2, large, media_category="tweet_image"):
            self.told_v2(answer, 413, "file_too_large", str(5 << 20), "tweet_image")

    def test_the_category_behind_the_media_counts(self):
        animation = b"GIF89a" + noise(6 << 20)
        for answer in self.both_orders(V1, animation, media_category="tweet_gif"):
            self.assertNotEqual(answer.header("sluice-error"), "file_too_large", answer)
            self.assertIn(answer.status, (200, 201), answer)

    def test_an_unknown_category_is_the_cause(self):
        for answer in self.both_orders(V1, SEGMENT, media_category="tweet_picture"):
            self.told_v1(answer, 400, "category_unknown", "tweet_picture")


class SmallCalls(OrderCase):
    arguments = ("--limit", "one_shot.max_bytes=6M", "--limit", "segment.max_bytes=8M")

    def test_what_is_too_large_for_one_call_may_be_a_segment(self):
        data = SEGMENT + noise(1 << 20)
        media_id = self.x1.open(100 << 20)
        for answer in self.both_orders(V1, data, command="APPEND", media_id=media_id, segment_index=0):
            self.assertEqual(answer.status, 204, answer)
        for answer in self.both_orders(V1, noise(7 << 20), media_category="tweet_video"):
            self.told_v1(answer, 413, "needs_chunked", str(6 << 20))

    def test_what_is_too_large_for_any_call(self):
        media_id = self.x1.open(100 << 20)
        data = SEGMENT + noise((2 << 20) + 10)
        for answer in self.both_orders(V1, data, command="APPEND", media_id=media_id, segment_index=0):
            self.told_v1(answer, 413, "segment_too_large", str(8 << 20))


if __name__ == "__main__":
    unittest.main()
