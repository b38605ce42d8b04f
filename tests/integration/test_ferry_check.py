"""`ferry check`, offline and --live: each finding by a configuration, a queue, a server that has it."""

import json
import subprocess
import uuid

import pytest

from ferrystack.ferry import programs
from ferrystack.process import free_port, wait_until

DAY = 86400


def check(ferry, *arguments, code: int | None = None, environment: dict | None = None) -> dict:
    done = subprocess.run([programs() / "ferry", "check", "-c", ferry.configuration_path, "-o", "json", *arguments],
                          capture_output=True, text=True, env={**ferry.environment, **(environment or {})})
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def ids(report: dict, *levels) -> list:
    return [finding["id"] for finding in report["findings"] if not levels or finding["level"] in levels]


def one(report: dict, id_: str, subject: str | None = None) -> dict:
    found = [finding for finding in report["findings"]
             if finding["id"] == id_ and (subject is None or finding["subject"] == subject)]
    assert len(found) == 1, f"{id_}: {report['findings']}"
    return found[0]


def route(scene, **more) -> dict:
    return scene.route(**{"execution_timeout": "1h", **more})


def sound(scene, **more):
    """A FIFO queue with everything as it should be, and its dead-letter queue."""
    dead = scene.queue("dead", MessageRetentionPeriod=DAY)
    url = scene.queue(dead=dead, most=10, MessageRetentionPeriod=3600)
    return url, dead, scene.crew(url, route=route(scene, dead_letter_queue=dead, **more), queue={"visibility": "60s"})


# --- offline ----------------------------------------------------------------------------------------------------------

def test_warnings_are_listed_and_strict_makes_them_errors(scene):
    url, dead = scene.queue(), scene.queue("dead", fifo=False)
    queue = {"visibility": "10s", "max_in_flight": 5000}
    ferry = scene.crew(url, route={"dead_letter_queue": dead, "filter": '{"body": {"a": [1]}}'}, queue=queue,
                       settings={"gateway": {"url": "http://192.0.2.1:80", "listen": "0.0.0.0:1", "auth": "none"}}
                       ).ferries[0]
    report = check(ferry, code=0)
    assert sorted(ids(report)) == ["beyond-long-polls", "dead-letter-type", "gateway-open", "no-execution-timeout",
                                   "unmatched-returns", "visibility-short"]
    assert report["errors"] == 0 and report["warnings"] == 6 and all(one["cure"] for one in report["findings"])
    check(ferry, "--strict", code=1)
    done = subprocess.run([programs() / "ferry", "check", "-c", ferry.configuration_path], capture_output=True,
                          text=True, env=ferry.environment)
    assert done.returncode == 0 and "warning   route hello-world: order: group without execution_timeout" in done.stdout
    assert "(no-execution-timeout)\n          -> set the route's execution_timeout\n" in done.stdout
    assert done.stdout.endswith("\nOK, 6 warnings\n")


def test_a_token_in_clear_and_runs_beyond_twelve_hours(scene):
    ferry = scene.crew(scene.queue(), route={"execution_timeout": "13h"}, queue={"visibility": "60s"}).ferries[0]
    elsewhere = {"FERRY_API_TOKEN": "hidden", "FERRY_GATEWAY_URL": "http://192.0.2.1:8080"}
    report = check(ferry, code=0, environment=elsewhere)
    assert sorted(ids(report)) == ["runs-beyond-12h", "token-in-clear"] and "hidden" not in json.dumps(report)
    assert ids(check(ferry, environment={**elsewhere, "FERRY_GATEWAY_URL": "https://192.0.2.1"})) == ["runs-beyond-12h"]


def test_a_mistake_is_exit_code_2(scene):
    ferry = scene.crew(scene.queue()).ferries[0]
    ferry.configuration_path.write_text("nothing: 1\n")
    done = subprocess.run([programs() / "ferry", "check", "--live", "-c", ferry.configuration_path],
                          capture_output=True, text=True, env=ferry.environment)
    assert done.returncode == 2 and "unknown key" in done.stderr


# --- live: all is well ------------------------------------------------------------------------------------------------

