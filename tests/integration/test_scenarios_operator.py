"""The operator's hand on a queue, and where a message is: what docs/operating.md promises, with two pollers."""

import json
import urllib.parse

import pytest

from ferrystack.process import wait_until
from http_request import request

both_kinds = pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])


def name_of(url):
    return url.rsplit("/", 1)[-1]


def queues(crew, poller=0):
    answer = crew.api("GET", "/v1/queues", poller)
    assert answer.status == 200, answer
    return answer.json["queues"]


def lanes(crew, url):
    """Of all pollers: group -> lane."""
    found = {}
    for poller in range(len(crew.pollers)):
        answer = crew.api("GET", f"/v1/queues/{name_of(url)}/lanes?limit=50", poller)
        assert answer.status == 200, answer
        found.update({lane.get("group") or lane["head"]["messageId"]: lane for lane in answer.json["lanes"]})
    return found


def order(crew, url, message, word):
    """Asks the pollers one after the other, as an operator does; the answer of the one that holds the message."""
    answers = [crew.api("POST", f"/v1/queues/{name_of(url)}/messages/{message}/{word}", poller)
               for poller in range(len(crew.pollers))]
    known = [answer for answer in answers if answer.status != 404]
    return known[0] if known else answers[0]


def for_all(crew, url, word):
    for poller in range(len(crew.pollers)):
        answer = crew.api("POST", f"/v1/queues/{name_of(url)}/{word}", poller)
        assert answer.status in (200, 204), answer


@both_kinds
def test_a_paused_queue_receives_nothing_finishes_what_runs_and_goes_on_when_resumed(scene, work, fifo):
    url = scene.queue(fifo=fifo)
    crew = scene.crew(url, pollers=2, queue={"visibility": "60s", "max_in_flight": 100}).start()
    running = scene.send(url, {"wait": True}, "A")
    crew.wait_said(20, "workflow started", message_id=running)
    for_all(crew, url, "pause")
    assert all(queue["paused"] for poller in (0, 1) for queue in queues(crew, poller))
    assert crew.metric("ferry_poller_paused") == 2
    wait_until(lambda: scene.sqs.waiting() == 0, 20, "the long polls to end", 0.1)
    later = [scene.send(url, {}, group) for group in ("A", "B")]
    scene.go(running)
    scene.wait_completed([running])
    wait_until(lambda: running not in scene.receive_counts(url), 20, "the delete of what ran", 0.1)
    assert scene.sqs.depth(url) == (2, 0) and [scene.status(message) for message in later] == ["", ""]
    for_all(crew, url, "resume")
    scene.wait_done(url, later)
    scene.assert_one_run_each([running, *later])


def test_a_pause_hands_back_what_is_held_in_its_order(scene, work):
    url = scene.queue()
    messages = [scene.send(url, {"wait": i == 0}) for i in range(4)]  # before the poller, so that one receive has all
    crew = scene.crew(url, queue={"visibility": "60s"}).start()
    crew.wait_said(20, "workflow started", message_id=messages[0])
    crew.wait_said(20, "message received", message_id=messages[3])
    for_all(crew, url, "pause")
    wait_until(lambda: scene.sqs.depth(url) == (3, 1), 20, "what was held to be visible", 0.1)
    scene.go(messages[0])
    wait_until(lambda: scene.sqs.depth(url) == (3, 0), 20, "the end of what ran", 0.1)
    for_all(crew, url, "resume")
    scene.wait_done(url, messages)
    scene.assert_one_run_each(messages)
    scene.assert_in_order(messages)


def test_a_pause_is_forgotten_at_a_restart(scene, work):
    url = scene.queue()
    crew = scene.crew(url).start()
    for_all(crew, url, "pause")
    message = scene.send(url, {})
    crew.poller.stop()
    crew.start_pollers()
    scene.wait_done(url, [message])


