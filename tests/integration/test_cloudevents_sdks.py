"""The official CloudEvents SDKs send to a route, in every mode they have; a Python worker behind it tells what its
workflow was given, and that is what was sent: attributes, extensions, and the data to the byte."""

import base64
import json
import subprocess
import uuid
from datetime import datetime, timezone

import pytest
from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import conversion as conversion_v1
from cloudevents.v1.http import CloudEvent as CloudEventV1
from temporalio import workflow
from temporalio.common import RawValue

from ferrystack.process import ROOT
from gateway_world import Workers, gateway_for
from http_request import request
from world import World, open_world

SENDER = ROOT / "tests" / "integration" / "cloudevents_javascript"
BYTES = bytes(range(256))
TEXT = 'one\n"two" — drei\t€'


@workflow.defn(name="keep")
class Keep:
    """Returns its argument's payload untouched."""

    @workflow.run
    async def run(self, given: RawValue) -> RawValue:
        return given


@workflow.defn(name="describe")
class Describe:
    """What a workflow's author sees of its argument."""

    @workflow.run
    async def run(self, given) -> list:
        return [type(given).__name__, given.hex() if isinstance(given, bytes) else given]


@pytest.fixture(scope="module")
def world_of_module(temporal, sqs, tmp_path_factory, request):
    yield from open_world(World(temporal, sqs, tmp_path_factory.mktemp("cloudevents")), request)


@pytest.fixture(scope="module")
def stage(world_of_module):
    """A gateway with a route for the whole event, and one for its data; a worker behind it."""
    world = world_of_module
    routes = {name: {"workflow": workflow_type, "task_queue": world.task_queue, "input": kind}
              for name, workflow_type, kind in (("whole", "keep", "event"), ("seen", "describe", "message"))}
    ferry = gateway_for(world, routes=routes)
    with Workers(world, [Keep, Describe]):
        yield ferry


def url(ferry, route: str) -> str:
    return f"{ferry.gateway_url}/v1/routes/{route}/events?wait=30s"


def attributes(**more) -> dict:
    return {"id": f"id 1/ä {uuid.uuid4()}", "source": "/shop/größe?x=1%20", "type": "com.example.order.created",
            "subject": 'order "7"', "time": datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=timezone.utc),
            "dataschema": "https://example.com/schema#/a", "comexampleext": "50% of €3, 100%25", "sequence": "17",
            **more}


DATA = {
    "object": ({"n": 1.5, "big": 12345678901234567890, "deep": [None, True, {"ü": "\u2028"}]}, "application/json"),
    "other JSON": ({"a": [1, 2]}, "application/vnd.example+json; charset=utf-8"),
    "JSON without a type": ({"a": 1}, None),
    "text": (TEXT, "text/plain; charset=utf-8"),
    "XML": ("<a b='c'>&amp;</a>", "application/xml"),
    "bytes": (BYTES, "application/octet-stream"),
    "bytes that are text": (b"only letters", "image/svg"),
    "none": (None, "application/json"),
    "nothing at all": (None, None),
}


# Of JSON without a type the SDK names none in binary mode: it is bytes to everybody who does not guess.
CASES = [(kind, mode) for kind in DATA for mode in ("structured", "binary")
         if (kind, mode) != ("JSON without a type", "binary")]


@pytest.mark.parametrize("kind, mode", CASES)
def test_the_python_sdk_s_events_arrive_as_sent(stage, kind, mode):
    data, content_type = DATA[kind]
    more = {} if content_type is None else {"datacontenttype": content_type}
    event = CloudEvent(attributes(**more), data)
    message = (http.to_structured_event if mode == "structured" else http.to_binary_event)(event)
    answer = request("POST", url(stage, "whole"), message.body or None, message.headers)
    assert answer.status == 201 and answer.json["status"] == "Completed", answer
    arrived = JSONFormat().read(None, json.dumps(answer.json["result"]))
    assert arrived.get_attributes() == event.get_attributes()
    assert arrived.get_data() == data
    # The data alone, as the workflow's argument.
    event = CloudEvent(attributes(**more), data)
    message = (http.to_structured_event if mode == "structured" else http.to_binary_event)(event)
    answer = request("POST", url(stage, "seen"), message.body or None, message.headers)
    expected = ["bytes", data.hex()] if isinstance(data, bytes) else [type(data).__name__, data]
    assert answer.json["result"] == expected


