"""Workflows over HTTP: starting them with everything that belongs to a start, waiting for them, describing them."""

import socket
import subprocess
import threading
import uuid

import pytest

from ferrystack.process import wait_until
from gateway_world import gateway_for
from http_request import request
from workflow_world import api, assert_problem  # noqa: F401

# Everything that parsers in between like to alter.
TEXTS = ["[]", "{}", "null", "true", "1.0", "1.50e+2", "-0", "12345678901234567890", "9007199254740993", '"<>&"', '"\u2028"',
         '"\\u003c"', '"😀"', '"\\ud83d\\ude00"', '""', '{"b": 1, "a": 2}', '{"a": 1, "a": 2}', '[ 1,  [ ], {"x" : null} ]',
         '{"deep": ' + "[" * 60 + "]" * 60 + "}"]


# --- starts ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", TEXTS)
def test_json_passes_byte_for_byte_in_and_out(api, text):
    workflow_id = api.new_id("echo")
    body = '{"workflowType": "echo", "taskQueue": "%s", "workflowId": "%s", "input": %s, "memo": {"m": %s}}' % (
        api.task_queue, workflow_id, text, text)
    answer = api.post("?wait=30s", body)
    assert answer.status == 201 and answer.json["status"] == "Completed", answer
    assert f'"result":{text}'.encode() in answer.body, answer
    started = api.events(workflow_id)[0].workflow_execution_started_event_attributes
    assert [payload.data.decode() for payload in started.input.payloads] == [text]
    if text not in ("[]", "null"):  # Temporal drops entries of a memo that hold nothing
        assert started.memo.fields["m"].data.decode() == text
        assert f'"memo":{{"m":{text}}}'.encode() in api.get(api.path(workflow_id)).body
    assert f'"result":{text}'.encode() in api.get(api.path(workflow_id, "/result")).body


def test_a_start_says_where_its_run_is(api):
    answer = api.start("box", workflowId=api.new_id())
    assert answer.status == 201 and answer.json["started"] is True and answer.json["status"] == "Running", answer
    assert answer.json["runId"] == answer.json["firstRunId"]
    described = request("GET", api.ferry.gateway_url + answer.headers["Location"])
    assert described.status == 200 and described.json["runId"] == answer.json["runId"], described
    assert described.json["workflowType"] == "box" and described.json["taskQueue"] == api.task_queue


def test_the_id_comes_from_path_header_or_body_and_is_made_where_none_is_given(api):
    by_path, by_header, by_body = api.new_id(), api.new_id(), api.new_id()
    start = {"workflowType": "box", "taskQueue": api.task_queue}
    assert api.post(api.path(by_path), start).json["workflowId"] == by_path
    assert api.post("", start, {"Ferry-Workflow-Id": by_header}).json["workflowId"] == by_header
    assert api.post("", {**start, "workflowId": by_body}).json["workflowId"] == by_body
    assert api.post("", start).json["workflowId"] != api.post("", start).json["workflowId"]
    same = api.new_id()
    assert api.post(api.path(same), {**start, "workflowId": same}, {"Ferry-Workflow-Id": same}).status == 201
    assert_problem(api.post(api.path("a"), {**start, "workflowId": "b"}), 400, "invalid-request", "workflowId")
    assert_problem(api.post("", {**start, "workflowId": "b"}, {"Ferry-Workflow-Id": "a"}), 400, "invalid-request")


@pytest.mark.parametrize("name", ["a/b", "a/b/../c", "😀 naïve", "100%", "?x=1&y#z", "..", "a+b c"])
def test_any_id_works_percent_encoded(api, name):
    workflow_id = f"{api.new_id()}{name}"
    answer = api.post(api.path(workflow_id), {"workflowType": "box", "taskQueue": api.task_queue})
    assert answer.status == 201 and answer.json["workflowId"] == workflow_id, answer
    assert request("GET", api.ferry.gateway_url + answer.headers["Location"]).json["workflowId"] == workflow_id
    assert api.post(api.path(workflow_id, "/signals/close")).status == 202
    assert api.get(api.path(workflow_id, "/result?wait=30s")).json["status"] == "Completed"


