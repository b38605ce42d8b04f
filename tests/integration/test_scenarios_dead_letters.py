"""Dead letters: why, of whom, with what; and their way back by `ferry dlq replay`."""

import json
import subprocess

import pytest

from ferrystack.ferry import programs
from ferrystack.process import wait_until

both_kinds = pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])


@pytest.fixture
def queues(scene):
    """(source, dead letters) of either kind."""
    def make(fifo=True):
        return scene.queue(fifo=fifo), scene.queue("dead", fifo)
    return make


def cancel(scene, message):
    scene.temporal.request(f"workflows/{scene.workflow_id(message)}/cancel", {})


def terminate(scene, message):
    scene.temporal.request(f"workflows/{scene.workflow_id(message)}/terminate", {})


# --- the reason -------------------------------------------------------------------------------------------------------

@both_kinds
def test_what_failed_to_its_last_attempt_says_so(scene, work, queues, fifo):
    url, dead = queues(fifo)
    scene.crew(url, pollers=2, route={"max_attempts": 2, "backoff": "200ms", "dead_letter_queue": dead}).start()
    message = scene.send(url, {"fail": 9, "type": "Sold", "text": "out of ☃"}, "A",
                         MessageAttributes={"tenant": {"DataType": "String", "StringValue": "t1"}})
    letter, = scene.wait_letters(dead, 1)
    scene.wait_empty(url)
    about = letter["about"]
    last = scene.temporal.describe(scene.workflow_id(message))["execution"]["runId"]
    assert {key: about[key] for key in ("reason", "messageId", "queue", "route", "workflowId", "runId", "attempt",
                                        "failureType", "failureMessage", "receiveCount")} == {
        "reason": "failed", "messageId": message, "queue": url, "route": "hello-world",
        "workflowId": scene.workflow_id(message), "runId": last, "attempt": 2, "failureType": "Sold",
        "failureMessage": "out of ☃", "receiveCount": 1}
    assert about["detail"] and about["deadLetteredAt"] and about["sentTimestamp"]
    assert json.loads(letter["body"])["type"] == "Sold"
    assert letter["attributes"]["tenant"]["StringValue"] == "t1"
    assert letter["group"] == ("A" if fifo else None)
    if fifo:
        assert letter["deduplication_id"] == message
    assert scene.run_statuses(message) == ["FAILED", "FAILED"]


def test_a_failure_that_is_not_to_be_retried_is_dead_lettered_at_once(scene, work, queues):
    url, dead = queues()
    scene.crew(url, pollers=2, route={"max_attempts": 5, "dead_letter_queue": dead}).start()
    message = scene.send(url, {"fail": 9, "final": True})
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["reason"] == "failed" and letter["about"]["attempt"] == 1
    assert scene.run_statuses(message) == ["FAILED"]


def test_a_run_that_timed_out_says_so(scene, work, queues):
    url, dead = queues()
    scene.crew(url, route={"max_attempts": 2, "backoff": "100ms", "execution_timeout": "1s",
                           "dead_letter_queue": dead}).start()
    message = scene.send(url, {"hang": True})
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["reason"] == "timed_out" and letter["about"]["attempt"] == 2
    assert scene.run_statuses(message) == ["TIMED_OUT", "TIMED_OUT"]


@pytest.mark.parametrize("end, reason", [(cancel, "canceled"), (terminate, "terminated")], ids=["cancel", "terminate"])
def test_a_run_that_was_ended_by_hand_says_so_and_is_not_tried_again(scene, work, queues, end, reason):
    url, dead = queues()
    scene.crew(url, route={"dead_letter_queue": dead}).start()
    message = scene.send(url, {"wait": True})
    wait_until(lambda: len(scene.runs(message)) and len(scene.history(message)) >= 4, 20, "the run", 0.1)
    end(scene, message)
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["reason"] == reason and len(scene.runs(message)) == 1
    scene.wait_empty(url)


def test_a_rejected_message_says_what_was_wrong_with_it_but_not_what_is_in_it(scene, work, queues):
    url, dead = queues()
    crew = scene.crew(url, route={"input": "body", "dead_letter_queue": dead}).start()
    message = scene.send(url, "secret words, no JSON")
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["reason"] == "rejected" and "JSON" in letter["about"]["detail"]
    assert "runId" not in letter["about"] and letter["about"]["messageId"] == message
    assert letter["body"] == "secret words, no JSON" and "secret" not in json.dumps(letter["about"])
    assert crew.said("message rejected", message_id=message)[0]["class"] == "not_json"
    assert "secret" not in crew.poller.text() + crew.gateway.text()
    assert scene.deliveries(url, message) == 1


