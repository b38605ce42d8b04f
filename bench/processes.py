"""What processes cost: CPU, memory and context switches of whole trees, read from /proc."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil


def tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """User and system time."""
    total = 0.0
    for process in tree(pid):
        times = process.cpu_times()
        total += times.user + times.system
    return total


def memory_mb(pid: int) -> tuple[float, float]:
    """(PSS now, peak RSS) of the tree, in MB of 10^6 bytes."""
    pss = peak = 0.0
    for process in tree(pid):
        pss += process.memory_full_info().pss / 1e6
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak += int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6
    return pss, peak


@dataclass
class Usage:
    """Of a tree, since it began or between two readings. Switches are those of threads that are alive."""
    cpu: float  # seconds
    system: float  # of them in the kernel, as far as clock ticks tell
    switches: int

    def __sub__(self, earlier: "Usage") -> "Usage":
        return Usage(self.cpu - earlier.cpu, self.system - earlier.system, self.switches - earlier.switches)


def _cpu_clock(pid: int) -> int:
    """The clock of a process's CPU time, to the nanosecond: what clock_getcpuclockid(3) computes."""
    return (~pid << 3) | 2


def _switches(pid: int) -> int:
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        try:
            lines = status.read_text().splitlines()
        except OSError:  # the thread has ended
            continue
        total += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return total


def usage(pid: int) -> Usage:
    total = Usage(0.0, 0.0, 0)
    for process in tree(pid):
        total.cpu += time.clock_gettime(_cpu_clock(process.pid))
        total.system += process.cpu_times().system
        total.switches += _switches(process.pid)
    return total


def machine_seconds() -> float:
    """CPU time that all processors together have spent on anything."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice
