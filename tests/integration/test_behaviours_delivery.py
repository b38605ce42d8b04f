"""Behaviours 13 to 25 of docs/behaviours.md: what becomes of messages when gateway, poller, lease or handle fail."""

import base64
import json
import signal
import time

import pytest

from ferrystack.process import free_port, wait_until
from peers import Gate, ScriptedHttp, Silence, passed_on


both_kinds = pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])


# --- 13 to 16: the way to the gateway ---------------------------------------------------------------------------------

def silent(_asked):
    raise Silence


def unavailable(_asked):
    return 503, {"Content-Type": "application/problem+json", "Retry-After": "1"}, b'{"status":503}'


def broken(_asked):
    return 500, {"Content-Type": "text/html"}, b"<html>500</html>"


def test_behaviour_13_what_is_in_hand_is_kept_and_leased_while_the_gateway_takes_nothing(scene, work):
    """And nothing more is received than that and one witness: DESIGN 3, rule 5, holds."""
    cases = []
    for label, answer in (("down", None), ("silent", silent), ("503", unavailable), ("500", broken)):
        url, port = scene.queue(label, fifo=False), free_port()
        crew = scene.crew(url, queue={"visibility": "2s", "max_in_flight": 5}, gateway_port=port)
        double = ScriptedHttp(answer, port) if answer else None
        cases.append((url, crew, double, [scene.send(url, {}) for _ in range(12)]))
        crew.poller.start()
    for _, crew, _, _ in cases:
        crew.wait_said(30, "circuit opened")
        wait_until(lambda crew=crew: crew.metric("ferry_poller_lease_renewals_total", result="renewed") >= 10, 30,
                   "two renewals of each", 0.1)
    for url, crew, double, _ in cases:
        counts = scene.receive_counts(url)
        assert max(counts.values()) == 1 and 5 <= sum(counts.values()) <= 6, counts
        if double:
            double.close()
        crew.start_gateway()
    for url, _, _, messages in cases:
        scene.wait_done(url, messages, 60)
        assert [scene.deliveries(url, message) for message in messages] == [1] * len(messages)
    scene.assert_one_run_each([message for _, _, _, messages in cases for message in messages])


@both_kinds
def test_behaviour_14_a_message_whose_run_is_open_attaches_and_is_settled_with_the_newest_handle(scene, work, fifo):
    url = scene.queue(fifo=fifo)
    scene.sqs.fault("duplicate", queue=url, how="again", times=1)
    crew = scene.crew(url, pollers=2).start()
    message = scene.send(url, {"wait": True})
    wait_until(lambda: scene.deliveries(url, message) >= 2, 20, "a second delivery", 0.05)
    wait_until(lambda: scene.status(message) == "RUNNING", 20, "the run", 0.05)
    scene.go(message)
    scene.wait_done(url, [message])
    scene.assert_one_run_each([message])
    assert all(poller.running for poller in crew.pollers)


@both_kinds
def test_behaviour_14_a_message_that_comes_after_its_run_has_completed_is_deleted_and_not_run_again(scene, work, fifo):
    url = scene.queue(fifo=fifo)
    fault = scene.sqs.fault("fail_entries", action="DeleteMessageBatch", queue=url, code="ReceiptHandleIsInvalid",
                            sender_fault=True)
    crew = scene.crew(url, queue={"visibility": "2s"}).start()
    message = scene.send(url, {})
    scene.wait_completed([message])
    crew.wait_said(20, "message settled")
    scene.sqs.clear(fault)
    scene.wait_empty(url)
    assert scene.deliveries(url, message) >= 2
    scene.assert_one_run_each([message])


def assert_run_once_delivered_twice(scene, urls, messages):
    for url in urls:
        scene.wait_empty(url, 40)
    scene.wait_completed(messages)
    scene.assert_one_run_each(messages)
    assert [scene.deliveries(url, message) for url, message in zip(urls, messages)] == [2, 2]


