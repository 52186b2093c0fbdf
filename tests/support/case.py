"""A test case with one server for its whole class, and what every test asserts again and again."""

import unittest

from support.server import Server


class ServerCase(unittest.TestCase):
    arguments = ()  # of `sluice serve`
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.arguments)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def assert_v1_error(self, answer, status, code):
        """The shape of contract 3: everything a client shows stands in errors[0].message."""
        self.assertEqual((answer.status, answer.header("sluice-error")), (status, code), answer)
        self.assertTrue(answer.header("content-type").startswith("application/json"), answer)
        self.assertTrue(answer.header("x-request-id"), answer)
        body = answer.json()
        self.assertIsInstance(body["errors"][0]["code"], int)
        self.assertGreater(len(body["errors"][0]["message"]), 20, body)
        self.assert_members(body["sluice"], answer, code)
        return body

    def assert_v2_error(self, answer, status, code):
        self.assertEqual((answer.status, answer.header("sluice-error")), (status, code), answer)
        self.assertTrue(answer.header("content-type").startswith("application/problem+json"), answer)
        body = answer.json()
        for member in ("type", "title", "detail", "message"):
            self.assertTrue(body[member], body)
        self.assertEqual(body["status"], status)
        # The members stand on the problem itself or in `sluice`, whichever the reader looks at first.
        self.assert_members(body.get("sluice", body), answer, code)
        return body

    def assert_members(self, members, answer, code):
        self.assertEqual(members["code"], code)
        self.assertTrue(members["hint"], members)
        self.assertIn("next", members)
        self.assertTrue(members["doc_url"].endswith(code), members)
        self.assertEqual(members["request_id"], answer.header("x-request-id"))

    def assert_original(self, caller, media_key, data):
        answer = caller.original(media_key)
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.body == data, f"original has {len(answer.body)} bytes, {len(data)} were sent, or they differ")
