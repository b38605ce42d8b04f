"""Real servers for a whole test session; queues, task queues and services of their own for each test.

Ports are chosen freely, so two sessions can run side by side.
"""

import json
import signal
import sys
import urllib.parse
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from ferrystack.elasticmq import ElasticMq  # noqa: E402
from ferrystack.fault_sqs import FaultSqsServer  # noqa: E402
from ferrystack.ferry import Ferry  # noqa: E402
from ferrystack.process import wait_until  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer  # noqa: E402
from scene import SceneWords  # noqa: E402
from work import ForeignWorker  # noqa: E402


@pytest.fixture(scope="session")
def temporal(tmp_path_factory):
    server = TemporalServer(tmp_path_factory.mktemp("temporal")).start()
    yield server
    server.process.stop(10)


@pytest.fixture(scope="session")
def sqs(tmp_path_factory):
    server = SqsServer(tmp_path_factory.mktemp("sqs")).start()
    yield server
    server.process.stop(10)


def assert_no_sanitizer_report(process):
    assert process.sanitizer_report() == "", f"{process.name}:\n{process.sanitizer_report()}"


class World:
    """One test's own corner: a queue, a task queue, services; with the words that tests are written in."""

    def __init__(self, temporal: TemporalServer, sqs: SqsServer, directory: Path):
        self.temporal, self.sqs, self.directory = temporal, sqs, directory
        self.name = uuid.uuid4().hex[:12]
        self.task_queue = f"hello-{self.name}"
        self.ferries = []

    def create_queue(self, fifo: bool = True, **attributes) -> str:
        attributes.setdefault("VisibilityTimeout", 30)
        return self.sqs.create_queue(f"q-{self.name}{'.fifo' if fifo else ''}", **attributes)

    def ferry(self, queue_url: str, settings: dict | None = None, queue: dict | None = None, work_ms: int = 0,
              **options) -> Ferry:
        """Not started. settings is merged over a configuration with a task queue of its own and no waits."""
        configuration = {
            "queues": [{"url": queue_url, "route": "hello-world", "visibility": "10s", "wait": "2s", **(queue or {})}],
            "routes": {"hello-world": {"workflow": "helloWorld", "task_queue": self.task_queue, "id": "{MessageId}",
                                       "input": "message", "ack": "worker"}},
            "worker": {"task_queue": self.task_queue},
            "hello": {"work_ms": work_ms},
        }
        for key, value in (settings or {}).items():
            if isinstance(value, dict):
                configuration.setdefault(key, {}).update(value)
            else:
                configuration[key] = value
        directory = self.directory / f"ferry-{len(self.ferries)}"
        directory.mkdir()
        ferry = Ferry(directory, options.pop("temporal", self.temporal), self.sqs, queue_url, configuration, **options)
        self.ferries.append(ferry)
        return ferry

    def send(self, queue_url: str, body, group: str | None = None, **options) -> str:
        """Sends one message and returns its MessageId. A dict is sent as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        if queue_url.endswith(".fifo"):
            options.update(MessageGroupId=group or "g", MessageDeduplicationId=uuid.uuid4().hex)
        return self.sqs.client.send_message(QueueUrl=queue_url, MessageBody=text, **options)["MessageId"]

    def send_many(self, queue_url: str, count: int, groups: int = 4) -> list[str]:
        return [self.send(queue_url, {"message": f"hello {i}"}, f"g{i % groups}") for i in range(count)]

    def workflow_id(self, message_id: str, route: str = "hello-world") -> str:
        return f"{route}-{message_id}"

    def status(self, message_id: str) -> str:
        return self.temporal.status(self.workflow_id(message_id))

    def wait_completed(self, message_ids: list[str], timeout: float = 60):
        remaining = set(message_ids)

        def all_completed():
            for message_id in list(remaining):
                if self.status(message_id) == "COMPLETED":
                    remaining.discard(message_id)
            return not remaining
        wait_until(all_completed, timeout, f"{len(message_ids)} workflows to complete", 0.2)

    def wait_empty(self, queue_url: str, timeout: float = 30):
        wait_until(lambda: self.sqs.depth(queue_url) == (0, 0), timeout, "the queue to be empty", 0.1)

    def runs(self, message_id: str) -> list[dict]:
        """Every run that Temporal knows under the message's workflow ID."""
        query = urllib.parse.urlencode({"query": f"WorkflowId = '{self.workflow_id(message_id)}'"})
        return self.temporal.request(f"workflows?{query}").get("executions", [])

    def history(self, message_id: str) -> list[dict]:
        path = "workflows/" + urllib.parse.quote(self.workflow_id(message_id), safe="") + "/history"
        return self.temporal.request(path)["history"]["events"]