@pytest.mark.unclean
def test_behaviour_15_a_poller_killed_between_receive_and_forward_costs_one_delivery(scene, work, both):
    (urls, entries), port = both, free_port()
    crew = scene.crew(entries, queue={"visibility": "3s"}, gateway_port=port)
    with ScriptedHttp(silent, port) as double:
        messages = [scene.send(url, {}) for url in urls]
        crew.poller.start()
        wait_until(lambda: sum(asked.path.endswith("/events") for asked in double.asked) == 2, 20, "the forwards", 0.02)
        crew.poller.kill()
    assert [scene.status(message) for message in messages] == ["", ""]
    crew.start()
    assert_run_once_delivered_twice(scene, urls, messages)


@pytest.mark.unclean
def test_behaviour_16_a_poller_killed_before_it_has_the_answer_starts_no_second_run(scene, work, both):
    (urls, entries), gate = both, Gate()
    crew = scene.crew(entries, queue={"visibility": "3s"}).start_gateway()

    def late(asked):
        answer = passed_on(asked, crew.gateway_url)
        if asked.path.endswith("/events"):
            gate.wait(answer)
        return answer
    with ScriptedHttp(late) as relay:
        crew.poller.environment = {**crew.poller.environment, "FERRY_GATEWAY_URL": relay.url}
        messages = [scene.send(url, {"sleep_ms": 500}) for url in urls]
        crew.poller.start()
        for _ in messages:
            status, _, body = gate.held.get(timeout=20)
            assert status == 200 and b'"outcome":"started"' in body
        crew.poller.kill()
        gate.opened.set()
        crew.poller.start()
        assert_run_once_delivered_twice(scene, urls, messages)
        crew.poller.stop()


# --- 17 and 18: stopping ----------------------------------------------------------------------------------------------

@both_kinds
def test_behaviour_17_what_arrives_in_an_open_long_poll_while_stopping_is_handed_back(scene, fifo):
    url = scene.queue(fifo=fifo)
    crew = scene.crew(url, queue={"wait": "4s", "visibility": "60s"}).start()
    wait_until(lambda: scene.sqs.waiting() > 0, 20, "the long poll", 0.02)
    crew.poller.signal(signal.SIGTERM)
    crew.poller.wait_for_event(10, "draining")
    message = scene.send(url, {})
    assert crew.poller.wait(20) == 0
    assert scene.deliveries(url, message) == 1 and scene.status(message) == ""
    assert scene.sqs.depth(url) == (1, 0), "visible at once, rather than after its 60 s"


@both_kinds
def test_behaviour_18_a_stop_with_100_messages_before_a_silent_gateway_is_bounded_and_leaves_none_hidden(scene, fifo):
    url, port = scene.queue(fifo=fifo), free_port()
    crew = scene.crew(url, queue={"visibility": "120s"}, settings={"poller": {"grace": "2s"}}, gateway_port=port)
    with ScriptedHttp(silent, port):
        for i in range(100):
            scene.send(url, {}, f"g{i}")
        crew.poller.start()
        wait_until(lambda: scene.sqs.depth(url) == (0, 100), 30, "100 messages in hand", 0.1)
        began = time.monotonic()
        crew.poller.signal(signal.SIGTERM)
        code = crew.poller.wait(20)
        assert time.monotonic() - began < 10 and code in (0, 1)
        soon = scene.sqs.state(messages=0, journal=0)["now"] + 31
        assert [message["visible_at"] < soon for message in scene.sqs.messages(url)] == [True] * 100, "not handed back"


@pytest.mark.unclean
def test_behaviour_18_a_second_signal_ends_it_at_once(scene):
    url, port = scene.queue(), free_port()
    crew = scene.crew(url, gateway_port=port)
    with ScriptedHttp(silent, port):
        scene.send(url, {})
        crew.poller.start()
        wait_until(lambda: scene.sqs.depth(url) == (0, 1), 20, "the message in hand", 0.05)
        crew.poller.signal(signal.SIGTERM)
        crew.poller.wait_for_event(10, "draining")
        crew.poller.signal(signal.SIGTERM)
        assert crew.poller.wait(5) == 1
    crew.poller.popen = None


# --- 19 to 22: leases and batches -------------------------------------------------------------------------------------

