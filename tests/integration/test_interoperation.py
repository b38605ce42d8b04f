"""The official Python SDK on the other side: its client and workflows with our worker, its worker with our gateway."""

import asyncio
import base64
import concurrent.futures
import json
import threading
import uuid
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from http_request import request


@workflow.defn(name="callsOurActivity")
class CallsOurActivity:
    @workflow.run
    async def run(self, arguments: list) -> str:
        task_queue, activity_input = arguments
        return await workflow.execute_activity("helloWorldActivity", activity_input, task_queue=task_queue,
                                               start_to_close_timeout=timedelta(seconds=20),
                                               retry_policy=RetryPolicy(maximum_attempts=2))


@workflow.defn(name="pythonEcho")
class PythonEcho:
    @workflow.run
    async def run(self, message: dict) -> dict:
        return message


@pytest.fixture
def worker_only(world):
    """Our worker alone, with no queue to delete from."""
    ferry = world.ferry(world.create_queue())
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    return ferry


def test_their_client_starts_our_workflow_and_reads_its_result(world, worker_only):
    async def go():
        client = await Client.connect(world.temporal.address)
        return await client.execute_workflow("helloWorld", {}, id=f"python-{world.name}", task_queue=world.task_queue)
    assert asyncio.run(go()) == "oops!"


def test_their_client_reads_our_failure_with_its_type(world, worker_only):
    async def go():
        client = await Client.connect(world.temporal.address)
        with pytest.raises(WorkflowFailureError) as caught:
            await client.execute_workflow("helloWorld", {"MessageId": "m", "Body": "{}"}, id=f"python-{world.name}",
                                          task_queue=world.task_queue)
        return caught.value.cause
    cause = asyncio.run(go())
    assert isinstance(cause, ActivityError)
    assert isinstance(cause.cause, ApplicationError) and cause.cause.non_retryable and cause.cause.type
    assert "message" in str(cause.cause)


def test_their_client_cancels_our_workflow(world):
    ferry = world.ferry(world.create_queue(), work_ms=20000)
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)

    async def go():
        client = await Client.connect(world.temporal.address)
        handle = await client.start_workflow("helloWorld", {"MessageId": "m", "Body": '{"message": "x"}'},
                                             id=f"python-{world.name}", task_queue=world.task_queue)
        await asyncio.to_thread(ferry.worker.wait_for_event, 30, "helloWorldActivity started", correlation_id="m")
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await asyncio.wait_for(handle.result(), 30)
        return (await handle.describe()).status.name
    assert asyncio.run(go()) == "CANCELED"


class PythonWorker:
    """A worker of the official SDK on a thread of its own."""

    def __init__(self, world, task_queue):
        self.ready, self.stop = threading.Event(), None
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main(world, task_queue)))

    async def _main(self, world, task_queue):
        self.stop = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        client = await Client.connect(world.temporal.address)
        async with Worker(client, task_queue=task_queue, workflows=[CallsOurActivity, PythonEcho],
                          workflow_runner=UnsandboxedWorkflowRunner()):
            self.ready.set()
            await self.stop.wait()

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(30)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(30)


def test_their_workflow_runs_our_activity(world):
    url = world.create_queue(fifo=False)
    ferry = world.ferry(url)
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    world.send(url, {"message": "hello"})
    received = world.sqs.client.receive_message(QueueUrl=url)["Messages"][0]
    given = {"correlationId": received["MessageId"], "request": json.loads(received["Body"]),
             "sqsReceipt": received["ReceiptHandle"]}
    theirs = f"python-{world.name}"
    with PythonWorker(world, theirs):
        async def go():
            client = await Client.connect(world.temporal.address)
            return await client.execute_workflow("callsOurActivity", [world.task_queue, given], id=theirs,
                                                 task_queue=theirs)
        assert asyncio.run(go()) == "finished!"
    assert world.sqs.depth(url) == (0, 0)


def test_our_gateway_starts_their_workflow_and_the_message_passes_byte_for_byte(world):
    theirs = f"python-{world.name}"
    ferry = world.ferry(world.create_queue(), {"routes": {"echo": {"workflow": "pythonEcho", "task_queue": theirs,
                                                                   "id": "{MessageId}", "ack": "completion"}}})
    ferry.gateway.start()
    ferry.wait_ready(ferry.gateway)
    raw = '{"MessageId": "m-%s", "z": 1.00, "a": 12345678901234567890, "empty": [], "s": "<\\u00e9>"}' % world.name
    with PythonWorker(world, theirs):
        started = request("POST", f"{ferry.gateway_url}/v1/routes/echo/events", raw)
        assert started.status == 201, started
        result = request("GET", f"{ferry.gateway_url}/v1/workflows/{started.json['workflowId']}/result?wait=30s")
        assert result.json["status"] == "Completed"
    events = world.temporal.request(f"workflows/{started.json['workflowId']}/history?noPayloadShorthand")["history"]["events"]
    data = events[0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0]["data"]
    assert base64.b64decode(data).decode() == raw


def test_a_batch_answers_in_order_and_a_duplicate_is_no_second_start(world):
    ferry = world.ferry(world.create_queue(), work_ms=3000)
    ferry.gateway.start()
    ferry.worker.start()
    ferry.wait_ready(ferry.gateway, ferry.worker)
    ids = [uuid.uuid4().hex for _ in range(3)]
    batch = [{"specversion": "1.0", "id": i, "source": "test", "type": "t", "datacontenttype": "application/json",
              "data": {"MessageId": i, "Body": '{"message": "x"}'}} for i in ids]
    url = f"{ferry.gateway_url}/v1/routes/hello-world/events"
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    first = request("POST", url, batch, headers).json["results"]
    assert [entry["outcome"] for entry in first] == ["started"] * 3
    assert [entry["workflowId"] for entry in first] == [f"hello-world-{i}" for i in ids]
    again = request("POST", url, batch, headers).json["results"]
    assert [entry["runId"] for entry in again] == [entry["runId"] for entry in first]
    runs = {"runs": [{"workflowId": e["workflowId"], "firstRunId": e["firstRunId"]} for e in first], "waitMs": 30000}
    closed = []
    while len(closed) < 3:
        answer = request("POST", f"{ferry.gateway_url}/v1/runs/wait", runs)
        assert answer.status == 200 and answer.json["runs"], "level-triggered: answers with what has closed"
        closed = answer.json["runs"]
    third = request("POST", url, batch, headers).json["results"]
    assert [entry["outcome"] for entry in third] == ["closed"] * 3


def test_many_callers_at_once_get_their_own_answers(world):
    ferry = world.ferry(world.create_queue())
    ferry.gateway.start()
    ferry.worker.start()
    ferry.wait_ready(ferry.gateway, ferry.worker)
    url = f"{ferry.gateway_url}/v1/routes/hello-world/events"
    ids = [uuid.uuid4().hex for _ in range(64)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: request("POST", url, {"MessageId": i}), ids))
    assert [answer.json["workflowId"] for answer in answers] == [f"hello-world-{i}" for i in ids]
    assert all(answer.status == 201 for answer in answers)