@pytest.fixture(scope="session")
def scripted_sqs(tmp_path_factory):
    server = FaultSqsServer(tmp_path_factory.mktemp("scripted-sqs")).start()
    yield server
    assert server.process.stop(10) == 0
    assert "Traceback" not in server.process.text()


@pytest.fixture(scope="session")
def elasticmq(tmp_path_factory):
    server = ElasticMq(tmp_path_factory.mktemp("elasticmq"), database=False).start()
    yield server
    server.process.stop(10)


class Scene(SceneWords, World):
    """A World with the words of scene.py."""


@pytest.fixture
def world(temporal, sqs, tmp_path, request):
    yield from _open(World(temporal, sqs, tmp_path), request)


def _make_well(server: FaultSqsServer):
    server.clear()
    server.set(visibility_limit=43200, deduplication_window=300, purge_interval=60, in_flight_limit=120000,
               clock_offset=0, expired_handle_error="InvalidParameterValue")


@pytest.fixture
def scene(temporal, scripted_sqs, tmp_path, request):
    """Before the scripted SQS server, which has no faults and AWS's own limits at the start of each test."""
    _make_well(scripted_sqs)
    yield from _open(Scene(temporal, scripted_sqs, tmp_path), request)
    scripted_sqs.clear()


@pytest.fixture
def both(scene):
    """A FIFO queue and a standard one of the same pollers: (URLs, entries of the configuration)."""
    urls = [scene.queue("f"), scene.queue("s", fifo=False)]
    return urls, [{"url": url} for url in urls]


@pytest.fixture
def private_scene(temporal, tmp_path, request):
    """The same with an SQS server of the test's own: its clock, keys and limits may be anything."""
    directory = tmp_path / "scripted-sqs"
    directory.mkdir()
    server = FaultSqsServer(directory).start()
    yield from _open(Scene(temporal, server, tmp_path), request)
    server.process.stop(10)


@pytest.fixture(params=["scripted", "ministack", "elasticmq"])
def any_scene(temporal, tmp_path, request):
    """Once before each of the SQS servers."""
    fixture = {"scripted": "scripted_sqs", "ministack": "sqs", "elasticmq": "elasticmq"}[request.param]
    corner = Scene(temporal, request.getfixturevalue(fixture), tmp_path)
    corner.server_name = request.param
    if request.param == "scripted":
        _make_well(corner.sqs)
    yield from _open(corner, request)


@pytest.fixture
def work(request):
    """A worker of the official Python SDK for the workflows of work.py, on the scene's task queue."""
    names = [name for name in ("scene", "private_scene", "any_scene") if name in request.fixturenames]
    corner = request.getfixturevalue(names[0])
    with ForeignWorker(corner.temporal.address, corner.task_queue) as worker:
        yield worker


def _stop_pollers(corner):
    """All at once, and without their open long polls where the server can end them: each waits for its own."""
    pollers = [ferry.poller for ferry in corner.ferries if ferry.poller.running]
    for poller in pollers:
        poller.signal(signal.SIGTERM)

    def have_ended():
        if isinstance(corner.sqs, FaultSqsServer) and corner.sqs.process.running:
            corner.sqs.end_polls()
        return not any(poller.running for poller in pollers)
    if pollers:
        wait_until(have_ended, 40, "the pollers to end", 0.05)


def _open(corner, request):
    yield corner
    _stop_pollers(corner)
    exit_codes = [ferry.stop() for ferry in corner.ferries]
    for ferry, codes in zip(corner.ferries, exit_codes):
        for service in ferry.all:
            assert_no_sanitizer_report(service)
    if request.node.get_closest_marker("unclean") is None:
        for codes in exit_codes:
            assert all(code == 0 for code in codes.values()), f"not every service ended with 0: {codes}"


def pytest_configure(config):
    config.addinivalue_line("markers", "unclean: the test ends services in ways that leave other exit codes")
