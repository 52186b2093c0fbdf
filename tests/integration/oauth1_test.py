"""OAuth 1.0a with --auth keys: rows 94 to 98 of the list of mistakes, and what must be accepted."""

import base64
import time
from urllib.parse import quote, urlencode

from support.case import ServerCase
from support.client import FORM, V1, V2, X1, call, pieces
from support.keys import create_key, keys
from support.media import noise
from support.oauth1 import Credentials, as_header, base_string, base_url, escape, pairs
from support.wire import Part, Wire, head, multipart

INIT = {"command": "INIT", "total_bytes": "10", "media_type": "video/mp4", "media_category": "tweet_video"}


class SignedCase(ServerCase):
    arguments = ("--auth", "keys")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = create_key(cls.server.data, name="signer")
        cls.credentials = Credentials.of_key(cls.key)

    def url(self, path):
        return self.server.url + path

    def send(self, method, target, header, body=None, content_type=None, more=()):
        headers = [("Authorization", header)] if header else []
        headers += [("Content-Type", content_type)] if content_type else []
        return call(self.server, method, target, [*headers, *more], body)

    def post_form(self, form, credentials=None, **changed):
        """A urlencoded POST, signed rightly unless `changed` says otherwise."""
        credentials = credentials or self.credentials
        header = credentials.header("POST", self.url(V1), form, **changed)
        return self.send("POST", V1, header, urlencode(form, quote_via=quote).encode(), FORM)

    def open(self):
        answer = self.post_form(INIT)
        self.assertEqual(answer.status, 202, answer)
        return answer.json()["media_id_string"]

    def signed_as(self, parameters, method="POST", url=None, key=None, **how):
        """A header whose signature covers `parameters` and the oauth fields, whatever is sent."""
        fields = self.credentials.fields()
        text = base_string(method, base_url(url or self.url(V1)), [*pairs(parameters), *pairs(fields)], **how)
        return as_header({**fields, "oauth_signature": self.credentials.signature_of(text, key=key)})

    def assert_explained(self, answer, *words):
        body = self.assert_v1_error(answer, 401, "oauth_signature")
        message = body["errors"][0]["message"]
        for word in words:
            self.assertIn(word, message)
        self.assertNotIn(self.credentials.consumer_secret, str(body))
        self.assertNotIn(self.credentials.token_secret, str(body))
        return body


class Accepted(SignedCase):
    def test_a_whole_upload(self):
        data = noise(1000)
        media_id = self.post_form({**INIT, "total_bytes": len(data)}).json()["media_id_string"]
        for index, piece in pieces(data, 400):
            parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", index), Part("media", piece, "blob")]
            content_type, body = multipart(parts)
            header = self.credentials.header("POST", self.url(V1))
            self.assertEqual(self.send("POST", V1, header, body, content_type).status, 204)
        self.assertEqual(self.post_form({"command": "FINALIZE", "media_id": media_id}).status, 201)
        target = f"{V1}?command=STATUS&media_id={media_id}"
        header = self.credentials.header("GET", self.url(target))
        self.assertEqual(self.send("GET", target, header).status, 200)
        other = X1(self.server, self.key["bearer_token"])
        self.assertEqual(other.status(media_id).status, 200, "row 100: a bearer token does on v1.1 too")

    def test_hmac_sha256_and_no_version(self):
        credentials = Credentials.of_key(self.key, hash_name="HMAC-SHA256")
        self.assertEqual(self.post_form(INIT, credentials).status, 202)
        self.assertEqual(self.post_form(INIT, oauth_version=None).status, 202)

    def test_credentials_in_query_and_in_form(self):
        media_id = self.open()
        target = self.credentials.in_query("GET", self.url(f"{V1}?command=STATUS&media_id={media_id}"))
        self.assertEqual(self.send("GET", target, None).header("sluice-error"), "finalize_missing")
        body = self.credentials.in_form("POST", self.url(V1), INIT)
        self.assertEqual(self.send("POST", V1, None, body, FORM).status, 202)

    def test_values_that_need_encoding(self):
        form = {**INIT, "odd": "a b+c&d=e~f!*'()ü%20", "empty": ""}
        self.assertEqual(self.post_form(form).status, 202)
        header = self.credentials.header("POST", self.url(V1), form)
        answer = self.send("POST", V1, header, urlencode(form).encode(), FORM)  # "+" for a blank
        self.assertEqual(answer.status, 202, answer)

    def test_large_base64_in_a_urlencoded_body(self):
        data = noise(3_000_000)
        media_id = self.post_form({**INIT, "total_bytes": len(data)}).json()["media_id_string"]
        form = {"command": "APPEND", "media_id": media_id, "segment_index": "0", "media_data": base64.b64encode(data).decode()}
        self.assertEqual(self.post_form(form).status, 204)
        self.assertEqual(X1(self.server, self.key["bearer_token"]).upload_object(media_id).json()["received_bytes"], len(data))

    def test_json_bodies_are_not_signed(self):
        target = f"{V2}/initialize"
        header = self.credentials.header("POST", self.url(target))
        body = b'{"total_bytes":10,"media_type":"video/mp4","media_category":"tweet_video"}'
        self.assertEqual(self.send("POST", target, header, body, "application/json").status, 200)

    def test_other_schemes_and_a_port_that_was_not_signed(self):
        for url in (f"https://{self.server.host}:{self.server.port}{V1}", f"http://{self.server.host}{V1}", f"https://{self.server.host}{V1}"):
            header = self.credentials.header("POST", url, INIT)
            self.assertEqual(self.send("POST", V1, header, urlencode(INIT).encode(), FORM).status, 202, url)


