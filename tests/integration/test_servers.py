"""The servers that the other tests stand on: each rule that they count on, with an official client where there is one.
What the scripted SQS server does here is what AWS documents, not what is handy for Ferry."""

import asyncio
import concurrent.futures
import hashlib
import http.client
import json
import random
import socket
import threading
import time
import uuid

import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from ferrystack.elasticmq import ElasticMq
from ferrystack.fault_sqs import FaultSqsServer
from ferrystack.ferry import Ferry
from ferrystack.null_frontend import NullFrontend
from ferrystack.process import wait_until
from ferrystack.proxy import CuttableProxy


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    server = FaultSqsServer(tmp_path_factory.mktemp("fault-sqs")).start()
    yield server
    assert server.process.stop(10) == 0
    assert "Traceback" not in server.process.text()


@pytest.fixture
def server(shared):
    """The module's server without faults and with AWS's own limits."""
    shared.clear()
    shared.set(visibility_limit=43200, deduplication_window=300, purge_interval=60, in_flight_limit=120000,
               clock_offset=0, expired_handle_error="InvalidParameterValue")
    return shared


class Desk:
    """A queue of the test's own, with short words for what tests do to it."""

    def __init__(self, server, fifo: bool, **attributes):
        self.server, self.client, self.fifo = server, server.client, fifo
        self.url = server.create_queue(f"t-{uuid.uuid4().hex[:12]}{'.fifo' if fifo else ''}", **attributes)

    def send(self, body="hello", group="g", **options):
        if self.fifo:
            options.setdefault("MessageDeduplicationId", uuid.uuid4().hex)
            options["MessageGroupId"] = group
        return self.client.send_message(QueueUrl=self.url, MessageBody=body, **options)

    def receive(self, most=10, **options) -> list[dict]:
        options.setdefault("MessageSystemAttributeNames", ["All"])
        return self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=most, **options).get("Messages", [])

    def bodies(self, most=10, **options) -> list[str]:
        return [message["Body"] for message in self.receive(most, **options)]

    def delete(self, message):
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def change(self, message, timeout):
        self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"],
                                              VisibilityTimeout=timeout)

    def depth(self):
        return self.server.depth(self.url)

    def arn(self) -> str:
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def wait_visible(self):
        wait_until(lambda: self.depth()[1] == 0, 10, "the visibility to be over")


@pytest.fixture
def standard(server):
    return Desk(server, False)


@pytest.fixture
def fifo(server):
    return Desk(server, True)


def refusal(call, *arguments, **options) -> tuple[str, str]:
    """(code as the query protocol names it, message)"""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def count_of(message) -> int:
    return int(message["Attributes"]["ApproximateReceiveCount"])


def in_background(call):
    pool = concurrent.futures.ThreadPoolExecutor(1)
    future = pool.submit(call)
    pool.shutdown(wait=False)
    return future


# -- visibility and receipt handles -----------------------------------------------------------------------------------

# A received message is invisible until its timeout is over; then it comes with count 2 and a new handle.
def test_a_message_comes_again_after_its_visibility(standard):
    standard.send()
    first, = standard.receive(VisibilityTimeout=1)
    assert standard.receive() == []
    second, = standard.receive(WaitTimeSeconds=5)
    assert (count_of(first), count_of(second)) == (1, 2)
    assert first["MessageId"] == second["MessageId"] and first["ReceiptHandle"] != second["ReceiptHandle"]
    name = "ApproximateFirstReceiveTimestamp"
    assert second["Attributes"][name] == first["Attributes"][name]


# The deletion with a stale handle succeeds on a standard queue, and deletes nothing.
def test_a_stale_handle_of_a_standard_queue_deletes_nothing(standard):
    standard.send()
    first, = standard.receive(VisibilityTimeout=0)
    second, = standard.receive()
    standard.delete(first)
    assert standard.depth() == (0, 1)
    standard.delete(second)
    assert standard.depth() == (0, 0)


# The newest handle of a standard queue still deletes after its visibility, as long as nobody received it again.
def test_an_expired_but_newest_handle_of_a_standard_queue_deletes(standard):
    standard.send()
    message, = standard.receive(VisibilityTimeout=0)
    standard.delete(message)
    assert standard.depth() == (0, 0)


# A FIFO queue refuses the deletion once the visibility is over.
def test_an_expired_handle_of_a_fifo_queue_is_refused(fifo):
    fifo.send()
    message, = fifo.receive(VisibilityTimeout=0)
    code, text = refusal(fifo.delete, message)
    assert code == "InvalidParameterValue" and "The receipt handle has expired" in text
    fifo.server.set(expired_handle_error="ReceiptHandleIsInvalid")
    assert refusal(fifo.delete, message)[0] == "ReceiptHandleIsInvalid"
    assert fifo.depth() == (1, 0)


# ... and the deletion with the handle of an earlier receive.
def test_a_stale_handle_of_a_fifo_queue_is_refused(fifo):
    fifo.send()
    first, = fifo.receive(VisibilityTimeout=0)
    second, = fifo.receive()
    assert "expired" in refusal(fifo.delete, first)[1]
    fifo.delete(second)
    assert fifo.depth() == (0, 0)


# Deleting what is gone succeeds on both kinds of queue.
@pytest.mark.parametrize("kind", ["standard", "fifo"])
def test_a_second_delete_succeeds(kind, request):
    desk = request.getfixturevalue(kind)
    desk.send()
    message, = desk.receive()
    desk.delete(message)
    desk.delete(message)


