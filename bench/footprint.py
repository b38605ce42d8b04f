#!/usr/bin/env python3
"""`make bench-footprint`: what each service weighs: its files, its start, its memory at rest and under load.

The programs are those of the images (`make image-root`); Temporal's dev server, an SQS server that checks signatures and
the three services are real and on this machine. Prints a table in Markdown. See bench/README.md.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import psutil  # noqa: E402
from bench import fill, start_timed  # noqa: E402
from processes import memory_mb, tree  # noqa: E402

from ferrystack.ferry import Ferry  # noqa: E402
from ferrystack.process import wait_until  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer  # noqa: E402

SERVICES = ("poller", "gateway", "worker")
WARM_UP = 20  # messages before memory at rest is read: what is made once, at the first message, counts as rest


def files_mb(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()) / 1e6


def rss_mb(pid: int) -> float:
    return sum(process.memory_info().rss for process in tree(pid)) / 1e6


class Highest(threading.Thread):
    """Reads memory again and again, and keeps the highest of each."""

    def __init__(self, pids: dict):
        super().__init__(daemon=True)
        self.pids, self.is_over = pids, threading.Event()
        self.pss, self.rss = dict.fromkeys(pids, 0.0), dict.fromkeys(pids, 0.0)

    def run(self):
        while not self.is_over.wait(0.1):
            for name, pid in self.pids.items():
                self.pss[name] = max(self.pss[name], memory_mb(pid)[0])
                self.rss[name] = max(self.rss[name], rss_mb(pid))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()


def pass_through(temporal: TemporalServer, sqs: SqsServer, url: str, count: int, timeout: float) -> float:
    """Seconds from the first send to the last run's end."""
    query = "ExecutionStatus = 'Completed'"
    before, begin = temporal.count(query), time.monotonic()
    sent = len(fill(sqs, url, count, 1, fifo=False))
    wait_until(lambda: temporal.count(query) - before >= sent, timeout, f"{sent} workflows to complete", 0.25)
    took = time.monotonic() - begin
    wait_until(lambda: sqs.depth(url) == (0, 0), timeout, "the queue to be empty", 0.1)
    return took


def starts(ferry: Ferry, count: int) -> dict:
    """Milliseconds from exec to ready in each of several starts. The services run afterwards."""
    took = {name: [] for name in SERVICES}
    for number in range(count):
        for service, milliseconds in start_timed(ferry).items():
            took[service.removeprefix("ferry-")].append(milliseconds)
        if number < count - 1:
            ferry.stop()
    return took


def measure(arguments) -> dict:
    images = Path(arguments.images)
    os.environ["FERRY_PROGRAMS"] = str((images / "ferry" / "usr/local/bin").resolve())
    load_before = os.getloadavg()[0]
    directory = Path(tempfile.mkdtemp(prefix="ferry-footprint-"))
    temporal, sqs, ferry = TemporalServer(directory), SqsServer(directory), None
    try:
        temporal.start()
        sqs.start()
        url = sqs.create_queue("footprint", VisibilityTimeout=60)
        ferry = Ferry(directory, temporal, sqs, url, {"hello": {"work_ms": 0}}, environment={"LOG_LEVEL": "info"})
        ready = starts(ferry, arguments.starts)
        pids = {name: getattr(ferry, name).pid for name in SERVICES}
        pass_through(temporal, sqs, url, WARM_UP, arguments.timeout)
        time.sleep(arguments.rest)
        rest = {name: {"pss": memory_mb(pid)[0], "rss": rss_mb(pid)} for name, pid in pids.items()}
        with Highest(pids) as highest:
            took = pass_through(temporal, sqs, url, arguments.messages, arguments.timeout)
        return {
            "messages": arguments.messages, "messages_per_second": arguments.messages / took, "starts": arguments.starts,
            "machine": machine(), "load_before": load_before,
            "services": {name: {
                "program_mb": (images / name / f"usr/local/bin/ferry-{name}").stat().st_size / 1e6,
                "image_mb": files_mb(images / name),
                "ready_ms_fastest": min(ready[name]), "ready_ms_median": statistics.median(ready[name]),
                "rss_mb_at_rest": rest[name]["rss"], "pss_mb_at_rest": rest[name]["pss"],
                "rss_mb_under_load": highest.rss[name], "pss_mb_under_load": highest.pss[name],
            } for name in SERVICES},
        }
    finally:
        if ferry is not None:
            ferry.stop()
        sqs.process.stop(5)
        temporal.process.stop(5)
        shutil.rmtree(directory, ignore_errors=True)


def machine() -> str:
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{psutil.cpu_count()} cores ({names[0] if names else platform.machine()}), {system}"


ROWS = [("program, MB", "program_mb", 1), ("image's files, MB", "image_mb", 1), ("exec to ready, ms, fastest", "ready_ms_fastest", 0),
        ("exec to ready, ms, median", "ready_ms_median", 0), ("RSS at rest, MB", "rss_mb_at_rest", 1), ("PSS at rest, MB", "pss_mb_at_rest", 1),
        ("RSS under load, MB", "rss_mb_under_load", 1), ("PSS under load, MB", "pss_mb_under_load", 1)]


def table(result: dict) -> str:
    lines = [f"| | {' | '.join(SERVICES)} |", "|---" * (len(SERVICES) + 1) + "|"]
    for title, key, digits in ROWS:
        lines.append(f"| {title} | " + " | ".join(f"{result['services'][name][key]:.{digits}f}" for name in SERVICES) + " |")
    lines += ["", f"Load: {result['messages']} messages, {result['messages_per_second']:.0f}/s. Ready: of {result['starts']} starts."
              f" {result['machine']}; other load before the run: {result['load_before']:.1f}."]
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=2000)
    options.add_argument("--starts", type=int, default=9)
    options.add_argument("--rest", type=float, default=5, help="seconds before memory at rest is read")
    options.add_argument("--images", default=str(ROOT / "build" / "image-root"), help="the folder that make image-root filled")
    options.add_argument("--timeout", type=float, default=600)
    options.add_argument("--json", action="store_true")
    return options


def main() -> int:
    arguments = parser().parse_args()
    result = measure(arguments)
    print(json.dumps(result, indent=1) if arguments.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
