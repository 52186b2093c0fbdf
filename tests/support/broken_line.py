"""A line between a client and a server that breaks: the first connections are cut after so many bytes of what the client sends."""

import contextlib
import socket
import threading


class BrokenLine:
    def __init__(self, server, cuts):
        """cuts: for each of the first connections that carry more than a head, after how many bytes it ends."""
        self.server = server
        self.cuts = list(cuts)
        self.broken = 0
        self.guard = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                there = socket.create_connection((self.server.host, self.server.port))
                threading.Thread(target=self._up, args=(client, there), daemon=True).start()
                threading.Thread(target=self._down, args=(there, client), daemon=True).start()

    def _is_cut(self, sent):
        with self.guard:
            if not self.cuts or sent < self.cuts[0]:
                return False
            self.cuts.pop(0)
            self.broken += 1
            return True

    def _up(self, client, there):
        sent = 0
        with contextlib.suppress(OSError):
            while data := client.recv(16_384):
                there.sendall(data)
                sent += len(data)
                if self._is_cut(sent):
                    break
        self._end(client, there)

    def _down(self, there, client):
        with contextlib.suppress(OSError):
            while data := there.recv(65_536):
                client.sendall(data)
        self._end(client, there)

    @staticmethod
    def _end(*ends):
        for one in ends:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
