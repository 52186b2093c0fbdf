"""curl as a person types it, one process per call, its answer taken apart."""

import os
import subprocess
import tempfile

from support import seen
from support.wire import Response


def curl(*arguments, stdin=None):
    with tempfile.TemporaryDirectory(prefix="sluice-curl.") as folder:
        heads, body = os.path.join(folder, "heads"), os.path.join(folder, "body")
        command = ["curl", "-sS", "--max-time", "60", "-D", heads, "-o", body, *arguments]
        subprocess.run(command, check=True, input=stdin, timeout=90, capture_output=True)
        return _response(_read(heads), _read(body))


def shell(command):
    """A line as printed by the server, run by the shell; nothing in it comes from anywhere but our own server."""
    with tempfile.TemporaryDirectory(prefix="sluice-curl.") as folder:
        heads, body = os.path.join(folder, "heads"), os.path.join(folder, "body")
        assert command.startswith("curl "), command
        line = command.replace("curl ", f"curl -sS --max-time 60 -D {heads} -o {body} ", 1)
        subprocess.run(["sh", "-c", line], check=True, timeout=90, capture_output=True, stdin=subprocess.DEVNULL)
        return _response(_read(heads), _read(body))


def _read(path):
    if not os.path.exists(path):  # curl writes no file for an empty body
        return b""
    with open(path, "rb") as file:
        return file.read()


def _response(heads, body):
    blocks = [block for block in heads.decode("latin-1").split("\r\n\r\n") if block]
    lines = blocks[-1].split("\r\n")  # those before are 1xx
    headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:])]
    answer = Response(int(lines[0].split(" ")[1]), headers, body)
    seen.note(answer)
    return answer
