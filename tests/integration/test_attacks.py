"""What the open net sends: each attack is refused and counted, on plain connections and with TLS, and a client that
means well is served all the while (docs/limits.md)."""

import http.client
import json
import re
import socket
import ssl
import threading
import urllib.request

import pytest

from ferrystack.fault_sqs import FaultSqsServer
from ferrystack.ferry import Ferry
from ferrystack.process import free_port, wait_until
from ferrystack.servers import http_status
from test_transport_security import Certificates
from world import assert_no_sanitizer_report

PATIENCE = 60
CROWD = 40
# No deadline comes before what a test looks for, however slow the machine, unless it is the deadline that is looked for.
LIMITS = {"max_body": "64KiB", "header_timeout": "60s", "transfer_timeout": "60s", "max_connections": 150}
NEXT = b"GET /livez HTTP/1.1\r\nHost: h\r\nX-Smuggled: 1\r\n\r\n"


class Target:
    """A running gateway, plain or with TLS, and raw connections to it. With limits of its own, it may cut off clients
    that mean well: those which a busy machine lets wait for longer. They come again."""

    def __init__(self, directory, temporal, secure: bool, **limits):
        directory.mkdir()
        self.may_cut_off = bool(limits)
        self.port, self.admin = free_port(), free_port()
        settings = {**LIMITS, **limits, "admin_listen": f"127.0.0.1:{self.admin}"}
        if "token_file" not in limits:
            settings["auth"] = "none"  # its Host is "h"
        self.context = None
        if secure:
            certificates = Certificates(directory / "certificates")
            settings.update(tls_certificate=certificates["gateway.pem"], tls_key=certificates["gateway.key"])
            self.context = ssl.create_default_context(cafile=certificates["ca.pem"])
        sqs = FaultSqsServer(directory)  # never started: this gateway knows no queue
        self.ferry = Ferry(directory, temporal, sqs, "http://127.0.0.1:1/1/unused", {"gateway": settings},
                           gateway_port=self.port, environment={"LOG_LEVEL": "info"})
        self.ferry.gateway.start()
        wait_until(lambda: http_status(f"http://127.0.0.1:{self.admin}/readyz") == 200, PATIENCE, "the gateway")

    def stop(self):
        code = self.ferry.gateway.stop(PATIENCE)
        assert_no_sanitizer_report(self.ferry.gateway)
        assert code == 0, self.ferry.gateway.tail()

    def plain(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def connect(self) -> socket.socket:
        connection = self.plain()
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_hostname="127.0.0.1")
        return connection

    def client(self):
        if self.context is not None:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=self.context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def refused(self, reason: str) -> int:
        """The admin port's, which is not under attack."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=PATIENCE) as answer:
            found = re.search(rf'^ferry_http_server_refused_total{{reason="{reason}"}} (\d+)$', answer.read().decode(),
                              re.M)
        return int(found[1])

    def talk(self, data: bytes) -> bytes:
        """Sends all that is taken and returns all that comes until the other side ends the connection."""
        connection = self.connect()
        try:
            connection.sendall(data)
        except OSError:
            pass  # it has heard enough
        answer = receive_to_end(connection)
        connection.close()
        return answer

    def request(self, method: str, path: str, body=None, headers=None):
        client = self.client()
        client.request(method, path, body, headers or {})
        answer = client.getresponse()
        result = answer.status, answer.read()
        client.close()
        return result


def receive_to_end(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except (ConnectionError, ssl.SSLError):
        pass  # reset, or cut off without TLS's goodbye: an end as well
    return received


class GoodClient:
    """Asks again and again over a connection of its own, while `with` runs; it must be answered, and each time."""

    def __init__(self, target: Target):
        self.target, self.served, self.failure = target, 0, None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        client = self.target.client()
        try:
            while not self.is_over.is_set():
                try:
                    client.request("GET", "/v1/workflows/nobody", headers={"Accept": "application/json"})
                    answer = client.getresponse()
                    body = json.loads(answer.read())
                except (OSError, http.client.HTTPException):
                    if not self.target.may_cut_off:
                        raise
                    client.close()  # and opens anew
                    continue
                assert answer.status == 404 and body["status"] == 404, body
                self.served += 1
        except Exception as failure:  # noqa: BLE001
            self.failure = failure
        client.close()

    def serve_one_more(self):
        before = self.served
        wait_until(lambda: self.served > before or self.failure, PATIENCE, "a good client to be served")
        assert self.failure is None, repr(self.failure)

    def __enter__(self):
        self.thread.start()
        self.serve_one_more()
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.serve_one_more()
        finally:
            self.is_over.set()
            self.thread.join(PATIENCE)


class Counted:
    """At least so many more are refused for this reason when `with` ends, and a good client is served meanwhile."""

    def __init__(self, target: Target, reason: str, count: int = 1):
        self.target, self.reason, self.count, self.good = target, reason, count, GoodClient(target)

    def __enter__(self):
        self.before = self.target.refused(self.reason)
        self.good.__enter__()
        return self.good

    def __exit__(self, kind, *rest):
        self.good.__exit__(kind, *rest)
        if kind is None:
            wait_until(lambda: self.target.refused(self.reason) >= self.before + self.count, PATIENCE,
                       f"{self.count} refusals for {self.reason}")


@pytest.fixture(scope="module", params=["plain", "tls"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def target(kind, temporal, tmp_path_factory):
    gateway = Target(tmp_path_factory.mktemp("attacked") / kind, temporal, kind == "tls")
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def short_of_heads(kind, temporal, tmp_path_factory):
    gateway = Target(tmp_path_factory.mktemp("short-of-heads") / kind, temporal, kind == "tls", header_timeout="1s")
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def short_of_bodies(kind, temporal, tmp_path_factory):
    gateway = Target(tmp_path_factory.mktemp("short-of-bodies") / kind, temporal, kind == "tls", transfer_timeout="1s")
    yield gateway
    gateway.stop()


def post(headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /v1/workflows HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" + headers + b"\r\n" + body


def get(path: bytes, headers: bytes = b"Host: h\r\n") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + headers + b"\r\n"


CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLING = {
    "length-and-chunked": post(b"Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n"),
    "chunked-and-length": post(CHUNKED + b"Content-Length: 4\r\n", b"0\r\n\r\n"),
    "two-lengths": post(b"Content-Length: 0\r\nContent-Length: 5\r\n", b"hello"),
    "two-equal-lengths": post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    "list-of-lengths": post(b"Content-Length: 5, 5\r\n", b"hello"),
    "negative-length": post(b"Content-Length: -1\r\n"),
    "signed-length": post(b"Content-Length: +5\r\n", b"hello"),
    "length-in-hex": post(b"Content-Length: 0x5\r\n", b"hello"),
    "endless-length": post(b"Content-Length: 99999999999999999999\r\n"),
    "chunked-twice": post(CHUNKED + CHUNKED, b"0\r\n\r\n"),
    "chunked-list": post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"),
    "identity-chunked": post(b"Transfer-Encoding: identity, chunked\r\n", b"0\r\n\r\n"),
    "vertical-tab-chunked": post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"),
    "quoted-chunked": post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n"),
    "blank-before-colon": post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
    "folded-encoding": post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"),
    "folded-name": post(b"Content-Leng: 5\r\n th\r\n", b"hello"),
    "bare-line-feed": get(b"/livez", b"Host: h\nX-A: 1\r\n"),
    "bare-line-feed-in-first-line": b"GET /livez HTTP/1.1\nHost: h\r\n\r\n",
    "bare-carriage-return": get(b"/livez", b"Host: h\r\nX-A: 1\rX-B: 2\r\n"),
    "zero-byte-in-value": get(b"/livez", b"Host: h\r\nX-A: a\0b\r\n"),
    "chunked-in-http-1.0": b"POST /v1/workflows HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no-host": get(b"/livez", b""),
    "two-hosts": get(b"/livez", b"Host: a\r\nHost: b\r\n"),
    "host-list": get(b"/livez", b"Host: a, b\r\n"),
    "name-with-blank": get(b"/livez", b"Host: h\r\nX A: 1\r\n"),
    "name-with-bracket": get(b"/livez", b"Host: h\r\nX[A]: 1\r\n"),
    "no-colon": get(b"/livez", b"Host: h\r\nnothing\r\n"),
    "control-character": get(b"/livez", b"Host: h\r\nX-A: \x01\r\n"),
    "line-begins-with-blank": get(b"/livez", b" Host: h\r\n"),
    "two-blanks": b"GET  /livez HTTP/1.1\r\nHost: h\r\n\r\n",
    "blank-in-target": get(b"/livez /readyz"),
    "chunk-without-size": post(CHUNKED, b"\r\nhello\r\n0\r\n\r\n"),
    "chunk-size-no-hex": post(CHUNKED, b"zz\r\nhello\r\n0\r\n\r\n"),
    "chunk-size-negative": post(CHUNKED, b"-5\r\nhello\r\n0\r\n\r\n"),
    "chunk-size-with-prefix": post(CHUNKED, b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk-size-with-blank": post(CHUNKED, b"5 \r\nhello\r\n0\r\n\r\n"),
    "chunk-size-beyond-64-bits": post(CHUNKED, b"fffffffffffffffff\r\nhello"),
    "chunk-longer-than-its-size": post(CHUNKED, b"2\r\nhello\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_answered(target, name):
    with Counted(target, "malformed"):
        answer = target.talk(SMUGGLING[name] + NEXT)
    assert re.match(rb"HTTP/1\.1 (400|413) ", answer), answer
    assert b" 200 " not in answer and b" 404 " not in answer, answer


@pytest.mark.parametrize("name, data", {
    "tab-before-chunked": post(b"Transfer-Encoding:\tchunked\r\n", b"0\r\n\r\n"),
    "chunk-extension": post(CHUNKED, b"2;a=b;c=\"d\"\r\n{}\r\n0\r\n\r\n"),
    "trailer": post(CHUNKED, b"2\r\n{}\r\n0\r\nContent-Length: 50\r\nHost: b\r\n\r\n"),
    "bare-line-feeds-between-chunks": post(CHUNKED, b"2\n{}\n0\n\n"),
}.items())
def test_nothing_behind_a_chunked_body_is_taken_for_a_request(target, name, data):
    with GoodClient(target):
        answer = target.talk(data + NEXT)
    assert len(re.findall(rb"HTTP/1\.1 \d\d\d ", answer)) == 1, answer
    assert b"Connection: close\r\n" in answer and b" 200 " not in answer, answer


@pytest.mark.parametrize("data", [
    b"GET\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /livez\r\n",
    b"GET /livez HTTP/2.0\r\nHost: h\r\n\r\n", b"GET /livez HTTP/1.1x\r\nHost: h\r\n\r\n",
    b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
], ids=["garbage", "binary", "http2", "http0.9", "version-2", "no-version", "endless-target"])
def test_what_is_no_http_1_request_is_refused(short_of_heads, data):
    target = short_of_heads
    before = {reason: target.refused(reason) for reason in ("no_request", "handshake", "malformed",
                                                          "header_timeout")}
    with GoodClient(target):
        answer = target.talk(data)
    assert answer == b"" or re.match(rb"HTTP/1\.1 (400|414|505) ", answer), answer
    wait_until(lambda: any(target.refused(reason) > count for reason, count in before.items()), PATIENCE,
               "the refusal to be counted")


@pytest.mark.parametrize("path, status", [
    ("/../metrics", 404), ("/v1/../metrics", 404), ("/..%2fmetrics", 404), ("/%2e%2e/metrics", 404), ("//metrics", 404),
    ("/metrics/", 404), ("/METRICS", 404), ("/metrics;a=b", 404), ("/metrics%00", 404), ("/v1/workflows/a%00b", 400),
    ("/v1/workflows/..%2f..%2fmetrics", 404), ("/v1/workflows/%c0%af", 400), ("/v1/workflows/%ff", 400),
    ("/v1/workflows/%ed%a0%80", 400), ("/v1/workflows/%zz", 400), ("/v1/workflows/%", 400), ("/v1/workflows/a?b=%00", 400),
    ("/v1/workflows/a?b=%c0%af", 400), ("/livez#a", 400), ("livez", 400), ("ftp://h/livez", 400),
    ("/v1/workflows/a?" + "&".join(f"a{i}=1" for i in range(33)), 400),
])
def test_tricks_with_paths_lead_nowhere(target, path, status):
    with GoodClient(target):
        connection = target.connect()
        connection.sendall(get(path.encode(), b"Host: h\r\nConnection: close\r\n"))
        answer = receive_to_end(connection)
        connection.close()
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"application/problem+json" in answer, answer
    assert b"ferry_" not in answer


def test_a_target_in_absolute_form_is_its_path(target):
    answer = target.talk(get(b"https://elsewhere.example/livez", b"Host: h\r\nConnection: close\r\n"))
    assert answer.startswith(b"HTTP/1.1 200 "), answer


OVERSIZE = {
    "headers": (get(b"/livez", b"Host: h\r\nX-A: " + b"a" * 4096 + b"\r\n"), 431, "head_size"),
    "much-longer-headers": (get(b"/livez", b"Host: h\r\nX-A: " + b"a" * 30000 + b"\r\n"), 431, "malformed"),
    "many-headers": (get(b"/livez", b"Host: h\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(2000))), 431, "malformed"),
    "many-empty-parameters": (get(b"/livez?" + b"a&" * 1500, b"Host: h\r\nConnection: close\r\n"), 400, "malformed"),
    "body-behind-expect": (post(b"Expect: 100-continue\r\nContent-Length: 65537\r\n"), 413, "body_size"),
    "trailers": (post(CHUNKED, b"0\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(2000))), 431, "malformed"),
}


@pytest.mark.parametrize("name", OVERSIZE)
def test_what_is_too_large_is_refused(target, name):
    data, status, reason = OVERSIZE[name]
    with Counted(target, reason):
        answer = target.talk(data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer


@pytest.mark.parametrize("data", [post(b"Content-Length: 65537\r\n"), post(b"Content-Length: 9999999999999\r\n"),
                                  post(CHUNKED, b"10001\r\n" + b"a" * 0x10001)],
                         ids=["length", "terabytes", "chunk"])
def test_a_body_that_is_too_large_is_refused_before_it_ends(short_of_bodies, data):
    with Counted(short_of_bodies, "body_size"):
        answer = short_of_bodies.talk(data)
    assert answer.startswith(b"HTTP/1.1 413 "), answer


@pytest.mark.parametrize("piece", [b"x" * 65536, b"x"], ids=["flood", "trickle"])
@pytest.mark.parametrize("data", [post(b"Content-Length: 9999999999999\r\n"), post(b"Content-Length: five\r\n")],
                         ids=["ours", "of-libmicrohttpd"])
def test_who_sends_on_behind_an_early_answer_is_not_listened_to_for_ever(short_of_bodies, data, piece):
    with GoodClient(short_of_bodies), short_of_bodies.connect() as connection:
        connection.sendall(data)
        wait_until(lambda: not is_taken(connection, piece), PATIENCE, "the end of a sender without an end", 0)


def is_taken(connection: socket.socket, piece: bytes) -> bool:
    try:
        connection.sendall(piece)
        return True
    except OSError:
        return False


def test_a_chunk_extension_without_an_end_is_refused(short_of_bodies):
    """By libmicrohttpd in one way, by the deadline in the other (docs/limits.md)."""
    with Counted(short_of_bodies, "transfer_timeout" if short_of_bodies.context is None else "malformed"):
        answer = short_of_bodies.talk(post(CHUNKED, b"1;" + b"a" * 30000))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 500 "), answer


@pytest.mark.parametrize("name, body", {
    "deep-arrays": "[" * 60000,
    "deep-arrays-closed": "[" * 30000 + "]" * 30000,
    "deep-objects": '{"a":' * 10000 + "1" + "}" * 10000,
    "deep-input": '{"workflowType": "w", "taskQueue": "q", "input": ' + "[" * 20000 + "]" * 20000 + "}",
    "endless-text": '{"workflowType": "' + "a" * 60000,
    "lone-surrogate": '{"workflowType": "\\ud800"}',
    "zero-byte": '{"workflowType": "\\u0000"}',
    "many-names": "{" + ",".join(f'"a{i}":0' for i in range(5000)) + "}",
    "same-name": '{"workflowType": "w", "workflowType": "x"}',
    "long-number": '{"workflowType": ' + "9" * 60000 + "}",
    "not-utf-8": b'{"workflowType": "\xff\xfe"}',
}.items())
def test_json_that_is_a_bomb_or_none_is_refused(target, name, body):
    data = body if isinstance(body, bytes) else body.encode()
    with GoodClient(target):
        status, answer = target.request("POST", "/v1/workflows", data, {"Content-Type": "application/json"})
        assert status == 400, (status, answer[:500])
        status, answer = target.request("POST", "/v1/routes/hello-world/events", b"[" + data,
                                        {"Content-Type": "application/cloudevents-batch+json"})
        assert status == 400, (status, answer[:500])


BEGINNINGS = {
    "nothing": b"",
    "half-a-method": b"GE",
    "first-line": b"GET /livez HTTP/1.1\r\n",
    "half-a-header": b"GET /livez HTTP/1.1\r\nHost: h\r\nX-A: ",
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_a_head_that_never_ends_is_given_up_however_its_bytes_trickle(short_of_heads, name):
    with Counted(short_of_heads, "header_timeout", CROWD):
        crowd = [connection for connection in (begin(short_of_heads, BEGINNINGS[name]) for _ in range(CROWD))
                 if connection is not None]
        for connection in crowd:
            connection.settimeout(0.05)
        wait_until(lambda: not [c for c in crowd if BEGINNINGS[name] and is_open(c, b"a")] or not BEGINNINGS[name],
                   PATIENCE, "slow clients to be cut off")
        for connection in crowd:
            connection.settimeout(PATIENCE)
            assert receive_to_end(connection) == b""
            connection.close()


def begin(target, data: bytes) -> socket.socket | None:
    """None: cut off already, maybe in the handshake, which belongs to the head's time."""
    try:
        connection = target.connect()
        connection.sendall(data)
        return connection
    except (ConnectionError, ssl.SSLError):
        return None


