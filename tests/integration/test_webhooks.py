"""Webhooks of GitHub, Stripe and Strava: proof, identity, replay, rotation, both targets (docs/webhooks.md)."""

import hashlib
import hmac
import json
import os
import re
import subprocess
import time
import urllib.parse
import uuid
from pathlib import Path

import pytest
import yaml

from ferrystack.process import ROOT
from gateway_world import gateway_for
from http_request import request

GITHUB_SECRET = "It's a Secret to Everybody"


def hexdigest(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


class Hooks:
    """A gateway with a route for each kind, and requests as the senders make them."""

    def __init__(self, world, directory: Path, **routes):
        self.world, self.directory = world, directory
        directory.mkdir(exist_ok=True)
        self.queue = world.create_queue(fifo=True)
        for name, secret in (("github", GITHUB_SECRET), ("stripe", "whsec_test"), ("strava", "unguessable"),
                             ("verify", "handshake")):
            self.write(name, secret)
        self.ferry = gateway_for(world, routes={**self.routes(), **routes},
                                 environment={"FERRY_API_TOKEN": "for-all-others"})
        self.url = f"{self.ferry.gateway_url}/v1/webhooks"

    def routes(self) -> dict:
        def hook(kind, **options):
            return {"kind": kind, "secret_file": str(self.directory / kind), **options}
        def workflow(**options):
            return {"workflow": "w", "task_queue": self.world.task_queue, **options}
        return {
            "github": workflow(webhook=hook("github"), memo={"Kind": "{event.type}", "Ref": "{body.ref}"}),
            "stripe": workflow(webhook=hook("stripe", secret_overlap="1h")),
            "strava": workflow(webhook=hook("strava", subscription_id=120475)),
            "queued": {"target": "sqs", "queue": self.queue, "group": "{body.owner_id}",
                       "webhook": hook("strava", verify_token_file=str(self.directory / "verify"))},
            "chosen": workflow(webhook=hook("github", events=["star"])),
            "plain": workflow(),
        }

    def write(self, name: str, secret: str):
        next_one = self.directory / f"{name}.next"
        next_one.write_text(secret + "\n")
        os.replace(next_one, self.directory / name)

    def github(self, body=b'{"ref":"refs/heads/main"}', delivery: str | None = None, kind: str | None = "push",
               secret: str = GITHUB_SECRET, route: str = "github", **headers):
        given = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={hexdigest(secret, body)}",
                 "X-GitHub-Event": kind, "X-GitHub-Delivery": str(uuid.uuid4()) if delivery is None else delivery, **headers}
        return request("POST", f"{self.url}/{route}", body, {k: v for k, v in given.items() if v is not None})

    def stripe(self, body: bytes, secrets=("whsec_test",), now: int | None = None):
        now = now or int(time.time())
        signatures = ",".join(f"v1={hexdigest(secret, str(now).encode() + b'.' + body)}" for secret in secrets)
        return request("POST", f"{self.url}/stripe", body,
                       {"Content-Type": "application/json", "Stripe-Signature": f"t={now},{signatures},v0=00"})

    def strava(self, secret: str = "unguessable", route: str = "strava", **members):
        event = {"object_type": "activity", "object_id": 1360128428, "aspect_type": "create",
                 "event_time": 1516126040, "owner_id": 134815, "subscription_id": 120475, **members}
        return request("POST", f"{self.url}/{route}/{secret}", event)

    def challenge(self, secret: str = "unguessable", route: str = "strava", **query):
        query = {"hub.mode": "subscribe", "hub.verify_token": secret, "hub.challenge": 'a"b', **query}
        return request("GET", f"{self.url}/{route}/{secret}?{urllib.parse.urlencode(query)}")

    def describe(self, workflow_id: str) -> dict:
        path = urllib.parse.quote(workflow_id, safe="")
        return request("GET", f"{self.ferry.gateway_url}/v1/workflows/{path}", None,
                       {"Authorization": "Bearer for-all-others"}).json

    def refused(self) -> int:
        text = request("GET", f"{self.ferry.gateway_url}/metrics").body.decode()
        return int(re.search(r'ferry_gateway_refused_total\{reason="signature"\} (\d+)', text).group(1))


