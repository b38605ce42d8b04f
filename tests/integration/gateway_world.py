"""The gateway alone against a real Temporal server: events as the poller sends them, and Python workers behind."""

import asyncio
import json
import threading
import uuid

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from http_request import request

BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def gateway_for(world, route: dict | None = None, settings: dict | None = None, routes: dict | None = None, **options):
    """A running gateway whose route hello-world is as given."""
    own = {"workflow": "helloWorld", "task_queue": world.task_queue, "id": "{MessageId}", "ack": "completion",
           **(route or {})}
    ferry = world.ferry("http://127.0.0.1:1/1/unused", {"routes": {"hello-world": own, **(routes or {})},
                                                        **(settings or {})}, **options)
    ferry.gateway.start()
    ferry.wait_ready(ferry.gateway)
    return ferry


def sqs_message(body, message_id: str | None = None, group: str | None = None, attributes: dict | None = None) -> dict:
    message = {"MessageId": message_id or str(uuid.uuid4()), "Body": body if isinstance(body, str) else json.dumps(body),
               "Attributes": {"ApproximateReceiveCount": "1"}}
    if group:
        message["Attributes"]["MessageGroupId"] = group
    if attributes:
        message["MessageAttributes"] = {k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()}
    return message


def event(body, **options) -> dict:
    """A CloudEvent as the poller makes it of a message."""
    data = sqs_message(body, **options)
    return {"specversion": "1.0", "id": data["MessageId"], "source": "urn:test", "type": "com.amazonaws.sqs.message",
            "data": data}


def batch(ferry, events: list, route: str = "hello-world"):
    return request("POST", f"{ferry.gateway_url}/v1/routes/{route}/events", json.dumps(events), BATCH)


def post(ferry, one: dict, route: str = "hello-world") -> dict:
    """One event in a batch of its own, and its entry."""
    answer = batch(ferry, [one], route)
    assert answer.status == 200, answer
    return answer.json["results"][0]


class Workers:
    """Workers of the official Python SDK on a thread of their own, and a client for what tests do by hand."""

    def __init__(self, world, workflows: list, namespace: str = "default", activities: list | None = None, **options):
        """options: of the client."""
        self.world, self.workflows, self.namespace = world, workflows, namespace
        self.activities, self.options = activities or [], options
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
        self.client = await Client.connect(self.world.temporal.address, namespace=self.namespace, **self.options)
        async with Worker(self.client, task_queue=self.world.task_queue, workflows=self.workflows,
                          activities=self.activities, workflow_runner=UnsandboxedWorkflowRunner()):
            self.ready.set()
            await self.stop.wait()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def signal(self, workflow_id: str, name: str, *arguments):
        self.call(self.client.get_workflow_handle(workflow_id).signal(name, args=arguments))

    def reset(self, workflow_id: str, run_id: str):
        execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
        self.call(self.client.workflow_service.reset_workflow_execution(ResetWorkflowExecutionRequest(
            namespace=self.namespace, workflow_execution=execution, reason="test", workflow_task_finish_event_id=4,
            request_id=uuid.uuid4().hex)))

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(30) and self.failure is None, self.failure
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(30)
