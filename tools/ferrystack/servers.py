"""The servers that Ferry stands between: a Temporal dev server, and an SQS server that checks signatures."""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import boto3
import botocore.config

from .process import Process, StackError, free_port, wait_until

SCRIPTS = Path(sys.executable).parent


def http_status(url: str, timeout: float = 5) -> int:
    """The status of a GET; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


class TemporalServer:
    """The CLI's dev server, in memory or with a database file, which a restart finds again."""

    def __init__(self, directory: Path, port: int | None = None, http_port: int | None = None,
                 ui_port: int | None = None, database: bool = False):
        self.port = port or free_port()
        self.http_port = http_port or free_port()
        self.ui_port = ui_port
        arguments = [SCRIPTS / "temporal", "server", "start-dev", "--ip", "127.0.0.1", "--port", self.port,
                     "--http-port", self.http_port, "--log-level", "error"]
        arguments += ["--ui-port", ui_port] if ui_port else ["--headless"]
        if database:
            arguments += ["--db-filename", Path(directory) / "temporal.db", "--sqlite-pragma", "journal_mode=wal",
                          "--sqlite-pragma", "synchronous=1"]
        self.process = Process("temporal", arguments, directory)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.process.start()
        url = f"http://127.0.0.1:{self.http_port}/api/v1/namespaces/default"

        def ready():
            if not self.process.running:
                raise StackError(f"the Temporal dev server ended at once:\n{self.process.tail()}")
            return http_status(url) == 200
        wait_until(ready, 60, "the Temporal dev server", 0.1)
        return self

    def request(self, path: str, body: dict | None = None) -> dict:
        """One call of the server's own HTTP API."""
        url = f"http://127.0.0.1:{self.http_port}/api/v1/namespaces/default/{path}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"}), timeout=30) as response:
            return json.load(response)

    def describe(self, workflow_id: str) -> dict:
        return self.request("workflows/" + urllib.parse.quote(workflow_id, safe=""))["workflowExecutionInfo"]

    def status(self, workflow_id: str) -> str:
        """"COMPLETED", "RUNNING" …; "" when there is no such workflow."""
        try:
            return self.describe(workflow_id)["status"].removeprefix("WORKFLOW_EXECUTION_STATUS_")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return ""
            raise

    def count(self, query: str) -> int:
        return int(self.request("workflow-count?" + urllib.parse.urlencode({"query": query})).get("count", 0))

    def command(self, *arguments) -> list:
        """The official CLI against this server."""
        return [str(SCRIPTS / "temporal"), *map(str, arguments), "--address", self.address]


class QueueServer:
    """What all SQS servers here have in common: `process`, start(), environment(), and a boto3 `client`."""

    REGION = "us-east-1"

    def __init__(self, port: int | None = None):
        self.port = port or free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.access_key = self.secret_key = None
        self.client = None

    def start(self):
        raise NotImplementedError

    def stop(self):
        self.process.stop(10)

    def kill(self):
        """SIGKILL."""
        self.process.kill()

    def restart(self):
        """The same server on the same port, after kill() or stop()."""
        return self.start()

    def _wait_until_up(self, path: str, what: str, timeout: float = 60, statuses: tuple = (200,)):
        def ready():
            if not self.process.running:
                raise StackError(f"{what} ended at once:\n{self.process.tail()}")
            return http_status(self.endpoint + path) in statuses
        wait_until(ready, timeout, what, 0.05)

    def _connect(self, service: str, access_key: str, secret_key: str, session_token: str | None = None,
                 attempts: int = 3):
        config = botocore.config.Config(max_pool_connections=32, retries={"total_max_attempts": attempts})
        return boto3.client(service, endpoint_url=self.endpoint, region_name=self.REGION, aws_access_key_id=access_key,
                            aws_secret_access_key=secret_key, aws_session_token=session_token, config=config)

    def environment(self) -> dict:
        """What the services need to reach it."""
        return {"AWS_ENDPOINT_URL_SQS": self.endpoint, "AWS_REGION": self.REGION,
                "AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}

    def create_queue(self, name: str, **attributes) -> str:
        if name.endswith(".fifo"):
            attributes.setdefault("FifoQueue", "true")
        return self.client.create_queue(QueueName=name, Attributes={k: str(v) for k, v in attributes.items()})["QueueUrl"]

    def depth(self, url: str) -> tuple[int, int]:
        """(waiting, in flight)"""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return tuple(int(attributes[name]) for name in names)


class SqsServer(QueueServer):
    """ministack on loopback. It checks the signatures of IAM users (the root key's it takes on trust), so the services
    run as such a user."""

    def __init__(self, directory: Path, port: int | None = None):
        super().__init__(port)
        self.process = Process("sqs", [SCRIPTS / "ministack"], directory, {
            "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": self.port, "AUTH": "true", "SERVICES": "sqs,sts,iam",
            "STATE_DIR": Path(directory) / "sqs-state", "LOG_LEVEL": "WARNING"})

    def start(self):
        self.process.start()
        self._wait_until_up("/_ministack/health", "the SQS server")
        if self.client is None:
            self.client = self._connect("sqs", "test", "test")
        self._create_user()
        return self

    def _create_user(self):
        iam = self._connect("iam", "test", "test")
        iam.create_user(UserName="ferry")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
        iam.put_user_policy(UserName="ferry", PolicyName="queues", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="ferry")["AccessKey"]
        self.access_key, self.secret_key = key["AccessKeyId"], key["SecretAccessKey"]
