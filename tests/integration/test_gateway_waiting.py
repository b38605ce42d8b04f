"""Waiting for runs beyond the long polls: completion callbacks, looks, and a gateway that starts again."""

import json
import subprocess
import time
import uuid

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from ferrystack.process import free_port, wait_until
from ferrystack.servers import TemporalServer
from gateway_world import Workers, batch, event, gateway_for, post
from http_request import request

ANY_ADDRESS = '[{"Pattern":"*","AllowInsecure":true}]'


@workflow.defn(name="waiting")
class Waiting:
    """Waits for the signal "go"; then {"continue": n}, {"fail": true} or done."""

    def __init__(self):
        self.may_go = False

    @workflow.signal
    def go(self):
        self.may_go = True

    @workflow.run
    async def run(self, message: dict) -> str:
        body = json.loads(message["Body"])
        if body.get("wait", True):
            await workflow.wait_condition(lambda: self.may_go)
        if body.get("continue"):
            body["continue"] -= 1
            body["wait"] = body["continue"] == 0
            workflow.continue_as_new({**message, "Body": json.dumps(body)})
        if body.get("fail"):
            raise ApplicationError("no", type="Bad")
        return "done"


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    """A server that sends callbacks anywhere."""
    server = TemporalServer(tmp_path_factory.mktemp("callbacks"))
    server.process.arguments += ["--dynamic-config-value", f"callback.allowedAddresses={ANY_ADDRESS}"]
    server.start()
    yield server
    server.process.stop(10)


def gateway_with(world, callbacks=True, long_polls=0, port=None):
    port = port or free_port()
    settings = {"gateway": {"url": f"http://127.0.0.1:{port}", "listen": f"127.0.0.1:{port}", "long_polls": long_polls}}
    if callbacks:
        settings["gateway"]["callback_url"] = f"http://127.0.0.1:{port}/"
    return gateway_for(world, {"workflow": "waiting"}, settings, gateway_port=port)


@pytest.fixture
def called(world, open_server):
    """A corner on the server that sends callbacks, its workers, and a gateway that relies on callbacks alone."""
    world.temporal = open_server
    with Workers(world, [Waiting]) as worker:
        yield worker


def metric(ferry, name) -> float:
    text = request("GET", f"{ferry.gateway_url}/metrics").body.decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " ") or
               line.startswith(name + "{"))


def start(ferry, body=None):
    message = event(body or {})
    answer = post(ferry, message)
    assert answer["outcome"] == "started"
    return message, answer


def wait(ferry, *entries, wait_ms=30000) -> dict:
    """Ends by workflow ID, asked for until all are there."""
    remaining = {entry["workflowId"]: entry["firstRunId"] for entry in entries}
    ends, deadline = {}, time.monotonic() + wait_ms / 1000
    while remaining and time.monotonic() < deadline:
        runs = [{"workflowId": workflow_id, "firstRunId": run_id} for workflow_id, run_id in remaining.items()]
        answer = request("POST", f"{ferry.gateway_url}/v1/runs/wait", {"runs": runs[:1000], "waitMs": 2000})
        assert answer.status == 200
        for entry in answer.json["runs"]:
            ends[entry["workflowId"]] = entry
            remaining.pop(entry["workflowId"])
    assert not remaining, f"{len(remaining)} runs were not told"
    return ends


def watched(ferry, entry):
    """The gateway waits for the run: its first wait was answered, with nothing."""
    runs = [{"workflowId": entry["workflowId"], "firstRunId": entry["firstRunId"]}]
    answer = request("POST", f"{ferry.gateway_url}/v1/runs/wait", {"runs": runs, "waitMs": 50})
    assert answer.json == {"runs": []}


def callbacks_of(world, workflow_id) -> int:
    return len(world.temporal.request(f"workflows/{workflow_id}").get("callbacks", []))


