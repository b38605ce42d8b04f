"""`ferry up`: one parent, pollers, gateway and worker; what dies is started again."""

import os
import signal

import psutil
import pytest

from ferrystack.ferry import programs
from ferrystack.process import Process, wait_until
from world import assert_no_sanitizer_report


def children_of(process):
    """Every service below the parent, by program name."""
    found = {}
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            found.setdefault(os.path.basename(child.exe()), []).append(child)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


@pytest.fixture
def up(world):
    url = world.create_queue()
    ferry = world.ferry(url, work_ms=300, queue={"visibility": "5s"})
    process = Process("ferry-up", [programs() / "ferry", "up", "--processes", "auto", "-c", ferry.configuration_path],
                      ferry.directory, ferry.environment).start()
    yield world, url, ferry, process
    assert process.stop() == 0
    assert_no_sanitizer_report(process)


def test_a_killed_child_is_respawned_and_the_job_goes_on(up):
    world, url, ferry, process = up
    for service in ferry.all:
        wait_until(lambda service=service: ferry.readiness(service) == 200, 60, f"{service.name} to be ready")
    messages = world.send_many(url, 8)
    for victim in ("ferry-worker", "ferry-gateway", "ferry-poller"):
        before = {child.pid for child in children_of(process)[victim]}
        leaf = next(child for child in children_of(process)[victim] if not child.children())
        os.kill(leaf.pid, signal.SIGKILL)
        wait_until(lambda: len({c.pid for c in children_of(process).get(victim, [])} - before) >= 1, 30,
                   f"{victim} to be started again")
        messages += world.send_many(url, 4)
    world.wait_completed(messages, 150)
    world.wait_empty(url, 60)
    for message in messages:
        assert len(world.runs(message)) == 1
    respawns = [event for event in process.events() if "respawn" in event.get("msg", "") or "started again" in event.get("msg", "")]
    assert len(respawns) >= 3


def test_sigterm_ends_the_whole_tree(up):
    _, _, ferry, process = up
    for service in ferry.all:
        wait_until(lambda service=service: ferry.readiness(service) == 200, 60, f"{service.name} to be ready")
    tree = psutil.Process(process.pid).children(recursive=True)
    assert process.stop() == 0
    assert not [child for child in tree if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
