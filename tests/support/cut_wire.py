"""A relay in front of PostgreSQL that loses answers: the server has done what was asked, and who asked never hears of it."""

import os
import select
import socket
import tempfile
import threading


class CutWire:
    """Listens as a PostgreSQL would in a folder of its own, and passes everything on to the one in `target`."""

    def __init__(self, target):
        self.folder = tempfile.mkdtemp(prefix="sluice-cut.")
        self.target = os.path.join(target, ".s.PGSQL.5432")
        self.path = os.path.join(self.folder, ".s.PGSQL.5432")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.lock = threading.Lock()
        self.is_meant = None
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, is_meant):
        """The next answer for which `is_meant(bytes)` is lost, and the connection with it."""
        with self.lock:
            self.is_meant = is_meant

    def _must_lose(self, data):
        with self.lock:
            if self.is_meant is None or not self.is_meant(data):
                return False
            self.is_meant = None
            self.lost += 1
            return True

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        server = socket.socket(socket.AF_UNIX)
        with client, server:
            try:
                server.connect(self.target)
                while True:
                    for ready in select.select([client, server], [], [])[0]:
                        data = ready.recv(1 << 16)
                        if not data or (ready is server and self._must_lose(data)):
                            return
                        (server if ready is client else client).sendall(data)
            except OSError:
                return

    def close(self):
        self.listener.close()
        os.unlink(self.path)
        os.rmdir(self.folder)
