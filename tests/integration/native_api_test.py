"""The native API as /openapi.json describes it, its events, its filters, and who may sign in to the console."""

import json
import os
import re
import select
import socket
import subprocess
import time
import unittest

from support.case import ServerCase
from support.client import X1, Caller, call
from support.keys import create_key
from support.media import noise, picture
from support.openapi import complaints
from support.server import Server


class Line:
    """One line of server-sent events."""

    def __init__(self, server, target="/api/v1/events", headers=()):
        self.socket = socket.create_connection((server.host, server.port), timeout=20)
        lines = [f"GET {target} HTTP/1.1", f"Host: {server.host}:{server.port}", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.file = self.socket.makefile("rb")
        self.head = self.read_block()
        self.first = self.read_block()  # "retry: …"

    def read_block(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError("the server has ended the line")
            line = line.decode().rstrip("\r\n")
            if not line:
                return lines
            lines.append(line)

    def next(self, kind):
        """The next event of this kind, as (id, data)."""
        while True:
            fields = dict(line.split(": ", 1) for line in self.read_block())
            if fields.get("event") == kind:
                return fields.get("id"), json.loads(fields["data"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()


class Described(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1 = X1(cls.server)
        cls.document = cls.x1.get("/openapi.json").json()

    def examples(self):
        """Something real for each operation: operationId -> (path parameters, JSON body)."""
        media_id = self.x1.one_shot(picture(64, 64), "tweet_image").json()["media_id_string"]
        doomed = self.x1.open(100)
        request = self.x1.status(media_id).header("x-request-id")
        key = self.x1.post("/api/v1/keys", b'{"name":"one"}', "application/json").json()["id"]
        of_upload, of_key = {"media_id": media_id}, {"id": key}
        return {
            "getUpload": (of_upload, None),
            "getTimeline": (of_upload, None),
            "getDiagnosis": (of_upload, None),
            "keepUpload": (of_upload, None),
            "deleteUpload": ({"media_id": doomed}, None),
            "getRequest": ({"id": request}, None),
            "rotateKey": (of_key, None),
            "revokeKey": (of_key, None),
            "createKey": ({}, {"name": "two"}),
            "addFault": ({}, {"kind": "slow", "rate": 0}),
        }

    def test_every_operation_answers_as_it_is_described(self):
        self.assertEqual(self.document["openapi"], "3.1.0")
        examples = self.examples()
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                name = operation["operationId"] if method != "parameters" else None
                # A stream has no end; signing in is for --auth keys.
                if name in (None, "watch", "signIn", "signOut"):
                    continue
                with self.subTest(name):
                    self.judge(method, path, operation, *examples.get(name, ({}, None)))

    def judge(self, method, path, operation, parameters, body):
        for name, value in parameters.items():
            path = path.replace("{" + name + "}", value)
        self.assertNotIn("{", path, "no example for this operation")
        sent = b"" if body is None else json.dumps(body).encode()
        headers = [("Content-Type", "application/json")] if body is not None else []
        answer = call(self.server, method.upper(), path, headers, sent if method != "get" else None)
        described = operation["responses"].get(str(answer.status))
        self.assertIsNotNone(described, answer)
        content = described.get("content", {})
        if not content:
            self.assertEqual(answer.body, b"")
            return
        expected = next(iter(content))
        self.assertTrue(answer.header("content-type").startswith(expected), answer)
        if expected == "application/json":
            self.assertEqual(complaints(answer.json(), content[expected]["schema"], self.document), [])

    def test_refusals_are_problems_as_described(self):
        schema = self.document["components"]["schemas"]["Problem"]
        for target in ("/api/v1/uploads/12", "/api/v1/uploads?limit=0", "/api/v1/requests/none", "/api/v1/uploads?state=odd"):
            answer = self.x1.get(target)
            self.assertGreaterEqual(answer.status, 400, answer)
            self.assertEqual(complaints(answer.json(), schema, self.document), [], target)

    def test_every_call_of_the_server_is_described(self):
        """What the sources serve under /api/v1, against the paths of the description."""
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src")
        served = set()
        for folder in ("protocol/native", "server"):
            for leaf in os.listdir(os.path.join(root, folder)):
                if leaf.endswith((".hpp", ".cpp")):
                    with open(os.path.join(root, folder, leaf), encoding="utf-8") as file:
                        served |= set(re.findall(r'"(/api/v1/[a-z]+)', file.read()))
        described = {"/".join(path.split("/")[:4]) for path in self.document["paths"] if path.startswith("/api/v1/")}
        # /api/v1/dev/env is for `sluice env` alone.
        self.assertEqual(served - {"/api/v1/dev"}, described)

    def test_the_judge_sees_what_does_not_fit(self):
        schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": ["string", "null"]}}}
        self.assertEqual(complaints({"a": 1, "b": None}, schema, {}), [])
        self.assertEqual(len(complaints({"b": 7}, schema, {})), 2)
        self.assertEqual(len(complaints({"a": True}, schema, {})), 1)


class Events(ServerCase):
    def test_a_watcher_hears_of_a_call_at_once_and_goes_on_where_it_was(self):
        x1 = X1(self.server, "somebody")
        with Line(self.server) as line:
            self.assertIn("Content-Type: text/event-stream", line.head)
            self.assertIn("X-Accel-Buffering: no", line.head)
            self.assertFalse([field for field in line.head if field.startswith("Content-Length")])
            began = time.monotonic()
            media_id = x1.open(1000)
            number, told = line.next("upload")
            self.assertLess(time.monotonic() - began, 2)
            self.assertEqual((told["media_id"], told["call"], told["status"]), (media_id, "INIT", 202))
            _, request = line.next("request")
            self.assertEqual(request["request_id"], told["request_id"])
        x1.status(media_id)
        for headers, target in (([f"Last-Event-ID: {number}"], "/api/v1/events"), ([], f"/api/v1/events?after={number}")):
            with Line(self.server, target, headers) as line:
                _, told = line.next("upload")
                self.assertEqual((told["call"], told["code"]), ("STATUS", "finalize_missing"))

    def test_who_was_away_for_too_long_is_told(self):
        X1(self.server).open(10)
        with Line(self.server, headers=["Last-Event-ID: 1"]) as line:
            missed, _ = line.next("missed")
            number, told = line.next("upload")
            self.assertLess(int(missed), int(number))
        with Line(self.server, headers=[f"Last-Event-ID: {missed}"]) as line:
            self.assertEqual(line.next("upload"), (number, told), "it came after the missed ones")

    def test_steps_of_processing_are_told(self):
        with Line(self.server) as line:
            X1(self.server).one_shot(picture(64, 64), "tweet_image")
            seen = set()
            while "job.ready" not in seen:
                seen.add(line.next("upload")[1]["call"])
            self.assertIn("job.claimed", seen)

    def test_a_watcher_does_not_hold_up_the_end(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        with Line(server):
            began = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - began, 10)

    def test_what_the_console_asks_is_not_recorded(self):
        caller = Caller(self.server)
        mine = caller.get("/api/v1/uploads", [("Sluice-Console", "1")]).header("x-request-id")
        other = caller.get("/api/v1/uploads").header("x-request-id")
        self.assertEqual(caller.get(f"/api/v1/requests/{mine}").status, 404)
        self.assertEqual(caller.get(f"/api/v1/requests/{other}").status, 200)


class Filters(ServerCase):
    def test_state_and_text_are_looked_for(self):
        x1 = X1(self.server, "filters")
        named = json.loads(
            x1.post(
                "/2/media/upload/initialize",
                json.dumps({"total_bytes": 10, "media_type": "video/mp4", "media_category": "tweet_video", "file_name": "Ä Holiday.mp4"}).encode(),
                "application/json",
            ).body
        )["data"]["id"]
        ready = x1.one_shot(picture(64, 64), "tweet_image").json()["media_id_string"]
        ids = lambda query: [row["media_id"] for row in x1.get("/api/v1/uploads?" + query).json()["data"]]
        self.assertEqual(ids("state=ready"), [ready])
        self.assertEqual(ids("state=open,ready"), [ready, named])
        self.assertEqual(ids("q=holiday"), [named])
        self.assertEqual(ids(f"q={ready}"), [ready])
        self.assertEqual(ids("q=holiday&state=ready"), [])
        self.assertEqual(x1.upload_object(named).json()["file_name"], "Ä Holiday.mp4")

    def test_pages_of_a_filter_join_without_gap_or_repetition(self):
        x1 = X1(self.server, "pages")
        made = [x1.open(100 + at) for at in range(7)]
        seen, after = [], ""
        while after is not None:
            page = x1.get(f"/api/v1/uploads?state=open&limit=3{after and '&after=' + after}").json()
            seen += [row["media_id"] for row in page["data"]]
            after = page["next"]
        self.assertEqual(seen, made[::-1])

    def test_everybodys_are_shown_to_whoever_is_anybody(self):
        mine, other = X1(self.server, "me"), X1(self.server, "you")
        media_id = other.open(100)
        self.assertNotIn(media_id, [row["media_id"] for row in mine.get("/api/v1/uploads").json()["data"]])
        row = next(row for row in mine.get("/api/v1/uploads?owner=all").json()["data"] if row["media_id"] == media_id)
        plain = Caller(self.server)
        self.assertEqual(plain.get(f"/api/v1/uploads/{media_id}").status, 404)
        self.assertEqual(plain.get(f"/api/v1/uploads/{media_id}", [("Sluice-Owner", row["owner"])]).status, 200)

    def test_arrived_segments_are_runs(self):
        x1 = X1(self.server)
        media_id = x1.open(600)
        for index in (0, 1, 2, 5):
            x1.append(media_id, index, noise(100, seed=index))
        segments = x1.upload_object(media_id).json()["segments"]
        self.assertEqual((segments["arrived"], segments["missing"]), ([[0, 2], [5, 5]], [3, 4]))

    def test_settings_tell_where_they_come_from(self):
        system = Caller(self.server).get("/api/v1/system").json()
        self.assertRegex(system["tools"]["decoders"], r"^libvips \d+\.\d+\.\d+, FFmpeg \d+\.[-+.\w]+$")
        settings = {row["key"]: row for row in system["settings"]}
        self.assertEqual(settings["server.data"]["origin"], "--data")
        self.assertEqual(settings["server.data"]["value"], self.server.data)
        self.assertEqual((settings["storage.durability"]["origin"], settings["storage.durability"]["value"]), ("default", "strict"))
        self.assertGreaterEqual(int(settings["processing.workers"]["value"]), 1)
        self.assertEqual((settings["inspector.mode"]["value"], settings["auth.mode"]["value"]), ("full", "open"))
        self.assertEqual([row for row in system["settings"] if not row["value"] or not row["origin"]], [])
        self.assertEqual((settings["limits.segment.max_bytes"]["value"], settings["limits.requests.v1.init"]["origin"]), ("64MiB", "default"))


class Sessions(ServerCase):
    arguments = ("--auth", "keys")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = create_key(cls.server.data, "mine")
        cls.others = create_key(cls.server.data, "others")
        cls.caller = Caller(cls.server)

    def sign_in(self, headers):
        answer = call(self.server, "POST", "/api/v1/session", headers)
        self.assertEqual(answer.status, 201, answer)
        cookie = answer.header("set-cookie")
        self.assertIn("HttpOnly; SameSite=Strict", cookie)
        return cookie.split(";")[0]

    def of(self, key):
        return self.sign_in([("Authorization", "Bearer " + key["bearer_token"])])

    def test_a_cookie_stands_for_its_key_and_shows_its_uploads_alone(self):
        media_id = X1(self.server, self.mine["bearer_token"]).open(100)
        X1(self.server, self.others["bearer_token"]).open(100)
        cookie = self.of(self.mine)
        rows = self.caller.get("/api/v1/uploads", [("Cookie", cookie)]).json()["data"]
        self.assertEqual([row["media_id"] for row in rows], [media_id])
        theirs = self.of(self.others)
        self.assertEqual(self.caller.get(f"/api/v1/uploads/{media_id}", [("Cookie", theirs)]).status, 404)
        for target in ("/api/v1/uploads?owner=all", "/api/v1/system", "/api/v1/keys"):
            self.assertEqual(self.caller.get(target, [("Cookie", cookie)]).status, 403, target)
        owner = [("Cookie", theirs), ("Sluice-Owner", rows[0]["owner"])]
        self.assertEqual(self.caller.get(f"/api/v1/uploads/{media_id}", owner).status, 404)

    def test_an_operator_sees_and_acts_for_everybody(self):
        media_id = X1(self.server, self.mine["bearer_token"]).open(100)
        admin = X1(self.server, create_key(self.server.data, "operates", scope="admin,media.write")["bearer_token"])
        rows = admin.get(f"/api/v1/uploads?owner=all&q={media_id}").json()["data"]
        self.assertEqual([row["media_id"] for row in rows], [media_id])
        self.assertEqual(admin.get(f"/api/v1/uploads/{media_id}").status, 404)
        owner = [("Sluice-Owner", rows[0]["owner"])]
        for below in ("", "/timeline", "/diagnosis"):
            self.assertEqual(admin.get(f"/api/v1/uploads/{media_id}{below}", owner).status, 200, below)
        self.assertEqual(call(self.server, "DELETE", f"/api/v1/uploads/{media_id}", [*admin.headers, *owner]).status, 204)

    def test_who_signs_out_ends_the_session_for_every_copy(self):
        cookie, other = self.of(self.mine), self.of(self.mine)
        ours = ("Origin", f"http://{self.server.host}:{self.server.port}")
        self.assertEqual(call(self.server, "DELETE", "/api/v1/session", [("Cookie", cookie), ours]).status, 204)
        self.assertFalse(self.caller.get("/api/v1/session", [("Cookie", cookie)]).json()["signed_in"])
        self.assertTrue(self.caller.get("/api/v1/session", [("Cookie", other)]).json()["signed_in"])

    def test_behind_tls_the_cookie_is_secure(self):
        headers = [("Authorization", "Bearer " + self.mine["bearer_token"]), ("Origin", "https://media.test")]
        self.assertIn("; Secure", call(self.server, "POST", "/api/v1/session", headers).header("set-cookie"))

    def test_a_change_without_our_own_origin_is_refused(self):
        media_id = X1(self.server, self.mine["bearer_token"]).open(100)
        cookie = ("Cookie", self.of(self.mine))
        target = f"/api/v1/uploads/{media_id}"
        for origin in ([], [("Origin", "http://evil.test")], [("Origin", "null")], [("Sec-Fetch-Site", "cross-site")]):
            self.assertEqual(call(self.server, "DELETE", target, [cookie, *origin]).status, 401, origin)
        ours = ("Origin", f"http://{self.server.host}:{self.server.port}")
        self.assertEqual(call(self.server, "DELETE", target, [cookie, ours]).status, 204)

    def test_a_session_ends_with_its_key(self):
        key = create_key(self.server.data, "short")
        cookie = ("Cookie", self.of(key))
        self.assertTrue(self.caller.get("/api/v1/session", [cookie]).json()["signed_in"])
        admin = create_key(self.server.data, "admin", scope="admin")
        X1(self.server, admin["bearer_token"]).post(f"/api/v1/keys/{key['id']}/revoke")
        self.assertFalse(self.caller.get("/api/v1/session", [cookie]).json()["signed_in"])
        self.assertEqual(self.caller.get("/api/v1/uploads", [cookie]).status, 401)

    def test_who_has_no_key_gets_the_page_and_nothing_else(self):
        self.assertEqual(self.caller.get("/").status, 200)
        self.assertFalse(self.caller.get("/api/v1/session").json()["signed_in"])
        for target in ("/api/v1/uploads", "/api/v1/events", "/api/v1/requests", "/api/v1/system", "/metrics"):
            self.assertEqual(self.caller.get(target).status, 401, target)
        refused = call(self.server, "POST", "/api/v1/session", [("Sluice-Link", "x" * 32)])
        self.assertEqual((refused.status, refused.header("sluice-error")), (401, "token_unknown"), refused)
        forged = [("Cookie", "sluice_session=operator.99999999999." + "0" * 64)]
        self.assertEqual(self.caller.get("/api/v1/uploads", forged).status, 401)

    def test_a_watcher_hears_of_their_own_alone(self):
        cookie = self.of(self.mine)
        with Line(self.server, headers=["Cookie: " + cookie]) as line:
            X1(self.server, self.others["bearer_token"]).open(100)
            media_id = X1(self.server, self.mine["bearer_token"]).open(100)
            self.assertEqual(line.next("upload")[1]["media_id"], media_id)

    def test_an_operator_hears_of_everybodys(self):
        admin = create_key(self.server.data, "watches", scope="admin")
        with Line(self.server, headers=["Authorization: Bearer " + admin["bearer_token"]]) as line:
            media_id = X1(self.server, self.others["bearer_token"]).open(100)
            self.assertEqual(line.next("upload")[1]["media_id"], media_id)

    def test_a_line_ends_with_the_key_or_the_session_that_opened_it(self):
        keys = [create_key(self.server.data, name) for name in ("by token", "by cookie", "stays")]
        cookie = "Cookie: " + self.of(keys[1])
        heads = ["Authorization: Bearer " + keys[0]["bearer_token"], cookie, "Authorization: Bearer " + keys[2]["bearer_token"]]
        lines = [Line(self.server, headers=[head]) for head in heads]
        self.addCleanup(lambda: [line.__exit__() for line in lines])
        admin = create_key(self.server.data, "revokes", scope="admin")
        for key in keys[:2]:
            X1(self.server, admin["bearer_token"]).post(f"/api/v1/keys/{key['id']}/revoke")
        for line in lines[:2]:
            with self.assertRaises(EOFError):
                line.next("none")
        media_id = X1(self.server, keys[2]["bearer_token"]).open(100)
        self.assertEqual(lines[2].next("upload")[1]["media_id"], media_id)

    def test_a_line_ends_when_the_operator_signs_out(self):
        told = (json.loads(line) for line in self.server.log().splitlines())
        code = next(line["url"] for line in told if line["event"] == "console").split("#")[1]
        cookie = self.sign_in([("Sluice-Link", code)])
        admin = create_key(self.server.data, "stays", scope="admin")
        lines = [Line(self.server, headers=[head]) for head in ("Cookie: " + cookie, "Authorization: Bearer " + admin["bearer_token"])]
        self.addCleanup(lambda: [line.__exit__() for line in lines])
        caller = X1(self.server, self.others["bearer_token"])
        media_id = caller.open(100)
        for line in lines:
            self.assertEqual(line.next("upload")[1]["media_id"], media_id)
        ours = ("Origin", f"http://{self.server.host}:{self.server.port}")
        self.assertEqual(call(self.server, "DELETE", "/api/v1/session", [("Cookie", cookie), ours]).status, 204)
        with self.assertRaises(EOFError):
            lines[0].next("none")
        media_id = caller.open(100)
        self.assertEqual(lines[1].next("upload")[1]["media_id"], media_id)


class FirstRun(unittest.TestCase):
    def test_a_terminal_is_told_where_everything_is(self):
        server = Server("--auth", "keys")
        self.addCleanup(server.close)
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        running = subprocess.Popen(server.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        self.addCleanup(lambda: (running.terminate(), running.wait(), running.stdout.close()))
        said = ""
        while "  try " not in said and select.select([ours], [], [], 30)[0]:
            said += os.read(ours, 4096).decode()
        self.assertEqual(len(running.stdout.readline().split()), 3, "stdout has the ready line alone")
        for what in ("/login#", "good once", "/1.1/media/upload.json", "/docs", "sandbox", "sluice upload --server"):
            self.assertIn(what, said)


if __name__ == "__main__":
    unittest.main()
