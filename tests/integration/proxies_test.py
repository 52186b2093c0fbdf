"""The samples of deploy/ in front of real nodes: what a proxy gets wrong most often, it must not get wrong here."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from support.case import ServerCase
from support.client import X1, upload
from support.media import noise
from support.nodes import Nodes
from support.wire import Wire, head, request

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Proxy:
    """The sample, with the addresses of these nodes and a free port, Caddy by plain http; nothing else is changed."""

    def __init__(self, sample, nodes):
        self.folder = tempfile.mkdtemp(prefix="sluice-proxy.")
        self.host, self.port = "127.0.0.1", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with open(os.path.join(DEPLOY, sample), encoding="utf-8") as file:
            text = file.read()
        for number, node in enumerate(nodes, 11):
            text = text.replace(f"10.0.0.{number}:8080", f"127.0.0.1:{node.port}").replace(f"api{number - 10}:8080", f"127.0.0.1:{node.port}")
        text = re.sub(r"(listen |bind :)80(?:80)?\b", lambda found: (
            f"listen 127.0.0.1:{self.port}" if found[1] == "listen " else f"bind 127.0.0.1:{self.port}"), text)
        if sample == "Caddyfile":
            text = f"{{\n\tadmin off\n\tstorage file_system {self.folder}\n}}\n{text}"
            text = text.replace("media.example.org {", f"http://:{self.port} {{\n\tbind 127.0.0.1")
        assert "10.0.0." not in text and str(self.port) in text, text
        self.path = os.path.join(self.folder, sample)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        if sample.endswith("nginx.conf"):
            rest = f"daemon off; pid {self.folder}/pid;"
            command = ["nginx", "-p", self.folder, "-c", self.path, "-e", "stderr", "-g", rest]
        elif sample == "haproxy.cfg":
            command = ["haproxy", "-db", "-f", self.path]
        else:
            command = ["caddy", "run", "--config", self.path, "--adapter", "caddyfile"]
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin", "XDG_CONFIG_HOME": self.folder, "XDG_DATA_HOME": self.folder},
        )

    def wait(self, timeout=20):
        ends = time.monotonic() + timeout
        while True:
            try:
                if X1(self).get("/livez").status == 200:
                    return self
            except OSError:
                pass
            if time.monotonic() > ends or self.process.poll() is not None:
                with open(self.log.name, encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(log.read()[-3000:])
            time.sleep(0.05)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Samples:
    sample = None

    @classmethod
    def setUpClass(cls):
        cls.nodes = Nodes(apis=3, workers=0)
        cls.addClassCleanup(cls.nodes.close)
        cls.nodes.start()
        cls.proxy = Proxy(cls.sample, cls.nodes.apis)
        cls.addClassCleanup(cls.proxy.close)
        cls.proxy.wait()

    def test_an_upload_goes_through_several_nodes(self):
        data = noise(900_000)
        media_id = upload(X1(self.proxy), data, 100_000)
        self.assertTrue(X1(self.proxy).original(f"7_{media_id}").body == data)
        counts = [
            node for node in self.nodes.apis
            if 'sluice_upload_segments_total{result="stored"}' in X1(node).get("/metrics").body.decode()
        ]
        self.assertGreaterEqual(len(counts), 2, "it always goes to the same node")

    def test_a_large_body_is_not_kept_back(self):
        """Half of a body has reached a node before the client sends the other half."""
        caller, data = X1(self.proxy), noise(4_000_000)
        answer = self.send("POST", "/files/", ("Upload-Length", str(len(data))), body=b"")
        path = "/files/" + answer.header("location").rsplit("/", 1)[1]
        fields = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), ("Content-Type", "application/offset+octet-stream"),
                  ("Content-Length", str(len(data)))]
        with socket.create_connection((self.proxy.host, self.proxy.port), 30) as peer:
            peer.sendall(head("PATCH", path, fields) + data[:2_000_000])
            ends = time.monotonic() + 15
            while int(self.send("HEAD", path).header("upload-offset")) == 0 and time.monotonic() < ends:
                time.sleep(0.1)
            offset = int(self.send("HEAD", path).header("upload-offset"))
            self.assertGreater(offset, 0, "the proxy keeps the body to itself")
            peer.sendall(data[2_000_000:])
            peer.settimeout(30)
            self.assertIn(b" 204 ", peer.recv(4096).split(b"\r\n")[0])
        self.assertTrue(caller.original("7_" + path.rsplit("/", 1)[1]).body == data)

    def send(self, method, path, *headers, body=None):
        with Wire(self.proxy, timeout=30) as wire:
            wire.send(request(method, path, [("Tus-Resumable", "1.0.0"), *headers, ("Connection", "close")], body))
            return wire.read(method)

    def test_events_come_at_once(self):
        with Wire(self.proxy, timeout=30) as wire:
            wire.send(request("GET", "/api/v1/events", [("Accept", "text/event-stream")]))
            time.sleep(0.5)
            media_id = X1(self.proxy).open(100)
            seen, ends = b"", time.monotonic() + 10
            while media_id.encode() not in seen and time.monotonic() < ends:
                seen += wire.socket.recv(65536)
            self.assertIn(media_id.encode(), seen)

    def test_numbers_are_not_for_everybody(self):
        self.assertEqual(X1(self.proxy).get("/metrics").status, 404)

    def test_a_node_that_dies_is_passed_by(self):
        dead = self.nodes.apis[1]
        dead.kill()
        try:
            self.assertEqual(self.stores_again(), [202] * 6)
        finally:
            port = dead.port
            dead.command = lambda: [
                word.replace("127.0.0.1:0", f"127.0.0.1:{port}") for word in type(dead).command(dead)
            ]
            dead.start()

    def test_a_database_that_is_away_has_a_name(self):
        """No node is ready then, and a client behind the proxy is told the same as one that asks a node."""
        self.nodes.postgres.kill()
        try:
            time.sleep(6)  # two looks of the slowest check
            caller, data = X1(self.proxy), noise(300_000)
            answers = [caller.init(100), caller.one_shot(data), caller.get("/1.1/media/upload.json?command=STATUS&media_id=1")]
            for answer in answers:
                self.assertEqual((answer.status, answer.header("sluice-error")), (503, "database_unavailable"), answer)
                self.assertGreater(int(answer.header("retry-after")), 0, answer)
            self.assertEqual(caller.get("/livez").status, 200)
        finally:
            self.nodes.postgres.start()
        self.assertEqual(self.stores_again(), [202] * 6)

    def stores_again(self):
        ends = time.monotonic() + 20
        answers = []
        while answers != [202] * 6 and time.monotonic() < ends:
            answers = [X1(self.proxy).init(100).status for _ in range(6)]
        return answers


class Nginx(Samples, unittest.TestCase):
    sample = "nginx.conf"


class NginxOfCompose(Samples, unittest.TestCase):
    sample = "compose-nginx.conf"


class HaProxy(Samples, unittest.TestCase):
    sample = "haproxy.cfg"

    def test_a_head_that_does_not_end_is_ended(self):
        with socket.create_connection((self.proxy.host, self.proxy.port), 30) as peer:
            begun = time.monotonic()
            peer.sendall(b"POST /files/ HTTP/1.1\r\nHost: a\r\nX-Half:")
            self.assertIn(b" 408 ", peer.recv(4096).split(b"\r\n")[0])
        self.assertLess(time.monotonic() - begun, 20)


class Caddy(Samples, unittest.TestCase):
    """By plain http: its certificate is between it and its authority."""

    sample = "Caddyfile"


class WhereACallCameFrom(ServerCase):
    """What the samples say of a client is believed, what it says itself is not."""

    arguments = ("--auth", "keys", "--trusted-proxy", "127.0.0.1", "--limit", "failed_logins.address=3/15m")

    def sign_in(self, address, *fields):
        fields = [("Authorization", "Bearer wrong"), ("Connection", "close"), *fields]
        with socket.create_connection((self.proxy.host, self.proxy.port), 30, source_address=(address, 0)) as peer:
            peer.sendall(request("GET", "/api/v1/uploads", fields))
            with peer.makefile("rb") as answer:
                return int(answer.readline().split()[1]), answer.read().decode()

    def test_by_each_sample(self):
        for number, sample in enumerate(("nginx.conf", "compose-nginx.conf", "haproxy.cfg", "Caddyfile")):
            with self.subTest(sample):
                self.proxy = Proxy(sample, [self.server] * 3)
                self.addCleanup(self.proxy.close)
                self.proxy.wait()
                one, other = f"127.0.{number + 1}.1", f"127.0.{number + 1}.2"
                forged = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "forged.example"), ("X-Forwarded-For", other),
                          ("Forwarded", f"for={other};proto=https;host=forged.example")]
                answers = [self.sign_in(one, *forged) for _ in range(4)]
                self.assertEqual([status for status, _ in answers], [401, 401, 401, 429])
                self.assertEqual(self.sign_in(other)[0], 401, "all clients have the proxy's address")
                self.assertIn("\"http://localhost/docs/", answers[0][1])
                self.assertNotIn("forged", answers[0][1])


if __name__ == "__main__":
    unittest.main()