# A handle that this queue never gave out is refused.
def test_an_invented_handle_is_refused(standard, fifo):
    fifo.send()
    message, = fifo.receive()
    assert refusal(standard.delete, message)[0] == "ReceiptHandleIsInvalid"
    assert refusal(fifo.delete, {"ReceiptHandle": "AQEB"})[0] == "ReceiptHandleIsInvalid"
    assert refusal(fifo.change, {"ReceiptHandle": "?"}, 3)[0] == "ReceiptHandleIsInvalid"


# ChangeMessageVisibility refuses a message that is visible, was given out again, or is gone.
@pytest.mark.parametrize("kind", ["standard", "fifo"])
def test_the_visibility_of_what_is_not_in_flight_cannot_be_changed(kind, request):
    desk = request.getfixturevalue(kind)
    desk.send()
    first, = desk.receive(VisibilityTimeout=0)
    assert refusal(desk.change, first, 10)[0].endswith("MessageNotInflight")
    second, = desk.receive()
    assert refusal(desk.change, first, 10)[0] == "ReceiptHandleIsInvalid"
    desk.delete(second)
    assert refusal(desk.change, second, 10)[0].endswith("MessageNotInflight")


# The visibility counts from the call, and 0 gives the message back at once.
def test_visibility_counts_from_the_call(standard):
    standard.send()
    message, = standard.receive(VisibilityTimeout=2)
    standard.change(message, 30)
    state, = standard.server.messages(standard.url)
    assert 29 < state["visible_at"] - standard.server.state()["now"] <= 30
    standard.change(message, 0)
    assert standard.depth() == (1, 0)


# Beyond 12 hours since the receive the change is refused, never clamped; the limit can be shortened.
def test_visibility_beyond_the_total_limit_is_refused(standard):
    standard.send()
    message, = standard.receive()
    assert "beyond the limit [43200 seconds]" in refusal(standard.change, message, 43200)[1]
    assert refusal(standard.change, message, 43201)[0] == "InvalidParameterValue"
    standard.server.set(visibility_limit=20)
    assert "beyond the limit [20 seconds]" in refusal(standard.change, message, 21)[1]
    standard.change(message, 15)


# A message of a standard queue that was received three times goes to the back.
def test_often_received_messages_go_to_the_back(standard):
    for body in ("a", "b"):
        standard.send(body)
    for _ in range(3):
        assert standard.bodies(1, VisibilityTimeout=0) == ["a"]
    assert standard.bodies() == ["b", "a"]


# -- FIFO -------------------------------------------------------------------------------------------------------------

# A receive takes as many of one group as possible, then of others, each group in order.
def test_one_group_first_then_others(fifo):
    for body in ("a1", "b1", "a2", "b2", "a3"):
        fifo.send(body, body[0])
    assert fifo.bodies(4) == ["a1", "a2", "a3", "b1"]
    assert fifo.bodies() == []  # b is locked


# While any message of a group is in flight the group is locked, also for what is visible in it.
def test_a_group_is_locked_while_any_of_it_is_in_flight(fifo):
    for body in ("a1", "a2", "a3", "b1"):
        fifo.send(body, body[0])
    first, second = fifo.receive(2)
    fifo.change(first, 0)
    assert fifo.bodies() == ["b1"]
    fifo.delete(second)
    assert fifo.bodies() == ["a1", "a3"]


# A group whose messages expire together comes again in its order.
def test_order_holds_after_expiry(fifo):
    for number in range(5):
        fifo.send(f"a{number}")
    fifo.receive(5, VisibilityTimeout=1)
    fifo.wait_visible()
    assert fifo.bodies() == [f"a{number}" for number in range(5)]


# SequenceNumbers have 20 digits, exceed 64 bits and grow.
def test_sequence_numbers(fifo):
    numbers = [fifo.send(str(number))["SequenceNumber"] for number in range(3)]
    assert all(len(number) == 20 and int(number) > 2**64 for number in numbers) and numbers == sorted(set(numbers))
    assert [message["Attributes"]["SequenceNumber"] for message in fifo.receive()] == numbers


# A deduplication ID is known for five minutes, also after its message was deleted.
def test_duplicates_are_swallowed_also_after_the_delete(fifo):
    first = fifo.send("a", MessageDeduplicationId="d")
    message, = fifo.receive()
    fifo.delete(message)
    again = fifo.send("b", "other", MessageDeduplicationId="d")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert fifo.depth() == (0, 0)
    fifo.server.set(deduplication_window=0)
    fifo.send("b", MessageDeduplicationId="d")
    assert fifo.bodies() == ["b"]


