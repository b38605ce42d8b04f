"""`ferry workflow …` against a running gateway, Temporal server and worker: each command in both forms, and refusals."""

import json
import subprocess

import pytest

from ferrystack.ferry import programs
from ferrystack.process import free_port, wait_until
from gateway_world import gateway_for
from tool import Tool
from workflow_world import api  # noqa: F401  the fixture

# Whatever parses and prints JSON changes this: numbers, the order of members, one that is there twice.
PAYLOAD = '{"z": 1.50, "a": 123456789012345678901234567890, "a": [1e400, "\\u00e4"],  "n": -0.0}'


@pytest.fixture
def tool(api, tmp_path):  # noqa: F811
    return Tool(tmp_path, FERRY_GATEWAY_URL=api.ferry.gateway_url)


def started(tool, api, kind="box", *words):  # noqa: F811
    return tool.ok("workflow", "start", kind, "-t", api.task_queue, *words, "-o", "json").json["workflowId"]


def test_a_payload_goes_there_and_back_byte_for_byte(api, tool, tmp_path):  # noqa: F811
    (tmp_path / "input.json").write_text(f" {PAYLOAD}\n")
    start = ("workflow", "start", "echo", "--task-queue", api.task_queue, "--wait", "30s")
    assert tool.ok(*start, PAYLOAD).out == PAYLOAD + "\n"
    assert tool.ok(*start, "@input.json").out == PAYLOAD + "\n"
    assert tool.ok(*start, "-", input=PAYLOAD).out == PAYLOAD + "\n"
    assert tool.ok(*start, "--input", PAYLOAD).out == PAYLOAD + "\n"


def test_start_says_what_it_has_started(api, tool):  # noqa: F811
    name = api.new_id()
    fields = tool.ok("workflow", "start", "box", "-t", api.task_queue, "--id", name).fields
    assert fields["workflow"] == name and fields["started"] == "yes" and fields["status"] == "Running"
    again = tool.fails("workflow", "start", "box", "-t", api.task_queue, "--id", name, said="A workflow with this ID exists")
    assert "docs/errors.md#workflow-exists" in again.err
    found = tool.ok("workflow", "start", "box", "-t", api.task_queue, "--id", name, "--id-conflict", "useExisting", "-o",
                    "json").json
    assert found["started"] is False and found["runId"] == fields["run"]


def test_start_with_a_key_is_one_start(api, tool):  # noqa: F811
    words = ("workflow", "start", "box", "-t", api.task_queue, "--idempotency-key", api.new_id(), "-o", "json")
    assert tool.ok(*words).json["runId"] == tool.ok(*words).json["runId"]
    tool.fails(*words, '"other"', said="The Idempotency-Key was used with another body")


def test_start_passes_memo_attributes_and_times_on(api, tool):  # noqa: F811
    name = started(tool, api, "box", "--memo", "big=123456789012345678901", "--memo", 'who="Ada"',
                   "--execution-timeout", "1h", "--run-timeout", "30m")
    text = tool.ok("workflow", "describe", name, "-o", "json").out
    assert '"big":123456789012345678901' in text
    fields = tool.ok("workflow", "describe", name).fields
    assert fields["memo.big"] == "123456789012345678901" and fields["memo.who"] == '"Ada"'
    assert fields["type"] == "box" and fields["status"] == "Running"
    event = tool.ok("workflow", "history", name, "-o", "json").json["events"][0]["workflowExecutionStartedEventAttributes"]
    assert event["workflowExecutionTimeout"] == "3600s" and event["workflowRunTimeout"] == "1800s"
    tool.fails("workflow", "start", "box", "-t", api.task_queue, "--search-attribute", 'NoSuchAttribute="x"',
               said="no mapping defined for search attribute NoSuchAttribute")


