"""The OpenAPI document: it validates, tools can use it, and the gateway does what it says (schemathesis).

FERRY_LONG=1, or `make schemathesis`: at least 2,000 cases."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import openapi_spec_validator
import pytest
from temporalio import workflow
from temporalio.common import RawValue

from gateway_world import Workers, gateway_for
from http_request import request

TOKEN = "a-token-for-schemathesis"
HERE = Path(__file__).resolve().parent
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:test:order", "type": "object",
    "required": ["orderId", "items"], "additionalProperties": False,
    "properties": {"orderId": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
                   "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}}},
    "$defs": {"item": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer", "minimum": 0}}}},
}
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@workflow.defn(dynamic=True)
class Anything:
    """A workflow of any type, with signals, queries and updates of any name; ends by itself after a moment."""

    def __init__(self):
        self.signals = 0

    @workflow.signal(dynamic=True)
    def any_signal(self, name: str, arguments: Sequence[RawValue]):
        self.signals += 1

    @workflow.query(dynamic=True)
    def any_query(self, name: str, arguments: Sequence[RawValue]) -> int:
        return self.signals

    @workflow.update(dynamic=True)
    def any_update(self, name: str, arguments: Sequence[RawValue]) -> int:
        return len(arguments)

    @workflow.run
    async def run(self, arguments: Sequence[RawValue]) -> int:
        await workflow.sleep(timedelta(seconds=0.5))
        return self.signals


@pytest.fixture
def gateway(world):
    path = world.directory / "order.schema.json"
    path.write_text(json.dumps(SCHEMA))
    return gateway_for(world, routes={"orders": {"workflow": "processOrder", "task_queue": world.task_queue, "input": "body",
                                                 "schema": str(path), "description": "Orders of the shop"}},
                       environment={"FERRY_API_TOKEN": TOKEN})


def document_of(gateway) -> dict:
    answer = request("GET", f"{gateway.gateway_url}/openapi.json", headers=AUTHORIZED)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    return answer.json


def test_the_document_validates_and_holds_the_configured_routes(gateway):
    document = document_of(gateway)
    openapi_spec_validator.validate(document)
    orders = document["paths"]["/v1/routes/orders/events"]["post"]
    assert orders["description"] == "Orders of the shop"
    reference = orders["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/route-orders"
    assert document["components"]["schemas"]["route-orders"]["required"] == SCHEMA["required"]
    assert "/v1/routes/hello-world/events" in document["paths"]
    assert TOKEN not in json.dumps(document)


def test_the_document_validates_with_everything_about_access(world):
    """Webhooks, tokens with scopes and origins at once; who may little is shown little, and that validates, too."""
    files = {name: world.directory / name for name in ("whole", "narrow", "secret")}
    for name, path in files.items():
        path.write_text(f"{name}-of-the-document")
    hook = {"workflow": "hook", "task_queue": world.task_queue, "ack": "completion"}
    routes = {kind: {**hook, "webhook": {"kind": kind, "secret_file": str(files["secret"])}} for kind in ("github", "stripe", "strava")}
    ferry = gateway_for(world, routes=routes, settings={"gateway": {
        "tokens": [{"name": "whole", "token_file": str(files["whole"])},
                   {"name": "narrow", "token_file": str(files["narrow"]), "allow": ["read", "event"], "routes": ["github"]}],
        "cors": {"origins": ["https://app.example"]}}})

    def document(name: str) -> dict:
        answer = request("GET", f"{ferry.gateway_url}/openapi.json", headers={"Authorization": f"Bearer {name}-of-the-document"})
        assert answer.status == 200
        openapi_spec_validator.validate(answer.json)
        assert "secret-of-the-document" not in answer.body.decode()
        return answer.json

    whole, narrow = document("whole"), document("narrow")
    assert {"/v1/webhooks/github", "/v1/webhooks/stripe"} < whole["paths"].keys()
    assert any(path.startswith("/v1/webhooks/strava/") for path in whole["paths"])
    assert whole["paths"]["/v1/webhooks/github"]["post"]["security"] == []
    assert "/v1/routes/stripe/events" in whole["paths"] and "/v1/routes/stripe/events" not in narrow["paths"]


def test_the_document_needs_the_token(gateway):
    assert request("GET", f"{gateway.gateway_url}/openapi.json").status == 401


def test_problems_lead_to_their_sections(gateway):
    problem = request("GET", f"{gateway.gateway_url}/v1/workflows/nobody-{gateway.gateway_port}", headers=AUTHORIZED)
    section = request("GET", gateway.gateway_url + problem.json["type"])
    assert section.status == 200 and section.body.startswith(b"## workflow-not-found\n")
    assert request("GET", f"{gateway.gateway_url}/problems/nobody-knows-this").status == 404


def run_schemathesis(world, gateway, examples: int) -> str:
    environment = {**os.environ, "SCHEMATHESIS_TOKEN": TOKEN, "SCHEMATHESIS_TASK_QUEUE": world.task_queue,
                   "PYTHONPATH": str(HERE), "COLUMNS": "160"}
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", str(HERE / "schemathesis.toml"), "run",
               f"{gateway.gateway_url}/openapi.json", "--max-examples", str(examples), "--seed", "20231", "--no-color",
               "--suppress-health-check", "all", "--request-timeout", "100"]
    done = subprocess.run(command, cwd=world.directory, env=environment, capture_output=True, text=True)
    (world.directory / "schemathesis.txt").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.timeout(1800)
def test_the_gateway_does_what_the_document_says(world, gateway):
    is_long = bool(os.environ.get("FERRY_LONG"))
    with Workers(world, [Anything]):
        told = run_schemathesis(world, gateway, 100 if is_long else 5)
    cases = int(re.search(r"(\d[\d,]*) generated", told).group(1).replace(",", ""))
    assert cases >= (2000 if is_long else 200), told[-3000:]
