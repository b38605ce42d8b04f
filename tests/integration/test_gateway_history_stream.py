"""Histories as server-sent events, and what a client that hangs up leaves behind."""

import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import urllib.parse

import pytest

from ferrystack.process import wait_until
from gateway_world import Workers, gateway_for
from history_stream import EVENT_STREAM, EventSource, Stream
from http_request import request
from workflow_world import WORKFLOWS, WorkflowApi, api, assert_problem  # noqa: F401

LAST = "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"


def url_of(api, workflow_id: str, query: str = "") -> str:
    return f"{api.url}{api.path(workflow_id, '/history')}{query}"


def refused(api, workflow_id: str, query: str = "", **headers):
    return api.get(api.path(workflow_id, f"/history{query}"), headers={"Accept": EVENT_STREAM, **headers})


def page_of(api, workflow_id: str, query: str = "") -> list:
    return api.get(api.path(workflow_id, f"/history{query or '?'}&pageSize=1000")).json["events"]


def metric(api, series: str) -> float:
    text = request("GET", f"{api.ferry.gateway_url}/metrics", context=api.context).body.decode()
    found = re.search(r"^" + re.escape(series) + r" (\S+)$", text, re.M)
    return float(found.group(1)) if found else 0


def taken_back(api, operation: str) -> float:
    """Calls of that operation that the gateway has canceled."""
    return metric(api, f'temporal_request_failure_total{{operation="{operation}",status_code="CANCELLED"}}')


def streams(api) -> float:
    return metric(api, "ferry_gateway_history_streams")


# --- what it says ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("query", ["?payloads=readable", "?payloads=encoded"])
def test_a_closed_run_is_told_event_by_event(api, query):
    answer = api.start("echo", query="?wait=30s", input={"a": [1, "\r\n"]}, memo={"m": 1})
    workflow_id, run_id = answer.json["workflowId"], answer.json["runId"]
    with Stream(url_of(api, workflow_id, query)) as stream:
        assert stream.status == 200 and stream.headers["Content-Type"] == EVENT_STREAM
        assert stream.headers["Cache-Control"] == "no-store" and stream.headers["X-Accel-Buffering"] == "no"
        *events, end = stream
    expected = page_of(api, workflow_id, query)
    assert [event.json for event in events] == expected
    assert [event.name for event in events] == [event["eventType"] for event in expected]
    assert [event.id for event in events] == [f"{run_id}/{event['eventId']}" for event in expected]
    assert end.name == "end" and end.id == events[-1].id
    assert end.json == {"workflowId": workflow_id, "runId": run_id, "status": "Completed"}


def test_line_breaks_in_a_payload_do_not_end_an_event(api):
    text = '{\n  "a": 1,\r\n\r\n  "b": 2\r}'
    body = f'{{"workflowType": "echo", "taskQueue": "{api.task_queue}", "input": {text}}}'
    workflow_id = api.post("?wait=30s", body).json["workflowId"]
    with Stream(url_of(api, workflow_id)) as stream:
        first = next(iter(stream))
    assert first.json == page_of(api, workflow_id)[0]
    assert '[{\n  "a": 1,\n\n  "b": 2\n}]' in first.data


def test_curl_shows_events_as_they_happen(api):
    workflow_id = api.started("box")
    curl = subprocess.Popen(["curl", "-sSN", "--fail", "-H", f"Accept: {EVENT_STREAM}", url_of(api, workflow_id)],
                            stdout=subprocess.PIPE, text=True)
    names = []
    for line in curl.stdout:
        if line.startswith("event: "):
            names.append(line.removeprefix("event: ").strip())
        if names.count("EVENT_TYPE_WORKFLOW_TASK_COMPLETED") == 1 and "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED" not in names:
            break  # the run waits: nothing has closed the stream
    api.post(api.path(workflow_id, "/signals/add"), "1")
    for line in curl.stdout:
        if line.startswith("event: EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"):
            break
    api.post(api.path(workflow_id, "/signals/close"))
    rest = curl.stdout.read()
    assert LAST in rest and "\nevent: end\n" in rest and '"status":"Completed"' in rest
    assert curl.wait(30) == 0