# By content: the body's SHA-256 is the deduplication ID, and shows as the attribute.
def test_deduplication_by_content(server):
    desk = Desk(server, True, ContentBasedDeduplication="true")
    for body in ("same", "same", "other"):
        server.client.send_message(QueueUrl=desk.url, MessageBody=body, MessageGroupId="g")
    messages = desk.receive()
    assert [message["Body"] for message in messages] == ["same", "other"]
    assert messages[0]["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"same").hexdigest()


# High throughput: the scope of deduplication can be the group.
def test_deduplication_by_group(server):
    desk = Desk(server, True, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in ("a", "b", "a"):
        desk.send(group, group, MessageDeduplicationId="d")
    assert desk.bodies() == ["a", "b"]


# A receive repeated with its ReceiveRequestAttemptId gets the same messages and handles; their visibility starts anew.
def test_a_receive_attempt_is_replayed(fifo):
    for number in range(3):
        fifo.send(str(number))
    first = fifo.receive(2, ReceiveRequestAttemptId="try", VisibilityTimeout=5)
    again = fifo.receive(2, ReceiveRequestAttemptId="try", VisibilityTimeout=60)
    assert [message["ReceiptHandle"] for message in again] == [message["ReceiptHandle"] for message in first]
    assert [count_of(message) for message in again] == [1, 1]
    assert all(message["visible_at"] - fifo.server.state()["now"] > 30
               for message in fifo.server.messages(fifo.url) if message["state"] == "in flight")
    assert fifo.receive(ReceiveRequestAttemptId="another") == []


# ... unless one of them was deleted or changed meanwhile.
@pytest.mark.parametrize("touch", ["delete", "change"])
def test_a_receive_attempt_is_not_replayed_after_a_change(fifo, touch):
    fifo.send("a")
    fifo.send("b")
    first = fifo.receive(1, ReceiveRequestAttemptId="try")
    if touch == "delete":
        fifo.delete(first[0])
    else:
        fifo.change(first[0], 50)
    again = fifo.bodies(1, ReceiveRequestAttemptId="try")
    assert again == (["b"] if touch == "delete" else [])


# -- dead letters -----------------------------------------------------------------------------------------------------

# After maxReceiveCount receives the next one moves the message to the dead-letter queue, with its MessageId, group and
# deduplication ID; what is behind it in the group goes on.
@pytest.mark.parametrize("is_fifo", [False, True])
def test_redrive_moves_a_message_to_the_dead_letters(server, is_fifo):
    dead = Desk(server, is_fifo)
    policy = json.dumps({"deadLetterTargetArn": dead.arn(), "maxReceiveCount": 2})
    desk = Desk(server, is_fifo, RedrivePolicy=policy)
    sent = desk.send("poison")
    desk.send("next")
    for _ in range(2):
        assert desk.bodies(1, VisibilityTimeout=0) == ["poison"]
    if not is_fifo:
        assert dead.depth() == (0, 0)
    assert desk.bodies(10) == ["next"]
    message, = dead.receive()
    assert message["MessageId"] == sent["MessageId"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"].endswith(desk.url.rsplit("/", 1)[-1])
    assert message["Attributes"].get("MessageGroupId") == ("g" if is_fifo else None)
    assert server.client.list_dead_letter_source_queues(QueueUrl=dead.url)["queueUrls"] == [desk.url]


# A redrive policy needs a queue of the same kind that exists.
def test_wrong_redrive_policies_are_refused(server, standard):
    arn = standard.arn()
    for policy in ("nonsense", json.dumps({"deadLetterTargetArn": arn + "x", "maxReceiveCount": 3}),
                   json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})):
        with pytest.raises(ClientError):
            Desk(server, True, RedrivePolicy=policy)


# -- long polls -------------------------------------------------------------------------------------------------------

def wait_for_poll(desk):
    wait_until(lambda: desk.server.waiting() > 0, 5, "the long poll to wait")


# A long poll ends when a message arrives, and at once.
def test_a_long_poll_wakes_on_arrival(standard):
    poll = in_background(lambda: standard.bodies(WaitTimeSeconds=20))
    wait_for_poll(standard)
    standard.send("late")
    assert poll.result(5) == ["late"]


# ... when a visibility is over, and when a delay is.
def test_a_long_poll_wakes_on_expiry_and_delay(standard):
    standard.send("again")
    standard.receive(VisibilityTimeout=1)
    assert standard.bodies(WaitTimeSeconds=20) == ["again"]
    standard.send("delayed", DelaySeconds=1)
    assert standard.bodies() == []
    assert standard.bodies(WaitTimeSeconds=20) == ["delayed"]


# ... and when a group is unlocked.
def test_a_long_poll_wakes_on_unlock(fifo):
    fifo.send("1")
    fifo.send("2")
    first, = fifo.receive(1)
    poll = in_background(lambda: fifo.bodies(WaitTimeSeconds=20))
    wait_for_poll(fifo)
    fifo.delete(first)
    assert poll.result(5) == ["2"]


# An empty long poll answers after its time, without Messages.
def test_an_empty_long_poll_ends(standard):
    assert "Messages" not in standard.client.receive_message(QueueUrl=standard.url, WaitTimeSeconds=1)


# ... and at once where the test asks for it.
def test_a_long_poll_ends_on_request(standard):
    poll = in_background(lambda: standard.bodies(WaitTimeSeconds=20))
    wait_for_poll(standard)
    standard.server.end_polls()
    assert poll.result(5) == [] and standard.server.state()["waiting"] == 0


# A long poll whose client has gone still takes the next message, which is in flight to nobody then.
def test_an_aborted_long_poll_swallows_a_message(server, standard):
    client = boto3.client("sqs", endpoint_url=server.endpoint, region_name=server.REGION,
                          aws_access_key_id=server.access_key, aws_secret_access_key=server.secret_key,
                          config=botocore.config.Config(read_timeout=1, retries={"total_max_attempts": 1}))
    with pytest.raises(ReadTimeoutError):
        client.receive_message(QueueUrl=standard.url, WaitTimeSeconds=20)
    standard.send("swallowed")
    assert standard.depth() == (0, 1)


# -- what messages carry ----------------------------------------------------------------------------------------------

# Bodies arrive as they are, with MD5 sums of body and of the attributes that were asked for.
def test_bodies_and_attributes(standard):
    body = "tab\t cr\r lf\n quote\" é 漢 \U0001f980 \ufffd"
    attributes = {"text": {"DataType": "String.x", "StringValue": "ü"},
                  "number": {"DataType": "Number", "StringValue": "1.0"},
                  "binary": {"DataType": "Binary", "BinaryValue": b"\0\xff"}}
    sent = standard.send(body, MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()
    message, = standard.receive(MessageAttributeNames=["All"], VisibilityTimeout=0)
    assert message["Body"] == body and message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    # computed by hand: lengths, name, type, kind, value
    expected = hashlib.md5(b"\0\0\0\6number\0\0\0\6Number\1\0\0\0\3" + b"1.0").hexdigest()
    message, = standard.receive(MessageAttributeNames=["numb*", "number"])
    assert list(message["MessageAttributes"]) == ["number"] and message["MD5OfMessageAttributes"] == expected


# System attributes: only those that were asked for; a trace header and, on standard queues too, a group travel along.
def test_system_attributes(standard):
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}}
    standard.client.send_message(QueueUrl=standard.url, MessageBody="x", MessageSystemAttributes=trace,
                                 MessageGroupId="tenant")
    message, = standard.receive(MessageSystemAttributeNames=["SentTimestamp"], VisibilityTimeout=0)
    assert list(message["Attributes"]) == ["SentTimestamp"]
    message, = standard.receive()
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-2-3"
    assert message["Attributes"]["MessageGroupId"] == "tenant"


