"""A collector of OpenTelemetry traces: OTLP over HTTP, read with the official messages, so that a field of another name or
type is an error."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ferrystack.process import wait_until

_IDS = ("traceId", "spanId", "parentSpanId")


def _with_base64_ids(value):
    """OTLP writes IDs in hexadecimal, where JSON of protobuf messages has base64."""
    if isinstance(value, dict):
        return {key: base64.b64encode(bytes.fromhex(inner)).decode() if key in _IDS else _with_base64_ids(inner)
                for key, inner in value.items()}
    return [_with_base64_ids(inner) for inner in value] if isinstance(value, list) else value


def _attributes(pairs) -> dict:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def decode(body: bytes) -> list[dict]:
    message = json_format.ParseDict(_with_base64_ids(json.loads(body)), ExportTraceServiceRequest())
    found = []
    for resource in message.resource_spans:
        of_resource = _attributes(resource.resource.attributes)
        for span in [span for scope in resource.scope_spans for span in scope.spans]:
            found.append({"service": of_resource["service.name"], "resource": of_resource, "name": span.name,
                          "trace": span.trace_id.hex(), "id": span.span_id.hex(), "parent": span.parent_span_id.hex(),
                          "kind": span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"), "state": span.trace_state,
                          "attributes": _attributes(span.attributes), "events": [event.name for event in span.events],
                          "links": [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
                          "failed": span.status.code == span.status.STATUS_CODE_ERROR, "message": span.status.message,
                          "start": span.start_time_unix_nano, "end": span.end_time_unix_nano})
    return found


class Collector:
    """`status` is what every request is answered with; while `hold` is set none is answered."""

    def __init__(self):
        self.spans, self.problems, self.requests, self.headers = [], [], 0, {}
        self.status, self.hold = 200, threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                outer._take(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def environment(self, **more) -> dict:
        """Of services that send here, and soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "50", **more}

    def _take(self, handler: BaseHTTPRequestHandler, body: bytes):
        released = not self.hold.is_set()
        with self._lock:
            self.requests += 1
            self.headers = dict(handler.headers)
            if released and self.status == 200:
                try:
                    assert handler.path == "/v1/traces" and handler.headers["Content-Type"] == "application/json"
                    self.spans += decode(body)
                except Exception as problem:  # noqa: BLE001
                    self.problems.append(f"{problem!r}: {body[:2000]!r}")
        while self.hold.is_set():
            threading.Event().wait(0.05)
        answer = b"{}"
        handler.send_response(self.status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    def all(self) -> list[dict]:
        with self._lock:
            assert not self.problems, self.problems
            return list(self.spans)

    def of_trace(self, trace: str) -> list[dict]:
        return sorted((span for span in self.all() if span["trace"] == trace), key=lambda span: span["start"])

    def wait_for(self, trace: str, *names: str, timeout: float = 30) -> dict[str, dict]:
        """The trace's spans by name, once all of these are there; of several with a name the first."""
        def found():
            spans = {}
            for span in self.of_trace(trace):
                spans.setdefault(span["name"], span)
            return spans if set(names) <= set(spans) else None
        try:
            return wait_until(found, timeout, f"spans {names} of trace {trace}", 0.05)
        except Exception as missing:
            raise AssertionError(f"{missing}; there are {[(s['service'], s['name']) for s in self.all()]}") from None

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.hold.clear()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
        assert not self.problems, self.problems
