"""A real Prometheus with the configuration and the alerts of deploy/: it may scrape with its key, takes every rule and every query of
the dashboard, and says so when a server is gone."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import yaml
from integration.proxies_test import DEPLOY, free_port
from support.client import X1, upload
from support.keys import create_key
from support.media import picture
from support.server import Server

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "alerts.yml")
# Of another engine than the server here has, or of what has not happened to it.
NOT_HERE = re.compile("sluice_database_|sluice_storage_(up|repeated)|sluice_nodes_|_errors_total|_retries_total")


class Prometheus:
    """The sample, with the addresses of these servers, a key of theirs, and a scrape each half second; nothing else is changed."""

    def __init__(self, servers, token):
        self.folder = tempfile.mkdtemp(prefix="sluice-prometheus.")
        shutil.copy(os.path.join(DEPLOY, "prometheus", "alerts.yml"), self.folder)
        token_path = os.path.join(self.folder, "prometheus.token")
        with open(token_path, "w", encoding="utf-8") as file:
            file.write(token + "\n")
        with open(os.path.join(DEPLOY, "prometheus", "prometheus.yml"), encoding="utf-8") as file:
            text = file.read()
        addresses = ", ".join(f"{server.host}:{server.port}" for server in servers)
        changes = (
            (r"targets: \[.*\]", f"targets: [{addresses}]"),
            (r"/run/sluice/prometheus\.token", token_path),
            (r"scrape_interval: 15s", "scrape_interval: 500ms\n  evaluation_interval: 500ms"),
        )
        for pattern, new in changes:
            text, count = re.subn(pattern, new, text)
            assert count == 1, pattern
        self.path = os.path.join(self.folder, "prometheus.yml")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = None

    def start(self):
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus", f"--config.file={self.path}", f"--storage.tsdb.path={self.folder}/data",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        return self

    def get(self, path, **query):
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def wait(self, condition, timeout=40):
        ends = time.monotonic() + timeout
        while True:
            try:
                if found := condition():
                    return found
            except OSError:
                pass
            if time.monotonic() > ends or self.process.poll() is not None:
                with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(log.read()[-3000:])
            time.sleep(0.1)

    def targets(self):
        return {target["scrapeUrl"]: (target["health"], target["lastError"]) for target in self.get("targets")["activeTargets"]}

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def expressions():
    with open(os.path.join(DEPLOY, "grafana", "sluice.json"), encoding="utf-8") as file:
        return [target["expr"] for panel in json.load(file)["panels"] for target in panel["targets"]]


def alert_names():
    with open(os.path.join(DEPLOY, "prometheus", "alerts.yml"), encoding="utf-8") as file:
        return [rule["alert"] for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]


class Scraped(unittest.TestCase):
    def setUp(self):
        self.servers = [Server("--auth", "keys") for _ in range(2)]
        for server in self.servers:
            self.addCleanup(server.close)
            server.start()
        key = create_key(self.servers[0].data, "media")
        self.caller = X1(self.servers[0], key["bearer_token"])
        token = create_key(self.servers[0].data, "prometheus", scope="admin")["bearer_token"]
        self.prometheus = Prometheus(self.servers, token)
        self.addCleanup(self.prometheus.close)

    def test_it_scrapes_and_takes_every_rule_and_query(self):
        upload(self.caller, picture(64, 64), 100_000, media_type="image/png", category="tweet_image")
        here, other = (f"http://{server.host}:{server.port}/metrics" for server in self.servers)
        self.prometheus.start()
        found = self.prometheus.wait(self.targets_looked_at)
        self.assertEqual(found[here], ("up", ""))
        # The token is a key of the first server alone.
        self.assertEqual(found[other], ("down", "server returned HTTP status 401 Unauthorized"))
        self.check_dashboard()
        self.check_rules()

    def targets_looked_at(self):
        targets = self.prometheus.targets()
        return targets if targets and "unknown" not in [health for health, _ in targets.values()] else None

    def check_dashboard(self):
        # A rate wants two looks.
        self.prometheus.wait(lambda: self.prometheus.get("query", query="rate(sluice_http_requests_total[1m])")["result"])
        wanted = expressions()
        self.assertGreater(len(wanted), 15)
        for expr in wanted:
            result = self.prometheus.get("query", query=expr)["result"]
            self.assertTrue(result or NOT_HERE.search(expr), expr)

    def check_rules(self):
        names = alert_names()
        rules = self.prometheus.wait(self.rules_looked_at)
        self.assertEqual({name: health for name, (health, _) in rules.items()}, {name: "ok" for name in names})
        # The other one counts as down; nothing else is wrong.
        self.assertEqual({name for name, (_, state) in rules.items() if state != "inactive"}, {"SluiceDown"})

    def rules_looked_at(self):
        groups = self.prometheus.get("rules")["groups"]
        rules = {rule["name"]: (rule["health"], rule["state"]) for group in groups for rule in group["rules"]}
        return rules if "unknown" not in [health for health, _ in rules.values()] and rules["SluiceDown"][1] != "inactive" else None


class Alerts(unittest.TestCase):
    def test_each_alert_is_raised_when_it_should_be_and_not_before(self):
        done = subprocess.run(["promtool", "test", "rules", CASES], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(CASES, encoding="utf-8") as file:
            cases = [case for test in yaml.safe_load(file)["tests"] for case in test["alert_rule_test"]]
        names = set(alert_names())
        # Each once when it fires, and once when it does not yet.
        self.assertEqual({case["alertname"] for case in cases if case["exp_alerts"]}, names)
        self.assertEqual({case["alertname"] for case in cases if not case["exp_alerts"]}, names)


if __name__ == "__main__":
    unittest.main()
