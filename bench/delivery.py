#!/usr/bin/env python3
"""`make bench-delivery`: what poller and gateway cost, and how fast they are, with everything else out of the way.

A queue is filled while the poller is paused; then the poller is let go, until the queue is empty. See bench/README.md.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import psutil  # noqa: E402
from load import Load, load  # noqa: E402
from processes import machine_seconds, memory_mb, usage  # noqa: E402

from ferrystack.process import wait_until  # noqa: E402



@dataclass
class Scenario:
    fifo: bool
    ack: str
    close_delay_ms: int  # from a run's start to its end
    per_second: float = 0  # messages that come one by one; 0: the queue is full from the beginning


SCENARIOS = {
    "standard-start": Scenario(False, "start", 50),
    "standard-50ms": Scenario(False, "completion", 50),
    "standard-1s": Scenario(False, "completion", 1000),
    "standard-10s": Scenario(False, "completion", 10000),
    "fifo-50ms": Scenario(True, "completion", 50),
    "trickle": Scenario(False, "completion", 50, per_second=50),
}
DEFAULT = ("standard-start", "standard-50ms", "standard-1s", "fifo-50ms", "trickle")
TRICKLE_MOST = 1000
OURS = ("poller", "gateway")
YARDSTICK_REQUESTS = 3000


def yardstick(stack: Load, count: int) -> float:
    """CPU milliseconds of the gateway for one GET /livez: the machine as it is at this moment."""
    stack.plain_requests(count // 10)
    before = usage(stack.pids["gateway"])
    stack.plain_requests(count)
    return (usage(stack.pids["gateway"]) - before).cpu * 1000 / count


def check(stack: Load, count: int, calls: dict) -> list[str]:
    """What does not add up, in words."""
    expected = {
        "received": (stack.metric("poller", "ferry_poller_messages_received_total"), count),
        "forwarded as started": (stack.metric("poller", "ferry_poller_messages_forwarded_total", '"started"'), count),
        "settled by a delete": (stack.metric("poller", "ferry_poller_messages_settled_total", '"deleted"'), count),
        "returned": (stack.metric("poller", "ferry_poller_messages_returned_total"), 0),
        "starts at Temporal": (calls["StartWorkflowExecution"], count),
        "runs at Temporal": (stack.temporal.counts()["runs"], count),
    }
    return [f"{what}: {got:g}, not {wanted}" for what, (got, wanted) in expected.items() if got != wanted]


def measure(arguments, name: str) -> dict:
    scenario = SCENARIOS[name]
    count = min(arguments.messages, TRICKLE_MOST) if scenario.per_second else arguments.messages
    with load(arguments.keep, fifo=scenario.fifo, ack=scenario.ack, close_delay_ms=scenario.close_delay_ms,
              log_level=arguments.log_level, queue={"max_in_flight": arguments.in_flight},
              settings={"gateway": {"long_polls": arguments.long_polls}}, callgrind=arguments.instructions) as stack:
        if not scenario.per_second:
            stack.fill(count, arguments.groups, arguments.body)
        unit = yardstick(stack, YARDSTICK_REQUESTS if arguments.yardstick else 100)
        calls_before = stack.temporal.counts()["calls"]
        last_number = stack.sqs.state(messages=0, journal=0)["last_number"]
        if arguments.instructions:
            stack.count_from_here()
        before = {process: usage(pid) for process, pid in stack.pids.items()}
        begin, machine = time.monotonic(), machine_seconds()
        stack.go()
        if scenario.per_second:
            stack.trickle(count, arguments.groups, arguments.body, scenario.per_second)
        wait_until(lambda: stack.sqs.depth(stack.url) == (0, 0), arguments.timeout, f"{count} messages to be deleted",
                   0.05)
        took = time.monotonic() - begin
        machine = machine_seconds() - machine
        used = {process: usage(pid) - before[process] for process, pid in stack.pids.items()}
        memory = {process: memory_mb(pid) for process, pid in stack.pids.items()}
        # The answer to the last delete may still be on its way.
        wait_until(lambda: stack.metric("poller", "ferry_poller_messages_settled_total") >= count, 10, "its answer")
        calls = {method: number - calls_before[method] for method, number in stack.temporal.counts()["calls"].items()}
        sqs_calls = {}
        for call in stack.sqs.journal(since=last_number):
            sqs_calls[call["action"]] = sqs_calls.get(call["action"], 0) + 1
        instructions = stack.instructions() if arguments.instructions else None
        return {
            "scenario": name, "messages": count, "seconds": took, "messages_per_second": count / took,
            "instructions_per_message": instructions / count if instructions else None,
            "defects": check(stack, count, calls), "yardstick_ms": unit,
            "cpu_ms_per_message": {process: one.cpu * 1000 / count for process, one in used.items()},
            "system_share": {process: one.system / one.cpu if one.cpu else 0 for process, one in used.items()},
            "switches_per_message": {process: one.switches / count for process, one in used.items()},
            "cores": {process: one.cpu / took for process, one in used.items()},
            "other_cores": max(0, machine - sum(one.cpu for one in used.values())) / took,
            "pss_mb": {process: pss for process, (pss, _) in memory.items()},
            "grpc_calls_per_message": sum(calls.values()) / count,
            "sqs_calls_per_message": {action: number / count for action, number in sorted(sqs_calls.items())},
        }


def table(result: dict) -> str:
    unit = result["cpu_ms_per_message"]["null frontend"]
    sqs = ", ".join(f"{action} {number:.3f}" for action, number in result["sqs_calls_per_message"].items())
    lines = [f"{result['scenario']}: {result['messages']} messages, {result['messages_per_second']:.0f}/s"
             + ("" if not result["defects"] else f"   WRONG: {'; '.join(result['defects'])}"),
             f"  of {psutil.cpu_count()} cores these processes use {sum(result['cores'].values()):.2f} and others "
             f"{result['other_cores']:.2f}; one GET /livez costs the gateway {result['yardstick_ms']:.4f} CPU ms",
             f"  calls a message: gRPC {result['grpc_calls_per_message']:.2f}; SQS {sqs}"]
    if result["instructions_per_message"]:
        lines.append(f"  instructions a message: {result['instructions_per_message']:.0f}"
                     " (under callgrind: no time here means anything)")
    lines += ["", f"  {'process':14} {'CPU ms/message':>14} {'frontend=1':>11} {'in kernel':>10} {'of a core':>10} "
             f"{'switches':>9} {'PSS MB':>7}"]
    for process, cpu in result["cpu_ms_per_message"].items():
        lines.append(f"  {process:14} {cpu:14.3f} {cpu / unit:11.2f} {result['system_share'][process]:10.0%} "
                     f"{result['cores'][process]:10.0%} {result['switches_per_message'][process]:9.2f} "
                     f"{result['pss_mb'][process]:7.1f}")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=10000)
    options.add_argument("--scenario", choices=["all", *SCENARIOS], default="all")
    options.add_argument("--groups", type=int, default=100, help="of a FIFO queue")
    options.add_argument("--body", type=int, default=1000, help="bytes of each message's body")
    options.add_argument("--in-flight", type=int, default=500, help="max_in_flight; 500 is the default of the poller")
    options.add_argument("--long-polls", type=int, default=1000, help="gateway.long_polls, with its default")
    options.add_argument("--log-level", choices=["info", "warn"], default="info")
    options.add_argument("--instructions", choices=OURS, help="run this one under callgrind and count")
    options.add_argument("--no-yardstick", dest="yardstick", action="store_false", help="a short one: counts matter")
    options.add_argument("--timeout", type=float, default=600)
    options.add_argument("--json", action="store_true")
    options.add_argument("--keep", action="store_true", help="keep the logs")
    return options


def main() -> int:
    arguments = parser().parse_args()
    names = list(DEFAULT) if arguments.scenario == "all" else [arguments.scenario]
    results = [measure(arguments, name) for name in names]
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        print("\n\n".join(table(result) for result in results))
    return 0 if not any(result["defects"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
