"""Wrong configurations, wrong requests, wrong credentials, servers that are not there: each with its clear answer."""

import subprocess

import pytest

from ferrystack.ferry import Ferry, programs
from ferrystack.process import free_port, wait_until
from http_request import request

BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def start_with(tmp_path, service, text, environment=None):
    path = tmp_path / "ferry.yaml"
    path.write_text(text)
    return subprocess.run([programs() / f"ferry-{service}", "-c", path], capture_output=True, text=True, timeout=30,
                          env={"PATH": "/usr/bin:/bin", **(environment or {})}, check=False)


@pytest.mark.parametrize("service", ["poller", "gateway", "worker"])
@pytest.mark.parametrize("text, line, words", [
    ("temporal:\n  adress: localhost:7233\n", 2, ["temporal.adress"]),
    ("queues:\n  - url: http://x/1/q.fifo\n    route: nowhere\n", 3, ["queues", "route", "nowhere"]),
    ("queues:\n  - url: http://x/1/q\n    visibility: soon\n", 3, ["visibility", "soon"]),
    ("routes:\n  a:\n    workflow: w\n    task_queue: t\n    ack: done\n", 5, ["routes.a.ack", "completion"]),
    ("routes:\n  a:\n    workflow: w\n    task_queue: t\n    id: \"{Nothing}\"\n", 5, ["routes.a.id", "Nothing"]),
    ("worker: { activities: many }\n", 1, ["worker.activities", "many"]),
    ("worker: [\n", 2, []),
], ids=["unknown-key", "no-such-route", "no-duration", "no-such-ack", "no-such-field", "no-number", "no-yaml"])
def test_a_wrong_configuration_stops_the_service_with_file_line_and_key(tmp_path, service, text, line, words):
    ended = start_with(tmp_path, service, text)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 2, said
    assert f"ferry.yaml:{line}" in said, said
    for word in words:
        assert word in said, said


def test_order_by_group_on_a_standard_queue_is_refused(tmp_path):
    ended = start_with(tmp_path, "poller", "queues: [{url: http://x/1/plain, route: a}]\n"
                       "routes: {a: {workflow: w, task_queue: t, order: group}}\n")
    assert ended.returncode == 2 and "order" in ended.stdout + ended.stderr


def test_an_unknown_option_is_bad_usage():
    ended = subprocess.run([programs() / "ferry-poller", "--no-such-option"], capture_output=True, text=True, timeout=30,
                           check=False)
    assert ended.returncode == 2 and "--no-such-option" in ended.stderr


def run_ferry(*arguments, **environment):
    return subprocess.run([programs() / "ferry", *arguments], capture_output=True, text=True, timeout=30,
                          env={"PATH": "/usr/bin:/bin", **environment}, check=False)


@pytest.mark.parametrize("arguments, environment, words", [
    (["dlq", "replay", "orders-dead"], {}, ["expected the URL of an SQS queue", "orders-dead"]),
    (["dlq", "replay", "http://x/1/dead", "--to", "orders"], {}, ["--to", "expected the URL of an SQS queue"]),
    (["dlq", "replay", "http://x/1/dead", "--to", "http://x/1/dead"], {}, ["--to", "another queue"]),
    (["dlq", "replay", "http://x/1/dead", "--limit", "all"], {}, ["--limit", "all"]),
    (["polish"], {}, ["unknown command", "polish"]),
    (["lane"], {}, ['unknown command "lane"', "Did you mean 'lanes'?"]),
    (["dlq", "sl"], {}, ["dlq ls [QUEUE]", 'unknown command "dlq sl"', "Did you mean 'dlq ls'?"]),
    (["help", "polish"], {}, ["unknown command", "polish"]),
    (["-c", "x", "check"], {}, ["expected a command in front of the option", "-c"]),
    (["workflow", "describe", ""], {}, ["argument 1 is empty", "ID"]),
    (["explain", "--content-type", "text/plain", "/dev/null"], {"FERRY_QUEUE_URL": "http://x/1/a"},
     ["--content-type", "go with --route"]),
    (["explain", "--route", "hello-world", "--content-type", "text/plain", "/dev/null"], {},
     ["--content-type", "text/plain"]),
    (["send", "http://x/1/plain", "@/"], {"AWS_REGION": "x"}, ["/: cannot be read: Is a directory"]),
    (["check"], {"LOG_LEVEL": "loud"}, ["LOG_LEVEL", "loud"]),
], ids=["no-url", "no-url-to", "same", "no-number", "no-command", "like-a-command", "like-one-of-a-group",
        "no-help", "option-first", "empty", "type-without-route", "other-type", "folder", "log-level"])
def test_a_wrong_call_of_ferry_is_bad_usage_and_says_what_is_wrong(arguments, environment, words):
    ended = run_ferry(*arguments, FERRY_CONFIG="/dev/null", **environment)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    for word in words:
        assert word in ended.stderr, ended.stderr


@pytest.mark.parametrize("before", ["help", "--help", "-h"])
def test_help_may_stand_in_front_of_a_command(before):
    assert run_ferry(before, "dlq", "ls").stdout == run_ferry("dlq", "ls", "--help").stdout
    assert run_ferry(before, "dlq").stdout == run_ferry("dlq", "--help").stdout
    assert run_ferry(before).returncode == 0


def test_a_message_that_is_no_json_is_named_with_its_place(tmp_path):
    (tmp_path / "message.json").write_text('{"MessageId": "a",\n oops}')
    ended = run_ferry("explain", tmp_path / "message.json", FERRY_QUEUE_URL="http://x/1/a")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"ferry explain: {tmp_path}/message.json: line 2, column 5: expected JSON in UTF-8: ")


