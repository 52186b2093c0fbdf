"""--auth keys: each route demands its scope, and an id of somebody else is one that does not exist."""

import json
import re

from support.case import ServerCase
from support.client import X1, call
from support.keys import create_key
from support.media import picture

ALT = {"text": "a"}
TRACK = {"language_code": "en", "display_name": "English"}
V1_INFO = {"subtitles": [{**TRACK, "media_id": "{id}"}]}

# method, target, JSON body or None, the scope it demands. {id} and {media_key} are of an upload.
ROUTES = (
    ("POST", "/1.1/media/upload.json?command=INIT&total_bytes=1&media_type=image/png", None, "media.write"),
    ("GET", "/1.1/media/upload.json?command=STATUS&media_id={id}", None, "media.write"),
    ("POST", "/1.1/media/upload.json?command=FINALIZE&media_id={id}", None, "media.write"),
    ("GET", "/2/media/upload?media_id={id}", None, "media.write"),
    ("POST", "/2/media/upload/{id}/finalize", None, "media.write"),
    ("POST", "/1.1/media/metadata/create.json", {"media_id": "{id}", "alt_text": ALT}, "media.write"),
    ("POST", "/1.1/media/subtitles/create.json", {"media_id": "{id}", "media_category": "TweetVideo", "subtitle_info": V1_INFO}, "media.write"),
    ("POST", "/1.1/media/subtitles/delete.json",
     {"media_id": "{id}", "media_category": "TweetVideo", "subtitle_info": {"subtitles": [{"language_code": "en"}]}}, "media.write"),
    ("POST", "/2/media/metadata", {"id": "{id}", "metadata": {"alt_text": ALT}}, "media.write"),
    ("POST", "/2/media/subtitles", {"id": "{id}", "media_category": "TweetVideo", "subtitles": {**TRACK, "id": "{id}"}}, "media.write"),
    ("DELETE", "/2/media/subtitles", {"id": "{id}", "media_category": "TweetVideo", "language_code": "en"}, "media.write"),
    ("GET", "/2/media/{media_key}", None, "tweet.read"),
    ("GET", "/2/media?media_keys={media_key}", None, "tweet.read"),
    ("POST", "/2/tweets", {"text": "t", "media": {"media_ids": ["{id}"]}}, "tweet.write"),
    ("POST", "/1.1/statuses/update.json?status=t&media_ids={id}", None, "tweet.write"),
    ("POST", "/2/dm_conversations/with/5/messages", {"text": "t", "attachments": [{"media_id": "{id}"}]}, "dm.write"),
    ("POST", "/1.1/direct_messages/events/new.json",
     {"event": {"type": "message_create", "message_create": {"target": {"recipient_id": "5"}, "message_data": {
         "text": "t", "attachment": {"type": "media", "media": {"id": "{id}"}}}}}}, "dm.write"),
    ("GET", "/2/users/me", None, "users.read"),
    ("GET", "/1.1/account/verify_credentials.json", None, "users.read"),
    ("GET", "/api/v1/uploads/{id}", None, "media.write"),
    ("GET", "/api/v1/uploads/{id}/timeline", None, "media.write"),
    ("GET", "/api/v1/uploads/{id}/diagnosis", None, "media.write"),
    ("POST", "/api/v1/uploads/{id}/keep", None, "media.write"),
    ("DELETE", "/api/v1/uploads/{id}", None, "media.write"),
    ("GET", "/media/{media_key}/original", None, "media.write"),
    ("GET", "/api/v1/keys", None, "admin"),
    ("POST", "/api/v1/keys", {"name": "n"}, "admin"),
    ("GET", "/metrics", None, "admin"),
)
ALL = ("media.write", "tweet.read", "tweet.write", "users.read", "dm.read", "dm.write", "offline.access", "admin")


