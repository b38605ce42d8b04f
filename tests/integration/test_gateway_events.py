"""POST /v1/routes/{route}/events as curl users and webhooks send them: forms, waiting for the end, keys; and the last
events that the gateway took."""

import json
import uuid

import pytest
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from gateway_world import Workers, gateway_for
from http_request import request
from world import World, open_world

JSON = {"Content-Type": "application/json"}
CE = {"ce-specversion": "1.0", "ce-source": "/s", "ce-type": "com.example.t"}


@workflow.defn(name="keep")
class Keep:
    """Returns its argument's payload untouched."""

    @workflow.run
    async def run(self, given: RawValue) -> RawValue:
        return given


@workflow.defn(name="refuse")
class Refuse:
    @workflow.run
    async def run(self, given) -> None:
        raise ApplicationError("no stock", given, type="Sold", non_retryable=True)


@workflow.defn(name="linger")
class Linger:
    def __init__(self):
        self.may_end = False

    @workflow.signal
    def end(self):
        self.may_end = True

    @workflow.run
    async def run(self, given) -> str:
        await workflow.wait_condition(lambda: self.may_end)
        return "ended"


class Stage:
    def __init__(self, world, ferry, workers):
        self.world, self.ferry, self.workers = world, ferry, workers

    def post(self, route: str, body=None, headers: dict | None = None, query: str = ""):
        return request("POST", f"{self.ferry.gateway_url}/v1/routes/{route}/events{query}", body, headers or JSON)

    def recent(self) -> list:
        return request("GET", f"{self.ferry.gateway_url}/v1/recent").json["events"]


@pytest.fixture(scope="module")
def stage(temporal, sqs, tmp_path_factory, request):
    opened = open_world(World(temporal, sqs, tmp_path_factory.mktemp("events")), request)
    world = next(opened)
    own = {"task_queue": world.task_queue}
    ferry = gateway_for(world, routes={
        "keep": {**own, "workflow": "keep"},
        "event": {**own, "workflow": "keep", "input": "event"},
        "body": {**own, "workflow": "keep", "input": "body"},
        "refuse": {**own, "workflow": "refuse"},
        "linger": {**own, "workflow": "linger"},
        "named": {**own, "workflow": "keep", "id": "{event.type}/{event.comexample}", "same_id": "is_duplicate",
                  "memo": {"subject": "{event.subject}"}},
        "orders": {**own, "workflow": "linger", "id": "{body.order}", "same_id": "is_duplicate"}})
    with Workers(world, [Keep, Refuse, Linger]) as workers:
        yield Stage(world, ferry, workers)
    next(opened, None)


# --- forms -----------------------------------------------------------------------------------------------------------

def test_json_data_passes_byte_for_byte_in_every_form(stage):
    data = '{ "n" : 12345678901234567890.10,\t"n":1.00, "ü": "\\u2028€" }'
    structured = f'{{"specversion":"1.0","id":"{uuid.uuid4()}","source":"s","type":"t","data": {data} }}'
    for body, headers in ((data, JSON), (data, {**JSON, **CE, "ce-id": str(uuid.uuid4())}),
                          (structured, {"Content-Type": "application/cloudevents+json"})):
        answer = stage.post("keep", body.encode(), headers, "?wait=30s")
        assert answer.status == 201
        assert f'"result":{data}'.encode() in answer.body
    answer = stage.post("event", structured.encode(), {"Content-Type": "application/cloudevents+json"}, "?wait=30s")
    assert f'"result":{structured}'.encode() in answer.body


def test_other_data_is_a_text_or_bytes(stage):
    cases = [("text/plain", "ünï\n".encode(), "ünï\n"), ("application/soap+xml", b"<a/>", "<a/>"),
             ("text/plain; charset=iso-8859-1", b"\xe4", {"metadata": {"encoding": "binary/plain"}, "data": "5A=="}),
             ("application/octet-stream", b"ab\x00", {"metadata": {"encoding": "binary/plain"}, "data": "YWIA"})]
    for content_type, body, expected in cases:
        headers = {**CE, "Content-Type": content_type, "ce-id": str(uuid.uuid4())}
        answer = stage.post("keep", body, headers, "?wait=30s")
        assert (answer.status, answer.json["result"]) == (201, expected)


