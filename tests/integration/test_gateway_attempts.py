"""Further attempts at a message: asked for by run ID, started once, counted by the gateway."""

import json
import threading
import uuid

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from ferrystack.process import wait_until
from gateway_world import Workers, event, gateway_for, post
from http_request import request


@workflow.defn(name="attempt")
class Attempt:
    """Does what its message's body says: {"fail": type, "final": true}, {"wait": true}, {"continue": n}."""

    def __init__(self):
        self.may_go = False

    @workflow.signal
    def go(self):
        self.may_go = True

    @workflow.run
    async def run(self, message: dict) -> str:
        body = json.loads(message["Body"])
        if body.get("continue"):
            body["continue"] -= 1
            workflow.continue_as_new({**message, "Body": json.dumps(body)}, memo={} if body.get("forget") else None)
        if body.get("wait"):
            await workflow.wait_condition(lambda: self.may_go)
        if body.get("fail"):
            try:
                raise ApplicationError("inner", type=body["fail"], non_retryable=bool(body.get("final")))
            except ApplicationError as cause:
                raise ApplicationError("outer", type="Outer") from cause
        return "done"


@pytest.fixture
def attempts(world):
    with Workers(world, [Attempt]) as worker:
        yield worker


@pytest.fixture
def gateway(world):
    return gateway_for(world, {"workflow": "attempt", "ack": "completion"})


def closed(world, ferry, message_id, first_run_id, wait_ms=20000):
    """The entry of the chain's end."""
    runs = [{"workflowId": world.workflow_id(message_id), "firstRunId": first_run_id}]
    answer = request("POST", f"{ferry.gateway_url}/v1/runs/wait", {"runs": runs, "waitMs": wait_ms}).json["runs"]
    assert len(answer) == 1
    return answer[0]


def failed_first(world, ferry, body=None):
    """(message, the entry of its first start, how that run ended)"""
    message = event(body or {"fail": "Inner"})
    first = post(ferry, message)
    assert (first["outcome"], first["attempt"]) == ("started", 1)
    return message, first, closed(world, ferry, message["data"]["MessageId"], first["firstRunId"])


def test_a_further_attempt_is_a_new_run_with_the_next_number(world, gateway, attempts):
    message, first, end = failed_first(world, gateway)
    assert (end["status"], end["failureType"], end["failureMessage"], end["nonRetryable"]) == (
        "Failed", "Outer", "outer", False)
    second = post(gateway, {**message, "ferryafter": end["runId"]})
    assert (second["outcome"], second["attempt"]) == ("started", 2)
    assert second["runId"] != first["runId"] and second["firstRunId"] == second["runId"]
    end = closed(world, gateway, message["data"]["MessageId"], second["firstRunId"])
    third = post(gateway, {**message, "ferryafter": end["runId"]})
    assert (third["outcome"], third["attempt"]) == ("started", 3)
    assert len(world.runs(message["data"]["MessageId"])) == 3
    # A redelivery knows nothing of attempts: it finds the current one.
    closed(world, gateway, message["data"]["MessageId"], third["firstRunId"])
    again = post(gateway, message)
    assert (again["outcome"], again["status"], again["attempt"], again["runId"]) == ("closed", "Failed", 3, third["runId"])


def test_the_first_application_failure_says_whether_an_attempt_makes_sense(world, gateway, attempts):
    _, _, end = failed_first(world, gateway, {"fail": "Inner", "final": True})
    assert end["failureType"] == "Outer" and end["nonRetryable"] is False


def test_attempts_after_another_run_than_the_current_one_answer_that_one(world, gateway, attempts):
    message, first, end = failed_first(world, gateway)
    second = post(gateway, {**message, "ferryafter": end["runId"]})
    second_end = closed(world, gateway, message["data"]["MessageId"], second["firstRunId"])
    late = post(gateway, {**message, "ferryafter": first["runId"]})
    assert (late["outcome"], late["status"], late["attempt"], late["runId"]) == ("closed", "Failed", 2, second_end["runId"])
    assert late["nonRetryable"] is False and late["failureMessage"] == "outer"
    assert len(world.runs(message["data"]["MessageId"])) == 2