def test_a_callback_tells_the_end_of_a_run(world, called):
    ferry = gateway_with(world)
    _, entry = start(ferry)
    assert callbacks_of(world, entry["workflowId"]) == 1
    watched(ferry, entry)
    looks = metric(ferry, "ferry_gateway_looks_total")
    called.signal(entry["workflowId"], "go")
    # Without the callback the next look would come in a minute.
    assert wait(ferry, entry)[entry["workflowId"]]["status"] == "Completed"
    assert metric(ferry, "ferry_gateway_callbacks_total") >= 1
    assert metric(ferry, "ferry_gateway_looks_total") <= looks + 2
    assert metric(ferry, "ferry_gateway_long_polls") == 0


def test_a_callback_that_comes_before_anybody_waits_is_not_lost(world, called):
    ferry = gateway_with(world)
    _, entry = start(ferry, {"wait": False})
    wait_until(lambda: metric(ferry, "ferry_gateway_callbacks_total") >= 1, 20, "the callback", 0.1)
    assert wait(ferry, entry, wait_ms=15000)[entry["workflowId"]]["status"] == "Completed"


def test_a_callback_follows_continue_as_new_and_resets(world, called):
    ferry = gateway_with(world)
    _, entry = start(ferry, {"continue": 2})
    watched(ferry, entry)
    called.signal(entry["workflowId"], "go")
    wait_until(lambda: world.temporal.count(f"WorkflowId = '{entry['workflowId']}'") == 3, 20, "the third run", 0.1)
    watched(ferry, entry)
    _, other = start(ferry)
    watched(ferry, other)
    path = f"workflows/{other['workflowId']}/history"
    wait_until(lambda: len(world.temporal.request(path)["history"]["events"]) >= 4, 20, "the first task", 0.1)
    called.reset(other["workflowId"], other["runId"])
    watched(ferry, other)
    called.signal(entry["workflowId"], "go")
    called.signal(other["workflowId"], "go")
    ends = wait(ferry, entry, other)
    assert {end["status"] for end in ends.values()} == {"Completed"}
    assert all(ends[e["workflowId"]]["runId"] != e["runId"] for e in (entry, other))


def test_a_further_attempt_has_a_callback_and_so_has_a_redelivery_that_attaches(world, called):
    ferry = gateway_with(world)
    message, entry = start(ferry, {"fail": True})
    watched(ferry, entry)
    called.signal(entry["workflowId"], "go")
    end = wait(ferry, entry)[entry["workflowId"]]
    assert (end["status"], end["failureType"], end["nonRetryable"]) == ("Failed", "Bad", False)
    second = post(ferry, {**message, "ferryafter": end["runId"]})
    assert (second["outcome"], second["attempt"]) == ("started", 2)
    assert callbacks_of(world, entry["workflowId"]) == 1
    # A first start by its words: it attaches to the open run, and its callback with it, once.
    for _ in range(3):
        again = post(ferry, message)
        assert (again["outcome"], again["runId"], again["attempt"]) == ("attached", second["runId"], 2)
    assert callbacks_of(world, entry["workflowId"]) == 2
    watched(ferry, second)
    called.signal(entry["workflowId"], "go")
    assert wait(ferry, second)[entry["workflowId"]]["status"] == "Failed"


@pytest.mark.unclean
def test_a_gateway_that_starts_again_is_told_of_the_runs_of_the_one_before(world, called):
    ferry = gateway_with(world)
    entries = [start(ferry)[1] for _ in range(5)]
    closed, lost = entries[0], entries[1]
    ferry.gateway.kill()
    called.signal(closed["workflowId"], "go")  # its callback finds nobody
    wait_until(lambda: world.temporal.status(closed["workflowId"]) == "COMPLETED", 20, "its end", 0.1)
    ferry.gateway.start()
    ferry.wait_ready(ferry.gateway)
    for entry in entries[1:]:
        watched(ferry, entry)
    # One look at each has found the callbacks that the gateway before had asked for.
    wait_until(lambda: metric(ferry, "ferry_gateway_looks_total") >= 4, 20, "the looks", 0.1)
    time.sleep(1.5)  # what has no callback would have been looked at again
    assert metric(ferry, "ferry_gateway_looks_total") == 4
    for entry in entries[1:]:
        called.signal(entry["workflowId"], "go")
    ends = wait(ferry, *entries)
    assert {end["status"] for end in ends.values()} == {"Completed"} and lost["workflowId"] in ends


