"""The systemd units: well-formed, hardened, and, where a systemd can be started, at work under all their restrictions."""

import json
import os
import re
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

import pytest
import yaml

import systemd_machine
from ferrystack.process import ROOT, StackError, free_port, wait_until
from ferrystack.servers import http_status
from systemd_machine import Machine, install

SERVICES = ["gateway", "poller", "worker"]
UNITS = [*(f"ferry-{name}.service" for name in SERVICES), "ferry.target"]
DROP_INS = {"api-token": ["gateway", "poller"], "temporal-api-key": ["gateway", "worker"],
            "aws-credentials": ["gateway", "poller", "worker"]}
EXPOSURE = 15  # of 100, in tenths of what `systemd-analyze security` prints: 1.5, "OK"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A prefix with programs and units, so that the programs that the units name are there."""
    prefix = tmp_path_factory.mktemp("prefix")
    install(Path("/"), str(prefix))
    return prefix


def analyze(*arguments, units: Path) -> subprocess.CompletedProcess:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (tools/setup lint installs it)")
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_LOG_LEVEL": "info"})


def unit_folder(installed: Path) -> Path:
    return installed / "lib/systemd/system"


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong(installed, unit):
    done = analyze("verify", "--man=no", unit_folder(installed) / unit, units=unit_folder(installed))
    ours = [line for line in done.stderr.splitlines() if "ferry" in line]
    assert done.returncode == 0 and not ours, done.stderr


def test_drop_ins_for_secrets_fit_every_unit_they_are_for(installed, tmp_path):
    shutil.copytree(unit_folder(installed), tmp_path / "units")
    for name, services in DROP_INS.items():
        for service in services:
            folder = tmp_path / "units" / f"ferry-{service}.service.d"
            folder.mkdir(exist_ok=True)
            shutil.copy(installed / "share/ferry/systemd" / f"{name}.conf", folder)
    assert sorted(DROP_INS) == sorted(path.stem for path in (installed / "share/ferry/systemd").iterdir())
    for service in SERVICES:
        done = analyze("verify", "--man=no", f"ferry-{service}.service", units=tmp_path / "units")
        assert done.returncode == 0 and "ferry" not in done.stderr, done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_exposes_little(installed, service):
    unit = unit_folder(installed) / f"ferry-{service}.service"
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", unit, units=unit_folder(installed))
    print(done.stdout)
    assert done.returncode == 0 and "Overall exposure level" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_stop_has_time_for_the_grace_period(installed, service):
    text = (unit_folder(installed) / f"ferry-{service}.service").read_text()
    page = (ROOT / "docs/configuration.md").read_text()
    graces = [int(seconds) for seconds in re.findall(r"^\| `grace` \| [^|]* \| `(\d+)s` \|", page, re.M)]
    assert len(graces) == 3
    assert int(re.search(r"^TimeoutStopSec=(\d+)s$", text, re.M).group(1)) >= max(graces) + 2  # what a parent waits longer


