"""A relay in front of an S3 store that does to single requests what networks and stores do: answers that are lost, requests that are
cut, come late, are slow or spoilt, and stores that say no."""

import contextlib
import re
import socket
import threading

REFUSED = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>made up</Message></Error>"


class Fault:
    """What happens to the next `times` requests that `method` and the key's pattern fit, or to every so many-th of them. `fired`: to how
    many it did."""

    def __init__(self, kind, method="PUT", key="/blobs/", times=1, every=1, **details):
        self.kind, self.method, self.key, self.left, self.details = kind, method, re.compile(key), times, details
        self.every, self.met, self.fired = every, 0, 0

    def strikes(self, method, target):
        """Whether this one is met; called once for each request."""
        if self.left == 0 or method != self.method or self.key.search(target) is None:
            return False
        self.met += 1
        is_its_turn = self.met % self.every == 0
        self.left -= is_its_turn
        self.fired += is_its_turn
        return is_its_turn


class FaultyStore:
    """Kinds: status (code=, name=, fields=, together= a barrier), cut (after= bytes of the body), lose (the answer), late (until= an event;
    without an answer), slow (until= an event, the last bytes), flip (a bit of the body, or of the
    answer to a request without one), hold (neither answer nor request, until clear())."""

    def __init__(self, port, tls=None):
        """tls: an ssl.SSLContext with which callers are spoken to."""
        self.there = port
        self.tls = tls
        self.lock = threading.Lock()
        self.faults = []
        self.seen = []  # (method, target) of all that came
        self.held = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def add(self, *arguments, **details):
        fault = Fault(*arguments, **details)
        with self.lock:
            self.faults.append(fault)
        return fault

    def clear(self):
        with self.lock:
            self.faults.clear()
        self.held.set()
        self.held = threading.Event()

    def close(self):
        self.clear()
        self.listener.close()

    def _fault_for(self, method, target):
        with self.lock:
            self.seen.append((method, target))
            for fault in self.faults:
                if fault.strikes(method, target):
                    return fault
        return None

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError), (self.tls.wrap_socket(client, server_side=True) if self.tls else client) as client:
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65_536)
                if not more:
                    return
                head += more
            head, _, body = head.partition(b"\r\n\r\n")
            method, target = head.split(b"\r\n")[0].decode().split(" ")[:2]
            length = int((re.search(rb"(?i)\r\ncontent-length: *(\d+)", head) or (0, b"0"))[1])
            fault = self._fault_for(method, target)
            # One request for each connection: what follows needs no framing.
            head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + b"\r\n\r\n"
            handle = getattr(self, "_" + fault.kind if fault else "_pass")
            handle(client, head, body, length, **(fault.details if fault else {}))

    @staticmethod
    def _rest(client, body, length):
        """The whole body."""
        parts, have = [body], len(body)
        while have < length:
            more = client.recv(min(length - have, 1 << 18))
            if not more:
                raise OSError("the client has gone")
            parts.append(more)
            have += len(more)
        return b"".join(parts)

    def _connect(self):
        return socket.create_connection(("127.0.0.1", self.there), timeout=60)

    @staticmethod
    def _back(there, client):
        while data := there.recv(1 << 18):
            client.sendall(data)

    def _pass(self, client, head, body, length):
        with self._connect() as there:
            there.sendall(head + body)
            have = len(body)
            while have < length:
                data = client.recv(min(length - have, 1 << 18))
                if not data:
                    return
                there.sendall(data)
                have += len(data)
            self._back(there, client)

    def _status(self, client, head, body, length, code=503, name=b"SlowDown", fields=b"", together=None):
        del head
        self._rest(client, body, length)
        if together is not None:
            together.wait(20)
        text = REFUSED % name
        fields += b"Connection: close\r\nContent-Length: %d\r\n" % len(text)
        client.sendall(b"HTTP/1.1 %d Refused\r\n" % code + fields + b"\r\n" + text)

    def _cut(self, client, head, body, length, after=1000):
        body = self._rest(client, body, min(after, length))
        with self._connect() as there:
            there.sendall(head + body[:after])

    def _lose(self, client, head, body, length):
        body = self._rest(client, body, length)
        with self._connect() as there:
            there.sendall(head + body)
            while there.recv(1 << 16):
                pass

    def _late(self, client, head, body, length, until):
        body = self._rest(client, body, length)
        until.wait(120)
        with self._connect() as there:
            there.sendall(head + body)
            while there.recv(1 << 16):
                pass

    def _slow(self, client, head, body, length, until):
        body = self._rest(client, body, length)
        with self._connect() as there:
            there.sendall(head + body[:-1])
            until.wait(120)
            there.sendall(body[-1:])
            self._back(there, client)

    def _flip(self, client, head, body, length):
        body = bytearray(self._rest(client, body, length))
        if body:
            body[length // 2] ^= 1
        with self._connect() as there:
            there.sendall(head + bytes(body))
            answer = bytearray(b"".join(iter(lambda: there.recv(1 << 18), b"")))
        if not body:
            answer[-1] ^= 1
        client.sendall(answer)

    def _hold(self, client, head, body, length):
        del head
        self._rest(client, body, length)
        self.held.wait(60)