def test_data_that_is_json_under_another_name_is_a_body_all_the_same(stage):
    headers = {**CE, "Content-Type": "application/x-ndjson", "ce-id": str(uuid.uuid4())}
    assert stage.post("body", b'{"a": 1}', headers, "?wait=30s").json["result"] == {"a": 1}
    answer = stage.post("body", b'{"a": 1', headers)
    assert (answer.status, answer.json["type"]) == (422, "/problems/rejected")


def test_attributes_stand_in_templates(stage):
    kind = f"com.example.{uuid.uuid4()}"
    headers = {**CE, **JSON, "ce-id": "1", "ce-type": kind, "ce-comexample": "%C3%A4", "ce-subject": "sub ject"}
    answer = stage.post("named", "1", headers)
    assert (answer.status, answer.json["workflowId"]) == (201, f"named-{kind}/ä")
    described = request("GET", f"{stage.ferry.gateway_url}{answer.headers['Location']}").json
    assert described["memo"]["subject"] == "sub ject"
    answer = stage.post("named", "1", {**JSON, **CE, "ce-id": "2"})
    assert answer.status == 422 and "the event has no attribute comexample" in answer.json["detail"]
    answer = stage.post("named", "1")
    assert answer.status == 422 and "the event has no attribute type" in answer.json["detail"]


@pytest.mark.parametrize("headers, status", [
    ({"Content-Type": ""}, 415), ({"Content-Type": "text/plain"}, 415),
    ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ({"Content-Type": "application/cloudevents+avro", **CE, "ce-id": "1"}, 415),
    ({"Content-Type": "application/json", "Accept": "text/html"}, 406),
    ({"Content-Type": "application/json", "Accept": "text/html, */*;q=0.1", "Idempotency-Key": "k" * 256}, 400)])
def test_what_is_no_event_is_refused_by_its_headers(stage, headers, status):
    answer = stage.post("keep", b"{}", headers)
    assert answer.status == status, answer


@pytest.mark.parametrize("body, content_type, status, text", [
    (b'{"a":', "application/json", 400, "not valid JSON"),
    (b'{"a":', "application/x+json", 400, "not valid JSON"),
    (b'[]', "application/cloudevents-batch+json", 400, "at least one event"),
    (b'{"specversion":"1.0","id":"1","source":"s","type":"t","data":1,"data_base64":"AA=="}',
     "application/cloudevents+json", 422, "not both"),
    (b'{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"A"}', "application/cloudevents+json", 422,
     "base64"),
    (b'{"specversion":"0.3","id":"1","source":"s","type":"t"}', "application/cloudevents+json", 422, "specversion")])
def test_what_is_no_event_is_refused_by_its_body(stage, body, content_type, status, text):
    headers = {"Content-Type": content_type, **({**CE, "ce-id": "1"} if content_type == "application/x+json" else {})}
    answer = stage.post("keep", body, headers)
    assert answer.status == status and text in answer.json["detail"], answer


# --- waiting ---------------------------------------------------------------------------------------------------------

def test_a_sender_may_wait_for_the_end_and_for_how_it_failed(stage):
    answer = stage.post("keep", '{"a":1}', {**JSON, "Prefer": "wait=30"})
    assert answer.status == 201 and answer.headers["Preference-Applied"] == "wait=30"
    assert answer.json["status"] == "Completed" and answer.json["result"] == {"a": 1} and answer.json["started"]
    keyed = {**JSON, "Idempotency-Key": str(uuid.uuid4())}
    for status, started in ((201, True), (200, False)):
        answer = stage.post("refuse", '{"left":0}', keyed, "?wait=30s")
        assert (answer.status, answer.json["started"], answer.json["status"]) == (status, started, "Failed")
        assert (answer.json["failure"]["type"], answer.json["failure"]["details"]) == ("Sold", [{"left": 0}])