# -- limits -----------------------------------------------------------------------------------------------------------

# 1 MiB is the most for a message and for a batch.
def test_size_limits(standard):
    standard.send("x" * 1048576)
    assert "must be shorter than 1048576" in refusal(standard.send, "x" * 1048577)[1]
    entries = [{"Id": str(number), "MessageBody": "x" * 600000} for number in range(2)]
    code, _ = refusal(standard.client.send_message_batch, QueueUrl=standard.url, Entries=entries)
    assert code.endswith("BatchRequestTooLong")


# Characters that SQS does not carry, too many attributes, wrong attributes.
def test_contents_that_are_refused(standard):
    assert refusal(standard.send, "\x0b")[0] == "InvalidMessageContents"
    text = {"DataType": "String", "StringValue": "x"}
    assert "[11] exceeds" in refusal(standard.send, MessageAttributes={f"a{number}": text for number in range(11)})[1]
    for attributes in ({"AWS.x": text}, {"a": {"DataType": "Text", "StringValue": "x"}},
                       {"a": {"DataType": "Number", "StringValue": "x"}},
                       {"a": {"DataType": "String", "StringValue": ""}}):
        assert refusal(standard.send, MessageAttributes=attributes)[0] == "InvalidParameterValue"


# A batch has 1 to 10 entries with distinct IDs.
@pytest.mark.parametrize("ids, code", [([], "EmptyBatchRequest"), (list("abcdefghijk"), "TooManyEntriesInBatchRequest"),
                                       (["a", "a"], "BatchEntryIdsNotDistinct"), (["a b"], "InvalidBatchEntryId")])
def test_batches_that_are_refused(standard, ids, code):
    entries = [{"Id": entry_id, "MessageBody": "x"} for entry_id in ids]
    assert refusal(standard.client.send_message_batch, QueueUrl=standard.url, Entries=entries)[0].endswith(code)


# A batch's entries succeed and fail each on its own, under HTTP 200.
def test_partial_batch_results(fifo):
    for number in range(3):
        fifo.send(str(number), str(number))
    messages = fifo.receive()
    fifo.change(messages[1], 0)
    entries = [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
               for number, message in enumerate(messages)]
    answer = fifo.client.delete_message_batch(QueueUrl=fifo.url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "2"]
    failed, = answer["Failed"]
    assert (failed["Id"], failed["SenderFault"], failed["Code"]) == ("1", True, "InvalidParameterValue")
    entries = [{"Id": "x", "ReceiptHandle": messages[1]["ReceiptHandle"], "VisibilityTimeout": 3}]
    answer = fifo.client.change_message_visibility_batch(QueueUrl=fifo.url, Entries=entries)
    assert answer["Failed"][0]["Code"].endswith("MessageNotInflight")


# Numbers out of range, and what a queue's kind does not allow.
def test_parameters_that_are_refused(standard, fifo):
    assert "MaxNumberOfMessages" in refusal(standard.receive, 11)[1]
    assert "WaitTimeSeconds" in refusal(standard.receive, WaitTimeSeconds=21)[1]
    assert "DelaySeconds" in refusal(fifo.send, DelaySeconds=5)[1]
    assert refusal(fifo.client.send_message, QueueUrl=fifo.url, MessageBody="x")[0] == "MissingParameter"
    code, text = refusal(fifo.client.send_message, QueueUrl=fifo.url, MessageBody="x", MessageGroupId="g")
    assert code == "InvalidParameterValue" and "ContentBasedDeduplication" in text


# At the limit of messages in flight a short poll of a standard queue is refused, a long poll finds nothing, and a FIFO
# queue does not say anything.
def test_over_limit(server, standard, fifo):
    server.set(in_flight_limit=1)
    for desk in (standard, fifo):
        desk.send("1", "a")
        desk.send("2", "b")
        assert len(desk.receive()) == 1
    assert refusal(standard.receive)[0] == "OverLimit"
    assert standard.receive(WaitTimeSeconds=1) == [] and fifo.receive() == []


# -- queues -----------------------------------------------------------------------------------------------------------

