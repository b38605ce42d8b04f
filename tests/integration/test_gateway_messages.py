"""Where is my message? GET /v1/messages/{messageId}."""

import subprocess
import urllib.parse
import uuid

import pytest

from ferrystack.process import wait_until
from gateway_world import Workers, batch, event, gateway_for, post
from http_request import request
from test_gateway_attempts import Attempt, closed


def lookup(ferry, message_id, route=None):
    return request("GET", f"{ferry.gateway_url}/v1/messages/{message_id}" + (f"?route={route}" if route else ""))


@pytest.fixture
def attempts(world):
    with Workers(world, [Attempt]) as worker:
        yield worker


def routes(world):
    common = {"workflow": "attempt", "task_queue": world.task_queue}
    return {"other": common, "grouped": {**common, "id": "{MessageGroupId}/{MessageId}"}}


def test_a_message_is_found_by_its_id_with_all_that_is_known_of_its_run(world, attempts):
    ferry = gateway_for(world, {"workflow": "attempt"}, routes={"other": routes(world)["other"]})
    one = event({"wait": True})
    entry = post(ferry, one, "other")
    message_id = one["data"]["MessageId"]
    found = lookup(ferry, message_id)
    assert found.status == 200
    expected = {"messageId": message_id, "route": "other", "workflowId": entry["workflowId"], "runId": entry["runId"],
                "firstRunId": entry["firstRunId"], "attempt": 1, "status": "Running", "workflowType": "attempt",
                "taskQueue": world.task_queue}
    assert {key: found.json[key] for key in expected} == expected
    assert found.json["startTime"] and "closeTime" not in found.json
    assert lookup(ferry, message_id, "other").json["runId"] == entry["runId"]
    elsewhere = lookup(ferry, message_id, "hello-world")
    assert elsewhere.status == 404 and elsewhere.json["type"].endswith("message-not-found")
    assert lookup(ferry, str(uuid.uuid4())).status == 404
    assert lookup(ferry, message_id, "nowhere").json["type"].endswith("unknown-route")


def test_a_message_s_failure_and_attempt_are_told(world, attempts):
    ferry = gateway_for(world, {"workflow": "attempt"})
    one = event({"fail": "Inner"})
    first = post(ferry, one)
    end = closed(world, ferry, one["data"]["MessageId"], first["firstRunId"])
    second = post(ferry, {**one, "ferryafter": end["runId"]})
    closed(world, ferry, one["data"]["MessageId"], second["firstRunId"])
    found = lookup(ferry, one["data"]["MessageId"]).json
    assert (found["status"], found["attempt"], found["runId"]) == ("Failed", 2, second["runId"])
    assert (found["failureType"], found["failureMessage"], found["nonRetryable"]) == ("Outer", "outer", False)
    assert found["closeTime"] >= found["startTime"]


def test_a_route_whose_id_needs_more_says_what_to_set(world):
    ferry = gateway_for(world, routes={"grouped": routes(world)["grouped"]})
    one = event({}, group="g")
    assert post(ferry, one, "grouped")["outcome"] == "started"
    for route in (None, "grouped"):
        answer = lookup(ferry, one["data"]["MessageId"], route)
        assert answer.status == 501 and "FerryMessageId" in answer.json["detail"] and "grouped" in answer.json["detail"]
    plain = event({})
    post(ferry, plain)
    assert lookup(ferry, plain["data"]["MessageId"]).status == 200  # found before the question arises


def test_a_message_is_found_by_its_search_attribute(world, attempts):
    grouped = {**routes(world)["grouped"], "search_attributes": {"FerryMessageId": "{MessageId}"}}
    ferry = gateway_for(world, routes={"grouped": grouped})
    one = event({"wait": True}, group="g")
    unregistered = lookup(ferry, one["data"]["MessageId"])
    assert unregistered.status == 501 and "operator search-attribute create" in unregistered.json["detail"]
    done = subprocess.run(world.temporal.command("operator", "search-attribute", "create", "--name", "FerryMessageId",
                                                 "--type", "Keyword"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wait_until(lambda: batch(ferry, [one], "grouped").status == 200, 20, "the attribute to be known", 0.2)
    found = wait_until(lambda: (lambda a: a if a.status == 200 else None)(lookup(ferry, one["data"]["MessageId"])), 20,
                       "the run to be found", 0.2)
    assert (found.json["route"], found.json["status"], found.json["attempt"]) == ("grouped", "Running", 1)
    assert found.json["workflowId"] == f"grouped-g/{one['data']['MessageId']}"
    assert lookup(ferry, urllib.parse.quote("a' OR FerryMessageId != 'b")).status in (400, 404)
    assert lookup(ferry, str(uuid.uuid4()), "grouped").status == 404
