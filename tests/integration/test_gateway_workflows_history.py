"""Lists, counts and histories over HTTP."""

import urllib.parse

import pytest
from google.protobuf import json_format
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from ferrystack.process import wait_until
from http_request import request
from workflow_world import WORKFLOWS, api, assert_problem  # noqa: F401


def listed(api, query: str, **options) -> list:
    """The runs of all pages."""
    runs, token = [], None
    while True:
        parameters = {"query": query, **options, **({"pageToken": token} if token else {})}
        answer = api.get(f"?{urllib.parse.urlencode(parameters)}")
        assert answer.status == 200, answer
        runs += answer.json["workflows"]
        token = answer.json.get("nextPageToken")
        if token is None:
            return runs


# --- lists -----------------------------------------------------------------------------------------------------------

def test_a_list_has_what_the_query_finds(api):
    workflow_id = api.started("box", memo={"order": 1.5})
    query = f"WorkflowId = '{workflow_id}'"
    wait_until(lambda: listed(api, query), 20, "the run to be visible")
    run = listed(api, query)[0]
    assert run["workflowId"] == workflow_id and run["workflowType"] == "box" and run["status"] == "Running", run
    answer = api.get(f"?{urllib.parse.urlencode({'query': query})}")
    assert b'"memo":{"order":1.5}' in answer.body and "nextPageToken" not in answer.json, answer


def test_a_list_comes_in_pages(api):
    queue = api.new_id("queue")
    started = {api.started("box", taskQueue=queue) for _ in range(5)}
    query = f"TaskQueue = '{queue}'"
    wait_until(lambda: len(listed(api, query)) == 5, 20, "the runs to be visible")
    for size in (1, 2, 5, 1000):
        assert {run["workflowId"] for run in listed(api, query, pageSize=size)} == started
    first = api.get(f"?{urllib.parse.urlencode({'query': query, 'pageSize': 2})}").json
    assert len(first["workflows"]) == 2 and first["nextPageToken"]


def test_a_list_that_finds_nothing_is_empty(api):
    assert api.get("?" + urllib.parse.urlencode({"query": "WorkflowId = 'none'"})).json == {"workflows": []}


@pytest.mark.parametrize("query, said", [("query=no+such+thing", ""), ("query=NoSuchAttribute+%3D+1", "NoSuchAttribute"),
                                         ("pageSize=0", "pageSize"), ("pageSize=1001", "pageSize"),
                                         ("pageToken=", "pageToken"), ("pageToken=%2B", "pageToken"),
                                         ("pageToken=AAAA", "pageToken: Temporal does not take it")])
def test_a_wrong_list_is_400(api, query, said):
    assert_problem(api.get(f"?{query}"), 400, "invalid-request", said)


# --- counts ----------------------------------------------------------------------------------------------------------

def count(api, query: str):
    return request("GET", f"{api.ferry.gateway_url}/v1/workflow-count?{urllib.parse.urlencode({'query': query})}")


def test_counts(api):
    queue = api.new_id("queue")
    for _ in range(3):
        api.started("box", taskQueue=queue)
    query = f"TaskQueue = '{queue}'"
    wait_until(lambda: count(api, query).json == {"count": 3}, 20, "the runs to be counted")
    grouped = count(api, query + " GROUP BY ExecutionStatus").json
    assert grouped == {"count": 3, "groups": [{"values": ["Running"], "count": 3}]}
    assert_problem(count(api, "no such thing"), 400, "invalid-request")


# --- histories -------------------------------------------------------------------------------------------------------

def history(api, workflow_id: str, query: str = "") -> dict:
    answer = api.get(api.path(workflow_id, f"/history{query}"))
    assert answer.status == 200, answer
    return answer.json


