"""Starting and stopping what is measured: Sluice, the yardstick, and the peers that this machine has.

A server runs on one core, in a fresh directory that goes with it. Nothing is ended but by its process id.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 60


class Missing(Exception):
    """A peer is not on this machine; the text says which and why."""


class Place:
    """Where the bench works: programs, temporary directories, cores."""

    def __init__(self, build, disk, memory):
        self.build = build
        self.folders = {"ext4": disk, "tmpfs": memory}
        self.stencil = None
        cores = sorted(os.sched_getaffinity(0))
        self.server_core, self.client_core = cores[0], cores[-1]

    def program(self, name):
        return os.path.join(self.build, name)

    def prefix(self, core, priority):
        """taskset, and nice where we may: other work on the machine then costs both sides less."""
        command = ["taskset", "-c", str(core)]
        return command + (["nice", "-n", str(priority)] if os.geteuid() == 0 else [])


class Server:
    """One running server. `with kind.start(place, "ext4") as server:`"""

    def __init__(self, place, file_system, kind):
        self.place, self.kind = place, kind
        self.folder = tempfile.mkdtemp(prefix="sluice-bench.", dir=place.folders[file_system])
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.log = os.path.join(self.folder, "log")
        self.process, self.port = None, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, command, ready=None):
        """Starts it; `ready` is the pattern of the line that names the port, else the port is asked until it answers."""
        prefix = self.place.prefix(self.place.server_core, -10)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                prefix + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if ready else log, stderr=log,
            )
        if ready:
            line = self.process.stdout.readline().decode()
            found = re.search(ready, line)
            if not found:
                raise RuntimeError(f"{command[0]} did not start: {line or self.end_of_log()}")
            self.port = int(found[1])
        else:
            self.wait_for_port()
        return self

    def end_of_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def wait_for_port(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"{self.kind.name} did not start: {self.end_of_log()}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process and self.process.stdout:
            self.process.stdout.close()

    def url(self, path=None):
        return f"http://127.0.0.1:{self.port}{path or self.kind.path}"


class Kind:
    """What can be started. `protocol` and `path` are what the load generator is told."""

    protocol, path = "x", "/1.1/media/upload.json"

    def __init__(self, name):
        self.name = name

    def check(self, place):
        """Raises Missing."""

    def start(self, place, file_system):
        server = Server(place, file_system, self)
        try:
            return self.launch(place, server)
        except BaseException:
            server.__exit__()
            raise


class Sluice(Kind):
    def __init__(self, name="Sluice", durability="strict", role="api", more=()):
        super().__init__(name)
        self.flags = ["--durability", durability, "--role", role, *more]

    def launch(self, place, server):
        command = [place.program("sluice"), "serve", "--listen", "127.0.0.1:0", "--data", server.data, *self.flags]
        return server.run(command, r"^sluice ready http://[^:]+:(\d+)")


class Yardstick(Kind):
    def __init__(self, name, way, sync=False):
        super().__init__(name)
        self.flags = ["--way", way] + (["--sync"] if sync else [])

    def check(self, place):
        if not os.path.exists(place.program("bench/yardstick")):
            raise Missing(f"{self.name}: skipped, it was not built (liburing-dev is missing)")

    def launch(self, place, server):
        return server.run([place.program("bench/yardstick"), "--dir", server.data, *self.flags], r"ready http://[^:]+:(\d+)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Nginx(Kind):
    protocol, path = "put", "/dav"
    binary = shutil.which("nginx") or "/usr/sbin/nginx"

    def check(self, place):
        if not os.path.exists(self.binary):
            raise Missing("nginx: skipped, it is not installed (scripts/install-deps --bench)")

    def launch(self, place, server):
        server.port = free_port()
        run = os.path.join(server.folder, "run")
        os.mkdir(run)
        for folder in (server.folder, run, server.data):
            os.chmod(folder, 0o777)  # as root, nginx may work as another user
        with open(os.path.join(HERE, "nginx.conf"), encoding="utf-8") as file:
            text = file.read()
        for mark, value in (("@RUN@", run), ("@DATA@", server.data), ("@PORT@", str(server.port))):
            text = text.replace(mark, value)
        configuration = os.path.join(run, "nginx.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(text)
        return server.run([self.binary, "-p", run, "-e", os.path.join(run, "error.log"), "-c", configuration])


class TusNode(Kind):
    protocol, path = "tus", "/files"
    folder = os.path.join(HERE, "peers", "tus-node")

    def check(self, place):
        if not shutil.which("node") or not shutil.which("npm"):
            raise Missing("@tus/server: skipped, no Node.js")
        installed = place.program("bench/tus-node")
        shutil.copytree(self.folder, installed, dirs_exist_ok=True)
        if not os.path.isdir(os.path.join(installed, "node_modules", "@tus", "server")):
            command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
            done = subprocess.run(command, cwd=installed, check=False, capture_output=True, timeout=300)
            if done.returncode != 0:
                raise Missing("@tus/server: skipped, npm could not fetch it")

    def launch(self, place, server):
        server.port = free_port()
        return server.run(["node", place.program("bench/tus-node/server.mjs"), str(server.port), server.data])


class Tusd(Kind):
    protocol, path = "tus", "/files/"
    folder = os.path.join(HERE, "peers", "tusd")

    def check(self, place):
        go = shutil.which("go")
        if not go:
            raise Missing("tusd: skipped, no Go")
        if os.path.exists(place.program("bench/tusd")):
            return
        command = [go, "build", "-trimpath", "-o", os.path.abspath(place.program("bench/tusd")), "."]
        environment = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"}
        done = subprocess.run(command, cwd=self.folder, env=environment, check=False, capture_output=True, timeout=600)
        if done.returncode != 0:
            raise Missing("tusd: skipped, Go could not build it: " + done.stderr.decode()[-200:].strip())

    def launch(self, place, server):
        server.port = free_port()
        return server.run([place.program("bench/tusd"), str(server.port), server.data])
