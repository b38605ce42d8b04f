"""Servers and programs of the delivery tests, from tools/ferrystack as in tests/integration. The services are builds
with failpoints: $FERRY_PROGRAMS, else build/gcc-failpoints/bin (`make FAILPOINTS=1 programs`)."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))


@pytest.fixture(scope="package")
def programs_with_failpoints():
    """For these tests alone: others run what is shipped."""
    before = os.environ.get("FERRY_PROGRAMS")
    directory = Path(before or ROOT / "build" / "gcc-failpoints" / "bin")
    worker = directory / "ferry-worker"
    if not worker.exists() or b"FERRY_FAILPOINT" not in worker.read_bytes():
        pytest.exit(f"{directory} holds no programs with failpoints: make FAILPOINTS=1 programs", 2)
    os.environ["FERRY_PROGRAMS"] = str(directory)
    yield directory
    if before is None:
        del os.environ["FERRY_PROGRAMS"]