def test_several_arguments(api):
    answer = api.start("count", query="?wait=30s", arguments=[1, "two", {"three": 3}, None])
    assert answer.json["result"] == [1, "two", {"three": 3}, None], answer
    assert api.start("count", query="?wait=30s").json["result"] == []
    assert api.start("count", query="?wait=30s", arguments=[]).json["result"] == []


def test_everything_that_belongs_to_a_start_arrives(api):
    workflow_id = api.started(
        "box", executionTimeout="1h", runTimeout="30m", taskTimeout=7, startDelay="500ms", memo={"tenant": "Ärger"},
        retryPolicy={"initialInterval": "2s", "backoffCoefficient": 1.5, "maximumInterval": 60, "maximumAttempts": 4,
                     "nonRetryableErrorTypes": ["Bad", "Worse"]},
        priority={"key": 2, "fairnessKey": "tenant-7", "fairnessWeight": 2.5})
    first = api.events(workflow_id)[0].workflow_execution_started_event_attributes
    assert first.workflow_execution_timeout.seconds == 3600 and first.workflow_run_timeout.seconds == 1800
    assert first.workflow_task_timeout.seconds == 7 and first.first_workflow_task_backoff.ToMilliseconds() == 500
    assert first.retry_policy.initial_interval.seconds == 2 and first.retry_policy.backoff_coefficient == 1.5
    assert first.retry_policy.maximum_interval.seconds == 60 and first.retry_policy.maximum_attempts == 4
    assert list(first.retry_policy.non_retryable_error_types) == ["Bad", "Worse"]
    assert first.priority.priority_key == 2 and first.priority.fairness_key == "tenant-7"
    assert first.priority.fairness_weight == 2.5
    assert api.memo(workflow_id) == {"tenant": "Ärger"}


def test_search_attributes(api):
    name = f"FerryColor{uuid.uuid4().hex[:6]}"
    subprocess.run(api.world.temporal.command("operator", "search-attribute", "create", "--name", name, "--type", "Keyword"),
                   check=True, capture_output=True)
    workflow_id = api.started("box", searchAttributes={name: "red"})
    assert api.get(api.path(workflow_id)).json["searchAttributes"][name] == "red"


@pytest.mark.parametrize("members, said", [
    ({"workflowtype": "x"}, "workflowtype: there is no such member"),
    ({"taskQueue": 7}, "taskQueue: expected a text"),
    ({"input": 1, "arguments": []}, "one argument or a list of them"),
    ({"arguments": {}}, "arguments: expected a list"),
    ({"arguments": [0] * 257}, "at most 256"),
    ({"memo": {str(i): i for i in range(101)}}, "memo: at most 100"),
    ({"memo": {"FerryRequestHash": "x"}}, "the gateway's own"),
    ({"executionTimeout": "soon"}, "executionTimeout: expected a duration"),
    ({"retryPolicy": {"attempts": 1}}, "retryPolicy.attempts: there is no such member"),
    ({"idReusePolicy": "always"}, "idReusePolicy: expected one of allow, failedOnly, reject"),
    ({"priority": {"key": 1.5}}, "priority.key: expected a whole number"),
])
def test_a_wrong_start_is_told_which_member_is_wrong(api, members, said):
    assert_problem(api.start(**members), 400, "invalid-request", said)


def test_what_temporal_finds_wrong_is_400_too(api):
    assert_problem(api.start(workflowId="x" * 2000), 400, "invalid-request")
    assert_problem(api.start(searchAttributes={"NoSuchAttribute": 1}), 400, "invalid-request", "NoSuchAttribute")


def test_bodies_that_are_no_json(api):
    assert_problem(api.post("", "{nope"), 400, "malformed-json")
    assert_problem(api.post("", b'{"a": "\xff"}', {"Content-Type": "application/json"}), 400, "malformed-json")
    assert_problem(api.post(api.path("w", "/signals/go"), "[1,"), 400, "malformed-json")
    assert_problem(api.post(api.path("w", "/queries/go"), "[1,"), 400, "malformed-json")
    assert_problem(api.post(api.path("w", "/cancel"), "[1,"), 400, "malformed-json")
    assert_problem(api.post(""), 400, "malformed-json")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", ["", "/w/signals/go", "/w/queries/go", "/w/cancel", "/w/terminate"])
@pytest.mark.parametrize("body", ["{}", ""])
def test_forms_of_other_sites_are_refused(api, kind, path, body):
    assert_problem(api.post(path, body, {"Content-Type": kind}), 415, "unsupported-media-type", "application/json")


