"""The long run: messages flow while, every few seconds, somebody is killed with signal 9 or a network between two parts
goes wrong. The same seed gives the same faults in the same order. See test_chaos.py for what has to hold."""

import json
import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ferrystack.ferry import Ferry
from ferrystack.process import Process, StackError, free_port
from ferrystack.proxy import CuttableProxy
from delivery_figures import Figures, attempts_in, count_logs, count_order, count_runs, nanoseconds
from stage import Runs, deletes_in, patiently, sqs_server, temporal_server

BATCH = 10
MOST_RECEIVES = 100  # of the queue's redrive policy; faults cost receives, and nothing may end in its dead-letter queue
PARTIES = ("poller", "gateway", "worker", "temporal", "sqs")
LINKS = ("poller-sqs", "worker-sqs", "poller-gateway", "gateway-temporal", "worker-temporal")
EFFECTS = {
    "cut": lambda proxy: proxy.cut(),
    "reset": lambda proxy: proxy.reset(),
    "delay": lambda proxy: proxy.delay(0.2),
    "black hole": lambda proxy: proxy.black_hole(),
    "lost answers": lambda proxy: proxy.black_hole("down"),
    "break in the middle": lambda proxy: proxy.reset_after(3000),
}


@dataclass(frozen=True)
class Plan:
    messages: int
    groups: int
    seconds_max: float   # for everything; faults stop when three quarters of it are over
    per_second: float    # messages sent
    seed: int
    is_fifo: bool = True
    ack: str = "completion"


@dataclass
class Outcome:
    figures: Figures
    faults: dict = field(default_factory=dict)  # "kill -9, worker" -> how often
    seconds: float = 0
    memory: dict = field(default_factory=dict)  # service -> (first, highest) proportional set size, KiB
    left: tuple = (0, 0)                        # waiting, in flight
    dead_letters: int = 0


