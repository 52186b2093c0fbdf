"""One row of the list of mistakes: provoked on a helpful and on a faithful server, and what both must answer."""

import json

from support.case import ServerCase
from support.client import X1, X2
from support.curl import shell
from support.server import Server

X_INVALID = "One or more parameters to your request was invalid."


class MistakeCase(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.x1, cls.x2 = X1(cls.server), X2(cls.server)
        cls._faithful = None

    @property
    def faithful(self):
        """Started for the class when its first test asks."""
        cls = type(self)
        if cls._faithful is None:
            cls._faithful = Server("--fidelity", "faithful", *cls.arguments)
            cls.addClassCleanup(cls._faithful.close)
            cls._faithful.start()
        return cls._faithful

    @property
    def x1_faithful(self):
        return X1(self.faithful)

    @property
    def x2_faithful(self):
        return X2(self.faithful)

    def told_v1(self, answer, status, code, *facts):
        body = self.assert_v1_error(answer, status, code)
        return self._told(body["errors"][0]["message"], body["sluice"], facts)

    def told_v2(self, answer, status, code, *facts):
        body = self.assert_v2_error(answer, status, code)
        return self._told(body["message"], body, facts)

    def _told(self, message, members, facts):
        for fact in facts:
            self.assertIn(fact, message)
            self.assertIn(fact, members["detail"])
        return members

    def runs(self, members, method, status):
        """The next call runs as printed."""
        self.assertEqual(members["next"]["method"], method, members)
        answer = shell(members["next"]["curl"])
        self.assertEqual(answer.status, status, answer)
        return answer

    def as_x_v1(self, answer, status, number, text, code):
        """X's shape A, with the truth in the header."""
        self.assertEqual((answer.status, answer.header("sluice-error")), (status, code), answer)
        self.assertEqual(answer.json(), {"errors": [{"message": text, "code": number}]})

    def as_x_media_service(self, answer, status, text, code):
        """X's shape B."""
        self.assertEqual((answer.status, answer.header("sluice-error")), (status, code), answer)
        self.assertEqual(answer.json(), {"request": "/1.1/media/upload.json", "error": text})

    def as_x_v2(self, answer, status, text, code):
        self.assertEqual((answer.status, answer.header("sluice-error")), (status, code), answer)
        body = answer.json()
        self.assertEqual((body["errors"][0]["message"], body["status"]), (text, status))
        self.assertNotIn("sluice", body)


def json_body(**members):
    return json.dumps(members).encode()
