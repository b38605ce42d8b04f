"""Readers of a history's stream over plain connections and over TLS: one that rests, one that stops reading, and one
that is gone."""

import contextlib
import json
import socket
import ssl
import struct
import urllib.parse

import pytest

from ferrystack.process import wait_until
from ferrystack.servers import http_status
from gateway_world import gateway_for
from history_stream import EVENT_STREAM, Stream
from test_gateway_history_stream import LAST, metric, page_of, streams, taken_back, url_of
from test_transport_security import Certificates, secure
from workflow_world import opened_api
from world import World

POLL = "GetWorkflowExecutionHistory"
PAGE_EVENTS = 20
LARGE = json.dumps("x" * 600_000)


def gateways(directory, secured: bool):
    """What starts a gateway in a world, with settings of its own, and how to speak to it."""
    if not secured:
        return lambda world, **settings: gateway_for(world, settings={"gateway": settings}), None
    certificates = Certificates(directory / "certificates")

    def start(world, **settings):
        files = {"tls_certificate": certificates["gateway.pem"], "tls_key": certificates["gateway.key"]}
        ferry = secure(world, "http://127.0.0.1:1/1/unused", {**files, **settings})
        ferry.gateway.start()
        wait_until(lambda: http_status(f"{ferry.gateway_admin}/readyz") == 200, 30, "the gateway to be ready")
        return ferry

    return start, ssl.create_default_context(cafile=certificates["ca.pem"])


@pytest.fixture(scope="module", params=["plain", "tls"])
def kind(request, tmp_path_factory):
    return gateways(tmp_path_factory.mktemp("kind"), request.param == "tls")


@pytest.fixture(scope="module")
def api(kind, temporal, sqs, tmp_path_factory, request):
    start, context = kind
    yield from opened_api(World(temporal, sqs, tmp_path_factory.mktemp("readers")), request, start, context)


@pytest.fixture
def impatient(kind, temporal, sqs, tmp_path, request):
    """A gateway that gives up readers soon."""
    start, context = kind
    world = World(temporal, sqs, tmp_path)
    yield from opened_api(world, request, lambda world: start(world, transfer_timeout="1s"), context)


def stream_of(api, workflow_id: str, query: str = "") -> Stream:
    return Stream(url_of(api, workflow_id, query), context=api.context)


def read_to(events, name: str):
    for event in events:
        if event.name == name:
            return event
    raise AssertionError(f"the stream ended before {name}")


def large_history(api, count: int) -> str:
    """Of a run that has ended: so many events, of which a page is more than sockets hold."""
    workflow_id = api.started("box", taskQueue=api.new_id("nobody"))
    for _ in range(count):
        assert api.post(api.path(workflow_id, "/signals/add"), LARGE).status == 202
    assert api.post(api.path(workflow_id, "/terminate")).status == 200
    return workflow_id


@contextlib.contextmanager
def reader_that_stops(api, workflow_id: str):
    """Has read the first bytes of a stream, and reads no more: its socket takes little."""
    host = urllib.parse.urlsplit(api.url)
    with socket.socket() as peer:
        peer.settimeout(60)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        peer.connect((host.hostname, host.port))
        if api.context is not None:
            peer = api.context.wrap_socket(peer, server_hostname=host.hostname)
        peer.sendall(f"GET {host.path}{api.path(workflow_id, '/history')} HTTP/1.1\r\nHost: {host.netloc}\r\n"
                     f"Accept: {EVENT_STREAM}\r\n\r\n".encode())
        assert peer.recv(20).startswith(b"HTTP/1.1 200")
        yield peer
        peer.close()


def pages_asked(api) -> float:
    return metric(api, f'temporal_request_total{{operation="{POLL}"}}')


def test_events_come_as_they_happen(api):
    workflow_id = api.started("box")
    with stream_of(api, workflow_id) as stream:
        assert stream.status == 200 and stream.headers["Content-Type"] == EVENT_STREAM
        events = iter(stream)
        seen = [read_to(events, "EVENT_TYPE_WORKFLOW_TASK_COMPLETED")]  # the run waits
        api.post(api.path(workflow_id, "/signals/add"), "1")
        seen.append(read_to(events, "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"))
        api.post(api.path(workflow_id, "/signals/close"))
        seen.append(read_to(events, LAST))
        assert next(events).name == "end" and next(events, None) is None
    told = page_of(api, workflow_id)
    assert all(event.json in told for event in seen)


def test_a_stream_that_rests_beats_and_goes_on(api):
    """15 s behind its beginning (HEARTBEAT_MS)."""
    workflow_id = api.started("box")
    with stream_of(api, workflow_id) as stream:
        events = iter(stream)
        read_to(events, "EVENT_TYPE_WORKFLOW_TASK_COMPLETED")
        assert [stream.response.readline(), stream.response.readline()] == [b":\n", b"\n"]
        api.post(api.path(workflow_id, "/signals/close"))
        assert read_to(events, "end").json["status"] == "Completed"


def test_a_reader_that_stops_is_not_read_ahead_of(api):
    """Of three pages it is given the first, however long it rests: here as long as another one takes for all three."""
    workflow_id = large_history(api, 3 * PAGE_EVENTS)

    def pages_of_a_whole_reading() -> float:
        before = pages_asked(api)
        with stream_of(api, workflow_id) as stream:
            assert read_to(stream, "end").json["status"] == "Terminated"
        return pages_asked(api) - before

    alone = pages_of_a_whole_reading()
    assert alone >= 3
    before = pages_asked(api)
    with reader_that_stops(api, workflow_id):
        assert streams(api) == 1
        pages_of_a_whole_reading()
        assert pages_asked(api) - before == alone + 1
    wait_until(lambda: streams(api) == 0, 30, "the stream's end")


def test_a_reader_that_stops_is_cut_off(impatient):
    workflow_id = large_history(impatient, PAGE_EVENTS)
    with reader_that_stops(impatient, workflow_id):
        wait_until(lambda: metric(impatient, 'ferry_http_server_refused_total{reason="transfer_timeout"}') == 1, 60,
                   "the reader to be cut off")
        wait_until(lambda: streams(impatient) == 0, 30, "the stream's end")


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
def test_a_reader_that_is_gone_takes_its_long_poll_along(api, is_reset):
    workflow_id = api.started("box")
    before = taken_back(api, POLL)
    with stream_of(api, workflow_id) as stream:
        read_to(stream, "EVENT_TYPE_WORKFLOW_TASK_COMPLETED")
        assert streams(api) == 1
        if is_reset:
            stream.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: streams(api) == 0, 10, "the stream's end")
    wait_until(lambda: taken_back(api, POLL) == before + 1, 10, "the call's end")
