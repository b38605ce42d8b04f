#!/usr/bin/env python3
"""`make bench-idle`: what the gateway weighs with many idle keep-alive connections, each of which has had its answer.

PSS (proportional set size) of the gateway before the first of them and when all are open. See docs/limits.md.
"""

import argparse
import json
import resource
import selectors
import shutil
import socket
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from processes import memory_mb, usage  # noqa: E402

from ferrystack.fault_sqs import FaultSqsServer  # noqa: E402
from ferrystack.ferry import Ferry  # noqa: E402
from ferrystack.null_frontend import NullFrontend  # noqa: E402

BATCH = 500  # connections that are opened and asked at once
BESIDE = 100  # files and connections beside those that are counted


def ensure_descriptors(count: int):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
    if hard < count:
        sys.exit(f"{count} open files are needed, the hard limit is {hard} (ulimit -Hn)")


def take_answer(connection: socket.socket):
    """One whole answer, whose length its head gives."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(4096)
        assert piece, f"the connection ended: {answer!r}"
        answer += piece
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200"), head
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(4096)


def open_connections(port: int, count: int, request: bytes) -> list[socket.socket]:
    connections = []
    while len(connections) < count:
        batch = [socket.create_connection(("127.0.0.1", port), timeout=30)
                 for _ in range(min(BATCH, count - len(connections)))]
        for connection in batch:
            connection.sendall(request)
        for connection in batch:
            take_answer(connection)
        connections += batch
    return connections


def still_open(connections: list[socket.socket]) -> int:
    """A connection that has ended is readable."""
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection, selectors.EVENT_READ)
    ended = len(selector.select(0))
    selector.close()
    return len(connections) - ended


def measure(arguments) -> dict:
    directory = Path(tempfile.mkdtemp(prefix="ferry-idle-"))
    temporal = NullFrontend(directory)
    sqs = FaultSqsServer(directory)  # never started: the gateway knows no queue
    settings = {"max_connections": arguments.connections + BESIDE} if arguments.limit else {}
    ferry = Ferry(directory, temporal, sqs, "http://127.0.0.1:1/1/unused", {"gateway": settings},
                  environment={"LOG_LEVEL": "warn"})
    request = b"GET /livez HTTP/1.1\r\nHost: ferry.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
    try:
        temporal.start()
        ferry.gateway.start()
        ferry.wait_ready(ferry.gateway)
        pid = ferry.gateway.pid
        urllib.request.urlopen(f"{ferry.gateway_url}/livez", timeout=30).read()
        empty = memory_mb(pid)[0]
        begin = time.monotonic()
        connections = open_connections(ferry.gateway_port, arguments.connections, request)
        took = time.monotonic() - begin
        time.sleep(1)
        before = usage(pid)
        time.sleep(arguments.rest)
        rest = usage(pid) - before
        full, alive = memory_mb(pid)[0], still_open(connections)
        for connection in connections:
            connection.close()
        return {"connections": alive, "asked": arguments.connections, "seconds": took, "pss_mb_empty": empty,
                "pss_mb": full, "kb_per_connection": (full - empty) * 1000 / max(1, alive),
                "percent_of_a_core": rest.cpu * 100 / (arguments.rest or 1)}
    finally:
        ferry.stop()
        temporal.process.stop(10)
        shutil.rmtree(directory, ignore_errors=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--connections", type=int, default=10000)
    options.add_argument("--rest", type=float, default=5, help="seconds in which nothing moves")
    options.add_argument("--no-limit", dest="limit", action="store_false", help="leave max_connections alone")
    options.add_argument("--json", action="store_true")
    arguments = options.parse_args()
    ensure_descriptors(arguments.connections + BESIDE)
    result = measure(arguments)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        print(f"{result['connections']} idle connections of {result['asked']}, opened in {result['seconds']:.1f} s: "
              f"PSS {result['pss_mb']:.1f} MB ({result['pss_mb_empty']:.1f} MB before), "
              f"{result['kb_per_connection']:.2f} kB each; at rest {result['percent_of_a_core']:.2f} % of a core")
    return 0 if result["connections"] == result["asked"] else 1


if __name__ == "__main__":
    sys.exit(main())
