"""Each service is replaced by another version, and by the former one again, while messages and users' requests flow: the
others stay as they are. docs/upgrading.md is what this shows; FERRY_LONG=1 (`make upgrade`) is the long form."""

import os
import subprocess

import pytest

import previous_version
from ferrystack.fault_sqs import FaultSqsServer
from ferrystack.ferry import programs
from ferrystack.servers import TemporalServer
from rollout import KINDS, System, Version
from users import CurlUser, PersistentUser

IS_LONG = os.environ.get("FERRY_LONG") == "1"
ROUNDS = 5 if IS_LONG else 1
FLOW = 200 if IS_LONG else 20  # runs that complete before the next replacement


@pytest.fixture(scope="module")
def versions() -> dict:
    folder, name = previous_version.build()
    said = subprocess.run([programs() / "ferry-gateway", "--version"], check=True, capture_output=True, text=True)
    this = said.stdout.split()[1]
    return {"previous": Version(folder, name), "this": Version(programs(), this)}


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    temporal = TemporalServer(tmp_path_factory.mktemp("temporal")).start()
    sqs = FaultSqsServer(tmp_path_factory.mktemp("scripted-sqs")).start()
    yield temporal, sqs
    temporal.process.stop(10)
    sqs.process.stop(10)


def run(directory, servers, first: Version, second: Version, is_rolling: bool):
    system = System(directory, *servers, first)
    # Behind a balancer a user meets no gateway that is gone; at the gateway's own port he does.
    address = system.balancer.address if is_rolling else f"127.0.0.1:{system.running['gateway'].port}"
    users = [CurlUser(address, f"curl-{system.name}"), PersistentUser(address, f"program-{system.name}", system.task_queue)]
    replace = system.roll if is_rolling else system.restart
    try:
        system.start()
        for user in users:
            user.start()
        system.flow(FLOW)
        for _ in range(ROUNDS):
            for kind in KINDS:
                for version in (second, first):
                    replace(kind, version)
                    system.flow(FLOW)
        for user in users:
            user.stop()
        errors = [error for user in users for error in user.errors]
        assert not errors, errors
        system.finish(sum(len(user.asked) for user in users))
        check(system, users)
    finally:
        for user in users:
            user.is_over.set()
        system.end()


def check(system: System, users: list):
    for queue, figures in system.figures().items():
        assert figures.is_clean and figures.other_runs == 0, f"{queue}: " + "\n".join(figures.notes[:50])
        assert figures.completed == figures.messages >= FLOW
    for user, prefix in zip(users, ("curl-", "")):
        runs = system.runs_of_users(prefix + user.prefix)
        assert [one.status for one in runs] == ["COMPLETED"] * len(user.asked)
        print(f"{type(user).__name__}: {len(user.asked)} requests, retried: {user.retries}")


@pytest.mark.timeout(1800 if IS_LONG else 420)
@pytest.mark.parametrize("is_rolling", [True, False], ids=["one-beside-the-other", "one-after-the-other"])
def test_upgrade_and_rollback_of_each_service_loses_and_doubles_nothing(tmp_path, servers, versions, is_rolling):
    run(tmp_path, servers, versions["previous"], versions["this"], is_rolling)


@pytest.mark.skipif(not IS_LONG, reason="the long form alone: FERRY_LONG=1")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("is_rolling", [True, False], ids=["one-beside-the-other", "one-after-the-other"])
def test_rollback_of_each_service_alone_loses_and_doubles_nothing(tmp_path, servers, versions, is_rolling):
    """The others are of this version already."""
    run(tmp_path, servers, versions["this"], versions["previous"], is_rolling)
