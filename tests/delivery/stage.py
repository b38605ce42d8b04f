"""What the delivery tests stand on: servers that survive a kill, and what Temporal knows about runs."""

import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ferrystack.elasticmq import ElasticMq
from ferrystack.fault_sqs import FaultSqsServer
from ferrystack.process import Process, free_port
from ferrystack.servers import TemporalServer
from delivery_figures import Run, nanoseconds


def temporal_server(directory: Path) -> TemporalServer:
    """One that a kill -9 does not rob of anything."""
    directory.mkdir(parents=True, exist_ok=True)
    return TemporalServer(directory, port=free_port(), http_port=free_port(), database=True)


def sqs_server(directory: Path, is_fifo: bool):
    """One that a kill -9 does not rob of anything. ElasticMQ gives out the head of a group while others of it are in
    flight, which AWS does not: FIFO queues are on the server with AWS's rules."""
    directory.mkdir(parents=True, exist_ok=True)
    if is_fifo:
        return FaultSqsServer(directory, port=free_port(), database=True)
    return ElasticMq(directory, port=free_port())


def state_of(pid: int) -> str:
    """The letter of /proc/PID/stat: T is stopped. "" when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def restart(process: Process):
    """Set going again, and not waited for: everybody sees it come up."""
    process.environment = {name: value for name, value in process.environment.items() if name != "FERRY_FAILPOINT"}
    process.start()


def patiently(call, timeout: float = 30):
    """The call's answer, also from a server that is just coming up or is busy."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return call()
        except Exception:  # noqa: BLE001  whatever a starting server answers, for a while
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


class Runs:
    """The runs of one task queue, as Temporal's own HTTP API tells them."""

    def __init__(self, temporal: TemporalServer, task_queue: str, prefix: str):
        self.temporal, self.task_queue, self.prefix = temporal, task_queue, prefix

    def executions(self) -> list[dict]:
        executions, token = [], ""
        while True:
            query = {"query": f"TaskQueue = '{self.task_queue}'", "pageSize": 1000}
            if token:
                query["nextPageToken"] = token
            page = patiently(lambda: self.temporal.request("workflows?" + urllib.parse.urlencode(query)))
            executions += page.get("executions", [])
            token = page.get("nextPageToken", "")
            if not token:
                return [execution for execution in executions if not execution.get("parentExecution")]

    def is_completed(self, message: str) -> bool:
        return self.temporal.status(self.prefix + message) == "COMPLETED"

    def from_list(self, executions: list[dict]) -> list[Run]:
        """Times as the list has them."""
        return [Run(message=execution["execution"]["workflowId"].removeprefix(self.prefix),
                    run_id=execution["execution"]["runId"],
                    status=execution["status"].removeprefix("WORKFLOW_EXECUTION_STATUS_"),
                    started=nanoseconds(execution["startTime"]),
                    closed=nanoseconds(execution["closeTime"]) if execution.get("closeTime") else None)
                for execution in executions]

    def from_histories(self, executions: list[dict], threads: int = 2) -> list[Run]:
        """Times and attempts as the histories have them."""
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(self._from_history, self.from_list(executions)))

    def _from_history(self, run: Run) -> Run:
        workflow_id = urllib.parse.quote(self.prefix + run.message, safe="")
        path = f"workflows/{workflow_id}/history?execution.runId={run.run_id}"
        events = patiently(lambda: self.temporal.request(path))["history"]["events"]
        run.started = nanoseconds(events[0]["eventTime"])
        if run.closed is not None:
            run.closed = nanoseconds(events[-1]["eventTime"])
        run.tries = max((event["activityTaskStartedEventAttributes"].get("attempt", 1) for event in events
                         if "activityTaskStartedEventAttributes" in event), default=1)
        return run


def deletes_in(journal: list[dict], queue_url: str) -> dict[str, int]:
    """MessageId -> when the scripted server had deleted it, nanoseconds."""
    name, deleted = queue_url.rsplit("/", 1)[-1], {}
    for call in journal:
        if call["queue"] == name and call["action"].startswith("DeleteMessage"):
            for entry in call["entries"]:
                if entry.get("deleted"):
                    deleted.setdefault(entry["message"], int((call["finished"] or time.time()) * 1e9))
    return deleted
