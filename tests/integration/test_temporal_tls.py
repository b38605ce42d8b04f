"""Temporal behind TLS, client certificates and API keys, as Temporal Cloud is: the gateway, which gives it an HTTP API,
and the worker go through a frontend that demands them; behind it is a real server."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from ferrystack.ferry import programs
from ferrystack.process import wait_until
from ferrystack.tls_frontend import TlsFrontend
from gateway_world import Workers, gateway_for
from http_request import request
from workflow_world import Box, assert_problem

KEY, OTHER_KEY = "the-first-key-0123456789", "the-second-key-0123456789"
NAME = "frontend.example"  # in the frontend's certificate; nobody resolves it
UNVERIFIED = "certificate verify failed"  # newer gRPCs say it in OpenSSL's own capitals
NEW = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
COMMANDS = f"""
{NEW} -days 30 -subj '/CN=CA' -keyout ca.key -out ca.pem
{NEW} -days 30 -subj '/CN=Another CA' -keyout other-ca.key -out other-ca.pem
sign="{NEW} -CA ca.pem -CAkey ca.key -addext basicConstraints=CA:FALSE"
$sign -days 30 -subj /CN=f -addext subjectAltName=DNS:{NAME} -keyout server.key -out server.pem
$sign -days 30 -subj /CN=f -addext subjectAltName=IP:127.0.0.1 -keyout here.key -out here.pem
$sign -days 30 -subj /CN=gateway -keyout client.key -out client.pem
{NEW} -CA other-ca.pem -CAkey other-ca.key -addext basicConstraints=CA:FALSE -days 30 -subj /CN=gateway \
    -keyout stranger.key -out stranger.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=f -keyout old.key -out old.csr
