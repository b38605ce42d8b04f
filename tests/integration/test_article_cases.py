"""The cases of the article: no body, a valid body, a body that its schema refuses, a body that is not JSON."""

import json

import pytest

from ferrystack.process import wait_until
from http_request import request


def events_url(ferry, route="hello-world"):
    return f"{ferry.gateway_url}/v1/routes/{route}/events"


def test_a_message_without_a_body_gives_oops(world):
    ferry = world.ferry(world.create_queue()).start()
    answer = request("POST", events_url(ferry), {"MessageId": "m-" + world.name})
    assert answer.status == 201 and answer.json["started"] is True
    result = request("GET", f"{ferry.gateway_url}/v1/workflows/{answer.json['workflowId']}/result?wait=30s")
    assert result.status == 200 and result.json["status"] == "Completed" and result.json["result"] == "oops!"


def test_a_valid_body_gives_finished_and_the_message_is_gone(world):
    url = world.create_queue()
    ferry = world.ferry(url).start()
    message = world.send(url, {"message": "hello", "other": [1, {"members": "are free"}]})
    world.wait_completed([message])
    result = request("GET", f"{ferry.gateway_url}/v1/workflows/{world.workflow_id(message)}/result?wait=5s")
    assert result.json["result"] == "finished!"
    world.wait_empty(url)


@pytest.mark.parametrize("body, reason", [
    (json.dumps({"message": ""}), "message"),
    (json.dumps({"other": 1}), "message"),
    (json.dumps(["not", "an", "object"]), "object"),
    ("this is no JSON {", "JSON"),
], ids=["empty", "missing", "no-object", "no-json"])
def test_a_refused_body_fails_once_and_goes_back_to_the_queue_with_growing_visibility(world, body, reason):
    url = world.create_queue(fifo=False)
    ferry = world.ferry(url, queue={"visibility": "4s"}).start()
    message = world.send(url, body)
    wait_until(lambda: world.status(message) == "FAILED", 30, "the workflow to fail", 0.1)
    closing = world.history(message)[-1]["workflowExecutionFailedEventAttributes"]["failure"]
    cause = closing
    while "cause" in cause:
        cause = cause["cause"]
    assert reason in cause["message"]
    assert cause["applicationFailureInfo"]["nonRetryable"] is True
    first = ferry.poller.wait_for_event(30, "message returned", message_id=message)

    def returned():
        return [e for e in ferry.poller.events() if e.get("msg") == "message returned" and e.get("message_id") == message]
    wait_until(lambda: len(returned()) >= 2, 60, "a second return", 0.2)
    assert returned()[1]["visibility"] > first["visibility"]
    assert len(world.runs(message)) == 1
    waiting, in_flight = world.sqs.depth(url)
    assert waiting + in_flight == 1
    types = [event["eventType"] for event in world.history(message)]
    assert "EVENT_TYPE_WORKFLOW_TASK_FAILED" not in types


def test_a_refused_body_does_not_stop_its_neighbours(world):
    url = world.create_queue(fifo=False)
    world.ferry(url).start()
    refused = world.send(url, "no JSON")
    good = world.send_many(url, 10)
    world.wait_completed(good)
    assert world.status(refused) == "FAILED"