def test_a_wait_that_is_over_names_the_run(stage):
    keyed = {**JSON, "Idempotency-Key": str(uuid.uuid4())}
    answer = stage.post("linger", "{}", keyed, "?wait=100ms")
    assert (answer.status, answer.json["status"]) == (202, "Running")
    assert answer.headers["Location"] == f"/v1/workflows/{answer.json['workflowId']}"
    stage.workers.signal(answer.json["workflowId"], "end")
    again = stage.post("linger", "{}", keyed, "?wait=30s")
    assert (again.status, again.json["result"], again.json["runId"]) == (200, "ended", answer.json["runId"])


@pytest.mark.parametrize("body, content_type, query", [
    (b"{}", "application/json", "?wait=soon"), (b"{}", "application/json", "?wait=2h"),
    (b"[{}]", "application/cloudevents-batch+json", "?wait=1s")])
def test_a_wait_that_cannot_be_is_refused(stage, body, content_type, query):
    answer = stage.post("keep", body, {"Content-Type": content_type}, query)
    assert answer.status == 400 and "wait" in answer.json["detail"]


# --- keys ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("route", ["linger", "keep"], ids=["open", "closed"])
def test_a_key_is_one_start_and_another_body_under_it_is_refused(stage, route):
    keyed = {**JSON, "Idempotency-Key": str(uuid.uuid4())}
    query = "?wait=30s" if route == "keep" else ""
    first = stage.post(route, '{"a": 1}', keyed, query)
    again = stage.post(route, ' {"a": 1}\n', keyed, query)
    assert (first.status, again.status) == (201, 200)
    assert first.json["runId"] == again.json["runId"] and not again.json["started"]
    other = stage.post(route, '{"a": 2}', keyed, query)
    assert (other.status, other.json["type"]) == (422, "/problems/idempotency-key-reused"), other
    # It is not forgotten that the first body's was the run.
    assert stage.post(route, '{"a": 1}', keyed, query).json["runId"] == first.json["runId"]
    assert stage.recent()[1]["outcome"] == "rejected"


def test_a_run_of_another_key_is_no_reuse(stage):
    order = str(uuid.uuid4())
    first = stage.post("orders", json.dumps({"order": order}), {**JSON, "Idempotency-Key": f"1-{order}"})
    second = stage.post("orders", json.dumps({"order": order, "x": 1}), {**JSON, "Idempotency-Key": f"2-{order}"})
    assert (first.status, second.status) == (201, 200)
    assert first.json["runId"] == second.json["runId"]


# --- the last events -------------------------------------------------------------------------------------------------

def test_the_last_events_are_told_newest_first_and_without_bodies(stage):
    secret = f"s-{uuid.uuid4()}"
    first = stage.post("keep", json.dumps({"secret": secret}), {**JSON, "Idempotency-Key": "first"})
    stage.post("body", b"no JSON", {**CE, "Content-Type": "text/plain", "ce-id": "1"})
    answer = request("GET", f"{stage.ferry.gateway_url}/v1/recent")
    newest, before = answer.json["events"][:2]
    assert (newest["route"], newest["outcome"]) == ("body", "rejected") and "not JSON" in newest["reason"]
    assert {**before, "time": ""} == {"time": "", "route": "keep", "messageId": "first", "outcome": "started",
                                      "workflowId": first.json["workflowId"], "runId": first.json["runId"]}
    assert newest["time"] >= before["time"] and secret not in answer.body.decode()
    for _ in range(3):
        event = {"specversion": "1.0", "source": "s", "type": "t"}
        batch = [{**event, "id": str(uuid.uuid4())} for _ in range(100)]
        assert stage.post("keep", json.dumps(batch), {"Content-Type": "application/cloudevents-batch+json"}).status == 200
    assert len(stage.recent()) == 200
