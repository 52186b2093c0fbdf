"""`sluice config`: what a server would be set to, where each setting comes from, and a file to begin with."""

import json
import os
import re
import subprocess
import tempfile
import tomllib
import unittest

from support.server import binary


def config(*words, environment=None):
    variables = {**os.environ, **(environment or {})}
    return subprocess.run([binary(), "config", *words], capture_output=True, text=True, timeout=30, check=False, env=variables)


class Config(unittest.TestCase):
    def file(self, text):
        file = tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8")
        self.addCleanup(file.close)
        file.write(text)
        file.flush()
        return file.name

    def test_the_first_that_says_it_wins_and_is_named(self):
        path = self.file('[server]\ndata = "/from/file"\nlisten = ["127.0.0.1:1", "127.0.0.1:2"]\n[auth]\nmode = "keys"\n')
        shown = config("show", "--origin", "--config", path, "--data", "/from/flag", environment={"SLUICE_AUTH_MODE": "open"})
        self.assertEqual(shown.returncode, 0, shown)
        self.assertIn('server.data = "/from/flag"  # --data\n', shown.stdout)
        self.assertIn('auth.mode = "open"  # SLUICE_AUTH_MODE\n', shown.stdout)
        self.assertRegex(shown.stdout, r'server.listen = "127.0.0.1:1"  # \S+toml:3\n')
        rows = json.loads(config("show", "--json", "--all", "--config", path).stdout)
        by_key = {row["key"]: row for row in rows}
        self.assertEqual((by_key["auth.mode"]["value"], by_key["storage.url"]["origin"]), ("keys", "default"))

    def test_a_password_is_not_shown(self):
        shown = config("show", environment={"SLUICE_DATABASE_URL": "postgres://sluice:hunter2@127.0.0.1/sluice"})
        self.assertIn("database.url", shown.stdout)
        self.assertNotIn("hunter2", shown.stdout + shown.stderr)

    def test_what_cannot_be_used_is_refused_with_its_line(self):
        wrong = config("validate", "--config", self.file('[server]\nrole = "boss"\n'))
        self.assertEqual(wrong.returncode, 3, wrong)
        self.assertRegex(wrong.stderr, r'toml:2 is "boss"; it must be')
        unknown = config("validate", "--config", self.file('[server]\nlisen = "127.0.0.1:1"\n'))
        self.assertEqual(unknown.returncode, 3, unknown)
        self.assertIn("Did you mean server.listen?", unknown.stderr)
        self.assertEqual(config("validate").returncode, 0)
        self.assertEqual(config("explain").returncode, 2)

    def test_the_sample_and_the_table_have_every_setting(self):
        sample = config("init").stdout
        self.assertEqual(set(tomllib.loads(sample)), set(re.findall(r"^\[(\w+)\]", sample, re.M)))
        self.assertEqual(config("validate", "--config", self.file(sample)).returncode, 0)
        keys = [row["key"] for row in json.loads(config("show", "--json", "--all").stdout)]
        table = config("docs").stdout
        self.assertGreater(len(keys), 25)
        for key in keys:
            is_limit = key.startswith("limits.")
            self.assertIn("| `limits` |" if is_limit else f"| `{key}` |", table)
            self.assertRegex(sample, r"(?m)^# NAME = " if is_limit else rf"(?m)^# {key.split('.', 1)[1]} = ")

    def test_what_nobody_set_is_shown_as_it_is_in_force(self):
        said = ("--limit", "upload.max_bytes=2G", "--limit", "requests.v1.init=9/1h", "--auth", "keys")
        rows = json.loads(config("show", "--json", "--all", *said).stdout)
        self.assertEqual([row for row in rows if row["value"] in (None, "", "default")], [])
        by_key = {row["key"]: (row["value"], row["origin"]) for row in rows}
        self.assertEqual(by_key["limits.upload.max_bytes"], ("2G", "--limit"))
        self.assertEqual(by_key["limits.segment.max_bytes"], ("64MiB", "default"))
        self.assertEqual((by_key["limits.requests.v1.init"], by_key["limits.requests.v2.init"]), (("9/1h", "--limit"), ("100000000/15m", "default")))
        self.assertEqual(by_key["inspector.mode"], ("metadata", "default"), "with keys")
        text = config("show", "--all", *said).stdout
        self.assertIn('limits.upload.max_bytes = "2G"\n', text)
        self.assertIn('# limits.segment.max_bytes = "64MiB"\n', text)
        self.assertEqual(config("validate", "--config", self.file(text)).returncode, 0, "a file as it stands")


if __name__ == "__main__":
    unittest.main()