def test_a_stream_follows_the_named_run_alone(api):
    answer = api.start("renewed", query="?wait=30s")
    workflow_id, seen = answer.json["workflowId"], []
    run_id = answer.json["runId"]
    while run_id is not None:
        with Stream(url_of(api, workflow_id, f"?runId={run_id}")) as stream:
            *events, end = stream
        assert all(event.id.startswith(run_id + "/") for event in events)
        seen.append(end.json["status"])
        run_id = end.json.get("nextRunId")
    assert seen == ["ContinuedAsNew", "ContinuedAsNew", "Completed"]


def test_how_a_failed_run_ended(api):
    workflow_id = api.start("fail", query="?wait=30s").json["workflowId"]
    with Stream(url_of(api, workflow_id)) as stream:
        assert list(stream)[-1].json["status"] == "Failed"


def test_pages_of_a_long_history_follow_each_other(api):
    workflow_id = api.started("box")
    for i in range(70):
        api.post(api.path(workflow_id, "/signals/add"), str(i))
    api.post(api.path(workflow_id, "/signals/close"))
    with Stream(url_of(api, workflow_id)) as stream:
        events = list(stream)[:-1]
    assert [event.json for event in events] == page_of(api, workflow_id)


# --- resuming --------------------------------------------------------------------------------------------------------

def test_a_reader_goes_on_behind_what_it_has(api):
    workflow_id = api.start("echo", query="?wait=30s", input=1).json["workflowId"]
    with Stream(url_of(api, workflow_id)) as stream:
        events = list(stream)
    for last in (events[2].id, "3"):
        with Stream(url_of(api, workflow_id), last) as stream:
            assert list(stream)[:-1] == events[3:-1]
    with Stream(url_of(api, workflow_id), events[-1].id) as stream:
        assert stream.status == 204 and stream.response.read() == b""


def test_the_position_names_its_run(api):
    answer = api.start("renewed", query="?wait=30s")
    workflow_id, run_id = answer.json["workflowId"], answer.json["runId"]
    with Stream(url_of(api, workflow_id), f"{run_id}/2") as stream:  # the latest run is another one by now
        assert next(iter(stream)).id == f"{run_id}/3"
    assert_problem(refused(api, workflow_id, f"?runId={run_id}", **{"Last-Event-ID": "1f/2"}), 400, "invalid-request",
                   "Last-Event-ID")


@pytest.mark.parametrize("last", ["seven", "-1", "1/", "/1", "1/x", "99999999999999999999", "1000"])
def test_a_position_that_is_none_is_400(api, last):
    assert_problem(refused(api, api.started("box"), **{"Last-Event-ID": last}), 400, "invalid-request", "Last-Event-ID")


@pytest.mark.parametrize("query", ["pageSize=1", "pageToken=AAAA", "reverse=true", "wait=1s", "payloads=raw"])
def test_what_a_stream_does_not_know_is_400(api, query):
    assert_problem(refused(api, api.started("box"), f"?{query}"), 400, "invalid-request", query.partition("=")[0])


def test_a_stream_of_nobody_is_404(api):
    assert_problem(refused(api, api.new_id()), 404, "workflow-not-found")
    assert streams(api) == 0


@pytest.mark.parametrize("accept, is_stream", [("*/*", False), ("text/*", None), ("application/json", False),
                                               ("application/json, text/event-stream", True),
                                               ("application/json, text/event-stream;q=0", False)])
def test_who_names_the_type_gets_the_stream(api, accept, is_stream):
    workflow_id = api.start("echo", query="?wait=30s", input=1).json["workflowId"]
    answer = api.get(api.path(workflow_id, "/history"), headers={"Accept": accept})
    if is_stream is None:
        assert_problem(answer, 406, "not-acceptable")
    else:
        assert answer.status == 200
        assert (answer.headers["Content-Type"] == EVENT_STREAM) == is_stream, answer


def test_head_tells_the_type_and_holds_nothing(api):
    workflow_id = api.started("box")
    with Stream(url_of(api, workflow_id), method="HEAD") as stream:
        assert stream.status == 200 and stream.headers["Content-Type"] == EVENT_STREAM
        wait_until(lambda: streams(api) == 0, 10, "the stream's end")


