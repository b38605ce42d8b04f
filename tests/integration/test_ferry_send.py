"""`ferry send`: one message or many, from arguments, files and stdin, to both kinds of queues."""

import json
import re

import pytest

from ferry_tool import Terminal, ferry, lines

SERVERS = [("scripted", True), ("ministack", False), ("elasticmq", True)]
each_server = pytest.mark.parametrize("any_scene, fifo", SERVERS, indirect=["any_scene"],
                                      ids=[f"{name}-{'fifo' if fifo else 'standard'}" for name, fifo in SERVERS])


class Sender:
    def __init__(self, scene, fifo: bool = False, label: str = "q"):
        self.scene, self.url = scene, scene.queue(label, fifo=fifo)
        self.group = ["--group", "A"] if fifo else []

    def run(self, *words, code: int = 0, stdin: str = "", **env):
        return ferry("send", *words, *self.group, env={**self.scene.sqs.environment(), **env}, code=code, stdin=stdin)

    def receive(self, count: int) -> list[dict]:
        """So many messages, in the order in which the queue gives them; deleted."""
        client, found = self.scene.sqs.client, []
        while len(found) < count:
            got = client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                                         AttributeNames=["All"], WaitTimeSeconds=5).get("Messages", [])
            assert got, f"{len(found)} of {count} messages"
            found += got
            for message in got:
                client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        assert len(found) == count
        return found


@each_server
def test_a_message_is_sent_as_it_is_and_its_id_is_printed(any_scene, fifo):
    sender = Sender(any_scene, fifo)
    body = '{"big": 12345678901234567890, "text": "grüße"}'
    sent = sender.run(sender.url, body, "--attribute", "colour=red", "-a", "weight:Number=5").stdout
    message, = sender.receive(1)
    assert sent == message["MessageId"] + "\n" and message["Body"] == body
    assert message["MessageAttributes"] == {"colour": {"DataType": "String", "StringValue": "red"},
                                            "weight": {"DataType": "Number", "StringValue": "5"}}
    assert message["Attributes"].get("MessageGroupId") == ("A" if fifo else None)


@each_server
def test_lines_are_messages_in_their_order_and_equal_ones_are_not_duplicates(any_scene, fifo, tmp_path):
    sender = Sender(any_scene, fifo)
    bodies = [f"line {number % 20}" for number in range(25)]
    (tmp_path / "lines").write_text("\n\n".join(bodies) + "\r\n")
    sent = sender.run(sender.url, f"@{tmp_path / 'lines'}", "--lines", "-o", "json").stdout
    messages = sender.receive(25)
    printed = lines(sent)
    assert all(line["queue"] == sender.url for line in printed)
    by_id = {message["MessageId"]: message["Body"] for message in messages}
    assert [by_id[line["messageId"]] for line in printed] == bodies
    if fifo:
        assert [message["Body"] for message in messages] == bodies


def test_stdin_and_count_and_the_only_queue_of_the_configuration(scene, tmp_path):
    sender = Sender(scene, fifo=True)
    path = tmp_path / "ferry.yaml"
    path.write_text(json.dumps({"queues": [{"url": sender.url, "route": "hello-world", "name": "hello"}]}))
    sent = sender.run("-", "--count", 12, FERRY_CONFIG=str(path), stdin="one\nbody").stdout
    messages = sender.receive(12)
    assert {message["Body"] for message in messages} == {"one\nbody"}
    assert sent.split() == [message["MessageId"] for message in messages]
    sender.run("hello", "by name", "-c", path)
    sender.run("by default", FERRY_QUEUE_URL=sender.url)
    assert [message["Body"] for message in sender.receive(2)] == ["by name", "by default"]
    forgotten = sender.run("hello", "-c", path, code=2)
    assert "expected a body behind the queue hello" in forgotten.stderr


