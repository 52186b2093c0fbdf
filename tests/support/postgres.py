"""A PostgreSQL of the tests' own: made in a temporary folder, run as an unprivileged user, reached by a socket in that folder, and
if asked for by a port of the loopback with a password."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def program(name):
    """Debian's, of the newest version."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    if not found:
        raise FileNotFoundError(f"{name} is not there: install postgresql-15 (scripts/install-deps)")
    return found[-1]


class Postgres:
    """One cluster and, while it runs, one server. Owns both; `close()` ends and removes them."""

    def __init__(self, fsync=False, password=None):
        self.root = tempfile.mkdtemp(prefix="sluice-pg.")
        self.log_path = os.path.join(self.root, "log")
        self.process = None
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.root, nobody.pw_uid, nobody.pw_gid)
        self._run("initdb", "-D", "data", "-U", "sluice", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.options = ["-c", "fsync=on" if fsync else "fsync=off", "-c", "shared_buffers=32MB"]
        self.port = 5432  # of the socket's name, too
        self.password = password
        if password is None:
            self.options += ["-c", "listen_addresses="]
        else:
            self._open_the_port()

    def _open_the_port(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.options += ["-c", "listen_addresses=127.0.0.1", "-p", str(self.port)]
        with open(os.path.join(self.root, "data", "pg_hba.conf"), "w", encoding="ascii") as rules:
            rules.write("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")

    def _command(self, name, *arguments):
        # The server refuses to run as root; and it ends with the test, however that ends.
        as_nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *as_nobody, "--pdeathsig=QUIT", program(name), *arguments]

    def _run(self, name, *arguments):
        with open(self.log_path, "ab") as log:
            subprocess.run(self._command(name, *arguments), cwd=self.root, check=True, stdout=log, stderr=log)

    def _spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self._command("postgres", "-D", "data", "-k", self.root, *self.options),
                cwd=self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )

    def start(self, timeout=30):
        before = len(self.log())
        self._spawn()
        ends = time.monotonic() + timeout
        while self.sql("SELECT 1") is None:
            # The kernel may still be at the memory of the one that was killed.
            if self.process.poll() is not None and "pre-existing shared memory" in self.log()[before:] and time.monotonic() < ends:
                time.sleep(0.2)
                before = len(self.log())
                self._spawn()
            elif time.monotonic() > ends or self.process.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start; its log:\n{self.log()[-3000:]}")
            time.sleep(0.02)
        if self.password is not None:
            self.sql(f"ALTER USER sluice PASSWORD '{self.password}'")
        return self

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def url(self, database="postgres"):
        return f"postgres:///{database}?user=sluice&host={self.root}&port={self.port}"

    def sql(self, text, database="postgres"):
        """What the statement says, as lines of text; None if there is no answer."""
        done = subprocess.run(
            [program("psql"), "-XAtq", "-d", self.url(database), "-v", "ON_ERROR_STOP=1", "-c", text],
            capture_output=True, text=True, check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None

    def make_database(self, name):
        if self.sql(f"CREATE DATABASE {name}") is None:
            raise RuntimeError(f"the database {name} could not be made")
        return self.url(name)

    def kill(self):
        """SIGKILL to the postmaster and to all of its own: what a crash of the machine does to a process."""
        # It stands still first: a child that it makes behind the list keeps the shared memory, and the next start refuses.
        self.process.send_signal(signal.SIGSTOP)
        self._wait_until([self.process.pid], "TZ")
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        for pid in [self.process.pid, *map(int, children)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(30)
        self.process = None
        self._wait_until([int(pid) for pid in children], "Z")

    @staticmethod
    def _wait_until(pids, states):
        """Each is gone or in one of the kernel's states (proc(5): T stopped, Z dead)."""
        def is_in_another(pid):
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
                    return stat.read().rsplit(")", 1)[1].split()[0] not in states
            except OSError:
                return False

        ends = time.monotonic() + 10
        while any(map(is_in_another, pids)) and time.monotonic() < ends:
            time.sleep(0.02)

    def stop(self):
        """A fast shutdown: sessions end, everything is written."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.process = None

    def close(self):
        try:
            if self.process is not None:
                self.kill()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)
