#!/usr/bin/env python3
"""`make bench-gateway`: what a start costs through our gateway, and through one in Go and one in Node.js.

All of them stand before the same null frontend and get the same requests from wrk, in turns, round after round: on a
shared machine only what was measured in the same run can be compared. See bench/README.md.
"""

import argparse
import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import psutil  # noqa: E402
import yaml  # noqa: E402
from processes import memory_mb, usage  # noqa: E402

from ferrystack.ferry import programs  # noqa: E402
from ferrystack.null_frontend import NullFrontend  # noqa: E402
from ferrystack.process import ROOT, Process, StackError, free_port, wait_until  # noqa: E402
from ferrystack.servers import http_status  # noqa: E402

SOURCES = Path(__file__).resolve().parent / "gateway"
NEEDED = {"go": ["go"], "node": ["node", "npm"]}
CLOSE_DELAY_MS = 600_000  # no run ends while we measure
REQUESTS_MOST = 2_000_000  # of one turn, whatever its time: a bound, never met
SETTLED = 3  # looks, a tenth of a second apart, without a change
ROUTE = "hello-world"
INPUT = {"orderId": 4711, "customer": {"name": "Ada Lovelace", "city": "London"},
         "items": [{"sku": f"A-{number}", "quantity": number, "price": 9.5} for number in range(1, 5)]}
START = json.dumps({"workflowType": "hello", "taskQueue": "bench", "input": INPUT})


def missing(peers: list[str]) -> list[str]:
    """Programs that the bench needs and this machine lacks."""
    needed = ["wrk"] + [name for peer_ in peers for name in NEEDED[peer_]]
    return [name for name in needed if shutil.which(name) is None]


def build_go(directory: Path) -> list:
    program = directory / "gateway-go"
    subprocess.run(["go", "build", "-trimpath", "-o", program, "."], cwd=SOURCES / "go", check=True, timeout=900)
    return [program]


def build_node() -> list:
    """Beside its modules, out of the source tree."""
    fetched = subprocess.run([ROOT / "tools" / "fetch-node-packages", SOURCES / "node"], check=True, timeout=900,
                             stdout=subprocess.PIPE, text=True)
    return ["node", shutil.copy(SOURCES / "node" / "server.js", Path(fetched.stdout.strip()).parent)]


@dataclass
class Gateway:
    """One of those that are compared, or one more way into the same process."""
    name: str
    process: Process
    port: int
    path: str = "/v1/workflows"
    body: str = START
    turns: dict = field(default_factory=dict)  # connections -> its turns, one a round

    def start(self):
        self.process.start()

        def ready():
            if not self.process.running:
                raise StackError(f"{self.name} ended with {self.process.exit_code}:\n{self.process.tail()}")
            return http_status(f"http://127.0.0.1:{self.port}/livez") == 200
        wait_until(ready, 60, f"{self.name} to be ready")


def ours(name: str, program: Path, directory: Path, frontend: NullFrontend) -> list[Gateway]:
    """A gateway of ours, with the start by name and the start through a route."""
    port = free_port()
    settings = {"temporal": {"address": frontend.address},
                "routes": {ROUTE: {"workflow": "hello", "task_queue": "bench", "ack": "start"}},
                "gateway": {"url": f"http://127.0.0.1:{port}", "listen": f"127.0.0.1:{port}"}}
    configuration = directory / f"{name}.yaml"
    configuration.write_text(yaml.safe_dump(settings, sort_keys=False))
    process = Process(name, [program, "-c", configuration], directory, {"LOG_LEVEL": "info"})
    return [Gateway(name, process, port),
            Gateway(f"{name}, through a route", process, port, f"/v1/routes/{ROUTE}/events", json.dumps(INPUT))]


def peer(name: str, command: list, directory: Path, frontend: NullFrontend) -> Gateway:
    port = free_port()
    arguments = [*command, "--listen", f"127.0.0.1:{port}", "--temporal", frontend.address]
    return Gateway(name, Process(f"gateway-{name.lower()}", arguments, directory, {"NODE_ENV": "production"}), port)