@pytest.mark.parametrize("convert", [conversion_v1.to_structured, conversion_v1.to_binary])
def test_the_python_sdk_s_older_interface_sends_the_same(stage, convert):
    own = {"id": str(uuid.uuid4()), "source": "/shop", "type": "t", "subject": "s 1", "comexampleext": "x",
           "time": "2026-02-03T04:05:06.789000+00:00"}
    headers, body = convert(CloudEventV1({**own, "datacontenttype": "application/json"}, {"a": [1, "ü"]}))
    answer = request("POST", url(stage, "whole"), body, headers)
    assert answer.json["result"] == {"specversion": "1.0", **own, "datacontenttype": "application/json",
                                     "data": {"a": [1, "ü"]}}


def test_the_same_event_is_the_same_run_in_either_mode(stage):
    event = CloudEvent(attributes(datacontenttype="application/json"), {"a": 1})
    answers = []
    for convert in (http.to_structured_event, http.to_binary_event):
        message = convert(event)
        answers.append(request("POST", url(stage, "whole"), message.body or None, message.headers))
    assert [answer.status for answer in answers] == [201, 200]
    assert answers[0].json["runId"] == answers[1].json["runId"]


# --- JavaScript ------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def node_modules():
    done = subprocess.run([ROOT / "tools" / "fetch-node-packages", SENDER], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def send(node_modules, **request_) -> dict:
    done = subprocess.run(["node", SENDER / "send.js"], input=json.dumps(request_), capture_output=True, text=True,
                          env={"NODE_PATH": node_modules, "PATH": "/usr/local/bin:/usr/bin:/bin"}, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def javascript_events() -> list:
    common = {"source": "/shop", "type": "com.example.order", "subject": "order 7", "comexampleext": "x y",
              "time": "2026-02-03T04:05:06.789Z", "dataschema": "https://example.com/schema"}
    kinds = [{"datacontenttype": "application/json", "data": {"n": 1.5, "deep": [None, True, {"ü": "\u2028"}]}},
             {"datacontenttype": "application/json; charset=utf-8", "data": [1, 2]},
             {"datacontenttype": "text/plain", "data": TEXT},
             {"datacontenttype": "application/xml", "data": "<a b='c'/>"},
             {"datacontenttype": "application/octet-stream", "bytes": base64.b64encode(BYTES).decode()},
             {}]
    return [{"id": str(uuid.uuid4()), **common, **kind} for kind in kinds]


@pytest.mark.parametrize("mode", ["binary", "structured", "batch"])
def test_the_javascript_sdk_s_events_arrive_as_sent(stage, node_modules, mode):
    given = javascript_events()
    target = url(stage, "whole") if mode != "batch" else f"{stage.gateway_url}/v1/routes/whole/events"
    done = send(node_modules, url=target, mode=mode, events=given)
    if mode == "batch":
        entries = done["answers"][0]["body"]["results"]
        assert [entry["outcome"] for entry in entries] == ["started"] * len(given), done
        results = [request("GET", f"{stage.gateway_url}/v1/workflows/{entry['workflowId']}/result?wait=30s")
                   for entry in entries]
        arrived = [answer.json["result"] for answer in results]
    else:
        assert [answer["status"] for answer in done["answers"]] == [201] * len(given), done
        arrived = [answer["body"]["result"] for answer in done["answers"]]
    for sent, own, got in zip(done["sent"], given, arrived, strict=True):
        sent.pop("data", None) if "data_base64" in sent else None
        if mode == "binary" and "datacontenttype" not in sent:
            # The SDK sends a type with every binary message.
            assert got.pop("datacontenttype") == "application/json; charset=utf-8"
        assert got == sent
        assert got.get("data") == own.get("data") and got.get("data_base64") == own.get("bytes")
