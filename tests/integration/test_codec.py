"""Encrypted payloads (docs/codec.md) between Ferry and workers and clients of the official Python SDK with a codec of
the same form. What the server has is read with a client that knows no key."""

import asyncio
import base64
import contextlib
import dataclasses
import json
import os
import subprocess
import uuid
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RawValue
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.exceptions import ApplicationError

from ferrystack.ferry import programs
from ferrystack.process import wait_until
from gateway_world import Workers, event, gateway_for, post
from http_request import request
from test_gateway_routes import attributes  # noqa: F401
from workflow_world import Box, Echo, Fail, WorkflowApi, assert_problem
from world import World, open_world

KEYS = {"2026-11": os.urandom(32), "2026-10": os.urandom(32), "2026-09": os.urandom(32)}


class Encryption(PayloadCodec):
    """The form of the official samples: nonce, ciphertext and tag over the serialised payload. The first key encrypts."""

    def __init__(self, *ids: str, damage: bool = False):
        self.ids, self.damage = ids, damage

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(12)
        data = nonce + AESGCM(KEYS[self.ids[0]]).encrypt(nonce, payload.SerializeToString(), None)
        if self.damage:
            data = data[:14] + bytes([data[14] ^ 1]) + data[15:]
        return Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": self.ids[0].encode()}, data=data)

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != b"binary/encrypted":
            return payload
        name = payload.metadata["encryption-key-id"].decode()
        assert name in self.ids, f"unknown key {name}"
        return Payload.FromString(AESGCM(KEYS[name]).decrypt(payload.data[:12], payload.data[12:], None))

    async def encode(self, payloads):
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads):
        return [self._decrypt(payload) for payload in payloads]


def converter(*ids: str, **options) -> DataConverter:
    return dataclasses.replace(DataConverter.default, payload_codec=Encryption(*ids, **options))


def codec(directory, *ids: str) -> dict:
    """Settings with keys of each kind of file."""
    texts = {"2026-11": lambda key: key, "2026-10": lambda key: base64.b64encode(key) + b"\n",
             "2026-09": lambda key: key.hex().encode()}
    for name in ids:
        (directory / name).write_bytes(texts[name](KEYS[name]))
    return {"temporal": {"codec": {"kind": "aes_gcm",
                                   "keys": [{"id": name, "key_file": str(directory / name)} for name in ids]}}}


def secret() -> str:
    return f"plain-{uuid.uuid4().hex}"


@workflow.defn(name="vault")
class Vault:
    """Its activity sees the argument, heartbeats and fails once with it."""

    @workflow.run
    async def run(self, value: RawValue) -> RawValue:
        return await workflow.execute_activity("look", value, start_to_close_timeout=timedelta(seconds=20),
                                               result_type=RawValue)


@activity.defn(name="look")
async def look(value: RawValue) -> RawValue:
    text = value.payload.data.decode()
    activity.heartbeat(text)
    if activity.info().attempt == 1:
        raise ApplicationError("once more", text, next_retry_delay=timedelta(milliseconds=1))
    return value


def stored(api, workflow_id: str) -> list:
    """The run's events as the server has them."""
    return api.events(workflow_id)


def assert_hidden(api, workflow_id: str, *texts: str):
    """What was said is nowhere in the run as the server has it, and it has encrypted payloads."""
    async def describe():
        description = await api.workers.client.get_workflow_handle(workflow_id).describe()
        return description.raw_description.SerializeToString()
    history = b"".join(one.SerializeToString() for one in stored(api, workflow_id))
    assert b"binary/encrypted" in history and b"json/plain" not in history
    told = history + api.workers.call(describe())
    for text in texts:
        assert text.encode() not in told and base64.b64encode(text.encode()) not in told


@pytest.fixture(scope="module")
def api(temporal, sqs, tmp_path_factory, request):
    """A gateway and Python workers with the same keys."""
    world = World(temporal, sqs, tmp_path_factory.mktemp("codec"))
    opened = open_world(world, request)
    next(opened)
    ferry = gateway_for(world, settings=codec(world.directory, "2026-11", "2026-10"))
    with Workers(world, [Box, Echo, Fail, Vault], activities=[look],
                 data_converter=converter("2026-11", "2026-10")) as workers:
        yield WorkflowApi(world, ferry, workers)
    with contextlib.suppress(StopIteration):
        next(opened)


