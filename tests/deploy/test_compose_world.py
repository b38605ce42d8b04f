"""The files of the compose stack with those who read them: ElasticMQ, Temporal's command line, and Ferry's services with
the stack's own environment and names (compose_world.py)."""

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
import yaml

from compose_file import ROOT
from ferrystack.process import Process, free_port, wait_until
from ferrystack.servers import SCRIPTS, TemporalServer, http_status

COMPOSE = ROOT / "deploy" / "compose"


class StackQueues:
    """ElasticMQ with the stack's configuration, but for where it listens and stores."""

    def __init__(self, directory: Path):
        jars = subprocess.run([ROOT / "tools" / "fetch-elasticmq"], check=True, capture_output=True, text=True).stdout.strip()
        self.endpoint = f"http://127.0.0.1:{free_port()}"
        self.process = Process("elasticmq", [
            "java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dconfig.file={COMPOSE}/elasticmq.conf",
            f"-Drest-sqs.bind-port={self.endpoint.rpartition(':')[2]}", "-Drest-sqs.bind-hostname=127.0.0.1",
            f"-Dmessages-storage.uri=jdbc:h2:{directory}/storage;WRITE_DELAY=0", "-cp", jars + "/*", "org.elasticmq.server.Main"],
            directory)
        self.client = boto3.client("sqs", endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="any",
                                   aws_secret_access_key="any")

    def start(self):
        self.process.start()

        def is_up():
            assert self.process.running, self.process.tail()
            return http_status(self.endpoint + "/health") == 200  # what the stack's health check asks
        wait_until(is_up, 90, "ElasticMQ", 0.1)
        return self

    def attributes(self, url: str) -> dict:
        return self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@pytest.fixture(scope="module")
def queues(tmp_path_factory):
    server = StackQueues(tmp_path_factory.mktemp("elasticmq")).start()
    yield server
    server.process.kill()


def urls_of_ferry() -> set[str]:
    configuration = yaml.safe_load((COMPOSE / "ferry.yaml").read_text())
    return ({queue["url"] for queue in configuration["queues"]}
            | {route["dead_letter_queue"] for route in configuration["routes"].values()})


def test_elasticmq_has_the_queues_that_ferry_is_told_of(queues):
    assert set(queues.client.list_queues()["QueueUrls"]) == urls_of_ferry()
    for url in urls_of_ferry():
        attributes = queues.attributes(url)
        assert (attributes.get("FifoQueue") == "true") == url.endswith(".fifo")
        if "dead" not in url:
            policy = yaml.safe_load(attributes["RedrivePolicy"])
            dead = url.rpartition("/")[2].replace("hello", "hello-dead", 1)
            assert policy["deadLetterTargetArn"].endswith(":" + dead)
            assert int(policy["maxReceiveCount"]) >= 10, "docs/delivery.md, Limits"


def test_a_message_survives_a_kill_of_elasticmq(queues):
    url = next(url for url in urls_of_ferry() if url.endswith("/hello"))
    sent = queues.client.send_message(QueueUrl=url, MessageBody="still here")["MessageId"]
    queues.process.kill()
    queues.start()

    def messages():
        return queues.client.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
    assert wait_until(messages, 30, "the message")[0]["MessageId"] == sent


# -- the jobs ---------------------------------------------------------------------------------------------------------

def make_namespace(address: str, name: str, seconds: int) -> subprocess.CompletedProcess:
    return subprocess.run(["/bin/sh", COMPOSE / "temporal-namespace.sh"], capture_output=True, text=True, timeout=120, env={
        "PATH": f"{SCRIPTS}:/usr/bin:/bin", "HOME": "/nonexistent", "TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": name,
        "WAIT_SECONDS": str(seconds)})


def test_the_namespace_is_made_once_and_can_be_used_then(tmp_path):
    server = TemporalServer(tmp_path)
    server.process.start()  # and not waited for: that is the job's
    try:
        for _ in range(2):
            run = make_namespace(server.address, "stack", 60)
            assert run.returncode == 0, run.stderr
        described = subprocess.run(server.command("operator", "namespace", "describe", "-n", "stack", "--output", "json"),
                                   check=True, capture_output=True, text=True).stdout
        assert yaml.safe_load(described)["config"]["workflowExecutionRetentionTtl"] == "604800s"
    finally:
        server.process.kill()


def test_the_job_says_who_is_missing_when_nobody_answers():
    run = make_namespace(f"127.0.0.1:{free_port()}", "stack", 1)
    assert run.returncode == 1 and "COMPOSE_PROFILES" in run.stderr


# -- the whole --------------------------------------------------------------------------------------------------------

def test_ferry_runs_with_the_environment_names_and_files_of_the_stack(tmp_path):
    unshare = ["unshare", "--net", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody have a network of his own (unshare --net --mount)")
    run = subprocess.run([*unshare, sys.executable, ROOT / "tests" / "deploy" / "compose_world.py", tmp_path],
                         capture_output=True, text=True, timeout=220)
    assert run.returncode == 0, run.stdout + run.stderr


def test_compose_sh_says_that_there_is_no_engine():
    """Whatever is on this machine: nobody answers at this address."""
    run = subprocess.run([ROOT / "tests" / "deploy" / "compose.sh"], capture_output=True, text=True,
                         env={**os.environ, "DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    assert run.returncode == 77 and "skipped: " in run.stderr and run.stdout == ""
