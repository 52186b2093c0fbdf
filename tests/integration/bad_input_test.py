"""Bad input over a real socket: it gets its error, and the upload that it was aimed at is none the worse."""

import base64
import subprocess
import unittest

from support.case import ServerCase
from support.client import FORM, V1, V2, X1, X2
from support.media import noise
from support.server import binary
from support.wire import ConnectionEnded, Part, Wire, chunked, exchange, head, multipart, request

DATA = noise(20_000)


class VictimCase(ServerCase):
    """Each test spoils requests to one open upload, which must be finished correctly afterwards."""

    def setUp(self):
        self.caller = X1(self.server)
        self.media_id = self.caller.open(len(DATA))
        self.assertEqual(self.caller.append(self.media_id, 0, DATA[:10_000]).status, 204)

    def tearDown(self):
        answer = self.caller.append(self.media_id, 1, DATA[10_000:])
        self.assertEqual(answer.status, 204, answer)
        answer = self.caller.finalize(self.media_id)
        self.assertEqual(answer.status, 201, answer)
        self.assert_original(self.caller, answer.json()["media_key"], DATA)

    def append_form(self, **changed):
        fields = {"command": "APPEND", "media_id": self.media_id, "segment_index": 1, **changed}
        return [Part(name, value) for name, value in fields.items() if value is not None]

    def append_request(self, parts=None, boundary="b0undary", closing=True, headers=()):
        parts = parts or [*self.append_form(), Part("media", DATA[10_000:], "blob")]
        content_type, body = multipart(parts, boundary, closing)
        return [("Content-Type", content_type), *headers], body


class Parameters(VictimCase):
    def test_malformed_and_out_of_range_values(self):
        rows = [
            ({"segment_index": "1000"}, "segment_index_range"),
            ({"segment_index": "-1"}, "segment_index_invalid"),
            ({"segment_index": "abc"}, "segment_index_invalid"),
            ({"segment_index": ""}, "segment_index_missing"),
            ({"segment_index": "99999999999999999999"}, "segment_index_invalid"),
            ({"segment_index": None}, "segment_index_missing"),
            ({"media_id": "abc"}, "media_id_invalid"),
            ({"media_id": "-5"}, "media_id_invalid"),
            ({"media_id": ""}, "media_id_missing"),
            ({"media_id": None}, "media_id_missing"),
            ({"media_id": "99999999999999999999999"}, "media_id_invalid"),
            ({"command": "append"}, "command_case"),
            ({"command": "APEND"}, "command_unknown"),
            ({"command": None}, "command_missing"),
        ]
        for changed, code in rows:
            with self.subTest(changed):
                headers, body = self.append_request([*self.append_form(**changed), Part("media", b"x", "blob")])
                answer = exchange(self.server, request("POST", V1, headers, body))
                self.assert_v1_error(answer, 400, code)

    def test_total_bytes_of_every_wrong_kind(self):
        for value in ("0", "-5", "12MB", "NaN", "undefined", "1e6", "0x10", "", "99999999999999999999999"):
            with self.subTest(value):
                answer = self.caller.form(command="INIT", total_bytes=value, media_type="video/mp4")
                self.assertIn(answer.status, (400, 413), answer)
                self.assertIn(
                    answer.header("sluice-error"), ("total_bytes_invalid", "total_bytes_missing", "file_too_large"), answer
                )

    def test_an_unknown_id(self):
        self.assert_v1_error(self.caller.append(1349803915521482754, 0, b"x"), 404, "media_unknown")

    def test_too_many_bytes(self):
        self.assert_v1_error(self.caller.append(self.media_id, 1, noise(10_001)), 413, "beyond_total_bytes")

    def test_a_segment_above_the_limit(self):
        media_id = self.caller.open(200 << 20)
        answer = self.caller.append(media_id, 0, bytes((64 << 20) + 1))
        self.assert_v1_error(answer, 413, "segment_too_large")

    def test_two_media_in_one_call(self):
        parts = [*self.append_form(), Part("media", b"x", "blob"), Part("media_data", "eA==")]
        headers, body = self.append_request(parts)
        self.assert_v1_error(exchange(self.server, request("POST", V1, headers, body)), 400, "media_twice")

    def test_a_part_with_the_wrong_name(self):
        file = Part("file", DATA[10_000:], "blob", [("Content-Type", "application/octet-stream")])
        headers, body = self.append_request([*self.append_form(), file])
        self.assert_v1_error(exchange(self.server, request("POST", V1, headers, body)), 400, "media_part_missing")

    def test_a_parameter_twice_with_different_values(self):
        headers, body = self.append_request()
        answer = exchange(self.server, request("POST", f"{V1}?segment_index=7", headers, body))
        self.assert_v1_error(answer, 400, "parameter_conflict")