# --- the gateway -----------------------------------------------------------------------------------------------------

def text_with(said: str) -> str:
    return '{"z": 1.00, "a": 12345678901234567890, "said": "%s", "s": "<\\u00e9>", "e": [ ]}' % said


def test_arguments_and_results_pass_byte_for_byte_and_the_server_sees_none(api):
    said, workflow_id = secret(), api.new_id()
    body = '{"workflowType":"echo","taskQueue":"%s","input":%s}' % (api.task_queue, text_with(said))
    assert api.post(api.path(workflow_id), body).status == 201
    answer = api.get(api.path(workflow_id, "/result?wait=30s"))
    assert text_with(said).encode() in answer.body, answer
    assert_hidden(api, workflow_id, said)


def test_signals_queries_updates_and_the_memo(api):
    said = secret()
    workflow_id = api.started("box", memo={"note": said})
    assert api.post(api.path(workflow_id, "/signals/add"), text_with(said)).status == 202
    query = api.post(api.path(workflow_id, "/queries/echo"), text_with(said))
    assert query.body == f'{{"result":{text_with(said)}}}'.encode(), query
    update = api.post(api.path(workflow_id, "/updates/put?wait=25s"), text_with(said))
    assert update.status == 200 and text_with(said).encode() in update.body, update
    assert api.get(api.path(workflow_id)).json["memo"]["note"] == said
    listed = wait_until(lambda: api.get(f"?query=WorkflowId%3D%27{workflow_id}%27").json["workflows"], 30,
                        "the run to be listed", 0.2)
    assert listed[0]["memo"]["note"] == said
    api.post(api.path(workflow_id, "/signals/close"))
    result = api.get(api.path(workflow_id, "/result?wait=30s"))
    assert result.json["result"] == [text_with(said)] * 2, result
    assert_hidden(api, workflow_id, said)


def test_a_failures_details_a_querys_and_an_updates(api):
    workflow_id = api.started("fail")
    failed = api.get(api.path(workflow_id, "/result?wait=30s"))
    assert failed.json["failure"]["details"] == [{"left": 0}, 1.5], failed
    failure = stored(api, workflow_id)[-1].workflow_execution_failed_event_attributes.failure
    kinds = [one.metadata["encoding"] for one in failure.application_failure_info.details.payloads]
    assert kinds == [b"binary/encrypted"] * 2  # the message and the stack trace stay readable, as with the SDKs
    workflow_id = api.started("box")
    update = api.post(api.path(workflow_id, "/updates/put_and_fail?wait=25s"))
    assert_problem(update, 422, "update-failed")
    assert update.json["failure"]["details"] == [{"left": 0}], update


def test_the_history_readable_and_as_the_server_has_it(api):
    said = secret()
    workflow_id = api.started("vault", input={"said": said})
    assert api.get(api.path(workflow_id, "/result?wait=30s")).json["result"] == {"said": said}
    readable = api.get(api.path(workflow_id, "/history")).body.decode()
    # The argument, the activity's, the last failure's details, the activity's result and the run's.
    assert readable.count(said) >= 5 and "binary/encrypted" not in readable
    encoded = api.get(api.path(workflow_id, "/history?payloads=encoded"))
    assert base64.b64encode(b"binary/encrypted") in encoded.body and said.encode() not in encoded.body
    first = encoded.json["events"][0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0]
    payload = stored(api, workflow_id)[0].workflow_execution_started_event_attributes.input.payloads[0]
    assert base64.b64decode(first["data"]) == payload.data
    assert payload.metadata == {"encoding": b"binary/encrypted", "encryption-key-id": b"2026-11"}
    assert_hidden(api, workflow_id, said)


def test_search_attributes_stay_readable_for_the_server(api, attributes):  # noqa: F811
    name = attributes["Keyword"]
    workflow_id = api.started("echo", input=1, searchAttributes={name: "green"})
    known = stored(api, workflow_id)[0].workflow_execution_started_event_attributes.search_attributes.indexed_fields
    assert known[name].metadata["encoding"] == b"json/plain" and known[name].data == b'"green"'
    assert api.get(api.path(workflow_id)).json["searchAttributes"][name] == "green"


