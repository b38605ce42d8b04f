"""Nothing goes to the dead-letter queue because the target is away or the configuration is wrong: messages wait, leased
and counted once, until it is put right. Short visibilities, so that many pass; with FERRY_LONG=1 five minutes."""

import signal
import time

import pytest

from ferrystack.process import free_port, wait_until
from ferrystack.servers import TemporalServer
from peers import ScriptedHttp
from scene import LONG

SECONDS = 300 if LONG else 8
MOST = 3  # maxReceiveCount
VISIBILITY = "5s" if LONG else "2s"

pytestmark = pytest.mark.timeout(SECONDS * 2 + 240)


class Patience:
    """A FIFO and a standard queue with a redrive policy each, and twelve messages for each when the target is away."""

    def __init__(self, scene):
        self.scene = scene
        self.dead = [scene.queue(f"dead-{kind}", kind == "f") for kind in ("f", "s")]
        self.urls = [scene.queue(kind, kind == "f", dead=dead, most=MOST) for kind, dead in zip(("f", "s"), self.dead)]
        self.messages = []

    def crew(self, **options):
        entries = [{"url": url} for url in self.urls]
        return self.scene.crew(entries, pollers=2, queue={"visibility": VISIBILITY}, **options)

    def send(self):
        self.messages = [[self.scene.send(url, {}, f"g{i % 3}") for i in range(12)] for url in self.urls]

    def let_time_pass(self):
        """The outage's length is what the tests are about: here time itself is the condition. After it each message is
        in its queue, none in a dead-letter queue, and none was received as often as would bring it there."""
        end = time.monotonic() + SECONDS
        wait_until(lambda: time.monotonic() > end, SECONDS + 60, "the outage to be over", 0.2)
        for url, dead, messages in zip(self.urls, self.dead, self.messages):
            counts = self.scene.receive_counts(url)
            assert self.scene.sqs.messages(dead) == [] and set(messages) <= set(counts), "lost"
            assert max(counts.values()) <= 1, counts

    def assert_all_are_done(self):
        for url, messages in zip(self.urls, self.messages):
            self.scene.wait_done(url, messages, 90)
        self.scene.assert_one_run_each([message for messages in self.messages for message in messages])
        assert [self.scene.sqs.messages(dead) for dead in self.dead] == [[], []]
        for group in range(3):
            self.scene.assert_in_order(self.messages[0][group::3])


@pytest.fixture
def patience(scene):
    return Patience(scene)


def stop_all(services):
    """All at once: each waits for its open long polls."""
    for service in services:
        service.signal(signal.SIGTERM)
    assert [service.wait(40) for service in services] == [0] * len(services)


def test_a_gateway_that_is_away_costs_no_message(patience, work):
    crew = patience.crew().start()
    crew.gateway.stop()
    patience.send()
    patience.let_time_pass()
    crew.start_gateway()
    patience.assert_all_are_done()


@pytest.fixture
def own_temporal(scene, tmp_path):
    directory = tmp_path / "temporal"
    directory.mkdir()
    server = TemporalServer(directory, database=True).start()
    scene.temporal = server
    yield server
    server.process.stop(10)


def test_a_temporal_server_that_is_away_costs_no_message(patience, own_temporal, request):
    request.getfixturevalue("work")  # a worker of this Temporal server
    crew = patience.crew(temporal=own_temporal).start()
    own_temporal.process.kill()
    patience.send()
    patience.let_time_pass()
    assert all(poller.running for poller in crew.pollers) and crew.gateway.running
    own_temporal.start()
    patience.assert_all_are_done()


def test_a_wrong_token_costs_no_message(patience, work):
    crew = patience.crew()
    for poller in crew.pollers:
        poller.environment = {**poller.environment, "FERRY_API_TOKEN": "the-wrong-one"}
    crew.gateway.environment = {**crew.gateway.environment, "FERRY_API_TOKEN": "the-right-one"}
    crew.start_gateway()
    for poller in crew.pollers:
        poller.start()
    patience.send()
    crew.wait_said(20, "circuit opened")
    patience.let_time_pass()
    assert all("the-wrong-one" not in service.text() and "the-right-one" not in service.text()
               for service in (*crew.pollers, crew.gateway))
    stop_all(crew.pollers)
    for poller in crew.pollers:
        poller.environment = {**poller.environment, "FERRY_API_TOKEN": "the-right-one"}
    crew.start_pollers()
    patience.assert_all_are_done()


@pytest.mark.parametrize("mistake", [
    {"namespace": "no-such-namespace"}, {"search_attributes": {"NoSuchAttribute": "{MessageId}"}}],
    ids=["namespace", "search-attribute"])
def test_a_route_that_temporal_refuses_costs_no_message(patience, work, mistake):
    """An unknown namespace or search attribute is the operator's mistake, and not the messages'."""
    crew = patience.crew(route=mistake)
    for service in (crew.gateway, *crew.pollers):
        service.start()
    patience.send()
    crew.wait_said(30, "circuit opened")
    patience.let_time_pass()
    stop_all([*crew.pollers, crew.gateway])
    patience.crew().start()
    patience.assert_all_are_done()


def test_a_gateway_that_answers_nothing_but_429_is_waited_for(patience, work):
    """Slowed down, not broken: 429 opens no circuit, and yet no message is used up by it."""
    port = free_port()
    crew = patience.crew(gateway_port=port)

    def slow(asked):
        if asked.path == "/readyz":
            return 200, {}, b"{}"
        return 429, {"Content-Type": "application/problem+json", "Retry-After": "1"}, b'{"status":429}'
    with ScriptedHttp(slow, port):
        crew.start_pollers()
        patience.send()
        patience.let_time_pass()
        assert not crew.said("circuit opened")
    crew.start_gateway()
    patience.assert_all_are_done()
