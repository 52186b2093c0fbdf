"""Nothing in deploy/ names a flag or a metric that is none, and systemd and nginx take what is theirs. The proxies there are run by
proxies_test.py, Prometheus by prometheus_test.py."""

import glob
import json
import os
import re
import subprocess
import tempfile
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

    def test_keys_of_compose_are_made_in_the_directory_of_its_nodes(self):
        """As the head of the file says: with the variables of the image, wherever it stands."""
        commands = re.findall(r"exec api1 (sluice keys create [^|\n]*)", text_of("compose.yaml"))
        self.assertEqual(len(commands), 2)
        variables = dict(re.findall(r"^ENV (\w+)=(\S+)$", text_of("Dockerfile"), re.M))
        self.assertEqual(set(variables.values()), {"/var/lib/sluice"})
        environment = {**os.environ, **self.server.environment, **dict.fromkeys(variables, self.server.data)}
        with tempfile.TemporaryDirectory(prefix="sluice-deploy.") as elsewhere:
            for command in commands:
                words = command.replace("/run/secrets", self.server.data).split()[1:]
                done = subprocess.run([binary(), *words], cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, "(?m)^bearer_token +slc_")
            self.assertEqual(os.listdir(elsewhere), [])


class Taken(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-deploy.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def look(self, name, text, *command):
        """What the command says of a file of this name with this text."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
        done = subprocess.run([*command, path], capture_output=True, text=True, timeout=60, env=environment)
        return done.returncode, done.stdout + done.stderr

    def test_units_by_systemd(self):
        paths = glob.glob(os.path.join(ROOT, "systemd", "*.service"))
        self.assertEqual(len(paths), 3)
        for path in paths:
            name = os.path.basename(path)
            text = text_of("systemd", name)
            self.assertIn("/usr/local/bin/sluice serve", text)
            here = text.replace("/usr/local/bin/sluice", binary())
            # An unknown setting is but a warning.
            self.assertEqual(self.look(name, here, "systemd-analyze", "verify"), (0, ""), name)
            wrong = here.replace("UMask=", "Umask=")
            self.assertIn("Unknown key", self.look(name, wrong, "systemd-analyze", "verify")[1])

    def test_the_proxy_of_compose_by_nginx(self):
        text = text_of("compose-nginx.conf")
        for number in (1, 2, 3):
            self.assertIn(f"server api{number}:8080;", text)
            text = text.replace(f"api{number}:", "127.0.0.1:")
        code, said = self.look("nginx.conf", text, "nginx", "-t", "-p", self.folder, "-e", "stderr", "-g", f"pid {self.folder}/pid;", "-c")
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