def test_a_run_that_has_completed_is_never_followed(world, gateway, attempts):
    message = event({})
    first = post(gateway, message)
    end = closed(world, gateway, message["data"]["MessageId"], first["firstRunId"])
    answer = post(gateway, {**message, "ferryafter": end["runId"]})
    assert (answer["outcome"], answer["status"], answer["attempt"]) == ("closed", "Completed", 1)
    assert len(world.runs(message["data"]["MessageId"])) == 1


def test_an_open_run_is_never_followed(world, gateway, attempts):
    message = event({"wait": True})
    first = post(gateway, message)
    answer = post(gateway, {**message, "ferryafter": first["runId"]})
    assert (answer["outcome"], answer["runId"], answer["attempt"]) == ("attached", first["runId"], 1)


def test_many_who_ask_for_the_same_attempt_at_once_get_one_run(world, gateway, attempts):
    message = event({"fail": "Inner", "wait": True})
    first = post(gateway, message)
    attempts.signal(world.workflow_id(message["data"]["MessageId"]), "go")
    end = closed(world, gateway, message["data"]["MessageId"], first["firstRunId"])
    other = gateway_for(world, {"workflow": "attempt", "ack": "completion"})
    answers, threads = [], []
    for i in range(12):
        ferry = (gateway, other)[i % 2]
        threads.append(threading.Thread(target=lambda f=ferry: answers.append(
            post(f, {**message, "ferryafter": end["runId"]}))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["runId"] for answer in answers}) == 1
    assert {answer["attempt"] for answer in answers} == {2}
    assert {answer["outcome"] for answer in answers} <= {"started", "attached"}
    assert len(world.runs(message["data"]["MessageId"])) == 2


def test_a_chain_keeps_its_attempt_through_continue_as_new(world, gateway, attempts):
    message, _, end = failed_first(world, gateway, {"continue": 2, "fail": "Inner"})
    assert end["runId"] != end["firstRunId"]
    second = post(gateway, {**message, "ferryafter": end["runId"]})
    assert (second["outcome"], second["attempt"]) == ("started", 2)
    end = closed(world, gateway, message["data"]["MessageId"], second["firstRunId"])
    assert end["runId"] != second["runId"]
    again = post(gateway, message)
    assert (again["outcome"], again["attempt"], again["runId"]) == ("closed", 2, end["runId"])


def test_a_chain_that_forgets_its_memo_is_counted_by_its_first_run(world, gateway, attempts):
    message, _, end = failed_first(world, gateway, {"continue": 1, "forget": True, "fail": "Inner"})
    second = post(gateway, {**message, "ferryafter": end["runId"]})
    assert (second["outcome"], second["attempt"]) == ("started", 2)
    end = closed(world, gateway, message["data"]["MessageId"], second["firstRunId"])
    third = post(gateway, {**message, "ferryafter": end["runId"]})
    assert third["attempt"] == 3


def test_a_reset_run_is_the_current_one_and_keeps_its_attempt(world, gateway, attempts):
    message, _, end = failed_first(world, gateway, {"fail": "Inner"})
    second = post(gateway, {**message, "ferryafter": end["runId"], "data": {**message["data"], "Body": '{"wait": true}'}})
    assert second["attempt"] == 2
    message_id = message["data"]["MessageId"]
    wait_until(lambda: len(world.history(message_id)) >= 4, 20, "the first workflow task")
    attempts.reset(world.workflow_id(message_id), second["runId"])
    wait_until(lambda: len(world.runs(message_id)) == 3, 20, "the run of the reset", 0.1)
    # The terminated run is not the chain's current one: its poller is told of the run that goes on.
    answer = post(gateway, {**message, "ferryafter": second["runId"]})
    assert (answer["outcome"], answer["attempt"], answer["firstRunId"]) == ("attached", 2, second["runId"])
    assert answer["runId"] != second["runId"]
    again = post(gateway, message)
    assert (again["outcome"], again["attempt"], again["runId"]) == ("attached", 2, answer["runId"])
    attempts.signal(world.workflow_id(message_id), "go")
    end = closed(world, gateway, message_id, second["firstRunId"])
    assert (end["status"], end["runId"]) == ("Completed", answer["runId"])