def test_where_all_is_well_nothing_is_to_be_done_and_nothing_has_happened(any_scene, work):
    scene = any_scene
    url, dead, crew = sound(scene)
    crew.start_gateway()
    message = scene.send(url, {"a": 1})
    report = check(crew.ferries[0], "--live", "--strict")
    if scene.server_name != "scripted":  # they do not know every attribute, nor every action
        assert not set(ids(report, "error"))
    else:
        assert not ids(report, "error", "warning"), report["findings"]
        assert report["errors"] == 0 and report["warnings"] == 0
    found = set(ids(report))
    assert {"credentials", "queue-reached", "temporal-reached", "namespace", "pollers", "gateway-ready",
            "gateway-routes", "visibility", "queue-settings", "redrive"} <= found
    assert one(report, "credentials")["text"].endswith("environment")
    assert scene.sqs.depth(dead) == (0, 0) and scene.sqs.depth(url) == (1, 0)
    received = scene.sqs.client.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"][0]
    assert received["MessageId"] == message and received["Attributes"]["ApproximateReceiveCount"] == "1"


# --- live: SQS --------------------------------------------------------------------------------------------------------

def test_queues_as_they_should_not_be(scene):
    dead = scene.queue("dead", MessageRetentionPeriod=3600)
    low = scene.queue("low", dead=dead, most=3, MessageRetentionPeriod=2 * DAY)
    bare = scene.queue("bare", MessageRetentionPeriod=3600)
    routes = {"hello-world": route(scene, dead_letter_queue=dead), "alone": route(scene)}
    ferry = scene.crew([{"url": low}, {"url": bare, "route": "alone"}, {"url": f"{bare[:-5]}-none.fifo"}],
                       routes=routes, queue={"visibility": "60s"}, settings={"gateway": {"max_body": "1MiB"}}).ferries[0]
    report = check(ferry, "--live", code=1)
    assert "maxReceiveCount of 3" in one(report, "redrive-low")["text"]
    assert one(report, "no-dead-letters")["subject"].startswith("queue bare-")
    assert one(report, "queue-missing")["level"] == "error"
    assert one(report, "dead-letter-retention")["text"] == "keeps messages for 1 h, the queue before it for 48 h"
    assert "for 48 h, and the namespace default knows closed runs for 24 h" in one(report, "beyond-retention")["text"]
    assert len([id_ for id_ in ids(report) if id_ == "message-over-body"]) == 2


@pytest.mark.parametrize("action", ["GetQueueAttributes", "DeleteMessage", "ChangeMessageVisibility", "SendMessageBatch"])
def test_what_is_not_allowed_is_named(scene, action):
    url, dead, crew = sound(scene)
    where = dead if action == "SendMessageBatch" else url
    scene.sqs.fault("error", action=action, queue=where, code="AccessDeniedException", status=400)
    report = check(crew.ferries[0], "--live", code=1)
    expected = "queue-refused" if action == "GetQueueAttributes" else "refused"
    finding = one(report, expected)
    assert "AccessDenied" in finding["text"] and action.removesuffix("Batch") in finding["text"]
    assert finding["subject"].startswith("dead-letter queue" if where == dead else "queue")


def test_an_answer_that_says_nothing_about_rights_is_unclear(scene):
    url, _, crew = sound(scene)
    scene.sqs.fault("error", action="DeleteMessage", queue=url, code="UnsupportedOperation", status=400)
    assert "DeleteMessage" in one(check(crew.ferries[0], "--live"), "unclear")["text"]


def test_a_policy_of_iam_that_denies_one_action_is_seen(world):
    iam = world.sqs._connect("iam", "test", "test")
    user = f"user-{world.name}"
    iam.create_user(UserName=user)
    statement = [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
                 {"Effect": "Deny", "Action": "sqs:DeleteMessage", "Resource": "*"}]
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": statement}))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    ferry = world.ferry(world.create_queue())
    report = check(ferry, "--live", environment={"AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                                                 "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})
    if "refused" not in ids(report):
        pytest.skip("this SQS server does not look at policies")
    assert "DeleteMessage" in one(report, "refused")["text"]