def is_open(connection: socket.socket, more: bytes) -> bool:
    try:
        connection.sendall(more)
        return connection.recv(1000) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


@pytest.mark.parametrize("data", [post(b"Content-Length: 60000\r\n", b"["), post(CHUNKED, b"ff\r\n["), post(CHUNKED)],
                         ids=["length", "chunk", "no-chunk"])
def test_a_body_that_never_ends_is_given_up(short_of_bodies, data):
    with Counted(short_of_bodies, "transfer_timeout", CROWD):
        crowd = [short_of_bodies.connect() for _ in range(CROWD)]
        for connection in crowd:
            connection.sendall(data)
        for connection in crowd:
            receive_to_end(connection)
            connection.close()


def test_readers_who_do_not_read_are_given_up_on(short_of_bodies):
    """Answers of /metrics, some of 20 KB, one behind the other, until nothing more fits into the socket."""
    target = short_of_bodies
    with Counted(target, "transfer_timeout"):
        connection = target.connect()
        request = get(b"/metrics")
        connection.settimeout(0.2)
        ended = threading.Event()

        def pour():
            while not ended.is_set():
                try:
                    connection.sendall(request * 100)
                except TimeoutError:
                    if target.context is not None:
                        return  # a TLS connection is not to be used any more
                except OSError:
                    return
        before = target.refused("transfer_timeout")
        thread = threading.Thread(target=pour)
        thread.start()
        wait_until(lambda: target.refused("transfer_timeout") > before, PATIENCE, "the reader to be cut off")
        ended.set()
        thread.join(PATIENCE)
        connection.close()


