"""A running system whose services are replaced one at a time by another version, while messages and users' requests flow.

Two ways, as Kubernetes and as systemd do it: `roll` starts the new instance beside the old one, leads new connections to
it and then stops the old one; `restart` stops the old one first, and the new one takes its address."""

import json
import sys
import threading
import uuid
from pathlib import Path

import yaml

from compose_file import ROOT
from ferrystack.fault_sqs import FaultSqsServer
from ferrystack.process import Process, StackError, free_port, wait_until
from ferrystack.proxy import CuttableProxy
from ferrystack.servers import TemporalServer, http_status
from users import fetch

sys.path.insert(0, str(ROOT / "tests" / "delivery"))
from delivery_figures import count_order, count_runs  # noqa: E402
from stage import Runs, patiently  # noqa: E402

GROUPS = 8
MOST_UNDER_WAY = 60  # messages, besides ten on each queue
KINDS = ("gateway", "worker", "poller")


class Instance:
    """One process of one version, at a port of its own."""

    count = 0

    def __init__(self, system: "System", kind: str, version: "Version", port: int | None = None):
        Instance.count += 1
        self.kind, self.version, self.port = kind, version, port or free_port()
        address = f"127.0.0.1:{self.port}"
        variable = "FERRY_LISTEN" if kind == "gateway" else "FERRY_ADMIN_LISTEN"
        self.process = Process(f"{Instance.count}-{kind}-{version.name}", [version.programs / f"ferry-{kind}", "-c", system.configuration],
                               system.directory, {**system.sqs.environment(), "LOG_LEVEL": "info", variable: address})
        self.url = f"http://{address}"

    def start(self):
        self.process.start()

        def is_ready():
            if not self.process.running:
                raise StackError(f"{self.process.name} ended with {self.process.exit_code}:\n{self.process.tail()}")
            return http_status(self.url + "/readyz") == 200
        wait_until(is_ready, 60, f"{self.process.name} to be ready")
        said = json.loads(fetch(self.url + "/version"))["version"]
        assert said == self.version.name, f"{self.process.name} says that it is {said}"
        return self


class Version:
    def __init__(self, programs: Path, name: str):
        self.programs, self.name = programs, name


