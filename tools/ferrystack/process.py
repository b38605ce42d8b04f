"""Child processes with log files, free ports, and waiting with a deadline."""

import ctypes
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FREE_PORTS_BEGIN = 20000  # those below have more names: browsers refuse some of them
FREE_PORTS_LEAST = 2000
SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "runtime error:", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer")


class StackError(Exception):
    """Something of the surroundings did not come up; the text is for people."""


def _ports() -> range:
    """None of those that the system gives to outgoing connections, if it leaves any others."""
    begin, end = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    if begin >= FREE_PORTS_BEGIN + FREE_PORTS_LEAST:
        return range(FREE_PORTS_BEGIN, begin)
    return range(end + 1, 65536) if end + FREE_PORTS_LEAST < 65536 else range(begin, end + 1)


def free_port() -> int:
    """A port for a server that starts soon, or again. No outgoing connection can have it by the time that the server
    wants it, nor another process that has got it here for a server of its own: the processes of this user (with this
    TMPDIR) take turns through all the ports, by one file."""
    ports = _ports()
    with open(Path(tempfile.gettempdir()) / f"ferry-ports-{os.getuid()}", "a+", encoding="ascii") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        turn.seek(0)
        last = int(turn.read() or secrets.choice(ports))
        following = (ports[(last - ports.start + i) % len(ports)] for i in range(1, len(ports) + 1))
        port = next((candidate for candidate in following if port_is_free(candidate)), None)
        if port is None:
            raise StackError(f"no port of {ports.start} to {ports.stop - 1} is free: what listens there (ss -ltn)?")
        turn.truncate(0)
        turn.write(str(port))
    return port


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_until(condition, timeout: float, what: str, interval: float = 0.02):
    """Returns the condition's first true value; StackError naming `what` when the time is over."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise StackError(f"waited {timeout:g} s for {what}")
        time.sleep(interval)


def _die_with_parent():
    os.setpgrp()  # Ctrl-C in the terminal reaches only the parent, which then stops its children in order
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Process:
    """One child; its output goes to a file, which can be read as JSON lines."""

    def __init__(self, name: str, arguments: list, directory: Path, environment: dict | None = None):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.log_path = Path(directory) / f"{name}.log"
        self.environment = environment or {}
        self.popen = None

    def start(self):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("FERRY_", "TEMPORAL_", "AWS_", "OTEL_"))}
        environment.update({key: str(value) for key, value in self.environment.items()})
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(self.arguments, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                          env=environment, preexec_fn=_die_with_parent)
        return self

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    @property
    def exit_code(self):
        return self.popen.poll()

    def signal(self, number: int):
        if self.running:
            self.popen.send_signal(number)

    def wait(self, timeout: float) -> int:
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise StackError(f"{self.name} (pid {self.pid}) did not end within {timeout:g} s\n{self.tail()}") from None

    def stop(self, timeout: float = 40) -> int | None:
        """SIGTERM, then waits; SIGKILL only when the time is over."""
        if self.popen is None:
            return None
        self.signal(signal.SIGTERM)
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()

    def text(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.text().splitlines()[-lines:])

    def sanitizer_report(self) -> str:
        """What AddressSanitizer and its kin said, from their first word on; "" when they had nothing to say."""
        lines = self.text().splitlines()
        first = next((i for i, line in enumerate(lines) if any(start in line for start in SANITIZER_REPORTS)), len(lines))
        return "\n".join(lines[first:])

    def events(self) -> list[dict]:
        """The log's JSON lines so far."""
        return list(read_events(self.text()))

    def wait_for_event(self, timeout: float, message: str, **fields) -> dict:
        """The first log line with this msg and these fields."""
        def find():
            for event in self.events():
                if event.get("msg") == message and all(event.get(key) == value for key, value in fields.items()):
                    return event
            if not self.running:
                raise StackError(f"{self.name} ended with {self.exit_code} before it logged “{message}”\n{self.tail()}")
            return None
        return wait_until(find, timeout, f"“{message}” {fields} in the log of {self.name}:\n{self.tail()}", 0.05)


def read_events(text: str):
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue
