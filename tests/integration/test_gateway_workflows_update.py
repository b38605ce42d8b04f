"""Updates, resets and deletes over HTTP."""

import uuid

import pytest

from ferrystack.process import wait_until
from http_request import request
from test_gateway_workflows import TEXTS
from workflow_world import api, assert_problem  # noqa: F401


# --- updates ---------------------------------------------------------------------------------------------------------

def test_an_update_passes_both_ways_byte_for_byte(api):
    workflow_id = api.started()
    for text in TEXTS:
        answer = api.post(api.path(workflow_id, "/updates/put"), text)
        assert answer.status == 200 and answer.json["stage"] == "completed", answer
        assert f'"result":{text}'.encode() in answer.body
    assert api.post(api.path(workflow_id, "/queries/items")).json["result"] == TEXTS


def test_an_update_says_which_it_is_and_where_its_outcome_is(api):
    workflow_id = api.started()
    answer = api.post(api.path(workflow_id, "/updates/put"), "1")
    assert answer.json["workflowId"] == workflow_id and answer.json["runId"] and answer.json["updateId"], answer
    outcome = request("GET", api.ferry.gateway_url + answer.headers["Location"])
    assert outcome.status == 200 and outcome.json == answer.json, outcome


def test_an_update_that_is_accepted_and_ends_later(api):
    workflow_id = api.started()
    accepted = api.post(api.path(workflow_id, "/updates/put_later?stage=accepted"), '"x"')
    assert accepted.status == 200 and accepted.json["stage"] == "accepted" and "result" not in accepted.json, accepted
    late = api.post(api.path(workflow_id, "/updates/put_later?wait=2s"), '"y"')
    assert late.status == 202 and late.json["stage"] == "accepted", late
    location = api.ferry.gateway_url + late.headers["Location"]
    assert request("GET", location + "?wait=1s").status == 202
    api.post(api.path(workflow_id, "/signals/open"))
    outcome = request("GET", location + "?wait=30s")
    assert outcome.status == 200 and outcome.json["stage"] == "completed" and outcome.json["result"] in (1, 2), outcome


def test_an_update_whose_sender_names_no_wait_is_202_at_last(api):
    """After 10 s (docs/api.md), with all that is needed to ask again."""
    workflow_id = api.started()
    answer = api.post(api.path(workflow_id, "/updates/put_later"), '"x"', {"Idempotency-Key": "slow"})
    assert answer.status == 202 and "Preference-Applied" not in answer.headers, answer
    assert answer.json == {"workflowId": workflow_id, "runId": answer.json["runId"],
                           "updateId": answer.json["updateId"], "stage": "accepted"}
    location = answer.headers["Location"]
    assert location == f"/v1/workflows/{workflow_id}/updates/{answer.json['updateId']}", answer
    again = api.post(api.path(workflow_id, "/updates/put_later?stage=accepted"), '"x"', {"Idempotency-Key": "slow"})
    assert again.status == 200 and again.json == answer.json, again
    api.post(api.path(workflow_id, "/signals/open"))
    outcome = request("GET", f"{api.ferry.gateway_url}{location}?wait=30s")
    assert outcome.status == 200 and outcome.json == {**answer.json, "stage": "completed", "result": 1}, outcome


def test_an_update_that_is_refused_and_one_that_fails(api):
    workflow_id = api.started()
    refused = api.post(api.path(workflow_id, "/updates/put_checked"), '"bad"')
    assert_problem(refused, 422, "update-rejected", "bad things are not put")
    failed = api.post(api.path(workflow_id, "/updates/put_and_fail"))
    assert_problem(failed, 422, "update-failed", "the shelf is full")
    assert failed.json["failure"]["type"] == "Full" and failed.json["failure"]["details"] == [{"left": 0}]
    assert_problem(api.post(api.path(workflow_id, "/updates/nope")), 422, "update-rejected", "nope")
    assert api.post(api.path(workflow_id, "/updates/put_checked"), '"good"').json["result"] == "good"


def test_an_update_with_a_key_happens_once(api):
    workflow_id = api.started()
    first, again = [api.post(api.path(workflow_id, "/updates/put"), "1", {"Idempotency-Key": "k"}) for _ in range(2)]
    assert first.json == again.json
    assert api.post(api.path(workflow_id, "/queries/items")).json["result"] == ["1"]


def test_an_update_without_a_worker_is_504(api):
    workflow_id = api.started("box", taskQueue=f"nobody-{uuid.uuid4().hex}")
    assert_problem(api.post(api.path(workflow_id, "/updates/put?wait=2s"), "1"), 504, "no-worker")


def test_updates_of_nobody_and_of_one_that_has_closed(api):
    assert_problem(api.post(api.path(api.new_id(), "/updates/put"), "1"), 404, "workflow-not-found")
    workflow_id = api.started()
    api.post(api.path(workflow_id, "/terminate"))
    assert_problem(api.post(api.path(workflow_id, "/updates/put"), "1"), 409, "wrong-state")
    assert_problem(api.get(api.path(workflow_id, "/updates/none")), 404, "update-not-found")