@contextlib.contextmanager
def stack(arguments):
    """The null frontend and all gateways before it, running."""
    build = ROOT / "build" / "bench"
    build.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="ferry-bench-"))
    frontend = NullFrontend(directory, close_delay_ms=CLOSE_DELAY_MS)
    gateways = []
    try:
        frontend.start()
        gateways += ours("Ferry", programs() / "ferry-gateway", directory, frontend)
        if arguments.before:
            gateways += ours("before", Path(arguments.before).resolve(), directory, frontend)
        if "go" in arguments.peers:
            gateways.append(peer("Go", build_go(build), directory, frontend))
        if "node" in arguments.peers:
            gateways.append(peer("Node.js", build_node(), directory, frontend))
        if arguments.no_route:
            gateways = [gateway for gateway in gateways if gateway.path == "/v1/workflows"]
        for gateway in gateways:
            if gateway.process.popen is None:
                gateway.start()
        yield frontend, gateways
    finally:
        for process in [gateway.process for gateway in gateways] + [frontend.process]:
            process.stop(10)
        if arguments.keep:
            print(f"logs: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def send(gateway: Gateway, connections: int, seconds: int) -> dict:
    """One wrk with one thread, over loopback, for so long."""
    command = ["wrk", "--threads", "1", "--connections", connections, "--duration", f"{seconds}s", "--timeout", "10s",
               "--script", SOURCES / "start.lua", f"http://127.0.0.1:{gateway.port}{gateway.path}", "--",
               REQUESTS_MOST, gateway.body]
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds + 60)
    found = re.search(r"^RESULT (.*)$", run.stdout, re.MULTILINE)
    if run.returncode != 0 or found is None:
        raise StackError(f"wrk failed: {run.stdout}{run.stderr}")
    return json.loads(found[1])


def settled_starts(gateway: Gateway, frontend: NullFrontend) -> int:
    """Starts at Temporal's side since it began, once there come no more and the gateway rests: wrk leaves when its time
    is over, and what it had under way then still costs the gateway time."""
    quiet, seen, cpu = 0, -1, 0.0
    while quiet < SETTLED:
        before = (seen, cpu)
        time.sleep(0.1)
        seen, cpu = frontend.counts()["calls"]["StartWorkflowExecution"], usage(gateway.process.pid).cpu
        quiet = quiet + 1 if seen == before[0] and cpu - before[1] < 0.01 else 0
    return seen


def turn(gateway: Gateway, frontend: NullFrontend, connections: int, seconds: int) -> dict:
    starts_before = settled_starts(gateway, frontend)
    before, frontend_before = usage(gateway.process.pid), usage(frontend.process.pid)
    sent = send(gateway, connections, seconds)
    starts = settled_starts(gateway, frontend) - starts_before
    used, frontend_used = usage(gateway.process.pid) - before, usage(frontend.process.pid) - frontend_before
    defects = [f"{what}: {sent[what]}" for what in ("refused", "broken") if sent[what] > 0]
    if not sent["requests"] <= starts <= sent["requests"] + connections:
        defects.append(f"{sent['requests']} answers, but {starts} starts")
    return {"starts": starts, "starts_per_second": sent["requests"] * 1e6 / sent["microseconds"],
            "cpu_ms": used.cpu * 1000 / starts if starts else 0, "system_share": used.system / used.cpu if used.cpu else 0,
            "switches": used.switches / starts if starts else 0,
            "frontend_cpu_ms": frontend_used.cpu * 1000 / starts if starts else 0,
            "p50_us": sent["p50_us"], "p99_us": sent["p99_us"], "defects": defects}


def middle(turns: list[dict], what: str) -> float:
    return statistics.median(one[what] for one in turns)


def ratios(gateway: Gateway, other: Gateway, connections: int) -> dict:
    """How many times as much CPU a start costs the other, of the turns of each round."""
    each = [theirs["cpu_ms"] / mine["cpu_ms"]
            for mine, theirs in zip(gateway.turns[connections], other.turns[connections], strict=True)]
    return {"median": statistics.median(each), "least": min(each), "most": max(each)}