# --- hanging up ------------------------------------------------------------------------------------------------------

def test_hanging_up_takes_the_long_poll_back(api):
    workflow_id = api.started("box")
    before = taken_back(api, "GetWorkflowExecutionHistory")
    with Stream(url_of(api, workflow_id)) as stream:
        for event in stream:
            if event.name == "EVENT_TYPE_WORKFLOW_TASK_COMPLETED":
                break
        assert streams(api) == 1
    wait_until(lambda: streams(api) == 0, 10, "the stream's end")
    wait_until(lambda: taken_back(api, "GetWorkflowExecutionHistory") == before + 1, 10, "the call's end")


def hang_up(api, method: str, path: str, body: str | None, when):
    """Sends a request and closes the connection when when() returns."""
    host = urllib.parse.urlsplit(api.url)
    connection = http.client.HTTPConnection(host.hostname, host.port)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path if path.startswith("/v1/") else f"{host.path}{path}", body, headers)
    when()
    connection.close()


WAITS = [("GET", "/result?wait=60s", None, "GetWorkflowExecutionHistory"),
         ("GET", "/history?wait=60s&pageToken={token}", None, "GetWorkflowExecutionHistory"),
         ("POST", "/updates/put_later?wait=60s", '"x"', "PollWorkflowExecutionUpdate")]


@pytest.mark.parametrize("method, path, body, operation", WAITS)
def test_a_wait_ends_with_its_client(api, method, path, body, operation):
    workflow_id = api.started("box")
    page = wait_until(lambda: (answer := api.get(api.path(workflow_id, "/history?wait=1s")).json)
                      and len(answer["events"]) >= 4 and answer, 20, "the first workflow task")
    before = taken_back(api, operation)

    def is_under_way():
        if "/updates/" in path:
            wait_until(lambda: any(event["eventType"].endswith("UPDATE_ACCEPTED") for event in page_of(api, workflow_id)),
                       20, "the update's acceptance")
        else:  # any later request is handled after this one, on the same thread
            api.get(api.path(workflow_id))

    hang_up(api, method, api.path(workflow_id, path.format(token=page["nextPageToken"])), body, is_under_way)
    wait_until(lambda: taken_back(api, operation) == before + 1, 20, "the call to be taken back")


@pytest.mark.parametrize("path, body, operation", [
    ("/queries/items?wait=60s", None, "QueryWorkflow"),
    ("/updates/put?wait=60s", "1", "UpdateWorkflowExecution"),
])
def test_what_no_worker_answers_ends_with_its_client(api, path, body, operation):
    workflow_id = api.started("box", taskQueue=api.new_id("nobody"))
    before = taken_back(api, operation)
    hang_up(api, "POST", api.path(workflow_id, path), body, lambda: api.get(api.path(workflow_id)))
    wait_until(lambda: taken_back(api, operation) == before + 1, 20, "the call to be taken back")


@pytest.mark.parametrize("path", ["?wait=60s", "/signal-with-start/add?wait=60s", "/update-with-start/put?wait=60s"])
def test_a_start_that_waits_ends_with_its_client_and_its_run_stays(api, path):
    workflow_id = api.new_id()
    operation = "ExecuteMultiOperation" if "update" in path else "GetWorkflowExecutionHistory"
    before = taken_back(api, operation)
    body = json.dumps({"workflowType": "box", "taskQueue": api.new_id("nobody")})

    def is_there():
        wait_until(lambda: api.get(api.path(workflow_id)).status == 200, 20, "the run")

    hang_up(api, "POST", api.path(workflow_id, path), body, is_there)
    wait_until(lambda: taken_back(api, operation) == before + 1, 20, "the call to be taken back")
    assert api.get(api.path(workflow_id)).json["status"] == "Running"


# --- limits ----------------------------------------------------------------------------------------------------------