def test_a_result_is_there_or_waited_for_or_not(api, tool):  # noqa: F811
    name = started(tool, api)
    tool.fails("workflow", "result", name, said="has not ended yet: Running (--wait TIME waits for it)")
    tool.fails("workflow", "result", name, "--wait", "1s", said="has not ended yet: Running\n")
    waiting = subprocess.Popen([programs() / "ferry", "workflow", "result", name, "--wait", "60s"], env=tool.environment,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert tool.ok("workflow", "signal", name, "add", '"tea"').out == "signaled\n"
    assert tool.ok("workflow", "signal", name, "close").out == "signaled\n"
    out, err = waiting.communicate(timeout=90)
    assert (waiting.returncode, err) == (0, "") and "tea" in out
    answer = tool.ok("workflow", "result", name, "-o", "json").json
    assert answer["status"] == "Completed" and "tea" in json.dumps(answer["result"])


def test_a_chain_is_followed_to_its_last_run(api, tool):  # noqa: F811
    assert tool.ok("workflow", "start", "renewed", "-t", api.task_queue, "--wait", "30s").out.startswith('"')


def test_a_failure_is_told_with_its_causes(api, tool):  # noqa: F811
    failed = tool.fails("workflow", "start", "fail", "-t", api.task_queue, "--id", api.new_id(), "--wait", "30s",
                        said="has no result: Failed\n  Sold: no stock\n")
    assert failed.out == ""
    answer = tool("workflow", "start", "fail", "-t", api.task_queue, "--wait", "30s", "-o", "json")
    assert answer.code == 1 and answer.json["failure"]["type"] == "Sold"


def test_queries_and_updates_print_their_answers(api, tool):  # noqa: F811
    name = started(tool, api)
    assert tool.ok("workflow", "query", name, "echo", PAYLOAD).out == PAYLOAD + "\n"
    assert tool.ok("workflow", "query", name, "items", "-o", "json").json == {"result": []}
    tool.fails("workflow", "query", name, "broken", said="the shelf is broken")
    tool.fails("workflow", "query", name, "nothing", said="docs/errors.md#query-failed")
    assert tool.ok("workflow", "update", name, "put", PAYLOAD).out == PAYLOAD + "\n"
    tool.fails("workflow", "update", name, "put_checked", '"bad"', said="bad things are not put")
    tool.fails("workflow", "update", name, "put_and_fail", said="the shelf is full")
    later = tool("workflow", "update", name, "put_later", '"x"', "--wait", "1s")
    assert later.code == 1 and later.out.startswith("accepted, not completed yet, update ID ")
    accepted = tool.ok("workflow", "update", name, "put_later", '"y"', "--stage", "accepted")
    assert accepted.out.startswith("accepted, update ID ")


def test_a_signal_starts_what_is_not_there(api, tool):  # noqa: F811
    name = api.new_id()
    words = ("workflow", "signal", name, "add", PAYLOAD, "--start", "box", "-t", api.task_queue)
    assert tool.ok(*words, "--start-input", "1").out == "started and signaled\n"
    assert tool.ok(*words).out == "signaled\n"
    items = wait_until(lambda: (found := tool("workflow", "query", name, "items")).code == 0 and
                       len(json.loads(found.out)) == 2 and json.loads(found.out), 30, "both signals", 0.1)
    assert items == [PAYLOAD, PAYLOAD]
    tool.fails("workflow", "signal", name, "add", "--start", "box", said="--start: expected --task-queue NAME", code=2)


def test_ending_and_doing_again(api, tool):  # noqa: F811
    name = started(tool, api)
    assert tool.ok("workflow", "cancel", name, "--reason", "enough").out == "asked to cancel\n"
    tool.fails("workflow", "result", name, "--wait", "30s", said="has no result: Canceled")
    name = started(tool, api)
    assert tool.ok("workflow", "terminate", name, "--reason", "the shop is closed").out == "terminated\n"
    tool.fails("workflow", "result", name, said="has no result: Terminated: the shop is closed")
    tool.fails("workflow", "terminate", name, said="The workflow is not in a state that allows this")
    name = started(tool, api, "echo", "1")
    tool.ok("workflow", "result", name, "--wait", "30s")
    first = tool.ok("workflow", "describe", name, "-o", "json").json["runId"]
    fields = tool.ok("workflow", "reset", name, "--to", "firstWorkflowTask", "--reason", "once more").fields
    assert fields["workflow"] == name and fields["run"] != first
    assert tool.ok("workflow", "result", name, "--wait", "30s").out == "1\n"
    assert tool.ok("workflow", "describe", name, "--run", first).fields["run"] == first


def test_lists_are_tables_and_json_page_after_page(api, tool):  # noqa: F811
    kind = api.new_id("kind")
    names = [started(tool, api, kind) for _ in range(3)]
    query = ("--query", f"WorkflowType = '{kind}'")
    wait_until(lambda: len(tool.ok("workflow", "list", *query).rows) == 4, 30, "the list to follow", 0.2)
    rows = tool.ok("workflow", "list", *query).rows
    assert [cell.strip() for cell in rows[0]] == ["STATUS", "STARTED", "TOOK", "TYPE", "ID"]
    assert {row[-1].strip() for row in rows[1:]} == set(names)
    found = tool.ok("workflow", "list", *query, "--limit", "2", "-o", "json").json["workflows"]
    assert len(found) == 2 and {run["workflowType"] for run in found} == {kind}
    assert tool.ok("workflow", "list", "--query", "WorkflowType = 'nobody'").out == ""
    assert tool.ok("workflow", "list", "--query", "WorkflowType = 'nobody'", "-o", "json").json == {"workflows": []}
    tool.fails("workflow", "list", "--query", "foo", said="invalid query")


def test_a_history_is_a_table_or_the_events_as_they_are(api, tool):  # noqa: F811
    name = started(tool, api, "echo", PAYLOAD)
    tool.ok("workflow", "result", name, "--wait", "30s")
    rows = tool.ok("workflow", "history", name).rows
    assert [cell.strip() for cell in rows[0]] == ["EVENT", "TIME", "TYPE", "DETAIL"]
    assert [row[2].strip() for row in rows[1:]] == ["WorkflowExecutionStarted", "WorkflowTaskScheduled",
                                                    "WorkflowTaskStarted", "WorkflowTaskCompleted",
                                                    "WorkflowExecutionCompleted"]
    assert rows[1][3].strip() == "echo"
    text = tool.ok("workflow", "history", name, "-o", "json").out
    assert PAYLOAD in text and len(json.loads(text)["events"]) == 5
    backwards = tool.ok("workflow", "history", name, "--reverse", "-o", "json").json["events"]
    assert [event["eventId"] for event in backwards] == ["5", "4", "3", "2", "1"]


def test_a_history_is_followed_until_the_run_has_closed(api, tool):  # noqa: F811
    name = started(tool, api)
    following = subprocess.Popen([programs() / "ferry", "workflow", "history", name, "--follow"], env=tool.environment,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert following.stdout.readline().split() == ["EVENT", "TIME", "TYPE", "DETAIL"]
    assert "WorkflowExecutionStarted" in following.stdout.readline()
    tool.ok("workflow", "signal", name, "close")
    rest, err = following.communicate(timeout=90)
    assert (following.returncode, err) == (0, "")
    assert "WorkflowExecutionSignaled" in rest and rest.splitlines()[-1].split()[3] == "WorkflowExecutionCompleted"
    lines = tool.ok("workflow", "history", name, "--follow", "-o", "json").out.splitlines()
    assert [json.loads(line)["eventId"] for line in lines] == [str(i + 1) for i in range(len(lines))]


def test_following_ends_with_its_reader(api, tool):  # noqa: F811
    name = started(tool, api)
    following = subprocess.Popen([programs() / "ferry", "workflow", "history", name, "--follow"], env=tool.environment,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    following.stdout.readline()
    following.stdout.close()
    tool.ok("workflow", "signal", name, "add", '"tea"')
    assert following.wait(timeout=60) == 0 and following.stderr.read() == b""
    following.stderr.close()


@pytest.mark.parametrize("words", [("describe",), ("result",), ("history",), ("signal", "go"), ("query", "items"),
                                   ("update", "put"), ("cancel",), ("terminate",)], ids=lambda words: words[0])
def test_an_unknown_workflow_is_said_to_be_unknown(tool, words):
    failed = tool.fails("workflow", words[0], "no such/thing?", *words[1:], said="There is no such workflow")
    assert failed.err.endswith("See docs/errors.md#workflow-not-found\n") and failed.out == ""


def test_another_namespace_that_is_not_there(tool):
    tool.fails("workflow", "describe", "x", "--namespace", "nowhere", said="Temporal does not know this namespace")


@pytest.mark.parametrize("words, said", [
    (("start", "echo"), "expected --task-queue NAME"),
    (("start",), "expected TYPE [INPUT]"),
    (("start", "echo", "tea", "-t", "q"), "INPUT: expected JSON (a text has quotes: '\"tea\"'), @FILE or -; found tea"),
    (("start", "echo", "@none.json", "-t", "q"), "INPUT: none.json cannot be read: "),
    (("start", "echo", "1", "--input", "2", "-t", "q"), "--input: the input is an argument already"),
    (("start", "echo", "-t", "q", "--memo", "customer=Ada"), "--memo: expected NAME=JSON"),
    (("start", "echo", "-t", "q", "--wait", "5"), "--wait: expected a time"),
    (("start", "echo", "-t", "q", "--id-reuse", "often"), "--id-reuse: expected one of"),
    (("list", "--limit", "0"), "--limit: expected a number from 1"),
    (("reset", "x"), "expected either --to or --event N"),
    (("history", "x", "--follow", "--reverse"), "--reverse: a history is followed at its end only"),
    (("describe", "x", "--gateway", "localhost:8080"), "--gateway: expected http://host:port"),
    (("describe", "x", "--config", "none.yaml"), "none.yaml"),
    (("describe", "x", "--token", "secret"), "unknown option --token"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_wrong_usage(tool, words, said):
    failed = tool.fails("workflow", *words, said=said, code=2)
    assert f"Try 'ferry workflow {words[0]} --help'." in failed.err and failed.out == ""


def test_no_gateway_is_there(tmp_path):
    failed = Tool(tmp_path)("workflow", "list", "--gateway", f"http://127.0.0.1:{free_port()}")
    assert failed.code == 1 and "no gateway answers at http://127.0.0.1:" in failed.err and "FERRY_GATEWAY_URL" in failed.err


def test_something_else_is_there(world, tmp_path):
    failed = Tool(tmp_path).fails("workflow", "list", "--gateway", f"http://127.0.0.1:{world.temporal.http_port}",
                                  said="is http://")
    assert "the gateway's address?" in failed.err


def test_the_token_comes_from_the_environment_or_a_file(world, tmp_path):
    (tmp_path / "reader").write_text("of the reader\n")
    ferry = gateway_for(world, environment={"FERRY_API_TOKEN": "the-secret"}, settings={
        "gateway": {"tokens": [{"name": "reader", "token_file": str(tmp_path / "reader"), "allow": ["read"]}]}})
    address = {"FERRY_GATEWAY_URL": ferry.gateway_url}
    Tool(tmp_path, **address).fails("workflow", "list", said="Set FERRY_API_TOKEN or FERRY_API_TOKEN_FILE")
    wrong = Tool(tmp_path, FERRY_API_TOKEN="wrong-secret", **address).fails("workflow", "list", said="A token is needed")
    assert "It does not know the token" in wrong.err and "wrong-secret" not in wrong.err
    Tool(tmp_path, FERRY_API_TOKEN="the-secret", **address).ok("workflow", "list", "--limit", "1")
    reader = Tool(tmp_path, FERRY_API_TOKEN_FILE=str(tmp_path / "reader"), **address)
    reader.ok("workflow", "list", "--limit", "1")
    reader.fails("workflow", "cancel", "x", said='the token "reader" may not cancel')
    Tool(tmp_path, FERRY_API_TOKEN_FILE=str(tmp_path / "none"), **address).fails("workflow", "list", said="none", code=2)
