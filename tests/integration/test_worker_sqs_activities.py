"""sqs.DeleteMessage and sqs.ChangeMessageVisibility of ferry-worker, called by workflows of the Python SDK."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from ferrystack.process import wait_until


@workflow.defn(name="callsActivity")
class CallsActivity:
    @workflow.run
    async def run(self, arguments: list):
        task_queue, activity, given = arguments
        return await workflow.execute_activity(activity, given, task_queue=task_queue,
                                               start_to_close_timeout=timedelta(seconds=120),
                                               retry_policy=RetryPolicy(maximum_attempts=1))


class Caller:
    """One ferry-worker, and a way to call its activities from a Python workflow."""

    def __init__(self, world, queue_url: str, **options):
        self.world = world
        self.ferry = world.ferry(queue_url, **options)
        self.ferry.worker.start()
        self.ferry.wait_ready(self.ferry.worker)

    def call(self, activity: str, given):
        return self.call_all(activity, [given])[0]

    def call_all(self, activity: str, many: list) -> list:
        """At once, one workflow for each."""
        return asyncio.run(self._begin(activity, many))

    async def _begin(self, activity: str, many: list) -> list:
        client = await Client.connect(self.world.temporal.address)
        theirs = f"python-{uuid.uuid4().hex}"
        async with Worker(client, task_queue=theirs, workflows=[CallsActivity],
                          workflow_runner=UnsandboxedWorkflowRunner()):
            return await asyncio.gather(*(
                client.execute_workflow("callsActivity", [self.world.task_queue, activity, given], id=f"{theirs}-{i}",
                                        task_queue=theirs) for i, given in enumerate(many)))

    def failure(self, activity: str, given):
        with pytest.raises(WorkflowFailureError) as caught:
            self.call(activity, given)
        return caught.value.cause.cause

    def assert_log_is_silent_about(self, *handles: str):
        text = self.ferry.worker.text()
        assert not [handle for handle in handles if handle in text]


@pytest.fixture(params=[False, True], ids=["standard", "fifo"])
def queue(world, request):
    return world.create_queue(fifo=request.param, VisibilityTimeout=600)


def receive(world, url: str) -> dict:
    return wait_until(lambda: world.sqs.client.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), 20,
                      "a message")[0]


def test_a_message_is_deleted_and_a_second_delete_is_a_note(world, queue):
    caller = Caller(world, queue)
    world.send(queue, {"message": "hello"})
    handle = receive(world, queue)["ReceiptHandle"]
    given = {"queueUrl": queue, "receiptHandle": handle}
    assert caller.call("sqs.DeleteMessage", given) == {"deleted": True}
    assert world.sqs.depth(queue) == (0, 0)
    again = caller.call("sqs.DeleteMessage", given)
    assert again["deleted"] is False and "stale" in again["note"] and "gone" in again["note"]
    caller.assert_log_is_silent_about(handle)


def test_the_only_queue_need_not_be_named(world, queue):
    caller = Caller(world, queue)
    world.send(queue, {"message": "hello"})
    assert caller.call("sqs.DeleteMessage", {"receiptHandle": receive(world, queue)["ReceiptHandle"]}) == {
        "deleted": True}
    assert world.sqs.depth(queue) == (0, 0)


def test_the_handle_of_an_earlier_delivery_is_a_note_and_keeps_the_message(world):
    url = world.create_queue(fifo=False, VisibilityTimeout=600)
    caller = Caller(world, url)
    world.send(url, {"message": "hello"})
    first = receive(world, url)["ReceiptHandle"]
    assert caller.call("sqs.ChangeMessageVisibility", {"receiptHandle": first, "visibilityTimeout": 0}) == {
        "changed": True}
    second = receive(world, url)["ReceiptHandle"]  # given out again at once: the change was made
    assert first != second
    stale = caller.call("sqs.DeleteMessage", {"receiptHandle": first})
    assert stale["deleted"] is False and stale["note"]
    assert world.sqs.depth(url) == (0, 1), "the newer delivery keeps it"
    caller.assert_log_is_silent_about(first, second)


def test_a_visibility_of_a_message_that_is_gone_is_a_note(world, queue):
    caller = Caller(world, queue)
    world.send(queue, {"message": "hello"})
    handle = receive(world, queue)["ReceiptHandle"]
    world.sqs.client.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    answer = caller.call("sqs.ChangeMessageVisibility",
                         {"queueUrl": queue, "receiptHandle": handle, "visibilityTimeout": 60})
    assert answer["changed"] is False and answer["note"]


def test_a_queue_that_the_configuration_does_not_name_is_out_of_reach(world):
    url = world.create_queue(fifo=False)
    other = world.sqs.create_queue(f"other-{world.name}", VisibilityTimeout=600)
    caller = Caller(world, url)
    world.send(other, {"message": "not yours"})
    handle = receive(world, other)["ReceiptHandle"]
    failure = caller.failure("sqs.DeleteMessage", {"queueUrl": other, "receiptHandle": handle})
    assert failure.type == "QueueNotAllowed" and failure.non_retryable
    assert world.sqs.depth(other) == (0, 1)
    assert handle not in str(failure)


@pytest.mark.parametrize("activity, given", [
    ("sqs.DeleteMessage", {}),
    ("sqs.DeleteMessage", "a handle"),
    ("sqs.DeleteMessage", {"receiptHandle": "h", "queueURL": "typo"}),
    ("sqs.ChangeMessageVisibility", {"receiptHandle": "h"}),
    ("sqs.ChangeMessageVisibility", {"receiptHandle": "h", "visibilityTimeout": 43201}),
], ids=["empty", "text", "typo", "no-timeout", "over-12-hours"])
def test_bad_input_fails_for_good(world, activity, given):
    failure = Caller(world, world.create_queue()).failure(activity, given)
    assert failure.type == "InvalidInput" and failure.non_retryable


def test_with_several_queues_one_has_to_be_named(world):
    url = world.create_queue(fifo=False, VisibilityTimeout=600)
    other = world.sqs.create_queue(f"other-{world.name}", VisibilityTimeout=600)
    caller = Caller(world, url, settings={"queues": [{"url": url}, {"url": other}]})
    world.send(other, {"message": "hello"})
    handle = receive(world, other)["ReceiptHandle"]
    assert caller.failure("sqs.DeleteMessage", {"receiptHandle": handle}).type == "InvalidInput"
    assert caller.call("sqs.DeleteMessage", {"queueUrl": other, "receiptHandle": handle}) == {"deleted": True}
    assert world.sqs.depth(other) == (0, 0)


def test_a_missing_queue_is_a_failure_that_may_be_retried(world):
    url = world.create_queue(fifo=False)
    caller = Caller(world, url)
    world.sqs.client.delete_queue(QueueUrl=url)
    failure = caller.failure("sqs.DeleteMessage", {"receiptHandle": "h"})
    assert failure.type == "MissingQueue" and not failure.non_retryable


def test_credentials_that_are_refused_are_a_failure_that_may_be_retried(world):
    url = world.create_queue(fifo=False)
    caller = Caller(world, url, environment={"AWS_SECRET_ACCESS_KEY": "wrong"})
    failure = caller.failure("sqs.DeleteMessage", {"receiptHandle": "h"})
    assert failure.type == "AccessDenied" and not failure.non_retryable


def test_a_server_that_is_away_is_waited_for_as_long_as_the_workflow_wants(world):
    url = world.create_queue(fifo=False)
    caller = Caller(world, url, sqs_endpoint="http://127.0.0.1:9")  # nobody listens there
    failure = caller.failure("sqs.DeleteMessage", {"receiptHandle": "h"})
    assert failure.type == "Unavailable" and not failure.non_retryable


def test_many_deletes_at_once(world):
    url = world.create_queue(fifo=False, VisibilityTimeout=600)
    caller = Caller(world, url)
    count = 40
    world.send_many(url, count)
    handles = []
    while len(handles) < count:
        answer = world.sqs.client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        handles += [message["ReceiptHandle"] for message in answer.get("Messages", [])]

    assert caller.call_all("sqs.DeleteMessage", [{"receiptHandle": handle} for handle in handles]) == \
        [{"deleted": True}] * count
    assert world.sqs.depth(url) == (0, 0)
