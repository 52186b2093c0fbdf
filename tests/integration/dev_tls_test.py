"""`serve --dev-tls --dev-proxy`: X's hosts on this machine, vouched for by a CA that can vouch for nothing else."""

import datetime
import json
import os
import re
import socket
import ssl
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.request

from support.dev import clean_environment, dev_server
from support.server import Server, binary
from support.wire import Wire

X_HOSTS = ("upload.twitter.com", "upload.x.com", "api.x.com", "api.twitter.com")


class Door:
    """A port of the server as support.wire wants it."""

    def __init__(self, url):
        self.host, port = url.split("://")[1].rsplit(":", 1)
        self.port = int(port)


def environment_of(server):
    with urllib.request.urlopen(server.url + "/api/v1/dev/env", timeout=10) as answer:
        return json.load(answer)


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=30, check=False, **options)


def curl(*arguments):
    return subprocess.run(
        ["curl", "-sS", "--max-time", "20", *arguments], capture_output=True, text=True, timeout=30, check=False,
        env=clean_environment(),
    )


class DevTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = dev_server().start()
        cls.addClassCleanup(cls.server.close)
        cls.offer = environment_of(cls.server)
        cls.ca = cls.offer["ca_file"]
        cls.folder = os.path.dirname(cls.ca)

    def through(self, url, *arguments):
        return curl("--proxy", self.offer["proxy_url"], "--cacert", self.ca, *arguments, url)

    def tunnel(self, host, context=None):
        """A TLS connection made by hand through the proxy."""
        door = Door(self.offer["proxy_url"])
        raw = socket.create_connection((door.host, door.port), 10)
        self.addCleanup(raw.close)
        raw.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        answer = raw.recv(4096)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
        context = context or ssl.create_default_context(cafile=self.ca)
        return context.wrap_socket(raw, server_hostname=host)

    def test_curl_reaches_each_host_through_the_proxy(self):
        for host in X_HOSTS:
            with self.subTest(host):
                done = self.through(f"https://{host}/version")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(done.stdout)["name"], "sluice")

    def test_urls_in_answers_are_https_and_run_for_that_caller(self):
        done = self.through("https://upload.twitter.com/1.1/media/upload.json?command=STATUS&media_id=1349803915521482754")
        told = json.loads(done.stdout)["sluice"]
        self.assertTrue(told["doc_url"].startswith("https://upload.twitter.com/docs/errors/"), told)
        page = self.through(told["doc_url"])
        self.assertIn("# ", page.stdout)

    def test_plain_http_for_xs_hosts_is_served_too(self):
        done = self.through("http://api.x.com/2/media/upload?media_id=1")
        self.assertIn("http://api.x.com/docs/errors/", done.stdout)

    def test_connect_to_any_other_host_is_refused_with_a_text(self):
        for target in ("example.org:443", "x.com:443", "upload.twitter.com:80", "127.0.0.1:443", "localhost:443"):
            with self.subTest(target), Wire(Door(self.offer["proxy_url"])) as wire:
                wire.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
                answer = wire.read()
                self.assertEqual(answer.status, 403)
                self.assertIn(target, answer.body.decode())
                self.assertIn("NO_PROXY", answer.body.decode())
                self.assertTrue(wire.is_closed())

    def test_the_proxy_says_so_to_who_takes_it_for_the_api(self):
        with Wire(Door(self.offer["proxy_url"])) as wire:
            wire.send(b"GET /1.1/media/upload.json HTTP/1.1\r\nHost: upload.x.com\r\n\r\n")
            answer = wire.read()
        self.assertEqual(answer.status, 400)
        self.assertIn("HTTPS_PROXY", answer.body.decode())

    def test_the_tls_port_speaks_for_xs_names_and_for_localhost(self):
        door = Door(self.offer["tls_url"])
        for name in (*X_HOSTS, "localhost"):
            done = curl("--cacert", self.ca, "--connect-to", f"{name}:443:{door.host}:{door.port}", f"https://{name}/version")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(curl("--cacert", self.ca, self.offer["tls_url"] + "/version").returncode, 0)

    def test_nobody_who_does_not_know_the_ca_trusts_it(self):
        done = curl("--proxy", self.offer["proxy_url"], "https://api.x.com/version")
        self.assertEqual(done.returncode, 60, done.stderr)
        self.assertIn("`sluice env`", self.server.log())

    def test_old_tls_and_other_protocols_are_refused(self):
        done = self.through("https://api.x.com/version", "--tls-max", "1.1")
        self.assertNotEqual(done.returncode, 0)
        context = ssl.create_default_context(cafile=self.ca)
        context.set_alpn_protocols(["h2"])
        with self.assertRaises(ssl.SSLError):
            self.tunnel("api.x.com", context)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.tunnel("api.x.com", context) as stream:
            self.assertEqual(stream.selected_alpn_protocol(), "http/1.1")

    def test_a_tunnel_carries_many_requests_and_large_bodies_both_ways(self):
        body = os.urandom(3 << 20)
        with self.tunnel("upload.x.com") as stream:
            for _ in range(2):
                stream.sendall(
                    b"POST /1.1/media/upload.json HTTP/1.1\r\nHost: upload.x.com\r\n"
                    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 68\r\n\r\n"
                    b"command=INIT&total_bytes=3145728&media_type=video/mp4&shared=false&a"
                )
                answer = stream.recv(65536)
                self.assertTrue(answer.startswith(b"HTTP/1.1 202 "), answer)
            media_id = json.loads(answer.split(b"\r\n\r\n", 1)[1])["media_id_string"]
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            done = self.through(
                "https://upload.x.com/1.1/media/upload.json", "-w", "%{http_code}", "-F", "command=APPEND",
                "-F", f"media_id={media_id}", "-F", "segment_index=0", "-F", f"media=@{file.name}",
            )
        self.assertEqual(done.stdout, "204", done.stderr)

    def test_a_refusal_before_the_body_was_read_arrives(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\x89PNG\r\n\x1a\n" + os.urandom(9 << 20))
            file.flush()
            done = self.through("https://upload.x.com/1.1/media/upload.json", "-F", f"media=@{file.name}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("file_too_large", done.stdout)

    def test_a_client_that_waits_for_the_end_gets_it_in_tls_words(self):
        with self.tunnel("api.x.com") as stream:
            stream.sendall(b"GET /livez HTTP/1.0\r\nHost: api.x.com\r\n\r\n")
            began = time.monotonic()
            read = b""
            while piece := stream.recv(4096):  # without close_notify this would raise
                read += piece
            self.assertTrue(read.endswith(b"ok\n"), read)
            self.assertLess(time.monotonic() - began, 5)

    def test_key_and_folder_belong_to_their_owner_alone(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.folder).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.folder, "ca.key")).st_mode), 0o600)
        keys = [name for name in os.listdir(self.folder) if "key" in name]
        self.assertEqual(keys, ["ca.key"], "the server's own key stays in memory")

    def test_the_ca_is_short_lived_and_can_have_no_ca_below_it(self):
        told = openssl("x509", "-in", self.ca, "-noout", "-text", "-dates").stdout
        begin, end = (re.search(f"{name}=(.*) GMT", told)[1] for name in ("notBefore", "notAfter"))
        times = [datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y") for text in (begin, end)]
        self.assertLessEqual(times[1] - times[0], datetime.timedelta(days=30))
        self.assertIn("CA:TRUE, pathlen:0", told)
        self.assertIn("id-ecPublicKey", told)
        self.assertRegex(told, r"X509v3 Name Constraints: critical\s+Permitted:")

    def leaf_for(self, name, folder):
        """A certificate for `name`, signed with the CA's own key, as a thief of it would."""
        key, request, leaf = (os.path.join(folder, part) for part in ("key", "request", "leaf"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-out", request, "-subj", "/CN=leaf", "-addext", f"subjectAltName={name}")
        made = openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", os.path.join(self.folder, "ca.key"),
                       "-days", "1", "-copy_extensions", "copy", "-out", leaf)
        self.assertEqual(made.returncode, 0, made.stderr)
        return leaf

    def test_name_constraints_refuse_every_other_name(self):
        allowed = {f"DNS:{host}": True for host in X_HOSTS} | {"DNS:localhost": True, "IP:127.0.0.1": True}
        refused = dict.fromkeys(("DNS:example.org", "DNS:x.com", "DNS:twitter.com", "IP:10.0.0.1", "IP:127.0.0.2"), False)
        for name, is_allowed in (allowed | refused).items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                verified = openssl("verify", "-CAfile", self.ca, self.leaf_for(name, folder))
                self.assertEqual(verified.returncode == 0, is_allowed, verified.stdout + verified.stderr)
                if not is_allowed:
                    self.assertIn("permitted subtree violation", verified.stdout + verified.stderr)

    def test_the_bundle_keeps_the_systems_cas(self):
        with open(self.offer["ca_bundle_file"], encoding="ascii", errors="replace") as bundle:
            text = bundle.read()
        with open(self.ca, encoding="ascii") as ca:
            self.assertIn(ca.read(), text)
        self.assertGreater(text.count("BEGIN CERTIFICATE"), 50)

    def test_what_it_offers_is_for_this_machine_alone(self):
        for host, status in (("127.0.0.1", 200), ("localhost", 200), ("evil.example", 403), ("api.x.com", 404)):
            with Wire(self.server) as wire:
                wire.send(f"GET /api/v1/dev/env HTTP/1.1\r\nHost: {host}:{self.server.port}\r\n\r\n".encode())
                self.assertEqual(wire.read().status, status, host)

    def test_it_warns_loudly(self):
        self.assertIn("FOR DEVELOPMENT ONLY", self.server.log())


class Life(unittest.TestCase):
    def test_a_restart_keeps_the_ca_and_makes_a_new_key_for_the_server(self):
        server = dev_server()
        self.addCleanup(server.close)
        seen = []
        for _ in range(2):
            server.start()
            offer = environment_of(server)
            with open(offer["ca_file"], encoding="ascii") as ca:
                door = Door(offer["tls_url"])
                seen.append((ca.read(), ssl.get_server_certificate((door.host, door.port))))
            self.assertEqual(server.stop(), 0)
        self.assertEqual(seen[0][0], seen[1][0])
        self.assertNotEqual(seen[0][1], seen[1][1])

    def test_it_stops_in_order_and_soon_with_tunnels_open(self):
        server = dev_server()
        self.addCleanup(server.close)
        server.start()
        offer = environment_of(server)
        door, proxy = Door(offer["tls_url"]), Door(offer["proxy_url"])
        context = ssl.create_default_context(cafile=offer["ca_file"])
        idle = context.wrap_socket(socket.create_connection((door.host, door.port), 10), server_hostname="api.x.com")
        used = context.wrap_socket(socket.create_connection((door.host, door.port), 10), server_hostname="api.x.com")
        half = socket.create_connection((proxy.host, proxy.port), 10)
        for stream in (idle, used, half):
            self.addCleanup(stream.close)
        half.sendall(b"CONNECT api.x.com:443 HTTP/1.1\r\n")
        used.sendall(b"GET /livez HTTP/1.1\r\nHost: api.x.com\r\n\r\n")
        self.assertIn(b" 200 ", used.recv(4096))
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - began, 8)
        self.assertEqual(used.recv(1), b"")
        self.assertNotIn('"level":"error"', server.log())

    def test_without_the_flag_there_is_nothing(self):
        server = Server().start()
        self.addCleanup(server.close)
        self.assertFalse(os.path.exists(os.path.join(server.data, "dev-ca")))
        with Wire(server) as wire:
            wire.send(b"GET /api/v1/dev/env HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = wire.read()
        self.assertEqual(answer.status, 404)
        self.assertIn("--dev-tls --dev-proxy", answer.json()["detail"])

    def test_addresses_beyond_the_loopback_are_refused(self):
        for flag in ("--dev-proxy", "--dev-tls-listen"):
            for address in ("0.0.0.0:0", "192.0.2.1:0", "[::]:0", "127.evil.example:0"):
                with self.subTest(f"{flag} {address}"), tempfile.TemporaryDirectory() as data:
                    done = subprocess.run(
                        [binary(), "serve", "--listen", "127.0.0.1:0", "--data", data, "--dev-tls", flag, address],
                        capture_output=True, text=True, timeout=30, check=False,
                    )
                    self.assertIn(done.returncode, (2, 3), done.stderr)
                    self.assertIn("loopback", done.stderr)


if __name__ == "__main__":
    unittest.main()
