"""Peers that a test scripts by itself: an HTTP server whose answers are a function, and what a relay needs."""

import contextlib
import email.message
import http.server
import queue
import socket
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass


@dataclass
class Asked:
    method: str
    path: str
    headers: email.message.Message  # as a mapping, whatever the case of names
    body: bytes


class Silence(Exception):
    """Raised by an answering function: the connection stays open, and nothing ever comes."""


class BreakOff(Exception):
    """... or ends without a word."""


class ScriptedHttp:
    """answer(asked) returns (status, headers, body). Requests are kept in `asked`. Loopback; close() ends it all."""

    def __init__(self, answer, port: int = 0):
        self.answer, self.asked, self.is_closed, self.connections = answer, [], threading.Event(), set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                outer.connections.add(self.connection)

            def finish(self):
                outer.connections.discard(self.connection)
                super().finish()

            def handle_any(self):
                outer._handle(self)
            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 256

            def handle_error(self, *_):
                pass  # a peer that has gone
        self.server = Listener(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def _handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        asked = Asked(handler.command, handler.path, handler.headers, body)
        self.asked.append(asked)
        try:
            status, headers, content = self.answer(asked)
        except Silence:
            self.is_closed.wait()
            handler.close_connection = True
            return
        except BreakOff:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def close(self):
        self.is_closed.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.connections):  # kept alive, they would go on answering
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


_HOP = {"connection", "transfer-encoding", "content-length", "expect", "keep-alive"}


def passed_on(asked: Asked, base_url: str, body: bytes | None = None, timeout: float = 60) -> tuple[int, dict, bytes]:
    """Asks another server the same, with the same headers, Host included."""
    headers = {name: value for name, value in asked.headers.items() if name.lower() not in _HOP}
    wanted = urllib.request.Request(base_url + asked.path, (asked.body if body is None else body) or None, headers,
                                    method=asked.method)
    try:
        with urllib.request.urlopen(wanted, timeout=timeout) as response:
            return response.status, _kept(response.headers), response.read()
    except urllib.error.HTTPError as error:
        return error.code, _kept(error.headers), error.read()
    except OSError:
        raise BreakOff from None


def _kept(headers) -> dict:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP | {"date", "server"}}


class Gate:
    """Lets answers pass as long as it is open; `held` has what waits."""

    def __init__(self):
        self.opened, self.held = threading.Event(), queue.Queue()

    def wait(self, what):
        self.held.put(what)
        self.opened.wait(120)