def test_a_slow_reader_is_waited_for_and_nothing_is_piled_up(api):
    workflow_id = api.started("box")
    text = json.dumps("x" * 1_000_000)
    for _ in range(35):
        assert api.post(api.path(workflow_id, "/signals/add_all"), text).status == 202

    def pages() -> float:
        return metric(api, 'temporal_request_total{operation="GetWorkflowExecutionHistory"}')

    host = urllib.parse.urlsplit(api.url)
    with socket.create_connection((host.hostname, host.port)) as peer:
        peer.settimeout(30)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        peer.sendall(f"GET {host.path}{api.path(workflow_id, '/history')} HTTP/1.1\r\nHost: {host.netloc}\r\n"
                     f"Accept: {EVENT_STREAM}\r\nConnection: close\r\n\r\n".encode())
        assert peer.recv(100).startswith(b"HTTP/1.1 200")
        before, received, events = pages(), 0, 0
        while received < 34_000_000:
            piece = peer.recv(1 << 20)
            assert piece, received
            received, events = received + len(piece), events + piece.count(b"\nevent: ")
            assert pages() - before <= 2 + events // 20  # a page has 20 events; one is asked for when it is written
    assert api.post(api.path(workflow_id, "/terminate")).status == 200  # its result would be too large
    with Stream(url_of(api, workflow_id)) as stream:
        events = list(stream)
    assert sum("SIGNALED" in event.name for event in events) == 35 and events[-1].name == "end"


@pytest.fixture
def own(world):
    """A gateway of the test's own."""
    def start(routes: dict | None = None, **settings):
        ferry = gateway_for(world, settings={"gateway": settings}, routes=routes)
        return WorkflowApi(world, ferry, None)
    with Workers(world, WORKFLOWS):
        yield start


def test_an_event_that_waits_ends_with_its_client(own):
    api = own(routes={"boxes": {"workflow": "box", "task_queue": "nobody", "id": "{body.id}",
                                "same_id": "is_duplicate"}})
    workflow_id = api.new_id()
    hang_up(api, "POST", "/v1/routes/boxes/events?wait=60s", json.dumps({"id": workflow_id}),
            lambda: wait_until(lambda: api.get(api.path(f"boxes-{workflow_id}")).status == 200, 20, "the run"))
    wait_until(lambda: taken_back(api, "GetWorkflowExecutionHistory") == 1, 20, "the call to be taken back")


def test_streams_are_limited(own):
    api = own(history_streams=2)
    workflow_id = api.started("box")
    with Stream(url_of(api, workflow_id)), Stream(url_of(api, workflow_id)) as second:
        answer = refused(api, workflow_id)
        assert_problem(answer, 503, "too-many-streams", "gateway.history_streams")
        assert answer.headers["Retry-After"] == "5"
        assert api.get(api.path(workflow_id, "/history")).status == 200
        second.close()
        wait_until(lambda: streams(api) == 1, 10, "a place")
        with Stream(url_of(api, workflow_id)) as third:
            assert third.status == 200


def test_a_drain_ends_streams_whole(own):
    api = own()
    workflow_id = api.started("box")
    curl = subprocess.Popen(["curl", "-sSN", "--fail", "-H", f"Accept: {EVENT_STREAM}", url_of(api, workflow_id)],
                            stdout=subprocess.PIPE, text=True)
    assert curl.stdout.readline().startswith("id: ")
    api.ferry.gateway.signal(signal.SIGTERM)
    assert curl.wait(30) == 0  # 18: the body broke off
    assert "event: end" not in curl.stdout.read()
    assert api.ferry.gateway.wait(30) == 0


def test_a_browsers_reader_misses_nothing_over_a_restart(own):
    api = own()
    workflow_id = api.started("box")
    source, seen, some = EventSource(url_of(api, workflow_id)), [], threading.Event()

    def read():
        for event in source:
            seen.append(event)
            some.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert some.wait(30)
    api.ferry.gateway.stop()
    api.ferry.gateway.start()
    api.ferry.wait_ready(api.ferry.gateway)
    api.post(api.path(workflow_id, "/signals/add"), "1")
    api.post(api.path(workflow_id, "/signals/close"))
    reader.join(60)
    assert not reader.is_alive() and source.requests >= 2
    assert [event.json for event in seen if event.name != "end"] == page_of(api, workflow_id)
    assert [event.name for event in seen].count("end") == 1