@pytest.fixture
def hooks(world, tmp_path):
    return Hooks(world, tmp_path / "hooks")


def assert_signature(answer, text: str):
    assert answer.status == 401 and answer.json["type"] == "/problems/signature", answer
    assert text in answer.json["detail"] and "WWW-Authenticate" in answer.headers


def test_a_delivery_of_githubs_is_one_run_however_often_it_comes(hooks):
    delivery = str(uuid.uuid4())
    first, again = hooks.github(delivery=delivery), hooks.github(delivery=delivery)
    assert (first.status, again.status) == (200, 200)
    assert first.json["workflowId"] == f"github-{delivery}"
    assert (first.json["started"], again.json["started"]) == (True, False)
    assert first.json["runId"] == again.json["runId"]
    memo = hooks.describe(first.json["workflowId"])["memo"]
    assert memo["Kind"] == "push" and memo["Ref"] == "refs/heads/main" and memo["FerryMessageId"] == delivery
    assert hooks.github().json["workflowId"] != first.json["workflowId"]


def test_what_github_did_not_sign_is_refused_and_counted(hooks):
    body = b'{"ref":"refs/heads/main"}'
    assert_signature(hooks.github(secret="wrong"), "does not fit")
    assert_signature(hooks.github(**{"X-Hub-Signature-256": None}), "X-Hub-Signature-256")
    signature = f"sha256={hexdigest(GITHUB_SECRET, body)}"
    assert_signature(hooks.github(body + b" ", **{"X-Hub-Signature-256": signature}), "does not fit")
    assert hooks.refused() == 3
    text = hooks.ferry.gateway.text()
    assert "request refused" in text and GITHUB_SECRET not in text and signature not in text


