"""Histories with encoded payloads are what Temporal's CLI and the official Python SDK print, event by event."""

import asyncio
import datetime
import json
import subprocess
import uuid

import pytest
from google.protobuf import json_format
from temporalio import activity, workflow
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from ferrystack.servers import SCRIPTS
from gateway_world import gateway_for
from http_request import request

SECOND = datetime.timedelta(seconds=1)
BUILD = SearchAttributeKey.for_keyword_list("BuildIds")


@activity.defn
async def flaky(text: str) -> str:
    if activity.info().attempt < 2:
        raise ApplicationError("not yet", {"attempt": activity.info().attempt}, type="NotYet")
    return text


@activity.defn
async def broken() -> None:
    raise ApplicationError("never", None, 1.5, type="Never", non_retryable=True)


@activity.defn
async def local() -> bytes:
    return b"\x00\xff"


@workflow.defn
class Child:
    @workflow.run
    async def run(self, fails: bool) -> str:
        if fails:
            raise ApplicationError("the child fails", non_retryable=True)
        return "child"


@workflow.defn
class Rich:
    """Something of everything that a history can hold."""

    def __init__(self):
        self.signals, self.updates = [], []

    @workflow.signal
    def note(self, value: dict) -> None:
        self.signals.append(value)

    @workflow.update
    async def put(self, value: int) -> int:
        await workflow.sleep(0.01)
        self.updates.append(value)
        return value

    @workflow.update
    async def fail_put(self) -> None:
        raise ApplicationError("no room", type="Full")

    @workflow.run
    async def run(self, round_: int) -> str:
        await workflow.wait_condition(lambda: len(self.signals) > 0 and len(self.updates) > 0 or round_ > 0)
        await workflow.execute_activity(flaky, "ä\n", start_to_close_timeout=30 * SECOND, summary="a summary",
                                        retry_policy=RetryPolicy(initial_interval=0.01 * SECOND))
        await workflow.execute_local_activity(local, start_to_close_timeout=5 * SECOND)
        await asyncio.gather(*(self.endure(step()) for step in (self.broken, self.child, self.late, self.abroad)))
        workflow.upsert_memo({"round": round_, "pi": 3.5})
        workflow.patched("a patch")
        if round_ == 0:
            workflow.continue_as_new(1)
        return "rich"

    async def endure(self, step):
        try:
            await step
        except Exception:  # noqa: BLE001
            pass

    async def broken(self):
        await workflow.execute_activity(broken, start_to_close_timeout=5 * SECOND)

    async def child(self):
        await workflow.execute_child_workflow(Child.run, False)
        await workflow.execute_child_workflow(Child.run, True)

    async def late(self):
        await workflow.execute_activity("nobody", task_queue="nobody", schedule_to_start_timeout=0.05 * SECOND)

    async def abroad(self):
        await workflow.get_external_workflow_handle("nobody").signal("note", {})


def normal(event: dict) -> dict:
    """The same event in one way of writing: the CLI writes 64-bit numbers, names and times as the SDK does, but not in
    the order of its members, nor with the same digits of a time."""
    message = json_format.ParseDict(event, HistoryEvent())
    return json_format.MessageToDict(message)


async def history_of(address: str, task_queue: str) -> tuple:
    """IDs of a rich chain that has ended, and the official histories of its runs."""
    client = await Client.connect(address)
    async with Worker(client, task_queue=task_queue, workflows=[Rich, Child], activities=[flaky, broken, local],
                      workflow_runner=UnsandboxedWorkflowRunner()):
        workflow_id = f"rich-{uuid.uuid4().hex}"
        handle = await client.start_workflow(Rich.run, 0, id=workflow_id, task_queue=task_queue, memo={"m": [1, None]},
                                             execution_timeout=60 * SECOND, static_summary="rich", static_details="*very*",
                                             retry_policy=RetryPolicy(maximum_attempts=3),
                                             start_signal="note", start_signal_args=[{"a": 1}])
        await handle.signal("note", {"b": "ü"})
        with pytest.raises(Exception):
            await handle.execute_update(Rich.fail_put)
        await handle.execute_update(Rich.put, 7)
        await handle.result()
    runs = [handle.first_execution_run_id or handle.result_run_id]
    histories = []
    while runs[-1]:
        histories.append(await client.get_workflow_handle(workflow_id, run_id=runs[-1]).fetch_history())
        last = histories[-1].events[-1]
        runs.append(last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id)
    return workflow_id, runs[:-1], histories


def test_histories_equal_the_official_ones(world):
    ferry = gateway_for(world)
    queue = f"rich-{uuid.uuid4().hex}"
    workflow_id, runs, histories = asyncio.run(history_of(world.temporal.address, queue))
    assert len(runs) == 2
    kinds = set()
    for run_id, official in zip(runs, histories):
        answer = request("GET", f"{ferry.gateway_url}/v1/workflows/{workflow_id}/history?runId={run_id}&pageSize=1000"
                                "&payloads=encoded")
        ours = answer.json["events"]
        assert "unknownFields" not in answer.json
        sdks = json.loads(official.to_json())["events"]
        shown = subprocess.run([SCRIPTS / "temporal", "workflow", "show", "--address", world.temporal.address, "--workflow-id",
                                workflow_id, "--run-id", run_id, "--output", "json"], check=True, capture_output=True)
        clis = json.loads(shown.stdout)["events"]
        assert len(ours) == len(sdks) == len(clis)
        for mine, sdk, cli in zip(ours, sdks, clis):
            # Of the SDK's to_json enumerations have names of their own: its reader takes both.
            assert normal(mine) == mine, "not in protobuf's own way of writing"
            assert mine == normal(cli)
            kinds.add(mine["eventType"])
        read = WorkflowHistory.from_json(workflow_id, answer.body.decode())
        assert list(read.events) == list(official.events) == list(WorkflowHistory.from_json(workflow_id, official.to_json()).events)
        asyncio.run(Replayer(workflows=[Rich, Child], workflow_runner=UnsandboxedWorkflowRunner()).replay_workflow(read))
    assert len(kinds) >= 24, sorted(kinds)