# Create (twice the same is fine, with other attributes it is not), get URL, list, set attributes, delete.
def test_the_life_of_a_queue(server):
    name = f"life-{uuid.uuid4().hex[:8]}"
    url = server.create_queue(name, VisibilityTimeout=7)
    assert server.create_queue(name, VisibilityTimeout=7) == url
    assert refusal(server.create_queue, name, VisibilityTimeout=8)[0] == "QueueAlreadyExists"
    assert server.client.get_queue_url(QueueName=name)["QueueUrl"] == url
    assert server.client.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    server.client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "9"})
    attributes = server.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "9" and attributes["MaximumMessageSize"] == "1048576"
    server.client.delete_queue(QueueUrl=url)
    assert refusal(server.client.get_queue_url, QueueName=name)[0] == "AWS.SimpleQueueService.NonExistentQueue"


# The end of a queue ends its long polls.
def test_deleting_a_queue_ends_its_long_polls(standard):
    poll = in_background(lambda: refusal(standard.receive, WaitTimeSeconds=20))
    wait_for_poll(standard)
    standard.client.delete_queue(QueueUrl=standard.url)
    assert poll.result(5)[0] == "AWS.SimpleQueueService.NonExistentQueue"


# A purge empties a queue; another within 60 s is refused.
def test_purge(standard):
    standard.send()
    standard.client.purge_queue(QueueUrl=standard.url)
    assert standard.depth() == (0, 0)
    assert refusal(standard.client.purge_queue, QueueUrl=standard.url)[0].endswith("PurgeQueueInProgress")


# -- who is calling ---------------------------------------------------------------------------------------------------

def client_of(server, **changes):
    keys = {"aws_access_key_id": server.access_key, "aws_secret_access_key": server.secret_key, **changes}
    return boto3.client("sqs", endpoint_url=server.endpoint, region_name=server.REGION,
                        config=botocore.config.Config(retries={"total_max_attempts": 1}), **keys)


