"""The README stays runnable by copy and paste."""

import os
import re
import subprocess
import tempfile
import unittest

from support.case import ServerCase
from support.media import clip, scratch_file

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def shell_blocks(document):
    with open(os.path.join(ROOT, document), encoding="utf-8") as file:
        return re.findall(r"^```sh\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)


class Readme(ServerCase):
    def test_the_session_with_curl_does_what_it_says(self):
        (session,) = [block for block in shell_blocks("README.md") if "command=INIT" in block]
        script = session.replace("http://127.0.0.1:8080", self.server.url)
        self.assertNotEqual(script, session)
        with tempfile.TemporaryDirectory(prefix="sluice-readme.") as folder:
            scratch_file(folder, "clip.mp4", clip())
            done = subprocess.run(
                ["bash", "-eu", "-o", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60,
                stdin=subprocess.DEVNULL,
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(os.path.join(folder, "copy.mp4"), "rb") as copy:
                self.assertTrue(copy.read() == clip(), "copy.mp4 differs from clip.mp4")
        self.assertIn("finalize_missing", done.stdout)
        self.assertIn('"processing_info"', done.stdout)

    def test_the_files_that_documents_link_to_are_there(self):
        for document in ("README.md", "CONTRIBUTING.md", "docs/architecture.md"):
            with open(os.path.join(ROOT, document), encoding="utf-8") as file:
                for target in re.findall(r"\]\(([^)#:]+)\)", file.read()):
                    with self.subTest(document=document, target=target):
                        self.assertTrue(os.path.exists(os.path.join(ROOT, os.path.dirname(document), target)))

    def test_the_walk_through_the_source_names_files_that_are_there(self):
        with open(os.path.join(ROOT, "docs/architecture.md"), encoding="utf-8") as file:
            walk = file.read().split("## The walk")[1].split("\n## ")[0]
        named = re.findall(r"`(src/[^`]+)`", walk)
        self.assertGreaterEqual(len(named), 7)
        for path in named:
            self.assertTrue(os.path.exists(os.path.join(ROOT, path)), path)


if __name__ == "__main__":
    unittest.main()