class Chaos:
    def __init__(self, plan: Plan, directory: Path):
        self.plan, self.directory = plan, directory
        self.random = random.Random(plan.seed)
        self.name = uuid.uuid4().hex[:12]
        self.sent, self.deleted, self.outcome = [], {}, Outcome(Figures())
        self.processes = []
        self.sending = threading.Lock()  # nobody kills SQS while a send is on its way: its answer would be lost
        self.is_over, self.failures = threading.Event(), []
        self.links = {}  # name -> CuttableProxy
        self.starter = ThreadPoolExecutor(1)  # children die with the thread that started them: one that lives on
        self.log = open(directory / "faults.jsonl", "w", encoding="utf-8")

    def run(self) -> Outcome:
        threads = [threading.Thread(target=self._keep, args=(job,), name=job.__name__)
                   for job in (self._send, self._fault, self._watch_memory)]
        try:
            self._make()
            self.ferry.start()
            self.began = time.monotonic()
            for thread in threads:
                thread.start()
            self._finish()
            self.outcome.seconds = time.monotonic() - self.began
            self._join(threads)
            if self.failures:
                raise self.failures[0]
            self._count()
            return self.outcome
        finally:
            self._join(threads)
            self._end()

    def _join(self, threads: list[threading.Thread]):
        self.is_over.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join(120)

    # -- the stage ----------------------------------------------------------------------------------------------------

    def _make(self):
        self.temporal = temporal_server(self.directory / "temporal")
        self.processes.append(self.temporal.process)
        self.temporal.start()
        self.sqs = sqs_server(self.directory / "sqs", self.plan.is_fifo).start()
        self.processes.append(self.sqs.process)
        suffix = ".fifo" if self.plan.is_fifo else ""
        self.dead_url = self.sqs.create_queue(f"dead-{self.name}{suffix}")
        redrive = json.dumps({"deadLetterTargetArn": self._arn(self.dead_url), "maxReceiveCount": str(MOST_RECEIVES)})
        self.url = self.sqs.create_queue(f"chaos-{self.name}{suffix}", VisibilityTimeout=30, RedrivePolicy=redrive)
        gateway_port, task_queue = free_port(), f"chaos-{self.name}"
        for name in LINKS:
            to = name.partition("-")[2]
            ports = {"sqs": self.sqs.port, "gateway": gateway_port, "temporal": self.temporal.port}
            self.links[name] = CuttableProxy(ports[to])
        order = "group" if self.plan.is_fifo and self.plan.ack != "start" else "none"
        settings = {
            "queues": [{"url": self.url, "route": "chaos", "visibility": "10s", "wait": "2s"}],
            "routes": {"chaos": {"workflow": "helloWorld", "task_queue": task_queue, "id": "{MessageId}",
                                 "id_prefix": self.name, "input": "message", "ack": self.plan.ack, "order": order,
                                 "dead_letter_queue": self.dead_url}},
            "gateway": {"url": self.links["poller-gateway"].endpoint},
            "worker": {"task_queue": task_queue},
            "hello": {"work_ms": 0},
        }
        self.ferry = Ferry(self.directory, self.temporal, self.sqs, self.url, settings, gateway_port=gateway_port,
                           poller_admin_port=free_port(), worker_admin_port=free_port(),
                           environment={"LOG_LEVEL": "info"})
        for service, sqs, temporal in ((self.ferry.poller, "poller-sqs", None),
                                       (self.ferry.gateway, None, "gateway-temporal"),
                                       (self.ferry.worker, "worker-sqs", "worker-temporal")):
            service.environment = dict(service.environment)
            self.processes.append(service)
            if sqs:
                service.environment["AWS_ENDPOINT_URL_SQS"] = self.links[sqs].endpoint
            if temporal:
                service.environment["TEMPORAL_ADDRESS"] = self.links[temporal].address
        self.runs = Runs(self.temporal, task_queue, f"{self.name}-")

    def _arn(self, url: str) -> str:
        return self.sqs.client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def _process(self, party: str) -> Process:
        return {"poller": self.ferry.poller, "gateway": self.ferry.gateway, "worker": self.ferry.worker,
                "temporal": self.temporal.process, "sqs": self.sqs.process}[party]

    def _keep(self, job):
        try:
            job()
        except Exception as failure:  # noqa: BLE001  told by run(), on its own thread
            self.failures.append(failure)
            self.is_over.set()

    # -- messages -----------------------------------------------------------------------------------------------------

    def _send(self):
        for first in range(0, self.plan.messages, BATCH):
            numbers = range(first, min(first + BATCH, self.plan.messages))
            entries = [{"Id": str(number), "MessageBody": f'{{"message":"number {number}"}}'} for number in numbers]
            if self.plan.is_fifo:
                for number, entry in zip(numbers, entries):
                    entry.update(MessageGroupId=self._group(number), MessageDeduplicationId=f"{self.name}-{number}")
            with self.sending:
                answer = patiently(lambda: self.sqs.client.send_message_batch(QueueUrl=self.url, Entries=entries), 60)
            assert not answer.get("Failed"), answer["Failed"]
            ids = {int(entry["Id"]): entry["MessageId"] for entry in answer["Successful"]}
            self.sent += [(self._group(number), ids[number]) for number in numbers]
            late = self.began + first / self.plan.per_second - time.monotonic()
            if self.is_over.wait(max(0, late)):
                return

    def _group(self, number: int) -> str:
        return f"g{number % self.plan.groups}"

    # -- faults -------------------------------------------------------------------------------------------------------

    def _fault(self):
        last = self.began + self.plan.seconds_max * 0.75
        kills = self._endless(PARTIES)
        disturbances = self._endless([(link, effect) for link in LINKS for effect in EFFECTS])
        while not self.is_over.wait(self.random.uniform(1, 4)) and time.monotonic() < last:
            if self.random.random() < 0.5:
                self._kill(next(kills), self.random.uniform(0, 2))
            else:
                self._disturb(*next(disturbances), self.random.uniform(0.5, 4))
        for party in PARTIES:
            self._check_running(party)

    def _endless(self, choices):
        """Each of them once, in random order, and over again: a short run, too, sees many kinds."""
        while True:
            yield from self.random.sample(choices, len(choices))

    def _note(self, fault: str, **members):
        self.outcome.faults[fault] = self.outcome.faults.get(fault, 0) + 1
        at = round(time.monotonic() - self.began, 3)
        self.log.write(json.dumps({"at": at, "fault": fault, **members}) + "\n")
        self.log.flush()

    def _kill(self, party: str, seconds: float):
        process = self._check_running(party)
        self._note(f"kill -9, {party}", seconds=round(seconds, 3))
        if party != "sqs":
            process.kill()
            self.is_over.wait(seconds)
            self.starter.submit(process.start).result()
            return
        with self.sending:
            self._keep_journal()
            process.kill()
            self.is_over.wait(seconds)
            self.starter.submit(self.sqs.start).result()

    def _check_running(self, party: str) -> Process:
        process = self._process(party)
        if not process.running:
            raise StackError(f"{party} ended with {process.exit_code}, though nobody killed it\n{process.tail()}")
        return process

    def _disturb(self, link: str, effect: str, seconds: float):
        self._note(f"{effect}, {link}", seconds=round(seconds, 3))
        EFFECTS[effect](self.links[link])
        self.is_over.wait(seconds)
        self.links[link].heal()

    # -- memory -------------------------------------------------------------------------------------------------------

    def _watch_memory(self):
        """Proportional set sizes, each service's first after some load, and its highest, over all of its lives."""
        while not self.is_over.wait(2):
            for service in self.ferry.all:
                size = _proportional_kib(service.pid) if service.running else 0
                if size and time.monotonic() - self.began > min(20, self.plan.seconds_max / 10):
                    first, highest = self.outcome.memory.get(service.name, (size, size))
                    self.outcome.memory[service.name] = (first, max(highest, size))

    # -- the end ------------------------------------------------------------------------------------------------------

    def _finish(self):
        """Until all is sent and settled, or the time is over."""
        while time.monotonic() < self.began + self.plan.seconds_max and not self.is_over.is_set():
            time.sleep(1)
            if len(self.sent) == self.plan.messages and self._depth() == (0, 0) and self._all_closed():
                return

    def _depth(self) -> tuple:
        try:
            return self.sqs.depth(self.url)
        except Exception:  # noqa: BLE001  it is dead at the moment
            return (-1, -1)

    def _all_closed(self) -> bool:
        """With ack: start and ack: worker the queue is empty before the runs have ended."""
        try:
            query = f"TaskQueue = '{self.runs.task_queue}' AND ExecutionStatus = 'Completed'"
            return self.temporal.count(query) >= len(self.sent)
        except Exception:  # noqa: BLE001
            return False

    def _keep_journal(self):
        if self.plan.is_fifo and self.plan.ack == "worker":
            for message, at in deletes_in(patiently(lambda: self.sqs.journal(queue=self.url)), self.url).items():
                self.deleted.setdefault(message, at)

    def _count(self):
        """After the poller has ended nothing starts any more."""
        self.ferry.wait_ready(timeout=60)
        codes = self.ferry.stop()
        assert set(codes.values()) == {0}, f"not every service ended with 0: {codes}"
        self.outcome.left = patiently(lambda: self.sqs.depth(self.url), 60)
        self.outcome.dead_letters = sum(patiently(lambda: self.sqs.depth(self.dead_url), 60))
        poller, worker = self.ferry.poller.events(), self.ferry.worker.events()
        runs = self._all_runs(worker)
        figures = count_runs(self.sent, runs)
        if self.plan.is_fifo and self.plan.ack != "start":
            self._keep_journal()
            for event in worker:
                if event.get("msg") == "message deleted":
                    at = nanoseconds(event["time"])
                    self.deleted[event["correlation_id"]] = min(at, self.deleted.get(event["correlation_id"], at))
            count_order(figures, self.sent, runs, self.deleted.get, attempts_in(worker))
        count_logs(figures, poller, worker)
        self.outcome.figures = figures

    def _all_runs(self, worker: list[dict]) -> list:
        deadline, executions = time.monotonic() + 15, []
        while time.monotonic() < deadline:
            executions = self.runs.executions()
            if len(executions) >= len(self.sent) and all(execution.get("closeTime") for execution in executions):
                break
            time.sleep(1)
        runs, tries = self.runs.from_list(executions), {}
        for event in worker:
            if event.get("msg") == "helloWorldActivity started":
                tries[event["run_id"]] = max(tries.get(event["run_id"], 1), event["attempt"])
        for run in runs:
            run.tries = tries.get(run.run_id, 1)
        return runs

    def _end(self):
        for process in self.processes:
            process.kill()
        self.starter.shutdown()
        for link in self.links.values():
            link.close()
        self.log.close()


def _proportional_kib(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0