def test_behaviour_19_a_run_of_three_visibilities_is_delivered_once_each_renewal_with_time_to_spare(scene, work, both):
    urls, entries = both
    scene.crew(entries, queue={"visibility": "3s"}).start()
    messages = [scene.send(url, {"sleep_ms": 9000}) for url in urls]
    scene.wait_completed(messages)
    for url, message in zip(urls, messages):
        scene.wait_empty(url)
        assert scene.deliveries(url, message) == 1
        renewals = [call["started"] for call in scene.sqs.journal("ChangeMessageVisibilityBatch", url)
                    for entry in call["entries"] if entry.get("message") == message]
        gaps = [after - before for before, after in zip(renewals, renewals[1:])]
        assert len(gaps) >= 3 and max(gaps) < 2.5, gaps
    scene.assert_one_run_each(messages)


def test_behaviour_19_one_refused_entry_of_a_batch_drops_that_message_alone(scene, work):
    url = scene.queue(fifo=False)
    messages = [scene.send(url, {"sleep_ms": 6000, "name": f"m{i}"}) for i in range(10)]
    scene.sqs.fault("fail_entries", action="ChangeMessageVisibilityBatch", queue=url, body='"m3"', times=1,
                    code="ReceiptHandleIsInvalid", sender_fault=True)
    crew = scene.crew(url, queue={"visibility": "4s"}).start()
    scene.wait_done(url, messages)
    scene.assert_one_run_each(messages)
    assert [scene.deliveries(url, message) for message in messages] == [2 if i == 3 else 1 for i in range(10)]
    assert [line["message_id"] for line in crew.said("message left hand")] == [messages[3]]


REFUSALS = [
    ("ReceiptHandleIsInvalid", "The input receipt handle is invalid."),
    ("MessageNotInflight", "The message referred to isn't in flight."),
    ("InvalidParameterValue", "Value AQEB for parameter ReceiptHandle is invalid. Reason: Message does not exist or is "
                              "not available for visibility timeout change.")]


def test_behaviour_20_a_refused_renewal_ends_all_renewals_of_that_handle_quietly(scene, work):
    urls = [scene.queue(f"q{i}", fifo=False) for i in range(len(REFUSALS))]
    for url, (code, text) in zip(urls, REFUSALS):
        scene.sqs.fault("fail_entries", action="ChangeMessageVisibilityBatch", queue=url, times=1, code=code,
                        message=text, sender_fault=True)
    messages = [scene.send(url, {"sleep_ms": 5000}) for url in urls]
    crew = scene.crew([{"url": url} for url in urls], queue={"visibility": "4s"}).start()
    scene.wait_completed(messages)
    for url, message in zip(urls, messages):
        scene.wait_empty(url)
        assert len(crew.said("message left hand", message_id=message)) == 1
        # Received, refused, given out again: nothing was asked for the dropped handle in between.
        assert life(scene, url, message)[:3] == ["received", "refused", "received"]
    scene.assert_one_run_each(messages)
    assert not [event for event in crew.poller.events() if event["level"] == "error"]
    assert "AQEB" not in crew.poller.text()


def life(scene, url, message):
    """What happened to it at SQS, in order: "received", a visibility that was granted, "refused"."""
    told = []
    for call in scene.sqs.journal(queue=url):
        for entry in call["entries"]:
            if entry.get("message") == message and "receive_count" in entry:
                told.append("received")
            elif entry.get("message") == message and "visibility" in entry:
                told.append(entry["visibility"])
            elif "failed" in entry:
                told.append("refused")
    return told


def test_behaviour_20_no_renewal_follows_a_return(scene, work, both):
    urls, entries = both
    scene.crew(entries, queue={"visibility": "2s"}, route={"max_attempts": 1}).start()
    # Their runs fail about when their leases are renewed.
    messages = [scene.send(url, {"sleep_ms": 950, "fail": 1}) for url in urls]
    for url, message in zip(urls, messages):
        wait_until(lambda url=url, message=message: scene.deliveries(url, message) == 2, 30, "the next delivery", 0.1)
        told = life(scene, url, message)
        assert told[told.index(10):][:2] == [10, "received"], told


