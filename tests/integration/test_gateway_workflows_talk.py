"""Talking to workflows over HTTP: signals, queries, cancel, terminate."""

import uuid

import pytest

from workflow_world import api, assert_problem  # noqa: F401
from test_gateway_workflows import TEXTS


def ended(api, workflow_id: str):
    """What the box holds when it is closed."""
    assert api.post(api.path(workflow_id, "/signals/close")).status == 202
    return api.get(api.path(workflow_id, "/result?wait=30s")).json["result"]


# --- signals ---------------------------------------------------------------------------------------------------------

def test_a_signals_argument_is_the_whole_body_byte_for_byte(api):
    workflow_id = api.started()
    for text in TEXTS:
        answer = api.post(api.path(workflow_id, "/signals/add"), text)
        assert answer.status == 202 and answer.json == {}, answer
    assert ended(api, workflow_id) == TEXTS


def test_a_signal_with_several_arguments_or_none(api):
    workflow_id = api.started()
    assert api.post(api.path(workflow_id, "/signals/add_all?arguments=list"), [1, "two", None]).status == 202
    assert api.post(api.path(workflow_id, "/signals/add_all?arguments=list"), []).status == 202
    assert api.post(api.path(workflow_id, "/signals/add_all")).status == 202
    assert ended(api, workflow_id) == ["1", "two", "None"]
    path = api.path(workflow_id, "/signals/add_all?arguments=")
    assert_problem(api.post(path + "list", {"a": 1}), 400, "invalid-request", "a list of arguments")
    assert_problem(api.post(path + "many", []), 400, "invalid-request", "arguments: expected list")


def test_a_signal_with_a_key_arrives_once(api):
    workflow_id = api.started()
    for key in ("a", "a", "b"):
        assert api.post(api.path(workflow_id, "/signals/add"), "1", {"Idempotency-Key": key}).status == 202
    assert ended(api, workflow_id) == ["1", "1"]


def test_signals_to_nobody_and_to_one_that_has_closed(api):
    assert_problem(api.post(api.path(api.new_id(), "/signals/add"), "1"), 404, "workflow-not-found")
    workflow_id = api.started()
    ended(api, workflow_id)
    assert_problem(api.post(api.path(workflow_id, "/signals/add"), "1"), 409, "wrong-state", "already completed")


def test_a_signals_name_may_be_anything(api):
    workflow_id = api.started()
    assert api.post(api.path(workflow_id, "/signals/a%2Fb%20%F0%9F%98%80"), "1").status == 202
    ended(api, workflow_id)
    names = [event.workflow_execution_signaled_event_attributes.signal_name for event in api.events(workflow_id)]
    assert "a/b 😀" in names


def test_signal_with_start_starts_once_and_signals_each_time(api):
    workflow_id = api.new_id()
    body = {"workflowType": "box", "taskQueue": api.task_queue, "signal": 1.5, "memo": {"a": 1}}
    path = api.path(workflow_id, "/signal-with-start/add")
    first, second = api.post(path, body), api.post(path, {**body, "signal": None})
    assert first.status == 201 and first.json["started"] is True, first
    assert second.status == 200 and second.json["started"] is False, second
    assert second.json["runId"] == first.json["runId"]
    third = api.post(api.path(workflow_id, "/signal-with-start/add_all"),
                     {"workflowType": "box", "taskQueue": api.task_queue, "signalArguments": [1, 2]})
    assert third.status == 200, third
    assert api.memo(workflow_id) == {"a": 1}
    assert ended(api, workflow_id) == ["1.5", "null", "1", "2"]


def test_signal_with_start_keeps_the_signals_bytes(api):
    workflow_id = api.new_id()
    for text in TEXTS:
        body = '{"workflowType":"box","taskQueue":"%s","signal":%s}' % (api.task_queue, text)
        assert api.post(api.path(workflow_id, "/signal-with-start/add"), body).status in (200, 201)
    assert ended(api, workflow_id) == TEXTS


def test_signal_with_start_and_wait(api):
    answer = api.post(api.path(api.new_id(), "/signal-with-start/close?wait=30s"),
                      {"workflowType": "box", "taskQueue": api.task_queue})
    assert answer.status == 201 and answer.json["status"] == "Completed" and answer.json["result"] == [], answer


def test_signal_with_start_with_a_key_signals_once(api):
    workflow_id = api.new_id()
    body = {"workflowType": "box", "taskQueue": api.task_queue, "signal": 1}
    for _ in range(2):
        assert api.post(api.path(workflow_id, "/signal-with-start/add"), body, {"Idempotency-Key": "k"}).status in (200, 201)
    assert ended(api, workflow_id) == ["1"]


