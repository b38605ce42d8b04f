"""The compose stack of profile dev as processes: the commands, environments and files of docker-compose.yml, the same names
and ports, in a network and a /etc/hosts of its own. Run by test_compose_world.py as

    unshare --net --mount python compose_world.py DIRECTORY

Not the same as in containers: all services share one loopback, and the programs are those of build/bin."""

import fcntl
import json
import socket
import struct
import subprocess
import sys
import urllib.parse
from pathlib import Path

import boto3

from compose_file import OURS, ROOT, services, started
from ferrystack.ferry import programs
from ferrystack.process import Process, wait_until
from ferrystack.servers import SCRIPTS, http_status

SERVICES = services()
LIVE = started({"dev"})
QUEUE_URL = "http://elasticmq:9324/000000000000/"


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def name_everybody(directory: Path):
    """Each service's name and aliases in an /etc/hosts that only this process and its children see."""
    names = set(LIVE)
    for service in LIVE.values():
        names |= set((service.get("networks") or {}).get("default", {}).get("aliases", []))
    hosts = directory / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {name}\n" for name in sorted(names)))
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)


def environment_of(name: str) -> dict:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def start_servers(directory: Path) -> list[Process]:
    temporal = Process("temporal-dev", [SCRIPTS / "temporal", *LIVE["temporal-dev"]["command"]], directory,
                       {"HOME": directory}).start()
    jars = subprocess.run([ROOT / "tools" / "fetch-elasticmq"], check=True, capture_output=True, text=True).stdout.strip()
    elasticmq = Process("elasticmq", [
        "java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dmessages-storage.uri=jdbc:h2:{directory}/storage",
        f"-Dconfig.file={ROOT}/deploy/compose/elasticmq.conf", "-cp", jars + "/*", "org.elasticmq.server.Main"], directory).start()
    wait_until(lambda: http_status("http://elasticmq:9324/health") == 200, 90, "ElasticMQ", 0.1)
    return [temporal, elasticmq]


def run_job(name: str, script: str):
    path = f"{SCRIPTS}:/usr/bin:/bin"
    subprocess.run(["/bin/sh", ROOT / "deploy" / "compose" / script], check=True, timeout=120,
                   env={**environment_of(name), "PATH": path})


def start_ferry(directory: Path) -> list[Process]:
    running = []
    for name in ("gateway", "worker", "poller"):
        given = {**environment_of(name), "FERRY_CONFIG": ROOT / "deploy" / "compose" / "ferry.yaml"}
        process = Process(name, [programs() / f"ferry-{name}"], directory, given).start()
        running.append(process)
        # As the engine asks: the service's own subcommand, with its environment.
        check = SERVICES[name]["healthcheck"]["test"]
        command = [programs() / Path(check[1]).name, *check[2:]]

        def is_healthy(command=command, given=given, process=process):
            assert process.running, process.tail()
            return subprocess.run(command, env={key: str(value) for key, value in given.items()},
                                  capture_output=True).returncode == 0
        wait_until(is_healthy, 60, f"{name} to be healthy\n{process.tail()}", 0.2)
    return running


def commands_of_the_documentation() -> str:
    """The first lines of docs/compose.md but for the one that starts the stack."""
    block = (ROOT / "docs" / "compose.md").read_text().split("\n\n")[1]
    lines = [line.removeprefix("    ") for line in block.splitlines()]
    assert lines[0] == "docker compose up --wait" and lines[1].startswith("curl ")
    return "set -e\n" + "\n".join(lines[1:])


def check_documentation():
    run = subprocess.run(["bash", "-c", commands_of_the_documentation()], check=True, capture_output=True, text=True, timeout=90)
    assert '"result":"finished!"' in run.stdout.replace(" ", ""), run.stdout


def check_messages():
    """Both queues lead to a run, are emptied, and what no run can take ends in the dead-letter queue of its kind."""
    sqs = boto3.client("sqs", endpoint_url="http://localhost:9324", region_name="us-east-1", aws_access_key_id="any",
                       aws_secret_access_key="any")

    def depth(name):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(int(value) for value in sqs.get_queue_attributes(QueueUrl=QUEUE_URL + name, AttributeNames=names)["Attributes"].values())
    for name, prefix in (("hello.fifo", "hello-world-"), ("hello", "hello-world-standard-")):
        fifo = {"MessageGroupId": "g"} if name.endswith(".fifo") else {}
        good = sqs.send_message(QueueUrl=QUEUE_URL + name, MessageBody=json.dumps({"message": "hello"}), **fifo)["MessageId"]
        assert result_of(prefix + good)["result"] == "finished!"
        # The activity refuses a body without `message`, for good.
        sqs.send_message(QueueUrl=QUEUE_URL + name, MessageBody=json.dumps({"message": 17}), **fifo)
        dead = name.replace("hello", "hello-dead", 1)
        wait_until(lambda dead=dead: depth(dead) == 1, 60, f"a dead letter in {dead}", 0.2)
        wait_until(lambda name=name: depth(name) == 0, 60, f"{name} to be empty", 0.2)


def result_of(workflow_id: str) -> dict:
    """Also while the message is still on its way to its workflow."""
    url = f"http://localhost:8080/v1/workflows/{urllib.parse.quote(workflow_id)}/result?wait=30s"
    run = subprocess.run(["curl", "-sS", "-H", "Authorization: Bearer development", "--retry", "20", "--retry-all-errors", "--fail",
                          "--retry-delay", "1", url], check=True, capture_output=True, text=True, timeout=120)
    return json.loads(run.stdout)


def check_scraping():
    """Prometheus finds metrics of all three where its configuration says."""
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    for name, port in (("gateway", 8080), ("poller", 8081), ("worker", 8082)):
        assert f"{name}:{port}" in text and http_status(f"http://{name}:{port}/metrics") == 200


def main() -> int:
    directory = Path(sys.argv[1])
    raise_loopback()
    name_everybody(directory)
    servers = start_servers(directory)
    ferry = []
    try:
        run_job("temporal-namespace", "temporal-namespace.sh")
        ferry = start_ferry(directory)
        assert {process.name for process in ferry} == set(OURS)
        check_documentation()
        check_messages()
        check_scraping()
        codes = {process.name: process.stop(45) for process in reversed(ferry)}
        assert set(codes.values()) == {0}, codes
    except BaseException:
        for process in (*servers, *ferry):
            print(f"== {process.name}\n{process.tail(15)}", file=sys.stderr)
        raise
    finally:
        for process in (*ferry, *servers):
            process.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