def test_behaviour_21_a_message_whose_12_hours_are_over_comes_again_attaches_and_is_settled(scene, work, both):
    urls, entries = both
    scene.sqs.set(visibility_limit=4)
    crew = scene.crew(entries, pollers=2, queue={"visibility": "3s"}).start()
    messages = [scene.send(url, {"sleep_ms": 6000}) for url in urls]
    scene.wait_completed(messages)
    for url, message in zip(urls, messages):
        scene.wait_empty(url)
        assert scene.deliveries(url, message) >= 2 and not crew.said("message returned", message_id=message)
    scene.assert_one_run_each(messages)


def test_behaviour_22_of_a_batch_s_failed_entries_only_the_server_s_faults_are_tried_again(scene, work):
    url = scene.queue(fifo=False)
    messages = [scene.send(url, {"name": f"m{i}"}) for i in range(10)]
    scene.sqs.fault("fail_entries", action="DeleteMessageBatch", queue=url, body='"m1"', times=2,
                    code="InternalFailure", sender_fault=False)
    scene.sqs.fault("fail_entries", action="DeleteMessageBatch", queue=url, body='"m2"', times=1,
                    code="ReceiptHandleIsInvalid", sender_fault=True)
    scene.sqs.fault("members", action="DeleteMessageBatch", queue=url, times=3, append={
        "Failed": [{"Id": "nobody", "Code": "InternalFailure", "SenderFault": False}],
        "Successful": [{"Id": "no-one"}]})
    crew = scene.crew(url, queue={"visibility": "3s"}).start()
    scene.wait_done(url, messages)
    scene.assert_one_run_each(messages)
    assert [scene.deliveries(url, message) for message in messages] == [2 if i == 2 else 1 for i in range(10)]
    assert crew.poller.running


# --- 23 and 24: order -------------------------------------------------------------------------------------------------

def test_behaviour_23_a_failure_in_a_group_holds_what_is_behind_it_and_no_other_group(scene, work):
    url = scene.queue()
    messages = [scene.send(url, {"fail": 1} if i == 2 else {}, "A") for i in range(5)]
    crew = scene.crew(url, pollers=2, route={"max_attempts": 1, "on_failed": "return"}).start()
    crew.wait_said(20, "message returned", message_id=messages[2])
    others = [scene.send(url, {}, "B") for _ in range(3)]
    scene.wait_completed([*messages[:2], *others], 20)
    assert [scene.status(message) for message in messages[3:]] == ["", ""], "not overtaken"
    held = scene.sqs.messages(url)
    assert sorted(message["id"] for message in held) == sorted(messages[2:])
    scene.assert_in_order(messages[:2])
    scene.assert_in_order(others)
    returned = [line for line in crew.said("message returned") if line["message_id"] in messages[2:]]
    assert [line["message_id"] for line in returned][-1] == messages[2], "the head goes back last"


def test_behaviour_23_a_lost_receive_is_asked_for_again_with_its_attempt_id(scene, work):
    url = scene.queue()
    messages = [scene.send(url, {}, "A") for _ in range(4)]
    scene.sqs.fault("close", action="ReceiveMessage", queue=url, when="after", receives="messages", times=1)
    scene.crew(url, queue={"visibility": "30s"}).start()
    scene.wait_done(url, messages, 25)  # before the 30 s: the lost answer did not lock the group
    lost, again = [call for call in scene.sqs.journal("ReceiveMessage", url) if len(call["entries"]) > 1][:2]
    assert lost["attempt_id"] == again["attempt_id"]
    scene.assert_one_run_each(messages)
    scene.assert_in_order(messages)


@pytest.mark.parametrize("error", ["InvalidParameterValue", "ReceiptHandleIsInvalid"])
def test_behaviour_24_a_stale_handle_loses_nothing_and_the_new_holder_settles(scene, work, error):
    url = scene.queue()
    scene.sqs.set(expired_handle_error=error)
    crew = scene.crew(url, pollers=2, queue={"visibility": "3s"})
    message, behind = scene.send(url, {"wait": True}), scene.send(url, {})
    crew.start_gateway()
    crew.pollers[0].start()
    crew.wait_said(20, "workflow started", message_id=message)
    crew.pollers[0].signal(signal.SIGSTOP)
    crew.pollers[1].start()
    wait_until(lambda: scene.deliveries(url, message) == 2, 20, "the next delivery", 0.05)
    crew.pollers[0].signal(signal.SIGCONT)
    scene.go(message)
    scene.wait_done(url, [message, behind])
    scene.assert_one_run_each([message, behind])
    scene.assert_in_order([message, behind])