class Tenants(ServerCase):
    arguments = ("--auth", "keys")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = create_key(cls.server.data, name="owner", user=1)
        # One that ends in 00 is told beside that it may be rounded; one in a hundred does by chance.
        ids = (X1(cls.server, cls.owner["bearer_token"]).open(10) for _ in range(20))
        cls.media_id = next(media_id for media_id in ids if not media_id.endswith("00"))

    def ask(self, token, method, target, body, media_id=None):
        names = {"id": media_id or self.media_id}
        names["media_key"] = f"7_{names['id']}"
        headers = [("Authorization", f"Bearer {token}")] if token else []
        data = None
        if body is not None:
            headers.append(("Content-Type", "application/json"))
            data = json.dumps(body).replace("{id}", names["id"]).encode()
        return call(self.server, method, target.format(**names), headers, data)

    def test_a_file_of_somebody_else_is_one_that_is_not_there(self):
        image = X1(self.server, self.owner["bearer_token"]).one_shot(picture(), "tweet_image").json()["media_id_string"]
        other = create_key(self.server.data, name="curious", user=3)["bearer_token"]
        for name in ("large.png", "thumb.png", "thumb.jpg", "large.jpg", "original", "nothing.png"):
            bodies = []
            for media_id in (image, "1349803915521482754"):
                answer = self.ask(other, "GET", f"/media/3_{media_id}/{name}", None)
                self.assertEqual((answer.status, answer.header("sluice-error")), (404, "output_unknown"), name)
                text = answer.body.decode().replace(media_id, "ID")
                bodies.append(re.sub("req_[0-9a-z]+", "R", text))
            self.assertEqual(*bodies)

    def test_every_route_demands_its_scope(self):
        tokens = {}
        for method, target, body, scope in ROUTES:
            others = ",".join(other for other in ALL if other != scope)
            if scope not in tokens:
                tokens[scope] = create_key(self.server.data, name="others", user=1, scope=others)["bearer_token"]
            with self.subTest(f"{method} {target}"):
                answer = self.ask(tokens[scope], method, target, body)
                self.assertEqual((answer.status, answer.header("sluice-error")), (403, "scope_missing"), answer)
                self.assertIn(scope, answer.body.decode())
                answer = self.ask(None, method, target, body)
                self.assertEqual((answer.status, answer.header("sluice-error")), (401, "auth_missing"), answer)

    def test_an_application_without_a_user_has_no_files(self):
        answer = self.ask(self.owner["app_bearer_token"], "GET", "/media/{media_key}/original", None)
        self.assertEqual((answer.status, answer.header("sluice-error")), (401, "app_only_token"), answer)

    def test_an_id_of_somebody_else_does_not_exist(self):
        stranger = create_key(self.server.data, name="stranger", user=2)["bearer_token"]
        # One that ends in 00 would be told that it was rounded.
        nowhere = str(int(self.media_id) - (2 if self.media_id.endswith("01") else 1))
        for method, target, body, _ in ROUTES:
            if "{id}" not in f"{target}{body}" and "{media_key}" not in target:
                continue
            with self.subTest(f"{method} {target}"):
                foreign = self.ask(stranger, method, target, body)
                absent = self.ask(stranger, method, target, body, nowhere)
                self.assertEqual((foreign.status, foreign.header("sluice-error")), (absent.status, absent.header("sluice-error")))
                request_ids = [answer.header("x-request-id") for answer in (foreign, absent)]
                texts = [answer.body.decode() for answer in (foreign, absent)]
                same = texts[1].replace(nowhere, self.media_id).replace(request_ids[1], request_ids[0])
                self.assertEqual(texts[0], same)
        still = X1(self.server, self.owner["bearer_token"]).upload_object(self.media_id)
        self.assertEqual(still.json()["state"], "open")


class NamesInForms(ServerCase):
    """--auth open: the user is whoever the credentials name, in the body of a form too, however its names are written."""

    def ask_by_form(self, text):
        headers = [("Content-Type", "application/x-www-form-urlencoded")]
        return call(self.server, "POST", "/1.1/media/upload.json", headers, text.encode())

    def test_whoever_a_form_names_is_the_user(self):
        begin = "command=INIT&media_type=video%2Fmp4&total_bytes=9"
        opened = [self.ask_by_form(text) for text in (f"{begin}&oauth_token=alice", f"oauth%5Ftoken=alice&{begin}", begin)]
        self.assertEqual([answer.status for answer in opened], [202, 202, 202])
        alices, alices_too, nobodys = (answer.json()["media_id_string"] for answer in opened)
        for media_id, who, code in (
            (alices, "&oauth_token=alice", "nothing_appended"),
            (alices, "&oauth_tok%65n=alice", "nothing_appended"),
            (alices_too, "&&oauth_token=alice", "nothing_appended"),
            (alices, "&oauth_token=bob", "media_unknown"),
            (alices, "&not_oauth_token=alice", "media_unknown"),
            (alices_too, "", "media_unknown"),
            (nobodys, "&x=%25", "nothing_appended"),
        ):
            with self.subTest(who=who):
                answer = self.ask_by_form(f"command=FINALIZE&media_id={media_id}{who}")
                self.assertEqual(answer.header("sluice-error"), code, answer)
