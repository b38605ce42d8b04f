"""Programs of the version before this one, built from the repository's history.

tests/deploy/previous-version names the commit; FERRY_PREVIOUS another one. Where the history does not have it (a shallow
clone) the same source with another version stands in, and the name says so."""

import fcntl
import os
import subprocess
import warnings
from pathlib import Path

from compose_file import ROOT

# Not the optimizer: it takes most of the time, and how fast the old one is does not matter here.
_QUICK = "-O0 -g0 -U_FORTIFY_SOURCE -w"


def _git(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True)


def _commit() -> tuple[str, str]:
    """(commit, what its programs call themselves)"""
    wanted = os.environ.get("FERRY_PREVIOUS") or (ROOT / "tests" / "deploy" / "previous-version").read_text().strip()
    found = _git("rev-parse", "--verify", "--quiet", wanted + "^{commit}")
    if found.returncode == 0:
        commit = found.stdout.strip()
        return commit, f"0.0.0-previous-{commit[:7]}"
    warnings.warn(f"{wanted[:7]} is not in this clone's history: the same source with another version stands in for it")
    head = _git("rev-parse", "HEAD").stdout.strip()
    return head, f"0.0.0-same-source-{head[:7]}"


def build() -> tuple[Path, str]:
    """(folder of the programs, their version); kept in build/previous."""
    commit, version = _commit()
    folder = ROOT / "build" / "previous" / version
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time
        if not (folder / ".done").exists():
            archive = subprocess.run(["git", "-C", ROOT, "archive", commit], check=True, capture_output=True).stdout
            subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
            environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "BUILD")}
            subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "CC=gcc", "SANITIZE=", "FAILPOINTS=", f"FERRY_VERSION={version}",
                            f"CFLAGS={_QUICK}", "programs"], cwd=folder, check=True, env=environment)
            (folder / ".done").touch()
    return folder / "build" / "bin", version
