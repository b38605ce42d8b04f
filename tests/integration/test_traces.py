"""One trace from the message's sender to the activity, as a collector sees it; and what becomes of messages when the
collector is not there."""

import asyncio
import secrets
import uuid
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.opentelemetry import TracingInterceptor

from collector import Collector
from ferrystack.process import free_port, wait_until
from gateway_world import Workers, batch, event, gateway_for, post
from http_request import request


@pytest.fixture
def collector():
    with Collector() as running:
        yield running


class Sender:
    """Whoever has sent a message or made a request: a context of its own."""

    def __init__(self, flags: str = "01"):
        self.trace, self.span = secrets.token_hex(16), secrets.token_hex(8)
        self.traceparent = f"00-{self.trace}-{self.span}-{flags}"

    def attributes(self, **more) -> dict:
        texts = {"traceparent": self.traceparent, **more}
        return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}


def assert_inside(inner: dict, outer: dict):
    assert outer["start"] <= inner["start"] and inner["end"] <= outer["end"], (inner, outer)


def metric(port: int, name: str) -> float:
    text = request("GET", f"http://127.0.0.1:{port}/metrics").body.decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.partition("{")[0].split(" ")[0] == name)


FORWARD = "POST /v1/routes/{route}/events"
WORK = ["RunWorkflow:helloWorld", "StartActivity:helloWorldActivity", "RunActivity:helloWorldActivity",
        "CompleteWorkflow:helloWorld"]


def test_a_message_is_one_trace_from_its_sender_to_the_activity(world, collector):
    queue = world.create_queue()
    name = queue.rsplit("/", 1)[-1]
    world.ferry(queue, environment=collector.environment(OTEL_RESOURCE_ATTRIBUTES="team=a%20b")).start()
    sender = Sender()
    message = world.send(queue, {"message": "traced"}, MessageAttributes=sender.attributes(tracestate="vendor=1"))
    world.wait_completed([message])
    world.wait_empty(queue)
    spans = collector.wait_for(sender.trace, f"process {name}", "StartWorkflow:helloWorld", *WORK)
    parents = {span["name"]: span["parent"] for span in collector.of_trace(sender.trace)
               if span["name"] != FORWARD}
    process, start = spans[f"process {name}"], spans["StartWorkflow:helloWorld"]
    forward = next(span for span in collector.of_trace(sender.trace) if span["kind"] == "CLIENT" and span["name"] == FORWARD)
    served = next(span for span in collector.of_trace(sender.trace) if span["kind"] == "SERVER" and span["name"] == FORWARD)
    assert process["parent"] == sender.span
    assert forward["parent"] == process["id"] and served["parent"] == forward["id"]
    assert start["parent"] == forward["id"]
    assert parents["RunWorkflow:helloWorld"] == start["id"]
    assert parents["StartActivity:helloWorldActivity"] == spans["RunWorkflow:helloWorld"]["id"]
    assert parents["CompleteWorkflow:helloWorld"] == spans["RunWorkflow:helloWorld"]["id"]
    assert parents["RunActivity:helloWorldActivity"] == spans["StartActivity:helloWorldActivity"]["id"]
    assert {span["service"] for span in spans.values()} == {"ferry-poller", "ferry-gateway", "ferry-worker"}
    assert all(span["state"] == "vendor=1" and not span["failed"] for span in spans.values())
    assert all(span["resource"]["team"] == "a b" for span in spans.values())
    assert process["kind"] == "CONSUMER" and start["kind"] == "CLIENT"
    assert_inside(forward, process)
    for key, value in {"messaging.system": "aws_sqs", "messaging.destination.name": name,
                       "messaging.operation.name": "process", "messaging.operation.type": "process",
                       "messaging.message.id": message, "aws.sqs.queue.url": queue,
                       "ferry.workflow.id": world.workflow_id(message), "ferry.attempt": 1}.items():
        assert process["attributes"][key] == value, process
    assert process["events"][0] == "workflow started"
    for name in WORK:
        assert spans[name]["attributes"]["temporalWorkflowID"] == world.workflow_id(message)
    # The same IDs stand in the logs.
    lines = [line for service in world.ferries[0].all for line in service.events() if line.get("trace_id") == sender.trace]
    assert {line["msg"] for line in lines} >= {"message received", "workflow started", "helloWorldActivity started"}


