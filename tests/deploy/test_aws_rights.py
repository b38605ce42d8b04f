"""The services do their work with the policies of deploy/aws/policies on an SQS server that enforces IAM's, and that
server refuses everything else."""

import json
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

import botocore.exceptions
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from ferrystack.ferry import Ferry, programs  # noqa: E402
from ferrystack.process import wait_until  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer  # noqa: E402

POLICIES = {path.stem: path.read_text() for path in sorted((ROOT / "deploy" / "aws" / "policies").glob("*.json"))}
EXAMPLES = {name: f"arn:aws:sqs:eu-central-1:111122223333:{name}.fifo" for name in ("hello", "hello-dead", "events")}
CALLS = {
    "sqs:ReceiveMessage": lambda sqs, url: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0, VisibilityTimeout=0),
    "sqs:DeleteMessage": lambda sqs, url: sqs.delete_message(QueueUrl=url, ReceiptHandle="none"),
    "sqs:ChangeMessageVisibility": lambda sqs, url: sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle="none", VisibilityTimeout=0),
    "sqs:GetQueueAttributes": lambda sqs, url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]),
    "sqs:SendMessage": lambda sqs, url: sqs.send_message(
        QueueUrl=url, MessageBody="{}", MessageGroupId="g", MessageDeduplicationId=uuid.uuid4().hex),
    "sqs:PurgeQueue": lambda sqs, url: sqs.purge_queue(QueueUrl=url),
    "sqs:SetQueueAttributes": lambda sqs, url: sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"}),
    "sqs:DeleteQueue": lambda sqs, url: sqs.delete_queue(QueueUrl=url),
}


def with_batches(policy: str) -> str:
    """At AWS a right holds for the batch of that action, too, which has no name of its own there. ministack wants it."""
    document = json.loads(policy)
    for statement in document["Statement"]:
        statement["Action"] += [f"{action}Batch" for action in statement["Action"]
                                if action in ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")]
    return json.dumps(document)


class Account:
    """Queues, and a user for each policy with that policy and no other right."""

    def __init__(self, sqs: SqsServer):
        self.sqs, self.keys = sqs, {}
        self.urls = {name: sqs.create_queue(f"{name}.fifo", VisibilityTimeout=30) for name in EXAMPLES}
        self.arns = {name: sqs.client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
                     for name, url in self.urls.items()}
        for name in POLICIES:
            self.create_user(name, [name])

    def create_user(self, user: str, policies: list[str]):
        iam = self.sqs._connect("iam", "test", "test")
        iam.create_user(UserName=user)
        for name in policies:
            text = POLICIES[name]
            for queue, example in EXAMPLES.items():
                text = text.replace(example, self.arns[queue])
            iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=with_batches(text))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        self.keys[user] = (key["AccessKeyId"], key["SecretAccessKey"])

    def environment(self, name: str) -> dict:
        access_key, secret_key = self.keys[name]
        return {**self.sqs.environment(), "AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}

    def may(self, name: str, action: str, queue: str) -> bool:
        try:
            CALLS[action](self.sqs._connect("sqs", *self.keys[name], attempts=1), self.urls[queue])
        except botocore.exceptions.ClientError as error:
            return "AccessDenied" not in error.response["Error"]["Code"]
        return True

    def allowed(self, name: str, queue: str) -> set[str]:
        """By the policy's own words."""
        return {action for statement in json.loads(POLICIES[name])["Statement"] for action in statement["Action"]
                if statement["Resource"] == EXAMPLES[queue]}


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    server = SqsServer(tmp_path_factory.mktemp("sqs")).start()
    yield Account(server)
    server.process.stop(10)


@pytest.fixture(scope="module")
def temporal(tmp_path_factory):
    server = TemporalServer(tmp_path_factory.mktemp("temporal")).start()
    yield server
    server.process.stop(10)


@pytest.fixture
def ferry(account, temporal, tmp_path):
    """Each service with its own user's keys."""
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    settings = {
        "queues": [{"url": account.urls["hello"], "route": "hello-world", "visibility": "10s", "wait": "1s"}],
        "routes": {"hello-world": {"schema": str(tmp_path / "schema.json"), "dead_letter_queue": account.urls["hello-dead"]},
                   "events": {"target": "sqs", "queue": account.urls["events"], "group": "all"}},
        "hello": {"work_ms": 0}}
    ferry = Ferry(tmp_path, temporal, account.sqs, account.urls["hello"], settings)
    for service in ferry.all:
        service.environment = {**service.environment, **account.environment(service.name.removeprefix("ferry-"))}
    ferry.start()
    yield ferry
    ferry.stop()


def test_the_services_do_their_work_with_their_policies(account, ferry, temporal):
    good = account.sqs.client.send_message(QueueUrl=account.urls["hello"], MessageBody='{"message": "hello"}', MessageGroupId="g",
                                           MessageDeduplicationId="good")["MessageId"]
    wait_until(lambda: temporal.status(f"hello-world-{good}") == "COMPLETED", 60, "the run")
    account.sqs.client.send_message(QueueUrl=account.urls["hello"], MessageBody="not an object", MessageGroupId="g",
                                    MessageDeduplicationId="bad")
    wait_until(lambda: account.sqs.depth(account.urls["hello-dead"]) == (1, 0), 60, "the dead letter")
    wait_until(lambda: account.sqs.depth(account.urls["hello"]) == (0, 0), 60, "the queue to be empty")

    event = urllib.request.Request(f"{ferry.gateway_url}/v1/routes/events/events", b'{"MessageId": "one", "Body": "{}"}',
                                   {"Content-Type": "application/json"})
    with urllib.request.urlopen(event, timeout=30) as response:
        assert json.load(response)["messageId"]
    assert account.sqs.depth(account.urls["events"])[0] == 1

    assert ferry.poller.stop() == 0  # or it would send the dead letter there again
    replay = subprocess.run([programs() / "ferry", "dlq", "replay", account.urls["hello-dead"]],
                            env=account.environment("dead-letters"), cwd=ferry.directory, capture_output=True, text=True, timeout=60)
    assert replay.returncode == 0, replay.stdout + replay.stderr
    assert account.sqs.depth(account.urls["hello-dead"]) == (0, 0) and account.sqs.depth(account.urls["hello"]) == (1, 0)
    for service in ferry.all:
        assert "AccessDenied" not in service.text() and "not authorized" not in service.text(), service.tail()


def live_findings(ferry: Ferry, environment: dict) -> set[tuple]:
    run = subprocess.run([programs() / "ferry", "check", "--live", "-o", "json", "-c", ferry.configuration_path], cwd=ferry.directory,
                         env=environment, capture_output=True, text=True, timeout=60)
    return {(finding["id"], finding["subject"]) for finding in json.loads(run.stdout)["findings"]}


def test_check_live_finds_nothing_refused_with_the_policies_of_those_it_asks_for(account, ferry):
    account.create_user("all", ["poller", "worker", "gateway", "check"])
    assert not {one for one in live_findings(ferry, account.environment("all")) if "refused" in one[0]}
    assert {one for one in live_findings(ferry, account.environment("worker")) if one[0] == "queue-refused"}


@pytest.mark.parametrize("queue", EXAMPLES)
@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_allows_what_it_says_on_that_queue_and_nothing_else(account, name, queue):
    assert {action for action in CALLS if account.may(name, action, queue)} == account.allowed(name, queue)