def test_lanes_are_told_with_their_heads_their_age_and_what_they_wait_for(scene, work):
    url = scene.queue()
    crew = scene.crew(url, pollers=2, route={"max_attempts": 5, "backoff": "1h", "backoff_max": "1h"}).start()
    resting = [scene.send(url, {"fail": 9, "type": "Sold"}, "resting") for _ in range(3)]
    running = scene.send(url, {"wait": True}, "running")
    crew.wait_said(20, "next attempt planned", message_id=resting[0])
    crew.wait_said(20, "workflow started", message_id=running)
    found = wait_until(lambda: len(lanes(crew, url)) == 2 and lanes(crew, url), 20, "two lanes", 0.1)
    head = found["resting"]["head"]
    assert found["resting"]["depth"] >= 1 and head["messageId"] == resting[0]
    assert (head["state"], head["next"], head["attempt"], head["reason"], head["failureType"]) == (
        "resting", "attempt", 1, "failed", "Sold")
    assert head["workflowId"] == scene.workflow_id(resting[0]) and head["runId"]
    assert 0 <= head["ageSeconds"] < 60 and 3_500_000 < head["nextTryMs"] <= 3_600_000
    assert found["running"]["head"]["state"] == "running" and found["running"]["head"]["messageId"] == running
    told = [queue for poller in (0, 1) for queue in queues(crew, poller)]
    assert any(queue["oldestSeconds"] >= 0 and queue["inHand"]["resting"] for queue in told)
    scene.go(running)


@both_kinds
def test_a_stuck_head_is_retried_at_once_with_its_attempts_counted_anew(scene, work, fifo):
    url, dead = scene.queue(fifo=fifo), scene.queue("dead", fifo)
    crew = scene.crew(url, pollers=2, route={"max_attempts": 2, "backoff": "1h", "backoff_max": "1h",
                                             "dead_letter_queue": dead}).start()
    head = scene.send(url, {"fail": 1}, "A")
    crew.wait_said(20, "next attempt planned", message_id=head)
    behind = scene.send(url, {}, "A")
    answer = order(crew, url, head, "retry")
    assert answer.status in (200, 202, 204), answer
    scene.wait_done(url, [head, behind])
    assert scene.run_statuses(head) == ["FAILED", "COMPLETED"]
    assert scene.letters(dead) == [] and scene.memo(head)["FerryAttempt"] == 1
    if fifo:
        scene.assert_in_order([head, behind])


def test_a_message_whose_run_is_open_is_not_retried(scene, work):
    url = scene.queue()
    crew = scene.crew(url, pollers=2).start()
    message = scene.send(url, {"wait": True})
    crew.wait_said(20, "workflow started", message_id=message)
    answer = order(crew, url, message, "retry")
    assert answer.status == 409 and answer.headers["Content-Type"].startswith("application/problem+json")
    scene.go(message)
    scene.wait_done(url, [message])
    scene.assert_one_run_each([message])


@both_kinds
def test_a_stuck_head_is_skipped_with_a_line_in_the_log(scene, work, fifo):
    url = scene.queue(fifo=fifo)
    crew = scene.crew(url, pollers=2, route={"backoff": "1h", "backoff_max": "1h"}).start()
    head, behind = scene.send(url, {"fail": 9}, "A"), scene.send(url, {}, "A")
    crew.wait_said(20, "next attempt planned", message_id=head)
    assert order(crew, url, head, "skip").status in (200, 202, 204)
    scene.wait_done(url, [behind])
    assert scene.run_statuses(head) == ["FAILED"] and scene.deliveries(url, head) == 1
    about = [event for poller in crew.pollers for event in poller.events() if event.get("message_id") == head]
    assert any("operator" in json.dumps(event) or "skip" in json.dumps(event) for event in about)


@both_kinds
def test_a_stuck_head_is_dead_lettered(scene, work, fifo):
    url, dead = scene.queue(fifo=fifo), scene.queue("dead", fifo)
    crew = scene.crew(url, pollers=2, route={"backoff": "1h", "backoff_max": "1h", "dead_letter_queue": dead}).start()
    head, behind = scene.send(url, {"fail": 9}, "A"), scene.send(url, {}, "A")
    crew.wait_said(20, "next attempt planned", message_id=head)
    assert order(crew, url, head, "dead-letter").status in (200, 202, 204)
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["messageId"] == head and letter["about"]["attempt"] == 1
    scene.wait_done(url, [behind])


def test_orders_that_cannot_be_done_say_why(scene, work):
    url = scene.queue()
    crew = scene.crew(url, route={"backoff": "1h", "backoff_max": "1h"}).start()
    head = scene.send(url, {"fail": 9}, "A")
    crew.wait_said(20, "next attempt planned", message_id=head)
    behind = scene.send(url, {}, "A")
    assert order(crew, url, head, "dead-letter").status == 409  # there is no queue for it
    assert order(crew, url, "no-such-message", "skip").status == 404
    assert crew.api("POST", "/v1/queues/no-such-queue/pause").status == 404
    assert crew.api("GET", f"/v1/queues/{name_of(url)}/pause").status == 405
    assert [held["id"] for held in scene.sqs.messages(url)][0] == head