def test_expectations_are_met_or_not_but_never_block(target):
    answer = target.talk(get(b"/livez", b"Host: h\r\nExpect: the-unexpected\r\nConnection: close\r\n"))
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 417 ")), answer


def test_options_tells_methods_and_nothing_else(target):
    status, body = target.request("OPTIONS", "/livez")
    assert (status, body) == (204, b"")


@pytest.mark.parametrize("limits, reason", [
    ({"max_connections": 12}, "connections"), ({"max_connections_per_address": 12}, "connections_per_address"),
], ids=["in-all", "of-one-address"])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_more_connections_than_allowed_are_refused(temporal, tmp_path, secure, limits, reason):
    target = Target(tmp_path / "gateway", temporal, secure, **limits)
    with Counted(target, reason, CROWD - 12):
        crowd = [target.plain() for _ in range(CROWD)]
        wait_until(lambda: target.refused(reason) >= CROWD - 12, PATIENCE, "the crowd to be refused")
        for connection in crowd:
            connection.close()
        wait_until(lambda: can_be_served(target), PATIENCE, "room again")
    logged = [event for event in target.ferry.gateway.events() if event.get("reason") == reason]
    assert 0 < len(logged) < CROWD - 12, "at most once in 10 s"
    target.stop()


def test_idle_connections_make_room_for_those_who_ask(temporal, tmp_path):
    target = Target(tmp_path / "gateway", temporal, False, max_connections=12)
    crowd = []
    with Counted(target, "idle_under_pressure"):
        while target.refused("connections") == 0:
            connection = target.plain()
            connection.sendall(get(b"/livez"))
            crowd.append(connection)
        wait_until(lambda: can_be_served(target), PATIENCE, "idle connections to make room")
    for connection in crowd:
        connection.close()
    target.stop()


def can_be_served(target) -> bool:
    try:
        return target.request("GET", "/livez")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


@pytest.mark.parametrize("data", [b"", b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
                                  b"\x16\x03\x01\xff\xff" + b"a" * 70000],
                         ids=["silence", "plain-http", "half-a-hello", "endless-hello"])
def test_what_is_no_handshake_is_refused(temporal, tmp_path, data):
    target = Target(tmp_path / "gateway", temporal, True, header_timeout="1s")
    before = target.refused("handshake") + target.refused("header_timeout")
    with GoodClient(target):
        crowd = [target.plain() for _ in range(CROWD)]
        for connection in crowd:
            try:
                connection.sendall(data)
            except OSError:
                pass
        for connection in crowd:
            assert not receive_to_end(connection).startswith(b"HTTP/")
            connection.close()
        wait_until(lambda: target.refused("handshake") + target.refused("header_timeout") >= before + CROWD, PATIENCE,
                   "the refusals to be counted")
    target.stop()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_tls_below_1_2_is_refused(temporal, tmp_path, version):
    target = Target(tmp_path / "gateway", temporal, True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with Counted(target, "handshake"):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(target.plain())
    target.stop()
