"""--auth keys: `sluice keys`, bearer tokens, scopes, revocation; rows 99 to 101 of the list of mistakes."""

import json
import os
import stat
import time
import unittest

from support.case import ServerCase
from support.client import V1, X1, X2, upload
from support.keys import create_key, keys, run_keys
from support.media import noise, picture
from support.server import Server

SECRETS = ("bearer_token", "app_bearer_token", "consumer_secret", "access_token_secret")


class KeysCase(ServerCase):
    arguments = ("--auth", "keys")

    def key(self, **flags):
        return create_key(self.server.data, **flags)

    def caller(self, key, kind=X1):
        return kind(self.server, key["bearer_token"])


class Bearer(KeysCase):
    def test_row_100_a_bearer_key_works_at_once_on_both_versions(self):
        key = self.key()
        media_id = upload(self.caller(key), noise(1000), 400)
        self.assertEqual(self.caller(key).status(media_id).status, 200)
        self.assertEqual(self.caller(key, X2).status(media_id).status, 200)
        self.assertEqual(self.caller(key).upload_object(media_id).status, 200)

    def test_row_101_nothing_sent(self):
        body = self.assert_v1_error(X1(self.server).init(10), 401, "auth_missing")
        self.assertEqual(body["errors"][0]["code"], 215)
        self.assert_v2_error(X2(self.server).init(10), 401, "auth_missing")
        for answer in (X1(self.server).init(10), X2(self.server).init(10), X1(self.server).upload_object(1)):
            self.assertEqual((answer.status, answer.header("www-authenticate")), (401, "Bearer"), answer)

    def test_row_101_a_token_that_is_not_known(self):
        answer = X1(self.server, "slc_wrong").init(10)
        self.assertEqual(answer.header("www-authenticate"), 'Bearer error="invalid_token"')  # RFC 6750, section 3.1
        body = self.assert_v1_error(answer, 401, "token_unknown")
        self.assertNotIn("slc_wrong", json.dumps(body))

    def test_credentials_that_cannot_be_read(self):
        caller = X1(self.server)
        for value in ("Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "gibberish", 'OAuth oauth_token="x'):
            caller.headers = [("Authorization", value)]
            self.assert_v1_error(caller.init(10), 401, "auth_malformed")

    def test_row_101_a_revoked_key_is_told_so_within_five_seconds(self):
        key = self.key(name="lost laptop")
        caller = self.caller(key)
        self.assertEqual(caller.init(10).status, 202)
        keys(self.server.data, "revoke", key["id"])
        ends = time.monotonic() + 5
        answer = caller.init(10)
        while answer.status == 202 and time.monotonic() < ends:
            time.sleep(0.1)
            answer = caller.init(10)
        self.assertEqual(answer.header("www-authenticate"), 'Bearer error="invalid_token"')
        body = self.assert_v1_error(answer, 401, "token_revoked")
        self.assertIn("lost laptop", body["errors"][0]["message"])
        self.assertRegex(body["sluice"]["detail"], r"since 2\d\d\d-\d\d-\d\dT")

    def test_an_expired_key_is_told_so(self):
        key = self.key(expires="1s")
        time.sleep(1.1)
        body = self.assert_v1_error(self.caller(key).init(10), 401, "token_expired")
        self.assertIn("expired at", body["sluice"]["detail"])

    def test_a_renewed_key_has_new_credentials_and_the_same_user(self):
        old = self.key()
        media_id = self.caller(old).open(10)
        fresh = keys(self.server.data, "rotate", old["id"])
        self.assertEqual(fresh["user_id"], old["user_id"])
        self.assertEqual(self.caller(fresh).upload_object(media_id).status, 200)
        ends = time.monotonic() + 5
        while self.caller(old).init(10).status == 202 and time.monotonic() < ends:
            time.sleep(0.1)
        self.assert_v1_error(self.caller(old).init(10), 401, "token_unknown")

    def test_another_keys_upload_does_not_exist(self):
        mine, other = self.key(), self.key()
        media_id = self.caller(mine).open(10)
        answers = [
            self.caller(other).status(media_id),
            self.caller(other).append(media_id, 0, b"0123456789"),
            self.caller(other).finalize(media_id),
            self.caller(other, X2).status(media_id),
            self.caller(other).upload_object(media_id),
        ]
        self.assertEqual([answer.status for answer in answers], [404] * len(answers))

    def test_two_keys_of_one_user_share_their_uploads(self):
        first = self.key()
        second = self.key(user=first["user_id"])
        media_id = self.caller(first).open(10)
        self.assertEqual(self.caller(second).append(media_id, 0, b"0123456789").status, 204)

    def test_a_client_that_waits_for_100_is_refused_before_its_body(self):
        from support.wire import Wire, head

        with Wire(self.server) as wire:
            wire.send(head("POST", V1, [("Content-Length", 5_000_000), ("Expect", "100-continue"), ("Content-Type", "image/png")]))
            answer = wire.read("POST")
        self.assertEqual((answer.status, answer.interim), (401, []))


class Scopes(KeysCase):
    def test_row_99_a_write_without_media_write_names_both(self):
        key = self.key(scope="tweet.read,users.read", name="reader")
        for answer in (self.caller(key).init(10), self.caller(key).status(1), self.caller(key, X2).init(10)):
            self.assertEqual((answer.status, answer.header("sluice-error")), (403, "scope_missing"), answer)
            for word in ("reader", "tweet.read, users.read", "media.write"):
                self.assertIn(word, answer.body.decode())

    def test_row_101_an_app_only_token_cannot_write(self):
        key = self.key(name="my app")
        answer = X1(self.server, key["app_bearer_token"]).init(10)
        body = self.assert_v1_error(answer, 401, "app_only_token")
        self.assertIn("my app", body["errors"][0]["message"])
        self.assertEqual(body["errors"][0]["code"], 220)

    def test_keys_need_admin(self):
        usual, admin = self.key(), self.key(scope="admin")
        self.assertEqual(self.caller(usual).get("/api/v1/keys").header("sluice-error"), "scope_missing")
        self.assertEqual(X1(self.server).get("/api/v1/keys").status, 401)
        listed = self.caller(admin).get("/api/v1/keys").json()["data"]
        self.assertIn(usual["id"], [key["id"] for key in listed])
        self.assertNotIn("secret", json.dumps(listed))


class SignedUrls(KeysCase):
    def test_outputs_are_for_their_owner_and_for_signed_urls(self):
        owner = self.caller(self.key(), X2)
        answer = owner.one_shot(picture())
        self.assertEqual(answer.status, 200, answer)
        media_id = answer.json()["data"]["id"]
        self.assertEqual(owner.wait(media_id)["state"], "succeeded")
        for output in owner.outputs(media_id).values():
            bare = output["url"].split("?")[0]
            nobody, stranger = X2(self.server), self.caller(self.key(), X2)
            self.assertEqual(nobody.fetch(output["url"]).status, 200)
            self.assertEqual(stranger.fetch(output["url"]).status, 200)
            self.assertEqual(owner.fetch(bare).status, 200)
            self.assertEqual(nobody.fetch(bare).header("sluice-error"), "auth_missing")
            self.assertEqual(stranger.fetch(bare).header("sluice-error"), "output_unknown")
            self.assertEqual(nobody.fetch(output["url"][:-1] + "x").header("sluice-error"), "token_unknown")
            self.assertEqual(nobody.fetch(f"{bare}?expires=1&signature=00").header("sluice-error"), "token_unknown")
            self.assertIn("private", nobody.fetch(output["url"]).header("cache-control"))
        key = answer.json()["data"]["media_key"]
        self.assertEqual(owner.original(key).status, 200)
        self.assertEqual(nobody.original(key).status, 401)
        self.assertEqual(stranger.original(key).status, 404)


class NativeKeys(KeysCase):
    def setUp(self):
        self.admin = X2(self.server, self.key(scope="admin")["bearer_token"])

    def test_create_renew_and_revoke(self):
        made = self.admin.json("/api/v1/keys", name="web", scopes="media.write", expires_in_secs=60)
        self.assertEqual(made.status, 201, made)
        key = made.json()
        self.assertEqual(key["scopes"], ["media.write"])
        self.assertTrue(key["expires_at"])
        self.assertEqual(self.caller(key).init(10).status, 202)
        fresh = self.admin.post(f"/api/v1/keys/{key['id']}/rotate").json()
        self.assertEqual(self.caller(key).init(10).header("sluice-error"), "token_unknown")
        self.assertEqual(self.caller(fresh).init(10).status, 202)
        self.assertEqual(self.admin.post(f"/api/v1/keys/{key['id']}/revoke").status, 200)
        self.assertEqual(self.caller(fresh).init(10).header("sluice-error"), "token_revoked")

    def test_what_cannot_be_made(self):
        for members in ({}, {"name": ""}, {"name": "x", "scopes": "nothing"}, {"name": "x", "user_id": "me"}, {"name": "a\nb"}):
            answer = self.admin.json("/api/v1/keys", **members)
            self.assertEqual((answer.status, answer.header("sluice-error")), (400, "parameter_invalid"), answer)

    def test_what_is_not_there(self):
        for path in ("/api/v1/keys/4711/revoke", "/api/v1/keys/4711/rotate", "/api/v1/keys/x"):
            self.assertEqual(self.admin.post(path).header("sluice-error"), "key_unknown")

    def test_the_command_works_over_the_api(self):
        token = os.path.join(self.server.root, "token")
        with open(token, "w", encoding="ascii") as file:
            file.write(self.admin.headers[0][1].removeprefix("Bearer ") + "\n")
        remote = ("--server", self.server.url, "--token-file", token, "--json")
        key = json.loads(run_keys("create", "--name", "remote", "--scope", "media.write", *remote).stdout)
        self.assertEqual(self.caller(key).init(10).status, 202)
        listed = json.loads(run_keys("list", *remote).stdout)["data"]
        self.assertIn(key["id"], [row["id"] for row in listed])
        self.assertEqual(run_keys("revoke", key["id"], *remote).returncode, 0)
        self.assertEqual(self.caller(key).init(10).header("sluice-error"), "token_revoked")
        refused = run_keys("list", "--server", self.server.url)
        self.assertEqual(refused.returncode, 4, refused)


class Command(unittest.TestCase):
    def setUp(self):
        self.server = Server("--auth", "keys")
        self.addCleanup(self.server.close)

    def test_before_the_server_ever_ran(self):
        key = create_key(self.server.data)
        mode = stat.S_IMODE(os.stat(os.path.join(self.server.data, "keys.secret")).st_mode)
        self.assertEqual(mode, 0o600)
        self.server.start()
        self.assertEqual(X1(self.server, key["bearer_token"]).init(10).status, 202)

    def test_says_what_it_made_and_hides_secrets_in_the_list(self):
        key = create_key(self.server.data, name="demo")
        for member in ("id", "name", "user_id", "scopes", "created_at", "consumer_key", "access_token", *SECRETS):
            self.assertTrue(key[member], key)
        self.assertTrue(key["access_token"].startswith(key["user_id"] + "-"))
        self.assertNotIn("admin", key["scopes"])
        listed = run_keys("list", "--data", self.server.data).stdout
        self.assertIn("demo", listed)
        for member in SECRETS:
            self.assertNotIn(key[member], listed)
        human = run_keys("create", "--name", "human", "--data", self.server.data)
        self.assertRegex(human.stdout, r"bearer_token +slc_")

    def test_no_secret_is_in_the_data_directory_but_digests(self):
        key = create_key(self.server.data)
        self.server.start()
        X1(self.server, key["bearer_token"]).init(10)
        self.server.stop()
        for folder, _, names in os.walk(self.server.data):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                for member in SECRETS:
                    self.assertNotIn(key[member].encode(), content, name)

    def test_wrong_usage_and_unknown_keys(self):
        for words in ((), ("craete",), ("create",), ("create", "--name", "x", "--scope", "y"), ("revoke",), ("create", "--name", "x", "--expires", "3")):
            done = run_keys(*words, "--data", self.server.data)
            self.assertEqual(done.returncode, 2, done)
        self.assertIn("did you mean create", run_keys("craete", "--data", self.server.data).stderr)
        self.assertEqual(run_keys("revoke", "4711", "--data", self.server.data).returncode, 8)


if __name__ == "__main__":
    unittest.main()
