"""What servers of SQS are known to differ in, one case each. A case gets a queue of its own, does something, and says in
a few words what happened; what should happen stands in expectations.py."""

import hashlib
import struct
import time
import uuid

import botocore.exceptions

LEASE_S = 2  # of messages whose lease is to run out
MAXIMUM_BODY = 1024 * 1024


class Queue:
    """A queue of one case, in the words that cases are written in."""

    def __init__(self, client, url: str):
        self.client, self.url, self.is_fifo = client, url, url.endswith(".fifo")

    def send(self, body: str, group: str | None = None, **options) -> dict:
        if self.is_fifo:
            options.setdefault("MessageDeduplicationId", uuid.uuid4().hex)
            options["MessageGroupId"] = group or "g"
        return self.client.send_message(QueueUrl=self.url, MessageBody=body, **options)

    def receive(self, count: int = 1, lease: int = 60, wait: int = 5, **options) -> list[dict]:
        return self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=count, VisibilityTimeout=lease, WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"], **options).get("Messages", [])

    def receive_one(self, lease: int = 60) -> dict:
        messages = self.receive(lease=lease, wait=20)
        assert len(messages) == 1, "the message that was sent did not come"
        return messages[0]

    def receive_all(self, count: int, lease: int = 60) -> list[dict]:
        """Standard queues give out what they have in several receives."""
        messages, deadline = [], time.monotonic() + 30
        while len(messages) < count and time.monotonic() < deadline:
            messages += self.receive(10, lease)
        assert len(messages) == count, f"{len(messages)} of {count} messages came"
        return messages

    def delete(self, handle: str) -> str:
        return outcome(self.client.delete_message, QueueUrl=self.url, ReceiptHandle=handle)

    def change_visibility(self, handle: str, seconds: int) -> str:
        return outcome(self.client.change_message_visibility, QueueUrl=self.url, ReceiptHandle=handle,
                       VisibilityTimeout=seconds)


