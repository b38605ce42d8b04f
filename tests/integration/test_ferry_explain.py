"""`ferry explain`: what it says before is what happens then, by Temporal's and SQS's own records."""

import json
import subprocess

import pytest
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.api.common.v1 import WorkflowExecution

from ferrystack.ferry import programs
from ferrystack.process import wait_until
from http_request import request

CLOUD_EVENT = {"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "order.placed", "subject": "a",
               "data": {"n": 1.5, "customer": "c 1"}}


def explain(ferry, *arguments, given=None, code: int = 0):
    done = subprocess.run([programs() / "ferry", "explain", "-c", ferry.configuration_path, "-o", "json", *arguments],
                          input=given, capture_output=True, text=True, env=ferry.environment)
    assert done.returncode == code, done.stderr + done.stdout
    return json.loads(done.stdout)["messages"] if code == 0 else done.stderr


def look(scene, url: str) -> dict:
    """What `aws sqs receive-message` prints of the queue; the messages are visible again afterwards."""
    answer = scene.sqs.client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"],
                                              MessageAttributeNames=["All"], VisibilityTimeout=30)
    for message in answer["Messages"]:
        scene.sqs.client.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"],
                                                   VisibilityTimeout=0)
    return {"Messages": answer["Messages"]}


def described(scene, start: dict):
    """The run that was started: (workflow type, task queue, memo, search attributes, request IDs, input)."""
    async def question(client):
        handle = client.get_workflow_handle(start["workflowId"])
        run = await handle.describe()
        raw = await client.workflow_service.describe_workflow_execution(DescribeWorkflowExecutionRequest(
            namespace="default", execution=WorkflowExecution(workflow_id=start["workflowId"])))
        events = (await handle.fetch_history()).events
        first = events[0].workflow_execution_started_event_attributes
        signals = [event.workflow_execution_signaled_event_attributes for event in events
                   if event.HasField("workflow_execution_signaled_event_attributes")]
        payload, = (signals or [first])[0].input.payloads
        return {"type": run.workflow_type, "queue": run.task_queue, "memo": await run.memo(),
                "attributes": {pair.key.name: pair.value for pair in run.typed_search_attributes},
                "requests": set(raw.workflow_extended_info.request_id_infos),
                "priority": first.priority.priority_key, "fairness": first.priority.fairness_key,
                "execution_timeout": first.workflow_execution_timeout.ToMilliseconds(),
                "signals": [signal.signal_name for signal in signals], "input": payload.data,
                "encoding": payload.metadata["encoding"]}
    return scene.ask_temporal(question)


def assert_is_what_happened(scene, start: dict, happened: dict):
    assert happened["type"] == start["workflowType"] and happened["queue"] == start["taskQueue"]
    assert start["requestId"] in happened["requests"]
    assert happened["memo"] == start["memo"]
    assert happened["priority"] == start.get("priority", 0) and happened["fairness"] == start.get("fairnessKey", "")
    assert happened["execution_timeout"] == start.get("executionTimeoutMs", 0)
    assert happened["encoding"].decode() == start["input"]["encoding"]


@pytest.fixture(scope="module")
def keyword(temporal):
    subprocess.run(temporal.command("operator", "search-attribute", "create", "--name", "ExplainRegion", "--type",
                                    "Keyword"), check=True, capture_output=True)
    return "ExplainRegion"


def test_starts_are_as_explained(scene, keyword):
    url, dead = scene.queue(), scene.queue("dead")
    routes = {
        "eu": scene.route(filter='{"body": {"region": ["eu"], "n": [{"numeric": [">", 3]}]}}', input="body",
                          memo={"amount": "{body.n}", "note": "n {body.n}"}, priority="{body.n}",
                          search_attributes={keyword: "{body.region}"}, execution_timeout="1h"),
        "long": scene.route(filter='{"messageAttributes": {"long": {"stringValue": [{"exists": true}]}}}',
                            id="{MessageId}-{attributes.long}", fairness_key="{MessageGroupId}"),
        "rest": scene.route(dead_letter_queue=dead, filter='{"body": {"region": [{"exists": true}]}}',
                            fairness_key="{body.region}", schema=str(scene.directory / "schema.json")),
    }
    (scene.directory / "schema.json").write_text('{"properties": {"n": {"type": "integer"}}}')
    crew = scene.crew([{"url": url, "route": ["eu", "long", "rest"], "unmatched": "delete"}], routes=routes)
    eu = scene.send(url, '{"region": "eu", "n": 5}', "a")
    long = scene.send(url, "no JSON", "b", MessageAttributes={
        "long": {"DataType": "String", "StringValue": "x" * 1200}})
    rest = scene.send(url, {"region": "us", "n": 1}, "c")
    broken = scene.send(url, {"region": "us", "n": "1"}, "d")
    strange = scene.send(url, {"n": 1}, "e")
    told = {one["messageId"]: one for one in explain(crew.ferries[0], "-", given=json.dumps(look(scene, url)))}

    assert [refusal["why"] for refusal in told[rest]["refusedBy"]] == [
        'body.region: no condition takes "us"', "messageAttributes.long.stringValue: not there"]
    assert told[broken]["decision"] == "rejected" and told[broken]["class"] == "schema"
    assert told[broken]["then"] == "dead_letter" and told[broken]["deadLetterQueue"] == dead
    assert told[strange]["decision"] == "unmatched" and told[strange]["then"] == "delete"
    assert told[long]["start"]["workflowIdIsHashed"] and not told[eu]["start"]["workflowIdIsHashed"]
    assert told[eu]["lane"] == "a" and int(told[eu]["sequenceNumber"]) > 0

    crew.start()
    wait_until(lambda: len(scene.all_runs()) == 3, 30, "three runs", 0.1)
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["messageId"] == broken and letter["about"]["detail"] == told[broken]["reason"]
    wait_until(lambda: strange not in {held["id"] for held in scene.sqs.messages(url)}, 20, "the delete")
    for message in (eu, long, rest):
        start = told[message]["start"]
        happened = described(scene, start)
        assert_is_what_happened(scene, start, happened)
        assert happened["attributes"] == start.get("searchAttributes", {})
    assert len(described(scene, told[eu]["start"])["input"]) == told[eu]["start"]["input"]["bytes"]


