"""The same request to the HTTP API that a Temporal server has itself and to the gateway, both before the same server. Each
test is a row of docs/beside-temporals-http-api.md: what the server does there now, and what the gateway does. A row whose
first half fails has become better with a newer server, and its row is to be changed."""

import http.client
import json
import re
import urllib.parse

import pytest

from ferrystack.process import ROOT, wait_until
from gateway_world import gateway_for
from http_request import Answer, request
from workflow_world import api, assert_problem  # noqa: F401

PAGE = ROOT / "docs" / "beside-temporals-http-api.md"


class Server:
    """Temporal's own API."""

    def __init__(self, temporal):
        self.root = f"http://127.0.0.1:{temporal.http_port}"

    def send(self, method: str, path: str, body=None, headers: dict | None = None, timeout: float = 60):
        return request(method, f"{self.root}/api/v1/namespaces/default{path}", body, headers, timeout)

    def start(self, api, workflow_id: str, kind: str = "box", headers: dict | None = None, **members):
        body = {"workflowType": {"name": kind}, "taskQueue": {"name": api.task_queue}, **members}
        return self.send("POST", f"/workflows/{workflow_id}", body, headers)


@pytest.fixture
def server(temporal):
    return Server(temporal)


def assert_status(answer, status: int, code: int, text: str):
    """Temporal's errors: gRPC's code, and no kind of problem."""
    assert answer.status == status and answer.json["code"] == code and text in answer.json["message"], answer
    assert answer.headers["Content-Type"] == "*"


def stored_input(api, workflow_id: str) -> list:
    payloads = api.events(workflow_id)[0].workflow_execution_started_event_attributes.input.payloads
    return [payload.data.decode() for payload in payloads]


VALUES = ["[]", "1.0", "12345678901234567890", '{"b":1, "a":"<"}', '{"deep":[[], 1.50]}']


def test_json_goes_in_byte_for_byte(api, server):
    body = f'{{"workflowType": {{"name": "count"}}, "taskQueue": {{"name": "{api.task_queue}"}}, "input": [{", ".join(VALUES)}]}}'
    theirs, ours = api.new_id(), api.new_id()
    assert server.send("POST", f"/workflows/{theirs}", body).status == 200
    assert stored_input(api, theirs) == ["null", "1", "12345678901234567000", '{"a":"\\u003c","b":1}', '{"deep":[null,1.5]}']

    body = f'{{"workflowType": "count", "taskQueue": "{api.task_queue}", "arguments": [{", ".join(VALUES)}]}}'
    assert api.post(f"/{ours}", body).status == 201
    assert stored_input(api, ours) == VALUES


def test_json_comes_out_byte_for_byte(api, server):
    workflow_id = api.new_id()
    body = f'{{"workflowType": "echo", "taskQueue": "{api.task_queue}", "input": {{"n": 9007199254740993, "x": 1.0}}}}'
    answer = api.post(f"/{workflow_id}?wait=30s", body)
    assert b'"result":{"n": 9007199254740993, "x": 1.0}' in answer.body
    theirs = server.send("GET", f"/workflows/{workflow_id}/history")
    assert b"9007199254740992" in theirs.body and b"9007199254740993" not in theirs.body
    ours = api.get(f"/{workflow_id}/history")
    assert ours.body.count(b'{"n": 9007199254740993, "x": 1.0}') == 2  # input and result


def test_an_empty_list_is_an_empty_list(api, server):
    workflow_id = api.new_id()
    answer = api.start("echo", query=f"/{workflow_id}?wait=30s", input=[])
    assert answer.json["result"] == []
    result = server.send("GET", f"/workflows/{workflow_id}/history").json["history"]["events"][-1]
    assert result["workflowExecutionCompletedEventAttributes"]["result"] == [None]


def test_answers_say_that_they_are_json(api, server):
    workflow_id = api.started()
    assert server.send("GET", f"/workflows/{workflow_id}").headers["Content-Type"] == "*"
    assert api.get(f"/{workflow_id}").headers["Content-Type"] == "application/json"
    assert request("GET", f"{server.root}/swagger.json").headers["Content-Type"].startswith("text/plain")
    document = request("GET", f"{api.ferry.gateway_url}/openapi.json")
    assert document.headers["Content-Type"] == "application/json" and document.json["openapi"].startswith("3.")


def test_an_id_may_hold_a_slash(api, server):
    workflow_id = api.new_id("a/b")
    path = urllib.parse.quote(workflow_id, safe="")
    assert_status(server.start(api, path), 404, 5, "Not Found")
    assert api.start(query=f"/{path}").json["workflowId"] == workflow_id
    assert api.get(f"/{path}").json["workflowId"] == workflow_id
    assert_status(server.send("GET", f"/workflows/{path}"), 404, 5, "Not Found")


