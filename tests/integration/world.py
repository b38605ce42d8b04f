"""One test's own corner of the servers: World, and how it ends."""

import json
import signal
import urllib.parse
import uuid
from pathlib import Path

from ferrystack.fault_sqs import FaultSqsServer
from ferrystack.ferry import Ferry
from ferrystack.process import wait_until
from ferrystack.servers import SqsServer, TemporalServer


def assert_no_sanitizer_report(process):
    report = process.sanitizer_report()
    assert report == "", f"{process.name}:\n{report}"


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


def _stop_pollers(corner: World):
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


def open_world(corner: World, request):
    """For fixtures, to yield from: stops the services behind the test, and wants them to have ended well."""
    yield corner
    _stop_pollers(corner)
    exit_codes = [ferry.stop() for ferry in corner.ferries]
    for ferry, codes in zip(corner.ferries, exit_codes):
        for service in ferry.all:
            assert_no_sanitizer_report(service)
    if request.node.get_closest_marker("unclean") is None:
        for codes in exit_codes:
            assert all(code == 0 for code in codes.values()), f"not every service ended with 0: {codes}"
