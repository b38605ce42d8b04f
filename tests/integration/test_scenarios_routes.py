"""Which route a message takes, what it is unwrapped from, what its workflow is given: by Temporal's own records."""

import json
import subprocess
import urllib.parse
import uuid

import pytest
from temporalio.service import RPCError

from ferrystack.process import wait_until
from work import ForeignWorker

both_kinds = pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])


def filters(**values):
    return json.dumps({"body": {name: [value] for name, value in values.items()}})


def describe(scene, route, message):
    return scene.temporal.describe(f"{route}-{message}")


# --- filters ----------------------------------------------------------------------------------------------------------

@both_kinds
def test_the_first_route_whose_filter_takes_a_message_has_it(scene, work, fifo):
    url = scene.queue(fifo=fifo)
    routes = {"orders": scene.route(filter=filters(kind="order")),
              "vip": scene.route(filter='{"messageAttributes": {"tier": {"stringValue": ["vip"]}}}'),
              "rest": scene.route()}
    scene.crew([{"url": url, "route": ["orders", "vip", "rest"]}], pollers=2, routes=routes).start()
    vip = {"tier": {"DataType": "String", "StringValue": "vip"}}
    order = scene.send(url, {"kind": "order"}, "a", MessageAttributes=vip)
    second = scene.send(url, {"kind": "other"}, "a", MessageAttributes=vip)
    third = scene.send(url, "no JSON at all", "a")
    wait_until(lambda: len(scene.all_runs()) == 3, 30, "three runs", 0.1)
    scene.wait_empty(url)
    assert sorted(run["execution"]["workflowId"] for run in scene.all_runs()) == sorted(
        [f"orders-{order}", f"vip-{second}", f"rest-{third}"])
    if fifo:  # one group, three routes: still one after the other
        spans = [describe(scene, route, message)
                 for route, message in (("orders", order), ("vip", second), ("rest", third))]
        assert all(before["closeTime"] <= after["startTime"] for before, after in zip(spans, spans[1:]))


@both_kinds
@pytest.mark.parametrize("unmatched", ["return", "delete", "dead_letter"])
def test_a_message_that_no_route_takes_is_dealt_with_as_the_queue_says(scene, work, fifo, unmatched):
    url, dead = scene.queue(fifo=fifo), scene.queue("dead", fifo)
    crew = scene.crew(url, pollers=2, route={"filter": filters(kind="known")}, queue={
        "unmatched": unmatched, **({"dead_letter_queue": dead} if unmatched == "dead_letter" else {})}).start()
    strange = scene.send(url, {"kind": "strange"}, "a")
    known = scene.send(url, {"kind": "known"}, "b")
    scene.wait_completed([known])
    crew.wait_said(20, "no route takes the message", message_id=strange, action=unmatched)
    if unmatched == "return":
        crew.wait_said(20, "message returned", message_id=strange, reason="unmatched", visibility=10)
        wait_until(lambda: [held["id"] for held in scene.sqs.messages(url)] == [strange], 20,
                   "the strange one to be all that is left")
    else:
        scene.wait_empty(url)
    reasons = [letter["about"]["reason"] for letter in scene.letters(dead)]
    assert reasons == (["unmatched"] if unmatched == "dead_letter" else [])
    count = crew.metric("ferry_poller_messages_unmatched_total", action=unmatched)
    assert count == 1 or (unmatched == "return" and count > 1), "what is returned comes again after its 10 s"
    scene.assert_one_run_each([known])


# --- envelopes --------------------------------------------------------------------------------------------------------

@both_kinds
def test_what_sns_wrapped_is_unwrapped_with_its_attributes(scene, work, fifo):
    url = scene.queue(fifo=fifo)
    inner = '{"order": 12345678901234567890, "price": 1.0, "none": []}'
    wrapped = {"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": "arn:aws:sns:us-east-1:0:t",
               "Message": inner, "Timestamp": "2026-01-01T00:00:00.000Z",
               "MessageAttributes": {"tier": {"Type": "String", "Value": "vip"}}}
    scene.crew(url, queue={"envelope": "sns"}, route={
        "filter": '{"messageAttributes": {"tier": {"stringValue": ["vip"]}}, "body": {"price": [1]}}'}).start()
    message = scene.send(url, wrapped)
    scene.wait_done(url, [message])
    given = json.loads(scene.payload(message))
    assert given["Body"] == inner and given["MessageId"] == message
    assert given["MessageAttributes"]["tier"] == {"DataType": "String", "StringValue": "vip"}