class Site:
    """A machine with all three units, secrets in files that are root's, and the servers they need on loopback."""

    def __init__(self, temporal, sqs, directory: Path):
        self.temporal, self.sqs = temporal, sqs
        self.name = f"systemd-{uuid.uuid4().hex[:12]}"
        self.queue_url = sqs.create_queue(f"{self.name}.fifo", VisibilityTimeout=30)
        self.ports = {service: free_port() for service in SERVICES}
        self.token = uuid.uuid4().hex
        files = directory / "files"
        install(files)
        self._configure(files)
        for name, services in {"api-token": ["gateway", "poller"], "aws-credentials": ["poller", "worker"]}.items():
            for service in services:
                folder = files / f"etc/systemd/system/ferry-{service}.service.d"
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(files / "usr/share/ferry/systemd" / f"{name}.conf", folder)
        wants = files / "etc/systemd/system/ferry.target.wants"  # as `systemctl enable` does
        wants.mkdir(parents=True)
        for service in SERVICES:
            (wants / f"ferry-{service}.service").symlink_to(f"/usr/lib/systemd/system/ferry-{service}.service")
        self.machine = Machine(directory, files, "ferry.target").boot()

    def _configure(self, files: Path):
        secrets = files / "etc/ferry/secrets"
        secrets.mkdir(parents=True, mode=0o700)
        environment = self.sqs.environment()
        keys = {name.lower(): value for name, value in environment.items() if name.startswith(("AWS_ACCESS", "AWS_SECRET"))}
        (secrets / "api-token").write_text(self.token + "\n")
        (secrets / "aws-credentials").write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in keys.items()))
        for secret in secrets.iterdir():
            secret.chmod(0o600)
        others = {name: value for name, value in environment.items() if name.lower() not in keys}
        (files / "etc/ferry/environment").write_text("".join(f"{name}={value}\n" for name, value in others.items()))
        (files / "etc/ferry/ferry.yaml").write_text(yaml.safe_dump({
            "temporal": {"address": self.temporal.address},
            "queues": [{"url": self.queue_url, "route": "hello-world", "wait": "2s"}],
            "routes": {"hello-world": {"task_queue": self.name}},
            "gateway": {"url": f"http://127.0.0.1:{self.ports['gateway']}", "listen": f"127.0.0.1:{self.ports['gateway']}"},
            "poller": {"admin_listen": f"127.0.0.1:{self.ports['poller']}"},
            "worker": {"admin_listen": f"127.0.0.1:{self.ports['worker']}", "task_queue": self.name},
            "hello": {"work_ms": 0},
        }))

    def wait_ready(self, service: str):
        url = f"http://127.0.0.1:{self.ports[service]}/readyz"
        try:
            wait_until(lambda: http_status(url) == 200, 60, f"{service} to be ready", 0.1)
        except StackError:
            print(self.machine.journal(f"ferry-{service}.service"), self.machine.tail())
            raise

    def send(self) -> str:
        return self.sqs.client.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps({"message": "from a unit"}),
                                            MessageGroupId="g", MessageDeduplicationId=uuid.uuid4().hex)["MessageId"]

    def wait_done(self, message_id: str):
        wait_until(lambda: self.temporal.status(f"hello-world-{message_id}") == "COMPLETED", 60, "the workflow to complete", 0.1)


@pytest.fixture(scope="module")
def site(temporal, sqs, tmp_path_factory):
    reason = systemd_machine.why_not()
    if reason:
        pytest.skip(f"no systemd can be started here: {reason}")
    try:
        place = Site(temporal, sqs, tmp_path_factory.mktemp("site"))
    except StackError as trouble:  # before any unit of ours could be the reason
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no systemd can be started here: {trouble}")
    yield place
    place.machine.power_off()


def test_a_message_goes_all_the_way_under_all_restrictions(site):
    for service in SERVICES:
        site.wait_ready(service)
        status = Path(f"/proc/{site.machine.main_pid(f'ferry-{service}.service')}/status").read_text()
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M) and re.search(r"^Seccomp:\s+2$", status, re.M)
        assert re.search(r"^CapBnd:\s+0+$", status, re.M) and not re.search(r"^Uid:\s+0\s", status, re.M)
    site.wait_done(site.send())
    url = f"http://127.0.0.1:{site.ports['gateway']}/v1/workflows"
    assert http_status(url) == 401  # the token came through the credential


def test_a_killed_service_is_started_again_and_a_misconfigured_one_is_not(site):
    unit = "ferry-worker.service"
    site.wait_ready("worker")
    before = site.machine.main_pid(unit)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: site.machine.show(unit, "NRestarts", "SubState") == {"NRestarts": "1", "SubState": "running"}, 30,
               "the worker to be started again", 0.2)
    site.wait_ready("worker")
    site.wait_done(site.send())
    assert site.machine.run("systemctl", "set-environment", "FERRY_ADMIN_LISTEN=nowhere").returncode == 0
    site.machine.run("systemctl", "restart", unit)
    wait_until(lambda: site.machine.show(unit, "ActiveState")["ActiveState"] == "failed", 30, "the worker to have failed", 0.2)
    assert site.machine.show(unit, "ExecMainStatus", "NRestarts") == {"ExecMainStatus": "2", "NRestarts": "0"}
    site.machine.run("systemctl", "unset-environment", "FERRY_ADMIN_LISTEN")
    assert site.machine.run("systemctl", "restart", unit).returncode == 0
    site.wait_ready("worker")


def test_the_target_stops_all_of_them_in_order(site):
    for service in SERVICES:
        site.wait_ready(service)
    assert site.machine.run("systemctl", "stop", "ferry.target").returncode == 0
    for service in SERVICES:  # systemctl has waited for the target alone
        unit = f"ferry-{service}.service"
        wait_until(lambda: site.machine.show(unit, "ActiveState")["ActiveState"] in ("inactive", "failed"), 60, f"{unit} to end", 0.2)
        assert site.machine.show(unit, "ActiveState", "Result", "ExecMainStatus") == {
            "ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"}, site.machine.journal(unit)
