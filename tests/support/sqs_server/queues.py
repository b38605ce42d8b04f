"""The rules of queues, standard and FIFO: what is visible to whom and when. No sockets, no clock: time is passed in.

A message is DELAYED, READY or IN_FLIGHT. Heaps hold entries that may be out of date; each is checked when it comes up.
Times are seconds since 1970, so that they mean the same after a restart.
"""

import base64
import hashlib
import heapq
import itertools
import uuid

from .errors import SqsError, invalid

DELAYED, READY, IN_FLIGHT = "delayed", "ready", "in flight"
# AWS's SequenceNumber has 20 digits and does not fit into 64 bits.
FIRST_SEQUENCE_NUMBER, SEQUENCE_STEP = 18849496460467696128, 256
# A standard message that was received so often without being deleted moves to the back of its queue.
BACK_OF_QUEUE_RECEIVES = 3

DEFAULT_ATTRIBUTES = {
    "VisibilityTimeout": "30", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true",
}
_tie = itertools.count()


class Message:
    __slots__ = ("id", "body", "body_md5", "attributes", "trace_header", "group", "deduplication_id", "number", "order",
                 "sent_at", "first_received_at", "received_at", "receive_count", "handle_number", "visible_at", "state",
                 "source_arn", "sender", "is_gone", "changes")

    def __init__(self):
        self.id = str(uuid.uuid4())
        self.attributes, self.trace_header, self.group, self.deduplication_id = {}, None, None, None
        self.first_received_at, self.received_at, self.receive_count, self.handle_number = None, None, 0, 0
        self.source_arn, self.state, self.is_gone, self.order, self.changes = None, None, False, 0, 0


class Group:
    """One MessageGroupId of a FIFO queue: its waiting messages by number, and how many are in flight (its lock)."""
    __slots__ = ("waiting", "in_flight")

    def __init__(self):
        self.waiting, self.in_flight = [], 0

    def head(self) -> Message | None:
        while self.waiting:
            message = self.waiting[0][1]
            if not message.is_gone and message.state != IN_FLIGHT:
                return message
            heapq.heappop(self.waiting)
        return None


class Attempt:
    """What a ReceiveRequestAttemptId was answered with: (message, number of its handle, its changes by then)."""
    __slots__ = ("at", "deliveries")

    def __init__(self, at: float, deliveries: list):
        self.at, self.deliveries = at, deliveries


