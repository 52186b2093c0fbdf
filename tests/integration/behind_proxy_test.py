"""What a proxy says of its clients, and whose pages may upload: only where the operator has said so."""

import subprocess
import unittest

from support.case import ServerCase
from support.client import X1, Caller, call
from support.keys import create_key
from support.media import picture
from support.server import binary
from support.wire import Wire

TLS = [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.9, 192.0.2.7")]


class Trusted(ServerCase):
    arguments = ("--auth", "keys", "--trusted-proxy", "127.0.0.0/8", "--trusted-proxy", "192.0.2.7", "--limit", "failed_logins.address=3/15m")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = create_key(cls.server.data, "mine")
        cls.x1 = X1(cls.server, cls.key["bearer_token"])

    def test_links_have_the_scheme_of_the_client(self):
        made = call(self.server, "POST", "/files/", [*self.x1.headers, *TLS, ("Tus-Resumable", "1.0.0"), ("Upload-Length", "10")])
        self.assertEqual(made.status, 201, made)
        self.assertTrue(made.header("location").startswith("/files/"), made)
        self.assertIn("</api/v1/uploads/", made.header("link"), "a path, right whatever the proxy says")
        refused = call(self.server, "GET", "/1.1/media/upload.json?command=STATUS&media_id=1", [*self.x1.headers, *TLS])
        self.assertIn("https://", refused.json()["sluice"]["doc_url"])
        for odd in ("ftp", "", "https, gopher"):
            plain = call(self.server, "GET", "/1.1/media/upload.json?command=STATUS&media_id=1", [*self.x1.headers, ("X-Forwarded-Proto", odd)])
            self.assertIn("http://", plain.json()["sluice"]["doc_url"], odd)

    def link(self, *headers):
        return call(self.server, "GET", "/1.1/media/upload.json?command=STATUS&media_id=1", [*self.x1.headers, *headers]).json()["sluice"]["doc_url"]

    def test_links_have_the_host_of_the_client(self):
        host = ("X-Forwarded-Host", "up.example:8443")
        self.assertTrue(self.link(host, ("X-Forwarded-Proto", "https")).startswith("https://up.example:8443/docs/"))
        self.assertTrue(self.link(("X-Forwarded-Host", "inner.example, up.example")).startswith("http://up.example/"), "the nearest proxy's word")
        for odd in ("a b", "user@up.example", "up.example/x", ""):
            self.assertIn("//127.0.0.1:", self.link(("X-Forwarded-Host", odd)), odd)

    def test_forwarded_says_the_same(self):
        link = self.link(("Forwarded", 'for="[2001:db8::17]:4711";proto=HTTPS;host="up.example:8443"'))
        self.assertTrue(link.startswith("https://up.example:8443/docs/"), link)
        chain = "for=198.51.100.9;host=forged.example, FOR=203.0.113.7; Proto=https; Host=up.example, for=192.0.2.7;host=inner.example"
        self.assertTrue(self.link(("Forwarded", chain)).startswith("https://up.example/"))
        for odd in ("proto=ftp;host=a/b", 'for=203.0.113.7;host=forged.example;x="', ", proto"):
            self.assertIn("http://127.0.0.1:", self.link(("Forwarded", odd)), odd)

    def test_what_both_kinds_tell_differently_is_not_said(self):
        forged = ("Forwarded", "for=203.0.113.200;proto=http;host=forged.example")
        self.assertTrue(self.link(("X-Forwarded-Host", "up.example"), ("X-Forwarded-Proto", "https"), forged).startswith("http://127.0.0.1:"))
        self.assertTrue(self.link(("X-Forwarded-Host", "up.example"), ("Forwarded", "host=UP.example")).startswith("http://up.example/"))

    def test_forwarded_has_the_address_of_the_client(self):
        for address, status in (("203.0.113.11", 401),) * 3 + (("203.0.113.11", 429), ("203.0.113.12", 401)):
            answer = call(self.server, "GET", "/api/v1/uploads", [("Authorization", "Bearer wrong"), ("Forwarded", f"for=unknown, for={address}:4711, for=192.0.2.7")])
            self.assertEqual(answer.status, status, (address, answer))

    def test_the_address_is_that_of_the_client(self):
        for address, status in (("203.0.113.1", 401),) * 3 + (("203.0.113.1", 429), ("203.0.113.2", 401)):
            answer = call(self.server, "GET", "/api/v1/uploads", [("Authorization", "Bearer wrong"), ("X-Forwarded-For", f"198.51.100.1, {address}, 192.0.2.7")])
            self.assertEqual(answer.status, status, (address, answer))

    def test_who_signs_in_by_the_name_that_the_proxy_tells_acts_by_it(self):
        ours = ("Origin", "https://up.example:8443")
        told = [("X-Forwarded-Host", "up.example:8443"), ("X-Forwarded-Proto", "https")]
        signed_in = call(self.server, "POST", "/api/v1/session", [*self.x1.headers, ours, *told])
        self.assertEqual(signed_in.status, 201, signed_in)
        self.assertIn("; Secure", signed_in.header("set-cookie"))
        cookie = ("Cookie", signed_in.header("set-cookie").split(";")[0])
        self.assertTrue(call(self.server, "GET", "/api/v1/session", [cookie, *told]).json()["signed_in"])
        target = f"/api/v1/uploads/{self.x1.open(100)}"
        other_name = [("X-Forwarded-Host", "other.example"), told[1]]
        for fields in ([ours], [ours, *other_name], [("Origin", "https://evil.example"), *told], told):
            self.assertEqual(call(self.server, "DELETE", target, [cookie, *fields]).status, 401, fields)
        self.assertEqual(call(self.server, "DELETE", target, [cookie, ours, *told]).status, 204)
        self.assertEqual(call(self.server, "DELETE", "/api/v1/session", [cookie, ours, *told]).status, 204)
        self.assertFalse(call(self.server, "GET", "/api/v1/session", [cookie, *told]).json()["signed_in"])


class NotTrusted(ServerCase):
    def test_anybody_may_say_anything(self):
        said = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "up.example"), ("Forwarded", "proto=https;host=up.example")]
        answer = call(self.server, "GET", "/1.1/media/upload.json?command=STATUS&media_id=1", said)
        self.assertIn("http://127.0.0.1:", answer.json()["sluice"]["doc_url"])

    def test_what_is_no_address_or_origin_is_refused(self):
        for flag, value in (("--trusted-proxy", "proxy.internal"), ("--trusted-proxy", "10.0.0.1/8"), ("--cors-origin", "app.example.org")):
            done = subprocess.run([binary(), "serve", flag, value], capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn("it must be", done.stderr)


class TrustedInOpenMode(ServerCase):
    arguments = ("--trusted-proxy", "127.0.0.0/8")

    def test_a_name_that_leads_here_is_not_hidden_by_what_a_page_says(self):
        with Wire(self.server) as wire:
            wire.send(b"GET /api/v1/uploads HTTP/1.1\r\nHost: rebound.example\r\nX-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\n\r\n")
            answer = wire.read("GET")
        self.assertEqual((answer.status, answer.header("sluice-error")), (403, "host_not_allowed"), answer)

    def test_nor_by_what_a_proxy_writes_into_the_request(self):
        """nginx puts the address of what it leads to into Host, unless it is told otherwise."""
        for field in (("X-Forwarded-Host", "rebound.example"), ("Forwarded", "host=rebound.example")):
            answer = call(self.server, "GET", "/api/v1/uploads", [field])
            self.assertEqual((answer.status, answer.header("sluice-error")), (403, "host_not_allowed"), answer)
            self.assertIn("rebound.example", answer.json()["detail"])
        self.assertEqual(call(self.server, "GET", "/api/v1/uploads", [("X-Forwarded-Host", "localhost:8443")]).status, 200)


class Origins(ServerCase):
    """Where anybody is believed; a page may be of this machine, too."""

    arguments = ("--cors-origin", "https://app.example.org")
    key = None

    def test_pages_of_named_sites_may_upload(self):
        caller = Caller(self.server, self.key)
        for collection in ("/files/", "/resumable/"):
            for origin, allowed in (("https://app.example.org",) * 2, ("http://localhost", "http://localhost" if not self.key else None), ("https://evil.example", None)):
                asked = call(self.server, "OPTIONS", collection, [("Origin", origin), ("Access-Control-Request-Method", "POST")])
                refused = not allowed and not self.key
                self.assertEqual((asked.status, asked.header("access-control-allow-origin")), (403 if refused else 204, allowed), (collection, origin))
                self.assertEqual(asked.header("vary"), "Origin")
                missing = caller.get(collection + "12345", [("Origin", origin), ("Tus-Resumable", "1.0.0")])
                self.assertEqual(missing.header("access-control-allow-origin"), allowed, "errors are shown to who may see them")

    def test_what_a_cache_keeps_of_a_call_without_origin_is_not_for_pages(self):
        caller = Caller(self.server, self.key)
        media_id = X1(self.server, self.key).one_shot(picture()).json()["media_id_string"]
        said = f"/1.1/media/upload.json?command=STATUS&media_id={media_id}"
        for target in (said, f"/api/v1/uploads/{media_id}", f"/media/3_{media_id}/original", "/files/12345", "/resumable/12345"):
            answer = caller.get(target)
            self.assertEqual((answer.header("vary"), answer.header("access-control-allow-origin")), ("Origin", None), target)
            self.assertIsNone(answer.header("access-control-expose-headers"), target)


class OriginsWithKeys(Origins):
    """A page needs a token, and has to be one of the named."""

    arguments = ("--auth", "keys", *Origins.arguments)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = create_key(cls.server.data, "page")["bearer_token"]


class AllOrigins(ServerCase):
    arguments = ("--auth", "keys")

    def test_pages_of_all_sites_may_upload_with_a_token(self):
        key = create_key(self.server.data, "page")["bearer_token"]
        for token, status in ((key, 201), ("wrong", 401)):
            fields = [("Origin", "https://app.example.org"), ("Tus-Resumable", "1.0.0"), ("Upload-Length", "10")]
            made = Caller(self.server, token).post("/files/", b"", "", fields)
            self.assertEqual((made.status, made.header("access-control-allow-origin")), (status, "*"), made)
            self.assertIsNone(made.header("vary"), "all are told the same")


if __name__ == "__main__":
    unittest.main()