def measure(arguments) -> dict:
    with stack(arguments) as (frontend, gateways):
        for gateway in gateways:  # connections to Temporal, and compilers at run time
            send(gateway, 16, arguments.warm_up)
        for number in range(arguments.rounds):
            for connections in arguments.connections:
                for at in range(len(gateways)):
                    gateway = gateways[(at + number) % len(gateways)]
                    one = turn(gateway, frontend, connections, arguments.seconds)
                    gateway.turns.setdefault(connections, []).append(one)
        memory = {gateway.name: memory_mb(gateway.process.pid) for gateway in gateways}
    result = {"cores": psutil.cpu_count(), "rounds": arguments.rounds, "seconds": arguments.seconds, "rows": []}
    figures = ("starts_per_second", "cpu_ms", "system_share", "switches", "frontend_cpu_ms", "p50_us", "p99_us")
    for connections in arguments.connections:
        for gateway in gateways:
            turns = gateway.turns[connections]
            row = {"connections": connections, "gateway": gateway.name, "starts": sum(one["starts"] for one in turns),
                   **{what: middle(turns, what) for what in figures},
                   "pss_mb": memory[gateway.name][0], "peak_rss_mb": memory[gateway.name][1],
                   "ratio_to_ferry": ratios(gateways[0], gateway, connections),
                   "defects": [defect for one in turns for defect in one["defects"]]}
            result["rows"].append(row)
    return result


def table(result: dict) -> str:
    """Markdown, as it stands in bench/README.md."""
    lines = [f"{result['rounds']} rounds with turns of {result['seconds']} s, {result['cores']} cores shared with wrk and "
             "the null frontend; medians of the turns, and of the rounds'\nratios (least to most).", "",
             "| connections | gateway | starts/CPU s | CPU ms a start | times ours | in the kernel | switches a start | "
             "starts/s | p50 ms | p99 ms | PSS MB |", "|---:|---|" + "---:|" * 9]
    for row in result["rows"]:
        ratio = row["ratio_to_ferry"]
        lines.append(
            f"| {row['connections']} | {row['gateway']} | {1000 / row['cpu_ms'] if row['cpu_ms'] else 0:,.0f} | "
            f"{row['cpu_ms']:.4f} | {ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f}) | "
            f"{row['system_share']:.0%} | {row['switches']:.2f} | {row['starts_per_second']:,.0f} | "
            f"{row['p50_us'] / 1000:.2f} | {row['p99_us'] / 1000:.2f} | {row['pss_mb']:.1f} |"
            + (f" WRONG: {'; '.join(row['defects'])}" if row["defects"] else ""))
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=4, help="of each turn: one gateway, so many connections")
    options.add_argument("--warm-up", type=int, default=4, help="seconds for each gateway before the first round")
    options.add_argument("--connections", type=int, nargs="+", default=[1, 16, 256])
    options.add_argument("--peers", nargs="*", choices=["go", "node"], default=["go", "node"])
    options.add_argument("--before", metavar="PROGRAM", help="another ferry-gateway, to compare two versions of ours")
    options.add_argument("--no-route", action="store_true", help="only the start by name, which all of them have")
    options.add_argument("--json", action="store_true")
    options.add_argument("--keep", action="store_true", help="keep the logs")
    return options


def main() -> int:
    arguments = parser().parse_args()
    lacking = missing(arguments.peers)
    if lacking:
        print(f"not installed: {', '.join(lacking)}. `tools/setup bench` installs all but Go, whose version is in "
              "bench/gateway/go/go.mod; PEERS=node does without Go", file=sys.stderr)
        return 2
    result = measure(arguments)
    print(json.dumps(result, indent=1) if arguments.json else table(result))
    return 0 if not any(row["defects"] for row in result["rows"]) else 1


if __name__ == "__main__":
    sys.exit(main())