@pytest.mark.parametrize("query, said", [("stage=admitted", "stage"), ("arguments=many", "arguments"), ("wait=2m", "wait")])
def test_a_wrong_update_is_400(api, query, said):
    assert_problem(api.post(api.path("w", f"/updates/put?{query}"), "1"), 400, "invalid-request", said)


# --- update with start -----------------------------------------------------------------------------------------------

def test_update_with_start(api):
    workflow_id = api.new_id()
    body = {"workflowType": "box", "taskQueue": api.task_queue, "memo": {"a": 1}, "update": 1.5}
    path = api.path(workflow_id, "/update-with-start/put")
    first, second = api.post(path, body), api.post(path, {**body, "update": None})
    assert first.status == 200 and first.json["started"] is True and first.json["result"] == 1.5, first
    assert second.json["started"] is False and second.json["runId"] == first.json["runId"], second
    assert second.json["result"] is None
    assert api.memo(workflow_id) == {"a": 1}
    assert api.post(api.path(workflow_id, "/queries/items")).json["result"] == ["1.5", "null"]


def test_update_with_start_that_ends_later_is_refused_or_fails(api):
    start = {"workflowType": "box", "taskQueue": api.task_queue}
    late = api.post(api.path(api.new_id(), "/update-with-start/put_later?wait=2s"), {**start, "update": "x"})
    assert late.status == 202 and late.json["started"] is True and late.json["stage"] == "accepted", late
    assert request("GET", api.ferry.gateway_url + late.headers["Location"]).status == 202
    path = api.path(api.new_id(), "/update-with-start/put_checked")
    assert_problem(api.post(path, {**start, "update": "bad"}), 422, "update-rejected")
    assert_problem(api.post(api.path(api.new_id(), "/update-with-start/put_and_fail"), start), 422, "update-failed")


def test_update_with_start_by_its_policies(api):
    workflow_id = api.started()
    start = {"workflowType": "box", "taskQueue": api.task_queue, "update": 1}
    path = api.path(workflow_id, "/update-with-start/put")
    assert_problem(api.post(path, {**start, "idConflictPolicy": "fail"}), 409, "workflow-exists")
    assert_problem(api.post(path, {**start, "idConflictPolicy": "terminate"}), 400, "invalid-request", "idConflictPolicy")
    assert_problem(api.post(path, {**start, "updateArguments": []}), 400, "invalid-request", "updateArguments")


# --- reset and delete ------------------------------------------------------------------------------------------------

def first_task(api, workflow_id: str) -> int:
    """The event of the run's first completed workflow task."""
    found = []

    def look():
        found[:] = [event.event_id for event in api.events(workflow_id)
                    if event.HasField("workflow_task_completed_event_attributes")]
        return found
    wait_until(look, 20, "a completed workflow task")
    return found[0]


def test_resets(api):
    workflow_id = api.started()
    first_run_id = run_id = api.get(api.path(workflow_id)).json["runId"]
    for body in ({"to": "firstWorkflowTask"}, {"to": "lastWorkflowTask", "reason": "bug"}, {}):
        event_id = first_task(api, workflow_id)
        answer = api.post(api.path(workflow_id, "/reset"), body or {"eventId": event_id})
        assert answer.status == 201 and answer.json["runId"] != run_id, answer
        run_id = answer.json["runId"]
        assert api.get(api.path(workflow_id)).json["runId"] == run_id
    assert api.get(api.path(workflow_id, f"?runId={first_run_id}")).json["status"] == "Terminated"


def test_wrong_resets(api):
    nobody = api.path(api.new_id(), "/reset")
    assert_problem(api.post(nobody, {"to": "firstWorkflowTask"}), 404, "workflow-not-found")
    assert_problem(api.post(nobody, {"eventId": 4}), 404, "workflow-not-found")
    assert_problem(api.post(nobody, {}), 400, "invalid-request", "eventId")
    unserved = api.started("box", taskQueue=f"nobody-{uuid.uuid4().hex}")
    assert_problem(api.post(api.path(unserved, "/reset"), {"to": "lastWorkflowTask"}), 409, "wrong-state")
    assert_problem(api.post(api.path(unserved, "/reset"), {"eventId": 2}), 400, "invalid-request")


def test_delete(api):
    workflow_id = api.started()
    answer = api.send("DELETE", api.path(workflow_id))
    assert answer.status == 202 and answer.json == {}, answer
    wait_until(lambda: api.get(api.path(workflow_id)).status == 404, 30, "the run to be gone")
    assert_problem(api.send("DELETE", api.path(api.new_id())), 404, "workflow-not-found")


def test_what_temporal_said_is_kept(api):
    missing = api.get(api.path(api.new_id())).json
    assert missing["grpcStatus"] == "NOT_FOUND"
    assert missing["grpcDetails"][0]["@type"] == "type.googleapis.com/temporal.api.errordetails.v1.NotFoundFailure"
    workflow_id = api.started()
    taken = api.start(workflowId=workflow_id).json
    assert taken["grpcDetails"][0]["runId"] == api.get(api.path(workflow_id)).json["runId"], taken
    assert api.get("/w?runId=nonsense").json["grpcStatus"] == "INVALID_ARGUMENT"
    assert "grpcStatus" not in api.post("", "[]").json