def test_a_message_that_no_route_takes_goes_to_the_queue_s_own_dead_letters(scene, work, queues):
    url, dead = queues()
    scene.crew(url, route={"filter": '{"body": {"kind": ["known"]}}'},
               queue={"unmatched": "dead_letter", "dead_letter_queue": dead}).start()
    message = scene.send(url, {"kind": "strange"})
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["reason"] == "unmatched" and letter["about"]["messageId"] == message
    assert "route" not in letter["about"] and scene.status(message) == ""


# --- what SQS makes of it ---------------------------------------------------------------------------------------------

def test_with_ten_attributes_already_there_it_is_sent_without_ours(scene, work, queues):
    url, dead = queues()
    given = {f"a{i}": {"DataType": "String", "StringValue": str(i)} for i in range(10)}
    scene.crew(url, route={"max_attempts": 1, "dead_letter_queue": dead}).start()
    scene.send(url, {"fail": 9}, MessageAttributes=given)
    letter, = scene.wait_letters(dead, 1)
    assert sorted(letter["attributes"]) == sorted(given)
    scene.wait_empty(url)


def test_a_body_of_the_most_that_sqs_takes_is_sent_without_ours(scene, work, queues):
    url, dead = queues()
    scene.crew(url, route={"max_attempts": 1, "dead_letter_queue": dead}, queue={"visibility": "30s"}).start()
    body = json.dumps({"fail": 9, "filler": ""})
    body = body[:-2] + "x" * ((1 << 20) - len(body)) + body[-2:]
    scene.send(url, body)
    letter, = scene.wait_letters(dead, 1)
    assert letter["body"] == body and letter["attributes"] == {}
    scene.wait_empty(url)


def test_a_dead_letter_queue_that_is_not_there_loses_nothing_and_its_return_is_noticed(scene, work, queues):
    url, dead = queues()
    scene.sqs.client.delete_queue(QueueUrl=dead)
    crew = scene.crew(url, pollers=2, route={"max_attempts": 1, "dead_letter_queue": dead},
                      queue={"visibility": "4s"}).start()
    message, other = scene.send(url, {"fail": 9}, "A"), scene.send(url, {}, "B")
    scene.wait_completed([other])
    crew.wait_said(20, "sending a dead letter failed", message_id=message)
    assert [held["id"] for held in scene.sqs.messages(url)] == [message]
    assert scene.queue("dead") == dead
    letter, = scene.wait_letters(dead, 1, 60)
    assert letter["about"]["messageId"] == message
    scene.wait_empty(url)
    assert scene.run_statuses(message) == ["FAILED"]


@pytest.mark.parametrize("code", ["InternalFailure", "AccessDenied", "RequestThrottled"])
def test_a_dead_letter_is_sent_again_until_sqs_has_it_and_the_message_goes_only_then(scene, work, queues, code):
    url, dead = queues()
    scene.sqs.fault("error", action="SendMessage", queue=dead, code=code, times=2)
    scene.crew(url, route={"max_attempts": 1, "dead_letter_queue": dead}, queue={"visibility": "4s"}).start()
    message = scene.send(url, {"fail": 9})
    letter, = scene.wait_letters(dead, 1, 60)
    scene.wait_empty(url)
    sent = [call for call in scene.sqs.journal("SendMessage", dead) if call["status"] == 200]
    deleted = [call for call in scene.sqs.journal(queue=url) if any(entry.get("deleted") for entry in call["entries"])]
    assert len(sent) == 1 and sent[0]["finished"] <= deleted[0]["started"]
    assert letter["about"]["messageId"] == message and len(scene.letters(dead)) == 1


def test_the_trace_goes_on_with_a_dead_letter(scene, work, queues):
    url, dead = queues(False)
    root = "Root=1-5759e988-bd862e3fe1be46a994272793"
    scene.crew(url, route={"max_attempts": 1, "dead_letter_queue": dead}).start()
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": root}}
    scene.send(url, {"fail": 9}, MessageSystemAttributes=trace)
    scene.wait_letters(dead, 1)
    letter, = scene.sqs.client.receive_message(QueueUrl=dead, MessageSystemAttributeNames=["All"])["Messages"]
    assert letter["Attributes"]["AWSTraceHeader"] == root