def test_signals_and_what_is_inside_an_envelope_are_as_explained(scene):
    players, news = scene.queue("players"), scene.queue("news", fifo=False)
    routes = {"player": {"workflow": "work", "task_queue": scene.task_queue, "target": "signal", "signal": "played",
                         "memo": {"team": "{attributes.team}"}},
              "news": scene.route(input="body", memo={"kind": "{attributes.kind}"})}
    crew = scene.crew([{"url": players, "route": "player"}, {"url": news, "route": "news", "envelope": "sns"}],
                      routes=routes)
    team = {"team": {"DataType": "String", "StringValue": "red"}}
    scene.send(players, {"score": 3}, "anna", MessageAttributes=team)
    scene.send(news, {"Type": "Notification", "TopicArn": "arn", "Message": '{"a": 1.00}',
                      "MessageAttributes": {"kind": {"Type": "String", "Value": "sport"}}})
    signal, = explain(crew.ferries[0], "-q", players, "-", given=json.dumps(look(scene, players)))
    start, = explain(crew.ferries[0], "-q", news, "-", given=json.dumps(look(scene, news)))
    assert "several queues" in explain(crew.ferries[0], "-", given="{}", code=2)
    crew.start()
    wait_until(lambda: len(scene.all_runs()) == 2, 30, "two runs", 0.1)
    happened = described(scene, start["start"])
    assert_is_what_happened(scene, start["start"], happened)
    assert happened["input"] == b'{"a": 1.00}' and start["start"]["input"]["bytes"] == len(happened["input"])
    assert signal["decision"] == "signal" and signal["signal"]["signal"] == "played"
    happened = described(scene, signal["signal"])
    assert happened["signals"] == ["played"]
    assert happened["memo"] == signal["signal"]["memo"] and happened["type"] == signal["signal"]["workflowType"]


def test_events_for_the_gateway_are_as_explained(scene):
    url = scene.queue("out")
    routes = {"start": scene.route(memo={"type": "{event.type}"}, input="event"),
              "send": {"target": "sqs", "queue": url, "group": "{body.customer}"}}
    crew = scene.crew(scene.queue(), routes={**routes, "hello-world": scene.route()}).start_gateway()
    text = json.dumps(CLOUD_EVENT)
    start, = explain(crew.ferries[0], "-r", "start", "-", given=text)
    send, = explain(crew.ferries[0], "-r", "send", "-", given=text)
    for route, status in (("start", 201), ("send", 202)):
        answer = request("POST", f"{crew.gateway_url}/v1/routes/{route}/events", text.encode(),
                         {"Content-Type": "application/cloudevents+json"})
        assert answer.status == status, answer.body
    assert_is_what_happened(scene, start["start"], described(scene, start["start"]))
    message, = scene.sqs.messages(url)
    assert message["group"] == send["send"]["groupId"] and len(message["body"]) == send["send"]["bodyBytes"]
    assert {name: value["StringValue"] for name, value in message["attributes"].items()
            if name != "traceparent"} == send["send"]["attributes"]
    assert message["deduplication_id"] == send["send"]["deduplicationId"]
    rejected, = explain(crew.ferries[0], "-r", "send", "-", given='{"customer": ["none"]}')
    assert rejected["decision"] == "rejected" and rejected["class"] == "template"


def test_people_read_lines_and_mistakes_are_named(scene):
    crew = scene.crew(scene.queue())
    ferry = crew.ferries[0]
    base = [programs() / "ferry", "explain", "-c", ferry.configuration_path]
    done = subprocess.run([*base, "--body", "--message-id", "m-1", "--group", "g", "-"], input="any text",
                          capture_output=True, text=True, env=ferry.environment)
    assert done.returncode == 0 and "ID                 hello-world-m-1\n" in done.stdout
    assert "lane               g\n" in done.stdout and "any text" not in done.stdout
    for arguments, given, words in ((["nowhere.json"], "", "nowhere.json cannot be read"),
                                    (["-"], "[]", "no message"), (["-"], '{"Body": "x"}', "--body"),
                                    (["-q", "other", "-"], "{}", 'no queue "other"'),
                                    (["-r", "other", "-"], "{}", 'no route "other"')):
        done = subprocess.run([*base, *arguments], input=given, capture_output=True, text=True, env=ferry.environment)
        assert done.returncode in (1, 2) and words in done.stderr
