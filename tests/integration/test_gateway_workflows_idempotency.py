"""Idempotency-Key on starts (docs/adr/0023): the same key and body is the same start, another body is refused."""

import concurrent.futures
import hashlib
import json

import pytest

from workflow_world import api, assert_problem  # noqa: F401


def key_of(api) -> dict:
    return {"Idempotency-Key": api.new_id("key")}


def body_of(api, kind="box", **members) -> str:
    return json.dumps({"workflowType": kind, "taskQueue": api.task_queue, **members})


def runs_of(api, workflow_id: str) -> int:
    async def count():
        return len([run async for run in api.workers.client.list_workflows(f"WorkflowId = '{workflow_id}'")])
    return api.workers.call(count())


def test_the_same_key_and_body_is_the_same_start(api):
    key, body = key_of(api), body_of(api, input=1)
    first, again = api.post("", body, key), api.post("", body, key)
    assert first.status == 201 and first.json["started"] is True, first
    assert again.json["workflowId"] == first.json["workflowId"] and again.json["runId"] == first.json["runId"], again
    memo = api.memo(first.json["workflowId"])
    assert memo == {"FerryIdempotencyKey": hashlib.sha256(key["Idempotency-Key"].encode()).hexdigest(),
                    "FerryRequestHash": hashlib.sha256(body.encode()).hexdigest()}


def test_the_same_key_and_body_is_the_same_start_after_its_end(api):
    key, body = key_of(api), body_of(api, "echo", input=[1.0])
    first = api.post("?wait=30s", body, key)
    assert first.json["status"] == "Completed", first
    again = api.post("?wait=30s", body, key)
    assert again.status == 200 and again.json["started"] is False, again
    assert again.json["runId"] == first.json["runId"] and again.json["result"] == [1.0]


def test_the_same_key_and_body_is_the_same_start_where_its_chain_went_on(api):
    key, body = key_of(api), body_of(api, "renewed")
    first = api.post("?wait=30s", body, key)
    assert first.status == 201 and first.json["result"] == "round 2", first
    again = api.post("?wait=30s", body, key)
    assert again.status == 200 and again.json["started"] is False and again.json["result"] == "round 2", again
    assert again.json["firstRunId"] == first.json["firstRunId"]


def test_many_at_once_are_one_start(api):
    key, body = key_of(api), body_of(api)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: api.post("", body, key), range(32)))
    assert {answer.status for answer in answers} <= {200, 201}, answers
    assert len({answer.json["runId"] for answer in answers}) == 1


def test_many_bodies_at_once_are_one_start_and_problems(api):
    key = key_of(api)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: api.post("", body_of(api, input=i), key), range(16)))
    started = [answer for answer in answers if answer.status == 201]
    refused = [answer for answer in answers if answer.status == 422]
    assert len(started) == 1 and len(refused) == 15, answers


@pytest.mark.parametrize("kind", ["box", "nothing"])
def test_another_body_is_422_whether_the_run_is_open_or_closed(api, kind):
    key = key_of(api)
    first = api.post("?wait=1s" if kind == "box" else "?wait=30s", body_of(api, kind), key)
    other = api.post("", body_of(api, kind, input=2), key)
    assert_problem(other, 422, "idempotency-key-reused", "another body")
    assert api.post("", body_of(api, kind), key).json["runId"] == first.json["runId"]


def test_a_key_beside_a_given_id(api):
    workflow_id, key = api.new_id(), key_of(api)
    body = body_of(api, workflowId=workflow_id)
    first = api.post("", body, key)
    assert first.status == 201 and first.json["workflowId"] == workflow_id, first
    assert api.post("", body, key).json["runId"] == first.json["runId"]
    assert_problem(api.post("", body_of(api, workflowId=workflow_id, input=1), key), 422, "idempotency-key-reused")
    # Another key is another start: the policies decide.
    assert_problem(api.post("", body, key_of(api)), 409, "workflow-exists")
    attached = api.post("", body_of(api, workflowId=workflow_id, idConflictPolicy="useExisting"), key_of(api))
    assert attached.status == 200 and attached.json["started"] is False, attached
    assert attached.json["runId"] == first.json["runId"]


def test_another_key_may_start_again_when_the_run_has_closed(api):
    workflow_id, first_key, second_key = api.new_id(), key_of(api), key_of(api)
    body = body_of(api, "nothing", workflowId=workflow_id)
    first = api.post("?wait=30s", body, first_key)
    second = api.post("?wait=30s", body, second_key)
    assert second.status == 201 and second.json["runId"] != first.json["runId"], second
    again = api.post("?wait=30s", body, second_key)
    assert again.json["runId"] == second.json["runId"], again
    assert_problem(api.post("", body_of(api, "nothing", workflowId=workflow_id, input=1), second_key), 422,
                   "idempotency-key-reused")
    reject = body_of(api, "nothing", workflowId=workflow_id, idReusePolicy="reject")
    assert_problem(api.post("", reject, key_of(api)), 409, "workflow-exists")


def test_a_run_without_a_key_is_a_stranger(api):
    workflow_id = api.started("box")
    assert_problem(api.post("", body_of(api, workflowId=workflow_id), key_of(api)), 409, "workflow-exists")


def test_an_attached_start_meets_the_same_key_with_another_body(api):
    workflow_id, key = api.new_id(), key_of(api)
    assert api.post("", body_of(api, workflowId=workflow_id, idConflictPolicy="useExisting"), key).status == 201
    other = body_of(api, workflowId=workflow_id, idConflictPolicy="useExisting", input=1)
    assert_problem(api.post("", other, key), 422, "idempotency-key-reused")


def test_keys_are_of_their_workflow_type(api):
    key = key_of(api)
    first, second = api.post("", body_of(api, "box"), key), api.post("", body_of(api, "nothing"), key)
    assert first.status == 201 and second.status == 201
    assert first.json["workflowId"] != second.json["workflowId"]


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb", "ä"])
def test_a_key_is_1_to_255_visible_characters(api, key):
    answer = api.post("", body_of(api), {"Idempotency-Key": key.encode().decode("latin-1")})
    assert_problem(answer, 400, "invalid-request", "Idempotency-Key")


def test_the_longest_key(api):
    assert api.post("", body_of(api), {"Idempotency-Key": api.new_id() + "k" * 200}).status == 201
