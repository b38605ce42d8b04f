"""The gateway's API for workflows against a real Temporal server: Python workers behind it, and words for requests."""

import contextlib
import urllib.parse
import uuid

import pytest
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.api.common.v1 import Payload

from gateway_world import Workers, gateway_for
from http_request import request
from world import World, open_world


@workflow.defn(name="echo")
class Echo:
    """Returns its argument's payload untouched."""

    @workflow.run
    async def run(self, value: RawValue) -> RawValue:
        return value


@workflow.defn(name="count")
class Count:
    @workflow.run
    async def run(self, *arguments) -> list:
        return list(arguments)


@workflow.defn(name="fail")
class Fail:
    @workflow.run
    async def run(self, kind: str = "Sold") -> None:
        raise ApplicationError("no stock", {"left": 0}, 1.5, type=kind, non_retryable=True)


@workflow.defn(name="binary")
class Binary:
    @workflow.run
    async def run(self) -> RawValue:
        return RawValue(Payload(metadata={"encoding": b"binary/plain", "kind": b"picture"}, data=b"\xff\x00\x01"))


@workflow.defn(name="nothing")
class Nothing:
    @workflow.run
    async def run(self) -> None:
        return None


@workflow.defn(name="renewed")
class Renewed:
    """A chain of three runs."""

    @workflow.run
    async def run(self, round_: int = 0) -> str:
        if round_ < 2:
            workflow.continue_as_new(round_ + 1)
        return f"round {round_}"


@workflow.defn(name="box")
class Box:
    """Keeps what signals and updates bring until it is told to end; queries show it."""

    def __init__(self):
        self.kept, self.closed, self.gate = [], False, False

    @workflow.run
    async def run(self, *_) -> list:
        await workflow.wait_condition(lambda: self.closed)
        return self.kept

    @workflow.signal
    def add(self, value: RawValue) -> None:
        self.kept.append(value.payload.data.decode())

    @workflow.signal
    def add_all(self, *values) -> None:
        self.kept.extend(str(value) for value in values)

    @workflow.signal
    def open(self) -> None:
        self.gate = True

    @workflow.signal
    def close(self) -> None:
        self.closed = True

    @workflow.query
    def items(self) -> list:
        return self.kept

    @workflow.query
    def echo(self, value: RawValue) -> RawValue:
        return value

    @workflow.query
    def broken(self) -> None:
        raise ValueError("the shelf is broken")

    @workflow.update
    def put(self, value: RawValue) -> RawValue:
        self.kept.append(value.payload.data.decode())
        return value

    @workflow.update
    async def put_later(self, value: str) -> int:
        await workflow.wait_condition(lambda: self.gate)
        self.kept.append(value)
        return len(self.kept)

    @workflow.update
    async def put_and_fail(self) -> None:
        raise ApplicationError("the shelf is full", {"left": 0}, type="Full", non_retryable=True)

    @workflow.update
    def put_checked(self, value: str) -> str:
        self.kept.append(value)
        return value

    @put_checked.validator
    def check(self, value: str) -> None:
        if value == "bad":
            raise ValueError("bad things are not put")


WORKFLOWS = [Echo, Count, Fail, Binary, Nothing, Renewed, Box]


class WorkflowApi:
    def __init__(self, world, ferry, workers, context=None):
        """context: an SSLContext for a gateway with TLS."""
        self.world, self.ferry, self.workers, self.context = world, ferry, workers, context
        self.url = f"{ferry.gateway_url}/v1/workflows"
        self.task_queue = world.task_queue

    def new_id(self, name: str = "w") -> str:
        return f"{name}-{uuid.uuid4().hex[:12]}"

    def path(self, workflow_id: str, suffix: str = "") -> str:
        return f"/{urllib.parse.quote(workflow_id, safe='')}{suffix}"

    def send(self, method: str, path: str, body=None, headers: dict | None = None, timeout: float = 90):
        return request(method, f"{self.url}{path}", body, headers, timeout, self.context)

    def get(self, path: str, **options):
        return self.send("GET", path, **options)

    def post(self, path: str, body=None, headers: dict | None = None, **options):
        return self.send("POST", path, body, headers, **options)

    def start(self, kind: str = "box", headers: dict | None = None, query: str = "", **members):
        return self.post(query, {"workflowType": kind, "taskQueue": self.task_queue, **members}, headers)

    def started(self, kind: str = "box", **members) -> str:
        """The workflow ID of a new run."""
        members.setdefault("workflowId", self.new_id(kind))
        answer = self.start(kind, **members)
        assert answer.status == 201, answer
        return answer.json["workflowId"]

    def events(self, workflow_id: str, run_id: str | None = None) -> list:
        """Temporal's own events, as the official SDK reads them."""
        async def fetch():
            return (await self.workers.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()).events
        return self.workers.call(fetch())

    def memo(self, workflow_id: str) -> dict:
        async def describe():
            return await (await self.workers.client.get_workflow_handle(workflow_id).describe()).memo()
        return self.workers.call(describe())


def assert_problem(answer, status: int, kind: str, *said: str):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer
    assert answer.json["type"] == f"/problems/{kind}" and answer.json["status"] == status, answer
    for text in said:
        assert text in answer.json["detail"], answer


def opened_api(world, request, start=gateway_for, context=None):
    """For fixtures: an API behind the gateway that start(world) starts, with workers."""
    opened = open_world(world, request)
    next(opened)
    ferry = start(world)
    with Workers(world, WORKFLOWS) as workers:
        yield WorkflowApi(world, ferry, workers, context)
    with contextlib.suppress(StopIteration):
        next(opened)


@pytest.fixture(scope="module")
def api(temporal, sqs, tmp_path_factory, request):
    """A gateway with workers, shared by a file's tests: each has workflow IDs of its own."""
    yield from opened_api(World(temporal, sqs, tmp_path_factory.mktemp("workflows")), request)