def test_a_history_is_temporals_own_json_with_readable_payloads(api):
    workflow_id = api.new_id()
    text = '{"a": 12345678901234567890, "a": 1.00}'
    body = '{"workflowType": "echo", "taskQueue": "%s", "memo": {"m": "x"}, "executionTimeout": "90s", "input": %s}' % (
        api.task_queue, text)
    assert api.post(api.path(workflow_id, "?wait=30s"), body).json["status"] == "Completed"
    answer = api.get(api.path(workflow_id, "/history"))
    events = answer.json["events"]
    assert [event["eventId"] for event in events] == [str(i + 1) for i in range(len(events))]
    assert events[0]["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"
    started = events[0]["workflowExecutionStartedEventAttributes"]
    assert started["workflowType"] == {"name": "echo"} and started["workflowExecutionTimeout"] == "90s"
    assert started["memo"] == {"fields": {"m": "x"}} and started["attempt"] == 1
    assert f'"input":[{text}]'.encode() in answer.body and f'"result":[{text}]'.encode() in answer.body
    assert "nextPageToken" not in answer.json


def test_an_encoded_history_is_what_the_sdks_read(api):
    workflow_id = api.new_id()
    api.start("binary", query="?wait=30s", workflowId=workflow_id, memo={"a": 1}, retryPolicy={"maximumAttempts": 2})
    text = api.get(api.path(workflow_id, "/history?payloads=encoded")).body.decode()
    read = WorkflowHistory.from_json(workflow_id, text)
    official = api.events(workflow_id)
    assert len(read.events) == len(official)
    for ours, theirs in zip(read.events, official):
        assert json_format.MessageToDict(ours) == json_format.MessageToDict(theirs)
    api.workers.call(Replayer(workflows=WORKFLOWS, workflow_runner=UnsandboxedWorkflowRunner()).replay_workflow(read))
    readable = history(api, workflow_id)["events"][-1]["workflowExecutionCompletedEventAttributes"]
    assert readable["result"] == [{"metadata": {"encoding": "binary/plain", "kind": "picture"}, "data": "/wAB"}]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_history_comes_in_pages_both_ways(api, size):
    workflow_id = api.new_id()
    api.start("renewed", query="?wait=30s", workflowId=workflow_id)
    whole = history(api, workflow_id)["events"]
    for reverse in ("false", "true"):
        events, token = [], None
        while True:
            page = history(api, workflow_id, f"?pageSize={size}&reverse={reverse}" + (f"&pageToken={token}" if token else ""))
            events += page["events"]
            token = page.get("nextPageToken")
            if token is None:
                break
        assert events == (whole[::-1] if reverse == "true" else whole)


def test_a_history_can_be_waited_for(api):
    workflow_id = api.started("box")
    wait_until(lambda: len(history(api, workflow_id)["events"]) >= 4, 20, "the first workflow task")
    page = history(api, workflow_id, "?wait=1s")
    assert page["events"] and page["nextPageToken"]
    api.post(api.path(workflow_id, "/signals/close"))
    seen, token = page["events"], page["nextPageToken"]
    while token is not None:
        page = history(api, workflow_id, f"?wait=20s&pageToken={token}")
        seen, token = seen + page["events"], page.get("nextPageToken")
    assert seen[-1]["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"


def test_a_history_of_one_run_of_a_chain(api):
    answer = api.start("renewed", query="?wait=30s")
    events = history(api, answer.json["workflowId"], f"?runId={answer.json['runId']}")["events"]
    assert events[-1]["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW"


@pytest.mark.parametrize("query, said", [("pageSize=0", "pageSize"), ("reverse=yes", "reverse"), ("payloads=raw", "payloads"),
                                         ("pageToken=%2B", "pageToken"), ("pageToken=AAAA", ""),
                                         ("reverse=true&wait=1s", "reverse")])
def test_a_wrong_history_is_400(api, query, said):
    assert_problem(api.get(api.path(api.started("box"), f"/history?{query}")), 400, "invalid-request", said)


def test_a_history_of_nobody_is_404(api):
    assert_problem(api.get(api.path(api.new_id(), "/history")), 404, "workflow-not-found")


def test_a_position_that_is_none_is_400_on_pages_too(api):
    path = api.path(api.started("box"), "/history")
    assert api.get(path, headers={"Last-Event-ID": "1"}).status == 200  # only streams go by it
    assert_problem(api.get(path, headers={"Last-Event-ID": "seven"}), 400, "invalid-request", "Last-Event-ID")