class Refused(SignedCase):
    def test_row_94_multipart_parameters_signed(self):
        parts = {"command": "INIT", "total_bytes": "10", "media_type": "video/mp4"}
        content_type, body = multipart([Part(name, value) for name, value in parts.items()])
        header = self.credentials.header("POST", self.url(V1), parts)
        body = self.assert_explained(self.send("POST", V1, header, body, content_type), "multipart", "command, total_bytes, media_type")
        self.assertIn("Expected base string: POST&http%3A%2F%2F", body["sluice"]["detail"])

    def test_several_authorization_fields_speak_for_nobody(self):
        header = self.credentials.header("POST", self.url(V1), INIT)
        for other in ("Bearer x", header):
            answer = self.send("POST", V1, header, urlencode(INIT, quote_via=quote).encode(), FORM, [("Authorization", other)])
            self.assertIn("several Authorization fields", str(self.assert_v1_error(answer, 401, "auth_malformed")))

    def test_row_95_body_not_signed(self):
        header = self.credentials.header("POST", self.url(V1))
        answer = self.send("POST", V1, header, urlencode(INIT).encode(), FORM)
        self.assert_explained(answer, "left out", "command, total_bytes, media_type, media_category", "must be signed")

    def test_row_95_query_not_signed(self):
        target = f"{V1}?command=STATUS&media_id=1"
        header = self.credentials.header("GET", self.url(V1))
        self.assert_explained(self.send("GET", target, header), "query (command, media_id)")

    def test_row_95_values_encoded_wrongly(self):
        form = {**INIT, "note": "a b~c"}
        body = urlencode(form, quote_via=quote).encode()
        rows = (
            (lambda value: escape(value).replace("%20", "%2B"), '"+"'),
            (lambda value: escape(value).replace("~", "%7E"), "%7E"),
            (lambda value: escape(escape(value)), "twice"),
        )
        for encode, word in rows:
            header = self.signed_as(form, escape_value=encode)
            self.assert_explained(self.send("POST", V1, header, body, FORM), word, "note")

    def test_row_96_another_host(self):
        for url, word in ((f"https://upload.twitter.com{V1}", "upload.twitter.com"), (f"https://api.x.com{V1}", "api.x.com")):
            header = self.credentials.header("POST", url, INIT)
            answer = self.send("POST", V1, header, urlencode(INIT).encode(), FORM)
            self.assert_explained(answer, word, f"received for {self.server.host}:{self.server.port}")

    def test_secrets_swapped_or_left_out_and_the_wrong_method(self):
        swapped = f"{escape(self.credentials.token_secret)}&{escape(self.credentials.consumer_secret)}"
        body = urlencode(INIT).encode()
        for key, word in ((swapped, "swapped"), (f"{self.credentials.consumer_secret}&", "empty")):
            self.assert_explained(self.send("POST", V1, self.signed_as(INIT, key=key), body, FORM), word)
        self.assert_explained(self.send("POST", V1, self.signed_as(INIT, method="post"), body, FORM), '"post"')
        self.assert_explained(self.send("POST", V1, self.signed_as(INIT, sort=False), body, FORM), "sorted")

    def test_wrong_secrets_and_an_unknown_consumer(self):
        wrong = Credentials(self.credentials.consumer_key, "wrong", self.credentials.token, "wrong")
        body = self.assert_explained(self.post_form(INIT, wrong), "most likely the consumer secret")
        self.assertIn("Expected base string", body["sluice"]["detail"])
        stranger = Credentials("nobody", "x", self.credentials.token, "y")
        body = self.assert_v1_error(self.post_form(INIT, stranger), 401, "oauth_signature")
        self.assertNotIn("base string", body["sluice"]["detail"])

    def test_row_97_the_clock(self):
        now = int(time.time())
        for timestamp, word in ((now - 400, "behind"), (now + 400, "ahead"), (now * 1000, "milliseconds")):
            body = self.assert_v1_error(self.post_form(INIT, oauth_timestamp=str(timestamp)), 401, "oauth_timestamp")
            self.assertIn(word, body["errors"][0]["message"])
            self.assertEqual(body["errors"][0]["code"], 135)
            self.assertIn(str(timestamp), body["sluice"]["detail"])
        self.assertEqual(self.post_form(INIT, oauth_timestamp=str(now - 250)).status, 202)

    def test_row_98_a_nonce_repeated(self):
        header = self.credentials.header("POST", self.url(V1), INIT)
        body = urlencode(INIT).encode()
        self.assertEqual(self.send("POST", V1, header, body, FORM).status, 202)
        self.assert_v1_error(self.send("POST", V1, header, body, FORM), 401, "oauth_nonce_reused")

    def test_a_nonce_of_a_refused_call_is_still_fresh(self):
        wrong = Credentials(self.credentials.consumer_key, "wrong", self.credentials.token, "wrong")
        self.assertEqual(self.post_form(INIT, wrong, oauth_nonce="mine").status, 401)
        self.assertEqual(self.post_form(INIT, oauth_nonce="mine").status, 202)

    def test_fields_missing_doubled_or_not_understood(self):
        good = self.credentials.header("POST", self.url(V1), INIT)
        body = urlencode(INIT).encode()
        rows = [(good.replace(f"{field}=", f"x{field}="), field) for field in ("oauth_nonce", "oauth_timestamp", "oauth_signature_method", "oauth_consumer_key")]
        rows += [
            (good + ', oauth_nonce="again"', "2 times"), (good + ', x="%zz"', "hexadecimal"), (good + ', x="open', "quote"),
            (good.replace("HMAC-SHA1", "PLAINTEXT"), "HMAC-SHA256"), (good.replace('oauth_version="1.0"', 'oauth_version="2.0"'), "1.0"),
            ("OAuth", "missing"), ("OAuth nonsense", "separated by commas"),
        ]
        for header, word in rows:
            answer = self.assert_v1_error(self.send("POST", V1, header, body, FORM), 401, "auth_malformed")
            self.assertIn(word, answer["errors"][0]["message"], header)

    def test_credentials_in_two_places(self):
        target = self.credentials.in_query("GET", self.url(f"{V1}?command=STATUS&media_id=1"))
        answer = self.send("GET", target, self.credentials.header("GET", self.url(target)))
        self.assertIn("one place", self.assert_v1_error(answer, 401, "auth_malformed")["errors"][0]["message"])
        form = {**INIT, "oauth_token": "another"}
        for is_in_header in (True, False):
            header = self.credentials.header("POST", self.url(V1), form) if is_in_header else None
            answer = self.send("POST", V1 if header else self.credentials.in_query("POST", self.url(V1), form), header, urlencode(form).encode(), FORM)
            self.assertIn("one place", self.assert_v1_error(answer, 401, "auth_malformed")["errors"][0]["message"])

    def test_a_body_of_very_many_parameters_is_not_taken_apart(self):
        for header in (None, self.credentials.header("POST", self.url(V1), oauth_signature="AAAA")):
            answer = self.send("POST", V1, header, b"a&" * 1_000_000, FORM)
            self.assert_v1_error(answer, 400, "too_many_fields")

    def test_a_token_that_is_another_keys_or_none(self):
        other = create_key(self.server.data)
        mixed = Credentials(self.key["consumer_key"], self.key["consumer_secret"], other["access_token"], other["access_token_secret"])
        self.assert_v1_error(self.post_form(INIT, mixed), 401, "token_unknown")
        self.assert_v1_error(self.post_form(INIT, oauth_token=None), 401, "app_only_token")

    def test_a_revoked_key_and_scopes(self):
        key = create_key(self.server.data, name="gone", scope="tweet.read")
        credentials = Credentials.of_key(key)
        self.assert_v1_error(self.post_form(INIT, credentials), 403, "scope_missing")
        keys(self.server.data, "revoke", key["id"])
        ends = time.monotonic() + 5
        while self.post_form(INIT, credentials).status == 403 and time.monotonic() < ends:
            time.sleep(0.1)
        self.assert_v1_error(self.post_form(INIT, credentials), 401, "token_revoked")

    def test_nothing_is_stored_and_no_body_is_asked_for(self):
        media_id = self.open()
        parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", 0), Part("media", b"0123456789", "b")]
        content_type, body = multipart(parts)
        header = self.credentials.header("POST", self.url(V1), oauth_signature="AAAA")
        with Wire(self.server) as wire:
            host = f"{self.server.host}:{self.server.port}"
            fields = [("Authorization", header), ("Content-Type", content_type), ("Content-Length", len(body)), ("Expect", "100-continue")]
            wire.send(head("POST", V1, fields, host=host))
            answer = wire.read("POST")
        self.assertEqual((answer.status, answer.interim), (401, []), answer)
        form = {"command": "APPEND", "media_id": media_id, "segment_index": "0", "media_data": base64.b64encode(b"0123456789").decode()}
        self.assertEqual(self.post_form(form, oauth_signature="AAAA").status, 401)
        self.assertEqual(X1(self.server, self.key["bearer_token"]).upload_object(media_id).json()["received_bytes"], 0)

    def test_the_log_holds_no_secret(self):
        self.open()
        self.post_form(INIT, Credentials(self.credentials.consumer_key, "wrong", self.credentials.token, "wrong"))
        log = self.server.log()
        for member in ("bearer_token", "consumer_secret", "access_token_secret", "access_token", "consumer_key"):
            self.assertNotIn(self.key[member], log, member)