def test_a_message_without_a_context_begins_a_trace_and_its_delete_is_in_it(world, collector):
    queue = world.create_queue(fifo=False)
    name = queue.rsplit("/", 1)[-1]
    ferry = world.ferry(queue, {"routes": {"hello-world": {"workflow": "helloWorld", "task_queue": world.task_queue,
                                                           "ack": "completion"}}}, environment=collector.environment())
    ferry.start()
    message = world.send(queue, {"message": "x"})
    world.wait_empty(queue)

    def found():
        spans = [span for span in collector.all() if span["name"] == f"process {name}"]
        return spans[0] if spans else None
    process = wait_until(found, 30, "the message's span", 0.05)
    assert process["parent"] == "" and process["attributes"]["ferry.outcome"] == "deleted"
    assert process["attributes"]["messaging.message.id"] == message
    settle = collector.wait_for(process["trace"], f"settle {name}")[f"settle {name}"]
    assert settle["parent"] == process["id"] and settle["attributes"]["messaging.operation.type"] == "settle"
    assert process["events"] == ["workflow started", "workflow closed"]


def test_xrays_header_is_a_context_too(world, collector):
    queue = world.create_queue(fifo=False)
    world.ferry(queue, environment=collector.environment()).start()
    trace, span = "5759e988" + secrets.token_hex(12), secrets.token_hex(8)
    header = f"Root=1-{trace[:8]}-{trace[8:]};Parent={span};Sampled=1"
    world.send(queue, {"message": "x"}, MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": header}})
    name = f"process {queue.rsplit('/', 1)[-1]}"
    assert collector.wait_for(trace, name, "RunWorkflow:helloWorld")[name]["parent"] == span


def test_a_message_that_fails_and_its_dead_letter_are_in_the_trace(scene, work, collector):
    dead = scene.sqs.create_queue(f"dead-{scene.name}")
    queue = scene.queue("failing", fifo=False)
    route = {"workflow": "work", "task_queue": scene.task_queue, "ack": "completion", "max_attempts": 2,
             "backoff": "200ms", "dead_letter_queue": dead}
    ferry = scene.ferry(queue, {"routes": {"hello-world": route}}, environment=collector.environment())
    ferry.gateway.start()
    ferry.wait_ready(ferry.gateway)
    ferry.poller.start()
    sender = Sender()
    scene.send(queue, {"fail": 5}, MessageAttributes=sender.attributes())
    name = f"process {queue.rsplit('/', 1)[-1]}"
    dead_name = f"send {dead.rsplit('/', 1)[-1]}"
    spans = collector.wait_for(sender.trace, name, dead_name)
    assert spans[dead_name]["kind"] == "PRODUCER" and spans[dead_name]["parent"] == spans[name]["id"]
    starts = [span for span in collector.of_trace(sender.trace) if span["name"] == "StartWorkflow:work"]
    assert len(starts) == 2
    assert spans[name]["attributes"]["ferry.attempt"] == 2


# ---- curl ----

def test_traceparent_in_and_out_of_the_gateway(world, collector):
    ferry = gateway_for(world, environment=collector.environment(OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20secret"))
    sender = Sender()
    headers = {"traceparent": sender.traceparent, "tracestate": "vendor=2"}
    answer = request("POST", f"{ferry.gateway_url}/v1/workflows", {"workflowType": "helloWorld", "input": {},
                                                                   "taskQueue": world.task_queue}, headers)
    assert answer.status == 201
    spans = collector.wait_for(sender.trace, "POST /v1/workflows", "StartWorkflow:helloWorld")
    served = spans["POST /v1/workflows"]
    assert served["parent"] == sender.span and served["kind"] == "SERVER" and served["state"] == "vendor=2"
    assert served["attributes"]["http.response.status_code"] == 201
    assert answer.headers["traceparent"] == f"00-{sender.trace}-{served['id']}-01"
    start = spans["StartWorkflow:helloWorld"]
    assert start["parent"] == served["id"] and start["attributes"]["temporalWorkflowID"] == answer.json["workflowId"]
    assert collector.headers["x-key"] == "a secret"
    refused = request("GET", f"{ferry.gateway_url}/v1/workflows/{uuid.uuid4()}", headers=headers)
    name = "GET /v1/workflows/{id}"
    spans = collector.wait_for(sender.trace, name)
    assert refused.status == 404 and spans[name]["attributes"]["http.response.status_code"] == 404
    assert not spans[name]["failed"]
    assert "a secret" not in ferry.gateway.text()


def test_a_batch_has_a_span_for_each_start_and_links(world, collector):
    ferry = gateway_for(world, environment=collector.environment())
    senders = [Sender() for _ in range(3)]
    events = [{**event({"n": i}), "traceparent": sender.traceparent} for i, sender in enumerate(senders)]
    answer = batch(ferry, events)
    assert [entry["outcome"] for entry in answer.json["results"]] == ["started"] * 3
    for sender in senders:
        start = collector.wait_for(sender.trace, "StartWorkflow:helloWorld")["StartWorkflow:helloWorld"]
        assert start["parent"] == sender.span
    trace = answer.headers["traceparent"].split("-")[1]
    served = collector.wait_for(trace, FORWARD)[FORWARD]
    assert sorted(served["links"]) == sorted((sender.trace, sender.span) for sender in senders)


def test_health_and_metrics_are_no_traces(world, collector):
    ferry = gateway_for(world, environment=collector.environment())
    for path in ("/readyz", "/metrics", "/openapi.json"):
        assert "traceparent" not in request("GET", ferry.gateway_url + path).headers
    assert request("GET", f"{ferry.gateway_url}/v1/routes").headers["traceparent"]
    wait_until(lambda: collector.all(), 30, "a span", 0.05)
    assert {span["name"] for span in collector.all()} == {"GET /v1/routes"}


# ---- the official SDK on the other side ----

@activity.defn(name="pythonActivity")
async def python_activity(text: str) -> str:
    return text.upper()


@workflow.defn(name="helloWorld")
class PythonWorkflow:
    @workflow.run
    async def run(self, message) -> str:
        return await workflow.execute_activity(python_activity, "x", start_to_close_timeout=timedelta(seconds=20))


@workflow.defn(name="callsOurs")
class CallsOurs:
    @workflow.run
    async def run(self, task_queue: str) -> str:
        given = {"correlationId": "c", "request": {"message": "x"}}
        return await workflow.execute_activity("helloWorldActivity", given, task_queue=task_queue,
                                               start_to_close_timeout=timedelta(seconds=20))


class PythonTracer:
    """OpenTelemetry's own SDK, with its spans in memory."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")
        self.interceptor = TracingInterceptor(self.tracer)

    def spans(self) -> dict[str, dict]:
        return {span.name: {"trace": format_trace_id(span.context.trace_id), "id": format_span_id(span.context.span_id),
                            "parent": format_span_id(span.parent.span_id) if span.parent else ""}
                for span in self.exporter.get_finished_spans()}

    def wait_for(self, *names: str) -> dict[str, dict]:
        return wait_until(lambda: self.spans() if set(names) <= set(self.spans()) else None, 30, f"spans {names}", 0.05)


@pytest.mark.parametrize("traces", ["on", "off"])
def test_a_python_worker_goes_on_with_our_trace(world, collector, traces):
    """With tracing off in the gateway, too: then the sender's own span is the parent."""
    ferry = gateway_for(world, environment=collector.environment() if traces == "on" else {})
    tracer, sender = PythonTracer(), Sender()
    with Workers(world, [PythonWorkflow], activities=[python_activity], interceptors=[tracer.interceptor]):
        assert post(ferry, {**event({}), "traceparent": sender.traceparent})["outcome"] == "started"
        theirs = tracer.wait_for("RunWorkflow:helloWorld", "RunActivity:pythonActivity")
    assert all(span["trace"] == sender.trace for span in theirs.values())
    parent = sender.span
    if traces == "on":
        parent = collector.wait_for(sender.trace, "StartWorkflow:helloWorld")["StartWorkflow:helloWorld"]["id"]
    assert theirs["RunWorkflow:helloWorld"]["parent"] == parent


def test_a_python_client_starts_our_workflow_within_its_trace(world, collector):
    ferry = world.ferry(world.create_queue(), environment=collector.environment())
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    tracer = PythonTracer()

    async def go():
        client = await Client.connect(world.temporal.address, interceptors=[tracer.interceptor])
        with tracer.tracer.start_as_current_span("outer"):
            await client.execute_workflow("helloWorld", {"MessageId": "m", "Body": '{"message": "x"}'},
                                          id=f"python-{world.name}", task_queue=world.task_queue)
    asyncio.run(go())
    theirs = tracer.spans()
    ours = collector.wait_for(theirs["outer"]["trace"], *WORK)
    assert ours["RunWorkflow:helloWorld"]["parent"] == theirs["StartWorkflow:helloWorld"]["id"]
    assert ours["RunActivity:helloWorldActivity"]["parent"] == ours["StartActivity:helloWorldActivity"]["id"]


def test_a_python_workflow_calls_our_activity_within_its_trace(world, collector):
    ferry = world.ferry(world.create_queue(), environment=collector.environment())
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    tracer, ours, world.task_queue = PythonTracer(), world.task_queue, f"python-{world.name}"
    with Workers(world, [CallsOurs], interceptors=[tracer.interceptor]) as workers:
        workers.call(workers.client.execute_workflow("callsOurs", ours, id=f"w-{world.name}", task_queue=world.task_queue))
    theirs = tracer.spans()["StartActivity:helloWorldActivity"]
    run = collector.wait_for(theirs["trace"], "RunActivity:helloWorldActivity")["RunActivity:helloWorldActivity"]
    assert run["parent"] == theirs["id"]


# ---- a collector in trouble, and none ----

def test_a_collector_that_is_away_loses_spans_and_no_message(world, collector):
    queue = world.create_queue(fifo=False)
    away = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}", "OTEL_BSP_SCHEDULE_DELAY": "10",
            "OTEL_BSP_EXPORT_TIMEOUT": "50"}
    ferry = world.ferry(queue, environment=away).start()
    world.wait_completed([world.send(queue, {"message": "x"}) for _ in range(20)])
    wait_until(lambda: metric(ferry.poller_admin_port, "ferry_trace_spans_dropped_total") > 0, 30, "spans to be dropped", 0.05)
    assert metric(ferry.poller_admin_port, "ferry_trace_spans_exported_total") == 0
    assert metric(ferry.gateway_port, "ferry_trace_export_failures_total") > 0


def test_a_collector_that_is_silent_or_refuses_holds_nobody_up(world, collector):
    queue = world.create_queue(fifo=False)
    collector.hold.set()
    environment = collector.environment(OTEL_BSP_MAX_QUEUE_SIZE="10", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="5",
                                        OTEL_EXPORTER_OTLP_TIMEOUT="600000")
    ferry = world.ferry(queue, environment=environment).start()
    world.wait_completed([world.send(queue, {"message": "x"}) for _ in range(20)])
    wait_until(lambda: metric(ferry.worker_admin_port, "ferry_trace_spans_dropped_total") > 0, 30, "spans to be dropped", 0.05)
    collector.status = 400
    collector.hold.clear()
    world.wait_completed([world.send(queue, {"message": "x"})])
    wait_until(lambda: metric(ferry.gateway_port, "ferry_trace_export_failures_total") > 0, 30, "a refusal to be counted", 0.05)
    collector.status = 200
    sender = Sender()
    world.send(queue, {"message": "x"}, MessageAttributes=sender.attributes())
    collector.wait_for(sender.trace, f"process {queue.rsplit('/', 1)[-1]}")


def test_what_waits_is_sent_when_a_service_stops(world, collector):
    ferry = gateway_for(world, environment=collector.environment(OTEL_BSP_SCHEDULE_DELAY="600000"))
    sender = Sender()
    request("GET", f"{ferry.gateway_url}/v1/routes", headers={"traceparent": sender.traceparent})
    assert ferry.gateway.stop() == 0
    assert [span["name"] for span in collector.of_trace(sender.trace)] == ["GET /v1/routes"]


def test_what_is_not_sampled_is_not_sent_and_goes_on_as_such(world, collector):
    ferry = gateway_for(world, environment=collector.environment(OTEL_TRACES_SAMPLER="parentbased_always_off"))
    chosen, other = Sender(), Sender("00")
    tracer = PythonTracer()
    with Workers(world, [PythonWorkflow], activities=[python_activity], interceptors=[tracer.interceptor]):
        for traceparent in (other.traceparent, None):
            post(ferry, {**event({}), **({"traceparent": traceparent} if traceparent else {})})
        post(ferry, {**event({}), "traceparent": chosen.traceparent})
        collector.wait_for(chosen.trace, "StartWorkflow:helloWorld")
        wait_until(lambda: any(span["trace"] == chosen.trace for span in tracer.spans().values()), 30, "the sampled one")
    assert {span["trace"] for span in collector.all()} == {chosen.trace}
    assert {span["trace"] for span in tracer.spans().values()} == {chosen.trace}


def test_without_an_endpoint_nothing_is_different(world):
    ferry = gateway_for(world)
    sender = Sender()
    answer = request("GET", f"{ferry.gateway_url}/v1/routes", headers={"traceparent": sender.traceparent})
    assert "traceparent" not in answer.headers
    assert "ferry_trace" not in request("GET", f"{ferry.gateway_url}/metrics").body.decode()


def test_settings_that_cannot_be_used_are_said_and_stop_nobody(world):
    ferry = gateway_for(world, environment={"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"})
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in ferry.gateway.wait_for_event(10, "a setting of traces cannot be used")["reason"]