def test_output_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w", encoding="utf-8") as full:
        ended = subprocess.run([programs() / "ferry", "--help"], stdout=full, stderr=subprocess.PIPE, text=True,
                               timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "ferry: the output could not be written: No space left on device\n"


def test_a_replay_from_a_queue_that_is_not_there_fails_and_names_the_queue(world):
    missing = world.create_queue() + "-missing"
    ended = run_ferry("dlq", "replay", missing, **world.sqs.environment())
    assert ended.returncode == 1
    assert missing in ended.stderr and "QueueDoesNotExist" in ended.stderr
    assert "replayed 0, left 0" in ended.stdout


@pytest.mark.parametrize("service", ["poller", "gateway", "worker"])
def test_help_and_version_answer_at_once(service):
    for option in ("--help", "--version"):
        ended = subprocess.run([programs() / f"ferry-{service}", option], capture_output=True, text=True, timeout=30,
                               check=True)
        assert f"ferry-{service}" in ended.stdout


def test_a_gateway_open_to_the_world_without_a_token_is_refused(tmp_path):
    ended = start_with(tmp_path, "gateway", f"gateway: {{ listen: 0.0.0.0:{free_port()} }}\n")
    said = ended.stdout + ended.stderr
    assert ended.returncode == 2 and "token" in said and "ferry.yaml:1: gateway.listen" in said


def test_a_busy_port_is_a_clear_message(world):
    ferry = world.ferry(world.create_queue()).start()
    second = subprocess.run([programs() / "ferry-gateway", "-c", ferry.configuration_path], capture_output=True, text=True,
                            timeout=30, env=ferry.environment, check=False)
    assert second.returncode != 0 and str(ferry.gateway_port) in second.stdout + second.stderr


@pytest.fixture
def gateway(world):
    ferry = world.ferry(world.create_queue(), {"gateway": {"max_body": "64KiB"}})
    ferry.gateway.start()
    ferry.wait_ready(ferry.gateway)
    return ferry


def assert_problem(answer, status):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json["status"] == status and answer.json["type"] and answer.json["title"] and answer.json["detail"]


def test_requests_that_are_wrong_get_their_problem(gateway):
    url = gateway.gateway_url
    assert_problem(request("POST", f"{url}/v1/routes/nowhere/events", {"Body": "x"}), 404)
    assert_problem(request("GET", f"{url}/v1/nothing"), 404)
    assert_problem(request("POST", f"{url}/v1/routes/hello-world/events", "{ no json"), 400)
    assert_problem(request("POST", f"{url}/v1/routes/hello-world/events", "[{ no json", BATCH), 400)
    assert_problem(request("POST", f"{url}/v1/routes/hello-world/events", "x" * 70_000), 413)
    assert_problem(request("POST", f"{url}/v1/routes/hello-world/events", "<a/>", {"Content-Type": "text/xml"}), 415)
    wrong_method = request("DELETE", f"{url}/v1/routes/hello-world/events")
    assert_problem(wrong_method, 405)
    assert "POST" in wrong_method.headers["Allow"]
    assert_problem(request("GET", f"{url}/v1/workflows/there-is-none"), 404)


def test_a_temporal_that_cannot_be_reached_is_503_and_the_message_stays(world, tmp_path):
    class Nobody:
        address = f"127.0.0.1:{free_port()}"
    url = world.create_queue()
    ferry = world.ferry(url, temporal=Nobody(), queue={"visibility": "5s"})
    for service in ferry.all:
        service.start()
    wait_until(lambda: ferry.readiness(ferry.gateway) == 503, 20, "the gateway's answer")
    wait_until(lambda: ferry.readiness(ferry.worker) == 503, 20, "the worker's answer")
    answer = request("POST", f"{ferry.gateway_url}/v1/routes/hello-world/events", {"MessageId": "x", "Body": "{}"})
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) >= 1
    world.send_many(url, 3)
    wait_until(lambda: ferry.readiness(ferry.poller) == 503, 20, "the poller's answer")
    assert sum(world.sqs.depth(url)) == 3


@pytest.mark.parametrize("secret, access", [("wrong", None), ("wrong", "AKIANOBODY")], ids=["secret", "key"])
def test_wrong_credentials_are_a_log_line_once_a_while_and_no_hot_loop(world, secret, access):
    url = world.create_queue()
    ferry = world.ferry(url)
    ferry.poller.environment = {**ferry.environment, "AWS_SECRET_ACCESS_KEY": secret}
    if access:
        ferry.poller.environment["AWS_ACCESS_KEY_ID"] = access
    for service in ferry.all:
        service.start()
    ferry.wait_ready(ferry.gateway, ferry.worker)
    event = wait_until(lambda: next((e for e in ferry.poller.events() if e["level"] in ("warn", "error")
                                     and "redential" in str(e) or "ignature" in str(e)), None), 20, "a log line")
    assert secret not in str(event)
    assert ferry.readiness(ferry.poller) == 503

    def attempts():
        text = request("GET", f"http://127.0.0.1:{ferry.poller_admin_port}/metrics").body.decode()
        return sum(float(line.split()[-1]) for line in text.splitlines()
                   if line.startswith("ferry_poller_receives_total") and 'result="failed"' in line)
    wait_until(lambda: attempts() >= 3, 30, "three attempts")
    assert attempts() < 10
    complaints = [e for e in ferry.poller.events() if e["level"] in ("warn", "error")]
    assert len(complaints) <= 3  # not ready, receiving failed: each once a while
    assert ferry.poller.running
