"""A network of the tests' own: a namespace in which a node runs, joined to this one by links that can be cut.

Over each link lies one service, so that a node can lose its database and keep its storage. A link that is cut is silent: what
is sent into it is lost, and nobody is told, as if somebody had pulled the cable. Needs root and iproute2."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

from support.round_robin import relay
from support.server import Server

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()} (the rigs of the network need root)")


def connected(target):
    """To (host, port), or to the path of a socket."""
    if not isinstance(target, str):
        return socket.create_connection(target, 10)
    peer = socket.socket(socket.AF_UNIX)
    try:
        peer.connect(target)
    except OSError:
        peer.close()
        raise
    return peer


class Relay:
    """Takes connections at `at` and carries them on to `target`; knows nothing of what it carries."""

    def __init__(self, at, target):
        self.target = target
        family = socket.AF_UNIX if isinstance(at, str) else socket.AF_INET
        self.listener = socket.create_server(at, family=family, backlog=128)
        self.address = self.listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        with near, contextlib.suppress(OSError), connected(self.target) as far:
            relay(near, far)


class Network:
    """A namespace with a link for each service: name -> what it is here, (host, port) or the path of a socket."""

    def __init__(self, services):
        self.name = f"sluice{os.getpid()}"
        self.links, self.relays, self.addresses = {}, [], {}
        ip("netns", "add", self.name)
        try:
            ip("-n", self.name, "link", "set", "lo", "up")
            for number, (service, target) in enumerate(services.items()):
                self._join(number, service, target)
        except BaseException:
            self.close()
            raise

    def _join(self, number, service, target):
        here, there, net = f"slh{number}-{os.getpid()}", f"slt{number}-{os.getpid()}", f"10.213.{os.getpid() % 250}.{4 * number}"
        base = net.rsplit(".", 1)[0]
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
        ip("address", "add", f"{base}.{4 * number + 1}/30", "dev", here)
        ip("-n", self.name, "address", "add", f"{base}.{4 * number + 2}/30", "dev", there)
        ip("link", "set", here, "up")
        ip("-n", self.name, "link", "set", there, "up")
        self.links[service] = here
        relay = Relay((f"{base}.{4 * number + 1}", 0), target)
        self.relays.append(relay)
        self.addresses[service] = relay.address

    def cut(self, service):
        ip("link", "set", self.links[service], "down")

    def mend(self, service):
        ip("link", "set", self.links[service], "up")

    def close(self):
        for relay in self.relays:
            relay.close()
        ip("netns", "delete", self.name)  # its links go with it


class FarNode(Server):
    """A server in the namespace; here it is reached by a relay, which the cuts do not touch."""

    def __init__(self, network, *arguments):
        super().__init__(*arguments)
        self.network = network
        self.bridge = self.relay = None

    def command(self):
        return ["ip", "netns", "exec", self.network.name, *super().command()]

    def start(self, timeout=60, stderr=None):
        super().start(timeout, stderr)
        path = os.path.join(self.root, "door")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.bridge = subprocess.Popen(
            ["ip", "netns", "exec", self.network.name, sys.executable, "-B", "-m", "support.network", path, self.host, str(self.port)],
            cwd=TESTS, stdin=subprocess.PIPE,
        )
        ends = time.monotonic() + timeout
        while not os.path.exists(path):
            if time.monotonic() > ends:
                raise TimeoutError("the bridge into the namespace does not open")
            time.sleep(0.02)
        self.relay = Relay(("127.0.0.1", 0), path)
        self.host, self.port = self.relay.address
        self.url = f"http://{self.host}:{self.port}"
        return self

    def _reap(self, timeout):
        if self.relay is not None:
            self.relay.close()
            self.bridge.stdin.close()
            self.bridge.wait(10)
            self.relay = None
        return super()._reap(timeout)


if __name__ == "__main__":
    Relay(sys.argv[1], (sys.argv[2], int(sys.argv[3])))
    sys.stdin.read()  # until the test ends
