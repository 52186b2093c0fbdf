"""A server that passes for X's hosts, and the environment that `sluice env` makes for its clients."""

import os
import shlex
import subprocess

from support.server import Server, binary


def dev_server(*arguments, **options):
    return Server("--dev-tls", "--dev-proxy", "127.0.0.1:0", *arguments, **options)


def clean_environment():
    """This process's, without what would lead a client elsewhere."""
    ours = ("proxy", "ssl_cert", "ca_bundle", "node_", "perl_", "https_", "sluice_server", "rubyopt", "rubylib")
    return {name: value for name, value in os.environ.items() if not any(part in name.lower() for part in ours)}


def sluice_env(url, *arguments, environment=None):
    return subprocess.run(
        [binary(), "env", "--server", url, *arguments],
        capture_output=True, text=True, timeout=30, check=False, env=environment or clean_environment(),
    )


def client_environment(server):
    """What a shell has after eval "$(sluice env)": evaluated by a real shell."""
    told = sluice_env(server.url)
    assert told.returncode == 0, told.stderr
    script = f"eval {shlex.quote(told.stdout)}; env -0"
    shell = subprocess.run(
        ["sh", "-c", script], capture_output=True, timeout=30, check=True, env=clean_environment()
    )
    return dict(item.split("=", 1) for item in shell.stdout.decode().split("\0") if item)
