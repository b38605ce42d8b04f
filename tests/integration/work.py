"""Workflows of a worker that is not ours (the official Python SDK): they fail, wait and sleep as their message says."""

import asyncio
import json
import threading
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

# Workflow ID -> its runs in the order in which they came here. A replay finds its run, so that it decides as before.
_runs: dict[str, list[str]] = {}


def _number_of_this_run() -> int:
    info = workflow.info()
    runs = _runs.setdefault(info.workflow_id, [])
    if info.run_id not in runs:
        runs.append(info.run_id)
    return runs.index(info.run_id) + 1


def _body_of(given) -> dict:
    """The message's Body as an object; {} where it is something else."""
    try:
        body = json.loads(given["Body"]) if isinstance(given, dict) and "Body" in given else given
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


@workflow.defn(name="work")
class Work:
    """{"sleep_ms": n}; {"wait": true} until the signal "go"; {"fail": n}: the first n runs fail, with {"type", "final":
    true (not retryable), "text"}; {"hang": true}: until a timeout."""

    def __init__(self):
        self.may_go = False

    @workflow.signal
    def go(self):
        self.may_go = True

    @workflow.run
    async def run(self, given) -> str:
        body, number = _body_of(given), _number_of_this_run()
        if body.get("sleep_ms"):
            await asyncio.sleep(body["sleep_ms"] / 1000)
        if body.get("wait"):
            await workflow.wait_condition(lambda: self.may_go)
        if body.get("hang"):
            await workflow.wait_condition(lambda: False, timeout=timedelta(hours=1))
        if number <= body.get("fail", 0):
            raise ApplicationError(body.get("text", "fails as asked"), type=body.get("type", "Asked"),
                                   non_retryable=bool(body.get("final")))
        return "done"


@workflow.defn(name="collect")
class Collect:
    """One long run for a group: takes "add" signals until "finish", and tells the MessageIds in their order."""

    def __init__(self):
        self.seen, self.is_finished = [], False

    @workflow.signal
    def add(self, message: dict):
        self.seen.append(message["MessageId"])

    @workflow.signal
    def finish(self):
        self.is_finished = True

    @workflow.query
    def messages(self) -> list[str]:
        return self.seen

    @workflow.run
    async def run(self, _given=None) -> list[str]:
        await workflow.wait_condition(lambda: self.is_finished)
        return self.seen


class ForeignWorker:
    """On a thread of its own."""

    def __init__(self, address: str, task_queue: str, namespace: str = "default"):
        self.address, self.task_queue, self.namespace = address, task_queue, namespace
        self.ready, self.failure = threading.Event(), None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            asyncio.run(self._main())
        except Exception as failure:  # noqa: BLE001
            self.failure = failure
        finally:
            self.ready.set()

    async def _main(self):
        self.stop, self.loop = asyncio.Event(), asyncio.get_running_loop()
        client = await Client.connect(self.address, namespace=self.namespace)
        async with Worker(client, task_queue=self.task_queue, workflows=[Work, Collect],
                          workflow_runner=UnsandboxedWorkflowRunner()):
            self.ready.set()
            await self.stop.wait()

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(30) and self.failure is None, self.failure
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(30)