def test_behaviour_24_after_maxReceiveCount_sqs_dead_letters_the_message_and_its_group_goes_on(scene, work):
    """Returned each time, until the queue's own policy says enough. What comes with it in a receive counts as often: so
    what follows is sent later here."""
    dead = scene.queue("dead")
    url = scene.queue("q", dead=dead, most=1)
    crew = scene.crew(url, pollers=2, route={"max_attempts": 1, "on_failed": "return"}).start()
    bad = scene.send(url, {"fail": 1}, "A")
    crew.wait_said(20, "message returned", message_id=bad)
    behind = scene.send(url, {}, "A")
    scene.wait_completed([behind], 60)
    scene.wait_empty(url)
    assert [message["id"] for message in scene.sqs.messages(dead)] == [bad]
    assert scene.run_statuses(bad) == ["FAILED"] and scene.run_statuses(behind) == ["COMPLETED"]
    scene.assert_in_order([bad, behind])


# --- 25: what a message holds -----------------------------------------------------------------------------------------

CHARACTERS = "\t\n\r\"\\/ é ß 漢字 🎉👩‍👩‍👧 \u2028 \ufffd \u0085 </script> \x7f"
ATTRIBUTES = {
    "text": {"DataType": "String", "StringValue": CHARACTERS}, "number": {"DataType": "Number", "StringValue": "1e400"},
    "custom": {"DataType": "String.xml", "StringValue": "<a/>"},
    "integer": {"DataType": "Number.int", "StringValue": "007"},
    "binary": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
    "png": {"DataType": "Binary.png", "BinaryValue": b"\x89PNG"},
    **{f"more.{i}": {"DataType": "String", "StringValue": str(i)} for i in range(4)}}


def as_json(value):
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


POINTER = json.dumps(["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": "b", "s3Key": "k"}])


@both_kinds
def test_behaviour_25_bodies_attributes_trace_and_group_arrive_as_they_were_sent(scene, work, fifo):
    url = scene.queue(fifo=fifo)
    bodies = [CHARACTERS, POINTER, "x" * (1 << 20)]
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    scene.sqs.fault("members", action="ReceiveMessage", queue=url, message={"NewMember": {"of": ["the", "future"]}})
    scene.crew(url, queue={"visibility": "30s"}).start()
    sent = [scene.send(url, body, **({} if fifo else {"MessageGroupId": "tenant"})) for body in bodies]
    full = scene.send(url, "small", MessageAttributes=ATTRIBUTES, MessageSystemAttributes=trace,
                      **({} if fifo else {"MessageGroupId": "tenant"}))
    scene.wait_done(url, [*sent, full])
    assert [json.loads(scene.payload(message))["Body"] for message in sent] == bodies
    given = json.loads(scene.payload(full))
    assert given["MessageAttributes"] == {name: {key: as_json(value) for key, value in of.items()}
                                          for name, of in ATTRIBUTES.items()}
    assert given["Attributes"]["AWSTraceHeader"] == trace["AWSTraceHeader"]["StringValue"]
    assert given["Attributes"]["MessageGroupId"] == ("g" if fifo else "tenant")


def test_behaviour_25_tenants_of_a_fair_queue_are_no_lanes(scene, work):
    """A MessageGroupId on a standard queue orders nothing: one tenant's messages run side by side."""
    url = scene.queue(fifo=False)
    messages = [scene.send(url, {"wait": True}, MessageGroupId="tenant") for _ in range(4)]
    scene.crew(url).start()
    wait_until(lambda: all(scene.status(message) == "RUNNING" for message in messages), 20, "all to run at once", 0.1)
    for message in messages:
        scene.go(message)
    scene.wait_done(url, messages)
    scene.assert_one_run_each(messages)
