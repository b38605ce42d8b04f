"""An image's root file system as a process's whole world, without a container engine: mounts and process numbers of its
own, a read-only root, uid 10001, no capability, no new privilege. The network is the machine's: its loopback."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from ferrystack.process import ROOT, Process, wait_until

USER = 10001
IMAGES = Path(os.environ.get("FERRY_IMAGE_ROOTS", ROOT / "build" / "image-root"))
# What an engine mounts into every container; then the root becomes read-only. Numbers and root change last.
_ENTER = f"""
mount --bind "$1" "$1"
mkdir -p "$1/proc" "$1/dev"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for device in null zero random urandom; do touch "$1/dev/$device"; mount --bind "/dev/$device" "$1/dev/$device"; done
mount -o remount,bind,ro "$1"
root=$1
shift
exec setpriv --no-new-privs --bounding-set=-all,+setuid,+setgid,+sys_chroot \\
    unshare --root="$root" --wd=/etc/ferry --setuid={USER} --setgid={USER} "$@"
"""


def why_not() -> str:
    """What is missing here to run containers; empty: nothing."""
    if os.geteuid() != 0:
        return "needs root, to mount and to change root"
    missing = [tool for tool in ("unshare", "nsenter", "setpriv") if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    probe = subprocess.run(["unshare", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                           capture_output=True, text=True)
    return "" if probe.returncode == 0 else f"no namespaces here: {probe.stderr.strip()}"


def copy_image(name: str, root: Path) -> Path:
    """The image's files under another folder, to which files can be added."""
    shutil.copytree(IMAGES / name, root, symlinks=True)
    root.chmod(0o755)
    return root


class Container(Process):
    """A command in a root file system. Its environment is what is given and what an engine sets."""

    def __init__(self, name: str, root: Path, command: list, directory: Path, environment: dict | None = None):
        self.root = root
        arguments = ["env", "-i", *_environment(environment or {}), "unshare", "--mount", "--pid", "--fork", "--kill-child",
                     "sh", "-ec", _ENTER, "sh", root, *command]
        super().__init__(name, arguments, directory)

    @property
    def inner_pid(self) -> int | None:
        """The command's own number, as seen from here; None: it is not there (yet)."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        numbers = children.read_text().split() if self.running and children.exists() else []
        return int(numbers[0]) if numbers else None

    def status(self) -> dict:
        """/proc/PID/status of the command."""
        lines = Path(f"/proc/{self.inner_pid}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def has_entered(self) -> bool:
        return self.inner_pid is not None and self.status()["Uid"].split()[0] == str(USER)

    def signal(self, number: int):
        """To the command, which is process 1 of its world."""
        if self.inner_pid is not None:
            os.kill(self.inner_pid, number)

    def stop(self, timeout: float = 40) -> int | None:
        self.signal(signal.SIGTERM)
        return self.wait(timeout) if self.popen is not None else None

    def execute(self, *command, **environment) -> subprocess.CompletedProcess:
        """Another command beside it, as `docker exec` and HEALTHCHECK do."""
        wait_until(self.has_entered, 20, f"{self.name} to be in its root")
        enter = ["nsenter", f"--target={self.inner_pid}", "--mount", "--pid", "--root", "--wd", f"--setuid={USER}",
                 f"--setgid={USER}"]
        given = [word for word in self.arguments[2:self.arguments.index("unshare")]]
        return subprocess.run(["env", "-i", *given, *_environment(environment), *enter, *command], capture_output=True,
                              text=True, timeout=60)


def _environment(variables: dict) -> list[str]:
    path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/home/ferry"}
    return [f"{name}={value}" for name, value in {**path, **variables}.items()]


def run_in(root: Path, *command) -> subprocess.CompletedProcess:
    """A command that ends by itself, with the folder as its root."""
    return subprocess.run(["chroot", f"--userspec={USER}:{USER}", root, *command], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"]})