@pytest.mark.parametrize("how", ["cancel", "terminate"])
def test_a_run_that_was_ended_by_hand_may_be_followed(world, gateway, attempts, how):
    message = event({"wait": True})
    first = post(gateway, message)
    path = f"{gateway.gateway_url}/v1/workflows/{world.workflow_id(message['data']['MessageId'])}/{how}"
    assert request("POST", path, {}).status in (200, 202)
    end = closed(world, gateway, message["data"]["MessageId"], first["firstRunId"])
    assert end["status"] == {"cancel": "Canceled", "terminate": "Terminated"}[how]
    second = post(gateway, {**message, "ferryafter": end["runId"], "ferryanew": True})
    assert (second["outcome"], second["attempt"]) == ("started", 1)


def replayed(message, run_id=None):
    """What `ferry dlq replay` sends: another MessageId, the original's in an attribute."""
    replay = {"messageId": message["data"]["MessageId"], "route": "hello-world"}
    if run_id:
        replay["runId"] = run_id
    data = {**message["data"], "MessageId": str(uuid.uuid4()), "MessageAttributes": {
        "FerryReplay": {"DataType": "String", "StringValue": json.dumps(replay)}}}
    return {**message, "id": data["MessageId"], "data": data}


def test_a_replayed_message_runs_again_under_its_own_id_and_twice_is_once(world, gateway, attempts):
    message, _, end = failed_first(world, gateway)
    second = post(gateway, {**message, "ferryafter": end["runId"]})
    end = closed(world, gateway, message["data"]["MessageId"], second["firstRunId"])
    replay = replayed({**message, "data": {**message["data"], "Body": '{"wait": true}'}}, end["runId"])
    answer = post(gateway, replay)
    assert (answer["outcome"], answer["attempt"]) == ("started", 1)
    assert answer["workflowId"] == world.workflow_id(message["data"]["MessageId"])
    copy = post(gateway, replayed(message, end["runId"]))
    assert (copy["outcome"], copy["attempt"], copy["runId"]) == ("attached", 1, answer["runId"])
    attempts.signal(answer["workflowId"], "go")
    closed(world, gateway, message["data"]["MessageId"], answer["firstRunId"])
    late = post(gateway, replayed(message, end["runId"]))
    assert (late["outcome"], late["status"], late["runId"]) == ("closed", "Completed", answer["runId"])
    assert len(world.runs(message["data"]["MessageId"])) == 3


def test_a_replay_of_what_never_ran_is_a_first_start(world, gateway, attempts):
    message = event({})
    answer = post(gateway, replayed(message))
    assert (answer["outcome"], answer["attempt"]) == ("started", 1)
    assert answer["workflowId"] == world.workflow_id(message["data"]["MessageId"])
    assert post(gateway, message)["outcome"] in ("attached", "closed")


def test_a_replay_of_what_temporal_has_forgotten_is_started(world, gateway, attempts):
    message = event({})
    replay = replayed(message, str(uuid.uuid4()))
    assert [(e["outcome"], e["attempt"]) for e in (post(gateway, replay),)] == [("started", 1)]
    unknown = post(gateway, {**event({}), "ferryafter": str(uuid.uuid4())})
    assert (unknown["outcome"], unknown["status"]) == ("closed", "NotFound")


def test_what_is_no_replay_is_rejected(world, gateway):
    message = event({})
    message["data"]["MessageAttributes"] = {"FerryReplay": {"DataType": "String", "StringValue": "hello"}}
    answer = post(gateway, message)
    assert (answer["outcome"], answer["class"]) == ("rejected", "bad_event")
