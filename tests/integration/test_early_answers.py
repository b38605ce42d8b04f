"""Answers that are given before a request's body has come: whoever sends all of it first and reads then, reads them
whole (RFC 9112, section 9.6), on plain connections and with TLS, whether they are ours or libmicrohttpd's."""

import re
import socket
import ssl
import threading

import pytest

from test_attacks import CHUNKED, PATIENCE, Target, get, post

BODY = 6 << 20  # far more than both sides' sockets hold
TOKEN = "a-token-of-sixteen-bytes-or-more"
ASKING = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"


def lengths(size: int) -> bytes:
    return b"Content-Length: %d\r\n" % size


def chunks(size: int) -> bytes:
    piece = 1 << 16
    return (b"%x\r\n" % piece + b"x" * piece + b"\r\n") * (size // piece) + b"0\r\n\r\n"


def no_route(headers: bytes, body: bytes) -> bytes:
    return b"POST /nowhere HTTP/1.1\r\nHost: h\r\n" + ASKING + headers + b"\r\n" + body


PLAIN = b"x" * BODY
LONG = b"x" * (2 * BODY)
OURS = {
    "too-large": (post(ASKING + lengths(BODY), PLAIN), 413, "body-too-large"),
    "much-too-large": (post(ASKING + lengths(2 * BODY), LONG), 413, "body-too-large"),
    "too-large-in-chunks": (post(ASKING + CHUNKED, chunks(BODY)), 413, "body-too-large"),
    "stranger": (post(lengths(BODY), PLAIN), 401, "unauthenticated"),
    "stranger-at-length": (post(lengths(2 * BODY), LONG), 401, "unauthenticated"),
    "stranger-in-chunks": (post(CHUNKED, chunks(2 * BODY)), 401, "unauthenticated"),
    "nowhere": (no_route(lengths(2 * BODY), LONG), 404, "unknown-route"),
    "nowhere-in-chunks": (no_route(CHUNKED, chunks(2 * BODY)), 404, "unknown-route"),
    "two-lengths": (post(ASKING + lengths(BODY) * 2, PLAIN), 400, "malformed-request"),
    "long-head": (post(ASKING + b"X-A: " + b"a" * 4096 + b"\r\n" + lengths(BODY), PLAIN), 431, "head-too-large"),
}
LIBMICROHTTPDS = {
    "longer-head": (post(ASKING + b"X-A: " + b"a" * 30000 + b"\r\n" + lengths(BODY), PLAIN), 431),
    "long-target": (get(b"/" + b"a" * 30000, b"Host: h\r\n" + lengths(BODY)) + PLAIN, 414),
    "no-number": (post(ASKING + b"Content-Length: five\r\n", PLAIN), 400),
    "no-colon": (post(ASKING + b"nothing\r\n" + lengths(BODY), PLAIN), 400),
    "no-chunk": (post(ASKING + CHUNKED, b"zz\r\n" + PLAIN), 400),
    "another-version": (b"POST /v1/workflows HTTP/3.0\r\nHost: h\r\n" + lengths(BODY) + b"\r\n" + PLAIN, 505),
}


@pytest.fixture(scope="module", params=["plain", "tls"])
def target(request, temporal, tmp_path_factory):
    directory = tmp_path_factory.mktemp("early")
    (directory / "token").write_text(TOKEN)
    gateway = Target(directory / "gateway", temporal, request.param == "tls", token_file=str(directory / "token"))
    yield gateway
    gateway.stop()


def answer_to(target, data: bytes) -> bytes:
    """Sends all of it, and reads to the end then: nothing of this may fail."""
    with target.connect() as connection:
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize("name", OURS)
def test_who_sends_first_and_reads_then_reads_the_problem(target, name):
    data, status, problem = OURS[name]
    answer = answer_to(target, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:300]
    assert b"application/problem+json" in answer and b'"/problems/%s"' % problem.encode() in answer, answer[:600]
    assert b"Connection: close\r\n" in answer and answer.count(b"HTTP/1.1 ") == 1, answer[:600]


@pytest.mark.parametrize("name", LIBMICROHTTPDS)
def test_who_sends_first_and_reads_then_reads_what_libmicrohttpd_says(target, name):
    """As docs/limits.md has it: in HTML, and of one the head comes twice."""
    data, status = LIBMICROHTTPDS[name]
    answer = answer_to(target, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:300]
    assert b"Connection: close\r\n" in answer and b"Content-Type:" not in answer, answer
    assert b"\r\n\r\n<html>" in answer and answer.endswith(b"</html>"), answer
    assert answer.count(b"HTTP/1.1 ") == (2 if name == "no-number" else 1), answer