class OpenMode(ServerCase):
    def test_credentials_in_query_or_form_name_the_same_user_as_in_a_header(self):
        signed = Credentials("ck", "cs", "a-token", "ts")
        body = signed.in_form("POST", self.server.url + V1, INIT)
        made = call(self.server, "POST", V1, [("Content-Type", FORM)], body)
        self.assertEqual(made.status, 202, made)
        target = f"{V1}?command=STATUS&media_id={made.json()['media_id_string']}"
        by_query = call(self.server, "GET", signed.in_query("GET", self.server.url + target))
        by_header = call(self.server, "GET", target, [("Authorization", signed.header("GET", self.server.url + target))])
        self.assertEqual([by_query.status, by_header.status], [409, 409])
        self.assertEqual(call(self.server, "GET", target).status, 404)

    def test_a_page_of_another_site_cannot_write(self):
        body = urlencode(INIT).encode()
        for headers in ([("Origin", "https://evil.example")], [("Sec-Fetch-Site", "cross-site")], [("Origin", "null")]):
            answer = call(self.server, "POST", V1, [("Content-Type", FORM), *headers], body)
            self.assert_v1_error(answer, 403, "host_not_allowed")
        with Wire(self.server) as wire:
            fields = [("Content-Type", FORM), ("Content-Length", len(body)), ("Origin", "http://rebound.example")]
            wire.send(head("POST", V1, fields, host="rebound.example") + body)
            self.assert_v1_error(wire.read("POST"), 403, "host_not_allowed")

    def test_this_machines_pages_and_any_proxy_can(self):
        body = urlencode(INIT).encode()
        for origin in ("http://localhost:3000", "http://127.0.0.1:8080"):
            answer = call(self.server, "POST", V1, [("Content-Type", FORM), ("Origin", origin)], body)
            self.assertEqual(answer.status, 202, answer)
        with Wire(self.server) as wire:
            wire.send(head("POST", V1, [("Content-Type", FORM), ("Content-Length", len(body))], host="media.example") + body)
            self.assertEqual(wire.read("POST").status, 202)
