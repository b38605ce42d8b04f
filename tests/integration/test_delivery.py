"""The delivery contract end to end: who settles and when, order when something fails, several pollers, chains."""

import asyncio
import json
import subprocess
import threading
import time
import urllib.parse
from datetime import datetime

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from ferrystack.process import wait_until
from ferrystack.servers import TemporalServer
from http_request import request

broken = set()  # MessageIds whose runs fail at the moment


@workflow.defn(name="step")
class Step:
    """Waits for {"sleep_ms"} or for the signal "go" ({"wait": true}); fails while the message is in `broken`; waits for
    the signal after that ({"then_wait": true})."""

    def __init__(self):
        self.may_go = False

    @workflow.signal
    def go(self):
        self.may_go = True

    @workflow.run
    async def run(self, message: dict) -> str:
        body = json.loads(message["Body"])
        if body.get("sleep_ms"):
            await asyncio.sleep(body["sleep_ms"] / 1000)
        if body.get("continue"):
            workflow.continue_as_new({**message, "Body": json.dumps({"wait": True})})
        if body.get("wait"):
            await workflow.wait_condition(lambda: self.may_go)
        if message["MessageId"] in broken:
            raise ApplicationError("broken for now", type="Broken")
        if body.get("then_wait"):
            await workflow.wait_condition(lambda: self.may_go)
        return "done"


class StepWorker:
    """A worker of the official Python SDK on a thread of its own: it knows nothing of Ferry or SQS."""

    def __init__(self, world):
        self.world, self.ready, self.failure = world, threading.Event(), None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            asyncio.run(self._main())
        except Exception as failure:  # noqa: BLE001
            self.failure = failure
        finally:
            self.ready.set()

    async def _main(self):
        self.stop, self.loop = asyncio.Event(), asyncio.get_running_loop()
        client = await Client.connect(self.world.temporal.address)
        async with Worker(client, task_queue=self.world.task_queue, workflows=[Step],
                          workflow_runner=UnsandboxedWorkflowRunner()):
            self.ready.set()
            await self.stop.wait()

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(30) and self.failure is None, self.failure
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(30)


@pytest.fixture
def steps(world):
    with StepWorker(world) as worker:
        yield worker


def step_route(world, **settings):
    return {"routes": {"hello-world": {"workflow": "step", "task_queue": world.task_queue, "id": "{MessageId}",
                                       "input": "message", "ack": "completion", **settings}}}


def start_without_worker(ferry):
    ferry.gateway.start()
    ferry.wait_ready(ferry.gateway)  # or the poller's first request fails, and a witness comes into hand
    ferry.poller.start()
    ferry.wait_ready(ferry.gateway, ferry.poller)
    return ferry


def said(ferry, message, **fields):
    """Every line of the poller with this text and these fields."""
    return [event for event in ferry.poller.events()
            if event.get("msg") == message and all(event.get(key) == value for key, value in fields.items())]


def when(event):
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


def temporal_cli(world, *arguments):
    done = subprocess.run(world.temporal.command(*arguments), capture_output=True, text=True, input="y\n")  # asked: yes
    assert done.returncode == 0, done.stderr


def reset(world, message):
    temporal_cli(world, "workflow", "reset", "-w", world.workflow_id(message), "-t", "FirstWorkflowTask", "--reason", "test")


def signal_go(world, message):
    path = "workflows/" + urllib.parse.quote(world.workflow_id(message), safe="") + "/signal/go"
    world.temporal.request(path, {})


def assert_in_order(world, messages):
    """Each run began after the one before had closed."""
    runs = [world.temporal.describe(world.workflow_id(message)) for message in messages]
    for before, after in zip(runs, runs[1:]):
        assert before["closeTime"] <= after["startTime"]


def assert_one_run_each(world, messages):
    for message in messages:
        assert len(world.runs(message)) == 1


# --- who settles, and when ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])
def test_ack_completion_deletes_when_a_foreign_worker_s_run_has_completed_and_not_before(world, steps, fifo):
    url = world.create_queue(fifo)
    ferry = start_without_worker(world.ferry(url, step_route(world)))
    message = world.send(url, {"wait": True})
    wait_until(lambda: world.status(message) == "RUNNING", 30, "the run")
    time.sleep(1)  # a poller that deletes too early has had its chance
    assert world.sqs.depth(url) == (0, 1) and not said(ferry, "message deleted")
    signal_go(world, message)
    world.wait_completed([message])
    world.wait_empty(url)
    assert len(said(ferry, "message deleted", message_id=message)) == 1


def test_ack_completion_returns_the_message_of_a_failed_run_and_starts_no_second_one(world, steps):
    url = world.create_queue(fifo=False)
    ferry = start_without_worker(world.ferry(url, step_route(world, max_attempts=1)))
    broken.add(message := world.send(url, {"wait": True}))
    wait_until(lambda: world.status(message) == "RUNNING", 30, "the run")
    signal_go(world, message)
    returned = ferry.poller.wait_for_event(30, "message returned", message_id=message)
    assert (returned["reason"], returned["visibility"]) == ("failed", 10)
    assert ferry.poller.wait_for_event(30, "message received", message_id=message, receive_count=2)
    ferry.poller.wait_for_event(30, "message returned", message_id=message, visibility=20)
    assert_one_run_each(world, [message])
    assert sum(world.sqs.depth(url)) == 1


