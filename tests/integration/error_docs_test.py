"""The pages of the errors and their registry, as a server gives them to a person, a script and a browser."""

import os
import re
import unittest

from support.case import ServerCase
from support.client import Caller

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class ErrorDocs(ServerCase):
    def setUp(self):
        self.caller = Caller(self.server)

    def test_every_code_of_the_registry_has_its_page(self):
        answer = self.caller.get("/api/v1/errors")
        self.assertEqual(answer.status, 200, answer)
        rows = answer.json()["data"]
        self.assertGreater(len(rows), 100)
        for row in rows:
            page = self.caller.fetch(row["doc_url"])
            self.assertEqual(page.status, 200, row)
            self.assertTrue(page.body.decode().startswith(f"# {row['code']}\n\n{row['title']}."), page)
            with open(os.path.join(ROOT, "docs", "errors", row["code"] + ".md"), "rb") as file:
                self.assertEqual(page.body, file.read(), row["code"])

    def test_the_address_in_an_error_leads_to_its_page(self):
        answer = self.caller.get("/1.1/media/upload.json?command=STATUS&media_id=1")
        link = answer.json()["sluice"]["doc_url"]
        self.assertIn(f"<{link}>", answer.header("link"))
        self.assertIn(b"## How to mend", self.caller.fetch(link).body)

    def test_search_shows_the_text_of_the_page_and_not_its_source(self):
        page = self.caller.get("/docs/search?q=finalize").body.decode()
        found = re.findall(r"<li><a href=\"([^\"]+)\"><strong>.*?</strong><span>(.*?)</span>", page)
        self.assertGreater(len(found), 10, page)
        for address, snippet in found:
            self.assertNotRegex(snippet, r"^#|^\||`|\*\*|\]\(|\?\?|&lt;/?code", address)
        self.assertTrue(any("&quot;" in snippet or "·" in snippet for _, snippet in found), found)

    def test_a_browser_is_told_in_html_what_is_not_there(self):
        for path in ("/nothing-here", "/docs/guides/none", "/docs/errors/none"):
            page = self.caller.get(path, [("Accept", BROWSER)])
            self.assertEqual((page.status, page.header("sluice-error")), (404, "unknown_path"), page)
            self.assertEqual(page.header("content-type"), "text/html; charset=utf-8", page)
            self.assertIn(b"<h1>No such page</h1>", page.body)
            self.assertEqual(self.caller.get(path).header("content-type"), "application/problem+json", path)
        malformed = self.caller.get("/a%zz", [("Accept", BROWSER)])
        self.assertEqual((malformed.status, malformed.header("content-type")), (400, "text/html; charset=utf-8"), malformed)
        self.assertIn(b"<h1>", malformed.body)
        self.assertNotIn(b"No such page", malformed.body)
        for path in ("/a%zz", "/api/v1/a%zz", "/2/a%zz", "http://localhost/2/a%zz"):
            accept = BROWSER if path != "/a%zz" else "*/*"
            self.assertIn("json", self.caller.get(path, [("Accept", accept)]).header("content-type"), path)
        hostile = self.caller.get("/%3Cscript%3E", [("Accept", BROWSER)])
        self.assertNotIn(b"<script", hostile.body)
        screen = self.caller.get("/jobs/", [("Accept", BROWSER)])
        self.assertEqual((screen.status, screen.header("location")), (308, "/jobs"))
        for path in ("/api/v1/nothing", "/2/nothing", "/1.1/nothing"):
            self.assertIn("json", self.caller.get(path, [("Accept", BROWSER)]).header("content-type"), path)

    def test_a_browser_gets_html_without_scripts(self):
        for path in ("/docs/errors/", "/docs/errors/finalize_missing"):
            page = self.caller.get(path, [("Accept", BROWSER)])
            self.assertEqual(page.header("content-type"), "text/html; charset=utf-8", page)
            self.assertTrue(page.header("content-security-policy").startswith("default-src 'none'"), page)
            self.assertEqual(page.header("vary"), "Accept")
            self.assertNotIn(b"<script", page.body)
            self.assertIn(b"<h1>", page.body)
        self.assertIn(b'"http://127.0.0.1', page.body.replace(b"&quot;", b'"'))

    def test_the_twin_at_md_is_markdown_for_everybody(self):
        page = self.caller.get("/docs/errors/finalize_missing.md", [("Accept", BROWSER)])
        self.assertEqual(page.header("content-type"), "text/markdown; charset=utf-8", page)

    def test_an_unknown_code_is_refused_with_a_reason(self):
        answer = self.caller.get("/docs/errors/no_such_code")
        self.assertEqual((answer.status, answer.header("sluice-error")), (404, "unknown_path"), answer)


if __name__ == "__main__":
    unittest.main()