def test_a_server_that_refuses_callbacks_is_said_aloud_once_and_runs_are_looked_at(world):
    with Workers(world, [Waiting]) as worker:
        ferry = gateway_with(world)
        entries = [start(ferry)[1] for _ in range(3)]
        said = [e for e in ferry.gateway.events() if "callback.allowedAddresses" in e.get("msg", "")]
        assert len(said) == 1 and said[0]["level"] == "warn"
        assert callbacks_of(world, entries[0]["workflowId"]) == 0
        for entry in entries:
            watched(ferry, entry)
            worker.signal(entry["workflowId"], "go")
        assert len(wait(ferry, *entries)) == 3


@pytest.mark.parametrize("long_polls", [0, 4])
def test_runs_without_callbacks_are_polled_and_looked_at(world, long_polls):
    with Workers(world, [Waiting]) as worker:
        ferry = gateway_with(world, callbacks=False, long_polls=long_polls)
        events = [event({}) for _ in range(20)]
        entries = batch(ferry, events).json["results"]
        runs = [{"workflowId": e["workflowId"], "firstRunId": e["firstRunId"]} for e in entries]
        answer = request("POST", f"{ferry.gateway_url}/v1/runs/wait", {"runs": runs, "waitMs": 500})
        assert answer.json == {"runs": []}
        assert metric(ferry, "ferry_gateway_long_polls") == long_polls
        assert metric(ferry, "ferry_gateway_watches") == 20
        for entry in reversed(entries):  # those without a long poll first
            worker.signal(entry["workflowId"], "go")
        ends = wait(ferry, *entries)
        assert {end["status"] for end in ends.values()} == {"Completed"}


def test_a_url_that_nobody_was_given_is_refused_and_a_token_is_not_asked_for(world, called):
    port = free_port()
    ferry = gateway_for(world, {"workflow": "waiting"}, {
        "gateway": {"url": f"http://127.0.0.1:{port}", "listen": f"127.0.0.1:{port}", "long_polls": 0,
                    "callback_url": f"http://127.0.0.1:{port}"}}, gateway_port=port,
        environment={"FERRY_API_TOKEN": "s3cret"})
    assert request("POST", f"{ferry.gateway_url}/v1/callbacks/{uuid.uuid4()}", {}).status == 404
    assert request("POST", f"{ferry.gateway_url}/v1/callbacks/..%2fruns%2fwait", {}).status == 404
    assert request("POST", f"{ferry.gateway_url}/v1/runs/wait", {"runs": []}).status == 401
    assert request("POST", f"{ferry.gateway_url}/v1/callbacks/{uuid.uuid4().hex}", {}).status == 200  # nobody's: no news
    headers = {"Authorization": "Bearer s3cret", "Content-Type": "application/json"}
    answer = request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", event({})["data"], headers)
    assert answer.status == 201
    entry = answer.json
    runs = {"runs": [{"workflowId": entry["workflowId"], "firstRunId": entry["firstRunId"]}], "waitMs": 50}
    assert request("POST", f"{ferry.gateway_url}/v1/runs/wait", runs, headers).json == {"runs": []}
    called.signal(entry["workflowId"], "go")
    ended = request("POST", f"{ferry.gateway_url}/v1/runs/wait", {**runs, "waitMs": 20000}, headers).json["runs"]
    assert [e["status"] for e in ended] == ["Completed"]
    described = subprocess.run(world.temporal.command("workflow", "describe", "-w", entry["workflowId"]),
                               capture_output=True, text=True)
    assert "s3cret" not in described.stdout
