"""Nothing in deploy/ names a flag or a metric that is none. The proxies there are run by proxies_test.py."""

import glob
import json
import os
import re
import subprocess
import unittest

import yaml
from support.case import ServerCase
from support.client import call
from support.server import binary

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy"))


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


class Named(ServerCase):
    def test_flags_are_known(self):
        known = set(re.findall(r"^  (--[a-z-]+)", subprocess.run([binary(), "serve", "--help"], capture_output=True, text=True, check=True).stdout, re.M))
        files = [*glob.glob(os.path.join(ROOT, "systemd", "*.service")), os.path.join(ROOT, "helm", "sluice", "templates", "nodes.yaml")]
        for path in files:
            with open(path, encoding="utf-8") as file:
                lines = [line for line in file if "serve" in line or line.strip().startswith("- --")]
            used = set(re.findall(r"(?<![\w-])(--[a-z-]+)", " ".join(lines)))
            self.assertTrue(used, path)
            self.assertEqual(used - known, set(), path)
        compose = yaml.safe_load(text_of("compose.yaml"))
        for name in ("api1", "worker1"):
            used = {word for word in compose["services"][name]["command"] if word.startswith("--")}
            self.assertEqual(used - known, set(), name)
            self.assertIn("--role", used)

    def test_metrics_are_there(self):
        page = call(self.server, "GET", "/metrics").body.decode()
        known = set(re.findall(r"^# TYPE ([a-z_]+)", page, re.M))
        # Some appear with the first event of their kind, or with another engine.
        for path in glob.glob(os.path.join(ROOT, "..", "src", "*", "**", "*.cpp"), recursive=True):
            with open(path, encoding="utf-8") as file:
                known |= set(re.findall(r'"(sluice_[a-z_]+)"', file.read()))
        exprs = [target["expr"] for panel in json.loads(text_of("grafana", "sluice.json"))["panels"] for target in panel["targets"]]
        exprs += [rule["expr"] for group in yaml.safe_load(text_of("prometheus", "alerts.yml"))["groups"] for rule in group["rules"]]
        self.assertGreater(len(exprs), 20)
        for expr in exprs:
            for name in re.findall(r"\b(?:sluice|process)_[a-z_]+", expr):
                self.assertTrue(name in known or re.sub("_(bucket|sum|count)$", "", name) in known, f"{name} in {expr}")
        yaml.safe_load(text_of("prometheus", "prometheus.yml"))


if __name__ == "__main__":
    unittest.main()