def test_without_credentials_or_sqs(scene):
    _, _, crew = sound(scene)
    ferry = crew.ferries[0]
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(scene.directory)}
    assert one(check(ferry, "--live", code=1, environment=none), "no-credentials")["level"] == "error"
    nobody = {"AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{free_port()}"}
    assert one(check(ferry, "--live", code=1, environment=nobody), "queue-unreachable")["subject"].startswith("queue q-")


# --- live: Temporal ---------------------------------------------------------------------------------------------------

def test_nobody_polls_and_nobody_knows_the_namespace(scene):
    url, _, crew = sound(scene)
    report = check(crew.ferries[0], "--live")
    assert scene.task_queue in one(report, "no-workflow-pollers")["text"]
    assert one(report, "no-activity-pollers")["level"] == "info"
    other = scene.crew(url, route=route(scene, namespace="elsewhere"))
    assert one(check(other.ferries[0], "--live", code=1), "namespace-missing")["subject"] == "namespace elsewhere"
    alone = check(other.ferries[0], "--live", code=1,
                  environment={"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"})
    assert one(alone, "temporal-unreachable")["level"] == "error" and "namespace-missing" not in ids(alone)


def test_search_attributes_are_there_and_of_a_type_that_fits(scene):
    names = {kind: f"Check{kind}{uuid.uuid4().hex[:6]}" for kind in ("Keyword", "Int")}
    for kind, name in names.items():
        subprocess.run(scene.temporal.command("operator", "search-attribute", "create", "--name", name, "--type", kind),
                       check=True, capture_output=True)
    url = scene.queue("s", fifo=False)
    attributes = {names["Keyword"]: "{MessageId}", names["Int"]: "{body.n}", "CheckNowhere": "x"}
    report = check(scene.crew(url, route=route(scene, search_attributes=attributes)).ferries[0], "--live", code=1)
    assert ids(report).count("search-attribute") == 2
    assert "CheckNowhere" in one(report, "search-attribute-missing")["text"]
    report = check(scene.crew(url, route=route(scene, search_attributes={names["Int"]: "n-{body.n}"})).ferries[0],
                   "--live", code=1)
    assert "of type Int" in one(report, "search-attribute-type")["text"]


# --- live: the gateway ------------------------------------------------------------------------------------------------

def test_the_gateway_is_there_takes_the_token_and_has_the_routes(scene):
    url, dead, crew = sound(scene)
    ferry = crew.ferries[0]
    assert one(check(ferry, "--live", code=1), "gateway-unreachable")["subject"] == "gateway"
    ferry.gateway.environment = {**ferry.environment, "FERRY_API_TOKEN": "right"}
    crew.start_gateway()
    report = check(ferry, "--live", code=1)
    assert "401" in one(report, "gateway-token")["text"] and one(report, "gateway-ready")["level"] == "ok"
    report = check(ferry, "--live", environment={"FERRY_API_TOKEN": "wrong"})
    assert "our token" in one(report, "gateway-token")["text"]
    token = {"FERRY_API_TOKEN": "right"}
    report = check(ferry, "--live", environment=token)
    assert one(report, "gateway-routes")["text"] == "it has the same 1 route" and "right" not in json.dumps(report)
    other = scene.crew([{"url": url}, {"url": dead, "route": "new"}], settings={"gateway": {"url": crew.gateway_url}},
                       routes={"hello-world": route(scene, dead_letter_queue=dead, workflow="other"),
                               "new": route(scene)}).ferries[0]
    report = check(other, "--live", code=1, environment=token)
    assert one(report, "gateway-route-missing")["subject"] == "route new"
    assert one(report, "gateway-route-differs")["text"] == "the gateway's has another workflow"


def test_a_gateway_that_is_not_ready_is_told(scene):
    _, _, crew = sound(scene)
    ferry = crew.ferries[0]
    ferry.gateway.environment = {**ferry.environment, "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}
    ferry.gateway.start()
    wait_until(lambda: ferry.readiness(ferry.gateway) == 503, 30, "the gateway to answer")
    assert "503" in one(check(ferry, "--live", code=1), "gateway-not-ready")["text"]
