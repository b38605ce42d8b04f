#!/usr/bin/env python3
"""`make bench`: what a message costs. Fills a queue, waits until every workflow is done, and counts.

Everything is real and on this machine: Temporal's dev server in memory, an SQS server that checks signatures, the
three services. CPU is user + system time of whole process trees from the first send to the last workflow's end,
start-up excluded. The order that activities saw is read from the worker's log. See bench/README.md.
"""

import argparse
import concurrent.futures
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from processes import cpu_seconds, memory_mb  # noqa: E402

from ferrystack.ferry import Ferry  # noqa: E402
from ferrystack.process import wait_until  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer  # noqa: E402

SENDERS = 8
TASK_QUEUE = "hello-world-queue"


def start_timed(ferry: Ferry) -> dict:
    """Milliseconds from exec to ready, for each service, one after the other."""
    took = {}
    for service in ferry.all:
        begin = time.monotonic()
        service.start()
        wait_until(lambda service=service: ferry.readiness(service) == 200, 30, f"{service.name} to be ready", 0.001)
        took[service.name] = (time.monotonic() - begin) * 1000
    return took


def fill(sqs: SqsServer, url: str, count: int, groups: int, fifo: bool) -> dict:
    """Sends count messages in batches of ten; {MessageId: (group, place within the group)}."""
    def send(lane: int) -> list:
        sent = []
        mine = [number for number in range(count) if number % groups % SENDERS == lane]
        for start in range(0, len(mine), 10):
            entries = []
            for number in mine[start:start + 10]:
                entry = {"Id": str(number), "MessageBody": json.dumps({"message": f"hello {number}"})}
                if fifo:
                    entry.update(MessageGroupId=f"g{number % groups}", MessageDeduplicationId=str(number))
                entries.append(entry)
            answer = sqs.client.send_message_batch(QueueUrl=url, Entries=entries)
            sent += [(int(ok["Id"]), ok["MessageId"]) for ok in answer["Successful"]]
        return sent

    with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
        sent = [pair for lane in pool.map(send, range(SENDERS)) for pair in lane]
    return {message_id: (number % groups, number) for number, message_id in sent}


def order_seen(log: str, messages: dict) -> dict:
    """Inversions and overlaps within groups, and how often each activity ran, from the worker's log."""
    started, finished, last_number, open_in_group = {}, {}, {}, {}
    inversions = overlaps = 0
    for line in log.splitlines():
        if "helloWorldActivity" not in line:
            continue
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            continue
        message = event.get("correlation_id")
        if message not in messages:
            continue
        group, number = messages[message]
        if event["msg"] == "helloWorldActivity started":
            started[message] = started.get(message, 0) + 1
            inversions += number < last_number.get(group, -1)
            last_number[group] = max(number, last_number.get(group, -1))
            overlaps += bool(open_in_group.get(group))
            open_in_group.setdefault(group, set()).add(message)
        elif event["msg"] in ("message deleted", "message already gone, or its handle is stale"):
            finished[message] = finished.get(message, 0) + 1
            open_in_group.get(group, set()).discard(message)
    return {"activities_started": sum(started.values()), "activities_finished": sum(finished.values()),
            "inversions": inversions, "overlaps": overlaps}


