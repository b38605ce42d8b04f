"""docs/own-worker.md, done as it says: its files, its commands, against real servers."""

import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest

from ferrystack.ferry import programs
from ferrystack.process import ROOT, Process, free_port, wait_until

GUIDE = ROOT / "docs/own-worker.md"
EXAMPLES = ROOT / "examples/own-worker"
FILES = ["ferry.yaml", "worker.py", "deleting.yaml", "deleting_worker.py"]
PROGRAMS = ("ferry-", "python ", "aws ", "export ")


def blocks() -> list[tuple[str, str]]:
    """Every indented block of the guide, with the last line of text before it."""
    found, lines, before = [], [], ""
    for line in GUIDE.read_text().splitlines() + ["the end"]:
        if line.startswith("    ") or (lines and not line):
            lines.append(line[4:])
        else:
            if lines:
                found.append((before, "\n".join(lines).rstrip("\n") + "\n"))
            lines = []
            before = line or before
    return found


def files() -> dict[str, str]:
    named = ((re.fullmatch(r"`([\w.]+)`:", before), code) for before, code in blocks())
    return {match.group(1): code for match, code in named if match}


def commands(word: str) -> list[str]:
    """The guide's commands that contain the word, in order; continued lines are joined."""
    lines = "".join(code for _, code in blocks() if code.startswith(PROGRAMS)).replace("\\\n", " ").splitlines()
    return [line for line in lines if word in line]


class Guide:
    """A reader of the guide: files in a folder, programs in PATH, queues and servers at other addresses."""

    def __init__(self, world, directory: Path):
        self.world, self.directory, self.processes = world, directory, []
        for name, code in files().items():
            (directory / name).write_text(code)
        self.ports = {"ferry-gateway": free_port(), "ferry-poller": free_port(), "ferry-worker": free_port()}
        create = world.sqs.create_queue
        self.queues = {"ORDERS_QUEUE_URL": create(f"orders-{world.name}.fifo", VisibilityTimeout=30),
                       "ORDERS_DEAD_URL": create(f"orders-dead-{world.name}.fifo"),
                       "MAILS_QUEUE_URL": create(f"mails-{world.name}", VisibilityTimeout=30)}

    def process(self, command: str) -> Process:
        program = command.split()[0]
        environment = {**self.queues, "TEMPORAL_ADDRESS": self.world.temporal.address,
                       "FERRY_GATEWAY_URL": f"http://127.0.0.1:{self.ports['ferry-gateway']}",
                       "PATH": f"{programs().resolve()}:{Path(sys.executable).parent}:{os.environ['PATH']}"}
        if program == "ferry-gateway":
            environment["FERRY_LISTEN"] = f"127.0.0.1:{self.ports[program]}"
        elif program.startswith("ferry-"):
            environment["FERRY_ADMIN_LISTEN"] = f"127.0.0.1:{self.ports[program]}"
        if program in ("ferry-poller", "ferry-worker"):
            environment |= self.world.sqs.environment()
        name = f"{len(self.processes)}-{program}"
        process = Process(name, ["sh", "-c", f"cd {shlex.quote(str(self.directory))} && exec {command}"],
                          self.directory, environment)
        self.processes.append(process)
        return process

    def start(self, command: str) -> Process:
        return self.process(command).start()

    def send(self, name: str, **changes) -> str:
        """The guide's `aws sqs send-message` for that queue, by boto3; changes replace its options."""
        command, = commands("--queue-url $" + name)
        words = shlex.split(command)
        assert words[:3] == ["aws", "sqs", "send-message"]
        options = {"".join(part.capitalize() for part in key.removeprefix("--").split("-")): value
                   for key, value in zip(words[3::2], words[4::2])}
        options |= {"QueueUrl": self.queues[name], **changes}
        return self.world.sqs.client.send_message(**options)["MessageId"]

    def wait_empty(self, name: str):
        self.world.wait_empty(self.queues[name])

    def result(self, route: str, message: str) -> str:
        wait_until(lambda: self.world.temporal.status(f"{route}-{message}") not in ("", "RUNNING"), 60, "the run to close")
        return self.world.temporal.status(f"{route}-{message}")

    def history(self, order: str) -> list[dict]:
        return self.world.temporal.request(f"workflows/orders-{order}/history")["history"]["events"]

    def stop(self):
        return [process.stop() for process in reversed(self.processes)]


@pytest.fixture
def guide(world, tmp_path):
    reader = Guide(world, tmp_path)
    yield reader
    # The interpreter of a Python worker may crash at its very end, when all is done: that is its SDK's affair.
    reader.stop()
    for process in reader.processes:
        is_python = process.name.endswith("-python")
        assert process.exit_code in ((0, -signal.SIGABRT, -signal.SIGSEGV) if is_python else (0,)), process.name


