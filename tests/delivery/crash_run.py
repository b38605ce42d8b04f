"""One cell of the crash matrix, run: services of its own on queues and task queues of its own, one fault, and what
became of the messages."""

import signal
import time
import uuid
from pathlib import Path

from ferrystack.ferry import Ferry
from ferrystack.process import Process, StackError, free_port, wait_until
from crash_cells import STALLED, Cell
from delivery_figures import Figures, attempts_in, count_logs, count_order, count_runs
from stage import Runs, deletes_in, patiently, restart, state_of

GROUPS, MESSAGES = 3, 6
REACH_SECONDS = 60   # to come up and get to the step
STALL_SECONDS = 25    # the heartbeat's timeout is 10 s
FINISH_SECONDS = 120  # from the fault until everything is settled


class CellRun:
    """temporal, sqs: shared ones, or this cell's own where it kills them."""

    def __init__(self, cell: Cell, temporal, sqs, directory: Path):
        self.cell, self.temporal, self.sqs, self.directory = cell, temporal, sqs, directory
        self.name = uuid.uuid4().hex[:12]
        self.journal_deletes = {}
        self.substitutes = []  # a second worker where the first is stalled

    def run(self) -> Figures:
        self._make()
        try:
            self.sent = self._send()
            self._start()
            self._fault()
            self._finish()
            self._stop()
            return self._count()
        finally:
            for service in (*self.ferry.all, *self.substitutes):
                service.signal(signal.SIGCONT)
                service.kill()

    # -- the stage ----------------------------------------------------------------------------------------------------

    def _make(self):
        mode = self.cell.mode
        self.task_queue = f"matrix-{self.name}"
        self.url = self.sqs.create_queue(f"matrix-{self.name}{'.fifo' if mode.is_fifo else ''}", VisibilityTimeout=30)
        settings = {
            "queues": [{"url": self.url, "route": "matrix", "visibility": f"{self.cell.step.visibility(mode.ack)}s",
                        "wait": "1s"}],
            "routes": {"matrix": {"workflow": "helloWorld", "task_queue": self.task_queue, "id": "{MessageId}",
                                  "id_prefix": self.name, "input": "message", "ack": mode.ack,
                                  "order": "group" if mode.is_ordered else "none"}},
            "worker": {"task_queue": self.task_queue},
            "hello": {"work_ms": self.cell.step.work_ms},
        }
        failpoint = f"{self.cell.failpoint}:{'kill' if self.cell.kills_holder else 'stop'}"
        self.ferry = Ferry(self.directory, self.temporal, self.sqs, self.url, settings, gateway_port=free_port(),
                           poller_admin_port=free_port(), worker_admin_port=free_port(),
                           environment={"FERRY_FAILPOINT": failpoint})
        self.runs = Runs(self.temporal, self.task_queue, f"{self.name}-")

    def _start(self):
        """The poller last: its first receive brings all of them, followers in their groups, too."""
        self.ferry.gateway.start()
        self.ferry.worker.start()
        self.ferry.wait_ready(self.ferry.gateway, self.ferry.worker, timeout=REACH_SECONDS)
        if self.cell.holds_gateway:
            self.ferry.gateway.signal(signal.SIGSTOP)
        self.ferry.poller.start()

    def _send(self) -> list[tuple[str | None, str]]:
        sent = []
        for number in range(MESSAGES):
            group, options = f"g{number % GROUPS}", {}
            if self.cell.mode.is_fifo:
                options = {"MessageGroupId": group, "MessageDeduplicationId": f"{self.name}-{number}"}
            body = f'{{"message":"number {number}"}}'
            answer = self.sqs.client.send_message(QueueUrl=self.url, MessageBody=body, **options)
            sent.append((group, answer["MessageId"]))
        return sent

    def _process(self, party: str) -> Process:
        return {"poller": self.ferry.poller, "gateway": self.ferry.gateway, "worker": self.ferry.worker,
                "temporal": self.temporal.process, "sqs": self.sqs.process}[party]

    # -- the fault ----------------------------------------------------------------------------------------------------

    def _fault(self):
        if self.cell.party == STALLED:
            self._stall()
            return
        holder, victim = self._process(self.cell.holder), self._process(self.cell.party)
        if self.cell.kills_holder:
            wait_until(lambda: not holder.running, REACH_SECONDS, f"{holder.name} to die at {self.cell.failpoint}")
            if holder.exit_code != -signal.SIGKILL:
                raise StackError(f"{holder.name} ended with {holder.exit_code}, not by its failpoint\n{holder.tail()}")
        else:
            self._wait_stopped(holder)
            if self.cell.party == "sqs":
                self._keep_journal()
            victim.kill()
        self.survivors = {service: service.pid for service in self.ferry.all if service is not victim}
        restart(victim)
        if not self.cell.kills_holder:
            holder.signal(signal.SIGCONT)
        if self.cell.holds_gateway and self.ferry.gateway is not victim:
            self.ferry.gateway.signal(signal.SIGCONT)

    def _wait_stopped(self, holder: Process):
        wait_until(lambda: state_of(holder.pid) == "T", REACH_SECONDS,
                   f"{holder.name} to stop at {self.cell.failpoint}")

    def _stall(self):
        """The worker stops; when its heartbeat is overdue the attempt goes to another worker; then the first goes on,
        after a while also if Temporal gives the next attempts to polls that the first has still open."""
        stalled = self.ferry.worker
        self._wait_stopped(stalled)
        environment = {name: value for name, value in self.ferry.environment.items() if name != "FERRY_FAILPOINT"}
        substitute = Process("ferry-worker-2", stalled.arguments, self.directory,
                             {**environment, "FERRY_ADMIN_LISTEN": "none"})
        self.substitutes.append(substitute.start())
        deadline = time.monotonic() + STALL_SECONDS
        while time.monotonic() < deadline and not any(event.get("attempt", 1) > 1 for event in substitute.events()):
            time.sleep(0.2)
        self.survivors = {service: service.pid for service in (*self.ferry.all, substitute)}
        stalled.signal(signal.SIGCONT)

    # -- the end ------------------------------------------------------------------------------------------------------

    def _finish(self):
        """Until every message is settled. What is still not, by then, is counted, not an error of its own."""
        deadline = time.monotonic() + FINISH_SECONDS
        self.left = self._depth()
        waiting_for = {message for _, message in self.sent}
        while (self.left or waiting_for) and time.monotonic() < deadline:
            time.sleep(0.15)
            self.left = self._depth()
            if not self.left:
                waiting_for = {message for message in waiting_for
                               if not patiently(lambda message=message: self.runs.is_completed(message))}

    def _depth(self) -> int:
        return patiently(lambda: sum(self.sqs.depth(self.url)), 60)

    def _stop(self):
        """Nobody but the victim may have ended, and all end well now. The poller first: after it nothing starts."""
        for service, pid in self.survivors.items():
            if not service.running or service.pid != pid:
                raise StackError(f"{service.name} ended with {service.exit_code}, unkilled\n{service.tail()}")
        codes = {**self.ferry.stop(), **{substitute.name: substitute.stop() for substitute in self.substitutes}}
        if set(codes.values()) != {0}:
            raise StackError(f"not every service ended with 0: {codes}\n" + "\n".join(
                service.tail() for service in self.ferry.all if service.exit_code != 0))

    def _count(self) -> Figures:
        executions = self._executions()
        runs = self.runs.from_histories(executions)
        figures = count_runs(self.sent, runs)
        if self.left:
            figures.lost += self.left
            figures.notes.append(f"{self.left} messages are left in the queue")
        poller = self.ferry.poller.events()
        worker = [event for process in (self.ferry.worker, *self.substitutes) for event in process.events()]
        if self.cell.mode.is_ordered:
            count_order(figures, self.sent, runs, self._deleted_at, attempts_in(worker))
        count_logs(figures, poller, worker)
        return figures

    def _executions(self) -> list[dict]:
        """The list lags behind by a moment: until it knows each message's run and that it has closed, or 5 s."""
        deadline = time.monotonic() + 5
        while True:
            executions = self.runs.executions()
            is_whole = len(executions) >= MESSAGES and all(execution.get("closeTime") for execution in executions)
            if is_whole or time.monotonic() > deadline:
                return executions
            time.sleep(0.3)

    def _keep_journal(self):
        if self.cell.mode.is_fifo:
            for message, at in deletes_in(self.sqs.journal(queue=self.url), self.url).items():
                self.journal_deletes.setdefault(message, at)

    def _deleted_at(self, message: str) -> int | None:
        """When SQS had deleted it, as far as the server told: with ack: worker that is before the run closes."""
        if self.cell.mode.ack != "worker":
            return None
        self._keep_journal()
        return self.journal_deletes.get(message)
