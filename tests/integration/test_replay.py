"""Histories that our worker made, replayed by the official Python SDK with the same workflow written in Python: what its
state machines accept as their own is what Temporal means by a deterministic history."""

import asyncio
import contextlib
import json
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

HEARTBEAT = timedelta(seconds=10)


@workflow.defn(name="helloWorld")
class HelloWorld:
    """services/worker/workflows/hello_world.c in Python."""

    ACTIVITY = "helloWorldActivity"

    @workflow.run
    async def run(self, message: dict) -> str:
        if not isinstance(message.get("Body"), str):
            return "oops!"
        given = {"correlationId": message.get("MessageId"), "request": message["Body"],
                 "sqsReceipt": message.get("ReceiptHandle")}
        try:
            given["request"] = json.loads(message["Body"])
        except ValueError:
            given["requestIsJson"] = False
        await workflow.execute_activity(self.ACTIVITY, given, start_to_close_timeout=timedelta(minutes=1),
                                        heartbeat_timeout=HEARTBEAT)
        return "finished!"


@workflow.defn(name="helloWorld")
class AnotherActivity(HelloWorld):
    ACTIVITY = "goodbyeWorldActivity"

    @workflow.run
    async def run(self, message: dict) -> str:
        return await super().run(message)


@workflow.defn(name="helloWorld")
class SleepsBefore(HelloWorld):
    @workflow.run
    async def run(self, message: dict) -> str:
        await asyncio.sleep(1)
        return await super().run(message)


def fetch(world, *workflow_ids) -> list[WorkflowHistory]:
    async def go():
        client = await Client.connect(world.temporal.address)
        return [await client.get_workflow_handle(workflow_id).fetch_history() for workflow_id in workflow_ids]
    return asyncio.run(go())


def strict(history: WorkflowHistory) -> WorkflowHistory:
    """Through JSON, as the CLI exports it, and with the flags of their own workers: without them their replayer compares
    no IDs and types (1: it compares them; 3: order of the last commands)."""
    exported = json.loads(history.to_json())
    for event in exported["events"]:
        completed = event.get("workflowTaskCompletedEventAttributes")
        if completed is not None:
            completed.setdefault("sdkMetadata", {})["coreUsedFlags"] = [1, 3]
    return WorkflowHistory.from_json(history.workflow_id, exported)


def replay(histories, definition=HelloWorld):
    async def go():
        replayer = Replayer(workflows=[definition], workflow_runner=UnsandboxedWorkflowRunner())
        for history in histories:
            await replayer.replay_workflow(strict(history))
    asyncio.run(go())


@pytest.mark.parametrize("cache", [0, 1000])
def test_their_replayer_accepts_what_our_worker_did_with_messages(world, cache):
    url = world.create_queue()
    world.ferry(url, {"worker": {"workflow_cache": cache}}, work_ms=100).start()
    messages = world.send_many(url, 3)
    world.wait_completed(messages)
    histories = fetch(world, *map(world.workflow_id, messages))
    assert all(len(history.events) == 11 for history in histories)
    replay(histories)


def start(world, workflow_id, message):
    async def go():
        client = await Client.connect(world.temporal.address)
        await client.start_workflow("helloWorld", message, id=workflow_id, task_queue=world.task_queue)
    asyncio.run(go())


def test_their_replayer_accepts_the_other_ways_to_end(world):
    ferry = world.ferry(world.create_queue(), work_ms=20000)
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    kinds = {"oops": {}, "invalid": {"MessageId": "i", "Body": "{}"}, "text": {"MessageId": "t", "Body": "not JSON"},
             "canceled": {"MessageId": "c", "Body": '{"message": "x"}'}}
    ids = {kind: f"{kind}-{world.name}" for kind in kinds}
    for kind, message in kinds.items():
        start(world, ids[kind], message)
    ferry.worker.wait_for_event(30, "helloWorldActivity started", correlation_id="c")

    async def end():
        client = await Client.connect(world.temporal.address)
        await client.get_workflow_handle(ids["canceled"]).cancel()
        closed = {}
        for kind, workflow_id in ids.items():
            handle = client.get_workflow_handle(workflow_id)
            with contextlib.suppress(WorkflowFailureError):
                await asyncio.wait_for(handle.result(), 30)
            closed[kind] = (await handle.describe()).status.name
        return closed
    assert asyncio.run(end()) == {"oops": "COMPLETED", "invalid": "FAILED", "text": "FAILED", "canceled": "CANCELED"}
    replay(fetch(world, *ids.values()))


@pytest.mark.parametrize("definition", [AnotherActivity, SleepsBefore])
def test_their_replayer_does_refuse_other_code(world, definition):
    """So that the tests above can fail."""
    url = world.create_queue()
    world.ferry(url).start()
    message = world.send(url, {"message": "hello"}, "g")
    world.wait_completed([message])
    with pytest.raises(workflow.NondeterminismError):
        replay(fetch(world, world.workflow_id(message)), definition)