def test_an_id_may_be_left_to_the_gateway(api, server):
    body = {"workflowType": {"name": "box"}, "taskQueue": {"name": api.task_queue}}
    assert_status(server.send("POST", "/workflows", body), 501, 12, "Method Not Allowed")
    assert api.start().status == 201


def test_one_request_starts_and_waits_for_the_result(api, server):
    theirs, ours = api.new_id(), api.new_id()
    answer = server.start(api, theirs, "nothing")
    assert answer.status == 200 and "result" not in answer.json
    assert_status(server.send("GET", f"/workflows/{theirs}/result"), 404, 5, "Not Found")
    answer = api.start("fail", query=f"/{ours}?wait=30s")
    assert answer.json["status"] == "Failed" and answer.json["failure"]["message"] == "no stock"


def test_the_result_of_a_chain_of_runs_is_its_last_ones(api, server):
    workflow_id = api.started("renewed")
    assert api.get(f"/{workflow_id}/result?wait=30s").json["result"] == "round 2"
    first = api.get(f"/{workflow_id}").json["firstRunId"]
    query = urllib.parse.urlencode({"execution.runId": first, "historyEventFilterType": "HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT"})
    last = server.send("GET", f"/workflows/{workflow_id}/history?{query}").json["history"]["events"][-1]
    assert last["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW"  # go on by hand, run by run


def test_update_with_start(api, server):
    workflow_id = api.new_id()
    body = {"workflowType": "box", "taskQueue": api.task_queue, "update": 7}
    assert_status(server.send("POST", f"/workflows/{workflow_id}/update-with-start/put", body), 404, 5, "Not Found")
    answer = api.post(f"/{workflow_id}/update-with-start/put", body)
    assert (answer.status, answer.json["result"], answer.json["started"]) == (200, 7, True)


def test_an_update_is_asked_for_later(api, server):
    workflow_id = api.started()
    accepted = api.post(f"/{workflow_id}/updates/put_later?stage=accepted", '"x"').json["updateId"]
    assert_status(server.send("GET", f"/workflows/{workflow_id}/updates/{accepted}"), 404, 5, "Not Found")
    api.post(f"/{workflow_id}/signals/open")
    assert api.get(f"/{workflow_id}/updates/{accepted}?wait=30s").json["result"] == 1


def test_a_workflow_is_deleted(api, server):
    workflow_id = api.started("nothing")
    api.get(f"/{workflow_id}/result?wait=30s")
    assert_status(server.send("DELETE", f"/workflows/{workflow_id}"), 501, 12, "Method Not Allowed")
    assert api.send("DELETE", f"/{workflow_id}").status == 202
    wait_until(lambda: api.get(f"/{workflow_id}").status == 404, 90, "the workflow to be deleted", 0.5)


def test_an_update_needs_nothing_but_its_name(api, server):
    workflow_id = api.started()
    body = {"request": {"input": {"name": "put", "args": [1]}}}
    assert_status(server.send("POST", f"/workflows/{workflow_id}/update/put", body), 400, 3, "Update meta is not set")
    assert api.post(f"/{workflow_id}/updates/put", "1").json["result"] == 1


def test_pages_of_other_origins_may_be_let_in(world, server):
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    assert_status(server.send("OPTIONS", "/workflows/x", headers=headers), 501, 12, "Method Not Allowed")
    ferry = gateway_for(world, settings={"gateway": {"cors": {"origins": ["https://app.example"]}}})
    answer = request("OPTIONS", f"{ferry.gateway_url}/v1/workflows/x", headers=headers)
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "https://app.example")


def test_head_is_get_without_the_body(api, server):
    workflow_id = api.started()
    assert server.send("HEAD", f"/workflows/{workflow_id}").status == 501
    answer = api.send("HEAD", f"/{workflow_id}")
    assert (answer.status, answer.body) == (200, b"")


def test_health_and_metrics_are_there(api, server):
    for path in ("/health", "/healthz", "/metrics"):
        assert request("GET", server.root + path).status == 404
    for path in ("/livez", "/readyz", "/metrics"):
        assert request("GET", api.ferry.gateway_url + path).status == 200


def test_long_answers_are_packed(api, server):
    packed = {"Accept-Encoding": "gzip"}
    assert "Content-Encoding" not in request("GET", f"{server.root}/swagger.json", headers=packed).headers
    answer = request("GET", f"{api.ferry.gateway_url}/openapi.json", headers=packed)
    assert answer.headers["Content-Encoding"] == "gzip"


