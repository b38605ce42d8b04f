"""A TCP proxy on loopback whose connections can be cut: a network that goes away and comes back."""

import selectors
import socket
import threading


class CuttableProxy:
    def __init__(self, target_port: int):
        self.target_port = target_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._lock = threading.Lock()
        self._connections = set()
        self._is_cut = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self):
        """Breaks every connection off; new ones are broken off at once until heal()."""
        with self._lock:
            self._is_cut = True
            connections, self._connections = self._connections, set()
        for connection in connections:
            _close(connection)

    def heal(self):
        with self._lock:
            self._is_cut = False

    def close(self):
        self.cut()
        _close(self.listener)
        self._thread.join(5)

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket):
        try:
            far = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
            far.settimeout(None)
        except OSError:
            _close(near)
            return
        with self._lock:
            if self._is_cut:
                _close(near)
                _close(far)
                return
            self._connections |= {near, far}
        try:
            _pump(near, far)
        finally:
            with self._lock:
                self._connections -= {near, far}
            _close(near)
            _close(far)


def _pump(near: socket.socket, far: socket.socket):
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    key.data.sendall(data)
        except (OSError, ValueError):
            return


def _close(connection: socket.socket):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
