"""What a route says beyond its workflow: memo, search attributes, priority, fairness, namespace, schema, signals; and
that what is in a message arrives as it is."""

import base64
import json
import subprocess
import uuid

import pytest
from temporalio import workflow

from ferrystack.process import wait_until
from gateway_world import BATCH, Workers, batch, event, gateway_for, post, sqs_message
from http_request import request


def operator(world, *arguments):
    done = subprocess.run(world.temporal.command("operator", *arguments), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def attributes(temporal):
    """Search attributes of this session: name by type."""
    class Corner:
        pass
    corner, names = Corner(), {}
    corner.temporal = temporal
    for kind in ("Keyword", "Int", "Bool"):
        names[kind] = f"Ferry{kind}{uuid.uuid4().hex[:6]}"
        operator(corner, "search-attribute", "create", "--name", names[kind], "--type", kind)
    return names


def started(world, ferry, one, route="hello-world"):
    """The first event of the run that the event has started."""
    answer = post(ferry, one, route)
    assert answer["outcome"] == "started", answer
    path = f"workflows/{answer['workflowId']}/history"
    return world.temporal.request(path)["history"]["events"][0]["workflowExecutionStartedEventAttributes"]


def payload(value):
    """A payload of the server's HTTP API as what it holds."""
    if isinstance(value, dict) and "data" in value and "metadata" in value:
        return json.loads(base64.b64decode(value["data"]))
    return value


# --- options ---------------------------------------------------------------------------------------------------------

def test_memo_attributes_priority_and_fairness_come_from_the_message(world, attributes):
    ferry = gateway_for(world, {
        "memo": {"tenant": "{attributes.tenant}", "total": "{body.order.total}", "note": "for {MessageGroupId}"},
        "search_attributes": {attributes["Keyword"]: "{MessageId}", attributes["Int"]: "{body.order.count}",
                              attributes["Bool"]: "{body.urgent}"},
        "priority": "{body.priority}", "fairness_key": "{MessageGroupId}", "execution_timeout": "1h"})
    one = event('{"order": {"total": 10.50, "count": 7}, "urgent": true, "priority": 2}', group="g" * 100,
                attributes={"tenant": "Ärger & Söhne"})
    first = started(world, ferry, one)
    memo = {name: payload(value) for name, value in first["memo"]["fields"].items()}
    assert memo == {"FerryAttempt": 1, "FerryRoute": "hello-world", "FerryMessageId": one["data"]["MessageId"],
                    "FerryQueue": "urn:test", "tenant": "Ärger & Söhne", "total": 10.50, "note": "for " + "g" * 100}
    found = {name: payload(value) for name, value in first["searchAttributes"]["indexedFields"].items()}
    assert found == {attributes["Keyword"]: one["data"]["MessageId"], attributes["Int"]: 7, attributes["Bool"]: True}
    assert first["priority"]["priorityKey"] == 2 and len(first["priority"]["fairnessKey"]) == 64
    query = f"{attributes['Keyword']} = '{one['data']['MessageId']}'"
    wait_until(lambda: world.temporal.count(query) == 1, 20, "the run to be found by its attribute", 0.2)


def test_a_field_that_is_missing_is_a_rejection_with_its_name(world, attributes):
    ferry = gateway_for(world, {"search_attributes": {attributes["Keyword"]: "{attributes.tenant}"}})
    answer = post(ferry, event({}))
    assert (answer["outcome"], answer["class"]) == ("rejected", "template")
    assert "tenant" in answer["reason"] and "search_attributes" in answer["reason"]


def refused_as_a_whole(ferry, one):
    answer = batch(ferry, [one])
    assert answer.status in (502, 503), answer
    return answer.json["detail"]


def test_a_search_attribute_that_the_server_does_not_know_counts_against_the_target(world):
    ferry = gateway_for(world, {"search_attributes": {"NobodyKnowsThis": "{MessageId}"}})
    assert "NobodyKnowsThis" in refused_as_a_whole(ferry, event({}))
    # Beside an event that is no good itself it is an entry of its own: never rejected.
    entries = batch(ferry, [event({}), {"id": "no event"}]).json["results"]
    assert [entry["outcome"] for entry in entries] == ["retry", "rejected"]
    assert "NobodyKnowsThis" in entries[0]["reason"] and entries[0]["retryAfterMs"] > 0


@pytest.mark.parametrize("kind, body", [("Int", '{"v": "no number"}'), ("Keyword", json.dumps({"v": "x" * 3000})),
                                        ("Bool", '{"v": 17}')])
def test_a_value_that_a_search_attribute_does_not_take_is_never_a_rejection(world, attributes, kind, body):
    ferry = gateway_for(world, {"search_attributes": {attributes[kind]: "{body.v}"}})
    refused_as_a_whole(ferry, event(body))


def test_a_route_has_a_namespace_of_its_own(world):
    name = f"ns-{world.name}"
    operator(world, "namespace", "create", "--namespace", name)
    ferry = gateway_for(world, {"namespace": name}, routes={
        "plain": {"workflow": "helloWorld", "task_queue": world.task_queue},
        "lost": {"workflow": "helloWorld", "task_queue": world.task_queue, "namespace": f"no-{world.name}"}})
    one = event({})
    wait_until(lambda: batch(ferry, [one]).status == 200, 30, "the namespace to be known", 0.5)
    answer = post(ferry, one)
    assert answer["outcome"] in ("started", "attached")
    command = world.temporal.command("workflow", "describe", "-w", answer["workflowId"], "--namespace", name)
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert world.status(one["data"]["MessageId"]) == ""
    # The wait finds it there: by the route, or by the route's prefix.
    runs = [{"workflowId": answer["workflowId"], "firstRunId": answer["firstRunId"]}]
    terminate = world.temporal.command("workflow", "terminate", "-w", answer["workflowId"], "--namespace", name)
    assert subprocess.run(terminate, capture_output=True).returncode == 0
    for run in ({**runs[0], "route": "hello-world"}, runs[0]):
        found = request("POST", f"{ferry.gateway_url}/v1/runs/wait", {"runs": [run], "waitMs": 10000}).json["runs"]
        assert [entry["status"] for entry in found] == ["Terminated"]
    # A route that names a namespace which is not there fails alone, and is not the message's fault.
    assert batch(ferry, [event({})], "lost").status == 503
    assert batch(ferry, [event({}), {"id": "no event"}], "lost").json["results"][0]["outcome"] == "retry"
    assert ferry.readiness(ferry.gateway) == 200
    assert post(ferry, event({}), "plain")["outcome"] == "started"


def test_a_gateway_is_ready_where_every_route_has_a_namespace_and_the_default_is_not_there(world):
    name = f"only-{world.name}"
    operator(world, "namespace", "create", "--namespace", name)
    gateway_for(world, {"namespace": name}, {"temporal": {"address": world.temporal.address, "namespace": "not-there"}})


# --- schema ----------------------------------------------------------------------------------------------------------

def with_schema(world, schema, **route):
    path = world.directory / "schema.json"
    path.write_text(json.dumps(schema))
    return gateway_for(world, {"schema": str(path), **route})


@pytest.mark.parametrize("input_kind", ["message", "body"])
def test_a_body_that_the_schema_refuses_starts_nothing(world, input_kind):
    ferry = with_schema(world, {"type": "object", "required": ["amount"],
                                "properties": {"amount": {"type": "number", "minimum": 0}}}, input=input_kind)
    good, bad, no_json = event('{"amount": 1.50}'), event('{"amount": "SECRET"}'), event("hello")
    entries = batch(ferry, [good, bad, no_json]).json["results"]
    assert [entry["outcome"] for entry in entries] == ["started", "rejected", "rejected"]
    assert [entry.get("class") for entry in entries] == [None, "schema", "not_json"]
    assert "/amount" in entries[1]["reason"] and "number" in entries[1]["reason"] and "SECRET" not in str(entries)
    assert world.status(bad["data"]["MessageId"]) == ""
    single = request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", {"amount": -1})
    assert single.status == 422 and single.headers["Content-Type"].startswith("application/problem+json")
    assert "/amount" in single.json["detail"]
    assert request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", {"amount": 1}).status == 201


# --- size and fidelity -----------------------------------------------------------------------------------------------

def test_a_body_that_is_too_large_once_encoded_is_rejected_with_both_sizes(world):
    ferry = gateway_for(world)
    fits, doubled = event("x" * 1_048_576), event('"' * 1_048_576)
    entries = batch(ferry, [fits, doubled]).json["results"]
    assert [entry["outcome"] for entry in entries] == ["started", "rejected"]
    assert entries[1]["class"] == "too_large"
    encoded = len(json.dumps(doubled["data"]))
    assert "1048576 bytes" in entries[1]["reason"] and f"{encoded} bytes" in entries[1]["reason"]
    single = request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", doubled["data"])
    assert single.status == 413 and "1048576 bytes" in single.json["detail"]


# Every character that SQS allows: #x9 | #xA | #xD | #x20-#xD7FF | #xE000-#xFFFD | #x10000-#x10FFFF; and the control
# characters that it refuses but a curl user may send.
SQS_CHARACTERS = "".join(map(chr, [9, 10, 13, *range(0x20, 0xD800), *range(0xE000, 0xFFFE), *range(0x10000, 0x11000),
                                   *range(0x1F300, 0x1FA00), 0x10FFFF]))
CONTROLS = "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\u2029\ufeff"


class History:
    """Payload bytes as the official SDK reads them: the server's HTTP API re-encodes JSON."""

    def __init__(self, worker):
        self.worker = worker

    def input(self, workflow_id) -> bytes:
        async def fetch():
            history = await self.worker.client.get_workflow_handle(workflow_id).fetch_history()
            return history.events[0].workflow_execution_started_event_attributes.input.payloads[0].data
        return self.worker.call(fetch())


@workflow.defn(name="collect")
class Collect:
    """Takes messages as signals until one says stop; returns their bodies."""

    def __init__(self):
        self.bodies = []

    @workflow.signal
    def message(self, message: dict):
        self.bodies.append(message["Body"])

    @workflow.run
    async def run(self) -> list:
        await workflow.wait_condition(lambda: "stop" in self.bodies)
        return self.bodies


@pytest.fixture
def worker(world):
    with Workers(world, [Collect]) as workers:
        yield workers


@pytest.mark.parametrize("body", [SQS_CHARACTERS, CONTROLS, '{"a": 1.0, "b": 12345678901234567890123, "a": []}',
                                  "👩‍👩‍👧‍👦 \U0001f1e9\U0001f1ea e\u0301"], ids=["all", "controls", "json", "emoji"])
def test_a_body_arrives_byte_for_byte_in_the_message(world, worker, body):
    ferry = gateway_for(world)
    for ascii_only in (True, False):
        data = json.dumps(sqs_message(body), ensure_ascii=ascii_only)
        text = '[{"specversion":"1.0","id":"i","source":"s","type":"t","data":' + data + "}]"
        entry = request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", text.encode(), BATCH).json["results"][0]
        assert entry["outcome"] == "started"
        assert History(worker).input(entry["workflowId"]) == data.encode()


@pytest.mark.parametrize("body", [
    '{"z":1.0,"a":[],"m":{},"big":12345678901234567890123,"e":1E400,"z":0.10}', "[]", "1.0", '"\\ud83d\\ude00"', "-0",
    '{"control": "\\u0001\\u0000", "tab":\t1}'])
def test_a_body_as_the_input_arrives_byte_for_byte(world, worker, body):
    ferry = gateway_for(world, {"input": "body"})
    one = event(body)
    assert post(ferry, one)["outcome"] == "started"
    assert History(worker).input(world.workflow_id(one["data"]["MessageId"])) == body.encode()
    key = uuid.uuid4().hex
    single = request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", body.encode(),
                     {"Content-Type": "application/json", "Idempotency-Key": key})
    assert single.status == 201
    assert History(worker).input(f"hello-world-{key}") == body.encode()


