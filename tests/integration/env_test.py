"""`sluice env`: shell lines that lead programs with X's hosts built in to this machine."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from support.dev import clean_environment, client_environment, dev_server, sluice_env
from support.server import Server

NAMES = {
    "HTTPS_PROXY", "https_proxy", "http_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "PERL_LWP_ENV_PROXY", "PERL_LWP_SSL_CA_FILE", "HTTPS_CA_FILE", "NODE_EXTRA_CA_CERTS", "NODE_USE_ENV_PROXY", "NODE_OPTIONS",
    "RUBYOPT", "RUBYLIB", "SLUICE_SERVER",
}
PYTHON = "import urllib.request as r; print(r.urlopen('https://upload.twitter.com/version').read().decode())"
NODE_HTTPS = "require('https').get('https://api.twitter.com/version', (r) => r.pipe(process.stdout))"
NODE_FETCH = "fetch('https://api.x.com/version').then((r) => r.text()).then(console.log)"
# As the http gem connects, which the twitter gem stands on.
RUBY = """
require 'openssl'
context = OpenSSL::SSL::SSLContext.new
context.set_params
stream = OpenSSL::SSL::SSLSocket.new(TCPSocket.open('upload.twitter.com', 443), context)
stream.hostname = 'upload.twitter.com'
stream.connect
stream.post_connection_check('upload.twitter.com')
stream.write("GET /version HTTP/1.1\\r\\nHost: upload.twitter.com\\r\\nConnection: close\\r\\n\\r\\n")
puts stream.read.split("\\r\\n\\r\\n")[1]
"""
NODE_MODULE = (
    "import { request } from 'node:https';"
    "request({ hostname: 'upload.x.com', path: '/version' }, (r) => r.pipe(process.stdout)).end();"
)


class Env(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Blanks and quotes in the path: what is printed is code that a shell runs.
        cls.folder = tempfile.TemporaryDirectory(prefix="sluice's \"own\" $(id) ")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.server = dev_server(data=os.path.join(cls.folder.name, "data")).start()
        cls.addClassCleanup(cls.server.close)
        cls.environment = client_environment(cls.server)

    def run_client(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_sets_what_it_promises_and_the_files_are_there(self):
        self.assertLessEqual(NAMES, self.environment.keys())
        self.assertEqual(self.environment["SLUICE_SERVER"], self.server.url)
        for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
            self.assertTrue(os.path.isfile(self.environment[name]), self.environment[name])

    def test_programs_with_xs_hosts_built_in_reach_us(self):
        clients = {
            "curl": ("curl", "-sS", "https://upload.twitter.com/version"),
            "python": (sys.executable, "-c", PYTHON),
            "node https": ("node", "-e", NODE_HTTPS),
            "node fetch": ("node", "-e", NODE_FETCH),
            "node modules": ("node", "--input-type=module", "-e", NODE_MODULE),
            "ruby net/http": ("ruby", "-rnet/http", "-e", "puts Net::HTTP.get(URI('https://api.x.com/version'))"),
            "ruby sockets": ("ruby", "-e", RUBY),
            "perl": ("perl", "-MHTTP::Tiny", "-e", "print HTTP::Tiny->new->get('https://api.x.com/version')->{content}")
        }
        for name, command in clients.items():
            with self.subTest(name):
                self.assertEqual(json.loads(self.run_client(*command))["name"], "sluice")

    def test_our_own_commands_still_reach_the_server(self):
        from support.server import binary
        self.assertIn(self.server.url, self.run_client(binary(), "ping"))

    def test_node_still_refuses_who_is_not_vouched_for(self):
        blind = {**self.environment, "NODE_EXTRA_CA_CERTS": "", "SSL_CERT_FILE": ""}
        done = subprocess.run(["node", "-e", NODE_HTTPS], capture_output=True, text=True, timeout=60, check=False, env=blind)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("certificate", done.stderr)

    def test_run_twice_it_says_the_same(self):
        again = sluice_env(self.server.url, environment=self.environment)
        self.assertEqual(again.stdout, sluice_env(self.server.url).stdout)

    def test_keeps_the_node_options_that_are_there(self):
        told = sluice_env(self.server.url, environment={**clean_environment(), "NODE_OPTIONS": "--no-warnings"})
        self.assertIn("export NODE_OPTIONS='--no-warnings --require ", told.stdout)

    def test_fish_gets_its_own_words(self):
        lines = sluice_env(self.server.url, "--shell", "fish").stdout.splitlines()
        self.assertEqual({line.split()[2] for line in lines}, NAMES)
        self.assertTrue(all(line.startswith("set -gx ") for line in lines))
        self.assertIn("sluice\\'s", " ".join(lines))


class Refusals(unittest.TestCase):
    def assert_refused(self, done, code, *texts):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "", "eval must find nothing")
        for text in texts:
            self.assertIn(text, done.stderr)

    def test_no_server(self):
        self.assert_refused(sluice_env("http://127.0.0.1:9"), 5, "sluice serve --dev-tls --dev-proxy 127.0.0.1:8888")

    def test_a_server_without_development_tls(self):
        server = Server().start()
        self.addCleanup(server.close)
        self.assert_refused(sluice_env(server.url), 3, "--dev-tls --dev-proxy", "sluice serve --dev-tls --dev-proxy 127.0.0.1:8888")

    def test_a_server_without_the_proxy(self):
        server = Server("--dev-tls").start()
        self.addCleanup(server.close)
        self.assert_refused(sluice_env(server.url), 3, "--dev-proxy")

    def test_a_shell_nobody_knows(self):
        self.assert_refused(sluice_env("http://127.0.0.1:9", "--shell", "cmd"), 2, "sh or fish")


if __name__ == "__main__":
    unittest.main()
