"""A small proxy in front of several servers: each connection goes to the next one that lives. What it does for the tests a load
balancer does in earnest; it knows nothing of HTTP, and so sends no request twice."""

import select
import socket
import threading
import time

LOOK_PAUSE = 0.3
CONNECT_PATIENCE = 10


def relay(client, server):
    """Carries what comes on both ways, until the server ends it or one of them is gone."""
    client.settimeout(None)
    server.settimeout(None)
    open_ends = {client: server, server: client}
    try:
        while open_ends:
            for ready in select.select(list(open_ends), [], [], 60)[0]:
                data = ready.recv(1 << 18)
                if data:
                    open_ends[ready].sendall(data)
                elif ready is server:
                    return
                else:
                    open_ends.pop(client)
                    server.shutdown(socket.SHUT_WR)
    except OSError:
        return


class RoundRobin:
    """Listens on a free port. `targets`: objects with `host` and `port`, which may die, stop and come again."""

    def __init__(self, targets):
        self.targets = list(targets)
        self.healthy = set(range(len(self.targets)))
        self.turn = 0
        self.lock = threading.Lock()
        self.is_over = False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.host, self.port = self.listener.getsockname()
        self.url = f"http://{self.host}:{self.port}"
        for body in (self._accept, self._look):
            threading.Thread(target=body, daemon=True).start()

    def close(self):
        self.is_over = True
        self.listener.close()

    def _look(self):
        """A process that was stopped takes connections and says nothing: only asking tells."""
        while not self.is_over:
            for index, target in enumerate(self.targets):
                is_well = self._answers(target)
                with self.lock:
                    (self.healthy.add if is_well else self.healthy.discard)(index)
            time.sleep(LOOK_PAUSE)

    @staticmethod
    def _answers(target):
        try:
            with socket.create_connection((target.host, target.port), 1) as peer:
                peer.settimeout(1)
                peer.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return b" 200 " in peer.recv(100)
        except OSError:
            return False

    def _next(self):
        with self.lock:
            count = len(self.targets)
            order = [(self.turn + step) % count for step in range(1, count + 1)]
            self.turn = order[0]
            return sorted(order, key=lambda index: index not in self.healthy)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            server = self._connected()
            if server is not None:
                with server:
                    relay(client, server)

    def _connected(self):
        """To the next one that takes a connection; None if for a while nobody does."""
        ends = time.monotonic() + CONNECT_PATIENCE
        while time.monotonic() < ends:
            for index in self._next():
                target = self.targets[index]
                try:
                    return socket.create_connection((target.host, target.port), 2)
                except OSError:
                    continue
            time.sleep(0.1)
        return None
