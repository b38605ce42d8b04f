"""Real servers for a whole test session; queues, task queues and services of their own for each test.

Ports are chosen freely, so two sessions can run side by side.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from ferrystack.elasticmq import ElasticMq  # noqa: E402
from ferrystack.fault_sqs import FaultSqsServer  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer  # noqa: E402
from scene import SceneWords  # noqa: E402
from work import ForeignWorker  # noqa: E402
from world import World, open_world  # noqa: E402


@pytest.fixture(scope="session")
def temporal(tmp_path_factory):
    server = TemporalServer(tmp_path_factory.mktemp("temporal")).start()
    yield server
    server.process.stop(10)


@pytest.fixture(scope="session")
def sqs(tmp_path_factory):
    server = SqsServer(tmp_path_factory.mktemp("sqs")).start()
    yield server
    server.process.stop(10)


@pytest.fixture(scope="session")
def scripted_sqs(tmp_path_factory):
    server = FaultSqsServer(tmp_path_factory.mktemp("scripted-sqs")).start()
    yield server
    assert server.process.stop(10) == 0
    assert "Traceback" not in server.process.text()


@pytest.fixture(scope="session")
def elasticmq(tmp_path_factory):
    server = ElasticMq(tmp_path_factory.mktemp("elasticmq"), database=False).start()
    yield server
    server.process.stop(10)


class Scene(SceneWords, World):
    """A World with the words of scene.py."""


@pytest.fixture
def world(temporal, sqs, tmp_path, request):
    yield from open_world(World(temporal, sqs, tmp_path), request)


def _make_well(server: FaultSqsServer):
    server.clear()
    server.set(visibility_limit=43200, deduplication_window=300, purge_interval=60, in_flight_limit=120000,
               clock_offset=0, expired_handle_error="InvalidParameterValue")


@pytest.fixture
def scene(temporal, scripted_sqs, tmp_path, request):
    """Before the scripted SQS server, which has no faults and AWS's own limits at the start of each test."""
    _make_well(scripted_sqs)
    yield from open_world(Scene(temporal, scripted_sqs, tmp_path), request)
    scripted_sqs.clear()


@pytest.fixture
def both(scene):
    """A FIFO queue and a standard one of the same pollers: (URLs, entries of the configuration)."""
    urls = [scene.queue("f"), scene.queue("s", fifo=False)]
    return urls, [{"url": url} for url in urls]


@pytest.fixture
def private_scene(temporal, tmp_path, request):
    """The same with an SQS server of the test's own: its clock, keys and limits may be anything."""
    directory = tmp_path / "scripted-sqs"
    directory.mkdir()
    server = FaultSqsServer(directory).start()
    yield from open_world(Scene(temporal, server, tmp_path), request)
    server.process.stop(10)


@pytest.fixture(params=["scripted", "ministack", "elasticmq"])
def any_scene(temporal, tmp_path, request):
    """Once before each of the SQS servers."""
    fixture = {"scripted": "scripted_sqs", "ministack": "sqs", "elasticmq": "elasticmq"}[request.param]
    corner = Scene(temporal, request.getfixturevalue(fixture), tmp_path)
    corner.server_name = request.param
    if request.param == "scripted":
        _make_well(corner.sqs)
    yield from open_world(corner, request)


@pytest.fixture
def work(request):
    """A worker of the official Python SDK for the workflows of work.py, on the scene's task queue."""
    names = [name for name in ("scene", "private_scene", "any_scene") if name in request.fixturenames]
    corner = request.getfixturevalue(names[0])
    with ForeignWorker(corner.temporal.address, corner.task_queue) as worker:
        yield worker


def pytest_configure(config):
    config.addinivalue_line("markers", "unclean: the test ends services in ways that leave other exit codes")