def test_what_eventbridge_wrapped_is_its_detail_byte_for_byte(scene, work):
    url = scene.queue(fifo=False)
    detail = '{"b": 12345678901234567890, "a": 1.0, "list": [], "text": "\\u2603 ☃"}'
    text = '{"version":"0","id":"i","detail-type":"T","source":"s","account":"0","time":"2026-01-01T00:00:00Z",' \
           f'"region":"r","resources":[],"detail":{detail}}}'
    scene.crew(url, queue={"envelope": "eventbridge"}, route={"input": "body"}).start()
    message = scene.send(url, text)
    scene.wait_done(url, [message])
    assert scene.payload(message).decode() == detail


@pytest.mark.parametrize("envelope", ["sns", "eventbridge"])
def test_what_is_in_no_envelope_is_rejected(scene, work, envelope):
    url, dead = scene.queue(), scene.queue("dead")
    crew = scene.crew(url, queue={"envelope": envelope, "dead_letter_queue": dead, "unmatched": "dead_letter"},
                      route={"dead_letter_queue": dead}).start()
    message = scene.send(url, {"bare": True})
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["reason"] == "rejected" and letter["about"]["detail"]
    assert crew.said("message rejected", message_id=message)[0]["class"] == "envelope"


# --- schema -----------------------------------------------------------------------------------------------------------

@both_kinds
def test_a_body_that_does_not_meet_the_route_s_schema_starts_nothing(scene, work, tmp_path, fifo):
    url, dead = scene.queue(fifo=fifo), scene.queue("dead", fifo)
    schema = tmp_path / "order.json"
    schema.write_text(json.dumps({"type": "object", "required": ["id"],
                                  "properties": {"id": {"type": "string", "minLength": 3}}}))
    crew = scene.crew(url, pollers=2, route={"schema": str(schema), "dead_letter_queue": dead}).start()
    bad, good = scene.send(url, {"id": "x"}), scene.send(url, {"id": "long enough"})
    scene.wait_done(url, [good])
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["reason"] == "rejected" and "/id" in letter["about"]["detail"]
    assert crew.said("message rejected", message_id=bad)[0]["class"] == "schema"
    scene.assert_one_run_each([good])


# --- what the workflow is given ---------------------------------------------------------------------------------------

