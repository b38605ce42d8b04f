"""SQS's actions over queues. ReceiveMessage may answer later: a waiter stays until a message or its time comes, also
when its client has gone (so that an aborted long poll swallows a message, as AWS's does)."""

import asyncio
import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass

from . import limits
from .errors import SqsError, invalid
from .queues import DELAYED, IN_FLIGHT, READY, Message, Queue

ACCOUNT = "000000000000"
SENDER = "AIDAFERRYFERRYFERRYFE"


@dataclass
class Settings:
    """What the control API can change. Seconds."""
    visibility_limit: float = 43200
    deduplication_window: float = 300
    purge_interval: float = 60
    in_flight_limit: int = 120000
    clock_offset: float = 0  # of the server's clock, as signatures and the Date header see it
    check_signatures: bool = True
    expired_handle_error: str = "InvalidParameterValue"  # or ReceiptHandleIsInvalid


class Waiter:
    def __init__(self, request: dict, call, timer: asyncio.TimerHandle | None):
        self.request, self.call, self.timer = request, call, timer


class Service:
    def __init__(self, settings: Settings, region: str, store=None):
        self.settings, self.region, self.store = settings, region, store
        self.queues: dict[str, Queue] = {}
        self._waiters: dict[str, list[Waiter]] = {}
        self._alarms: dict[str, tuple[float, asyncio.TimerHandle]] = {}
        if store is not None:
            store.load(self)
        self._actions = {name.replace("_", ""): getattr(self, "do" + name) for name in (
            "_Create_Queue", "_Delete_Queue", "_Get_Queue_Url", "_List_Queues", "_Get_Queue_Attributes",
            "_Set_Queue_Attributes", "_Purge_Queue", "_Send_Message", "_Send_Message_Batch", "_Receive_Message",
            "_Delete_Message", "_Delete_Message_Batch", "_Change_Message_Visibility",
            "_Change_Message_Visibility_Batch", "_List_Dead_Letter_Source_Queues", "_Tag_Queue", "_Untag_Queue",
            "_List_Queue_Tags")}

    def perform(self, call):
        """Ends with exactly one call.finish(result), at once or later; SqsError is thrown."""
        action = self._actions.get(call.action)
        if action is None:
            raise SqsError("UnknownOperation", f"Unknown operation {call.action}.")
        try:
            result = action(call.request, call)
        finally:
            self.settle()
        if result is not None:
            call.finish(result)

    def settle(self):
        """After every change: the store learns what is new, then waiters get what there is for them."""
        served = [pair for name in list(self._waiters) for pair in self._serve(name)]
        if self.store is not None:
            self.store.save(self.queues.values())
        else:
            for queue in self.queues.values():
                queue.forget_changes()
        for call, result in served:
            call.finish(result)

    def waiting(self) -> int:
        """How many receives wait for a message."""
        return sum(len(waiters) for waiters in self._waiters.values())

    # -- queues -------------------------------------------------------------------------------------------------------

    def queue(self, request: dict) -> Queue:
        url = request.get("QueueUrl")
        if not isinstance(url, str) or url == "":
            raise SqsError("MissingParameter", "The request must contain the parameter QueueUrl.")
        queue = self.queues.get(url.rsplit("/", 1)[-1])
        if queue is None:
            raise SqsError("QueueDoesNotExist", "The specified queue does not exist.")
        return queue

    def arn(self, name: str) -> str:
        return f"arn:aws:sqs:{self.region}:{ACCOUNT}:{name}"

    @staticmethod
    def url(name: str, call) -> str:
        return f"http://{call.host}/{ACCOUNT}/{name}"

    def do_Create_Queue(self, request, call):
        name = limits.queue_name(request.get("QueueName"))
        attributes = limits.queue_attributes(request.get("Attributes") or {}, name.endswith(".fifo"))
        if name.endswith(".fifo") and attributes.get("FifoQueue") != "true":
            raise invalid("The name of a queue that is not a FIFO queue can only include alphanumeric characters, "
                          "hyphens, or underscores.")
        known = self.queues.get(name)
        if known is not None:
            for key, value in attributes.items():
                if known.attributes.get(key) != value:
                    raise SqsError("QueueNameExists", "A queue already exists with the same name and a different value "
                                   f"for attribute {key}")
            return {"QueueUrl": self.url(name, call)}
        self._check_redrive(name, attributes)
        queue = Queue(name, self.arn(name), self.settings, time.time(), attributes)
        queue.attributes_changed = True
        self.queues[name] = queue
        return {"QueueUrl": self.url(name, call)}

    def _check_redrive(self, name: str, attributes: dict):
        if not attributes.get("RedrivePolicy"):
            return
        try:
            policy = json.loads(attributes["RedrivePolicy"])
            target, most = policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])
        except (ValueError, KeyError, TypeError):
            raise invalid(f"Value {attributes['RedrivePolicy']} for parameter RedrivePolicy is invalid. Reason: "
                          "Redrive policy is not a valid JSON map with deadLetterTargetArn and "
                          "maxReceiveCount.") from None
        queue = self.queues.get(target.rsplit(":", 1)[-1])
        if queue is None or queue.arn != target or not 1 <= most <= 1000:
            raise invalid(f"Value {attributes['RedrivePolicy']} for parameter RedrivePolicy is invalid. Reason: Dead "
                          "letter target does not exist, or maxReceiveCount is not between 1 and 1000.")
        if queue.is_fifo != name.endswith(".fifo"):
            raise invalid("Dead-letter queue must be of the same type as the source queue.")

    def do_Delete_Queue(self, request, _call):
        queue = self.queue(request)
        del self.queues[queue.name]
        for waiter in self._waiters.pop(queue.name, []):
            waiter.timer.cancel()
            waiter.call.fail(SqsError("QueueDoesNotExist", "The specified queue does not exist."))
        if self.store is not None:
            self.store.drop(queue)
        return {}

    def do_Get_Queue_Url(self, request, call):
        name = limits.queue_name(request.get("QueueName"))
        return {"QueueUrl": self.url(self.queue({"QueueUrl": name}).name, call)}

    def do_List_Queues(self, request, call):
        prefix = request.get("QueueNamePrefix") or ""
        names = sorted(name for name in self.queues if name.startswith(prefix))
        return {"QueueUrls": [self.url(name, call) for name in names[:1000]]} if names else {}

    def do_List_Dead_Letter_Source_Queues(self, request, call):
        target = self.queue(request)
        return {"queueUrls": [self.url(queue.name, call) for queue in self.queues.values()
                              if self._dead_letters(queue)[0] is target]}

    def do_Get_Queue_Attributes(self, request, _call):
        queue = self.queue(request)
        queue.advance(time.time())
        values = {**queue.attributes, "QueueArn": queue.arn, "CreatedTimestamp": str(int(queue.created_at)),
                  "LastModifiedTimestamp": str(int(queue.modified_at)),
                  "ApproximateNumberOfMessages": str(queue.counts[READY]),
                  "ApproximateNumberOfMessagesNotVisible": str(queue.counts[IN_FLIGHT]),
                  "ApproximateNumberOfMessagesDelayed": str(queue.counts[DELAYED])}
        names = request.get("AttributeNames") or []
        if "All" not in names:
            values = {name: values[name] for name in names if name in values}
        return {"Attributes": values} if values else {}

    def do_Set_Queue_Attributes(self, request, _call):
        queue = self.queue(request)
        attributes = limits.queue_attributes(request.get("Attributes") or {}, queue.is_fifo)
        self._check_redrive(queue.name, attributes)
        queue.attributes.update(attributes)
        for name in [name for name, value in queue.attributes.items() if value == ""]:
            del queue.attributes[name]
        queue.modified_at = time.time()
        queue.attributes_changed = True
        return {}

    def do_Purge_Queue(self, request, _call):
        self.queue(request).purge(time.time())
        return {}

    def do_Tag_Queue(self, request, _call):
        self.queue(request).tags.update(request.get("Tags") or {})
        return {}

    def do_Untag_Queue(self, request, _call):
        queue = self.queue(request)
        for key in request.get("TagKeys") or []:
            queue.tags.pop(key, None)
        return {}

    def do_List_Queue_Tags(self, request, _call):
        return {"Tags": dict(self.queue(request).tags)}

    # -- sending ------------------------------------------------------------------------------------------------------

    def do_Send_Message(self, request, call):
        return self._send(self.queue(request), request, call)

    def do_Send_Message_Batch(self, request, call):
        queue = self.queue(request)
        entries = limits.batch(request)
        size = sum(limits.message_size(entry) for entry in entries)
        if size > limits.MOST_BYTES:
            raise SqsError("BatchRequestTooLong", f"Batch requests cannot be longer than {limits.MOST_BYTES} bytes. "
                           f"You have sent {size} bytes.")
        return self._batch(entries, call, lambda entry: self._send(queue, entry, call))

    @staticmethod
    def _batch(entries: list, call, do) -> dict:
        """Each entry succeeds or fails on its own. `do` answers more members for its Successful entry, or None."""
        successful, failed = [], []
        for index, entry in enumerate(entries):
            try:
                call.fail_entry(index, entry)
                successful.append({"Id": entry["Id"], **(do(entry) or {})})
            except SqsError as error:
                failed.append(error.entry(entry["Id"]))
                call.note({"id": entry["Id"], "failed": error.query_code})
        result = {}
        if successful:
            result["Successful"] = successful
        if failed:
            result["Failed"] = failed
        return result

    def _send(self, queue: Queue, entry: dict, call) -> dict:
        limits.message(queue, entry)
        now = time.time()
        message = Message()
        message.body = entry["MessageBody"]
        raw = message.body.encode()
        message.body_md5 = hashlib.md5(raw, usedforsecurity=False).hexdigest()
        message.attributes = entry.get("MessageAttributes") or {}
        message.group = limits.identifier(entry, "MessageGroupId")
        message.deduplication_id = limits.identifier(entry, "MessageDeduplicationId")
        if queue.is_fifo and message.deduplication_id is None:
            message.deduplication_id = hashlib.sha256(raw).hexdigest()
        trace = (entry.get("MessageSystemAttributes") or {}).get("AWSTraceHeader")
        message.trace_header = trace.get("StringValue") if trace else None
        message.sent_at, message.sender = now, SENDER
        delay = limits.number_in(entry, "DelaySeconds", queue.number("DelaySeconds"), 0, 900)
        message_id, number = queue.send(message, now, delay)
        result = {"MessageId": message_id, "MD5OfMessageBody": message.body_md5}
        if message.attributes:
            result["MD5OfMessageAttributes"] = limits.attributes_md5(message.attributes, base64.b64decode)
        if queue.is_fifo:
            result["SequenceNumber"] = f"{number:020d}"
        call.note({"message": message_id, "duplicate": message_id != message.id})
        return result

    # -- receiving ----------------------------------------------------------------------------------------------------

    def do_Receive_Message(self, request, call):
        queue = self.queue(request)
        most = limits.number_in(request, "MaxNumberOfMessages", 1, 1, 10)
        limits.number_in(request, "VisibilityTimeout", 0, 0, 43200)
        wait = limits.number_in(request, "WaitTimeSeconds", queue.number("ReceiveMessageWaitTimeSeconds"), 0, 20)
        limits.identifier(request, "ReceiveRequestAttemptId")
        call.note({"most": most, "wait": wait})
        messages = self._receive(queue, request)
        if messages:
            return self._delivered(queue, messages, request, call)
        if wait == 0:
            queue.advance(time.time())
            if not queue.is_fifo and queue.counts[IN_FLIGHT] >= self.settings.in_flight_limit:
                raise SqsError("OverLimit", "Too many messages in flight: the maximum number of messages in flight is "
                               f"{self.settings.in_flight_limit}.")
            return {}
        waiter = Waiter(request, call, None)
        waiter.timer = asyncio.get_running_loop().call_later(wait, self._give_up, queue.name, waiter)
        self._waiters.setdefault(queue.name, []).append(waiter)
        return None

    def _dead_letters(self, queue: Queue) -> tuple[Queue | None, int]:
        policy = queue.attributes.get("RedrivePolicy")
        if not policy:
            return None, 0
        policy = json.loads(policy)
        return self.queues.get(policy["deadLetterTargetArn"].rsplit(":", 1)[-1]), int(policy["maxReceiveCount"])

    def _receive(self, queue: Queue, request: dict) -> list[Message]:
        now = time.time()
        visibility = request.get("VisibilityTimeout")
        if visibility is None:
            visibility = queue.number("VisibilityTimeout")
        attempt_id = request.get("ReceiveRequestAttemptId") if queue.is_fifo else None
        if attempt_id is not None:
            messages = queue.replay(attempt_id, now, visibility)
            if messages is not None:
                return messages
        messages = queue.take(now, request.get("MaxNumberOfMessages") or 1, visibility, *self._dead_letters(queue))
        if attempt_id is not None and messages:
            queue.remember_attempt(attempt_id, messages, now)
        return messages

    def _give_up(self, name: str, waiter: Waiter):
        self._waiters[name].remove(waiter)
        if not self._waiters[name]:
            del self._waiters[name]
        waiter.call.finish({})

    def end_polls(self):
        """Every receive that waits is answered now, with nothing."""
        for name in list(self._waiters):
            for waiter in list(self._waiters.get(name, ())):
                waiter.timer.cancel()
                self._give_up(name, waiter)

    def _serve(self, name: str) -> list:
        """(call, result) for those whose wait is over, longest first; looks again when the next message is visible."""
        queue, waiters, served = self.queues[name], self._waiters[name], []
        while waiters:
            messages = self._receive(queue, waiters[0].request)
            if not messages:
                break
            waiter = waiters.pop(0)
            waiter.timer.cancel()
            served.append((waiter.call, self._delivered(queue, messages, waiter.request, waiter.call)))
        if not waiters:
            del self._waiters[name]
        self._set_alarm(queue, bool(waiters))
        return served

    def _set_alarm(self, queue: Queue, is_wanted: bool):
        at = queue.next_deadline() if is_wanted else None
        known = self._alarms.get(queue.name)
        if known is not None and known[0] != at:
            known[1].cancel()
            del self._alarms[queue.name]
            known = None
        if at is not None and known is None:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(max(0.0, at - time.time()) + 0.001, self._alarm, queue.name)
            self._alarms[queue.name] = (at, timer)

    def _alarm(self, name: str):
        self._alarms.pop(name, None)
        if name in self._waiters:
            self.settle()

    def _delivered(self, queue: Queue, messages: list[Message], request: dict, call) -> dict:
        for message in messages:
            call.note({"message": message.id, "receive_count": message.receive_count})
        handles = [queue.handle(message) for message in messages]
        answer = [self._render(message, handle, request) for message, handle in zip(messages, handles)]
        for again in call.duplicates(messages):
            if again[1] == "batch":  # the same message a second time in this answer, with a handle of its own
                message = again[0]
                message.handle_number += 1
                message.receive_count += 1
                queue.changed.add(message)
                answer.append(self._render(message, queue.handle(message), request))
            else:  # visible to others at once, though it was given out
                queue.make_visible(again[0], time.time())
        return {"Messages": answer}

    @staticmethod
    def _render(message: Message, handle: str, request: dict) -> dict:
        result = {"MessageId": message.id, "ReceiptHandle": handle, "MD5OfBody": message.body_md5, "Body": message.body}
        wanted = {*(request.get("AttributeNames") or ()), *(request.get("MessageSystemAttributeNames") or ())}
        if wanted:
            values = {"SenderId": message.sender, "SentTimestamp": str(int(message.sent_at * 1000)),
                      "ApproximateReceiveCount": str(message.receive_count),
                      "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000))}
            if message.group is not None:
                values["MessageGroupId"] = message.group
            if message.deduplication_id is not None:
                values["MessageDeduplicationId"] = message.deduplication_id
                values["SequenceNumber"] = f"{message.number:020d}"
            if message.trace_header is not None:
                values["AWSTraceHeader"] = message.trace_header
            if message.source_arn is not None:
                values["DeadLetterQueueSourceArn"] = message.source_arn
            result["Attributes"] = values if "All" in wanted else {key: value for key, value in values.items()
                                                                   if key in wanted}
        chosen = _chosen(message.attributes, request.get("MessageAttributeNames") or ())
        if chosen:
            result["MessageAttributes"] = chosen
            result["MD5OfMessageAttributes"] = limits.attributes_md5(chosen, base64.b64decode)
        return result

    # -- settling -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _handle_of(entry: dict) -> str:
        handle = entry.get("ReceiptHandle")
        if not isinstance(handle, str) or handle == "":
            raise SqsError("MissingParameter", "The request must contain the parameter ReceiptHandle.")
        return handle

    def _delete(self, queue: Queue, entry: dict, call):
        message_id = queue.delete(self._handle_of(entry), time.time())
        call.note({"message": message_id, "deleted": message_id not in queue.messages})

    def do_Delete_Message(self, request, call):
        self._delete(self.queue(request), request, call)
        return {}

    def do_Delete_Message_Batch(self, request, call):
        queue = self.queue(request)
        return self._batch(limits.batch(request), call, lambda entry: self._delete(queue, entry, call))

    def _change(self, queue: Queue, entry: dict, call):
        timeout = entry.get("VisibilityTimeout")
        if timeout is None:
            raise SqsError("MissingParameter", "The request must contain the parameter VisibilityTimeout.")
        limits.number_in(entry, "VisibilityTimeout", 0, 0, 43200)
        message_id = queue.change_visibility(self._handle_of(entry), timeout, time.time())
        call.note({"message": message_id, "visibility": timeout})

    def do_Change_Message_Visibility(self, request, call):
        self._change(self.queue(request), request, call)
        return {}

    def do_Change_Message_Visibility_Batch(self, request, call):
        queue = self.queue(request)
        return self._batch(limits.batch(request), call, lambda entry: self._change(queue, entry, call))


def _chosen(attributes: dict, names) -> dict:
    """The attributes that MessageAttributeNames asks for: All, .*, a name, or a prefix followed by .*"""
    if not attributes or not names:
        return {}
    if "All" in names or ".*" in names:
        return attributes
    patterns = [re.escape(name[:-2]) + r"(\..*)?" if name.endswith(".*") else re.escape(name) for name in names]
    return {name: value for name, value in attributes.items() if any(re.fullmatch(one, name) for one in patterns)}