def outcome(call, **arguments) -> str:
    """"accepted", or "refused: CODE"."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return "refused: " + error.response["Error"]["Code"].rsplit(".", 1)[-1]
    return "accepted"


CASES = {}


def case(fifo: bool):
    def register(function):
        CASES[function.__name__] = (function, fifo)
        return function
    return register


def bodies(messages) -> str:
    return " ".join(message["Body"] for message in messages) or "nothing"


@case(fifo=True)
def fifo_delete_after_the_lease(queue):
    queue.send("a")
    message = queue.receive_one(LEASE_S)
    time.sleep(LEASE_S + 1)
    return queue.delete(message["ReceiptHandle"])


@case(fifo=False)
def standard_delete_after_the_lease(queue):
    queue.send("a")
    message = queue.receive_one(LEASE_S)
    time.sleep(LEASE_S + 1)
    return queue.delete(message["ReceiptHandle"])


@case(fifo=True)
def fifo_renewal_after_the_lease(queue):
    queue.send("a")
    message = queue.receive_one(LEASE_S)
    time.sleep(LEASE_S + 1)
    return queue.change_visibility(message["ReceiptHandle"], 30)


@case(fifo=False)
def standard_renewal_after_the_lease(queue):
    queue.send("a")
    message = queue.receive_one(LEASE_S)
    time.sleep(LEASE_S + 1)
    return queue.change_visibility(message["ReceiptHandle"], 30)


@case(fifo=False)
def standard_second_delete(queue):
    queue.send("a")
    message = queue.receive_one()
    return f"{queue.delete(message['ReceiptHandle'])}, then {queue.delete(message['ReceiptHandle'])}"


@case(fifo=True)
def fifo_second_delete(queue):
    queue.send("a")
    message = queue.receive_one()
    return f"{queue.delete(message['ReceiptHandle'])}, then {queue.delete(message['ReceiptHandle'])}"


@case(fifo=False)
def renewal_after_the_delete(queue):
    queue.send("a")
    message = queue.receive_one()
    queue.delete(message["ReceiptHandle"])
    return queue.change_visibility(message["ReceiptHandle"], 30)


@case(fifo=False)
def standard_delete_with_the_handle_before(queue):
    queue.send("a")
    old = queue.receive_one(LEASE_S)
    time.sleep(LEASE_S)
    queue.receive_one()
    return queue.delete(old["ReceiptHandle"])


@case(fifo=True)
def fifo_delete_with_the_handle_before(queue):
    queue.send("a")
    old = queue.receive_one(LEASE_S)
    time.sleep(LEASE_S)
    new = queue.receive_one()
    return f"{queue.delete(old['ReceiptHandle'])}, then with the newest {queue.delete(new['ReceiptHandle'])}"


@case(fifo=False)
def delete_with_no_handle_at_all(queue):
    return queue.delete("this-is-no-receipt-handle")


@case(fifo=True)
def receive_again_with_the_same_attempt_id(queue):
    queue.send("a")
    attempt = uuid.uuid4().hex
    first = queue.receive(wait=20, ReceiveRequestAttemptId=attempt)
    second = queue.receive(wait=1, ReceiveRequestAttemptId=attempt)
    return f"{bodies(first)}, then {bodies(second)}"


@case(fifo=True)
def a_group_in_flight_is_locked(queue):
    for body in "abc":
        queue.send(body, "locked")
    queue.send("z", "other")
    first = queue.receive(1, wait=20)
    head = first[0]["Body"]
    others = queue.receive(10, wait=1)
    return f"{head}, then {bodies(others)}" if head == "a" else f"{head} came first"


@case(fifo=True)
def several_of_a_group_in_flight_and_the_first_deleted(queue):
    for body in "abc":
        queue.send(body)
    first = queue.receive(2, wait=20)
    queue.delete(first[0]["ReceiptHandle"])
    return f"{bodies(first)}, then {bodies(queue.receive(10, wait=1))}"


@case(fifo=True)
def order_of_a_group_after_the_lease(queue):
    for body in "abcd":
        queue.send(body)
    first = queue.receive(10, LEASE_S, wait=20)
    time.sleep(LEASE_S + 1)
    return f"{bodies(first)}, then {bodies(queue.receive(10, wait=20))}"


@case(fifo=False)
def renewal_beyond_twelve_hours(queue):
    queue.send("a")
    message = queue.receive_one()
    time.sleep(1.5)
    return queue.change_visibility(message["ReceiptHandle"], 43200)


@case(fifo=True)
def deduplication_id_used_again(queue):
    first = queue.send("a", MessageDeduplicationId="same")
    second = queue.send("b", MessageDeduplicationId="same")
    came = bodies(queue.receive(10, wait=20))
    return f"{'the same' if first['MessageId'] == second['MessageId'] else 'another'} MessageId, {came}"


@case(fifo=True)
def deduplication_id_used_again_after_the_delete(queue):
    queue.send("a", MessageDeduplicationId="same")
    queue.delete(queue.receive_one()["ReceiptHandle"])
    queue.send("b", MessageDeduplicationId="same")
    return bodies(queue.receive(10, wait=2))


def md5_of_attributes(attributes: dict) -> str:
    def with_length(data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + data
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        is_binary = value["DataType"].startswith("Binary")
        digest.update(with_length(name.encode()) + with_length(value["DataType"].encode()))
        digest.update(b"\x02" + with_length(value["BinaryValue"]) if is_binary
                      else b"\x01" + with_length(value["StringValue"].encode()))
    return digest.hexdigest()


@case(fifo=False)
def digests_of_body_and_attributes(queue):
    body = "\t\n\rä €\U0001f600 1.00"
    attributes = {"kind": {"DataType": "String.custom", "StringValue": "ä"},
                  "blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
                  "n": {"DataType": "Number", "StringValue": "1.50"}}
    queue.send(body, MessageAttributes=attributes)
    message = queue.receive_one()
    is_right = {"body": message["Body"] == body,
                "its digest": message["MD5OfBody"] == hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
                "attributes' digest": message["MD5OfMessageAttributes"] == md5_of_attributes(attributes)}
    return ", ".join(f"{what} {'right' if right else 'WRONG'}" for what, right in is_right.items())


@case(fifo=False)
def batch_with_one_bad_entry(queue):
    queue.send("a")
    handle = queue.receive_one()["ReceiptHandle"]
    answer = queue.client.delete_message_batch(QueueUrl=queue.url, Entries=[
        {"Id": "good", "ReceiptHandle": handle}, {"Id": "bad", "ReceiptHandle": "this-is-no-receipt-handle"}])
    failed = [f"{entry['Id']} {entry['Code'].rsplit('.', 1)[-1]} {'sender' if entry['SenderFault'] else 'receiver'}"
              for entry in answer.get("Failed", [])]
    return f"successful: {' '.join(entry['Id'] for entry in answer.get('Successful', []))}; failed: {' '.join(failed)}"


@case(fifo=False)
def batch_with_an_id_twice(queue):
    entries = [{"Id": "same", "MessageBody": body} for body in "ab"]
    return outcome(queue.client.send_message_batch, QueueUrl=queue.url, Entries=entries)


@case(fifo=False)
def batch_of_eleven(queue):
    entries = [{"Id": str(i), "MessageBody": "a"} for i in range(11)]
    return outcome(queue.client.send_message_batch, QueueUrl=queue.url, Entries=entries)


@case(fifo=False)
def groups_of_a_standard_queue_are_fair_and_not_locked(queue):
    for body in "abc":
        queue.send(body, MessageGroupId="tenant")
    messages = [queue.receive(1, wait=20)[0] for _ in range(3)]
    groups = {message["Attributes"].get("MessageGroupId") for message in messages}
    return f"{' '.join(sorted(message['Body'] for message in messages))} of {' '.join(map(str, groups))}"


@case(fifo=False)
def a_body_of_one_mebibyte_and_one_more(queue):
    def send(size):
        return outcome(queue.client.send_message, QueueUrl=queue.url, MessageBody="x" * size)
    return f"{send(MAXIMUM_BODY)}, then {send(MAXIMUM_BODY + 1)}"


@case(fifo=False)
def eleven_attributes(queue):
    attributes = {f"a{i}": {"DataType": "String", "StringValue": "x"} for i in range(11)}
    return outcome(queue.client.send_message, QueueUrl=queue.url, MessageBody="a", MessageAttributes=attributes)


@case(fifo=False)
def the_trace_header_is_kept(queue):
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
    queue.send("a", MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": trace}})
    return "kept" if queue.receive_one()["Attributes"].get("AWSTraceHeader") == trace else "lost"