class Queue:
    def __init__(self, name: str, arn: str, settings, now: float, attributes: dict | None = None):
        self.name, self.arn, self.settings = name, arn, settings
        self.is_fifo = name.endswith(".fifo")
        self.attributes = {**DEFAULT_ATTRIBUTES, **(attributes or {})}
        self.created_at = self.modified_at = now
        self.purged_at = 0.0
        self.messages: dict[str, Message] = {}
        self.counts = {DELAYED: 0, READY: 0, IN_FLIGHT: 0}
        self.next_number = 0
        self.next_order = 0
        self._ready = []  # standard: (order, tie, message)
        self._groups: dict[str, Group] = {}
        self._free_groups = []  # FIFO: (number of the head, name of a group without lock)
        self._timers = []  # (visible_at, tie, message)
        self.sent_ids: dict[tuple, tuple] = {}  # deduplication: key -> (time, message id, number)
        self.attempts: dict[str, Attempt] = {}
        # What the store has not seen yet.
        self.changed: set[Message] = set()
        self.changed_sent_ids: list[tuple] = []
        self.changed_attempts: list[str] = []
        self.attributes_changed = False
        self.tags: dict[str, str] = {}

    def number(self, name: str) -> int:
        return int(self.attributes[name])

    def forget_changes(self):
        self.changed.clear()
        self.changed_sent_ids.clear()
        self.changed_attempts.clear()
        self.attributes_changed = False

    # -- a message's way ----------------------------------------------------------------------------------------------

    def add(self, message: Message, now: float, delay: float = 0):
        """A new message; number and order are the queue's to give."""
        message.number = FIRST_SEQUENCE_NUMBER + SEQUENCE_STEP * self.next_number
        self.next_number += 1
        message.visible_at = now + delay
        message.state = None
        message.is_gone = False
        self.messages[message.id] = message
        message.order = self._new_order()
        self._enter(message, DELAYED if delay > 0 else READY)

    def restore(self, message: Message):
        """A message as the store had it."""
        state, message.state = message.state, None
        self.messages[message.id] = message
        self.next_order = max(self.next_order, message.order + 1)
        self._enter(message, state)
        self.changed.discard(message)

    def _new_order(self) -> int:
        self.next_order += 1
        return self.next_order

    def _enter(self, message: Message, state: str):
        """Every change of state goes through here."""
        before = message.state
        if before is not None:
            self.counts[before] -= 1
        message.state = state
        self.counts[state] += 1
        self.changed.add(message)
        if state != READY:
            heapq.heappush(self._timers, (message.visible_at, next(_tie), message))
        if not self.is_fifo:
            if state == READY:
                heapq.heappush(self._ready, (message.order, next(_tie), message))
            return
        group = self._groups.setdefault(message.group, Group())
        if before == IN_FLIGHT:
            group.in_flight -= 1
        if state == IN_FLIGHT:
            group.in_flight += 1
        elif before != DELAYED:  # a delayed one waits in its place already
            heapq.heappush(group.waiting, (message.number, message))
        self._free(message.group, group)

    def _free(self, name: str, group: Group):
        """Offers the group's head, unless the group is locked."""
        if group.in_flight > 0:
            return
        head = group.head()
        if head is None:
            self._groups.pop(name, None)
        elif head.state == READY:
            heapq.heappush(self._free_groups, (head.number, name))

    def remove(self, message: Message):
        if message.is_gone:
            return
        message.is_gone = True
        self.counts[message.state] -= 1
        self.messages.pop(message.id, None)
        self.changed.add(message)
        if self.is_fifo:
            group = self._groups.get(message.group)
            if message.state == IN_FLIGHT:
                group.in_flight -= 1
            if group is not None:
                self._free(message.group, group)

    def make_visible(self, message: Message, now: float):
        message.visible_at = now
        if not self.is_fifo and message.receive_count >= BACK_OF_QUEUE_RECEIVES:
            message.order = self._new_order()
        self._enter(message, READY)

    def advance(self, now: float):
        """Delays and visibilities that are over."""
        timers = self._timers
        while timers and timers[0][0] <= now:
            at, _, message = heapq.heappop(timers)
            if not message.is_gone and message.state != READY and message.visible_at == at:
                self.make_visible(message, at)

    def next_deadline(self) -> float | None:
        timers = self._timers
        while timers:
            at, _, message = timers[0]
            if not message.is_gone and message.state != READY and message.visible_at == at:
                return at
            heapq.heappop(timers)
        return None

    # -- receiving ----------------------------------------------------------------------------------------------------

    def take(self, now: float, most: int, visibility: float, dead_letters: "Queue | None", most_receives: int) -> list:
        """Up to `most` messages, in flight from now on: of FIFO queues as many of one group as possible, then others.
        What was received too often already goes to the dead letters instead."""
        self.advance(now)
        taken = []
        while len(taken) < most and self.counts[IN_FLIGHT] < self.settings.in_flight_limit:
            message = self._next_ready(taken)
            if message is None:
                break
            if now - message.sent_at > self.number("MessageRetentionPeriod"):
                self.remove(message)
            elif dead_letters is not None and message.receive_count >= most_receives:
                self._move(message, dead_letters, now)
            else:
                self._deliver(message, now, visibility)
                taken.append(message)
        if visibility <= 0:
            for message in taken:
                self.make_visible(message, now)
        return taken

    def _next_ready(self, taken: list) -> Message | None:
        if not self.is_fifo:
            while self._ready:
                order, _, message = heapq.heappop(self._ready)
                if not message.is_gone and message.state == READY and message.order == order:
                    return message
            return None
        if taken:  # more of the group that this receive itself locked
            head = self._head_of(taken[-1].group)
            if head is not None:
                return head
        while self._free_groups:
            number, name = heapq.heappop(self._free_groups)
            group = self._groups.get(name)
            if group is not None and group.in_flight == 0:
                head = group.head()
                if head is not None and head.state == READY and head.number == number:
                    heapq.heappop(group.waiting)
                    return head
        return None

    def _head_of(self, name: str) -> Message | None:
        group = self._groups.get(name)
        head = group.head() if group is not None else None
        if head is None or head.state != READY:
            return None
        heapq.heappop(group.waiting)
        return head

    def _deliver(self, message: Message, now: float, visibility: float):
        message.receive_count += 1
        message.handle_number += 1
        message.received_at = now
        if message.first_received_at is None:
            message.first_received_at = now
        message.visible_at = now + visibility
        self._enter(message, IN_FLIGHT)

    def _move(self, message: Message, dead_letters: "Queue", now: float):
        """SQS's own redrive: the MessageId stays, and so does the time of sending on a standard queue."""
        copy = Message()
        for name in ("id", "body", "body_md5", "attributes", "trace_header", "group", "deduplication_id", "sent_at",
                     "first_received_at", "receive_count", "handle_number", "sender"):
            setattr(copy, name, getattr(message, name))
        if self.is_fifo:
            copy.sent_at = now
        copy.source_arn = self.arn
        self.remove(message)
        dead_letters.add(copy, now)

    def replay(self, attempt_id: str, now: float, visibility: float) -> list | None:
        """The messages of an earlier receive with this ReceiveRequestAttemptId, with the same handles and a visibility
        that starts anew; None where there was none or one of them was deleted, changed or given out since."""
        attempt = self.attempts.get(attempt_id)
        if attempt is None:
            return None
        self.advance(now)
        is_whole = now - attempt.at <= self.settings.deduplication_window and all(
            not message.is_gone and message.state == IN_FLIGHT and message.handle_number == handle_number
            and message.changes == changes for message, handle_number, changes in attempt.deliveries)
        if not is_whole:
            del self.attempts[attempt_id]
            return None
        for message, _, _ in attempt.deliveries:
            message.visible_at = now + visibility
            self._enter(message, IN_FLIGHT)
        return [message for message, _, _ in attempt.deliveries]

    def remember_attempt(self, attempt_id: str, messages: list, now: float):
        self._forget_old(self.attempts, now, lambda attempt: attempt.at)
        deliveries = [(message, message.handle_number, message.changes) for message in messages]
        self.attempts[attempt_id] = Attempt(now, deliveries)
        self.changed_attempts.append(attempt_id)

    def _forget_old(self, entries: dict, now: float, time_of):
        """Dictionaries keep the order in which they were filled: the old ones come first."""
        window = self.settings.deduplication_window
        while entries:
            key = next(iter(entries))
            if now - time_of(entries[key]) <= window:
                return
            del entries[key]

    # -- sending ------------------------------------------------------------------------------------------------------

    def send(self, message: Message, now: float, delay: float) -> tuple[str, int]:
        """(MessageId, number): those of the first one where this is its duplicate."""
        if not self.is_fifo:
            self.add(message, now, delay)
            return message.id, message.number
        by_group = self.attributes.get("DeduplicationScope") == "messageGroup"
        key = (message.group if by_group else None, message.deduplication_id)
        self._forget_old(self.sent_ids, now, lambda entry: entry[0])
        known = self.sent_ids.get(key)
        if known is not None and now - known[0] <= self.settings.deduplication_window:
            return known[1], known[2]
        self.add(message, now, delay)
        self.sent_ids.pop(key, None)
        self.sent_ids[key] = (now, message.id, message.number)
        self.changed_sent_ids.append(key)
        return message.id, message.number

    # -- receipt handles ----------------------------------------------------------------------------------------------

    def handle(self, message: Message) -> str:
        text = f"{message.id} {message.handle_number}"
        return base64.b64encode(f"{text} {self._seal(text)}".encode()).decode()

    def _seal(self, text: str) -> str:
        return hashlib.sha256(f"{self.arn} {text}".encode()).hexdigest()[:12]

    def open_handle(self, handle) -> tuple[str, int]:
        """(MessageId, number of the receive). ReceiptHandleIsInvalid for what this queue never gave out."""
        try:
            message_id, number, seal = base64.b64decode(handle, validate=True).decode().split(" ")
            if seal == self._seal(f"{message_id} {number}"):
                return message_id, int(number)
        except (ValueError, TypeError):
            pass
        raise SqsError("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.')

    def _expired(self, handle: str) -> SqsError:
        return SqsError(self.settings.expired_handle_error, f"Value {handle} for parameter ReceiptHandle is invalid. "
                        "Reason: The receipt handle has expired.")

    def delete(self, handle: str, now: float) -> str:
        """The MessageId. Deleting what is gone succeeds. A stale handle deletes nothing: on a standard queue the answer
        is success all the same, a FIFO queue refuses it, and one whose visibility is over, too."""
        self.advance(now)
        message_id, number = self.open_handle(handle)
        message = self.messages.get(message_id)
        if message is None:
            return message_id
        is_newest = message.handle_number == number
        if self.is_fifo and not (is_newest and message.state == IN_FLIGHT):
            raise self._expired(handle)
        if is_newest:
            if now - message.received_at > self.settings.visibility_limit:
                raise self._expired(handle)
            self.remove(message)
        return message_id

    def change_visibility(self, handle: str, timeout: int, now: float) -> str:
        """The MessageId. Counts from now; never beyond the limit since the receive, and never clamped to it."""
        self.advance(now)
        message_id, number = self.open_handle(handle)
        message = self.messages.get(message_id)
        if message is not None and message.handle_number != number:
            raise SqsError("ReceiptHandleIsInvalid", f"Value {handle} for parameter ReceiptHandle is invalid. "
                           "Reason: The receipt handle has expired.")
        if message is None or message.state != IN_FLIGHT:
            raise SqsError("MessageNotInflight", f"Value {handle} for parameter ReceiptHandle is invalid. Reason: "
                           "Message does not exist or is not available for visibility timeout change.")
        limit = self.settings.visibility_limit
        if now - message.received_at + timeout > limit:
            raise invalid(f"Value {timeout} for parameter VisibilityTimeout is invalid. Reason: Total "
                          f"VisibilityTimeout for the message is beyond the limit [{limit:g} seconds].")
        message.changes += 1
        if timeout == 0:
            self.make_visible(message, now)
        else:
            message.visible_at = now + timeout
            self._enter(message, IN_FLIGHT)
        return message_id

    def purge(self, now: float):
        if now - self.purged_at < self.settings.purge_interval:
            raise SqsError("PurgeQueueInProgress", f"Only one PurgeQueue operation on {self.name} is allowed every "
                           f"{self.settings.purge_interval:g} seconds.")
        self.purged_at = now
        for message in list(self.messages.values()):
            self.remove(message)