printf 'subjectAltName=DNS:{NAME}\\n' > old.ext
openssl x509 -req -in old.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days -1 -extfile old.ext -out old.pem
"""


class Pems:
    def __init__(self, directory: Path):
        self.directory = directory
        done = subprocess.run(["bash", "-ec", COMMANDS], cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def path(self, name: str) -> str:
        return str(self.directory / name)

    def text(self, name: str) -> bytes:
        return (self.directory / name).read_bytes()

    def put(self, name: str, text: str):
        """In the place of the old file at once."""
        next_one = self.directory / f"{name}.next"
        next_one.write_text(text)
        os.replace(next_one, self.directory / name)


@pytest.fixture(scope="module")
def pems(tmp_path_factory):
    return Pems(tmp_path_factory.mktemp("pems"))


@pytest.fixture
def frontends(temporal, pems, tmp_path):
    """Makes frontends, and stops them."""
    started = []

    def make(certificate: str = "server", **options) -> TlsFrontend:
        frontend = TlsFrontend(tmp_path, temporal.address, pems.path(f"{certificate}.pem"),
                               pems.path(f"{certificate}.key"), **options)
        started.append(frontend.start())
        return frontend
    yield make
    for frontend in started:
        frontend.stop()


def settings_of(pems, **more) -> dict:
    return {"tls_ca": pems.path("ca.pem"), "tls_server_name": NAME, **more}


def with_certificate(pems, name: str = "client") -> dict:
    return settings_of(pems, tls_certificate=pems.path(f"{name}.pem"), tls_key=pems.path(f"{name}.key"))


def through(world, frontend, temporal: dict, **options):
    """A gateway that reaches Temporal through the frontend alone."""
    ferry = world.ferry("http://127.0.0.1:1/1/unused", {"temporal": {**temporal, "address": frontend.address}},
                        temporal=frontend, **options)
    ferry.gateway.start()
    return ferry


def seen(frontend, key: str) -> set:
    return {call["metadata"].get(key) for call in frontend.calls}


def refused(frontend) -> list:
    return [call for call in frontend.calls if call["outcome"] == "refused"]


def in_one_spelling(text: str) -> str:
    return text.replace("CERTIFICATE_VERIFY_FAILED", UNVERIFIED)


def readiness_text(ferry) -> str:
    answer = request("GET", f"{ferry.gateway_url}/readyz")
    return answer.body.decode() if answer.status == 503 else ""


def wait_not_ready(ferry, *texts: str) -> str:
    """Until /readyz says why, in these words."""
    def says():
        if ferry.readiness(ferry.gateway) == 0:
            return ""
        text = readiness_text(ferry)
        return text if all(part in in_one_spelling(text) for part in texts) else ""
    try:
        return wait_until(says, 30, f"/readyz to say {texts}", 0.1)
    except Exception:
        raise AssertionError(f"{texts} in {readiness_text(ferry)}\n{ferry.gateway.tail()}") from None


def start(ferry, workflow_id: str, **members):
    body = {"workflowType": "box", "taskQueue": members.pop("task_queue"), **members}
    return request("POST", f"{ferry.gateway_url}/v1/workflows/{workflow_id}", body)


def assert_unavailable(answer):
    """The time may also run out while one more connection is tried."""
    if answer.status == 504:
        assert_problem(answer, 504, "temporal-timeout")
    else:
        assert_problem(answer, 503, "temporal-unavailable")
        assert "Retry-After" in answer.headers


def assert_everything_works(world, ferry):
    """Start, describe, signal, query, update, result, list: the whole way through the frontend. The Python worker is
    not behind it."""
    with Workers(world, [Box]):
        one = f"box-{world.name}"
        url = f"{ferry.gateway_url}/v1/workflows/{one}"
        assert start(ferry, one, task_queue=world.task_queue).status == 201
        assert request("POST", f"{url}/signals/add", '{"a":1.50}').status == 202
        answer = request("POST", f"{url}/updates/put?wait=60s", "2")
        assert answer.status == 200 and answer.json["result"] == 2, answer
        assert request("POST", f"{url}/queries/items").json == {"result": ['{"a":1.50}', "2"]}
        assert request("POST", f"{url}/signals/close").status == 202
        assert request("GET", f"{url}/result?wait=30s").json["status"] == "Completed"
        assert request("GET", url).json["status"] == "Completed"
        assert len(request("GET", f"{url}/history").json["events"]) > 4


def test_with_a_client_certificate_gateway_and_worker_work_through_tls(world, pems, frontends):
    frontend = frontends(client_ca=pems.path("ca.pem"))
    queue = world.create_queue(fifo=False)
    ferry = world.ferry(queue, {"temporal": {**with_certificate(pems), "address": frontend.address}}, temporal=frontend)
    ferry.start()
    message = world.send(queue, {"message": "hello"})
    world.wait_completed([message])
    world.wait_empty(queue)
    assert_everything_works(world, ferry)
    methods = {call["method"] for call in frontend.calls}
    assert {"PollWorkflowTaskQueue", "RespondWorkflowTaskCompleted", "PollActivityTaskQueue", "StartWorkflowExecution",
            "QueryWorkflow", "UpdateWorkflowExecution"} <= methods


@pytest.mark.parametrize("shown", ["none", "stranger"])
def test_without_a_certificate_of_the_servers_ca_the_gateway_says_so_and_waits(world, pems, frontends, shown):
    frontend = frontends(client_ca=pems.path("ca.pem"))
    ferry = through(world, frontend, settings_of(pems) if shown == "none" else with_certificate(pems, shown))
    wait_not_ready(ferry, "Temporal at 127.0.0.1")
    answer = start(ferry, f"box-{world.name}", task_queue=world.task_queue)
    assert_unavailable(answer)
    assert not frontend.calls


def test_a_server_that_the_ca_has_not_signed_is_not_talked_to(world, pems, frontends):
    frontend = frontends(api_keys={KEY})
    pems.put("key", KEY)
    ferry = through(world, frontend, {**settings_of(pems), "tls_ca": pems.path("other-ca.pem"),
                                      "api_key_file": pems.path("key")})
    text = wait_not_ready(ferry, UNVERIFIED)
    assert KEY not in text + ferry.gateway.text() and not refused(frontend)
    answer = start(ferry, f"box-{world.name}", task_queue=world.task_queue)
    assert_unavailable(answer)
    assert UNVERIFIED in in_one_spelling(answer.json["detail"]), answer


def test_a_server_whose_certificate_has_expired_is_not_talked_to(world, pems, frontends):
    ferry = through(world, frontends("old"), settings_of(pems))
    wait_not_ready(ferry, UNVERIFIED)


def test_a_server_of_another_name_is_not_talked_to(world, pems, frontends):
    frontend = frontends()
    ferry = through(world, frontend, {"tls_ca": pems.path("ca.pem")})  # is 127.0.0.1, and has a certificate for NAME
    wait_not_ready(ferry, "Temporal at 127.0.0.1")
    assert not frontend.calls


def test_the_addresss_own_name_needs_no_server_name(world, pems, frontends):
    ferry = through(world, frontends("here"), {"tls_ca": pems.path("ca.pem")})
    ferry.wait_ready(ferry.gateway)


def test_with_an_api_key_the_gateway_gives_the_server_an_http_api(world, pems, frontends):
    frontend = frontends(api_keys={KEY})
    pems.put("key", f"{KEY}\n")
    ferry = through(world, frontend, settings_of(pems, api_key_file=pems.path("key")))
    ferry.wait_ready(ferry.gateway)
    assert_everything_works(world, ferry)
    assert seen(frontend, "temporal-namespace") == {"default"}
    assert not refused(frontend)
    request("GET", f"{ferry.gateway_url}/v1/workflows?namespace=elsewhere")
    assert "elsewhere" in seen(frontend, "temporal-namespace")
    assert KEY not in ferry.gateway.text()


def test_a_key_from_the_environment_is_as_good_and_means_tls(world, pems, frontends):
    frontend = frontends(api_keys={KEY})
    ferry = through(world, frontend, settings_of(pems), environment={"TEMPORAL_API_KEY": KEY})
    ferry.wait_ready(ferry.gateway)
    assert seen(frontend, "authorization") == {f"Bearer {KEY}"}


def test_a_wrong_key_is_said_and_not_shown(world, pems, frontends):
    frontend = frontends(api_keys={KEY})
    pems.put("key", OTHER_KEY)
    ferry = through(world, frontend, settings_of(pems, api_key_file=pems.path("key")))
    text = wait_not_ready(ferry, "UNAUTHENTICATED", "the API key is not valid")
    answer = start(ferry, f"box-{world.name}", task_queue=world.task_queue)
    assert_problem(answer, 502, "temporal-refused", "the API key is not valid")
    assert answer.json["grpcStatus"] == "UNAUTHENTICATED"
    not_ready = [event for event in ferry.gateway.events() if "API key is not valid" in json.dumps(event)]
    assert not_ready, ferry.gateway.tail()
    assert OTHER_KEY not in ferry.gateway.text() + answer.body.decode() + text


def test_a_key_that_changes_on_disk_is_taken_without_a_restart(world, pems, frontends):
    frontend = frontends(api_keys={KEY})
    pems.put("key", KEY)
    ferry = world.ferry(world.create_queue(fifo=False),
                        {"temporal": settings_of(pems, api_key_file=pems.path("key"), address=frontend.address)},
                        temporal=frontend)
    for service in (ferry.gateway, ferry.worker):
        service.start()
    ferry.wait_ready(ferry.gateway, ferry.worker)
    frontend.set_api_keys({KEY, OTHER_KEY})  # both are good for a time
    pems.put("key", OTHER_KEY)
    for service in (ferry.gateway, ferry.worker):
        service.wait_for_event(30, "a secret was read again from its file", path=pems.path("key"))
    frontend.set_api_keys({OTHER_KEY})
    frontend.forget()
    assert_everything_works(world, ferry)
    assert seen(frontend, "authorization") == {f"Bearer {OTHER_KEY}"} and not refused(frontend)
    assert OTHER_KEY not in ferry.gateway.text() + ferry.worker.text()


def test_a_client_certificate_that_changes_on_disk_is_taken_at_the_next_start(world, pems, frontends):
    """As docs/configuration.md says."""
    frontend = frontends(client_ca=pems.path("ca.pem"))
    for kind in ("pem", "key"):
        pems.put(f"mine.{kind}", pems.text(f"client.{kind}").decode())
    ferry = through(world, frontend, with_certificate(pems, "mine"))
    ferry.wait_ready(ferry.gateway)
    for kind in ("pem", "key"):
        pems.put(f"mine.{kind}", pems.text(f"stranger.{kind}").decode())
    assert start(ferry, f"box-{world.name}", task_queue=world.task_queue).status == 201
    assert ferry.gateway.stop() == 0
    ferry.gateway.start()
    wait_not_ready(ferry, "Temporal at 127.0.0.1")


def test_check_reaches_temporal_as_the_services_do(world, pems, frontends):
    pems.put("key", KEY)
    frontend = frontends(client_ca=pems.path("ca.pem"), api_keys={KEY})
    url = "http://127.0.0.1:1/1/unused"

    def findings(**temporal) -> dict:
        ferry = world.ferry(url, {"temporal": {**temporal, "address": frontend.address}}, temporal=frontend)
        done = subprocess.run([programs() / "ferry", "check", "--live", "-c", ferry.configuration_path, "-o", "json"],
                              capture_output=True, text=True, env=ferry.environment)
        return {finding["id"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert {"temporal-reached", "namespace"} <= set(findings(**with_certificate(pems), api_key_file=pems.path("key")))
    assert "temporal-refused" in findings(**with_certificate(pems))
    assert "temporal-unreachable" in findings(**settings_of(pems), api_key_file=pems.path("key"))


@pytest.mark.parametrize("program", ["ferry-gateway", "ferry-worker"])
def test_what_cannot_be_meant_is_refused_at_the_start(tmp_path, pems, program):
    pems.put("key", KEY)
    cases = [({"api_key_file": pems.path("key"), "tls": False}, "expected TLS with an API key"),
             ({"tls_certificate": pems.path("client.pem")}, "expected a client certificate and its key together"),
             ({"api_key_file": pems.path("nowhere")}, "nowhere cannot be read")]
    for temporal, text in cases:
        path = tmp_path / "ferry.yaml"
        path.write_text(json.dumps({"temporal": temporal}))
        done = subprocess.run([programs() / program, "--check", "-c", path], capture_output=True, text=True)
        assert done.returncode == 2 and text in done.stderr and KEY not in done.stdout + done.stderr, done


def test_files_that_cannot_be_used_end_the_program_and_are_named(world, pems, frontends):
    ferry = through(world, frontends(), settings_of(pems, tls_ca=pems.path("nowhere.pem")))
    assert ferry.gateway.wait(20) == 2 or ferry.gateway.exit_code == 1
    assert "nowhere.pem cannot be read" in ferry.gateway.text()
    ferry.gateway.popen = None  # has ended as it should
