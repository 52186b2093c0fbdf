"""The request inspector: what is kept of an exchange, in which forms it is shown, and that no secret is among it."""

import json
import unittest
from urllib.parse import quote

from support.case import ServerCase
from support.client import V1, X1, X2, Caller, call
from support.curl import shell
from support.keys import create_key
from support.media import noise, picture
from support.wire import Part, multipart

REQUESTS = "/api/v1/requests"
SECRETS = {
    "bearer": "tok-9f31c2b7a8d04e55",
    "cookie": "sess-77aa88bb99cc",
    "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9Eyz",
    "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    "oauth_signature": "tnnArxj06cWHq44gCs1OSKk/jLY=",
    "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
    "url_signature": "a1b2c3d4e5f60718",
    "body_token": "body-2b7e151628aed2a6",
    "bare": "slc_bare_0123456789",
}


def oauth_header():
    fields = {name: SECRETS[name] for name in ("oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_token")}
    fields |= {"oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": "1318622958", "oauth_version": "1.0"}
    return "OAuth " + ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in fields.items())


class Inspector(ServerCase):
    def setUp(self):
        self.x1 = X1(self.server)

    def recorded(self, answer):
        found = self.x1.get(f"{REQUESTS}/{answer.header('x-request-id')}")
        self.assertEqual(found.status, 200, found)
        return found.json()

    def test_an_append_is_shown_with_its_parts_and_its_answer(self):
        media_id = self.x1.open(1000)
        answer = self.x1.append(media_id, 0, b"\x00\x00\x00\x18ftyp" + noise(992))
        seen = self.recorded(answer)
        self.assertEqual((seen["method"], seen["status"], seen["call"]), ("POST", 204, "APPEND"))
        self.assertEqual((seen["media_id"], seen["segment_index"], seen["code"]), (media_id, 0, None))
        parts = {part["name"]: part for part in seen["request"]["parts"]}
        self.assertEqual(parts["command"]["text"], "APPEND")
        media = parts["media"]
        self.assertEqual((media["size_bytes"], media["file_name"], media["is_cut"]), (1000, "blob", True))
        self.assertTrue(media["start_hex"].startswith("0000001866747970"), media)
        self.assertRegex(media["crc32c"], "^[0-9a-f]{8}$")
        self.assertGreater(seen["took_ms"], 0)
        self.assertGreater(seen["request"]["body_bytes"], 1000)
        names = [header["name"] for header in seen["request"]["headers"]]
        self.assertIn("Content-Type", names)

    def test_a_refusal_is_shown_with_its_code_and_points_to_itself(self):
        answer = self.x1.status(self.x1.open(10))
        body = self.assert_v1_error(answer, 409, "finalize_missing")
        self.assertTrue(body["sluice"]["log_url"].endswith(f"/requests/{answer.header('x-request-id')}"), body)
        self.assertIn("text/html", self.x1.fetch(body["sluice"]["log_url"]).header("content-type"))
        seen = self.recorded(answer)
        self.assertEqual(seen["code"], "finalize_missing")
        self.assertEqual(json.loads(seen["response"]["body"]), body)
        self.assertIn({"name": "command", "value": "STATUS"}, seen["request"]["query"])
        problem = X2(self.server).status(4711).json()
        self.assertTrue(problem["instance"].startswith(REQUESTS), problem)

    def test_an_answer_is_shown_with_the_headers_that_it_had(self):
        made = [self.x1.get("/no/such/path"), self.x1.append(self.x1.open(10), 0, b"0123456789"), self.x1.get("/version")]
        for answer in made:
            shown = {field["name"].lower(): field["value"] for field in self.recorded(answer)["response"]["headers"]}
            for name in ("x-request-id", "x-content-type-options", "content-length", "content-type", "sluice-error"):
                self.assertEqual(shown.get(name), answer.header(name), name)
            self.assertRegex(shown["date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")

    def test_the_list_is_newest_first_and_can_be_filtered_and_paged(self):
        media_id = self.x1.open(10)
        asked = [self.x1.status(media_id), self.x1.status(4711), self.x1.get("/version")]
        data = self.x1.get(REQUESTS).json()["data"]
        self.assertEqual([item["id"] for item in data[:3]], [answer.header("x-request-id") for answer in reversed(asked)])
        failing = self.x1.get(f"{REQUESTS}?failing=1").json()["data"]
        self.assertTrue(all(item["status"] >= 400 for item in failing))
        of_one = self.x1.get(f"{REQUESTS}?media_id={media_id}").json()["data"]
        self.assertEqual([item["call"] for item in of_one], ["STATUS", "INIT"])
        by_code = self.x1.get(f"{REQUESTS}?code=media_unknown&limit=1").json()["data"]
        self.assertEqual(by_code[0]["id"], asked[1].header("x-request-id"))
        good = self.x1.get(f"{REQUESTS}?failing=0&call=INIT&method=POST").json()["data"]
        self.assertIn(media_id, [item["media_id"] for item in good])
        self.assertEqual({(item["method"], item["call"], item["status"] < 400) for item in good}, {("POST", "INIT", True)})
        first = self.x1.get(f"{REQUESTS}?limit=1")
        self.assertIn('rel="next"', first.header("link"))
        second = self.x1.get(f"{REQUESTS}?limit=1&after={first.json()['next']}").json()["data"]
        self.assertEqual(second[0]["id"], asked[1].header("x-request-id"))

    def test_the_inspector_and_probes_are_not_recorded(self):
        for target in ("/livez", "/readyz", "/metrics", REQUESTS):
            self.x1.get(target)
        paths = [item["path"] for item in self.x1.get(f"{REQUESTS}?limit=200").json()["data"]]
        self.assertFalse([path for path in paths if path.startswith(("/livez", "/readyz", "/metrics", REQUESTS))], paths)

    def test_wrong_questions_are_told_so(self):
        self.assert_v2_error(self.x1.get(f"{REQUESTS}/req_nothing"), 404, "request_unknown")
        self.assert_v2_error(self.x1.get(f"{REQUESTS}?limit=0"), 400, "parameter_invalid")
        self.assert_v2_error(self.x1.get(f"{REQUESTS}?media_id=x"), 400, "parameter_invalid")
        self.assert_v2_error(self.x1.get(f"{REQUESTS}?failing=yes"), 400, "parameter_invalid")
        self.assert_v2_error(self.x1.post(REQUESTS), 405, "method_not_allowed")


class Exports(ServerCase):
    def setUp(self):
        self.x1 = X1(self.server, SECRETS["bearer"])

    def export(self, answer, form):
        found = self.x1.get(f"{REQUESTS}/{answer.header('x-request-id')}?format={form}")
        self.assertEqual(found.status, 200, found)
        return found

    def run_curl(self, answer):
        line = self.export(answer, "curl").body.decode()
        self.assertIn("Sluice-Owner: token:", line)
        self.assertNotIn(SECRETS["bearer"], line)
        return shell(line.strip())

    def test_har_has_what_the_format_demands(self):
        self.x1.append(self.x1.open(10), 0, b"0123456789")
        self.x1.status(4711)
        log = self.x1.get(f"{REQUESTS}?format=har&limit=200").json()["log"]
        self.assertEqual(log["version"], "1.2")
        self.assertTrue(log["creator"]["name"] and log["creator"]["version"])
        starts = [entry["startedDateTime"] for entry in log["entries"]]
        self.assertEqual(starts, sorted(starts))
        for entry in log["entries"]:
            request, answer = entry["request"], entry["response"]
            self.assertTrue(request["url"].startswith("http://"))
            for name in ("method", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"):
                self.assertIn(name, request)
            for name in ("status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"):
                self.assertIn(name, answer)
            self.assertLessEqual({"size", "mimeType"}, set(answer["content"]))
            self.assertLessEqual({"send", "wait", "receive"}, set(entry["timings"]))
            self.assertIn("cache", entry)
        posted = [entry for entry in log["entries"] if "postData" in entry["request"]][-1]["request"]["postData"]
        self.assertIn({"name": "command", "value": "APPEND"}, posted["params"])

    def test_curl_lines_run_as_printed(self):
        self.assertEqual(self.run_curl(self.x1.init(10)).status, 202)
        media_id = self.x1.open(10)
        self.assertEqual(self.run_curl(self.x1.status(media_id)).header("sluice-error"), "finalize_missing")
        x2 = X2(self.server, SECRETS["bearer"])
        self.assertEqual(self.run_curl(x2.init(10)).status, 200)
        content_type, body = multipart([Part("command", "INIT"), Part("total_bytes", 7), Part("media_type", "video/mp4")])
        self.assertEqual(self.run_curl(self.x1.post(V1, body, content_type)).status, 202)
        media_id = self.x1.one_shot(picture(64, 64), "tweet_image").json()["media_id_string"]
        of = json.dumps({"id": media_id, "metadata": {"alt_text": {"text": "it's a \u201cclip\u201d"}}}).encode()
        described = x2.post("/2/media/metadata", of, "application/json")
        self.assertEqual(described.status, 200, described)
        again = self.run_curl(described)
        self.assertEqual((again.status, again.json()), (200, described.json()))
        entry = self.export(described, "har").json()["log"]["entries"][0]["request"]
        self.assertEqual((entry["postData"]["text"], entry["postData"]["params"]), (of.decode(), []))

    def test_what_was_not_kept_of_a_body_is_said(self):
        media_id = self.x1.open(10)
        of = json.dumps({"media_id": media_id, "alt_text": {"text": "x" * 400}}).encode()
        long = self.x1.post("/1.1/media/metadata/create.json", of, "application/json")
        lines = self.export(long, "curl").body.decode().splitlines()
        self.assertEqual(lines[1:], ["# of these not all bytes were kept: (body)"])
        self.assertIn("not all bytes", self.export(long, "har").json()["log"]["entries"][0]["request"]["postData"]["comment"])
        offset = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0")]
        at = self.x1.post("/files/", b"", None, [("Tus-Resumable", "1.0.0"), ("Upload-Length", "10")]).header("location")
        offset.append(("Content-Type", "application/offset+octet-stream"))
        sent = call(self.server, "PATCH", at[at.index("/files/"):], [*self.x1.headers, *offset], b"0123456789")
        self.assertEqual(sent.status, 204, sent)
        lines = self.export(sent, "curl").body.decode().splitlines()
        self.assertIn("-H 'Content-Type: application/offset+octet-stream'", lines[0])
        self.assertEqual(lines[1:], ["# the body of 10 bytes was not kept"])

    def test_a_method_is_no_command_of_the_shell(self):
        answer = call(self.server, "X|id|", V1)
        self.assertIn("curl -X 'X|id|' ", self.export(answer, "curl").body.decode())

    def test_media_is_a_file_to_be_put_there(self):
        answer = self.x1.append(self.x1.open(10), 0, b"0123456789")
        line, remark = self.export(answer, "curl").body.decode().splitlines()
        self.assertIn("-F 'media=@media", line)
        self.assertTrue(remark.startswith("# media: "), remark)


class NoSecret(ServerCase):
    def test_no_secret_is_in_the_inspector_or_in_the_log(self):
        headers = [("Cookie", f"session={SECRETS['cookie']}"), ("Authorization", oauth_header())]
        oauth_query = f"oauth_token={quote(SECRETS['oauth_token'])}&oauth_signature={quote(SECRETS['oauth_signature'], safe='')}"
        bearer = X1(self.server, SECRETS["bearer"])
        form = multipart([Part("command", "INIT"), Part("total_bytes", "7"), Part("oauth_token", SECRETS["body_token"])])
        asked = [
            call(self.server, "GET", f"{V1}?command=STATUS&media_id=7", headers),
            call(self.server, "GET", f"{V1}?command=STATUS&media_id=7&{oauth_query}"),
            call(self.server, "GET", f"/media/7_7/original?signature={SECRETS['url_signature']}"),
            call(self.server, "GET", f"/api/v1/uploads?limit=x", [("Authorization", SECRETS["bare"])]),
            bearer.init(10),
            bearer.post(V1, form[1], form[0]),
            bearer.form(command="INIT", total_bytes="x", access_token=SECRETS["body_token"]),
            X2(self.server, SECRETS["bearer"]).json("/2/media/upload/initialize", total_bytes=1, oauth_token=SECRETS["body_token"]),
        ]
        everything = [self.server.log()]
        for answer in asked:
            for form in ("json", "har", "curl"):
                found = Caller(self.server).get(f"{REQUESTS}/{answer.header('x-request-id')}?format={form}")
                self.assertEqual(found.status, 200, found)
                everything.append(found.body.decode())
        everything.append(Caller(self.server).get(f"{REQUESTS}?limit=200").body.decode())
        text = "\n".join(everything)
        for name, secret in SECRETS.items():
            for form in (secret, quote(secret, safe="")):
                self.assertNotIn(form, text, name)
        self.assertIn("xvz1****", text)
        self.assertIn("1318622958", text)


class Metadata(ServerCase):
    arguments = ("--inspector", "metadata")

    def test_no_bytes_of_bodies(self):
        mine = X1(self.server, "mine")
        answer = mine.status(mine.open(10))
        self.assertNotIn("log_url", answer.json()["sluice"])
        target = f"{REQUESTS}/{answer.header('x-request-id')}"
        seen = mine.get(target).json()
        self.assertEqual((seen["code"], seen["response"]["body"]), ("finalize_missing", ""))
        self.assertEqual((seen["response"]["is_cut"], seen["response"]["body_bytes"]), (False, len(answer.body)))
        self.assertEqual(mine.get(REQUESTS).json()["data"][0]["id"], seen["id"])


class WithKeys(ServerCase):
    arguments = ("--auth", "keys")

    def caller(self, **flags):
        return X1(self.server, create_key(self.server.data, **flags)["bearer_token"])

    def test_everybody_sees_their_own_without_bodies(self):
        mine, theirs = self.caller(name="mine", user=1), self.caller(name="theirs", user=2)
        answer = mine.status(mine.open(10))
        target = f"{REQUESTS}/{answer.header('x-request-id')}"
        seen = mine.get(target).json()
        self.assertEqual((seen["code"], seen["response"]["body"]), ("finalize_missing", ""))
        self.assertIn('"Authorization: Bearer $SLUICE_TOKEN"', mine.get(f"{target}?format=curl").body.decode())
        self.assert_v2_error(theirs.get(target), 404, "request_unknown")
        self.assertNotIn(seen["id"], theirs.get(REQUESTS).body.decode())
        self.assertEqual(X1(self.server).get(target).status, 401)
        theirs.get("/nowhere", [("X-Request-Id", seen["id"])])
        self.assertEqual(mine.get(target).json()["code"], "finalize_missing", "somebody chose the same id")

    def test_an_app_only_token_is_nobody_with_exchanges(self):
        key = create_key(self.server.data)
        self.assert_v2_error(X1(self.server, key["app_bearer_token"]).get(REQUESTS), 401, "app_only_token")


class Off(ServerCase):
    arguments = ("--inspector", "off")

    def test_nothing_is_kept(self):
        answer = X1(self.server).get(REQUESTS)
        self.assertEqual((answer.status, answer.header("sluice-error")), (404, "request_unknown"))
        self.assertIn("--inspector", answer.json()["detail"])


if __name__ == "__main__":
    unittest.main()
