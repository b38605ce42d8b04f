"""A systemd of its own, to run units as they are installed: this machine's files under an overlay that is thrown away,
started by systemd-nspawn with nothing but one target. The network is the machine's: its loopback."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from ferrystack.process import ROOT, Process, StackError, wait_until

SYSTEMD = "/lib/systemd/systemd"
# The overlay lives in memory and in a mount namespace of nspawn's own, so that nothing is left behind.
_BOOT = f"""
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cp -a "$2/." "$1/root/"
exec systemd-nspawn --quiet --register=no --keep-unit --console=pipe -D "$1/root" \\
    {SYSTEMD} --unit="$3" --log-target=console --show-status=no
"""


def why_not() -> str:
    """What is missing here to run a systemd; empty: nothing that is known before it is tried."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in ("systemd-nspawn", "nsenter", "unshare") if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    return "" if Path(SYSTEMD).exists() else f"{SYSTEMD} is not there"


def install(destination: Path, prefix: str = "/usr"):
    """The programs and units as `make install-programs install-systemd` installs them."""
    make = ["make", "-s", "--no-print-directory", "install-programs", "install-systemd", f"DESTDIR={destination}", f"PREFIX={prefix}"]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Machine(Process):
    """files: what is put over the machine's own, a folder. It starts `target` and what that needs."""

    def __init__(self, directory: Path, files: Path, target: str):
        place = directory / "machine"
        place.mkdir()
        super().__init__("machine", ["unshare", "--mount", "sh", "-ec", _BOOT, "sh", place, files, target], directory)

    @property
    def systemd_pid(self) -> int | None:
        """Of the systemd inside, as seen from here."""
        for pid in _below(self.pid):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if command[0] == SYSTEMD.encode():
                return pid
        return None

    def run(self, *command) -> subprocess.CompletedProcess:
        enter = ["nsenter", f"--target={self.systemd_pid}", "--all"]
        return subprocess.run([*enter, *map(str, command)], capture_output=True, text=True, timeout=120)

    def boot(self):
        self.start()

        def is_up():
            if not self.running:
                raise StackError(f"the machine ended at once:\n{self.tail()}")
            return self.systemd_pid is not None and self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")
        wait_until(is_up, 60, "systemd to be up", 0.2)
        return self

    def show(self, unit: str, *names: str) -> dict:
        text = self.run("systemctl", "show", unit, f"--property={','.join(names)}").stdout
        return dict(line.split("=", 1) for line in text.splitlines())

    def main_pid(self, unit: str) -> int:
        """As seen from here."""
        inside = self.show(unit, "MainPID")["MainPID"]
        for pid in _below(self.systemd_pid):
            numbers = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("NSpid:")]
            if numbers and numbers[0].split()[2] == inside:
                return pid
        raise StackError(f"{unit} has no process")

    def journal(self, unit: str) -> str:
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}").stdout

    def power_off(self):
        if self.running and self.systemd_pid:
            os.kill(self.systemd_pid, signal.SIGRTMIN + 4)  # systemd's own for a power-off
            try:
                return self.popen.wait(60)
            except subprocess.TimeoutExpired:
                pass
        return self.kill()


def _below(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        number = todo.pop()
        try:
            children = [int(child) for task in Path(f"/proc/{number}/task").iterdir() for child in (task / "children").read_text().split()]
        except OSError:
            continue
        found += children
        todo += children
    return found