class Base64(VictimCase):
    def append(self, text):
        return self.caller.form(command="APPEND", media_id=self.media_id, segment_index=1, media_data=text)

    def test_text_that_is_not_base64(self):
        for text in ("!!!!", "AAAAA", "AAAA=AAA", "\u00e9\u00e9\u00e9\u00e9"):
            with self.subTest(text):
                self.assert_v1_error(self.append(text), 400, "base64_invalid")

    def test_a_data_url_is_told_to_lose_its_prefix(self):
        body = self.assert_v1_error(self.append("data:image/png;base64,AAAA"), 400, "base64_invalid")
        self.assertIn("data:", body["errors"][0]["message"])

    def test_line_breaks_and_the_url_safe_alphabet_are_accepted(self):
        answer = self.append(base64.encodebytes(DATA[10_000:]).decode())
        self.assertEqual(answer.status, 204, answer)
        self.assertEqual(self.append(base64.urlsafe_b64encode(DATA[10_000:]).decode()).status, 204)

    def test_bad_base64_in_json(self):
        answer = X2(self.server).json(f"{V2}/{self.media_id}/append", segment_index=1, media="*")
        self.assert_v2_error(answer, 400, "base64_invalid")


class Bodies(VictimCase):
    def test_a_body_cut_off_in_the_middle_stores_nothing(self):
        headers, body = self.append_request()
        data = request("POST", V1, headers, body)
        for cut in (len(data) - 1, len(data) - 5000, len(data) - len(body), len(data) - len(body) + 40):
            with self.subTest(cut=cut), Wire(self.server) as wire:
                wire.send(data[:cut])
                wire.half_close()
                self.expect_refusal(wire, "body_truncated")

    def expect_refusal(self, wire, code):
        """An answer that names the cause, or a closed connection: never a success."""
        try:
            answer = wire.read()
        except ConnectionEnded as ended:
            self.assertEqual(ended.seen, b"")
            return
        self.assert_v1_error(answer, 400, code)
        self.assertTrue(wire.is_closed())

    def test_a_connection_that_dies_in_the_middle_stores_nothing(self):
        headers, body = self.append_request()
        for share in (0.1, 0.5, 0.9):
            with Wire(self.server) as wire:
                wire.send(request("POST", V1, headers, body)[: int(len(body) * share)])

    def test_a_multipart_body_without_its_closing_boundary(self):
        headers, body = self.append_request(closing=False)
        answer = exchange(self.server, request("POST", V1, headers, body))
        self.assertEqual(answer.status, 400, answer)
        self.assertIn(answer.header("sluice-error"), ("body_truncated", "multipart_boundary"), answer)
        self.assert_v1_error(answer, 400, answer.header("sluice-error"))

    def test_a_boundary_of_200_characters(self):
        headers, body = self.append_request(boundary="b" * 200)
        answer = exchange(self.server, request("POST", V1, headers, body))
        self.assert_v1_error(answer, 400, "multipart_boundary")

    def test_a_multipart_body_with_another_boundary_than_declared(self):
        _, body = self.append_request()
        headers = [("Content-Type", "multipart/form-data; boundary=other")]
        answer = exchange(self.server, request("POST", V1, headers, body))
        self.assert_v1_error(answer, 400, "multipart_boundary")

    def test_a_multipart_type_without_a_boundary(self):
        _, body = self.append_request()
        answer = exchange(self.server, request("POST", V1, [("Content-Type", "multipart/form-data")], body))
        self.assert_v1_error(answer, 400, "multipart_boundary")

    def test_a_content_type_that_nobody_reads(self):
        answer = self.caller.post(V1, b"<command>INIT</command>", "text/xml")
        self.assert_v1_error(answer, 415, "unsupported_media_type")

    def test_a_multipart_body_without_a_content_type_is_told_by_its_first_line(self):
        _, body = self.append_request()
        for headers in ([], [("Content-Type", "text/plain")]):
            with self.subTest(headers):
                self.assertEqual(exchange(self.server, request("POST", V1, headers, body)).status, 204)

    def test_a_body_that_is_not_the_json_it_claims_to_be(self):
        for body in (b"{", b"[1,2", b"nonsense", b'{"total_bytes":}', b"{" * 10_000, b'"text"'):
            with self.subTest(body[:20]):
                answer = X2(self.server).post(f"{V2}/initialize", body, "application/json")
                self.assertEqual(answer.status, 400, answer)
                self.assertIn(answer.header("sluice-error"), ("json_expected", "body_unreadable"), answer)

    def test_a_chunked_body_works(self):
        headers, body = self.append_request()
        data = head("POST", V1, [*headers, ("Transfer-Encoding", "chunked")]) + chunked(body, 777)
        self.assertEqual(exchange(self.server, data).status, 204)

    def test_a_broken_chunk_is_refused_and_the_connection_ends(self):
        headers, _ = self.append_request()
        for broken in (b"zz\r\n", b"-1\r\nx", b"5\r\nabcdeX\r\n", b"11111111111111111\r\n", b"0x5\r\nabcde\r\n"):
            with self.subTest(broken), Wire(self.server) as wire:
                wire.send(head("POST", V1, [*headers, ("Transfer-Encoding", "chunked")]) + broken)
                self.assertEqual(wire.read().status, 400)
                self.assertTrue(wire.is_closed())

    def test_bytes_one_by_one_are_a_body_as_well(self):
        parts = [*self.append_form(media_id=self.caller.open(3), segment_index=0), Part("media", b"abc", "blob")]
        headers, body = self.append_request(parts)
        data = request("POST", V1, headers, body)
        with Wire(self.server) as wire:
            for at in range(len(data)):
                wire.send(data[at : at + 1])
            self.assertEqual(wire.read().status, 204)


