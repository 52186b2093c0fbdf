"""What stands in deploy/: nginx.conf as it is carries uploads of every protocol, and nothing in it names a flag or a metric that is none."""

import glob
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import unittest

import yaml
from support.case import ServerCase
from support.client import X1, call
from support.keys import create_key
from support.media import noise, picture
from support.server import binary
from support.wire import Wire, request

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy"))


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """nginx with deploy/nginx.conf: only the addresses, the certificate and where it writes are other ones."""

    def __init__(self, server, folder):
        self.host, self.port = "127.0.0.1", free_port()
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=media.example.org"]
        subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        conf = text_of("nginx.conf")
        for old, new in (
            ("127.0.0.1:8080", f"{server.host}:{server.port}"),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("/etc/sluice/tls/fullchain.pem", certificate),
            ("/etc/sluice/tls/privkey.pem", key),
            ("http {", "http {\n" + "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))),
        ):
            assert old in conf, old
            conf = conf.replace(old, new)
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"daemon off; pid {folder}/pid; error_log {folder}/errors;\n{conf.replace('events {', 'events { ').replace('http {', 'http { access_log off;', 1)}")
        os.chmod(folder, 0o777)
        self.process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-e", f"{folder}/errors", "-p", folder, "-c", path])
        for _ in range(200):
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nginx does not listen")

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def wrap(self, plain):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(plain, server_hostname="media.example.org")


class BehindNginx(ServerCase):
    arguments = ("--auth", "keys")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = os.path.join(cls.server.root, "nginx")
        os.mkdir(folder)
        os.chmod(cls.server.root, 0o755)
        cls.proxy = Proxy(cls.server, folder)
        cls.addClassCleanup(cls.proxy.close)
        cls.key = create_key(cls.server.data, "mine")
        cls.bearer = ("Authorization", "Bearer " + cls.key["bearer_token"])

    def connect(self):
        return self.proxy.wrap(socket.create_connection((self.proxy.host, self.proxy.port), timeout=30))

    def send(self, method, target, headers=(), body=None):
        with Wire(self.proxy, timeout=60, wrap=self.proxy.wrap) as wire:
            wire.send(request(method, target, [self.bearer, *headers, ("Connection", "close")], body, host="media.example.org"))
            return wire.read(method)

    def test_an_upload_by_segments_and_its_links(self):
        media = picture(300, 200)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        made = self.send("POST", "/1.1/media/upload.json", form.items(), f"command=INIT&media_type=image/png&total_bytes={len(media)}".encode())
        self.assertEqual(made.status, 202, made)
        media_id = made.json()["media_id_string"]
        body = b'--b\r\nContent-Disposition: form-data; name="media"; filename="a"\r\n\r\n' + media + b"\r\n--b--\r\n"
        sent = self.send("POST", f"/1.1/media/upload.json?command=APPEND&media_id={media_id}&segment_index=0", [("Content-Type", "multipart/form-data; boundary=b")], body)
        self.assertEqual(sent.status, 204, sent)
        done = self.send("POST", "/1.1/media/upload.json", form.items(), f"command=FINALIZE&media_id={media_id}".encode())
        self.assertEqual(done.status, 201, done)
        refused = self.send("GET", "/1.1/media/upload.json?command=STATUS&media_id=1")
        self.assertEqual((refused.status, refused.header("sluice-error")), (404, "media_unknown"))
        self.assertIn("://media.example.org/", refused.json()["sluice"]["doc_url"])
        self.assertEqual(self.send("GET", "/metrics").status, 403)

    def test_a_body_goes_through_as_it_comes(self):
        made = self.send("POST", "/files/", [("Tus-Resumable", "1.0.0"), ("Upload-Length", "3000000")])
        self.assertEqual(made.status, 201, made)
        where = made.header("location")
        with self.connect() as client:
            head = [f"PATCH {where} HTTP/1.1", "Host: media.example.org", "Tus-Resumable: 1.0.0", "Upload-Offset: 0", ": ".join(self.bearer)]
            head += ["Content-Type: application/offset+octet-stream", "Content-Length: 3000000", "", ""]
            client.sendall("\r\n".join(head).encode() + noise(2_000_000))
            # A third is missing, and what has come is there all the same.
            for _ in range(150):
                seen = self.send("HEAD", where, [("Tus-Resumable", "1.0.0")])
                if seen.header("upload-offset") == "2000000":
                    return
                time.sleep(0.1)
        self.fail(f"the server has {seen.header('upload-offset')} of 2000000")

    def test_events_come_at_once(self):
        with self.connect() as client:
            client.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: media.example.org\r\n{': '.join(self.bearer)}\r\n\r\n".encode())
            client.settimeout(20)
            seen = b""
            while b"retry:" not in seen:
                seen += client.recv(4096)
            media_id = X1(self.server, self.key["bearer_token"]).open(100)
            while media_id.encode() not in seen:
                more = client.recv(4096)
                self.assertTrue(more, seen)
                seen += more


class Named(ServerCase):
    def test_flags_are_known(self):
        known = set(re.findall(r"^  (--[a-z-]+)", subprocess.run([binary(), "serve", "--help"], capture_output=True, text=True, check=True).stdout, re.M))
        files = [*glob.glob(os.path.join(ROOT, "systemd", "*")), os.path.join(ROOT, "helm", "sluice", "templates", "nodes.yaml")]
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
