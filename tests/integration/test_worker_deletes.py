"""helloWorldActivity's delete: of the right queue where there are several; a stale handle or a message that is gone is
no error, and the poller settles what is left."""

import asyncio
import urllib.request

import pytest
from temporalio.client import Client

from ferrystack.process import wait_until

NOT_THERE = "message already gone, or its handle is stale"


def worker_alone(world, url):
    ferry = world.ferry(url)
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    return ferry


def receive(world, url: str) -> dict:
    return wait_until(lambda: world.sqs.client.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), 20,
                      "a message")[0]


def run_hello(world, message: dict, memo: dict | None = None) -> str:
    async def go():
        client = await Client.connect(world.temporal.address)
        return await client.execute_workflow("helloWorld", message, id=f"deletes-{world.name}",
                                             task_queue=world.task_queue, memo=memo)
    return asyncio.run(go())


def deletes(ferry) -> dict:
    """The worker's count of deletes, by outcome."""
    with urllib.request.urlopen(f"http://127.0.0.1:{ferry.worker_admin_port}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    counts = [line.split('outcome="')[1].split('"} ') for line in lines if line.startswith("ferry_worker_deletes_total{")]
    return {outcome: int(float(value)) for outcome, value in counts if float(value) > 0}


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_a_message_that_is_gone_is_no_error(world, fifo):
    url = world.create_queue(fifo=fifo, VisibilityTimeout=600)
    ferry = worker_alone(world, url)
    message = world.send(url, {"message": "hello"})
    received = receive(world, url)
    world.sqs.client.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
    assert run_hello(world, received) == "finished!"
    line = ferry.worker.wait_for_event(10, NOT_THERE, correlation_id=message)
    assert line["level"] == "warn" and received["ReceiptHandle"] not in ferry.worker.text()
    assert deletes(ferry) == {"stale": 1}


def test_a_stale_handle_is_no_error_and_keeps_the_message(world):
    url = world.create_queue(fifo=False, VisibilityTimeout=600)
    ferry = worker_alone(world, url)
    message = world.send(url, {"message": "hello"})
    first = receive(world, url)
    world.sqs.client.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    assert receive(world, url)["MessageId"] == message
    assert run_hello(world, first) == "finished!"
    assert ferry.worker.wait_for_event(10, NOT_THERE, correlation_id=message)["level"] == "warn"
    assert deletes(ferry) == {"stale": 1}
    assert world.sqs.depth(url) == (0, 1), "whoever received it last settles it"


def test_what_the_worker_could_not_delete_is_left_to_the_poller(world):
    """The run was started with a handle that is stale by now; the poller holds the message with the newer one."""
    url = world.create_queue(fifo=False, VisibilityTimeout=600)
    ferry = world.ferry(url)
    message = world.send(url, {"message": "hello"})
    first = receive(world, url)
    world.sqs.client.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    second = receive(world, url)

    async def start():
        client = await Client.connect(world.temporal.address)
        await client.start_workflow("helloWorld", first, id=world.workflow_id(message), task_queue=world.task_queue)
    asyncio.run(start())
    ferry.worker.start()
    ferry.worker.wait_for_event(30, NOT_THERE, correlation_id=message)
    world.sqs.client.change_message_visibility(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=0)
    ferry.gateway.start()
    ferry.poller.start()
    ferry.wait_ready()
    world.wait_empty(url)
    assert len(world.runs(message)) == 1
    assert not [event for event in ferry.worker.events() if event.get("msg") == "message deleted"]


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_with_several_queues_each_message_is_deleted_from_its_own(world, fifo):
    suffix = ".fifo" if fifo else ""
    urls = [world.sqs.create_queue(f"q{i}-{world.name}{suffix}", VisibilityTimeout=600) for i in range(3)]
    queues = [{"url": url, "route": "hello-world", "visibility": "10s", "wait": "1s"} for url in urls]
    ferry = world.ferry(urls[0], settings={"queues": queues}).start()
    messages = [world.send(url, {"message": "hello"}) for url in urls]
    world.wait_completed(messages)
    for message in messages:
        ferry.worker.wait_for_event(20, "message deleted", correlation_id=message)
    for url in urls:
        world.wait_empty(url)
    assert deletes(ferry)["done"] == len(messages)


def test_the_memo_says_which_queue_and_no_other_is_asked(world):
    urls = [world.sqs.create_queue(f"q{i}-{world.name}", VisibilityTimeout=600) for i in range(3)]
    ferry = world.ferry(urls[0], settings={"queues": [{"url": url, "route": "hello-world"} for url in urls]})
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    world.send(urls[2], {"message": "hello"})
    memo = {"FerryRoute": "hello-world", "FerryQueue": urls[2]}
    assert run_hello(world, receive(world, urls[2]), memo) == "finished!"
    assert world.sqs.depth(urls[2]) == (0, 0)
    assert deletes(ferry) == {"done": 1}


def test_a_memo_does_not_reach_a_queue_that_the_configuration_does_not_name(world):
    url = world.create_queue(fifo=False)
    other = world.sqs.create_queue(f"other-{world.name}", VisibilityTimeout=600)
    ferry = worker_alone(world, url)
    world.send(other, {"message": "not yours"})
    assert run_hello(world, receive(world, other), {"FerryQueue": other}) == "finished!"
    assert world.sqs.depth(other) == (0, 1)
    assert deletes(ferry) == {"stale": 1}


def test_the_route_decides_whether_the_worker_deletes(world):
    """One queue by whose route the worker deletes, and one by whose route the poller does."""
    urls = [world.sqs.create_queue(f"q{i}-{world.name}", VisibilityTimeout=600) for i in range(2)]
    route = {"workflow": "helloWorld", "task_queue": world.task_queue}
    ferry = world.ferry(urls[0], settings={
        "queues": [{"url": urls[0], "route": "by-worker", "wait": "1s"}, {"url": urls[1], "route": "by-poller", "wait": "1s"}],
        "routes": {"by-worker": {**route, "ack": "worker"}, "by-poller": {**route, "ack": "completion"}}}).start()
    own, other = world.send(urls[0], {"message": "hello"}), world.send(urls[1], {"message": "hello"})
    ferry.worker.wait_for_event(30, "message deleted", correlation_id=own)
    ferry.worker.wait_for_event(30, "helloWorldActivity finished", correlation_id=other,
                                reason="the poller deletes the message")
    for url in urls:
        world.wait_empty(url)
    assert deletes(ferry) == {"done": 1}
