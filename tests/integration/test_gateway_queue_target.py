"""Routes with target: sqs: HTTP → queue → poller → workflow, by configuration alone; and what a sender is told when the
queue does not take it."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from ferrystack.process import wait_until
from http_request import request

JSON = {"Content-Type": "application/json"}
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def cloud_event(data, **more) -> dict:
    return {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "/shop", "type": "com.example.order",
            "data": data, **more}


def crew_for(scene, url, target: dict | None = None, **options):
    """The route "in" puts events on the queue; its messages go to the route hello-world."""
    routes = {"in": {"target": "sqs", "queue": url, **(target or {})}, "hello-world": scene.route(input="body")}
    return scene.crew(url, routes=routes, **options)


def post(crew, body, headers: dict, route: str = "in"):
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return request("POST", f"{crew.gateway_url}/v1/routes/{route}/events", text, headers)


def queued(crew, body, headers: dict) -> str:
    """Posts an event, and returns the ID that its message has on the queue."""
    answer = post(crew, body, headers)
    assert answer.status == 202, answer
    return answer.json["messageId"]


def test_events_pass_a_fifo_queue_and_become_runs_in_the_order_of_their_group(any_scene, work):
    url = any_scene.queue()
    crew = crew_for(any_scene, url, {"group": "{body.customer}"}).start()
    messages = {"a": [], "b": []}
    for number in range(3):
        for group in messages:
            body = {"customer": group, "number": number, "sleep_ms": 50}
            answer = post(crew, body, JSON) if number % 2 else post(crew, cloud_event(body), STRUCTURED)
            assert answer.status == 202 and answer.json["queue"] == url, answer
            assert int(answer.json["sequenceNumber"]) >= 0
            messages[group].append(answer.json["messageId"])
    any_scene.wait_done(url, messages["a"] + messages["b"])
    any_scene.assert_one_run_each(messages["a"] + messages["b"])
    for group in messages.values():
        any_scene.assert_in_order(group)
    assert json.loads(any_scene.payload(messages["b"][2])) == {"customer": "b", "number": 2, "sleep_ms": 50}
    where = request("GET", f"{crew.gateway_url}/v1/messages/{messages['a'][0]}")
    assert where.json["route"] == "hello-world" and where.json["status"] == "Completed"


def test_an_event_that_is_sent_again_is_one_message(any_scene, work):
    url = any_scene.queue()
    crew = crew_for(any_scene, url, {"group": "{body.customer}"}).start()
    event, keyed = cloud_event({"customer": "a"}), {**JSON, "Idempotency-Key": "key-1"}
    ids = [queued(crew, event, STRUCTURED), queued(crew, event, STRUCTURED),
           queued(crew, '{"customer": "a"}', keyed), queued(crew, '{"customer": "a"}', keyed)]
    assert ids[0] == ids[1] != ids[2] == ids[3]
    any_scene.wait_done(url, [ids[0], ids[2]])
    any_scene.assert_one_run_each([ids[0], ids[2]])


def test_a_message_is_the_data_to_the_byte_with_the_event_s_attributes_beside_it(scene):
    url = scene.queue()
    crew = crew_for(scene, url, {"group": "{event.type}/{event.comexample}"})
    crew.start_gateway()
    data = '{ "n" : 12345678901234567890.10,\t"n":1.00, "ü": "\\u2028€" }'
    event = json.dumps(cloud_event(0, comexample="ä ö", count=7, id="e-1", datacontenttype="application/json",
                                   traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
    queued(crew, event.replace('"data": 0', f'"data": {data}'), STRUCTURED)
    queued(crew, data, {**JSON, "ce-specversion": "1.0", "ce-id": "e-2", "ce-source": "/s", "ce-type": "t",
                        "ce-comexample": "%C3%A4", "traceparent": "00-11111111111111111111111111111111-2222222222222222-00"})
    first, second = sorted(scene.sqs.messages(url), key=lambda message: int(message["sequence_number"]))
    texts = {name: value["StringValue"] for name, value in first["attributes"].items()}
    assert first["body"] == second["body"] == data
    assert texts == {"ce-specversion": "1.0", "ce-id": "e-1", "ce-source": "/shop", "ce-type": "com.example.order",
                     "ce-comexample": "ä ö", "ce-count": "7", "content-type": "application/json",
                     "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    assert second["attributes"]["traceparent"]["StringValue"].startswith("00-1111")
    assert len(first["group"]) == 64 and first["group"] != second["group"]  # "ä" is no letter of a group ID: hashed


def test_the_whole_event_can_be_the_message(scene):
    url = scene.queue(fifo=False)
    crew = crew_for(scene, url, {"input": "event", "delay": "0s"})
    crew.start_gateway()
    event = json.dumps(cloud_event(None, data_base64="AAEC", comexample="x")).replace('"data": null, ', "")
    queued(crew, event, STRUCTURED)
    queued(crew, b"\x00\x01\x02", {"Content-Type": "image/png", "ce-specversion": "1.0", "ce-id": "1",
                                   "ce-source": "/s", "ce-type": "t"})
    queued(crew, "[1.0]", {**JSON, "Idempotency-Key": "k"})
    bodies = {message["body"] for message in scene.sqs.messages(url)}
    assert bodies == {
        event,
        '{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"image/png","data_base64":"AAEC"}',
        '{"specversion":"1.0","type":"ferry.json","datacontenttype":"application/json","source":"/v1/routes/in",'
        '"id":"k","data":[1.0]}'}
    assert all(message["attributes"] == {} for message in scene.sqs.messages(url))


def test_a_batch_keeps_its_order_and_each_event_has_its_own_outcome(scene, work):
    url = scene.queue()
    crew = crew_for(scene, url, {"group": "{body.customer}"}).start()
    events = [cloud_event({"customer": f"c{number % 3}", "sleep_ms": 20}) for number in range(12)]
    answer = post(crew, [*events[:6], cloud_event({"nobody": 1}), {"id": "none"}, *events[6:]], BATCH)
    assert answer.status == 200
    results = answer.json["results"]
    assert [result["outcome"] for result in results] == ["queued"] * 6 + ["rejected"] * 2 + ["queued"] * 6
    assert [result["class"] for result in results[6:8]] == ["template", "bad_event"]
    messages = [result["messageId"] for result in results if result["outcome"] == "queued"]
    numbers = [int(result["sequenceNumber"]) for result in results if result["outcome"] == "queued"]
    assert numbers == sorted(numbers)
    scene.wait_done(url, messages)
    for group in range(3):
        scene.assert_in_order(messages[group::3])


@pytest.mark.parametrize("body, headers, status, problem", [
    ("", {"Content-Type": "text/plain"}, 422, "rejected"),
    (b"\x00\x01", {"Content-Type": "image/png"}, 422, "rejected"),
    ('"' + "x" * (1 << 20) + '"', JSON, 413, "payload-too-large"),
], ids=["empty", "bytes", "large"])
def test_what_no_message_can_be_is_refused(scene, body, headers, status, problem):
    crew = crew_for(scene, scene.queue(fifo=False))
    crew.start_gateway()
    binary = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
    answer = post(crew, body, {**headers, **(binary if headers != JSON else {})})
    assert (answer.status, answer.json["type"]) == (status, f"/problems/{problem}")


def test_a_queue_that_is_missing_or_away_is_no_fault_of_the_event(scene):
    url = scene.queue(fifo=False)
    missing = url.replace("/q-", "/nothing-")
    routes = {"in": {"target": "sqs", "queue": missing}, "hello-world": scene.route(),
              "good": {"target": "sqs", "queue": url}}
    crew = scene.crew(url, routes=routes)
    crew.start_gateway()
    answer = post(crew, "{}", JSON)
    assert (answer.status, answer.json["type"]) == (502, "/problems/queue-refused"), answer
    one = post(crew, [cloud_event({})], BATCH)
    assert (one.status, one.json["type"]) == (502, "/problems/queue-refused")
    scene.sqs.fault("error", action="SendMessage", status=503, code="ServiceUnavailable")
    answer = post(crew, "{}", {**JSON, "ferry-time-left-ms": "1500"}, "good")
    assert (answer.status, answer.json["type"]) == (503, "/problems/queue-unavailable"), answer
    assert int(answer.headers["Retry-After"]) > 0


def test_a_wait_for_a_queue_s_run_is_refused_and_a_wish_for_one_is_not(scene):
    crew = crew_for(scene, scene.queue(fifo=False))
    crew.start_gateway()
    answer = request("POST", f"{crew.gateway_url}/v1/routes/in/events?wait=1s", "{}", JSON)
    assert answer.status == 400 and "wait" in answer.json["detail"]
    answer = post(crew, "{}", {**JSON, "Prefer": "wait=5"})
    assert answer.status == 202 and "Preference-Applied" not in answer.headers


def test_what_was_queued_is_among_the_last_events(scene):
    url = scene.queue(fifo=False)
    crew = crew_for(scene, url)
    crew.start_gateway()
    message = queued(crew, "{}", {**JSON, "Idempotency-Key": "k-1"})
    post(crew, "{}", {"Content-Type": "text/csv", "ce-specversion": "1.0"})
    refused, taken = request("GET", f"{crew.gateway_url}/v1/recent").json["events"]
    assert refused["outcome"] == "rejected" and "id, source and type" in refused["reason"]
    assert {**taken, "time": ""} == {"time": "", "route": "in", "messageId": "k-1", "outcome": "queued", "queue": url,
                                     "queuedMessageId": message}
    metrics = request("GET", f"{crew.gateway_url}/metrics").body.decode()
    counted = [line for line in metrics.splitlines() if line.startswith("ferry_gateway_events_total")
               and 'route="in"' in line and 'outcome="queued"' in line]
    assert [line.split()[-1] for line in counted] == ["1"]


@pytest.mark.parametrize("code, status, problem", [
    ("AccessDeniedException", 502, "queue-refused"), ("RequestThrottled", 503, "queue-unavailable"),
    ("KmsThrottled", 503, "queue-unavailable"), ("InternalError", 503, "queue-unavailable")])
def test_what_sqs_says_decides_whether_to_try_again(scene, code, status, problem):
    url = scene.queue(fifo=False)
    crew = crew_for(scene, url)
    crew.start_gateway()
    scene.sqs.fault("error", action="SendMessage", queue=url, code=code,
                    status={"InternalError": 500}.get(code, 400))
    answer = post(crew, "{}", {**JSON, "ferry-time-left-ms": "3000"})
    assert (answer.status, answer.json["type"]) == (status, f"/problems/{problem}"), answer
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_queue_s_own_limit_is_too_large_too(scene):
    url = scene.queue(fifo=False, MaximumMessageSize=1024)
    crew = crew_for(scene, url)
    crew.start_gateway()
    answer = post(crew, '"' + "x" * 2000 + '"', JSON)
    assert (answer.status, answer.json["type"]) == (413, "/problems/payload-too-large"), answer


def test_behind_a_failure_in_a_group_nothing_of_it_is_sent(scene):
    url = scene.queue()
    crew = crew_for(scene, url, {"group": "{body.customer}"})
    crew.start_gateway()
    scene.sqs.fault("error", action="SendMessage", queue=url, body="poison", code="AccessDeniedException", status=400)
    events = [cloud_event({"customer": "a", "text": "poison"}), cloud_event({"customer": "b"}),
              cloud_event({"customer": "a"})]
    answer = post(crew, events, BATCH)
    assert [result["outcome"] for result in answer.json["results"]] == ["retry", "queued", "retry"]
    assert "before it in its group" in answer.json["results"][2]["reason"]
    assert [message["group"] for message in scene.sqs.messages(url)] == ["b"]


@pytest.mark.parametrize("grace", ["1s", "20s"])
def test_a_gateway_that_stops_is_not_held_by_what_it_was_sending(scene, grace):
    url = scene.queue(fifo=False)
    crew = crew_for(scene, url, settings={"gateway": {"grace": grace}})
    crew.start_gateway()
    scene.sqs.fault("black_hole", action="SendMessage", queue=url)
    with ThreadPoolExecutor(2) as pool:
        patience = {"ferry-time-left-ms": "3000"}
        answers = [pool.submit(post, crew, [cloud_event({}), cloud_event({})], {**BATCH, **patience}),
                   pool.submit(post, crew, "{}", {**JSON, **patience})]
        wait_until(lambda: len(scene.sqs.journal("SendMessage", url)) == 3, 10, "the sends")
        assert crew.gateway.stop(20) == 0
        for answer in answers if grace == "20s" else ():
            assert (answer.result(10).status, answer.result().json["type"]) == (503, "/problems/queue-unavailable")
        if grace == "1s":  # nobody was told that it is on the queue
            assert all(isinstance(answer.exception(10), OSError) or answer.result().status == 503 for answer in answers)