class Heads(VictimCase):
    def status_target(self):
        return f"{V1}?command=STATUS&media_id={self.media_id}"

    def test_a_header_of_1_mib(self):
        with Wire(self.server) as wire:
            wire.send(head("GET", self.status_target(), [("X-Long", "x" * (1 << 20))]))
            answer = wire.read()
            self.assertEqual((answer.status, answer.header("sluice-error")), (431, "head_too_large"), answer)

    def test_ten_thousand_headers(self):
        answer = exchange(self.server, head("GET", "/livez", [(f"X-{n}", "1") for n in range(10_000)]))
        self.assertEqual((answer.status, answer.header("sluice-error")), (431, "head_too_large"), answer)

    def test_a_target_that_is_too_long(self):
        answer = exchange(self.server, head("GET", "/" + "a" * 70_000))
        self.assertIn(answer.status, (414, 431), answer)

    def test_heads_that_are_not_http(self):
        for data in (
            b"NONSENSE\r\n\r\n", b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", b"GET /livez HTTP/1.1\r\n\r\n",
            b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost : a\r\n\r\n",
            b"GET /livez HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", b"GET /livez HTTP/1.1\nHost: a\n\n",
            b"GET /livez HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        ):
            with self.subTest(data[:40]), Wire(self.server) as wire:
                wire.send(data)
                wire.half_close()
                answer = wire.read()
                self.assertIn(answer.status, (400, 505), answer)
                self.assertTrue(answer.header("sluice-error"), answer)
                self.assertTrue(answer.header("x-request-id"), answer)
                self.assertTrue(wire.is_closed())

    def test_framing_in_doubt_is_refused_and_the_connection_ends(self):
        rows = [
            [("Content-Length", "5"), ("Content-Length", "6")],
            [("Content-Length", "+5")],
            [("Content-Length", "0x5")],
            [("Content-Length", "18446744073709551621")],
            [("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
            [("Transfer-Encoding", "chunked, identity")],
            [("Transfer-Encoding", "xchunked")],
        ]
        for headers in rows:
            with self.subTest(headers), Wire(self.server) as wire:
                wire.send(head("POST", V1, headers) + b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = wire.read()
                self.assertIn(answer.status, (400, 413, 501), answer)
                self.assertTrue(wire.is_closed(), "a second answer shows that the framing was guessed")

    def test_percent_nonsense(self):
        for target in ("/%", "/%zz", "/media/%00/original", f"{V1}?command=%zz", "/media/..%2f..%2fetc/passwd"):
            with self.subTest(target):
                answer = exchange(self.server, head("GET", target))
                self.assertIn(answer.status, (400, 404, 405), answer)
                self.assertTrue(answer.header("sluice-error"), answer)

    def test_wrong_methods_are_told_which_is_right(self):
        for method, target, allowed in (
            ("DELETE", V1, {"GET", "POST"}), ("PUT", f"{V2}/initialize", {"POST"}), ("GET", f"{V2}/initialize", {"POST"}),
            ("PATCH", f"{V2}/{self.media_id}/append", {"POST"}), ("POST", "/livez", {"GET", "HEAD"}),
        ):
            with self.subTest(method=method, target=target):
                answer = exchange(self.server, request(method, target, body=b""))
                self.assertEqual((answer.status, answer.header("sluice-error")), (405, "method_not_allowed"), answer)
                told = {word.strip() for word in answer.header("allow").split(",")}
                self.assertTrue(told and told <= allowed | {"HEAD", "OPTIONS"}, told)

    def test_http_1_0_is_answered_and_closed(self):
        with Wire(self.server) as wire:
            wire.send(b"GET /livez HTTP/1.0\r\n\r\n")
            self.assertEqual(wire.read().status, 200)
            self.assertTrue(wire.is_closed())

    def test_connection_close_is_obeyed_and_said(self):
        with Wire(self.server) as wire:
            wire.send(head("GET", "/livez", [("Connection", "close")]))
            self.assertEqual(wire.read().header("connection").lower(), "close")
            self.assertTrue(wire.is_closed())

    def test_head_has_the_fields_and_no_body(self):
        with Wire(self.server) as wire:
            wire.send(head("HEAD", "/version"))
            first = wire.read("HEAD")
            wire.send(head("GET", "/version"))
            second = wire.read()
            self.assertEqual((first.status, first.body), (200, b""))
            self.assertEqual(first.header("content-length"), str(len(second.body)))

    def test_a_head_that_cannot_be_read_is_refused_without_a_body(self):
        too_long = ("X-Long", "x" * 30_000)
        for target, headers in (("/nowhere", [("Accept", "text/html")]), ("/nowhere", []), (V1, []), (V2, [])):
            with self.subTest(target=target, headers=headers), Wire(self.server) as wire:
                whole = exchange(self.server, head("GET", target, [*headers, too_long]))
                wire.send(head("HEAD", target, [*headers, too_long]))
                alone = wire.read("HEAD")
                self.assertEqual((alone.status, alone.header("content-type")), (431, whole.header("content-type")))
                self.assertEqual(alone.header("content-length"), str(len(whole.body)))
                wire.half_close()
                self.assertTrue(not wire.pending and wire.is_closed(), wire.pending)


class Continue(VictimCase):
    def test_100_is_sent_before_the_body_is_awaited(self):
        headers, body = self.append_request(headers=[("Expect", "100-continue")])
        with Wire(self.server) as wire:
            wire.send(head("POST", V1, [*headers, ("Content-Length", len(body))]))
            self.assertEqual(wire.read_interim().status, 100)
            wire.send(body)
            self.assertEqual(wire.read().status, 204)

    def test_a_body_that_does_not_wait_is_taken(self):
        headers, body = self.append_request(headers=[("Expect", "100-continue")])
        answer = exchange(self.server, request("POST", V1, headers, body))
        self.assertEqual(answer.status, 204, answer)

    def test_a_head_that_is_wrong_already_is_refused_before_the_body(self):
        rows = [
            (V1, [("Content-Type", "text/xml"), ("Content-Length", 1000)], 415),
            ("/nowhere", [("Content-Length", 1000)], 404),
            (V1, [("Content-Type", FORM), ("Content-Length", 1 << 40)], 413),
        ]
        for target, headers, status in rows:
            with self.subTest(target=target, status=status), Wire(self.server) as wire:
                wire.send(head("POST", target, [*headers, ("Expect", "100-continue")]))
                answer = wire.read()
                self.assertEqual((answer.status, answer.interim), (status, []), answer)

    def test_an_expectation_that_nobody_knows(self):
        answer = exchange(self.server, request("POST", V1, [("Expect", "miracles")], b""))
        self.assertEqual((answer.status, answer.header("sluice-error")), (417, "expectation_unknown"), answer)


class Pipelining(VictimCase):
    def test_answers_come_in_the_order_of_the_requests(self):
        headers, body = self.append_request()
        data = head("GET", "/version") + request("POST", V1, headers, body) + head("GET", "/nowhere") + head("GET", "/livez")
        with Wire(self.server) as wire:
            wire.send(data)
            self.assertEqual([wire.read().status for _ in range(4)], [200, 204, 404, 200])

    def test_many_small_requests_at_once(self):
        with Wire(self.server) as wire:
            wire.send(b"".join(head("GET", "/livez", [("X-Request-Id", f"n{n}")]) for n in range(200)))
            self.assertEqual([wire.read().header("x-request-id") for _ in range(200)], [f"n{n}" for n in range(200)])

    def test_a_refused_body_does_not_become_the_next_request(self):
        body = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 3
        with Wire(self.server) as wire:
            wire.send(request("POST", "/nowhere", [("Content-Type", FORM)], body) + head("GET", "/version"))
            self.assertEqual(wire.read().status, 404)
            try:
                answer = wire.read()
            except ConnectionEnded:
                return  # closing is the other honest way
            self.assertIn(b"version", answer.body)


class SecondServer(ServerCase):
    def test_a_second_server_on_the_same_data_is_refused_and_told_who_holds_it(self):
        command = [binary(), "serve", "--listen", "127.0.0.1:0", "--data", self.server.data]
        second = subprocess.run(command, capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
        self.assertNotEqual(second.returncode, 0)
        self.assertNotIn(b"sluice ready", second.stdout)
        self.assertIn(str(self.server.pid).encode(), second.stderr)
        self.assertEqual(X1(self.server).get("/livez").status, 200)


if __name__ == "__main__":
    unittest.main()
