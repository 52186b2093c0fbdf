"""Failed logins: who meets the limit, what he is told, and that right credentials are never kept out."""

import unittest
from urllib.parse import quote, urlencode

from support.case import ServerCase
from support.client import FORM, V1, V2, call
from support.keys import create_key
from support.oauth1 import Credentials

INIT = {"command": "INIT", "total_bytes": "10", "media_type": "video/mp4", "media_category": "tweet_video"}


class LoginCase(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = create_key(cls.server.data, name="mine")
        cls.other = create_key(cls.server.data, name="other")

    def bearer(self, token, path="/2/media/upload?media_id=1"):
        return call(self.server, "GET", path, [("Authorization", f"Bearer {token}")])

    def signed(self, credentials, **changed):
        header = credentials.header("POST", self.server.url + V1, INIT, **changed)
        headers = [("Authorization", header), ("Content-Type", FORM)]
        return call(self.server, "POST", V1, headers, urlencode(INIT, quote_via=quote).encode())

    def wrong(self, key, **more):
        """Signed under the name of `key` with another secret."""
        return self.signed(Credentials.of_key({**key, "consumer_secret": "guessed", **more}))


class ByAddress(LoginCase):
    arguments = ("--auth", "keys", "--limit", "failed_logins.address=4/1h", "--limit", "failed_logins.key=off")

    def test_wrong_credentials_are_told_the_limit_and_right_ones_pass(self):
        for answer in [self.bearer("guess") for _ in range(3)] + [self.wrong(self.key)]:
            self.assertEqual(answer.status, 401, answer)
        answer = self.bearer("guess")
        detail = self.assert_v2_error(answer, 429, "too_many_failed_logins")["detail"]
        self.assertRegex(detail, "^5 calls with wrong credentials came from this address within 3600 s, 4 are allowed")
        self.assertIn("This call: token_unknown. The bearer token has 5 characters", detail)
        self.assertIn(int(answer.header("retry-after")), range(3000, 3601))
        body = self.assert_v1_error(self.wrong(self.key), 429, "too_many_failed_logins")
        self.assertIn('This call: oauth_signature. The signature is not that of key "mine"', body["errors"][0]["message"])
        self.assertNotIn("base string", str(body))
        self.assertEqual(self.signed(Credentials.of_key(self.key)).status, 202)
        self.assertEqual(self.bearer(self.other["bearer_token"]).status, 404)
        self.assertEqual(self.bearer("guess").status, 429)

    def test_what_guesses_at_nothing_is_not_counted(self):
        for _ in range(6):
            self.assertEqual(call(self.server, "GET", "/2/media/upload?media_id=1", []).header("sluice-error"), "auth_missing")
            late = self.signed(Credentials.of_key(self.key), oauth_timestamp="1300000000")
            self.assertEqual(late.header("sluice-error"), "oauth_timestamp")


class ByKey(LoginCase):
    arguments = ("--auth", "keys", "--limit", "failed_logins.key=3/1h", "--limit", "failed_logins.address=off")

    def test_a_claimed_key_has_its_own_limit_and_its_owner_passes(self):
        for _ in range(3):
            self.assertEqual(self.wrong(self.key).status, 401)
        body = self.assert_v1_error(self.wrong(self.key), 429, "too_many_failed_logins")
        self.assertIn("with this consumer key", body["sluice"]["detail"])
        self.assertEqual(self.signed(Credentials.of_key(self.key)).status, 202)
        self.assertEqual(self.wrong(self.other).status, 401)

    def test_a_key_that_is_not_known_is_counted_alike(self):
        unknown = {**self.key, "consumer_key": "nobodys"}
        for _ in range(3):
            self.assert_v1_error(self.wrong(unknown), 401, "oauth_signature")
        body = self.assert_v1_error(self.wrong(unknown), 429, "too_many_failed_logins")
        self.assertIn("This call: oauth_signature.", body["sluice"]["detail"])

    def test_tokens_claim_no_key(self):
        for _ in range(8):
            self.assertEqual(self.bearer("guess").status, 401)


class Faithful(LoginCase):
    arguments = ("--auth", "keys", "--fidelity", "faithful", "--limit", "failed_logins.address=1/1h")

    def test_x_says_its_own_words_and_the_header_the_truth(self):
        self.wrong(self.key)
        answer = self.wrong(self.key)
        self.assertEqual((answer.status, answer.header("sluice-error")), (429, "too_many_failed_logins"))
        self.assertEqual(answer.json(), {"errors": [{"message": "Rate limit exceeded", "code": 88}]})
        self.assertEqual(call(self.server, "GET", f"{V2}?media_id=1", [("Authorization", "Bearer x")]).status, 429)


class ByDefault(LoginCase):
    arguments = ("--auth", "keys")

    def test_a_hundred_tries_to_find_a_mistake_are_within_it(self):
        for _ in range(100):
            answer = self.wrong(self.key)
        self.assertIn("base string", self.assert_v1_error(answer, 401, "oauth_signature")["errors"][0]["message"])


if __name__ == "__main__":
    unittest.main()