# Every call is checked: the key, its secret, the token.
@pytest.mark.parametrize("changes, code", [
    ({"aws_access_key_id": "AKIANOBODY"}, "InvalidClientTokenId"),
    ({"aws_secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
    ({"aws_session_token": "stray"}, "ExpiredToken")])
def test_wrong_credentials_are_refused(server, changes, code):
    assert refusal(client_of(server, **changes).list_queues)[0] == code


# A body that was changed on its way does not match its signature.
def test_an_unsigned_or_tampered_request_is_refused(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/", "{}", {"X-Amz-Target": "AmazonSQS.ListQueues"})
    answer = connection.getresponse()
    assert answer.status == 403 and json.loads(answer.read())["__type"].endswith("#MissingAuthenticationTokenException")
    client = client_of(server)

    def tamper(request, **_):
        request.body = b'{"QueueNamePrefix":"x"}'
    client.meta.events.register_last("before-send.sqs.ListQueues", lambda request, **_: tamper(request))
    assert refusal(client.list_queues)[0] == "SignatureDoesNotMatch"


# A session token belongs to its key; keys can be changed under a client's feet, as when temporary ones expire.
def test_keys_that_change(tmp_path):
    server = FaultSqsServer(tmp_path, session_token="first").start()
    try:
        assert server.environment()["AWS_SESSION_TOKEN"] == "first"
        server.client.list_queues()
        server.set_credentials(server.access_key, server.secret_key, "second")
        assert refusal(server.client.list_queues)[0] == "ExpiredToken"
        server.set_credentials("AKIANEW", "new", "second")
        assert refusal(server.client.list_queues)[0] == "InvalidClientTokenId"
        keys = {"aws_access_key_id": "AKIANEW", "aws_secret_access_key": "new", "aws_session_token": "second"}
        client_of(server, **keys).list_queues()
    finally:
        server.stop()


# A clock that is off by more than 15 minutes is refused, in both directions; the Date header tells the server's clock.
def test_clock_skew(server):
    server.set(clock_offset=1000)
    assert "Signature expired" in refusal(server.client.list_queues)[1]
    server.set(clock_offset=-1000)
    assert "Signature not yet current" in refusal(server.client.list_queues)[1]
    server.set(clock_offset=600)
    date = server.client.list_queues()["ResponseMetadata"]["HTTPHeaders"]["date"]
    skew = time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.mktime(time.gmtime())
    assert 590 < skew < 610


# -- what goes wrong on purpose ---------------------------------------------------------------------------------------

# An error in AWS's own form, for a number of calls of one action.
def test_fault_error(server, standard):
    server.fault("error", action="SendMessage", code="RequestThrottled", times=2, skip=1,
                 headers={"x-amz-retry-after": "70"})
    standard.send()
    for _ in range(2):
        assert refusal(standard.send)[0] == "RequestThrottled"
    standard.send()
    assert standard.depth() == (2, 0)
    assert [call["status"] for call in server.journal("SendMessage", standard.url)] == [200, 400, 400, 200]


# The effect takes place, the answer is lost.
@pytest.mark.parametrize("reset", [False, True])
def test_fault_close_after_the_effect(server, standard, reset):
    server.fault("close", action="SendMessage", when="after", times=1, reset=reset)
    with pytest.raises((ConnectionClosedError, botocore.exceptions.EndpointConnectionError)):
        standard.send()
    assert standard.depth() == (1, 0)
    server.fault("close", action="SendMessage", when="before", times=1, reset=reset)
    with pytest.raises((ConnectionClosedError, botocore.exceptions.EndpointConnectionError)):
        standard.send()
    assert standard.depth() == (1, 0)


# A call that is never answered, and one that is answered late.
def test_fault_black_hole_and_delay(server, standard):
    client = boto3.client(
        "sqs", endpoint_url=server.endpoint, region_name=server.REGION, aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        config=botocore.config.Config(read_timeout=1, retries={"total_max_attempts": 1}))
    server.fault("black_hole", action="SendMessage", body="lost", times=1)
    with pytest.raises(ReadTimeoutError):
        client.send_message(QueueUrl=standard.url, MessageBody="lost in space")
    assert standard.depth() == (0, 0)
    server.fault("delay", action="SendMessage", seconds=0.3, times=1)
    standard.send("slow")
    call = server.journal("SendMessage", standard.url)[-1]
    assert call["finished"] - call["started"] >= 0.3 and call["faults"] == ["delay"]


# Answers that are no answers: HTML, broken JSON, a body that breaks off, a wrong Content-Length.
def test_fault_answers_that_are_none(server, standard):
    def answer():
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        server.set(check_signatures=False)
        connection.request("POST", "/", json.dumps({"QueueUrl": standard.url, "AttributeNames": ["All"]}),
                           {"X-Amz-Target": "AmazonSQS.GetQueueAttributes"})
        response = connection.getresponse()
        try:
            return response.status, response.read()
        except http.client.IncompleteRead as error:
            return response.status, error
        finally:
            server.set(check_signatures=True)
    server.fault("raw", action="GetQueueAttributes", status=502, content="<html>Bad Gateway</html>", times=1)
    assert answer() == (502, b"<html>Bad Gateway</html>")
    server.fault("raw", action="GetQueueAttributes", content='{"Messages": [', times=1)
    assert answer() == (200, b'{"Messages": [')
    server.fault("truncate", action="GetQueueAttributes", bytes=10, times=1)
    assert len(answer()[1].partial) == 10
    server.fault("length", action="GetQueueAttributes", delta=5, times=1)
    assert answer()[1].expected == 5
    server.fault("length", action="GetQueueAttributes", delta=-5, times=1)
    with pytest.raises(ValueError):
        json.loads(answer()[1])
    assert json.loads(answer()[1])["Attributes"]


# A receive whose MD5 or body is not that of the message; an empty receive does not use the fault up.
def test_fault_corrupt(server, standard):
    server.fault("corrupt", what="md5", times=1)
    server.fault("corrupt", what="body", body="second", times=1)
    assert standard.receive() == []
    standard.send("first")
    standard.send("second")
    first, second = standard.receive(VisibilityTimeout=0)
    assert first["MD5OfBody"] != hashlib.md5(b"first").hexdigest() and first["Body"] == "first"
    assert second["Body"] != "second"
    assert standard.bodies() == ["first", "second"]


# Entries of a batch that fail, by index or by the message's body; SenderFault as told.
def test_fault_fail_entries(server, standard):
    for body in ("a", "b", "c"):
        standard.send(body)
    messages = standard.receive()
    server.fault("fail_entries", action="DeleteMessageBatch", body="b", code="InternalFailure", sender_fault=False,
                 times=1)
    entries = [{"Id": message["Body"], "ReceiptHandle": message["ReceiptHandle"]} for message in messages]
    answer = standard.client.delete_message_batch(QueueUrl=standard.url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["a", "c"]
    assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [
        ("b", "InternalFailure", False)]
    assert standard.depth() == (0, 1)


# The same message given out twice: to two receives, or in one answer.
def test_fault_duplicate(server, standard):
    standard.send("twin")
    server.fault("duplicate", times=1)
    first, = standard.receive()
    second, = standard.receive()
    assert first["MessageId"] == second["MessageId"] and first["ReceiptHandle"] != second["ReceiptHandle"]
    standard.delete(second)
    standard.send("twin")
    server.fault("duplicate", how="batch", times=1)
    first, second = standard.receive()
    assert first["MessageId"] == second["MessageId"] and first["ReceiptHandle"] != second["ReceiptHandle"]
    standard.delete(second)
    assert standard.depth() == (0, 0)


# Members that nobody knows, empty receives in other words, an entry that nobody asked for.
def test_fault_members(server, standard):
    standard.send("x")
    server.fault("members", action="ReceiveMessage", receives="messages", message={"Novelty": [1]}, set={"More": True})
    assert standard.bodies() == ["x"]
    server.clear()
    server.fault("members", action="ReceiveMessage", receives="empty", set={"Messages": None}, times=1)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    server.set(check_signatures=False)
    connection.request("POST", "/", json.dumps({"QueueUrl": standard.url}),
                       {"X-Amz-Target": "AmazonSQS.ReceiveMessage"})
    assert json.loads(connection.getresponse().read()) == {"Messages": None}
    server.set(check_signatures=True)
    server.fault("members", append={"Failed": [{"Id": "?", "Code": "x", "SenderFault": True}]}, times=1)
    answer = standard.client.send_message_batch(QueueUrl=standard.url, Entries=[{"Id": "1", "MessageBody": "x"}])
    assert [entry["Id"] for entry in answer["Failed"]] == ["?"]


# A fault that does not make sense is refused, so that a test cannot wait for it in vain.
def test_a_wrong_fault_is_refused(server):
    with pytest.raises(ValueError, match="kind"):
        server.fault("blackhole")
    with pytest.raises(ValueError, match="secnds"):
        server.fault("delay", secnds=3)
    with pytest.raises(ValueError, match="no setting"):
        server.set(visiblity_limit=3)


# -- a kill -----------------------------------------------------------------------------------------------------------

# With a database the server comes back after a kill with messages, receive counts, locks, handles, windows.
def test_the_scripted_server_survives_a_kill(tmp_path):
    server = FaultSqsServer(tmp_path, database=True).start()
    try:
        fifo, standard = Desk(server, True, VisibilityTimeout=60), Desk(server, False, VisibilityTimeout=60)
        sent = [fifo.send(body, body[0], MessageDeduplicationId=body) for body in ("a1", "a2", "b1")]
        standard.send("s", MessageAttributes={"n": {"DataType": "Number", "StringValue": "1"}})
        held, = fifo.receive(1, ReceiveRequestAttemptId="try")
        standard.receive(VisibilityTimeout=0)
        deleted, = fifo.receive(1)
        fifo.delete(deleted)
        server.kill()
        server.restart()
        assert fifo.depth() == (1, 1) and standard.depth() == (1, 0)
        assert fifo.bodies() == []  # a is locked
        again, = fifo.receive(1, ReceiveRequestAttemptId="try")
        assert again["ReceiptHandle"] == held["ReceiptHandle"]
        assert fifo.send("a1", MessageDeduplicationId="a1")["MessageId"] == sent[0]["MessageId"]
        assert fifo.send("c1", "c")["SequenceNumber"] > sent[2]["SequenceNumber"]
        fifo.delete(held)
        assert fifo.bodies() == ["a2", "c1"]
        message, = standard.receive(MessageAttributeNames=["All"])
        assert count_of(message) == 2 and message["MessageAttributes"]["n"]["StringValue"] == "1"
    finally:
        server.stop()


# Whatever a client does in whatever order: order, locks and counts of a FIFO queue hold.
def test_a_fifo_queue_keeps_its_promises_under_random_calls(fifo):
    dice, sent, held, gone = random.Random(7), {}, {}, {group: [] for group in "abc"}
    for step in range(400):
        chance = dice.random()
        if chance < 0.4:
            group = dice.choice("abc")
            body = f"{group}{step:04d}"
            sent[fifo.send(body, group)["MessageId"]] = body
        elif chance < 0.65:
            locked = {message["Body"][0] for message in held.values()}
            for message in fifo.receive(dice.randint(1, 10)):
                assert message["Body"][0] not in locked and message["MessageId"] not in held
                held[message["MessageId"]] = message
        elif held:
            message = held.pop(dice.choice(sorted(held)))
            if chance < 0.75:
                fifo.change(message, 0)
            else:
                fifo.delete(message)
                gone[message["Body"][0]].append(message["Body"])
    assert fifo.depth() == (len(sent) - len(held) - sum(map(len, gone.values())), len(held))
    for message in held.values():
        fifo.change(message, 0)
    rest = fifo_drain(fifo)
    assert sorted(rest + sum(gone.values(), [])) == sorted(sent.values())
    for group in "abc":
        of_group = [body for body in rest if body[0] == group]
        assert of_group == sorted(of_group)


def fifo_drain(fifo) -> list[str]:
    bodies = []
    while messages := fifo.receive():
        for message in messages:
            bodies.append(message["Body"])
            fifo.delete(message)
    return bodies


# A connection that sends nonsense costs only itself.
def test_nonsense_on_a_connection(server, standard):
    for junk in (b"\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"\xff" * 100000,
                 b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(junk)
            try:
                assert connection.recv(10) == b""
            except ConnectionResetError:
                pass
    standard.send()


# -- the null frontend ------------------------------------------------------------------------------------------------

@pytest.fixture
def frontend(tmp_path):
    server = NullFrontend(tmp_path, close_delay_ms=500, task_poll_ms=300).start()
    yield server
    server.stop()
    assert server.process.exit_code == 0


# The official client starts, waits, describes; each run completes by itself.
def test_the_null_frontend_completes_runs(frontend):
    async def journey():
        client = await Client.connect(frontend.address)
        handle = await client.start_workflow("x", "input", id="w", task_queue="q")
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        assert await handle.result() is None
        description = await handle.describe()
        assert description.status == WorkflowExecutionStatus.COMPLETED
        assert description.run_id == handle.first_execution_run_id
        assert (description.close_time - description.start_time).total_seconds() == 0.5
    asyncio.run(journey())
    calls = frontend.counts()["calls"]
    assert calls["StartWorkflowExecution"] == 1 and calls["GetWorkflowExecutionHistory"] == 1


# Policies are the server's: attach to an open run, refuse a completed ID, signal-with-start starts.
def test_the_null_frontend_keeps_to_the_policies(frontend):
    async def journey():
        client = await Client.connect(frontend.address)
        policies = {"id_reuse_policy": WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING}
        first = await client.start_workflow("x", id="w", task_queue="q", **policies)
        second = await client.start_workflow("x", id="w", task_queue="q", **policies)
        assert first.first_execution_run_id == second.first_execution_run_id
        await first.signal("hello")
        await first.result()
        with pytest.raises(WorkflowAlreadyStartedError) as refused:
            await client.start_workflow("x", id="w", task_queue="q", **policies)
        assert refused.value.run_id == first.first_execution_run_id
        await client.start_workflow("x", id="s", task_queue="q", start_signal="go", start_signal_args=[1])
        with pytest.raises(RPCError) as unknown:
            await client.get_workflow_handle("nobody").describe()
        assert unknown.value.status == RPCStatusCode.NOT_FOUND
        with pytest.raises(RPCError) as unserved:
            await client.count_workflows()
        assert unserved.value.status == RPCStatusCode.UNIMPLEMENTED
    asyncio.run(journey())
    assert frontend.counts()["unknown"] == 1


# The whole of Ferry stands between the two servers: messages become runs, and the worker's polls come back empty.
def test_ferry_between_the_scripted_sqs_server_and_the_null_frontend(server, frontend, tmp_path):
    desk = Desk(server, True)
    ferry = Ferry(tmp_path, frontend, server, desk.url,
                  {"queues": [{"url": desk.url, "route": "hello-world", "visibility": "10s", "wait": "1s"}]})
    try:
        ferry.start()
        for number in range(20):
            desk.send(json.dumps({"message": str(number)}), f"g{number % 5}")
        wait_until(lambda: frontend.counts()["calls"]["StartWorkflowExecution"] >= 20, 30, "20 starts")
        wait_until(lambda: frontend.counts()["calls"]["PollActivityTaskQueue"] > 2, 30, "polls that come back")
    finally:
        codes = ferry.stop()
    assert set(codes.values()) == {0}
    assert server.journal("ReceiveMessage", desk.url)


# -- ElasticMQ --------------------------------------------------------------------------------------------------------

# A kill costs it nothing: queues, messages, receive counts, order, and what is in flight with its handle.
def test_elasticmq_survives_kills(tmp_path):
    server = ElasticMq(tmp_path).start()
    try:
        fifo, standard = Desk(server, True, VisibilityTimeout=60), Desk(server, False, VisibilityTimeout=0)
        for number in range(6):
            fifo.send(str(number))
        standard.send("s")
        assert count_of(standard.receive()[0]) == 1
        server.kill()
        server.restart()
        assert count_of(standard.receive()[0]) == 2
        first, second = fifo.receive(2)
        fifo.delete(first)
        server.kill()
        server.restart()
        assert fifo.depth() == (4, 1) and standard.depth() == (1, 0)
        fifo.delete(second)
        assert fifo.bodies() == ["2", "3", "4", "5"]
    finally:
        server.stop()


# -- the network ------------------------------------------------------------------------------------------------------

class Echo:
    """A server that sends everything back, and a proxy in front of it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        self.proxy = CuttableProxy(self.listener.getsockname()[1])
        self.clients = []

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    @staticmethod
    def _serve(connection):
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass
        connection.close()

    def connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=10)
        self.clients.append(client)
        return client

    def close(self):
        self.proxy.close()
        self.listener.close()
        for client in self.clients:
            client.close()


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.close()


def take(connection, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := connection.recv(65536)):
        data += more
    return data


# Without a fault bytes and ends pass in both directions, however many.
def test_a_proxy_passes_everything_on(echo):
    client = echo.connect()
    data = random.Random(1).randbytes(3_000_000)
    sender = threading.Thread(target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)))
    sender.start()
    assert take(client, len(data) + 1) == data
    sender.join()
    wait_until(lambda: echo.proxy.connection_count == 0, 5, "the connection to end")
    assert echo.proxy.bytes == {"up": len(data), "down": len(data)}


# Cut: connections end, new ones too, until it heals.
def test_a_proxy_cuts_and_heals(echo):
    client = echo.connect()
    client.sendall(b"x")
    assert take(client, 1) == b"x"
    echo.proxy.cut()
    assert ends(client)
    assert ends(echo.connect())
    echo.proxy.heal()
    client = echo.connect()
    client.sendall(b"y")
    assert take(client, 1) == b"y"


def ends(client) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


# A delay holds in each direction, and is a latency, not a rate: a hundred messages take no longer than one.
def test_a_proxy_delays(echo):
    echo.proxy.delay(0.2)
    client = echo.connect()
    started = time.monotonic()
    for _ in range(100):
        client.sendall(b"x")
        time.sleep(0.001)
    assert len(take(client, 100)) == 100
    assert 0.4 <= time.monotonic() - started < 10
    echo.proxy.heal()
    client.sendall(b"y")
    assert take(client, 1) == b"y"


# One direction is lost: the server hears, its answer does not arrive before the network heals.
def test_a_proxy_loses_one_direction(echo):
    client = echo.connect()
    echo.proxy.black_hole("down")
    client.sendall(b"question")
    wait_until(lambda: echo.proxy.bytes["up"] == 8, 5, "the question to arrive")
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.recv(1)
    assert echo.proxy.bytes["down"] == 0
    echo.proxy.heal()
    client.settimeout(10)
    assert take(client, 8) == b"question"


# A connection is reset after so many bytes of a direction, as often as asked for.
def test_a_proxy_resets_after_bytes(echo):
    echo.proxy.reset_after(5, "down", times=1)
    client = echo.connect()
    client.sendall(b"0123456789")
    received = b""
    with pytest.raises(ConnectionResetError):
        while more := client.recv(10):
            received += more
        raise AssertionError("an orderly end")
    assert len(received) <= 5 and echo.proxy.bytes["down"] == 5
    client = echo.connect()
    client.sendall(b"0123456789")
    assert take(client, 10) == b"0123456789"
    echo.proxy.reset()
    assert ends(client)


# A trickle lets so many bytes through in a second.
def test_a_proxy_trickles(echo):
    echo.proxy.trickle(1000, "up")
    client = echo.connect()
    client.sendall(bytes(600))
    started = time.monotonic()
    assert len(take(client, 600)) == 600
    assert time.monotonic() - started > 0.4


# Between Ferry's parts it is used by its port: here a client and the SQS server, whose answer is lost.
def test_a_lost_answer_leaves_the_message_sent(server, standard):
    proxy = CuttableProxy(server.port)
    try:
        client = boto3.client("sqs", endpoint_url=proxy.endpoint, region_name=server.REGION,
                              aws_access_key_id=server.access_key, aws_secret_access_key=server.secret_key,
                              config=botocore.config.Config(read_timeout=1, retries={"total_max_attempts": 1}))
        proxy.black_hole("down")
        with pytest.raises(ReadTimeoutError):
            client.send_message(QueueUrl=standard.url, MessageBody="x")
        assert standard.depth() == (1, 0)
    finally:
        proxy.close()
