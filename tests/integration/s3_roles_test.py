"""Who the server is to its S3 store: the temporary credentials of roles, and those of a file that changes."""

import http.server
import json
import os
import threading
import time
import unittest
import urllib.parse

from support import engine
from support.client import X1, upload
from support.media import noise
from support.object_store import SECRET
from support.server import Server


def say(handler, text, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = engine.object_store()

    def serving(self, handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.handle_error = lambda *_: None  # a caller that was killed
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    def role_server(self, answer):
        """What gives out the temporary credentials of a role; its port, and what it was asked."""
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802
                self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def do_GET(self):  # noqa: N802
                self.answer(self.headers["Authorization"])

            def answer(self, what):
                asked.append(what)
                say(self, answer)

            def log_message(self, *_):
                pass

        return self.serving(Handler), asked

    def started(self, prefix, *more, **environment):
        server = Server("--storage", self.store.url(prefix), *more)
        self.addCleanup(server.close)
        none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": "/nonexistent"}
        server.environment = {**none, **environment}
        return server.start()

    def assert_serves(self, prefix, **environment):
        server = self.started(prefix, **environment)
        media_id = upload(X1(server), noise(1000), 1000)
        self.assertEqual(X1(server).original(f"7_{media_id}").body, noise(1000))
        self.assertNotIn(SECRET, server.log())

    def test_a_web_identity_is_exchanged_for_credentials_before_they_end(self):
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        port, asked = self.role_server(
            f"<R><Credentials><AccessKeyId>sluicekey</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
            f"<SessionToken></SessionToken><Expiration>{soon}</Expiration></Credentials></R>".encode()
        )
        folder = Server()
        self.addCleanup(folder.close)
        token = os.path.join(folder.root, "token")
        with open(token, "w", encoding="ascii") as file:
            file.write("who/I+am\n")
        self.assert_serves(
            "role", AWS_ROLE_ARN="arn:aws:iam::1:role/media", AWS_WEB_IDENTITY_TOKEN_FILE=token,
            AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{port}",
        )
        form = urllib.parse.parse_qs(asked[0])
        self.assertEqual((form["WebIdentityToken"], form["RoleArn"]), (["who/I+am"], ["arn:aws:iam::1:role/media"]))
        self.assertGreater(len(asked), 1, "they end in a minute, so they are asked for anew")

    def redirected(self, prefix, seconds):
        """The answer for a file of one object, by a role whose credentials end so soon; the file."""
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        said = {"AccessKeyId": "sluicekey", "SecretAccessKey": SECRET, "Token": "", "Expiration": ends}
        port, _ = self.role_server(json.dumps(said).encode())
        uri = f"http://127.0.0.1:{port}/creds"
        caller = X1(self.started(prefix, "--delivery", "redirect", AWS_CONTAINER_CREDENTIALS_FULL_URI=uri))
        media_id = upload(caller, noise(1000), 1000)
        return caller.get(f"/media/7_{media_id}/original")

    def test_a_link_is_not_kept_for_longer_than_its_credentials_are_good(self):
        answer = self.redirected("link", 600)
        self.assertEqual(answer.status, 302, answer)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.header("location")).query)
        self.assertIn(int(query["X-Amz-Expires"][0]), range(500, 601))
        kept = int(answer.header("cache-control").rpartition("=")[2])
        self.assertLess(kept, int(query["X-Amz-Expires"][0]))

    def test_credentials_that_end_soon_make_no_link(self):
        answer = self.redirected("nolink", 340)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.body, noise(1000))

    def test_a_container_has_a_role(self):
        port, asked = self.role_server(json.dumps({"AccessKeyId": "sluicekey", "SecretAccessKey": SECRET, "Token": ""}).encode())
        self.assert_serves(
            "container", AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://127.0.0.1:{port}/creds",
            AWS_CONTAINER_AUTHORIZATION_TOKEN="let-me-in",
        )
        self.assertEqual(asked, ["let-me-in"])

    def test_an_instance_has_a_role(self):
        given = json.dumps({"Code": "Success", "AccessKeyId": "sluicekey", "SecretAccessKey": SECRET, "Token": ""}).encode()
        roles = "/latest/meta-data/iam/security-credentials/"
        texts = {roles: b"media\n", roles + "media": given}

        class Handler(http.server.BaseHTTPRequestHandler):
            """Version 2: nothing without a token, and none without a PUT."""

            def do_PUT(self):  # noqa: N802
                is_right = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "21600"
                say(self, b"let-me-in", 200 if is_right else 400)

            def do_GET(self):  # noqa: N802
                if self.headers["X-aws-ec2-metadata-token"] != "let-me-in":
                    say(self, b"", 401)
                else:
                    say(self, texts.get(self.path, b""), 200 if self.path in texts else 404)

            def log_message(self, *_):
                pass

        self.assert_serves("instance", AWS_EC2_METADATA_SERVICE_ENDPOINT=f"http://127.0.0.1:{self.serving(Handler)}")

    def test_credentials_of_a_profile_are_read_again_when_the_file_changes(self):
        folder = Server()
        self.addCleanup(folder.close)
        path = os.path.join(folder.root, "credentials")

        def write(secret):
            with open(path, "w", encoding="ascii") as file:
                file.write(f"[media]\naws_access_key_id = sluicekey\naws_secret_access_key = {secret}\n")

        write(SECRET)
        server = Server("--storage", self.store.url("profile") + "&profile=media")
        self.addCleanup(server.close)
        server.environment = {"AWS_SHARED_CREDENTIALS_FILE": path, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        server.start()
        caller = X1(server)
        media_id = caller.open(2000)
        self.assertEqual(caller.append(media_id, 0, noise(1000)).status, 204)
        time.sleep(0.02)
        write("wrong")
        refused = caller.append(media_id, 1, noise(1000, 2))
        self.assertEqual((refused.status, refused.header("sluice-error")), (503, "storage_unavailable"), refused)
        self.assertIn(b"credentials", refused.body)
        time.sleep(0.02)
        write(SECRET)
        self.assertEqual(caller.append(media_id, 1, noise(1000, 2)).status, 204)


if __name__ == "__main__":
    unittest.main()