def test_with_a_token_nothing_is_told_or_done_without_it(scene, work):
    url = scene.queue()
    crew = scene.crew(url)
    for service in (crew.gateway, crew.poller):
        service.environment = {**service.environment, "FERRY_API_TOKEN": "the-token"}
    crew.start()
    right = {"Authorization": "Bearer the-token"}
    for method, path in (("GET", "/v1/queues"), ("GET", f"/v1/queues/{name_of(url)}/lanes"),
                         ("POST", f"/v1/queues/{name_of(url)}/pause"),
                         ("POST", f"/v1/queues/{name_of(url)}/messages/x/skip")):
        assert crew.api(method, path).status == 401
        assert crew.api(method, path, headers={"Authorization": "Bearer another"}).status == 401
    assert crew.api("GET", "/v1/queues", headers=right).json["queues"][0]["paused"] is False
    assert crew.api("POST", f"/v1/queues/{name_of(url)}/pause", headers=right).status in (200, 204)
    assert crew.api("GET", "/v1/queues", headers=right).json["queues"][0]["paused"] is True
    assert crew.api("GET", "/livez").status == 200  # health and metrics stay open
    assert "the-token" not in crew.poller.text()


def test_without_a_token_it_is_served_on_loopback_alone(scene):
    url = scene.queue()
    crew = scene.crew(url)
    listen = f"0.0.0.0:{crew.ferries[0].poller_admin_port}"
    crew.poller.environment = {**crew.poller.environment, "FERRY_ADMIN_LISTEN": listen}
    crew.start()
    assert crew.api("GET", "/v1/queues").status == 403
    assert crew.api("POST", f"/v1/queues/{name_of(url)}/pause").status == 403
    assert crew.api("GET", "/livez").status == 200


# --- where is my message ----------------------------------------------------------------------------------------------

def where_is(crew, message, **query):
    suffix = "?" + urllib.parse.urlencode(query) if query else ""
    return request("GET", f"{crew.gateway_url}/v1/messages/{message}{suffix}")


def test_where_a_message_is_is_told_at_each_step(scene, work):
    url, dead = scene.queue(), scene.queue("dead")
    crew = scene.crew(url, pollers=2, route={"max_attempts": 2, "backoff": "100ms", "dead_letter_queue": dead}).start()
    assert where_is(crew, "never-sent").status == 404
    message = scene.send(url, {"wait": True})
    wait_until(lambda: where_is(crew, message).status == 200, 20, "the message", 0.1)
    told = where_is(crew, message).json
    assert (told["messageId"], told["route"], told["workflowId"], told["attempt"], told["status"]) == (
        message, "hello-world", scene.workflow_id(message), 1, "Running")
    scene.go(message)
    wait_until(lambda: where_is(crew, message).json["status"] == "Completed", 20, "its end", 0.1)
    failing = scene.send(url, {"fail": 9, "type": "Sold"})
    scene.wait_letters(dead, 1)
    told = where_is(crew, failing, route="hello-world").json
    assert (told["status"], told["attempt"], told["failureType"]) == ("Failed", 2, "Sold")


def test_every_step_of_a_message_is_one_line_with_the_same_ids(scene, work):
    url = scene.queue()
    crew = scene.crew(url).start()
    message = scene.send(url, {"fail": 1})
    scene.wait_done(url, [message])
    lines = [event for event in crew.poller.events()
             if event.get("message_id") == message and event["level"] != "debug"]
    assert [line["msg"] for line in lines] == [
        "message received", "workflow started", "workflow closed", "next attempt planned", "workflow started",
        "workflow closed", "message deleted"]
    runs = sorted(run["execution"]["runId"] for run in scene.runs(message))
    assert sorted({line["run_id"] for line in lines if line.get("run_id")}) == runs
    assert {line["workflow_id"] for line in lines if line.get("workflow_id")} == {scene.workflow_id(message)}
    gateway = [event for event in crew.gateway.events()
               if event.get("message_id") == message and event.get("workflow_id")]
    assert len(gateway) >= 2 and {line["workflow_id"] for line in gateway} == {scene.workflow_id(message)}