def measure(arguments, kind: str) -> dict:
    directory = Path(tempfile.mkdtemp(prefix="ferry-bench-"))
    fifo = kind == "fifo"
    temporal, sqs, ferry = TemporalServer(directory), SqsServer(directory), None
    try:
        temporal.start()
        sqs.start()
        url = sqs.create_queue("bench.fifo" if fifo else "bench", VisibilityTimeout=60)
        ferry = Ferry(directory, temporal, sqs, url, {"hello": {"work_ms": 0}}, environment={"LOG_LEVEL": "info"})
        ready = start_timed(ferry)
        idle = measure_idle(ferry, arguments.idle) if arguments.idle else None
        processes = {**{service.name: service.pid for service in ferry.all},
                     "Temporal server": temporal.process.pid, "SQS server": sqs.process.pid}
        time.sleep(2)  # start-up is over
        before = {name: cpu_seconds(pid) for name, pid in processes.items()}
        begin = time.monotonic()
        messages = fill(sqs, url, arguments.messages, arguments.groups, fifo)
        query = f"TaskQueue = '{TASK_QUEUE}' AND ExecutionStatus = 'Completed'"
        wait_until(lambda: temporal.count(query) >= len(messages), arguments.timeout,
                   f"{len(messages)} workflows to complete", 0.25)
        took = time.monotonic() - begin
        after = {name: cpu_seconds(pid) for name, pid in processes.items()}
        memory = {name: memory_mb(pid) for name, pid in processes.items()}
        wait_until(lambda: sqs.depth(url) == (0, 0), 30, "the queue to be empty", 0.1)
        all_runs = temporal.count(f"TaskQueue = '{TASK_QUEUE}'")
        seen = order_seen(ferry.worker.text(), messages)
        per_message = {name: (after[name] - before[name]) * 1000 / len(messages) for name in processes}
        ours = [service.name for service in ferry.all]
        return {
            "queue": kind, "messages": len(messages), "groups": arguments.groups if fifo else None, "seconds": took,
            "messages_per_second": len(messages) / took,
            "exactly_once": all_runs == len(messages) and seen["activities_started"] == len(messages),
            "runs": all_runs, **seen,
            "cpu_ms_per_message": per_message, "cpu_ms_per_message_ours": sum(per_message[name] for name in ours),
            "pss_mb": {name: memory[name][0] for name in processes}, "pss_mb_ours": sum(memory[n][0] for n in ours),
            "peak_rss_mb": {name: memory[name][1] for name in processes},
            "peak_rss_mb_ours": sum(memory[n][1] for n in ours),
            "ready_ms": ready, "idle": idle,
        }
    finally:
        if ferry is not None:
            ferry.stop()
        sqs.process.stop(5)
        temporal.process.stop(5)
        if arguments.keep:
            print(f"logs: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def measure_idle(ferry: Ferry, seconds: float) -> dict:
    time.sleep(2)
    before = {service.name: cpu_seconds(service.pid) for service in ferry.all}
    time.sleep(seconds)
    share = {service.name: (cpu_seconds(service.pid) - before[service.name]) / seconds * 100 for service in ferry.all}
    return {"seconds": seconds, "percent_of_a_core": share, "percent_of_a_core_ours": sum(share.values())}


def table(result: dict) -> str:
    lines = [f"{result['queue']} queue, {result['messages']} messages"
             + (f" in {result['groups']} groups" if result["groups"] else ""),
             f"  {result['messages_per_second']:.1f} messages/s over {result['seconds']:.1f} s",
             f"  exactly one completed workflow each: {'yes' if result['exactly_once'] else 'NO'}"
             f" ({result['runs']} runs, {result['activities_started']} activities started,"
             f" {result['activities_finished']} finished)"]
    if result["groups"]:
        lines.append(f"  within groups: {result['inversions']} inversions, {result['overlaps']} overlaps")
    lines += ["", f"  {'process':16} {'CPU ms/message':>14} {'PSS MB':>8} {'peak RSS MB':>12} {'ready ms':>9}"]
    for name, cpu in result["cpu_ms_per_message"].items():
        ready = result["ready_ms"].get(name)
        lines.append(f"  {name:16} {cpu:14.2f} {result['pss_mb'][name]:8.1f} {result['peak_rss_mb'][name]:12.1f} "
                     + (f"{ready:9.0f}" if ready else f"{'':9}"))
    lines.append(f"  {'ours together':16} {result['cpu_ms_per_message_ours']:14.2f} {result['pss_mb_ours']:8.1f} "
                 f"{result['peak_rss_mb_ours']:12.1f}")
    if result["idle"]:
        lines.append(f"  idle for {result['idle']['seconds']:g} s: {result['idle']['percent_of_a_core_ours']:.2f} % of a core"
                     " (ours together)")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--queue", choices=["fifo", "standard", "both"], default="both")
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--idle", type=float, default=0, help="seconds of an empty queue to measure first")
    parser.add_argument("--timeout", type=float, default=1200)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the logs")
    arguments = parser.parse_args()
    kinds = ["fifo", "standard"] if arguments.queue == "both" else [arguments.queue]
    results = [measure(arguments, kind) for kind in kinds]
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        print("\n\n".join(table(result) for result in results))
    return 0 if all(result["exactly_once"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