def test_the_guide_shows_the_examples_as_they_are():
    assert files() == {name: (EXAMPLES / name).read_text() for name in FILES}
    assert sorted(path.name for path in EXAMPLES.iterdir() if path.is_file()) == sorted(FILES)


def test_the_guide_sets_the_variables_that_its_files_use(guide):
    exported = {line.split()[1].split("=")[0] for line in commands("export ")}
    used = set(re.findall(r"\$\{(\w+)\}", files()["ferry.yaml"] + files()["deleting.yaml"]))
    assert exported == used == guide.queues.keys()


def test_every_file_passes_the_check(guide):
    check, = commands("--check")
    for name in ("ferry.yaml", "deleting.yaml"):
        assert guide.start(check.replace("ferry.yaml", name)).wait(20) == 0


@pytest.fixture
def shop(guide):
    """The guide's first part, running."""
    for command in [c for c in commands("-c ferry.yaml") if "--check" not in c] + commands("python worker.py"):
        guide.start(command)
    assert [process.name.split("-", 1)[1] for process in guide.processes] == ["ferry-gateway", "ferry-poller", "python"]
    return guide


def test_an_order_and_a_mail_are_processed_and_deleted(shop):
    order, mail = shop.send("ORDERS_QUEUE_URL"), shop.send("MAILS_QUEUE_URL")
    assert shop.result("orders", order) == shop.result("mails", mail) == "COMPLETED"
    shop.wait_empty("ORDERS_QUEUE_URL")
    shop.wait_empty("MAILS_QUEUE_URL")
    log = shop.processes[-1].text()
    assert f"charging 120 with idempotency key orders-{order}" in log
    assert "a mail to you@example.org" in log


def test_the_orders_of_a_customer_follow_one_another(shop):
    orders = [shop.send("ORDERS_QUEUE_URL", MessageGroupId=f"customer-{i % 3}", MessageDeduplicationId=f"order-{i}",
                        MessageBody=f'{{"amount": {i}}}') for i in range(12)]
    assert {shop.result("orders", order) for order in orders} == {"COMPLETED"}
    shop.wait_empty("ORDERS_QUEUE_URL")
    runs = [shop.world.temporal.describe(f"orders-{order}") for order in orders]
    for before, after in zip(runs, runs[3:]):
        assert before["closeTime"] <= after["startTime"]


def test_hopeless_orders_fail_once_are_not_lost_and_hold_no_other_group_up(shop):
    bodies = ["no JSON", "[]", '{"amount": "many"}']
    orders = [shop.send("ORDERS_QUEUE_URL", MessageBody=body, MessageGroupId=body, MessageDeduplicationId=str(i))
              for i, body in enumerate(bodies)]
    for order in orders:
        assert shop.result("orders", order) == "FAILED"
        events = shop.history(order)
        assert "EVENT_TYPE_WORKFLOW_TASK_FAILED" not in [event["eventType"] for event in events]
        failure = events[-1]["workflowExecutionFailedEventAttributes"]["failure"]
        while "cause" in failure:
            failure = failure["cause"]
        assert failure["applicationFailureInfo"] == {"type": "InvalidOrder", "nonRetryable": True}
    assert shop.result("orders", shop.send("ORDERS_QUEUE_URL")) == "COMPLETED"

    def kept():
        return sum(sum(shop.world.sqs.depth(shop.queues[name])) for name in ("ORDERS_QUEUE_URL", "ORDERS_DEAD_URL"))
    wait_until(lambda: kept() == len(orders), 20, "the messages in their queue or with the dead letters")
    for order in orders:
        assert shop.world.temporal.count(f"WorkflowId = 'orders-{order}'") == 1, "no second attempt"


def test_a_workflow_deletes_its_message_through_ferry_worker(guide):
    starts = [c for c in commands("-c deleting.yaml")] + commands("python deleting_worker.py")
    processes = {command.split()[0]: guide.start(command) for command in starts}
    assert list(processes) == ["ferry-gateway", "ferry-poller", "ferry-worker", "python"]
    order = guide.send("ORDERS_QUEUE_URL")
    assert guide.result("orders", order) == "COMPLETED"
    guide.wait_empty("ORDERS_QUEUE_URL")
    events = guide.history(order)
    result = events[-1]["workflowExecutionCompletedEventAttributes"]["result"]
    assert result == [{"deleted": True}]
    scheduled = [event["activityTaskScheduledEventAttributes"] for event in events
                 if event["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"]
    assert [activity["activityType"]["name"] for activity in scheduled] == ["charge", "sqs.DeleteMessage"]
    assert not [event for event in processes["ferry-poller"].events() if event.get("level") == "error"]