def test_a_repeated_key_is_found_in_an_encrypted_memo(api):
    key = {"Idempotency-Key": api.new_id("key")}
    body = {"workflowType": "echo", "taskQueue": api.task_queue, "input": secret()}
    first, again = api.post("?wait=30s", body, key), api.post("?wait=30s", body, key)
    assert first.json["result"] == again.json["result"] == body["input"], again
    assert first.status == 201 and again.status == 200 and again.json["runId"] == first.json["runId"], again
    assert_problem(api.post("", {**body, "input": 2}, key), 422, "idempotency-key-reused")
    assert_hidden(api, first.json["workflowId"], body["input"])
    assert len(api.get(api.path(first.json["workflowId"])).json["memo"]["FerryRequestHash"]) == 64


def test_a_message_that_comes_again_meets_its_run(api):
    world, said = api.world, secret()
    message = event({"said": said})
    message["data"]["Body"] = json.dumps({"said": said})
    route = {"workflow": "box", "memo": {"note": "{body.said}"}}
    ferry = gateway_for(world, route=route, settings=codec(world.directory, "2026-11"))
    first, again = post(ferry, message), post(ferry, message)
    assert first["outcome"] == "started" and again["outcome"] == "attached", again
    assert again["runId"] == first["runId"]
    assert_hidden(api, first["workflowId"], said)


# --- keys ------------------------------------------------------------------------------------------------------------

def test_an_older_key_decrypts_and_the_newest_encrypts(api):
    said = secret()
    older = gateway_for(api.world, settings=codec(api.world.directory, "2026-10"))
    old = request("POST", f"{older.gateway_url}/v1/workflows",
                  {"workflowType": "echo", "taskQueue": api.task_queue, "input": said}).json["workflowId"]
    assert api.get(api.path(old, "/result?wait=30s")).json["result"] == said
    events = stored(api, old)
    arguments = events[0].workflow_execution_started_event_attributes.input.payloads[0]
    result = events[-1].workflow_execution_completed_event_attributes.result.payloads[0]
    assert [one.metadata["encryption-key-id"] for one in (arguments, result)] == [b"2026-10", b"2026-11"]
    # The older gateway does not have the key of the result, and shows it as it is.
    shown = request("GET", f"{older.gateway_url}/v1/workflows/{old}/result?wait=30s").json["result"]
    assert shown == {"metadata": {"encoding": "binary/encrypted", "encryption-key-id": "2026-11"},
                     "data": base64.b64encode(result.data).decode()}
    warning = older.gateway.wait_for_event(10, "payload shown as it came, it cannot be decoded")
    assert 'the key "2026-11", which is not configured; configured: "2026-10"' in warning["error"], warning


def test_what_was_changed_is_shown_as_it_came(api):
    async def start():
        client = await Client.connect(api.world.temporal.address, data_converter=converter("2026-11", damage=True))
        handle = await client.start_workflow("echo", "changed", id=api.new_id(), task_queue=f"none-{api.world.name}")
        return handle.id
    workflow_id = asyncio.run(start())
    history = api.get(api.path(workflow_id, "/history")).json["events"]
    shown = history[0]["workflowExecutionStartedEventAttributes"]["input"][0]
    assert shown["metadata"]["encoding"] == "binary/encrypted" and "changed" not in json.dumps(shown)


# --- Ferry's worker --------------------------------------------------------------------------------------------------

def worker_for(world, *ids: str):
    ferry = world.ferry(world.create_queue(fifo=False), codec(world.directory, *ids))
    ferry.worker.start()
    ferry.wait_ready(ferry.worker)
    return ferry


async def raw_history(world, workflow_id: str) -> list:
    client = await Client.connect(world.temporal.address)
    return (await client.get_workflow_handle(workflow_id).fetch_history()).events


def test_their_client_runs_our_workflow_and_activity(world):
    said = secret()
    worker_for(world, "2026-11", "2026-10", "2026-09")

    async def go(key: str, body: dict):
        client = await Client.connect(world.temporal.address, data_converter=converter(key, "2026-11"))
        workflow_id = f"codec-{uuid.uuid4().hex}"
        handle = await client.start_workflow("helloWorld", message(body), id=workflow_id, task_queue=world.task_queue)
        return workflow_id, await handle.result()

    def message(body: dict) -> dict:
        url = world.create_queue(fifo=False)
        world.send(url, body)
        received = world.sqs.client.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
        return {name: received[name] for name in ("MessageId", "ReceiptHandle", "Body")}

    for key in ("2026-11", "2026-10", "2026-09"):
        workflow_id, result = asyncio.run(go(key, {"message": said}))
        assert result == "finished!"
        told = b"".join(one.SerializeToString() for one in asyncio.run(raw_history(world, workflow_id)))
        assert said.encode() not in told and b"finished!" not in told and b"json/plain" not in told
    with pytest.raises(WorkflowFailureError) as caught:
        asyncio.run(go("2026-11", {"no": "message"}))
    assert isinstance(caught.value.cause.cause, ApplicationError)


