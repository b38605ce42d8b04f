#!/usr/bin/env python3
"""`make run`: the main job on one machine, every part real.

Starts a Temporal dev server and an SQS server, the three services, creates the FIFO queue hello.fifo, sends 20
messages in 4 groups, shows each one's way as it happens, and ends with a table. Stays up until Ctrl-C; with --exit it
ends after the table, non-zero unless every message is done and the queue is empty.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from ferrystack.ferry import Ferry, programs  # noqa: E402
from ferrystack.process import StackError, port_is_free, read_events  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer  # noqa: E402

MESSAGES, GROUPS, QUEUE = 20, 4, "hello.fifo"
PORTS = {  # environment variable: default, what it is
    "TEMPORAL_PORT": (7233, "Temporal"),
    "TEMPORAL_UI_PORT": (8233, "Temporal UI"),
    "TEMPORAL_HTTP_PORT": (7243, "Temporal's HTTP API"),
    "SQS_PORT": (9324, "SQS"),
    "GATEWAY_PORT": (8080, "ferry-gateway"),
    "POLLER_ADMIN_PORT": (8081, "ferry-poller's health and metrics"),
    "WORKER_ADMIN_PORT": (8082, "ferry-worker's health and metrics"),
}


def choose_ports() -> dict:
    ports = {}
    for variable, (default, what) in PORTS.items():
        text = os.environ.get(variable, str(default))
        if not text.isdigit() or not 1 <= int(text) <= 65535:
            raise StackError(f"{variable}={text}: expected a port from 1 to 65535")
        if not port_is_free(int(text)):
            raise StackError(f"port {text} ({what}) is in use by another program.\n"
                             f"  Stop that program, or choose another port: make run {variable}=NNNN")
        if int(text) in ports.values():
            raise StackError(f"{variable}={text}: another part was given the same port")
        ports[variable] = int(text)
    return ports


class LogFollower:
    """New JSON log lines of the services, in the order of their times."""

    def __init__(self, services):
        self.offsets = {service.log_path: 0 for service in services}

    def new_events(self) -> list[dict]:
        events = []
        for path, offset in self.offsets.items():
            with open(path, "rb") as log:
                log.seek(offset)
                data = log.read()
            complete = data.rfind(b"\n") + 1
            self.offsets[path] = offset + complete
            events += read_events(data[:complete].decode(errors="replace"))
        return sorted(events, key=lambda event: event.get("time", ""))


class Journey:
    """One message's way, as the services' logs tell it."""

    STEPS = {"message received": "received", "workflow started": "started", "helloWorldActivity started": "activity",
             "message deleted": "deleted"}

    def __init__(self, number: int, group: str, message_id: str, sent: float):
        self.number, self.group, self.message_id, self.sent = number, group, message_id, sent
        self.workflow_id = ""
        self.steps = {}
        self.status = ""
        self.took = None

    def observe(self, event: dict) -> str | None:
        self.workflow_id = event.get("workflow_id") or self.workflow_id
        step = self.STEPS.get(event.get("msg"))
        if step is None or step in self.steps:
            return None
        self.steps[step] = event
        return step


def watch(journeys: dict, ferry: Ferry, temporal: TemporalServer, sqs: SqsServer, url: str, timeout: float):
    """Prints each step as it happens until every workflow is closed and the queue is empty, or the time is over."""
    follower = LogFollower(ferry.all)
    started = time.monotonic()
    open_journeys = dict(journeys)
    last_look = 0.0
    while time.monotonic() - started < timeout:
        for event in follower.new_events():
            journey = journeys.get(event.get("message_id") or event.get("correlation_id"))
            step = journey and journey.observe(event)
            if step:
                print(f"  {event['time'][11:23]}  message {journey.number:2}  group {journey.group}  {step:9} "
                      f"{event['service']}", flush=True)
        for service in ferry.all:
            if not service.running:
                raise StackError(f"{service.name} ended with exit code {service.exit_code}:\n{service.tail()}")
        if time.monotonic() - last_look > 0.5:
            last_look = time.monotonic()
            for message_id, journey in list(open_journeys.items()):
                journey.status = temporal.status(journey.workflow_id) if journey.workflow_id else ""
                if journey.status not in ("", "RUNNING"):
                    journey.took = time.monotonic() - journey.sent
                    del open_journeys[message_id]
            if not open_journeys and sqs.depth(url) == (0, 0):
                return
        time.sleep(0.05)


def table(journeys: list) -> str:
    rows = [("message", "group", "workflow ID", "status", "seconds")]
    for journey in journeys:
        took = f"{journey.took:.1f}" if journey.took is not None else "-"
        rows.append((str(journey.number), journey.group, journey.workflow_id or "-", journey.status or "not started", took))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.insert(1, "  " + "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def send_messages(sqs: SqsServer, url: str) -> dict:
    journeys = {}
    for number in range(1, MESSAGES + 1):
        group = f"g{(number - 1) % GROUPS + 1}"
        answer = sqs.client.send_message(QueueUrl=url, MessageBody=f'{{"message": "hello {number}"}}', MessageGroupId=group,
                                         MessageDeduplicationId=f"hello-{number}")
        journeys[answer["MessageId"]] = Journey(number, group, answer["MessageId"], time.monotonic())
    return journeys


def run(arguments) -> int:
    ports = choose_ports()
    directory = Path(tempfile.mkdtemp(prefix="ferry-run-"))
    temporal = TemporalServer(directory, ports["TEMPORAL_PORT"], ports["TEMPORAL_HTTP_PORT"], ports["TEMPORAL_UI_PORT"])
    sqs = SqsServer(directory, ports["SQS_PORT"])
    ferry = None
    done = False
    try:
        print("starting a Temporal dev server and an SQS server ...", flush=True)
        temporal.start()
        sqs.start()
        url = sqs.create_queue(QUEUE, VisibilityTimeout=60)
        print("starting ferry-gateway, ferry-worker and ferry-poller ...", flush=True)
        # A long poll that is under way is waited for at the end, so short ones make Ctrl-C quick.
        settings = {"queues": [{"url": url, "route": "hello-world", "wait": "3s"}]}
        ferry = Ferry(directory, temporal, sqs, url, settings, gateway_port=ports["GATEWAY_PORT"],
                      poller_admin_port=ports["POLLER_ADMIN_PORT"], worker_admin_port=ports["WORKER_ADMIN_PORT"]).start()
        print(f"sending {MESSAGES} messages in {GROUPS} groups to {QUEUE}: each group in order, the groups side by side\n",
              flush=True)
        journeys = send_messages(sqs, url)
        watch(journeys, ferry, temporal, sqs, url, arguments.timeout)
        completed = sum(journey.status == "COMPLETED" for journey in journeys.values())
        waiting, in_flight = sqs.depth(url)
        done = completed == MESSAGES and (waiting, in_flight) == (0, 0)
        print("\n" + table(list(journeys.values())))
        print(f"\n{completed} of {MESSAGES} done; the queue holds {waiting} waiting and {in_flight} in flight.", flush=True)
        if not arguments.exit:
            print(next_steps(ports, ferry, directory), flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
            print("\nstopping ...", flush=True)
        return 0 if done else 1
    finally:
        if ferry is not None:
            ferry.stop()
        sqs.process.stop(5)
        temporal.process.stop(5)
        if done:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"The logs are in {directory}", file=sys.stderr)


def next_steps(ports: dict, ferry: Ferry, directory: Path) -> str:
    credentials = [f"{name}={value}" for name, value in ferry.environment.items()
                   if name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL_SQS")]
    return f"""
Try next, in another terminal:

  curl -s {ferry.gateway_url}/v1/routes/hello-world/events -H 'Content-Type: application/json' \\
       -H 'Idempotency-Key: my-first' -d '{{"MessageId": "my-first", "Body": "{{\\"message\\": \\"hello from curl\\"}}"}}'

or with the tool, docs/tool.md, which needs to know this stack:

  export FERRY_CONFIG={ferry.configuration_path} TEMPORAL_UI_URL=http://localhost:{ports['TEMPORAL_UI_PORT']}
  export {' '.join(credentials)}
  {os.path.relpath(programs() / 'ferry')} send {QUEUE} '{{"message": "hello from the tool"}}' --group g1
  {os.path.relpath(programs() / 'ferry')} trace my-first

Look at the workflows: http://localhost:{ports['TEMPORAL_UI_PORT']}    Logs: {directory}
Ctrl-C stops everything."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exit", action="store_true", help="end after the table")
    parser.add_argument("--timeout", type=float, default=180, help="seconds to wait for the 20 messages")
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, set())
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        return run(arguments)
    except StackError as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