class System:
    def __init__(self, directory: Path, temporal: TemporalServer, sqs: FaultSqsServer, first: Version):
        self.directory, self.temporal, self.sqs = directory, temporal, sqs
        self.name = uuid.uuid4().hex[:8]
        self.task_queue = f"rollout-{self.name}"
        self.fifo = sqs.create_queue(f"r-{self.name}.fifo", VisibilityTimeout=30)
        self.standard = sqs.create_queue(f"r-{self.name}", VisibilityTimeout=30)
        self.sent = {"fifo": [], "standard": []}
        self.ended = []  # instances that were told to stop
        gateway_port = free_port()
        self.balancer = CuttableProxy(gateway_port)  # the one address of the gateways
        self.configuration = directory / "ferry.yaml"
        self.configuration.write_text(yaml.safe_dump(self._settings(), sort_keys=False))
        self.running = {}
        self.is_over, self.failures = threading.Event(), []
        self.sender = threading.Thread(target=self._send)
        self.running = {kind: Instance(self, kind, first, gateway_port if kind == "gateway" else None) for kind in KINDS}

    def _settings(self) -> dict:
        route = {"workflow": "helloWorld", "task_queue": self.task_queue, "execution_timeout": "5m"}
        return {
            "temporal": {"address": self.temporal.address},
            "queues": [{"url": self.fifo, "route": "fifo", "visibility": "20s", "wait": "2s"},
                       {"url": self.standard, "route": "standard", "visibility": "20s", "wait": "2s"}],
            "routes": {"fifo": {**route, "ack": "completion"}, "standard": {**route, "ack": "worker"},
                       "curl": {**route, "ack": "start"}},
            "gateway": {"url": self.balancer.endpoint},
            "worker": {"task_queue": self.task_queue},
            "hello": {"work_ms": 20},
        }

    def start(self):
        for kind in KINDS:
            self.running[kind].start()
        self.sender.start()
        return self

    # -- replacing --------------------------------------------------------------------------------------------------

    def roll(self, kind: str, version: Version):
        """The new one is ready before the old one is told to stop."""
        old, new = self.running[kind], Instance(self, kind, version).start()
        self.running[kind] = new
        if kind == "gateway":
            self.balancer.target_port = new.port  # new connections; those that are there stay with the old one
        self._stop(old)

    def restart(self, kind: str, version: Version):
        """For a while there is none."""
        old = self.running[kind]
        self._stop(old)
        self.running[kind] = Instance(self, kind, version, old.port)
        self.running[kind].start()

    def _stop(self, instance: Instance):
        self.ended.append(instance)
        code = instance.process.stop(40)
        assert code == 0, f"{instance.process.name} ended with {code}\n{instance.process.tail()}"

    # -- messages ---------------------------------------------------------------------------------------------------

    def _send(self):
        """Ten a second on each queue, and fewer where the machine keeps no step with that."""
        number = 0
        try:
            while not self.is_over.wait(0.1):
                if number % 10 == 0:
                    wait_until(lambda: self.is_over.is_set() or 2 * number - self._completed() < MOST_UNDER_WAY, 60,
                               "messages to be done", 0.2)
                group = f"g{number % GROUPS}"
                body = json.dumps({"message": f"number {number}"})
                fifo = self.sqs.client.send_message(QueueUrl=self.fifo, MessageBody=body, MessageGroupId=group,
                                                    MessageDeduplicationId=str(number))
                standard = self.sqs.client.send_message(QueueUrl=self.standard, MessageBody=body)
                self.sent["fifo"].append((group, fifo["MessageId"]))
                self.sent["standard"].append((None, standard["MessageId"]))
                number += 1
        except Exception as failure:  # noqa: BLE001  told by finish(), on its own thread
            self.failures.append(failure)

    def flow(self, messages: int):
        """Until so many more runs have completed: messages go through the system as it is now."""
        wanted = self._completed() + messages
        wait_until(lambda: self._completed() >= wanted, 60, f"{messages} more completed runs", 0.2)

    def _completed(self) -> int:
        return self.temporal.count(f"TaskQueue = '{self.task_queue}' AND ExecutionStatus = 'Completed'")

    # -- the end ----------------------------------------------------------------------------------------------------

    def finish(self, others: int):
        """No more is sent. `others`: runs that users asked for. All ends, and nothing is left."""
        self.is_over.set()
        self.sender.join(30)
        if self.failures:
            raise self.failures[0]
        wanted = len(self.sent["fifo"]) + len(self.sent["standard"]) + others
        wait_until(lambda: self._completed() >= wanted, 120, f"{wanted} completed runs, {others} of them users'", 0.2)
        wait_until(lambda: self.sqs.depth(self.fifo) == self.sqs.depth(self.standard) == (0, 0), 60, "the queues to be empty", 0.2)
        for kind in reversed(KINDS):
            self._stop(self.running[kind])
        for instance in self.ended:
            report = instance.process.sanitizer_report()
            assert report == "", f"{instance.process.name}:\n{report}"

    def end(self):
        self.is_over.set()
        if self.sender.ident is not None:
            self.sender.join(30)
        for instance in self.running.values():
            instance.process.kill()
        self.balancer.close()

    def figures(self) -> dict:
        """By queue: what became of its messages."""
        executions = patiently(lambda: Runs(self.temporal, self.task_queue, "").executions())
        figures = {}
        for name, sent in self.sent.items():
            runs = self._runs_of(executions, f"{name}-")
            figures[name] = count_runs(sent, runs)
            if name == "fifo":
                count_order(figures[name], sent, runs, lambda _: None, {})
        return figures

    def runs_of_users(self, prefix: str) -> list:
        return self._runs_of(Runs(self.temporal, self.task_queue, "").executions(), prefix)

    def _runs_of(self, executions: list[dict], prefix: str) -> list:
        mine = [execution for execution in executions if execution["execution"]["workflowId"].startswith(prefix)]
        return Runs(self.temporal, self.task_queue, prefix).from_list(mine)
