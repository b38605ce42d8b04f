"""Each service and the tool with its image as its whole world, before real servers: a message goes all the way."""

import json
import subprocess
import unicodedata
import uuid
from pathlib import Path

import psutil
import pytest
import yaml

import container
from container import Container
from ferrystack.ferry import wait_until
from ferrystack.process import free_port
from ferrystack.tls_frontend import TlsFrontend

NAMES = ("temporal.test", "sqs.test", "gateway.test")  # in the containers' /etc/hosts and nowhere else
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
NEW = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30"
COMMANDS = f"""
{NEW} -subj '/CN=CA of the tests' -keyout ca.key -out ca.pem
{NEW} -CA ca.pem -CAkey ca.key -addext basicConstraints=CA:FALSE -addext subjectAltName=DNS:temporal.test,DNS:gateway.test \
    -subj /CN=server -keyout server.key -out server.pem
"""


class Deployment:
    """Images with a configuration, names and a certificate authority that was put into their bundle."""

    def __init__(self, temporal, sqs, directory: Path):
        self.temporal, self.sqs, self.directory = temporal, sqs, directory
        self.task_queue = f"deploy-{uuid.uuid4().hex[:12]}"
        self.queue_url = sqs.create_queue(f"{self.task_queue}.fifo", VisibilityTimeout=30)
        self.gateway_port, self.containers = free_port(), []
        subprocess.run(["sh", "-ec", COMMANDS], cwd=directory, check=True, capture_output=True)
        self.frontend = TlsFrontend(directory, temporal.address, directory / "server.pem", directory / "server.key").start()
        self.environment = {**sqs.environment(), "AWS_ENDPOINT_URL_SQS": f"http://sqs.test:{sqs.port}", "LOG_LEVEL": "debug"}

    def configuration(self) -> dict:
        return {
            "temporal": {"address": f"temporal.test:{self.frontend.port}", "tls": True},
            "queues": [{"url": self.queue_url, "route": "hello-world", "wait": "2s"}],
            "routes": {"hello-world": {"task_queue": self.task_queue}},
            "poller": {"admin_listen": f"127.0.0.1:{free_port()}"},
            "gateway": {"url": f"https://gateway.test:{self.gateway_port}", "listen": f"127.0.0.1:{self.gateway_port}",
                        "tls_certificate": "server.pem", "tls_key": "server.key"},
            "worker": {"admin_listen": f"127.0.0.1:{free_port()}", "task_queue": self.task_queue},
            "hello": {"work_ms": 0},
        }

    def root(self, image: str, has_ca: bool = True) -> Path:
        """The image's files, and what an operator mounts into it."""
        root = container.copy_image(image, self.directory / f"{image}-{len(self.containers)}")
        (root / "etc/hosts").write_text("127.0.0.1 localhost " + " ".join(NAMES) + "\n")
        (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
        if has_ca:
            with (root / BUNDLE).open("a") as bundle:
                bundle.write((self.directory / "ca.pem").read_text())
        return root

    def container(self, image: str, *command, configuration: dict, has_ca: bool = True) -> Container:
        """Started."""
        root = self.root(image, has_ca)
        for name, text in (("ferry.yaml", yaml.safe_dump(configuration)),
                           ("server.pem", (self.directory / "server.pem").read_text()),
                           ("server.key", (self.directory / "server.key").read_text())):
            (root / "etc/ferry" / name).write_text(text)
            (root / "etc/ferry" / name).chmod(0o444)
        process = Container(f"{image}-{len(self.containers)}", root, command or [f"/usr/local/bin/ferry-{image}"],
                            self.directory, self.environment)
        self.containers.append(process)
        return process.start()

    def send(self, text: str) -> str:
        return self.sqs.client.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps({"message": text}),
                                            MessageGroupId="g", MessageDeduplicationId=uuid.uuid4().hex)["MessageId"]

    def wait_done(self, message_id: str):
        wait_until(lambda: self.temporal.status(f"hello-world-{message_id}") == "COMPLETED", 60, "the workflow to complete", 0.1)
        wait_until(lambda: self.sqs.depth(self.queue_url) == (0, 0), 30, "the queue to be empty", 0.1)

    def end(self) -> list:
        codes = [process.stop() for process in reversed(self.containers) if process.running]
        self.frontend.stop()
        return codes


@pytest.fixture
def deployment(images, temporal, sqs, tmp_path):
    deployed = Deployment(temporal, sqs, tmp_path)
    yield deployed
    assert set(deployed.end()) <= {0}


