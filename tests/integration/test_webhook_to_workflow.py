"""From a sender's webhook through a FIFO queue to workflows, by configuration alone: GitHub, Stripe and Strava.

The gateway proves the sender and queues; the poller takes each group in order; nothing else is between them.
"""

import json
import time
import uuid
from pathlib import Path

import pytest
from temporalio import workflow

from ferrystack.process import wait_until
from gateway_world import Workers
from http_request import request
from test_webhooks import hexdigest

TOKEN = {"Authorization": "Bearer for-people"}
STARTED = []  # (task queue, what came), in the order of the runs


@workflow.defn(name="onDelivery")
class OnDelivery:
    @workflow.run
    async def run(self, body: dict) -> str:
        STARTED.append((workflow.info().task_queue, body))
        return "done"


def identity(*parts) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, " ".join(map(str, parts)))


def github(url: str, number: int, group: str):
    body = json.dumps({"repository": {"full_name": group}, "number": number}).encode()
    return send(url, body, {"X-GitHub-Event": "push", "X-GitHub-Delivery": str(identity(group, number)),
                            "X-Hub-Signature-256": f"sha256={hexdigest('secret-of-github', body)}"})


def stripe(url: str, number: int, group: str):
    body = json.dumps({"id": f"evt_{group}_{number}", "type": "invoice.paid", "account": group, "number": number}).encode()
    now = int(time.time())
    return send(url, body, {"Stripe-Signature": f"t={now},v1={hexdigest('secret-of-stripe', str(now).encode() + b'.' + body)}"})


def strava(url: str, number: int, group: str):
    body = json.dumps({"object_type": "activity", "object_id": identity(group, number).int % 10**12, "aspect_type": "create", "event_time": 1516126040,
                       "owner_id": group, "subscription_id": 120475, "number": number}).encode()
    return send(f"{url}/secret-of-strava", body, {})


def send(url: str, body: bytes, headers: dict):
    answer = request("POST", url, body, {"Content-Type": "application/json", **headers})
    assert answer.status == 200, answer
    return answer.json["messageId"]


SENDERS = {"github": (github, "{body.repository.full_name}", {}), "stripe": (stripe, "{body.account}", {}),
           "strava": (strava, "{body.owner_id}", {"subscription_id": 120475})}


def configuration(kind: str, queue: str, task_queue: str, directory: Path) -> dict:
    secret = directory / kind
    secret.write_text(f"secret-of-{kind}\n")
    _, group, more = SENDERS[kind]
    return {"routes": {
        "arrivals": {"target": "sqs", "queue": queue, "group": group,
                     "webhook": {"kind": kind, "secret_file": str(secret), **more}},
        "deliveries": {"workflow": "onDelivery", "task_queue": task_queue, "input": "body", "ack": "completion"},
    }}


@pytest.mark.parametrize("kind", SENDERS)
def test_deliveries_become_runs_each_once_and_in_the_order_of_their_group(world, tmp_path, kind):
    queue = world.create_queue(fifo=True)
    ferry = world.ferry(queue, configuration(kind, queue, world.task_queue, tmp_path), queue={"route": "deliveries"},
                        environment={"FERRY_API_TOKEN": "for-people"})
    for service in (ferry.gateway, ferry.poller):
        service.start()
    ferry.wait_ready(ferry.gateway, ferry.poller)
    deliver, _, _ = SENDERS[kind]
    url = f"{ferry.gateway_url}/v1/webhooks/arrivals"
    groups = [f"{name}-{world.name}" for name in ("ann", "bob")]
    sent = []
    for number in range(1, 6):
        for group in groups:
            first, again = deliver(url, number, group), deliver(url, number, group)  # senders repeat
            assert first == again
            sent.append(first)
    with Workers(world, [OnDelivery]):
        def completed():
            return [world.temporal.status(f"deliveries-{one}") for one in sent] == ["COMPLETED"] * len(sent)
        wait_until(completed, 120, "every delivery's run to complete", 0.3)
        world.wait_empty(queue, 60)
    came = [json.dumps(body) for task_queue, body in STARTED if task_queue == world.task_queue]
    for group in groups:
        assert [json.loads(body)["number"] for body in came if group in body] == [1, 2, 3, 4, 5]
    recent = request("GET", f"{ferry.gateway_url}/v1/recent", None, TOKEN).json["events"]
    assert {event["outcome"] for event in recent if event["route"] == "arrivals"} == {"queued"}
    assert {event["queuedMessageId"] for event in recent if event["route"] == "arrivals"} == set(sent)