def test_signal_with_start_wants_a_policy_that_can_be(api):
    body = {"workflowType": "box", "taskQueue": api.task_queue, "idConflictPolicy": "fail"}
    assert_problem(api.post(api.path("w", "/signal-with-start/add"), body), 400, "invalid-request", "idConflictPolicy")
    body = {"workflowType": "box", "taskQueue": api.task_queue, "signal": 1, "signalArguments": []}
    assert_problem(api.post(api.path("w", "/signal-with-start/add"), body), 400, "invalid-request", "signalArguments")


# --- queries ---------------------------------------------------------------------------------------------------------

def test_a_query_passes_both_ways_byte_for_byte(api):
    workflow_id = api.started()
    for text in TEXTS:
        answer = api.post(api.path(workflow_id, "/queries/echo"), text)
        assert answer.status == 200 and answer.body == f'{{"result":{text}}}'.encode(), answer


def test_a_query_without_an_argument_also_of_a_closed_run(api):
    workflow_id = api.started()
    api.post(api.path(workflow_id, "/signals/add"), "7")
    assert api.post(api.path(workflow_id, "/queries/items")).json == {"result": ["7"]}
    ended(api, workflow_id)
    assert api.post(api.path(workflow_id, "/queries/items")).json == {"result": ["7"]}


def test_a_query_that_fails_and_one_that_is_unknown(api):
    workflow_id = api.started()
    assert_problem(api.post(api.path(workflow_id, "/queries/broken")), 422, "query-failed", "the shelf is broken")
    assert_problem(api.post(api.path(workflow_id, "/queries/nope")), 422, "query-failed", "nope")
    assert_problem(api.post(api.path(api.new_id(), "/queries/items")), 404, "workflow-not-found")


def test_a_query_that_is_rejected_by_the_runs_state(api):
    workflow_id = api.started()
    path = api.path(workflow_id, "/queries/items?rejectCondition=")
    assert api.post(path + "notOpen").status == 200
    ended(api, workflow_id)
    assert_problem(api.post(path + "notOpen"), 409, "query-rejected", "Completed")
    assert api.post(path + "notCompletedCleanly").status == 200
    assert_problem(api.post(path + "never"), 400, "invalid-request", "rejectCondition")


def test_a_query_without_a_worker_is_504(api):
    workflow_id = api.started("box", taskQueue=f"nobody-{uuid.uuid4().hex}")
    assert_problem(api.post(api.path(workflow_id, "/queries/items?wait=2s")), 504, "no-worker")


# --- cancel and terminate --------------------------------------------------------------------------------------------

def test_cancel(api):
    workflow_id = api.started()
    answer = api.post(api.path(workflow_id, "/cancel"), {"reason": "Ärger"})
    assert answer.status == 202 and answer.json == {}, answer
    assert api.get(api.path(workflow_id, "/result?wait=30s")).json["status"] == "Canceled"
    asked = [event.workflow_execution_cancel_requested_event_attributes for event in api.events(workflow_id)
             if event.HasField("workflow_execution_cancel_requested_event_attributes")]
    assert asked[0].cause == "Ärger"
    assert api.post(api.path(workflow_id, "/cancel")).status == 202  # for Temporal that is no error
    assert_problem(api.post(api.path(api.new_id(), "/cancel")), 404, "workflow-not-found")


def test_terminate(api):
    workflow_id = api.started()
    answer = api.post(api.path(workflow_id, "/terminate"), {"reason": "enough"})
    assert answer.status == 200 and answer.json == {}, answer
    assert api.get(api.path(workflow_id)).json["status"] == "Terminated"
    assert_problem(api.post(api.path(workflow_id, "/terminate")), 409, "wrong-state")
    assert_problem(api.post(api.path(api.new_id(), "/terminate")), 404, "workflow-not-found")


def test_a_run_may_be_named(api):
    workflow_id = api.started()
    first = api.get(api.path(workflow_id)).json["runId"]
    api.start(workflowId=workflow_id, idConflictPolicy="terminate")
    assert_problem(api.post(api.path(workflow_id, f"/terminate?runId={first}")), 409, "wrong-state")
    for how in ("cancel", "terminate"):
        assert_problem(api.post(api.path(workflow_id, f"/{how}?runId={uuid.uuid4()}")), 404, "workflow-not-found")
        assert_problem(api.post(api.path(workflow_id, f"/{how}?runId=nonsense")), 400, "invalid-request")
        assert_problem(api.post(api.path(workflow_id, f"/{how}?runId=")), 400, "invalid-request", "runId")
    assert api.get(api.path(workflow_id)).json["status"] == "Running"


@pytest.mark.parametrize("how", ["cancel", "terminate"])
@pytest.mark.parametrize("body, said", [("[]", "expected a JSON object"), ('{"reason": 7}', "reason: expected a text"),
                                        ('{"cause": "x"}', "cause: there is no such member")])
def test_a_wrong_reason(api, how, body, said):
    assert_problem(api.post(api.path("w", f"/{how}"), body), 400, "invalid-request", said)
