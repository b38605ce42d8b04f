"""HTTP/1.1 with keep-alive: the least that SQS clients need, and answers that are wrong on purpose."""

import asyncio
import email.utils
import socket
import struct

MOST_HEAD_BYTES = 64 * 1024
MOST_BODY_BYTES = 16 * 1024 * 1024
_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Content Too Large",
            429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
            504: "Gateway Timeout"}


class Request:
    __slots__ = ("method", "target", "headers", "body")

    def __init__(self, method: str, target: str, headers: dict, body: bytes):
        self.method, self.target, self.headers, self.body = method, target, headers, body


class Connection(asyncio.Protocol):
    """Serves one request after the other; `handler(request, connection)` ends with respond() or abort(), or never."""

    def __init__(self, handler, clock):
        self._handler, self._clock = handler, clock
        self._buffer = bytearray()
        self._is_busy = False
        self._has_continued = False
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, _error):
        self._transport = None

    def data_received(self, data: bytes):
        self._buffer += data
        self._serve()

    def _serve(self):
        while not self._is_busy and self._transport is not None:
            request = self._next_request()
            if request is None:
                return
            self._is_busy = True
            self._handler(request, self)

    def _next_request(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MOST_HEAD_BYTES:
                self.abort()
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        try:
            method, target, _ = lines[0].split(" ")
            length = int(headers.get("content-length", "0"))
        except ValueError:
            self.abort()
            return None
        if not 0 <= length <= MOST_BODY_BYTES:
            self.abort()
            return None
        if len(self._buffer) < end + 4 + length:
            if headers.get("expect", "").lower() == "100-continue" and not self._has_continued:
                self._has_continued = True
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        body = bytes(self._buffer[end + 4:end + 4 + length])
        del self._buffer[:end + 4 + length]
        self._has_continued = False
        return Request(method, target, headers, body)

    def respond(self, status: int, headers: dict, body: bytes, content_length: int | None = None,
                sent_bytes: int | None = None):
        """content_length: a claim that may be wrong. sent_bytes: breaks the answer off after so many bytes of body."""
        if self._transport is None:
            return
        length = len(body) if content_length is None else content_length
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}", f"Content-Length: {length}"]
        if "Date" not in headers:
            lines.append(f"Date: {email.utils.formatdate(self._clock(), usegmt=True)}")
        lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self._transport.write(head + (body if sent_bytes is None else body[:sent_bytes]))
        if sent_bytes is not None or length != len(body) or headers.get("Connection") == "close":
            self._transport.close()
            return
        self._is_busy = False
        if self._buffer:
            asyncio.get_running_loop().call_soon(self._serve)

    def abort(self, with_reset: bool = False):
        """Ends the connection without an answer: with a FIN, or with a RST."""
        if self._transport is None:
            return
        if with_reset:
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        else:
            self._transport.close()