def healthcheck(service: Container) -> tuple[int, str]:
    program = service.arguments[-1]
    done = service.execute(program, "healthcheck")
    return done.returncode, done.stdout + done.stderr


def wait_healthy(service: Container):
    wait_until(lambda: healthcheck(service)[0] == 0, 60, f"{service.name} to be healthy: {healthcheck(service)[1]}{service.tail()}", 0.2)


def test_a_message_goes_all_the_way(deployment):
    """Names come from /etc/hosts; Temporal and the gateway are reached by TLS that the image's bundle verifies."""
    configuration = deployment.configuration()
    services = [deployment.container(image, configuration=configuration) for image in ("gateway", "worker", "poller")]
    for service in services:
        wait_healthy(service)
        status = service.status()
        assert status["Uid"].split() == status["Gid"].split() == ["10001"] * 4 and status["Groups"] == ""
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0 and status["NoNewPrivs"] == "1"
        mounts = Path(f"/proc/{service.inner_pid}/mountinfo").read_text().splitlines()
        assert [line for line in mounts if line.split()[4] == "/" and "ro" in line.split()[5].split(",")], mounts
    deployment.wait_done(deployment.send("from an image"))
    services[0].stop()
    code, said = healthcheck_of_the_dead(deployment, configuration)
    assert code == 1 and "no answer from https://127.0.0.1:" in said, said


def healthcheck_of_the_dead(deployment, configuration) -> tuple[int, str]:
    """In a container in which nobody listens."""
    lone = deployment.container("gateway", "/usr/local/bin/ferry-gateway", "healthcheck", configuration=configuration)
    code = lone.wait(30)
    return code, lone.text()


def test_without_the_authority_in_the_bundle_nothing_is_trusted(deployment):
    gateway = deployment.container("gateway", configuration=deployment.configuration(), has_ca=False)
    wait_until(lambda: "certificate" in healthcheck(gateway)[1].lower(), 30, f"the gateway to say why\n{gateway.tail()}", 0.2)
    assert healthcheck(gateway)[0] == 1


def test_several_processes_in_one_image(deployment):
    configuration = deployment.configuration()
    worker = deployment.container("worker", "/usr/local/bin/ferry-worker", "--processes", "2", configuration=configuration)
    wait_until(lambda: worker.execute("/usr/local/bin/ferry-worker", "healthcheck").returncode == 0, 60,
               f"both processes to be ready\n{worker.tail()}", 0.2)
    assert len(psutil.Process(worker.inner_pid).children()) == 2


def test_the_tools_image_checks_and_runs_everything(deployment):
    configuration = deployment.configuration()
    check = deployment.container("ferry", "/usr/local/bin/ferry", "check", configuration=configuration)
    assert check.wait(30) == 0 and "hello-world" in check.text(), check.text()
    everything = deployment.container("ferry", "/usr/local/bin/ferry", "up", configuration=configuration)
    wait_until(lambda: everything.execute("/usr/local/bin/ferry-poller", "healthcheck").returncode == 0, 60,
               f"the poller to be ready\n{everything.tail()}", 0.2)
    deployment.wait_done(deployment.send("from one image"))


def columns_before(line: str, word: str) -> int:
    """As a terminal counts: characters of East Asia are two columns wide."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line[:line.index(word)])


def test_the_tools_image_knows_how_wide_characters_are(deployment):
    everything = deployment.container("ferry", "/usr/local/bin/ferry", "up", configuration=deployment.configuration())
    wait_until(lambda: everything.execute("/usr/local/bin/ferry-gateway", "healthcheck").returncode == 0, 60,
               f"the gateway to be ready\n{everything.tail()}", 0.2)
    nobodys = f"{deployment.task_queue}-nobody"
    tool = "/usr/local/bin/ferry"
    started = everything.execute(tool, "workflow", "start", "注文", "-t", nobodys, "--id", f"behind-{nobodys}")
    assert started.returncode == 0, started.stderr

    def listed():
        lines = everything.execute(tool, "workflow", "list", "-q", f"TaskQueue = '{nobodys}'").stdout.splitlines()
        return lines if len(lines) > 1 else None
    header, row = wait_until(listed, 30, "the list to have it", 0.2)
    assert "注文" in row and columns_before(row, "behind-") == columns_before(header, "ID"), f"{header}\n{row}"