@pytest.mark.parametrize("fails", [1, 9])
def test_a_message_that_two_pollers_hold_gets_no_attempt_and_no_letter_too_many(scene, work, queues, fails):
    """A standard queue may give one out twice. Only who holds the newest handle goes on."""
    url, dead = queues(False)
    scene.sqs.fault("duplicate", queue=url, how="again", times=1)
    crew = scene.crew(url, pollers=2, route={"max_attempts": 3, "backoff": "500ms", "dead_letter_queue": dead}).start()
    message = scene.send(url, {"fail": fails, "sleep_ms": 300})
    wait_until(lambda: scene.deliveries(url, message) >= 2, 20, "a second delivery", 0.05)
    if fails == 9:
        scene.wait_letters(dead, 1)
    else:
        scene.wait_completed([message])
    scene.wait_empty(url)
    assert scene.run_statuses(message) == (["FAILED"] * 3 if fails == 9 else ["FAILED", "COMPLETED"])
    assert len(scene.letters(dead)) == (1 if fails == 9 else 0)
    assert all(poller.running for poller in crew.pollers)


# --- replay -----------------------------------------------------------------------------------------------------------

def replay(scene, dead, *options):
    done = subprocess.run([programs() / "ferry", "dlq", "replay", dead, *options], capture_output=True, text=True,
                          timeout=60, env={"PATH": "/usr/bin:/bin", **scene.sqs.environment()}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@both_kinds
def test_a_replayed_message_runs_again_as_itself_with_its_attempts_counted_anew(scene, work, queues, fifo):
    """Twice within the five minutes in which SQS swallows duplicates: fails, is replayed, fails, is replayed."""
    url, dead = queues(fifo)
    scene.crew(url, pollers=2, route={"max_attempts": 2, "backoff": "100ms", "dead_letter_queue": dead}).start()
    original = scene.send(url, {"fail": 4}, "A")
    first, = scene.wait_letters(dead, 1)
    assert first["about"]["attempt"] == 2
    assert "replayed 1" in replay(scene, dead)
    second, = wait_until(lambda: [letter for letter in scene.letters(dead) if letter["id"] != first["id"]], 30,
                         "the second letter", 0.1)
    assert second["about"]["messageId"] == original and second["about"]["attempt"] == 2
    assert second["about"]["workflowId"] == scene.workflow_id(original)
    assert scene.run_statuses(original) == ["FAILED"] * 4
    assert "replayed 1" in replay(scene, dead)
    scene.wait_completed([original], 30)
    scene.wait_empty(url)
    assert scene.run_statuses(original) == ["FAILED"] * 4 + ["COMPLETED"]
    assert len(scene.all_runs()) == 5, "all of them under the original's workflow ID"
    assert scene.sqs.messages(dead) == []


@both_kinds
def test_a_rejected_message_that_is_replayed_once_its_cause_has_gone_starts_its_first_run(scene, work, queues, fifo):
    url, dead = queues(fifo)
    strict = scene.crew(url, route={"input": "body", "dead_letter_queue": dead}).start()
    original = scene.send(url, "no JSON")
    scene.wait_letters(dead, 1)
    for service in (strict.poller, strict.gateway):
        service.stop()
    scene.crew(url, pollers=2, route={"input": "message", "dead_letter_queue": dead}).start()
    replay(scene, dead)
    scene.wait_completed([original])
    scene.wait_empty(url)
    scene.assert_one_run_each([original])


def test_two_dead_letters_of_one_message_are_run_once_by_a_replay(scene, work, queues):
    """As a kill between the send and the delete leaves them: the second finds that the run was followed already."""
    url, dead = queues()
    crew = scene.crew(url, route={"max_attempts": 1, "dead_letter_queue": dead}).start()
    original = scene.send(url, {"fail": 1}, "A")
    letter, = scene.wait_letters(dead, 1)
    about = {"FerryDeadLetter": {"DataType": "String", "StringValue": json.dumps(letter["about"])}}
    scene.send(dead, letter["body"], "A", MessageAttributes=about)
    assert "replayed 2" in replay(scene, dead)
    scene.wait_completed([original])
    scene.wait_empty(url)
    assert scene.run_statuses(original) == ["FAILED", "COMPLETED"]
    assert crew.poller.running and scene.sqs.messages(dead) == []


def test_a_replay_keeps_what_is_behind_it_in_order(scene, work, queues):
    url, dead = queues()
    scene.crew(url, pollers=2, route={"max_attempts": 1, "dead_letter_queue": dead}).start()
    head = scene.send(url, {"fail": 1}, "A")
    scene.wait_letters(dead, 1)
    replay(scene, dead)
    behind = scene.send(url, {}, "A")
    scene.wait_done(url, [head, behind])
    scene.assert_in_order([head, behind])
