"""HTTP as bytes: requests written by hand over a socket, answers read with their framing checked."""

import json
import socket

from support import seen

CRLF = b"\r\n"


class Response:
    def __init__(self, status, headers, body, reason="", interim=()):
        self.status = status
        self.headers = headers  # list of (lower-case name, value)
        self.body = body
        self.reason = reason
        self.interim = list(interim)  # statuses of the 1xx answers that came before

    def header(self, name):
        values = [value for key, value in self.headers if key == name.lower()]
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:600]!r}>"


class ConnectionEnded(Exception):
    """The peer closed before a whole answer came; `seen` is what came."""

    def __init__(self, seen):
        super().__init__(f"connection ended after {seen!r}")
        self.seen = seen


class Wire:
    """One connection."""

    def __init__(self, server, timeout=30):
        self.socket = socket.create_connection((server.host, server.port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Sends all it can; False if the peer has closed meanwhile (its answer may still be readable)."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise ConnectionEnded(self.pending)
        self.pending += data

    def _until(self, mark):
        while mark not in self.pending:
            self._more()
        found, self.pending = self.pending.split(mark, 1)
        return found

    def _exactly(self, count):
        while len(self.pending) < count:
            self._more()
        found, self.pending = self.pending[:count], self.pending[count:]
        return found

    def is_closed(self):
        """Waits for the peer's end of stream; False if bytes come instead."""
        try:
            self._more()
        except ConnectionEnded:
            return True
        return False

    def _head(self):
        lines = self._until(CRLF + CRLF).decode("latin-1").split("\r\n")
        version, status, *reason = lines[0].split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), lines[0]
        headers = []
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers.append((name.lower(), value.strip()))
        return Response(int(status), headers, b"", reason[0] if reason else "")

    def read_interim(self):
        """A 1xx answer by itself."""
        answer = self._head()
        assert 100 <= answer.status < 200, answer
        return answer

    def read(self, method="GET"):
        """The next final answer."""
        interim = []
        answer = self._head()
        while 100 <= answer.status < 200:
            interim.append(answer.status)
            answer = self._head()
        answer.interim = interim
        answer.body = self._body(answer, method)
        seen.note(answer)
        return answer

    def _body(self, answer, method):
        if method == "HEAD" or answer.status in (204, 304):
            return b""
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            return self._chunked()
        if answer.header("content-length") is not None:
            return self._exactly(int(answer.header("content-length")))
        return self._rest()

    def _chunked(self):
        body = b""
        while size := int(self._until(CRLF).split(b";")[0], 16):
            body += self._exactly(size)
            assert self._exactly(2) == CRLF
        while self._until(CRLF):
            pass
        return body

    def _rest(self):
        try:
            while True:
                self._more()
        except ConnectionEnded:
            rest, self.pending = self.pending, b""
            return rest


def head(method, target, headers=(), version="HTTP/1.1", host="localhost"):
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + CRLF + CRLF


def request(method, target, headers=(), body=None, version="HTTP/1.1", host="localhost"):
    headers = list(headers)
    if body is not None:
        headers.append(("Content-Length", len(body)))
    return head(method, target, headers, version, host) + (body or b"")


def exchange(server, data, method="GET"):
    """Sends raw bytes on a connection of their own and reads one answer."""
    with Wire(server) as wire:
        wire.send(data)
        return wire.read(method)


def chunked(body, size=1000):
    out = b""
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        out += f"{len(piece):x}".encode() + CRLF + piece + CRLF
    return out + b"0" + CRLF + CRLF


class Part:
    """One part of a multipart body."""

    def __init__(self, name, value, file_name=None, headers=()):
        self.name = name
        self.value = value if isinstance(value, bytes) else str(value).encode()
        self.file_name = file_name
        self.headers = list(headers)

    def encode(self):
        disposition = f'form-data; name="{self.name}"'
        if self.file_name is not None:
            disposition += f'; filename="{self.file_name}"'
        lines = [("Content-Disposition", disposition), *self.headers]
        text = "".join(f"{name}: {value}\r\n" for name, value in lines)
        return text.encode() + CRLF + self.value + CRLF


def multipart(parts, boundary="sluice-test-boundary-7d1f", closing=True):
    """(content type, body)"""
    dashes = b"--" + boundary.encode()
    body = b"".join(dashes + CRLF + part.encode() for part in parts)
    return f"multipart/form-data; boundary={boundary}", body + (dashes + b"--" + CRLF if closing else b"")
