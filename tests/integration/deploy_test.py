"""Nothing in deploy/ names a flag or a metric that is none, its commands do what they say, and systemd and nginx take what is
theirs. The proxies there are run by proxies_test.py, Prometheus by prometheus_test.py."""

import glob
import ipaddress
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

import yaml
from support.case import ServerCase
from support.client import X1, call, pieces, upload
from support.media import clip
from support.nodes import Nodes
from support.postgres import Postgres
from support.server import Server, binary

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

    def test_alerts_lead_somewhere(self):
        """What they say to look for in the log is an event, and what the documentation calls worth an alert has one."""
        rules = [rule for group in yaml.safe_load(text_of("prometheus", "alerts.yml"))["groups"] for rule in group["rules"]]
        code = "".join(text_of(path) for path in glob.glob(os.path.join(ROOT, "..", "src", "**", "*.cpp"), recursive=True))
        events = set(re.findall(r'log::\w+\(\s*"([a-z_]+)"', code))
        named = {word for rule in rules for word in re.findall(r"\b[a-z]+_[a-z_]+\b", rule["annotations"]["summary"])}
        self.assertIn("worker_died", named)
        self.assertEqual(named - events, set())
        watched = " ".join(rule["expr"] for rule in rules)
        for page in ("postgresql.md", "s3.md", "running.md", "nodes.md"):
            text = text_of("..", "docs", "operations", page)
            promised = re.findall(r"`(sluice_[a-z_]+)` \([^)]*\balert\b", text)
            promised += re.findall(r"`(sluice_[a-z_]+)`", "".join(re.findall(r"Worth an alert:(.*?)\n\n", text, re.S)))
            for name in promised:
                self.assertIn(name, watched, page)


class Unit(Server):
    """What systemd would run of a unit, with the folders that it names below one of the test's own."""

    def __init__(self, name):
        super().__init__()
        self.text = text_of("systemd", name).replace("\\\n", " ")

    def setting(self, name):
        return re.findall(rf"^{name}=(.*)$", self.text, re.M)[-1]

    def command(self):
        words = shlex.split(self.setting("ExecStart"))
        moved = [word.replace("/var/lib", self.root).replace("/etc", self.root) for word in words[1:]]
        return [binary(), *(re.sub(r"^[0-9.]+:80\d\d$", "127.0.0.1:0", word) for word in moved)]


class Units(unittest.TestCase):
    def test_a_node_tries_until_its_database_is_there(self):
        postgres = Postgres()
        self.addCleanup(postgres.close)
        postgres.start()
        url = postgres.make_database("sluice")
        shared = tempfile.mkdtemp(prefix="sluice-shared.")
        self.addCleanup(shutil.rmtree, shared, ignore_errors=True)
        given = dict(line.split("=", 1) for line in text_of("systemd", "sluice.env").splitlines() if line and line[0] != "#")
        self.assertIn("SLUICE_DATABASE_URL", given)
        given |= {"SLUICE_DATABASE_URL": url, "SLUICE_STORAGE_URL": f"file://{shared}"}
        for name in ("sluice-api.service", "sluice-worker.service"):
            unit = Unit(name)
            self.addCleanup(unit.close)
            unit.environment = given
            self.assertEqual((unit.setting("Restart"), unit.setting("StartLimitIntervalSec")), ("on-failure", "0"))
            self.assertGreaterEqual(int(unit.setting("RestartSec")), 2)
            postgres.kill()
            os.makedirs(os.path.join(unit.root, "sluice"), mode=0o700, exist_ok=True)
            with self.assertRaisesRegex(RuntimeError, r"did not become ready \(3\)"):
                unit.start()
            self.assertIn("the database cannot be opened", unit.log())
            postgres.start()
            unit.start()
            self.assertEqual(call(unit, "GET", "/readyz").status, 200)
            self.assertEqual(unit.stop(), 0)


class Container(Server):
    """A service of compose.yaml as a process: its command and its environment, with the folders below one of the test's own."""

    def __init__(self, service, secrets, changed):
        super().__init__()
        self.words = service["command"]
        self.secrets = secrets
        given = {name: self.moved(str(value)) for name, value in service["environment"].items()}
        self.environment = given | changed

    def moved(self, text):
        return text.replace("/var/lib", self.root).replace("/run/secrets", self.secrets)

    def command(self):
        return [binary(), *("127.0.0.1:0" if word == "0.0.0.0:8080" else self.moved(word) for word in self.words)]