def test_an_idempotency_key_makes_one_start_of_two(api, server):
    theirs, ours, key = api.new_id(), api.new_id(), {"Idempotency-Key": api.new_id("key")}
    assert server.start(api, theirs, headers=key).status == 200
    assert_status(server.start(api, theirs, headers=key), 409, 6, "already running")  # the header means nothing
    first, second = [api.start(query=f"/{ours}", headers=key) for _ in range(2)]
    assert first.status == second.status == 201 and first.json["runId"] == second.json["runId"]
    assert_problem(api.start(query=f"/{ours}", headers=key, input=1), 422, "idempotency-key-reused")


def announced(url: str, length: int) -> Answer:
    """The answer to a request whose body is only announced: nobody reads one that is too long."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.putrequest("POST", parts.path)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    response = connection.getresponse()
    return Answer(response.status, dict(response.headers), response.read())


def test_too_much_is_413(api, server):
    for size in (2_500_000, 5_000_000):  # over the limit of a payload, and of a request
        text = "x" * size
        assert_status(server.start(api, api.new_id(), input=[text]), 400, 3, "")
        assert_problem(api.start(query=f"/{api.new_id()}", input=text), 413, "payload-too-large")
    assert_problem(announced(f"{api.url}/{api.new_id()}", 17 << 20), 413, "body-too-large")


def test_a_call_that_waits_for_a_worker_ends_when_the_caller_wants(api, server):
    """Without Grpc-Timeout the server's defaults decide: 30 s for a query."""
    workflow_id = api.new_id()
    assert api.post(f"/{workflow_id}", {"workflowType": "box", "taskQueue": f"nobody-{workflow_id}"}).status == 201
    answer = server.send("POST", f"/workflows/{workflow_id}/query/items", {}, {"Grpc-Timeout": "1S"})
    assert_status(answer, 504, 4, "query timed out")
    assert_problem(api.post(f"/{workflow_id}/queries/items?wait=1s"), 504, "no-worker")


def test_errors_are_problems_that_keep_what_temporal_said(api, server):
    workflow_id = api.started()
    theirs, ours = server.start(api, workflow_id), api.start(query=f"/{workflow_id}")
    assert_status(theirs, 409, 6, "already running")
    assert_problem(ours, 409, "workflow-exists", "already running")
    assert ours.json["grpcStatus"] == "ALREADY_EXISTS"
    assert [detail["@type"] for detail in ours.json["grpcDetails"]] == [detail["@type"] for detail in theirs.json["details"]]


def test_a_misspelt_parameter_of_a_body_is_refused_by_both(api, server):
    assert_status(server.start(api, api.new_id(), taskqueue=1), 400, 3, 'unknown field "taskqueue"')
    assert_problem(api.start(query=f"/{api.new_id()}", taskqueue=1), 400, "invalid-request", "taskqueue")


def test_many_starts_in_one_request(world, server):
    ferry = gateway_for(world)
    events = [{"specversion": "1.0", "id": str(i), "source": f"/{world.name}", "type": "t", "data": i} for i in range(3)]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    results = request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", json.dumps(events), headers).json["results"]
    assert [result["outcome"] for result in results] == ["started"] * 3
    assert server.send("POST", "/workflows", json.dumps(events), headers).status == 501


def test_input_is_checked_before_it_is_a_workflow(world, tmp_path, server):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"type": "object", "required": ["item"]}))
    ferry = gateway_for(world, {"schema": str(schema)})
    answer = request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", {"itme": 1})
    assert_problem(answer, 422, "rejected", "item")
    body = {"workflowType": {"name": "helloWorld"}, "taskQueue": {"name": world.task_queue}, "input": [{"itme": 1}]}
    assert server.send("POST", f"/workflows/w-{world.name}", body).status == 200


def test_each_caller_has_a_limit(world, tmp_path, server):
    (tmp_path / "token").write_text("slow-token-0123456789\n")
    token = {"name": "slow", "token_file": str(tmp_path / "token"), "rate": "1/h"}
    ferry = gateway_for(world, settings={"gateway": {"tokens": [token]}})
    headers = {"Authorization": "Bearer slow-token-0123456789"}
    answers = [request("GET", f"{ferry.gateway_url}/v1/routes", headers=headers) for _ in range(2)]
    assert answers[0].status == 200
    assert_problem(answers[1], 429, "rate-limited")
    assert int(answers[1].headers["Retry-After"]) > 0
    assert [server.send("GET", "/workflows?pageSize=1", headers=headers).status for _ in range(3)] == [200] * 3


def test_every_row_of_the_page_has_its_test():
    linked = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    tests = {name for name in globals() if name.startswith("test_")} - {"test_every_row_of_the_page_has_its_test"}
    assert linked == tests