def test_only_json_is_given(api):
    missing = api.path(api.new_id())
    assert_problem(api.get(missing, headers={"Accept": "text/html"}), 406, "not-acceptable")
    assert_problem(api.get(missing, headers={"Accept": "application/json;q=0, */*"}), 406, "not-acceptable")
    for accept in ("application/json", "text/html, */*;q=0.1", "application/*"):
        assert_problem(api.get(missing, headers={"Accept": accept}), 404, "workflow-not-found")


def test_a_method_that_a_path_does_not_have_is_405(api):
    answer = api.send("PUT", "/w/cancel")
    assert_problem(answer, 405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_payload_over_temporals_limit_is_413(api):
    assert api.start("echo", query="?wait=30s", input="x" * 1_500_000).json["result"] == "x" * 1_500_000
    assert_problem(api.start("echo", input="x" * 2_200_000), 413, "payload-too-large")


# --- policies --------------------------------------------------------------------------------------------------------

def test_policies_for_an_open_run(api):
    workflow_id = api.started("box")
    run_id = api.get(api.path(workflow_id)).json["runId"]
    assert_problem(api.start(workflowId=workflow_id), 409, "workflow-exists")
    attached = api.start(workflowId=workflow_id, idConflictPolicy="useExisting")
    assert attached.status == 200 and attached.json["started"] is False and attached.json["runId"] == run_id, attached
    renewed = api.start(workflowId=workflow_id, idConflictPolicy="terminate")
    assert renewed.status == 201 and renewed.json["runId"] != run_id, renewed
    assert api.get(api.path(workflow_id, f"?runId={run_id}")).json["status"] == "Terminated"


def test_policies_for_a_closed_run(api):
    workflow_id = api.new_id()
    assert api.start("nothing", query="?wait=30s", workflowId=workflow_id).json["status"] == "Completed"
    assert_problem(api.start("nothing", workflowId=workflow_id, idReusePolicy="reject"), 409, "workflow-exists")
    assert_problem(api.start("nothing", workflowId=workflow_id, idReusePolicy="failedOnly"), 409, "workflow-exists")
    assert api.start("nothing", query="?wait=30s", workflowId=workflow_id).json["started"] is True


# --- waiting ---------------------------------------------------------------------------------------------------------

def test_start_and_wait(api):
    answer = api.start("echo", query="?wait=30s", input={"a": 1})
    assert answer.status == 201 and answer.json["status"] == "Completed" and answer.json["result"] == {"a": 1}, answer
    assert "Preference-Applied" not in answer.headers


def test_start_and_wait_as_a_preference(api):
    answer = api.start("echo", headers={"Prefer": "respond-async, wait=25"}, input=1)
    assert answer.status == 201 and answer.json["result"] == 1, answer
    assert answer.headers["Preference-Applied"] == "wait=25"
    assert api.start("nothing", headers={"Prefer": "wait=600"}).headers["Preference-Applied"] == "wait=60"


def test_a_wait_that_ends_before_the_run_says_where_to_look(api):
    answer = api.start("box", query="?wait=1s")
    assert answer.status == 202 and answer.json["status"] == "Running" and answer.json["started"] is True, answer
    assert "result" not in answer.json
    assert request("GET", api.ferry.gateway_url + answer.headers["Location"]).json["runId"] == answer.json["runId"]


def test_start_and_wait_for_a_failure(api):
    answer = api.start("fail", query="?wait=30s")
    assert answer.status == 201 and answer.json["status"] == "Failed", answer
    failure = answer.json["failure"]
    assert failure["message"] == "no stock" and failure["type"] == "Sold" and failure["nonRetryable"] is True
    assert failure["details"] == [{"left": 0}, 1.5]


def test_a_wait_follows_the_chain(api):
    answer = api.start("renewed", query="?wait=30s")
    assert answer.status == 201 and answer.json["result"] == "round 2", answer
    result = api.get(api.path(answer.json["workflowId"], f"/result?wait=30s&runId={answer.json['runId']}"))
    assert result.status == 200 and result.json["result"] == "round 2", result
    assert result.json["runId"] != answer.json["runId"]


@pytest.mark.parametrize("wait", ["61s", "soon", "", "-1", "2m"])
def test_a_wait_must_be_a_duration_of_at_most_a_minute(api, wait):
    assert_problem(api.start("box", query=f"?wait={wait}"), 400, "invalid-request", "wait")
    assert_problem(api.get(f"/w/result?wait={wait}"), 400, "invalid-request", "wait")


def test_results(api):
    workflow_id = api.started("box")
    for wait in ("", "?wait=0", "?wait=1s"):
        answer = api.get(api.path(workflow_id, f"/result{wait}"))
        assert answer.status == 202 and answer.json["status"] == "Running" and answer.json["runId"], answer
    preferred = api.get(api.path(workflow_id, "/result"), headers={"Prefer": "wait=1"})
    assert preferred.status == 202 and preferred.headers["Preference-Applied"] == "wait=1"
    api.post(api.path(workflow_id, "/signals/close"))
    answer = api.get(api.path(workflow_id, "/result?wait=30s"))
    assert answer.status == 200 and answer.json["status"] == "Completed" and answer.json["result"] == [], answer
    assert_problem(api.get(api.path(api.new_id(), "/result?wait=30s")), 404, "workflow-not-found")
    assert_problem(api.get(api.path(workflow_id, "/result?runId=no-uuid")), 400, "invalid-request")


def test_results_of_runs_that_did_not_complete(api):
    terminated = api.started("box")
    api.post(api.path(terminated, "/terminate"), {"reason": "enough"})
    answer = api.get(api.path(terminated, "/result?wait=30s"))
    assert answer.status == 200 and answer.json["status"] == "Terminated" and answer.json["reason"] == "enough", answer
    canceled = api.started("box")
    api.post(api.path(canceled, "/cancel"))
    assert api.get(api.path(canceled, "/result?wait=30s")).json["status"] == "Canceled"
    timed_out = api.started("box", executionTimeout="1s")
    assert api.get(api.path(timed_out, "/result?wait=30s")).json["status"] == "TimedOut"


def test_other_encodings_are_shown_with_their_metadata(api):
    answer = api.start("binary", query="?wait=30s")
    assert answer.json["result"] == {"metadata": {"encoding": "binary/plain", "kind": "picture"}, "data": "/wAB"}, answer
    assert b'"result":null' in api.start("nothing", query="?wait=30s").body


# --- namespaces ------------------------------------------------------------------------------------------------------

def test_a_namespace_for_each_request(api):
    answer = api.start("box", query="?namespace=default", workflowId=api.new_id())
    assert answer.status == 201 and answer.headers["Location"].endswith("?namespace=default"), answer
    assert request("GET", api.ferry.gateway_url + answer.headers["Location"]).status == 200
    assert_problem(api.get("/w?namespace="), 400, "invalid-request", "namespace")


def test_an_unknown_namespace_is_404(api):
    assert_problem(api.get("/w?namespace=nowhere"), 404, "unknown-namespace")
    assert_problem(api.start("box", query="?namespace=nowhere"), 404, "unknown-namespace")


# --- the end of waits ------------------------------------------------------------------------------------------------

@pytest.fixture
def own(world):
    """A gateway of the test's own."""
    return gateway_for(world)


def test_a_gateway_that_is_stopped_answers_who_waits(api, own):
    workflow_id, answers = api.new_id(), []

    def start():
        answers.append(request("POST", f"{own.gateway_url}/v1/workflows/{workflow_id}?wait=60s",
                               {"workflowType": "box", "taskQueue": api.task_queue}))
    waiting = threading.Thread(target=start)
    waiting.start()
    wait_until(lambda: api.get(api.path(workflow_id)).status == 200, 20, "the run")
    assert own.gateway.stop(10) == 0
    waiting.join()
    assert answers[0].status == 202 and answers[0].json["status"] == "Running", answers


def test_a_wait_ends_when_its_client_hangs_up(api, own):
    workflow_id = api.started("box")
    with socket.create_connection(("127.0.0.1", own.gateway_port)) as client:
        client.sendall(f"GET /v1/workflows/{workflow_id}/result?wait=60s HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    ended = 'ferry_http_server_requests_total{method="GET",route="/v1/workflows/{id}/result",status="202"} 1'
    wait_until(lambda: ended in request("GET", f"{own.gateway_url}/metrics").body.decode(), 30, "the wait's end")
