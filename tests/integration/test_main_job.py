"""A message in the queue becomes a finished workflow, and the message is gone: through the three services."""

import json
import subprocess

import pytest


@pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])
def test_every_message_becomes_exactly_one_finished_workflow(world, fifo):
    url = world.create_queue(fifo)
    world.ferry(url).start()
    messages = world.send_many(url, 20)
    world.wait_completed(messages)
    world.wait_empty(url)
    for message in messages:
        assert len(world.runs(message)) == 1


def test_runs_of_a_group_follow_one_another(world):
    url = world.create_queue()
    messages = world.send_many(url, 12, groups=2)  # before the poller: a receive brings several of a group
    world.ferry(url).start()
    world.wait_completed(messages)
    for group in (0, 1):
        runs = [world.temporal.describe(world.workflow_id(message)) for message in messages[group::2]]
        for before, after in zip(runs, runs[1:]):
            assert before["closeTime"] <= after["startTime"]


def test_the_official_command_line_reads_input_and_result_in_clear_text(world):
    url = world.create_queue()
    world.ferry(url).start()
    message = world.send(url, '{"message": "héllo ☃"}')
    world.wait_completed([message])
    show = subprocess.run(world.temporal.command("workflow", "show", "-w", world.workflow_id(message), "-o", "json"),
                          capture_output=True, text=True, check=True)
    types = [event["eventType"].removeprefix("EVENT_TYPE_") for event in json.loads(show.stdout)["events"]]
    assert types == ["WORKFLOW_EXECUTION_STARTED", "WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED",
                     "WORKFLOW_TASK_COMPLETED", "ACTIVITY_TASK_SCHEDULED", "ACTIVITY_TASK_STARTED",
                     "ACTIVITY_TASK_COMPLETED", "WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED",
                     "WORKFLOW_TASK_COMPLETED", "WORKFLOW_EXECUTION_COMPLETED"]
    detailed = subprocess.run(world.temporal.command("workflow", "show", "-w", world.workflow_id(message), "--detailed"),
                              capture_output=True, text=True, check=True).stdout
    assert f"input[0].MessageId: {message}" in detailed
    assert 'input[0].Body: {"message": "héllo ☃"}' in detailed
    plain = subprocess.run(world.temporal.command("workflow", "show", "-w", world.workflow_id(message)),
                           capture_output=True, text=True, check=True).stdout
    assert "finished!" in plain


def test_the_log_tells_each_message_s_way_with_the_same_ids(world):
    url = world.create_queue()
    ferry = world.ferry(url).start()
    message = world.send(url, {"message": "hello"})
    world.wait_completed([message])
    world.wait_empty(url)
    ferry.poller.wait_for_event(10, "message received", message_id=message)
    ferry.poller.wait_for_event(10, "workflow started", message_id=message, workflow_id=world.workflow_id(message))
    activity = [event for event in ferry.worker.events() if event.get("correlation_id") == message]
    assert len(activity) >= 3
    given = world.history(message)[0]["workflowExecutionStartedEventAttributes"]["input"][0]
    for service in ferry.all:
        assert given["ReceiptHandle"] not in service.text()


def test_an_idle_queue_is_logged_once_and_then_at_debug(world):
    url = world.create_queue()
    ferry = world.ferry(url, queue={"wait": "1s"}).start()
    ferry.poller.wait_for_event(20, "No messages in queue", level="info")
    ferry.poller.wait_for_event(20, "No messages in queue", level="debug")
    assert sum(e.get("msg") == "No messages in queue" and e["level"] == "info" for e in ferry.poller.events()) == 1