class Compose(unittest.TestCase):
    """The commands at the head of compose.yaml, as far as they go without Docker; what they would run in a container runs beside
    the server, in its environment."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.postgres.start()
        cls.folder = tempfile.mkdtemp(prefix="sluice-compose.")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        os.mkdir(os.path.join(cls.folder, "deploy"))
        cls.file = yaml.safe_load(text_of("compose.yaml"))
        head = "".join(line[2:] for line in text_of("compose.yaml").split("x-sluice:")[0].splitlines(True) if line.startswith("#   "))
        cls.steps = re.sub(r"\|\n +", "| ", head).splitlines()
        cls.node = Container(cls.file["services"]["api1"], os.path.join(cls.folder, "deploy", "secrets"), {
            "SLUICE_DATABASE_URL": cls.postgres.make_database("sluice"), "SLUICE_STORAGE_URL": f"file://{cls.folder}/media",
        })
        cls.addClassCleanup(cls.node.close)

    def run_step(self, step):
        """Its output. Nobody becomes the user of the image: this one is the server's."""
        step = re.sub(r"sudo chown 10001 \S+ && sudo ", "", step)
        step = re.sub(r"docker compose -f deploy/compose.yaml exec -T api1 sluice", shlex.quote(binary()), step)
        self.assertNotRegex(step, r"docker|sudo")
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", step], cwd=self.folder, env={**os.environ, **self.node.environment}, capture_output=True,
            text=True, timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_commands_of_its_head(self):
        said = ""
        for step in self.steps:
            if " up " in step:
                self.node.start()
            else:
                said += self.run_step(step)
        token = re.search(r"^bearer_token +(\S+)$", said, re.M)[1]
        init = X1(self.node, token).init(100)
        self.assertEqual(init.status, 202, init)
        self.assertEqual(set(os.listdir(self.folder)), {"deploy", "media"}, "a directory that no server has")

        prometheus = yaml.safe_load(text_of("prometheus", "prometheus.yml"))["scrape_configs"][0]
        path = prometheus["authorization"]["credentials_file"]
        for volume in self.file["services"]["prometheus"]["volumes"]:
            outside, inside, _ = volume.split(":")
            path = path.replace(inside + "/", os.path.join(self.folder, "deploy", outside) + "/")
        with open(path, encoding="ascii") as file:
            scraped = call(self.node, "GET", "/metrics", [("Authorization", "Bearer " + file.read().strip())])
        self.assertEqual(scraped.status, 200, scraped)
        for target in prometheus["static_configs"][0]["targets"]:
            self.assertIn(target.removesuffix(":8080"), self.file["services"])

        check = self.file["services"]["api1"]["healthcheck"]["test"]
        self.run_step(shlex.join(["docker", *check[1:]]).replace("docker sluice", shlex.quote(binary())).replace("http://127.0.0.1:8080", self.node.url))

    def test_the_database_has_a_connection_for_each(self):
        nodes = [name for name, service in self.file["services"].items() if service.get("image") == "sluice"]
        self.assertEqual(len(nodes), 5)
        at_most = re.search(r"max_connections=(\d+)", " ".join(self.file["services"]["database"]["command"]))
        self.assertGreaterEqual(int(at_most[1]), 25 * len(nodes) + 10)

    def test_its_proxy_is_believed_and_nobody_else(self):
        services = self.file["services"]
        proxy = services["proxy"]["networks"]["default"]["ipv4_address"]
        for name in ("api1", "api2", "api3"):
            self.assertEqual(services[name]["environment"]["SLUICE_SERVER_TRUSTED_PROXIES"], proxy)
        self.assertIn(ipaddress.ip_address(proxy), ipaddress.ip_network(self.file["networks"]["default"]["ipam"]["config"][0]["subnet"]))

    def test_its_secrets_go_nowhere(self):
        for name in (".gitignore", ".dockerignore"):
            self.assertIn("deploy/secrets", text_of("..", name), name)


class Chart(unittest.TestCase):
    def test_what_it_relies_on_nothing_is_lost_with_a_directory(self):
        """A pod of a lost machine begins anew elsewhere: with an empty --data, a new name, and nothing else."""
        nodes = Nodes(apis=1, workers=1, arguments=("--limit", "jobs.lease=5s"))
        self.addCleanup(nodes.close)
        caller, data = X1(nodes.start().apis[0]), clip(seconds=8)
        parts = pieces(data, len(data) // 3 + 1)
        begun, worked_on = caller.open(len(data)), upload(caller, data, len(data))
        for index, part in parts[:2]:
            self.assertEqual(caller.append(begun, index, part).status, 204)
        names = nodes.sql("SELECT name FROM nodes")
        for node in nodes.all:
            node.kill()
            shutil.rmtree(node.data)
            node.start()
        self.assertNotEqual(nodes.sql("SELECT name FROM nodes"), names)
        caller = X1(nodes.apis[0])
        self.assertEqual(caller.append(begun, *parts[2]).status, 204)
        self.assertEqual(caller.finalize(begun).status, 201)
        for media_id in (begun, worked_on):
            self.assertEqual(caller.wait(media_id)["state"], "succeeded")
            self.assertTrue(caller.original(f"7_{media_id}").body == data)

    def test_a_role_does_for_keys(self):
        nodes, values = text_of("helm", "sluice", "templates", "nodes.yaml"), yaml.safe_load(text_of("helm", "sluice", "values.yaml"))
        optional = re.search(r'range list ("AWS.*?) }}\n.*optional: true', nodes)
        self.assertEqual(set(re.findall(r"AWS_[A-Z_]+", optional[1])), {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
        self.assertIn("serviceAccountName:", nodes)
        self.assertEqual(values["serviceAccount"], {"name": "", "annotations": {}})
        for name in re.findall(r"\.Values\.([a-zA-Z.]+)", nodes + text_of("helm", "sluice", "templates", "account.yaml")):
            found = values
            for word in name.split("."):
                self.assertIn(word, found, name)
                found = found[word]


if __name__ == "__main__":
    unittest.main()