# --- signals ---------------------------------------------------------------------------------------------------------

def test_messages_of_a_group_are_signals_to_one_run(world, worker):
    ferry = gateway_for(world, {"workflow": "collect", "target": "signal", "signal": "message", "id": "{MessageGroupId}",
                                "same_id": "is_duplicate", "ack": "start"})
    group = f"g-{world.name}"
    one, two, three = (event(body, group=group) for body in ("first", "second", "third"))
    entry = post(ferry, one)
    assert (entry["outcome"], entry["signaled"], entry["workflowId"]) == ("started", True, f"hello-world-{group}")
    answer = post(ferry, two)
    assert (answer["outcome"], answer["signaled"], answer["runId"]) == ("attached", True, entry["runId"])
    for again in (one, two, one):  # redeliveries: the same signals
        assert post(ferry, again)["outcome"] in ("started", "attached")
    assert post(ferry, three)["signaled"] and post(ferry, event("stop", group=group))["signaled"]
    result = request("GET", f"{ferry.gateway_url}/v1/workflows/hello-world-{group}/result?wait=20s").json
    assert result["status"] == "Completed"
    assert result["result"] == ["first", "second", "third", "stop"]
    described = request("GET", f"{ferry.gateway_url}/v1/workflows/hello-world-{group}").json
    assert described["memo"] == {"FerryRoute": "hello-world"}  # a run of many messages is none of theirs
    # The run has closed: the next message starts another one.
    later = post(ferry, event("later", group=group))
    assert later["outcome"] == "started" and later["runId"] != entry["runId"]
