"""ferry-worker by itself against a real server: readiness, cancellation, restarts with cached runs."""

import asyncio
import contextlib
import json
import urllib.error
import urllib.request

from temporalio.client import Client, WorkflowFailureError

from ferrystack.process import wait_until
from ferrystack.servers import TemporalServer


def worker_alone(world, **options):
    ferry = world.ferry(world.create_queue(), **options)
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    return ferry


def not_ready_reason(ferry) -> str:
    """Why /readyz says 503; "" when it does not."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{ferry.worker_admin_port}/readyz", timeout=5).close()
        return ""
    except urllib.error.HTTPError as error:
        return json.load(error)["detail"] if error.code == 503 else ""
    except OSError:
        return ""


def metric(ferry, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{ferry.worker_admin_port}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0] in (name, name + "_total"))


async def start(world, message: dict, workflow_id: str | None = None):
    client = await Client.connect(world.temporal.address)
    return await client.start_workflow("helloWorld", message, id=workflow_id or f"alone-{world.name}",
                                       task_queue=world.task_queue)


def test_readiness_follows_the_server(world, tmp_path):
    directory = tmp_path / "temporal"
    directory.mkdir()
    temporal = TemporalServer(directory, database=True).start()
    world.temporal = temporal
    try:
        ferry = worker_alone(world, temporal=temporal)
        temporal.process.kill()
        reason = wait_until(lambda: not_ready_reason(ferry), 20, "the worker not to be ready", 0.1)
        assert reason and reason != "starting", reason
        temporal.start()
        # Without any task: the polls themselves find out.
        ferry.wait_ready(ferry.worker, timeout=40)
        assert ferry.worker.running
    finally:
        world.ferries[0].stop()
        temporal.process.stop(10)


def test_a_missing_namespace_is_waited_for_and_named(world):
    ferry = world.ferry(world.create_queue(), {"temporal": {"namespace": f"ns-{world.name}"}})
    ferry.worker.start()
    reason = wait_until(lambda: not_ready_reason(ferry) if world.name in not_ready_reason(ferry) else "", 20,
                        "a reason with the namespace", 0.1)
    assert "ot found" in reason, reason
    ferry.worker.wait_for_event(5, "Temporal does not know the namespace, trying again", namespace=f"ns-{world.name}")
    url = f"http://127.0.0.1:{world.temporal.http_port}/api/v1/namespaces"
    body = json.dumps({"namespace": f"ns-{world.name}", "workflowExecutionRetentionPeriod": "86400s"}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout=10).close()
    ferry.wait_ready(ferry.worker, timeout=60)


def test_a_cancelled_workflow_ends_within_seconds_and_keeps_its_message(world):
    url = world.create_queue(fifo=False, VisibilityTimeout=600)
    ferry = world.ferry(url, work_ms=60000)
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    message = world.send(url, {"message": "keep me"})
    received = world.sqs.client.receive_message(QueueUrl=url)["Messages"][0]

    async def go():
        handle = await start(world, received)
        await asyncio.to_thread(ferry.worker.wait_for_event, 30, "helloWorldActivity started", correlation_id=message)
        await handle.cancel()
        with contextlib.suppress(WorkflowFailureError):
            await asyncio.wait_for(handle.result(), 10)
        return (await handle.describe()).status.name
    assert asyncio.run(go()) == "CANCELED"
    assert world.sqs.depth(url) == (0, 1), "given out and not deleted"


def test_a_cancellation_in_the_last_moment_keeps_the_message(world):
    """Between two heartbeats, as they are throttled: the activity asks before it deletes."""
    url = world.create_queue(fifo=False, VisibilityTimeout=600)
    ferry = world.ferry(url, work_ms=1000)
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    message = world.send(url, {"message": "keep me"})
    received = world.sqs.client.receive_message(QueueUrl=url)["Messages"][0]

    async def go():
        handle = await start(world, received)
        await asyncio.to_thread(ferry.worker.wait_for_event, 30, "helloWorldActivity request", correlation_id=message)
        await handle.cancel()
        with contextlib.suppress(WorkflowFailureError):
            await asyncio.wait_for(handle.result(), 20)
        return (await handle.describe()).status.name
    assert asyncio.run(go()) == "CANCELED"
    assert world.sqs.depth(url) == (0, 1), "given out and not deleted"


def test_the_last_line_about_a_message_says_that_it_was_deleted(world):
    url = world.create_queue()
    ferry = world.ferry(url).start()
    message = world.send(url, {"message": "hello"}, "g")
    deleted = ferry.worker.wait_for_event(30, "message deleted", correlation_id=message)
    assert deleted["level"] == "info" and "message_id" not in deleted
    world.wait_completed([message])


def test_runs_cached_by_a_worker_that_leaves_go_on_in_the_next(world):
    """Sticky runs: the one that leaves says so, and the next one rebuilds them from their histories."""
    ferry = worker_alone(world, work_ms=1500)
    count = 4

    async def begin():
        handles = []
        for i in range(count):
            handles.append(await start(world, {"MessageId": f"m{i}", "Body": '{"message": "x"}'}, f"{world.name}-{i}"))
        return handles

    async def end():
        client = await Client.connect(world.temporal.address)
        handles = [client.get_workflow_handle(f"{world.name}-{i}") for i in range(count)]
        return await asyncio.wait_for(asyncio.gather(*(handle.result() for handle in handles)), 40)

    asyncio.run(begin())
    for i in range(count):
        ferry.worker.wait_for_event(30, "helloWorldActivity started", correlation_id=f"m{i}")
    assert metric(ferry, "temporal_sticky_cache_size") == count
    assert metric(ferry, "temporal_sticky_cache_bytes") > count * 1024
    assert ferry.worker.stop() == 0  # the activities end within its grace period, and their outcome wakes the runs
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    assert asyncio.run(end()) == ["finished!"] * count
    # The result can be read before the worker has the server's answer to its completion, which it counts.
    wait_until(lambda: metric(ferry, "temporal_workflow_completed") == count, 20, "the worker to count its runs")
    assert metric(ferry, "temporal_workflow_task_replay_latency_seconds_count") == count