def cli(scene, *arguments):
    done = subprocess.run(scene.temporal.command(*arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def search_attributes(scene):
    for name, kind in (("FerryOrderId", "Keyword"), ("FerryTenant", "Keyword")):
        subprocess.run(scene.temporal.command("operator", "search-attribute", "create", "--name", name, "--type", kind),
                       capture_output=True, check=False)  # another test may have made it

    def known():
        listed = subprocess.run(scene.temporal.command("operator", "search-attribute", "list"), capture_output=True,
                                text=True, check=False)
        return "FerryOrderId" in listed.stdout and "FerryTenant" in listed.stdout
    wait_until(known, 20, "the search attributes", 0.2)


def test_memo_search_attributes_priority_and_fairness_are_temporal_s(scene, work, search_attributes):
    url = scene.queue()
    scene.crew(url, route={
        "memo": {"customer": "{body.customer.name}", "tier": "{attributes.tier}"},
        "search_attributes": {"FerryOrderId": "{MessageId}", "FerryTenant": "{MessageGroupId}"},
        "priority": "{body.urgency}", "fairness_key": "{MessageGroupId}"}).start()
    message = scene.send(url, {"customer": {"name": "Ann ☃"}, "urgency": 2}, "tenant-1",
                         MessageAttributes={"tier": {"DataType": "String", "StringValue": "vip"}})
    scene.wait_done(url, [message])
    found = scene.temporal.describe(scene.workflow_id(message))
    memo = scene.memo(message)
    assert (memo["customer"], memo["tier"]) == ("Ann ☃", "vip")
    assert found["priority"]["priorityKey"] == 2 and found["priority"]["fairnessKey"] == "tenant-1"
    query = f"FerryOrderId = '{message}' AND FerryTenant = 'tenant-1'"
    wait_until(lambda: scene.temporal.count(query) == 1, 20, "the search attributes", 0.2)


def test_a_template_field_that_a_message_lacks_rejects_it(scene, work):
    url, dead = scene.queue(), scene.queue("dead")
    scene.crew(url, route={"memo": {"customer": "{body.customer.name}"}, "dead_letter_queue": dead}).start()
    lacking, having = scene.send(url, {"customer": {}}), scene.send(url, {"customer": {"name": "x"}})
    scene.wait_done(url, [having])
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["reason"] == "rejected" and "customer.name" in letter["about"]["detail"]
    assert scene.status(lacking) == ""


def test_each_route_has_its_own_namespace(scene, work):
    url, other = scene.queue(fifo=False), f"other-{scene.name}"
    cli(scene, "operator", "namespace", "create", "--namespace", other)
    with ForeignWorker(scene.temporal.address, scene.task_queue, other):
        routes = {"here": scene.route(filter=filters(where="here")), "there": scene.route(namespace=other)}
        scene.crew([{"url": url, "route": ["here", "there"]}], routes=routes).start()
        here, there = scene.send(url, {"where": "here"}), scene.send(url, {"where": "there"})
        scene.wait_empty(url, 40)
        assert describe(scene, "here", here)["status"].endswith("COMPLETED")

        async def status(client):
            return (await client.get_workflow_handle(f"there-{there}").describe()).status.name
        assert scene.ask_temporal(status, other) == "COMPLETED"
        assert scene.temporal.status(f"there-{there}") == ""


# --- signals ----------------------------------------------------------------------------------------------------------

def seen(scene, workflow_id):
    async def ask(client):
        return await client.get_workflow_handle(workflow_id).query("messages")
    try:
        return scene.ask_temporal(ask)
    except RPCError as error:  # not started yet, or its first task is not done
        return str(error)


def test_a_signal_target_is_one_long_run_for_a_group_that_sees_each_message_once_in_order(scene, work):
    url = scene.queue()
    route = {"workflow": "collect", "task_queue": scene.task_queue, "target": "signal", "signal": "add", "ack": "start",
             "order": "group"}
    crew = scene.crew(url, pollers=2, routes={"hello-world": route}).start()
    messages = {group: [scene.send(url, {"n": i}, group) for i in range(6)] for group in ("a", "b")}
    scene.wait_empty(url, 40)
    for group, sent in messages.items():
        wait_until(lambda: seen(scene, f"hello-world-{group}") == sent, 20, f"all of {group} in order", 0.2)
    assert len(scene.all_runs()) == 2
    # A duplicate while the workflow is open is not signalled twice: SQS gives one out again.
    scene.sqs.fault("duplicate", queue=url, how="again", times=1)
    last = scene.send(url, {"n": 6}, "a")
    wait_until(lambda: scene.deliveries(url, last) >= 1 and not scene.sqs.messages(url), 30, "the last one", 0.1)
    wait_until(lambda: seen(scene, "hello-world-a") == [*messages["a"], last], 20, "one more, once", 0.2)
    for group in messages:
        path = "workflows/" + urllib.parse.quote(f"hello-world-{group}", safe="") + "/signal/finish"
        scene.temporal.request(path, {})
    # After the end of that workflow the next message starts another.
    wait_until(lambda: scene.temporal.status("hello-world-a") == "COMPLETED", 20, "the end of a's workflow", 0.1)
    again = scene.send(url, {"n": 7}, "a")
    wait_until(lambda: seen(scene, "hello-world-a") == [again], 20, "the next one", 0.2)
    scene.temporal.request("workflows/hello-world-a/signal/finish", {})
    assert all(poller.running for poller in crew.pollers)