def test_ack_start_deletes_when_the_start_is_durable(world):
    url = world.create_queue(fifo=False)
    start_without_worker(world.ferry(url, step_route(world, ack="start")))
    messages = [world.send(url, {"wait": True}) for _ in range(12)]  # and nobody works on them
    world.wait_empty(url)
    assert [world.status(message) for message in messages] == ["RUNNING"] * 12
    assert_one_run_each(world, messages)


def test_a_run_longer_than_the_visibility_keeps_its_message_and_those_behind_it(world, steps):
    url = world.create_queue()
    messages = [world.send(url, {"sleep_ms": 8000}), world.send(url, {"sleep_ms": 4000}), world.send(url, {})]
    ferry = start_without_worker(world.ferry(url, step_route(world), queue={"visibility": "3s", "wait": "1s"}))
    world.wait_completed(messages)
    world.wait_empty(url)
    assert [event["receive_count"] for event in said(ferry, "message received")] == [1, 1, 1]
    assert not said(ferry, "message received again") and not said(ferry, "message left hand")
    assert_in_order(world, messages)
    assert_one_run_each(world, messages)


# --- order when something fails -------------------------------------------------------------------------------------

def test_a_failure_in_the_middle_of_a_group_keeps_order_and_loses_nothing(world, steps):
    url = world.create_queue()
    messages = [world.send(url, {"sleep_ms": 100}, "A") for _ in range(5)]
    broken.add(failing := messages[1])
    ferry = start_without_worker(world.ferry(url, step_route(world)))
    head = ferry.poller.wait_for_event(30, "message returned", message_id=failing)
    returned = said(ferry, "message returned")
    assert [(e["message_id"], e["visibility"]) for e in returned] == [
        (messages[4], 0), (messages[3], 0), (messages[2], 0), (failing, 10)]
    # The operator's way out: the cause is removed, the run is reset. Its message finds the run completed.
    broken.discard(failing)
    reset(world, failing)
    wait_until(lambda: world.status(failing) == "COMPLETED", 30, "the run after its reset", 0.1)
    again = ferry.poller.wait_for_event(30, "message received", message_id=failing, receive_count=2)
    assert 9 <= when(again) - when(head) < 15, "the group waits for its head's visibility, and for nothing else"
    world.wait_completed(messages)
    world.wait_empty(url)
    assert_in_order(world, messages)
    assert_one_run_each(world, [message for message in messages if message != failing])
    assert not said(ferry, "message left hand")


def test_another_group_goes_on_while_one_is_stopped_by_its_head(world, steps):
    url = world.create_queue()
    broken.add(failing := world.send(url, {}, "A"))
    behind = world.send(url, {}, "A")
    ferry = start_without_worker(world.ferry(url, step_route(world)))
    ferry.poller.wait_for_event(30, "message returned", message_id=failing)
    others = [world.send(url, {}, "B") for _ in range(5)]
    world.wait_completed(others)
    assert_in_order(world, others)
    assert world.status(behind) == ""
    assert sum(world.sqs.depth(url)) == 2


# --- several pollers on one queue -----------------------------------------------------------------------------------

def assert_all_done_once_and_in_order(world, url, messages, groups, is_ordered):
    world.wait_completed(messages, 90)
    world.wait_empty(url)
    assert_one_run_each(world, messages)
    for group in range(groups if is_ordered else 0):
        assert_in_order(world, messages[group::groups])


@pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])
def test_two_pollers_on_one_queue_do_each_message_once_and_each_group_in_order(world, steps, fifo):
    url = world.create_queue(fifo)
    first = world.ferry(url, step_route(world))
    second = world.ferry(url, {**step_route(world), "gateway": {"url": first.gateway_url}})
    first.gateway.start()
    first.wait_ready(first.gateway)
    first.poller.start()
    second.poller.start()
    first.wait_ready(first.poller)
    second.wait_ready(second.poller)
    messages = [world.send(url, {"sleep_ms": 50}, f"g{i % 6}") for i in range(48)]
    assert_all_done_once_and_in_order(world, url, messages, 6, fifo)


@pytest.mark.unclean
def test_a_poller_that_dies_hands_its_groups_over_in_order(world, steps):
    url = world.create_queue()
    first = world.ferry(url, step_route(world), queue={"visibility": "4s", "wait": "1s"})
    second = world.ferry(url, {**step_route(world), "gateway": {"url": first.gateway_url}},
                         queue={"visibility": "4s", "wait": "1s"})
    messages = [world.send(url, {"sleep_ms": 400}, f"g{i % 3}") for i in range(18)]
    start_without_worker(first)
    first.poller.wait_for_event(30, "workflow started")
    second.poller.start()
    first.poller.kill()
    assert_all_done_once_and_in_order(world, url, messages, 3, True)


@pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])
def test_a_poller_of_two_processes_does_each_message_once_and_each_group_in_order(world, steps, fifo):
    url = world.create_queue(fifo)
    ferry = world.ferry(url, step_route(world))
    ferry.poller.arguments += ["--processes", "2"]
    start_without_worker(ferry)
    messages = [world.send(url, {"sleep_ms": 50}, f"g{i % 6}") for i in range(48)]
    assert_all_done_once_and_in_order(world, url, messages, 6, fifo)


def test_max_in_flight_of_one_goes_through_the_queue_one_by_one(world, steps):
    url = world.create_queue(fifo=False)
    messages = [world.send(url, {"sleep_ms": 50}) for _ in range(8)]
    start_without_worker(world.ferry(url, step_route(world), queue={"max_in_flight": 1}))
    world.wait_completed(messages)
    world.wait_empty(url)
    runs = sorted((world.temporal.describe(world.workflow_id(m)) for m in messages), key=lambda run: run["startTime"])
    for before, after in zip(runs, runs[1:]):
        assert before["closeTime"] <= after["startTime"]


# --- chains of runs -------------------------------------------------------------------------------------------------

def test_a_run_that_is_reset_while_it_is_waited_for_is_followed(world, steps):
    url = world.create_queue()
    ferry = start_without_worker(world.ferry(url, step_route(world)))
    message = world.send(url, {"wait": True})
    ferry.poller.wait_for_event(30, "workflow started", message_id=message)
    wait_until(lambda: len(world.history(message)) >= 4, 30, "the first workflow task", 0.1)
    reset(world, message)
    wait_until(lambda: len(world.runs(message)) == 2, 30, "the run of the reset", 0.1)
    time.sleep(1)  # the end of the first run has reached the gateway
    assert not said(ferry, "workflow closed")
    signal_go(world, message)
    ferry.poller.wait_for_event(30, "workflow closed", message_id=message, run_status="completed")
    world.wait_empty(url)


def test_a_failed_run_that_is_reset_is_waited_for_when_its_message_comes_again(world, steps):
    url = world.create_queue()
    ferry = start_without_worker(world.ferry(url, step_route(world, max_attempts=1)))
    broken.add(message := world.send(url, {"then_wait": True}))
    ferry.poller.wait_for_event(30, "message returned", message_id=message)
    broken.discard(message)
    reset(world, message)
    wait_until(lambda: len(said(ferry, "workflow started", message_id=message)) == 2, 30, "the message to come again", 0.1)
    time.sleep(1)  # the end of the first run was told long before
    assert len(said(ferry, "message returned")) == 1
    signal_go(world, message)
    ferry.poller.wait_for_event(30, "workflow closed", message_id=message, run_status="completed")
    world.wait_empty(url)
    assert len(said(ferry, "message received")) == 2


@pytest.fixture
def forgetful(world, tmp_path_factory):
    """A server of its own for the test that forgets a deleted run in seconds rather than in a minute."""
    world.temporal = TemporalServer(tmp_path_factory.mktemp("forgetful"))
    for queue in ("transfer", "visibility"):
        world.temporal.process.arguments += ["--dynamic-config-value", f'history.{queue}ProcessorUpdateAckInterval="1s"']
    yield world.temporal.start()
    world.temporal.process.stop(10)


@pytest.mark.unclean
def test_a_chain_that_outlives_its_first_run_s_retention_is_still_waited_for(world, forgetful, steps):
    url = world.create_queue()
    ferry = start_without_worker(world.ferry(url, step_route(world)))
    message = world.send(url, {"continue": True})
    started = ferry.poller.wait_for_event(30, "workflow started", message_id=message)
    wait_until(lambda: len(world.runs(message)) == 2, 30, "the second run", 0.1)
    temporal_cli(world, "workflow", "delete", "-w", world.workflow_id(message), "-r", started["run_id"])
    show = world.temporal.command("workflow", "show", "-w", world.workflow_id(message), "-r", started["run_id"])
    wait_until(lambda: subprocess.run(show, capture_output=True).returncode != 0, 60, "the first run to be forgotten", 0.2)
    ferry.gateway.kill()  # and with it what it knew of the chain
    ferry.gateway.start()
    ferry.wait_ready(ferry.gateway)
    runs = {"runs": [{"workflowId": started["workflow_id"], "firstRunId": started["run_id"]}], "waitMs": 2000}
    assert request("POST", f"{ferry.gateway_url}/v1/runs/wait", runs).json == {"runs": []}
    signal_go(world, message)
    ferry.poller.wait_for_event(60, "workflow closed", message_id=message, run_status="completed")
    world.wait_empty(url)
    assert len(said(ferry, "message received")) == 1


def test_a_run_that_is_deleted_by_hand_gives_its_message_back(world, steps):
    url = world.create_queue(fifo=False)
    ferry = start_without_worker(world.ferry(url, step_route(world)))
    message = world.send(url, {"wait": True})
    ferry.poller.wait_for_event(30, "workflow started", message_id=message)
    temporal_cli(world, "workflow", "delete", "-w", world.workflow_id(message))
    returned = ferry.poller.wait_for_event(60, "message returned", message_id=message)
    assert returned["visibility"] == 10
    assert sum(world.sqs.depth(url)) == 1