def test_what_github_must_send_beside_the_signature(hooks):
    assert hooks.github(delivery="").status == 400
    assert hooks.github(kind=None).status == 400
    assert hooks.github(b"no json").status == 400
    form = hooks.github(b"payload=%7B%7D", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert form.status == 415 and "application/json" in form.json["detail"]


def test_kinds_that_nobody_asked_for_are_answered_and_dropped(hooks):
    for answer in (hooks.github(kind="ping"), hooks.github(route="chosen")):
        assert (answer.status, answer.json) == (200, {"outcome": "ignored"})
    assert hooks.github(route="chosen", kind="star").json["started"]


def test_stripes_events(hooks):
    body = json.dumps({"id": f"evt_{uuid.uuid4().hex}", "type": "invoice.paid", "data": {"amount": 1.50}}).encode()
    first, again = hooks.stripe(body), hooks.stripe(body)
    assert (first.status, again.status) == (200, 200)
    assert first.json["workflowId"] == f"stripe-{json.loads(body)['id']}"
    assert (first.json["started"], again.json["started"]) == (True, False)
    assert hooks.stripe(body, ("whsec_other", "whsec_test")).status == 200


def test_what_stripe_did_not_sign_or_long_ago_is_refused(hooks):
    body = b'{"id":"evt_1","type":"a"}'
    assert_signature(hooks.stripe(body, ("wrong",)), "no v1")
    assert_signature(hooks.stripe(body, now=int(time.time()) - 3600), "s from now")
    assert_signature(hooks.stripe(body, now=int(time.time()) + 3600), "s from now")
    assert_signature(request("POST", f"{hooks.url}/stripe", body, {"Content-Type": "application/json"}),
                     "Stripe-Signature")
    assert hooks.refused() == 4
    assert hooks.stripe(b'{"type":"a"}').status == 400


def test_secrets_change_with_an_overlap(hooks):
    def event():
        return json.dumps({"id": f"evt_{uuid.uuid4().hex}", "type": "a"}).encode()
    hooks.write("stripe", "whsec_next")
    assert hooks.stripe(event(), ("whsec_next",)).status == 200
    assert hooks.stripe(event(), ("whsec_test",)).status == 200
    assert hooks.stripe(event(), ("whsec_third",)).status == 401


def test_stravas_challenge(hooks):
    answer = hooks.challenge()
    assert (answer.status, answer.json) == (200, {"hub.challenge": 'a"b'})
    assert_signature(hooks.challenge(**{"hub.verify_token": "wrong"}), "hub.verify_token")
    assert hooks.challenge(**{"hub.mode": "other"}).status == 400
    assert hooks.challenge(secret="guessed").status == 404
    assert hooks.challenge(route="queued").status == 401
    assert hooks.challenge(route="queued", **{"hub.verify_token": "handshake"}).status == 200


def test_stravas_events(hooks):
    number = uuid.uuid4().int % 10**12
    first, again = hooks.strava(object_id=number), hooks.strava(object_id=number)
    assert (first.status, again.status) == (200, 200)
    assert first.json["workflowId"] == f"strava-activity-{number}-create-1516126040"
    assert (first.json["started"], again.json["started"]) == (True, False)
    assert hooks.strava(object_id=number, aspect_type="update").json["started"]


def test_what_does_not_come_from_strava_is_refused(hooks):
    assert hooks.strava(secret="guessed").status == 404
    assert_signature(hooks.strava(subscription_id=1), "subscription_id")
    assert hooks.strava(object_id=None).status == 400
    assert hooks.refused() == 2


def test_an_event_for_a_queue_arrives_there_once(hooks):
    answer = hooks.strava(route="queued", object_id=7)
    again = hooks.strava(route="queued", object_id=7)
    assert (answer.status, again.status) == (200, 200) and answer.json["messageId"]
    received = hooks.world.sqs.client.receive_message(
        QueueUrl=hooks.queue, MaxNumberOfMessages=10, WaitTimeSeconds=5, AttributeNames=["All"])["Messages"]
    assert len(received) == 1
    assert json.loads(received[0]["Body"])["object_id"] == 7
    assert received[0]["Attributes"]["MessageGroupId"] == "134815"
    assert received[0]["Attributes"]["MessageDeduplicationId"] == "activity-7-create-1516126040"


def test_only_the_paths_of_webhooks_are_there(hooks):
    for path in ("plain", "nobody", "plain/unguessable", "strava", "github/unguessable"):
        answer = request("POST", f"{hooks.url}/{path}", {})
        assert answer.status == 404 and answer.json["type"] == "/problems/unknown-route", path
    token = {"Authorization": "Bearer for-all-others"}
    assert request("GET", f"{hooks.url}/github", None, token).status == 405


def test_a_webhooks_route_tells_its_kind(hooks):
    routes = request("GET", f"{hooks.ferry.gateway_url}/v1/routes", None,
                     {"Authorization": "Bearer for-all-others"}).json["routes"]
    kinds = {route["name"]: route.get("webhook") for route in routes}
    assert (kinds["github"], kinds["strava"], kinds["plain"]) == ("github", "strava", None)
    assert "unguessable" not in json.dumps(routes)


def documented(heading: str) -> str:
    text = (ROOT / "docs" / "webhooks.md").read_text()
    section = text.split(heading, 1)[1].split("\n## ", 1)[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))


def test_the_documented_configuration_and_commands_work(world, tmp_path):
    routes = yaml.safe_load(documented("# Webhooks\n"))["routes"]
    for route in routes.values():
        kind = route["webhook"]["kind"]
        (tmp_path / kind).write_text(uuid.uuid4().hex)
        route["webhook"]["secret_file"] = str(tmp_path / kind)
    routes["activities"]["queue"] = world.create_queue(fifo=True)
    ferry = gateway_for(world, routes=routes)
    done = subprocess.run(["sh", "-ec", documented("## By hand\n").replace("evt_1", f"evt_{world.name}")], cwd=tmp_path,
                          env={**os.environ, "GATEWAY": ferry.gateway_url}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    decoder, answers, text = json.JSONDecoder(), [], done.stdout.strip()
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].strip()
    assert "workflowId" in answers[0] and answers[1]["started"]
    assert answers[2] == {"hub.challenge": "15f7d1a91c1f40f8"} and answers[3]["messageId"]
