"""From a request to its answer: signature, faults, action, journal; and the control API.

    POST /_control         {"faults": [...], "clear": true | number, "settings": {...}, "credentials": {...},
                            "end_polls": true}
    GET  /_control/state   {"messages": [...], "waiting": n, "faults": [...], "journal": [...]}
                           ?queue=name: only what is about that queue; ?action=name: only such calls; ?since=n: only
                           calls after number n; ?messages=0, ?journal=0: without them
    GET  /_control/health
"""

import asyncio
import collections
import json
import time
import urllib.parse
import uuid

from . import faults as faulty
from .actions import Service
from .errors import SqsError
from .signature import Verifier
from .wire import Connection, Request

JSON = "application/x-amz-json-1.0"


class Call:
    """One call on its way. Finishes at most once: a black hole never does."""

    def __init__(self, server: "Server", request: Request, connection: Connection):
        self._server, self._connection = server, connection
        self.host = request.headers.get("host", "127.0.0.1")
        self.action = request.headers.get("x-amz-target", "").rpartition(".")[2]
        self.request: dict = {}
        self.queue_name = ""
        self.faults: list[faulty.Fault] = []
        self.is_given_up = False
        self.record = {"action": self.action, "queue": "", "started": time.time(), "finished": None, "status": None,
                       "entries": []}

    def note(self, entry: dict):
        self.record["entries"].append(entry)

    # -- what faults do while the action runs -------------------------------------------------------------------------

    def fail_entry(self, index: int, entry: dict):
        for fault in self.faults:
            if fault.kind != "fail_entries" or index not in fault.get("entries", (index,)):
                continue
            bodies = self._server.bodies({"Entries": [entry]}, self)
            if fault.body is None or any(fault.body in body for body in bodies):
                raise fault.error()

    def duplicates(self, messages: list) -> list:
        """(message, how) of those that are given out twice."""
        late = self._server.faults.for_result(self, {"Messages": [{"Body": message.body} for message in messages]})
        self.faults += late
        return [(message, fault.get("how", "again")) for fault in self.faults if fault.kind == "duplicate"
                for message in messages if fault.body is None or fault.body in message.body]

    # -- answers ------------------------------------------------------------------------------------------------------

    def fail(self, error: SqsError, headers: dict | None = None):
        self.record["code"] = error.query_code
        self._respond(error.status, error.body(), {**error.headers(), **(headers or {})})

    def finish(self, result: dict):
        if self.action == "ReceiveMessage" and not result.get("Messages"):
            self.faults += self._server.faults.for_result(self, result)
        for fault in self.faults:
            if fault.kind == "corrupt":
                faulty.corrupt(fault, result)
            elif fault.kind == "members":
                faulty.change_members(fault, result)
        late = [fault for fault in self.faults if fault.when == "after"]
        self._server.step(self, late, lambda: self._respond(200, result, {}))

    def end(self, fault: faulty.Fault):
        """What a fault puts in the place of the answer, or of effect and answer."""
        self.record["finished"] = time.time()
        if fault.kind == "error":
            self.fail(fault.error(), fault.get("headers"))
        elif fault.kind == "raw":
            self.record["status"] = fault.get("status", 200)
            headers = {"Content-Type": fault.get("content_type", "text/html"), **(fault.get("headers") or {})}
            self._connection.respond(self.record["status"], headers, fault.get("content", "").encode())
        elif fault.kind == "close":
            self._connection.abort(bool(fault.get("reset")))

    def _respond(self, status: int, body: dict, headers: dict):
        self.record["finished"], self.record["status"] = time.time(), status
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        length = sent = None
        for fault in self.faults:
            if fault.kind == "truncate":
                sent = min(fault.get("bytes", len(raw) // 2), len(raw))
            elif fault.kind == "length":
                length = max(0, len(raw) + fault.get("delta", -1))
        headers = {"Content-Type": JSON, "x-amzn-RequestId": str(uuid.uuid4()), **headers}
        self._connection.respond(status, headers, raw, length, sent)


class Server:
    MOST_JOURNAL = 50000

    def __init__(self, service: Service, verifier: Verifier):
        self.service, self.verifier = service, verifier
        self.settings = service.settings
        self.faults = faulty.Faults()
        self.journal = collections.deque(maxlen=self.MOST_JOURNAL)
        self._next_number = 1

    def clock(self) -> float:
        return time.time() + self.settings.clock_offset

    def connection(self) -> Connection:
        return Connection(self.handle, self.clock)

    def handle(self, request: Request, connection: Connection):
        if request.target.startswith("/_control"):
            self._control(request, connection)
            return
        call = Call(self, request, connection)
        call.record["number"] = self._next_number
        self._next_number += 1
        self.journal.append(call.record)
        try:
            if self.settings.check_signatures:
                self.verifier.check(request, self.clock())
            self._parse(request, call)
        except SqsError as error:
            call.fail(error)
            return
        call.faults = self.faults.for_call(call, self.bodies(call.request, call))
        early = [fault for fault in call.faults if fault.when == "before"]
        self.step(call, early, lambda: self._perform(call))

    @staticmethod
    def _parse(request: Request, call: Call):
        if request.method != "POST" or not request.headers.get("x-amz-target", "").startswith("AmazonSQS."):
            raise SqsError("UnknownOperation", "Only POST with X-Amz-Target: AmazonSQS.… is served here.")
        try:
            call.request = json.loads(request.body or b"{}")
        except ValueError:
            raise SqsError("Serialization", "The body is not JSON.") from None
        if not isinstance(call.request, dict):
            raise SqsError("Serialization", "The body is not a JSON object.")
        url = call.request.get("QueueUrl") or call.request.get("QueueName")
        call.queue_name = url.rsplit("/", 1)[-1] if isinstance(url, str) else ""
        call.record["queue"] = call.queue_name
        if "ReceiveRequestAttemptId" in call.request:
            call.record["attempt_id"] = call.request["ReceiveRequestAttemptId"]

    def _perform(self, call: Call):
        try:
            self.service.perform(call)
        except SqsError as error:
            call.fail(error)

    def step(self, call: Call, faults: list, go_on):
        """Applies faults one after the other, then goes on, unless one of them was the end."""
        for index, fault in enumerate(faults):
            call.record.setdefault("faults", []).append(fault.kind)
            if fault.kind == "delay":
                rest = faults[index + 1:]
                asyncio.get_running_loop().call_later(fault.get("seconds", 1), self.step, call, rest, go_on)
                return
            if fault.kind in ("error", "raw", "close", "black_hole"):
                call.end(fault)
                return
        go_on()

    def bodies(self, request: dict, call: Call) -> list[str]:
        """The bodies of the messages that a call is about, as far as the request tells."""
        queue = self.service.queues.get(call.queue_name)
        bodies = []
        for entry in [request, *(request.get("Entries") or ())]:
            if isinstance(entry.get("MessageBody"), str):
                bodies.append(entry["MessageBody"])
            elif queue is not None and "ReceiptHandle" in entry:
                try:
                    message = queue.messages.get(queue.open_handle(entry["ReceiptHandle"])[0])
                except SqsError:
                    continue
                if message is not None:
                    bodies.append(message.body)
        return bodies

    # -- control ------------------------------------------------------------------------------------------------------

    def _control(self, request: Request, connection: Connection):
        try:
            if request.method == "POST":
                answer = self._change(json.loads(request.body))
            elif request.target.startswith("/_control/state"):
                query = urllib.parse.parse_qs(request.target.partition("?")[2])
                answer = self._state({name: values[-1] for name, values in query.items()})
            else:
                answer = {}
            status = 200
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            status, answer = 400, {"message": str(error)}
        connection.respond(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def _change(self, wanted: dict) -> dict:
        clear = wanted.get("clear")
        if clear is not None:
            self.faults.clear(None if clear is True else clear)
        for name, value in (wanted.get("settings") or {}).items():
            if not hasattr(self.settings, name):
                raise ValueError(f"there is no setting {name}")
            setattr(self.settings, name, value)
        credentials = wanted.get("credentials")
        if credentials is not None:
            self.verifier = Verifier(credentials["access_key"], credentials["secret_key"],
                                     credentials.get("session_token"), self.service.region)
        if wanted.get("end_polls"):
            self.service.end_polls()
        return {"faults": [self.faults.add(fault) for fault in wanted.get("faults") or ()]}

    def _state(self, query: dict) -> dict:
        now, messages, journal = time.time(), [], []
        for queue in self.service.queues.values():
            if query.get("messages") != "0" and query.get("queue", queue.name) == queue.name:
                queue.advance(now)
                messages += [_describe(queue.name, message) for message in queue.messages.values()]
        self.service.settle()
        if query.get("journal") != "0":
            since = int(query.get("since", 0))
            journal = [record for record in self.journal if record["number"] > since
                       and query.get("queue", record["queue"]) == record["queue"]
                       and query.get("action", record["action"]) == record["action"]]
        return {"now": now, "messages": messages, "waiting": self.service.waiting(), "faults": self.faults.describe(),
                "last_number": self._next_number - 1, "journal": journal}


def _describe(queue_name: str, message) -> dict:
    return {"queue": queue_name, "id": message.id, "body": message.body, "state": message.state, "group": message.group,
            "receive_count": message.receive_count, "visible_at": message.visible_at,
            "sequence_number": f"{message.number:020d}", "deduplication_id": message.deduplication_id,
            "attributes": message.attributes}
