"""Poller and gateway between a scripted SQS server and a null frontend that stands for Temporal: both answer as fast as
they can, so that what is measured is ours. Shared by delivery.py and in_flight.py."""

import contextlib
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from ferrystack.fault_sqs import FaultSqsServer
from ferrystack.ferry import Ferry
from ferrystack.null_frontend import NullFrontend
from ferrystack.process import wait_until
from ferrystack.servers import TemporalServer

QUEUE = "bench"  # its name in the configuration, whatever it is called at SQS
BATCH = 10


class Load:
    """The four processes, ready, with the queue paused: nothing moves until go()."""

    def __init__(self, directory: Path, fifo: bool, ack: str, close_delay_ms: int, log_level: str = "info",
                 queue: dict | None = None, settings: dict | None = None, callgrind: str | None = None,
                 real_server: bool = False):
        self.fifo = fifo
        if real_server:  # no worker polls there: runs do not end
            self.temporal = TemporalServer(directory)
            self.temporal.process.arguments += [
                "--dynamic-config-value", 'callback.allowedAddresses=[{"Pattern":"*","AllowInsecure":true}]']
        else:
            self.temporal = NullFrontend(directory, close_delay_ms=close_delay_ms)
        self.sqs = FaultSqsServer(directory, settings={"check_signatures": False})
        self.directory, self.log_level = directory, log_level
        self.route = {"workflow": "bench", "task_queue": "bench", "ack": ack}
        if fifo and ack == "start":
            self.route["order"] = "none"
        self.queue, self.settings, self.callgrind = queue or {}, settings or {}, callgrind
        self.ferry = self.url = None

    def start(self):
        self.temporal.start()
        self.sqs.start()
        self.url = self.sqs.create_queue("bench.fifo" if self.fifo else "bench", VisibilityTimeout=60)
        queue = {"url": self.url, "name": QUEUE, "route": "bench", "wait": "1s", "visibility": "300s", **self.queue}
        self.ferry = Ferry(self.directory, self.temporal, self.sqs, self.url,
                           {"queues": [queue], "routes": {"bench": self.route}, **self.settings},
                           environment={"LOG_LEVEL": self.log_level})
        if self.callgrind:
            service = self._service(self.callgrind)
            service.arguments = ["valgrind", "--tool=callgrind", "--quiet", "--collect-jumps=no",
                                 f"--callgrind-out-file={self._profile}", *service.arguments]
        for service in (self.ferry.gateway, self.ferry.poller):
            service.start()
            self.ferry.wait_ready(service, timeout=120)
        self._order("pause")
        wait_until(lambda: self.sqs.waiting() == 0, 30, "the poller's last long poll")
        return self

    def stop(self):
        if self.ferry is not None:
            self.ferry.stop()
        for server in (self.sqs.process, self.temporal.process):
            server.stop(10)

    def _service(self, name: str):
        return {"poller": self.ferry.poller, "gateway": self.ferry.gateway}[name]

    # -- instructions, where a service runs under callgrind ------------------------------------------------------------

    @property
    def _profile(self) -> Path:
        return self.directory / "callgrind.out"

    def _callgrind_control(self, option: str):
        subprocess.run(["callgrind_control", option, str(self._service(self.callgrind).pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)

    def count_from_here(self):
        self._callgrind_control("--zero")

    def instructions(self) -> int:
        """Since count_from_here(), of all threads."""
        self._callgrind_control("--dump")
        first = wait_until(lambda: sorted(self.directory.glob("callgrind.out.*")), 60, "callgrind's dump")[0]
        totals = [line for line in first.read_text().splitlines() if line.startswith(("summary:", "totals:"))]
        return int(totals[-1].split()[1])

    # -- what is done to it --------------------------------------------------------------------------------------------

    def _order(self, word: str):
        url = f"http://127.0.0.1:{self.ferry.poller_admin_port}/v1/queues/{QUEUE}/{word}"
        with urllib.request.urlopen(urllib.request.Request(url, b"", method="POST"), timeout=30) as response:
            response.read()

    def go(self):
        self._order("resume")

    @property
    def pids(self) -> dict[str, int]:
        return {"poller": self.ferry.poller.pid, "gateway": self.ferry.gateway.pid,
                "null frontend": self.temporal.process.pid, "SQS server": self.sqs.process.pid}

    def fill(self, count: int, groups: int, body_bytes: int):
        """Unsigned batches of ten over one connection: the quickest way in."""
        connection = http.client.HTTPConnection("127.0.0.1", self.sqs.port)
        for start in range(0, count, BATCH):
            self._send(connection, range(start, min(start + BATCH, count)), groups, body_bytes)
        connection.close()

    def trickle(self, count: int, groups: int, body_bytes: int, per_second: float):
        """One message at a time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.sqs.port)
        begin = time.monotonic()
        for number in range(count):
            time.sleep(max(0, begin + number / per_second - time.monotonic()))
            self._send(connection, [number], groups, body_bytes)
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, numbers, groups: int, body_bytes: int):
        entries = []
        for number in numbers:
            body = json.dumps({"message": f"hello {number}", "padding": ""})
            body = body[:-2] + "x" * max(0, body_bytes - len(body)) + body[-2:]
            entry = {"Id": str(number), "MessageBody": body}
            if self.fifo:
                entry.update(MessageGroupId=f"g{number % groups}", MessageDeduplicationId=str(number))
            entries.append(entry)
        connection.request("POST", "/", json.dumps({"QueueUrl": self.url, "Entries": entries}),
                           {"X-Amz-Target": "AmazonSQS.SendMessageBatch"})
        answer = json.loads(connection.getresponse().read())
        assert len(answer.get("Successful", ())) == len(entries), answer

    def metric(self, service: str, name: str, labels: str = "") -> float:
        """The sum of a metric's series that have `labels` in them."""
        port = self.ferry.poller_admin_port if service == "poller" else self.ferry.gateway_port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as response:
            lines = response.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines
                   if line.startswith((name + " ", name + "{")) and labels in line)

    def plain_requests(self, count: int):
        """GET /livez over one connection, one after the other: the yardstick."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ferry.gateway_port)
        for _ in range(count):
            connection.request("GET", "/livez")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        connection.close()


@contextlib.contextmanager
def load(keep: bool = False, **options):
    directory = Path(tempfile.mkdtemp(prefix="ferry-bench-"))
    stack = Load(directory, **options)
    try:
        yield stack.start()
    finally:
        stack.stop()
        if keep:
            print(f"logs: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
