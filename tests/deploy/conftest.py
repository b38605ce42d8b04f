"""What is deployed, tried without a container engine. `make deploy` lays out the images' root file systems first."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import container  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer  # noqa: E402


@pytest.fixture(scope="session")
def images() -> Path:
    """The folder of root file systems."""
    if not (container.IMAGES / "gateway").is_dir():
        pytest.fail(f"{container.IMAGES} holds no images: make image-root")
    reason = container.why_not()
    if reason:
        pytest.skip(f"the images' programs cannot be run in their root here: {reason}")
    return container.IMAGES


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
