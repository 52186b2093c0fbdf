"""The console, as a person with a browser meets it."""

import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import tempfile
import threading
import unittest

from support.case import ServerCase
from support.client import X1, X2, Caller
from support.console import begin, browse, finish
from support.keys import create_key
from support.media import clip, noise, picture
from support.server import Server
from support.wire import Part, multipart

SCRIPT_MAX, STYLE_MAX = 60_000, 15_000
HOSTILE = "<img src=x onerror=window.hacked=true>\u202egnp.\u2066exe"


class Console(ServerCase):
    arguments = ("--server-name", "sluice.test")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.mkdtemp(dir=cls.server.root)
        cls.clip = clip(4, "640x360")
        cls.film = cls.write("film.mp4", cls.clip)
        cls.short = cls.write("short.mp4", clip(1, "160x120"))
        cls.long = cls.write("long.mp4", clip(12, "1280x720"))
        cls.still = cls.write("still.png", picture(800, 600))
        cls.x1 = X1(cls.server)
        cls.ready = cls.x1.open(len(cls.clip))
        cls.x1.append(cls.ready, 0, cls.clip)
        cls.x1.finalize(cls.ready)
        cls.x1.wait(cls.ready)

    @classmethod
    def write(cls, name, data):
        path = os.path.join(cls.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def gap(self):
        """An upload whose second segment is missing."""
        media_id = self.x1.open(500_000)
        self.x1.append(media_id, 0, noise(100_000))
        self.x1.append(media_id, 2, noise(100_000))
        return media_id

    def see(self, scenario, **more):
        seen = browse(self.server.url, scenario, **more)
        self.assertEqual(seen.pop("errors"), [], seen)
        return seen

    def test_a_dropped_file_survives_a_reload_and_comes_out_whole(self):
        seen = self.see("drop_with_reload", file=self.long, picture=self.still)
        with open(self.long, "rb") as file:
            self.assertEqual(seen["digest"], hashlib.sha256(file.read()).hexdigest())
        self.assertEqual(seen["name"], 1, "the list shows the name of the file")
        self.assertEqual(seen["sent_while_paused"], 0)
        self.assertGreaterEqual(seen["rows"], 2)

    def test_what_fails_once_is_tried_again(self):
        seen = self.see("patient", file=self.film)
        self.assertEqual((seen["failed"], seen["wrong"]), (["initialize", "append", "finalize"], 0))

    def test_what_was_sent_is_cleared_at_once_and_what_can_never_work_is_not_resumed(self):
        seen = self.see("sent_and_refused", file=self.film, picture=self.still)
        self.assertIn("not of the declared type. media_type is", seen["told"], "sentences end before others begin")
        self.assertEqual([text.strip() for text in seen["actions"]], ["Cancel"])
        self.assertEqual(seen["left"], 1)

    def test_a_file_that_changes_meanwhile_is_told_as_that(self):
        changing = self.write("changing.mp4", noise(20_000_000))
        self.assertIn("was changed or removed", self.see("changed_on_disk", file=changing)["told"])

    def test_two_tabs_do_not_send_the_same_and_one_takes_over(self):
        seen = self.see("two_tabs", file=self.long)
        self.assertEqual(seen["shown"], 0, "the other tab sends it")
        with open(self.long, "rb") as file:
            film = file.read()
        self.assertEqual(seen["digest"], hashlib.sha256(film).hexdigest())
        # Those that were under way when the tab was closed may have arrived.
        self.assertLessEqual(seen["appends"], -(-len(film) // (2 << 20)) + 3)

    def test_more_tabs_than_connections_are_live(self):
        seen = self.see("many_tabs", tabs=8)
        self.assertEqual((seen["lines_at_first"], seen["lines"]), (1, 2))

    def test_a_tab_that_is_silent_for_a_minute_loses_the_line(self):
        seen = self.see("silent_tab")
        self.assertEqual((seen["within_a_minute"], seen["after_a_minute"]), ([0, None], [1, "AbortError"]))
        self.assertEqual((seen["taken_away"], seen["at_last"]), (1, 2))

    def test_a_page_without_locks_sends_is_live_while_it_is_seen_and_copies(self):
        seen = self.see("without_locks", file=self.film, id=self.ready)
        self.assertEqual(seen["has"], [False, False, False], "no secure context")
        self.assertEqual((seen["opened"], seen["ended"], seen["again"]), (2, 1, 3))
        self.assertEqual(seen["rows"][0], seen["rows"][1])
        self.assertEqual(seen["copied"], self.ready)

    def test_facts_stand_below_their_call_two_lines_of_them(self):
        seen = self.see("facts_below_their_call")
        self.assertGreaterEqual(len(seen["facts"]), 4)
        self.assertEqual(len(seen["facts"]), len(seen["calls"]))
        for call, facts in zip(seen["calls"], seen["facts"]):
            self.assertGreaterEqual(facts["top"], call["bottom"])
            self.assertEqual(facts["left"], call["left"])
        clamped, whole, again = seen["lines"]
        self.assertEqual((clamped, again), (2, 2))
        self.assertGreater(whole, 2)

    def test_each_verdict_has_its_next_call_beside_it(self):
        seen = self.see("each_verdict_has_its_call")
        calls = {told["code"]: told["call"] for told in seen["told"]}
        self.assertGreaterEqual(len(calls), 3)
        for code in ("finalize_missing", "segment_missing"):
            self.assertIn(f"command=APPEND&media_id={seen['id']}&segment_index=1", calls[code])

    def test_an_address_that_leads_nowhere_says_so(self):
        seen = list(self.see("nowhere")["seen"].values())
        self.assertEqual(seen[:4], ["No such page", "No such upload", "Requests", "Processing"])
        self.assertIn("Nothing is here\n", seen[4])
        self.assertIn("/no/such/<b>screen is no screen of the console", seen[4])
        self.assertIn("No such upload", seen[5])
        self.assertIn("No such exchange", seen[6])

    def test_a_paused_list_counts_and_goes_on(self):
        seen = self.see("paused_list")
        self.assertEqual((seen["before"], seen["fresh"], seen["paused"]), (seen["during"], 0, 1))

    def test_every_setting_has_its_value_and_where_it_comes_from(self):
        seen = self.see("settings")
        self.assertEqual(seen["all"], seen["told"])
        self.assertGreater(len(seen["all"]), 60)
        self.assertEqual([row for row in seen["all"] if not all(row)], [])
        self.assertEqual([row[0] for row in seen["given"]], ["server.listen", "server.data", "server.names"])

    def test_what_stands_in_the_address_is_shown(self):
        seen = self.see("address", id=self.ready)
        self.assertEqual((seen["rows"], seen["pressed"], seen["address"]), (1, "true", ""))
        self.assertEqual(seen["filtered"], f"?q={self.ready}&state=failed")

    def test_what_is_pasted_is_uploaded_kept_and_deleted_after_a_question(self):
        seen = self.see("pasted_kept_deleted", picture=base64.b64encode(picture(800, 600)).decode())
        self.assertEqual((seen["keeps"], seen["name"], seen["left"]), (0, "pasted.png", 0))

    def test_faults_strike_until_they_are_ended(self):
        seen = self.see("faults")
        self.assertEqual((seen["struck"], seen["after"]), (503, 202))

    def test_a_key_is_made_shown_once_and_revoked(self):
        seen = self.see("keys")
        self.assertGreater(seen["length"], 20)
        self.assertEqual((seen["hidden"], seen["buttons"]), (False, 0))

    def test_what_changes_is_announced_once(self):
        broken = self.write("broken.png", noise(90_000))
        told = self.see("announced", file=broken, name="broken.png")["told"]
        self.assertEqual(told[-2:], ["Copied", "Copied"])
        self.assertEqual(told.count("broken.png: Failed"), 1, told)
        self.assertEqual(told.count("broken.png: 100 percent sent"), 1, told)

    def test_lists_and_the_segment_map_are_used_by_the_keyboard(self):
        seen = self.see("keyboard", id=self.gap())
        self.assertEqual((seen["uploads"], seen["requests"]), ([True, True], [True, True]))
        self.assertIn("Segment 2: arrived", seen["last"])
        self.assertIn("Segment 1: missing", seen["before"])
        self.assertEqual(seen["off"], [None, 0])

    def test_a_forgotten_finalize_is_told_while_one_looks(self):
        seen = self.see("forgotten_finalize", file=self.short)
        self.assertNotIn("FINALIZE is missing", seen["at_first"])
        self.assertIn(f"command=FINALIZE&media_id={seen['id']}", seen["next"])
        self.assertEqual(seen["wrong_when_ready"], 0)

    def test_the_result_plays(self):
        seen = self.see("play", id=self.ready)
        self.assertEqual(seen["MP4"][0], 640)
        self.assertAlmostEqual(seen["HLS"][1], 4, delta=0.3)
        self.assertEqual(seen["storyboard"], 1)
        self.assertGreater(seen["sought"], 1)
        self.assertIn("h264", seen["probed"])

    def test_an_exchange_is_sent_again(self):
        seen = self.see("replay", file=self.film)
        self.assertEqual(seen["told"], "409")
        self.assertIn("curl", seen["curl"])
        self.assertIn(seen["media_id"], seen["curl"])

    def test_each_kind_of_call_is_sent_again_as_it_was(self):
        x1, x2 = X1(self.server), X2(self.server)
        key = {"media_type": "video/mp4", "total_bytes": 1000, "media_category": "tweet_video"}
        of = {"id": self.ready, "metadata": {"alt_text": {"text": "a \u201cclip\u201d"}}}
        content_type, body = multipart([Part("command", b"INIT"), Part("total_bytes", b"1000"), Part("media_type", b"video/mp4")])
        made = [
            x2.post("/2/media/upload/initialize", json.dumps(key).encode(), "application/json"),
            x2.post("/2/media/metadata", json.dumps(of).encode(), "application/json"),
            x1.post("/1.1/media/upload.json", body, content_type),
            x1.form(command="INIT", total_bytes=1000, media_type="video/mp4"),
            x1.post("/files/", b"", None, [("Tus-Resumable", "1.0.0"), ("Upload-Length", "100")]),
            x1.status("4711"),
        ]
        self.assertEqual([answer.status for answer in made], [200, 200, 202, 202, 201, 404], made)
        seen = self.see("replay_as_it_was", ids=[answer.header("x-request-id") for answer in made])
        for told in seen["told"]:
            self.assertEqual((told["statuses"][1], told["same"]), (told["statuses"][0], True), told)

    def test_a_filtered_list_is_live(self):
        self.see("filtered", file=self.short)

    def test_a_link_that_is_dragged_is_no_upload(self):
        seen = self.see("dragged_link", id=self.ready)
        self.assertTrue(seen["address"].endswith(f"/u/{self.ready}"), seen)
        self.assertEqual(seen["dropping"], 0)

    def test_rows_stay_under_the_pointer(self):
        self.assertEqual(self.see("still_under_the_pointer")["moved"], 0)

    def test_every_screen_is_accessible_wide_and_narrow_light_and_dark(self):
        gap, failed = self.gap(), self.x1.open(90_000)
        refused = self.x1.finalize(gap)
        self.x1.append(failed, 0, noise(90_000))
        self.x1.finalize(failed)
        self.assertEqual(self.x1.post("/api/v1/keys", b'{"name": "of a program with a name"}', "application/json").status, 201)
        paths = ["/", "/?q=nothing-like-it", "/u/12", f"/u/{self.ready}", f"/u/{gap}", f"/u/{failed}", "/requests", "/requests/none"]
        paths += [f"/requests/{refused.header('x-request-id')}", "/jobs", "/keys", "/faults", "/system", "/no/such/screen"]
        self.assertEqual(self.see("accessible", paths=paths), {"seen": [], "looked": len(paths)})

    def test_every_page_of_the_documentation_is_accessible(self):
        paths = ["/docs", "/docs/quickstart", "/docs/api", "/docs/search?q=finalize", "/docs/errors/", "/docs/errors/finalize_missing"]
        paths += ["/docs/guides/outputs", "/docs/protocols/mistakes"]
        # Their colours are the same at each width.
        self.assertEqual(self.see("accessible", paths=paths, dark=[1280]), {"seen": [], "looked": len(paths)})

    def test_states_that_no_address_leads_to_are_accessible(self):
        self.assertEqual(self.see("accessible_states", id=self.gap(), file=self.film)["seen"], [])

    def test_a_screen_is_accessible_before_it_has_an_answer_and_without_one(self):
        self.assertEqual(self.see("before_and_without_an_answer", id=self.ready)["seen"], [])

    def test_a_deleted_upload_is_told_where_it_is_open(self):
        self.assertRegex(self.see("deleted")["told"], "Cancelled|No such upload")

    def test_the_first_view_keeps_its_budget(self):
        caller = Caller(self.server)
        page = caller.get("/").body.decode()
        sums = {"js": 0, "css": 0}
        for name in re.findall(r'"(/assets/[^"]+)"', page):
            answer = caller.get(name, [("Accept-Encoding", "gzip")])
            self.assertEqual(answer.header("content-encoding"), "gzip", name)
            self.assertEqual(gzip.decompress(answer.body), caller.get(name).body)
            self.assertIn("immutable", answer.header("cache-control"))
            sums[name.rsplit(".", 1)[1]] += len(answer.body)
        self.assertTrue(0 < sums["js"] <= SCRIPT_MAX and 0 < sums["css"] <= STYLE_MAX, sums)

    def test_nothing_comes_from_elsewhere_and_a_page_is_asked_for_once(self):
        caller = Caller(self.server)
        answer = caller.get("/")
        policy = answer.header("content-security-policy")
        self.assertIn("default-src 'self'", policy)
        self.assertNotIn("unsafe", policy)
        again = caller.get("/", [("If-None-Match", answer.header("etag"))])
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(caller.get("/assets/none.js").status, 404)
        self.assertEqual(caller.post("/").status, 405)


class Hostile(ServerCase):
    def test_names_and_bodies_are_text(self):
        x1 = X1(self.server)
        media = picture(64, 64)
        content_type, body = multipart([Part("media", media, HOSTILE)])
        made = x1.post("/1.1/media/upload.json", body, content_type)
        self.assertEqual(made.status, 200, made)
        content_type, body = multipart([Part("media", media, " ")])
        blank = x1.post("/1.1/media/upload.json", body, content_type).json()["media_id_string"]
        page = b"<html><script>window.hacked=true</script><img src=x onerror=window.hacked=true></html>"
        odd = x1.post("/1.1/media/upload.json?command=INIT", page, "text/html")
        content_type, body = multipart([Part("command", b"INIT"), Part("media_type", page)])
        part = x1.post("/1.1/media/upload.json", body, content_type)
        requests = [odd.header("x-request-id"), part.header("x-request-id")]
        seen = browse(self.server.url, "hostile", id=made.json()["media_id_string"], blank=blank, requests=requests)
        self.assertEqual((seen["errors"], seen["dialogs"], seen["markup"], seen["hacked"]), ([], [], 0, False))
        self.assertIn(f"{len(page)} B of body were announced and not read", seen["exchanges"][0])
        self.assertIn(page.decode(), seen["exchanges"][1])
        self.assertEqual(seen["blank"], blank, "a name that nobody sees is none")
        for text in (seen["list"], seen["title"]):
            self.assertIn("<img src=x", text)
            self.assertFalse(set("\u202e\u2066") & set(text))

    def test_ten_thousand_uploads_are_shown_in_pages(self):
        x1 = X1(self.server)
        first = x1.open(1000)
        threads = [threading.Thread(target=lambda: [x1.open(1000) for _ in range(2500)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = browse(self.server.url, "many", last=first)
        self.assertEqual((seen["errors"], seen["rows"], seen["found"]), ([], 50, 1))
        self.assertLess(seen["first_ms"], 5000)
        self.assertLess(seen["search_ms"], 5000)

    def test_a_thousand_segments_are_one_picture(self):
        x1 = X1(self.server)
        media_id = x1.open(50_000)
        for index in range(1000):
            if index != 500:
                x1.append(media_id, index, noise(50, seed=index))
        seen = browse(self.server.url, "segments", id=media_id)
        self.assertEqual((seen["errors"], seen["cells"], seen["missing"]), ([], 1000, 1))
        self.assertIn("1 segment missing", seen["told"])
        self.assertLess(seen["ms"], 5000)


class Restart(unittest.TestCase):
    def test_the_page_says_that_the_line_is_lost_and_comes_back(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        begin(server.url, "line_lost", pid=server.pid)
        server._reap(60)
        command = server.command()
        server.command = lambda: [server.url.removeprefix("http://") if part == "127.0.0.1:0" else part for part in command]
        server.start()
        self.assertIn("live updates lost", finish()["told"])


class SmallPage(unittest.TestCase):
    def test_a_build_without_npm_has_the_small_page_and_says_so(self):
        root = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
        with tempfile.TemporaryDirectory() as out:
            made = ["-DSOURCE=" + root, "-DOUT=" + out, "-DMODE=AUTO", "-DNPM=SLUICE_NPM-NOTFOUND"]
            done = subprocess.run(["cmake", *made, "-P", os.path.join(root, "cmake", "web_table.cmake")], capture_output=True, text=True, timeout=60, check=True)
            self.assertIn("gets the small page", " ".join(done.stderr.split()))
            with open(os.path.join(out, "web_table.cpp"), encoding="ascii") as file:
                table = file.read()
            self.assertIn("return true;", table)
            for path in ("/index.html", "/assets/fallback.js", "/docs.css", "/favicon.svg", "/openapi.json", "/docs/quickstart.md"):
                self.assertIn(f'{{"{path}"', table)
            sizes = [os.path.getsize(os.path.join(out, "files", name)) for name in ("index.html", "assets/fallback.js", "docs.css")]
            self.assertLess(sum(sizes), 10_000)
            with open(os.path.join(out, "files", "index.html"), encoding="utf-8") as file:
                self.assertIn("built without npm", file.read())


class SignIn(ServerCase):
    arguments = ("--auth", "keys")

    def link(self):
        for line in self.server.log().splitlines():
            told = json.loads(line)
            if told["event"] == "console":
                return told["url"]
        raise AssertionError("no link was printed")

    def test_a_link_signs_in_once_and_everybody_sees_their_own(self):
        mine, others = create_key(self.server.data, "mine"), create_key(self.server.data, "others")
        for key, name in ((mine, "mine.png"), (others, "others.png")):
            content_type, body = multipart([Part("media", picture(64, 64), name)])
            made = X1(self.server, key["bearer_token"]).post("/1.1/media/upload.json", body, content_type)
            self.assertEqual(made.status, 200, made)
        seen = browse(self.server.url, "signs_in", link=self.link(), token=mine["bearer_token"])
        self.assertEqual(seen["errors"], [])
        self.assertEqual((seen["cookie"]["httpOnly"], seen["cookie"]["sameSite"]), (True, "Strict"))
        self.assertTrue(seen["address"].endswith("/"), "the code does not stay in the address")
        self.assertEqual(seen["names"], ["mine.png"])
        self.assertNotIn("Keys", " ".join(seen["screens"]), "not for who is no operator")
        self.assertIn("For operators", seen["keys"])
        self.assertIn("--inspector full", seen["exchange"], "how bodies would be kept")
        self.assertNotIn("first 8 kB", seen["exchange"], "nothing of the body is there")
        self.assertIn("good once", seen["again"])

    def test_the_sign_in_is_accessible(self):
        seen = browse(self.server.url, "accessible_sign_in")
        self.assertEqual((seen["seen"], seen["errors"]), ([], []))

    def test_a_page_whose_key_is_revoked_asks_to_sign_in_again(self):
        revoked, other = create_key(self.server.data, "revoked"), create_key(self.server.data, "other")
        admin = create_key(self.server.data, "admin", scope="admin")
        tokens = {"token": revoked["bearer_token"], "other": other["bearer_token"], "admin": admin["bearer_token"]}
        seen = browse(self.server.url, "key_revoked", key=revoked["id"], **tokens)
        self.assertEqual((seen["errors"], seen["revoked"], seen["heading"]), ([], 200, "Requests"))
        self.assertTrue(seen["address"].endswith("/requests"), "what one was looking at comes back")


if __name__ == "__main__":
    unittest.main()