def test_a_deduplication_id_is_used_and_a_delay_hides(scene):
    fifo, standard = Sender(scene, fifo=True), Sender(scene, label="standard")
    for body in ("first", "second"):
        fifo.run(fifo.url, body, "--deduplication-id", "same")
    message, = fifo.receive(1)
    assert message["Body"] == "first" and message["Attributes"]["MessageDeduplicationId"] == "same"
    standard.run(standard.url, "later", "--delay", "10m")
    delayed, = scene.sqs.messages(standard.url)
    assert delayed["state"] == "delayed" and delayed["body"] == "later"


def test_a_large_body_and_many_together(scene, tmp_path):
    sender = Sender(scene)
    (tmp_path / "large").write_text("x" * (1 << 20))
    sender.run(sender.url, f"@{tmp_path / 'large'}")
    (tmp_path / "many").write_text("\n".join("y" * 100_000 for _ in range(12)))
    sender.run(sender.url, f"@{tmp_path / 'many'}", "--lines")
    assert sorted(len(message["Body"]) for message in sender.receive(13)) == [100_000] * 12 + [1 << 20]


def test_what_was_refused_ends_it_and_says_how_many_were_sent(scene):
    sender = Sender(scene)
    scene.sqs.fault("fail_entries", action="SendMessageBatch", queue=sender.url, code="InternalError", entries=[3], skip=1,
                    times=1)
    failed = sender.run(sender.url, "-", "--lines", code=1, stdin="\n".join(map(str, range(30))))
    assert "19 sent to" in failed.stderr and len(failed.stdout.split()) == 19
    assert len(sender.receive(19)) == 19


def test_a_queue_that_is_not_there_is_named(scene):
    failed = ferry("send", scene.sqs.endpoint + "/000000000000/nowhere", "x", env=scene.sqs.environment(), code=1)
    assert "nowhere" in failed.stderr and "nothing was sent to" in failed.stderr


def test_a_terminal_shows_how_far_it_is(scene):
    sender = Sender(scene)
    terminal = Terminal("send", sender.url, "hello", "--count", 300, env=scene.sqs.environment())
    assert terminal.end() == 0
    assert re.search(r"sending \[[#-]+\] \d+/300", terminal.seen)
    shown = [line for line in terminal.screen() if line]
    assert len(shown) == 300 and all(re.fullmatch(r"[0-9a-f-]{36}", line) for line in shown)
    assert scene.sqs.depth(sender.url) == (300, 0)


FIFO, STANDARD = "http://127.0.0.1:1/0/q.fifo", "http://127.0.0.1:1/0/q"


@pytest.mark.parametrize("words, said", [
    ([], "expected [QUEUE] BODY"),
    (["hello"], "expected QUEUE in front of the body: the configuration names 0 queues"),
    ([FIFO], "expected a body behind the queue"),
    (["q", "hello"], "expected the URL of an SQS queue"),
    ([FIFO, "hello"], "--group"),
    ([FIFO, "hello", "--group", "g", "--delay", "5s"], "--delay"),
    ([FIFO, "hello", "--group", "g", "--deduplication-id", "d", "--count", "2"], "duplicates"),
    ([STANDARD, "hello", "--deduplication-id", "d"], "only FIFO queues"),
    ([STANDARD, "hello", "--delay", "16m"], "--delay"),
    ([STANDARD, "hello", "--count", "0"], "--count"),
    ([STANDARD, "hello", "--lines"], "--lines"),
    ([STANDARD, "-", "--lines", "--count", "2"], "not both"),
    ([STANDARD, "hello", "--attribute", "colour"], "NAME=VALUE"),
    ([STANDARD, "hello", *["-a", "a=b"] * 11], "at most 10"),
    ([STANDARD, "@/nowhere"], "/nowhere"),
    ([STANDARD, "-"], "the body is empty"),
])
def test_a_wrong_call_is_bad_usage(words, said):
    refused = ferry("send", *words, env={}, code=2)
    assert said in refused.stderr and refused.stdout == ""