def test_the_whole_way_of_a_message(world):
    said, url = secret(), world.create_queue()
    ferry = world.ferry(url, codec(world.directory, "2026-10"))
    ferry.start()
    message_id = world.send(url, {"message": said}, group="g")
    world.wait_completed([message_id])
    world.wait_empty(url)
    told = b"".join(one.SerializeToString()
                    for one in asyncio.run(raw_history(world, world.workflow_id(message_id))))
    assert said.encode() not in told and message_id.encode() in told  # in the workflow's ID
    assert b"FerryRoute" in told and b"json/plain" not in told


def failed_tasks(events: list) -> list[str]:
    return [one.workflow_task_failed_event_attributes.failure.message for one in events
            if one.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED]


@pytest.mark.parametrize("client_codec, reason", [
    (converter("2026-11"), 'encrypted with the key "2026-11", which is not configured; configured: "2026-09"'),
    (converter("2026-09", damage=True), "the bytes were encrypted with another key, or were changed"),
], ids=["an unknown key", "changed bytes"])
def test_what_our_worker_cannot_decrypt_fails_the_task_and_not_the_run(world, client_codec, reason):
    ferry = worker_for(world, "2026-09")

    async def start():
        client = await Client.connect(world.temporal.address, data_converter=client_codec)
        return (await client.start_workflow("helloWorld", {"Body": 1}, id=f"codec-{uuid.uuid4().hex}",
                                            task_queue=world.task_queue, task_timeout=timedelta(seconds=1))).id
    workflow_id = asyncio.run(start())
    failures = wait_until(lambda: failed_tasks(asyncio.run(raw_history(world, workflow_id))), 30, "a failed task", 0.1)
    assert failures[0].startswith("a payload cannot be decoded: ") and reason in failures[0]
    ferry.worker.wait_for_event(10, "workflow task failed")

    async def status():
        client = await Client.connect(world.temporal.address)
        return (await client.get_workflow_handle(workflow_id).describe()).status.name
    assert asyncio.run(status()) == "RUNNING"
    if "2026-11" in reason:  # a worker with the key goes on
        ferry.worker.stop()
        worker_for(world, "2026-11", "2026-09")

        async def result():
            client = await Client.connect(world.temporal.address, data_converter=client_codec_of_both())
            return await asyncio.wait_for(client.get_workflow_handle(workflow_id).result(), 60)
        assert asyncio.run(result()) == "oops!"


def client_codec_of_both() -> DataConverter:
    return converter("2026-11", "2026-09")


# --- settings --------------------------------------------------------------------------------------------------------

def check(configuration_path) -> subprocess.CompletedProcess:
    return subprocess.run([programs() / "ferry", "check", "-c", configuration_path], capture_output=True, text=True,
                          check=False)


@pytest.mark.unclean
def test_ferry_check_reads_the_keys_and_shows_none(world, tmp_path):
    ferry = world.ferry("http://127.0.0.1:1/1/unused", codec(tmp_path, "2026-11", "2026-10", "2026-09"))
    checked = check(ferry.configuration_path)
    assert checked.returncode == 0, checked
    assert 'codec     aes_gcm, encrypts with the key "2026-11", decrypts with "2026-10", decrypts with "2026-09"' \
        in checked.stdout
    (tmp_path / "2026-10").write_bytes(b"k" * 31)
    checked = check(ferry.configuration_path)
    assert checked.returncode == 2 and "found 31 bytes" in checked.stderr and "kkk" not in checked.stderr, checked
    (tmp_path / "2026-10").unlink()
    for service in (ferry.gateway, ferry.worker):
        service.start()
        assert service.wait(20) != 0
        assert "2026-10" in service.text() and "cannot be read" in service.text()
    # The poller has no use for the keys.
    ferry.poller.start()
    wait_until(lambda: ferry.poller.events(), 20, "the poller to say something", 0.1)
    assert ferry.poller.running
