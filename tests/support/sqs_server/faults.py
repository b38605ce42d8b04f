"""What goes wrong on purpose. A fault is a JSON object that POST /_control adds:

    kind      what happens, see KINDS
    action    one of SQS's actions or a list of them; queue: a queue's name or URL; body: a part of a message's body.
              All optional: a fault without them meets every call that its kind is about.
    skip, times   lets the first `skip` of the calls that match pass, then happens `times` times
                  (default: until cleared)
    when      "before" or "after" the effect took place; each kind has its default
    receives  which ReceiveMessage calls count: "messages" (those that bring some), "empty" or "any".
              Default "messages" for what happens after the effect or names a body, else "any".

KINDS
    error          status, code, message, sender_fault, headers: an error in AWS's own form
    raw            status, content, content_type, headers: these bytes (an HTML page, malformed JSON …)
    truncate       bytes: the answer breaks off after so many bytes of body
    length         delta: the answer's Content-Length is wrong by so much
    black_hole     never answers, and keeps the connection
    delay          seconds
    close          reset: the connection ends, with a RST if asked to
    corrupt        what: "body", "md5", "attributes_md5" or "attributes" of the messages of a receive
    fail_entries   code, message, sender_fault, entries: indices (default: all): entries of a batch that fail
    duplicate      how: "again" (the messages stay visible to others) or "batch" (twice in one answer)
    members        set, append, message: members of the answer replaced, lists made longer, members added to messages
"""

from .errors import SqsError

AFTER_BY_DEFAULT = {"truncate", "length", "corrupt", "duplicate", "members"}
KINDS = AFTER_BY_DEFAULT | {"error", "raw", "black_hole", "delay", "close", "fail_entries"}
_GENERAL = {"kind", "action", "queue", "body", "skip", "times", "when", "receives"}
_OWN = {
    "error": {"status", "code", "message", "sender_fault", "headers"},
    "raw": {"status", "content", "content_type", "headers"},
    "truncate": {"bytes"}, "length": {"delta"}, "black_hole": set(),
    "delay": {"seconds"}, "close": {"reset"}, "corrupt": {"what"},
    "fail_entries": {"code", "message", "sender_fault", "entries"}, "duplicate": {"how"},
    "members": {"set", "append", "message"},
}


# What a kind is about, where the fault itself names no action.
_ACTIONS = {"corrupt": {"ReceiveMessage"}, "duplicate": {"ReceiveMessage"},
            "fail_entries": {"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}}


class Fault:
    def __init__(self, number: int, members: dict):
        kind = members.get("kind")
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}, not one of {', '.join(sorted(KINDS))}")
        unknown = set(members) - _GENERAL - _OWN[kind]
        if unknown:
            raise ValueError(f"a fault of kind {kind} has no {', '.join(sorted(unknown))}")
        self.number, self.kind, self.members = number, kind, members
        actions = members.get("action")
        self.actions = {actions} if isinstance(actions, str) else set(actions or _ACTIONS.get(kind, ()))
        self.queue = (members.get("queue") or "").rsplit("/", 1)[-1]
        self.body = members.get("body")
        self.skip, self.times = members.get("skip", 0), members.get("times")
        self.when = members.get("when") or ("after" if kind in AFTER_BY_DEFAULT else "before")
        self.hits = 0

    def get(self, name: str, default=None):
        return self.members.get(name, default)

    def _receives(self) -> str:
        is_late = self.when == "after" and self.kind != "members"
        return self.get("receives") or ("messages" if is_late or self.body is not None else "any")

    def is_known_late(self, call) -> bool:
        """Whether only the result of a receive can tell if this fault is meant."""
        return call.action == "ReceiveMessage" and self._receives() != "any"

    def matches(self, call, bodies: list, result: dict | None) -> bool:
        if self.actions and call.action not in self.actions or self.queue and call.queue_name != self.queue:
            return False
        if self.body is not None and not any(self.body in body for body in bodies):
            return False
        if result is not None and call.action == "ReceiveMessage":
            has_messages = bool(result.get("Messages"))
            if self._receives() != "any" and has_messages != (self._receives() == "messages"):
                return False
        return self.times is None or self.times > 0

    def hit(self) -> bool:
        """Counts a call that matches; whether it happens to this one."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.hits += 1
        return True

    def error(self) -> SqsError:
        return SqsError(self.get("code", "InternalFailure"), self.get("message", "scripted fault"), self.get("status"),
                        self.get("sender_fault"))


class Faults:
    def __init__(self):
        self._faults: list[Fault] = []
        self._next_number = 1

    def add(self, members: dict) -> int:
        fault = Fault(self._next_number, members)
        self._next_number += 1
        self._faults.append(fault)
        return fault.number

    def clear(self, number: int | None = None):
        self._faults = [fault for fault in self._faults if number is not None and fault.number != number]

    def describe(self) -> list[dict]:
        return [{**fault.members, "number": fault.number, "hits": fault.hits, "times": fault.times}
                for fault in self._faults]

    def for_call(self, call, bodies: list) -> list[Fault]:
        """Those that can be chosen before the effect."""
        return [fault for fault in self._faults
                if not fault.is_known_late(call) and fault.matches(call, bodies, None) and fault.hit()]

    def for_result(self, call, result: dict) -> list[Fault]:
        """Those that only the result of a receive decides about."""
        if call.action != "ReceiveMessage" or not self._faults:
            return []
        bodies = [message["Body"] for message in result.get("Messages") or ()]
        return [fault for fault in self._faults
                if fault.is_known_late(call) and fault.matches(call, bodies, result) and fault.hit()]


def corrupt(fault: Fault, result: dict):
    """Changes what a receive answers; the queue keeps the messages as they are."""
    for message in result.get("Messages") or ():
        if fault.body is not None and fault.body not in message["Body"]:
            continue
        what = fault.get("what", "md5")
        if what == "body":
            message["Body"] = message["Body"][:-1] + ("x" if message["Body"][-1] != "x" else "y")
        elif what == "md5":
            message["MD5OfBody"] = message["MD5OfBody"][::-1]
        elif what == "attributes_md5" and "MD5OfMessageAttributes" in message:
            message["MD5OfMessageAttributes"] = message["MD5OfMessageAttributes"][::-1]
        elif what == "attributes" and "MessageAttributes" in message:
            message["MessageAttributes"] = {
                name: {**value, "StringValue": value["StringValue"] + "x"} if "StringValue" in value else value
                for name, value in message["MessageAttributes"].items()}


def change_members(fault: Fault, result: dict):
    result.update(fault.get("set") or {})
    for name, more in (fault.get("append") or {}).items():
        result[name] = [*(result.get(name) or []), *more]
    for message in result.get("Messages") or ():
        message.update(fault.get("message") or {})
