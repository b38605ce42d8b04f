"""The way from poller to gateway with TLS of its own CA, client certificates and a token, while all of them change."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from ferrystack.ferry import programs
from ferrystack.process import ROOT, free_port, wait_until
from ferrystack.servers import http_status
from http_request import request

CURL = shutil.which("curl")


def documented_commands() -> str:
    """The commands of docs/transport-security.md that make CA, certificates and token."""
    text = (ROOT / "docs" / "transport-security.md").read_text()
    section = text.split("## Certificates\n", 1)[1].split("\n## ", 1)[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))


def run(command: str, directory: Path):
    done = subprocess.run(["sh", "-ec", command], cwd=directory, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Certificates:
    """A folder with a CA, certificates and a token, made as the documentation says."""

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir()
        run(documented_commands(), directory)

    def __getitem__(self, name: str) -> str:
        return str(self.directory / name)

    def put(self, name: str, text: str):
        """In the place of the old file at once."""
        next_one = self.directory / f"{name}.next"
        next_one.write_text(text)
        os.replace(next_one, self.directory / name)

    def take(self, other: "Certificates", *names: str):
        for name in names:
            self.put(name, (other.directory / name).read_text())

    def gateway(self) -> dict:
        return {"tls_certificate": self["gateway.pem"], "tls_key": self["gateway.key"], "tls_client_ca": self["ca.pem"],
                "token_file": self["token"]}

    def poller(self) -> dict:
        return {"client_tls_ca": self["ca.pem"], "client_tls_certificate": self["poller.pem"],
                "client_tls_key": self["poller.key"]}


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path / "certificates")


def secure(world, queue_url, *settings: dict, **options):
    """A Ferry whose gateway speaks TLS; health is asked on an admin port of its own."""
    port, admin = free_port(), free_port()
    gateway = {"url": f"https://127.0.0.1:{port}", "admin_listen": f"127.0.0.1:{admin}"}
    for more in settings:
        gateway.update(more)
    ferry = world.ferry(queue_url, {"gateway": gateway}, gateway_port=port, **options)
    ferry.gateway_url = gateway["url"]
    ferry.gateway_admin = f"http://127.0.0.1:{admin}"
    return ferry


def start(ferry, wait: bool = True):
    for service in ferry.all:
        service.start()
    wait_until(lambda: http_status(f"{ferry.gateway_admin}/readyz") == 200, 30, "the gateway to be ready")
    ferry.wait_ready(ferry.worker)
    if wait:
        ferry.wait_ready(ferry.poller)
    return ferry


def said(service, message, **fields):
    return [event for event in service.events()
            if event.get("msg") == message and all(event.get(key) == value for key, value in fields.items())]


def readiness_text(ferry) -> str:
    return request("GET", f"http://127.0.0.1:{ferry.poller_admin_port}/readyz").body.decode()


class Flow:
    """Sends a message every now and then while something changes, and remembers them all. At most OUTSTANDING are under
    way: on a slow machine the newest would else wait behind ever more."""

    OUTSTANDING = 20

    def __init__(self, world, url):
        self.world, self.url, self.messages, self.is_over = world, url, [], threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        done = 0
        while not self.is_over.wait(0.1):
            while done < len(self.messages) and self.world.status(self.messages[done]) == "COMPLETED":
                done += 1
            if len(self.messages) - done >= self.OUTSTANDING:
                continue
            self.messages.append(self.world.send(self.url, {"message": f"hello {len(self.messages)}"}))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def wait_for_more(self, count: int = 10):
        """So many more messages, sent from now on, are done."""
        first = len(self.messages)
        wait_until(lambda: len(self.messages) >= first + count, 60, "messages to be sent", 0.05)
        self.world.wait_completed(self.messages[first:first + count])


def assert_all_done_once(world, url, messages):
    world.wait_completed(messages)
    world.wait_empty(url)
    for message in messages:
        assert len(world.runs(message)) == 1


def test_a_message_goes_through_tls_client_certificate_and_token(world, certificates):
    url = world.create_queue()
    ferry = start(secure(world, url, certificates.gateway(), certificates.poller()))
    messages = world.send_many(url, 20)
    assert_all_done_once(world, url, messages)
    listening = ferry.gateway.wait_for_event(5, "listening")
    assert (listening["tls"], listening["client_certificates"], listening["token"]) == (True, True, True)
    for service in ferry.all:
        assert Path(certificates["token"]).read_text().strip() not in service.text()


def test_everything_is_rotated_while_messages_flow(world, certificates, tmp_path):
    url = world.create_queue(fifo=False)
    ferry = start(secure(world, url, certificates.gateway(), certificates.poller()))
    other = Certificates(tmp_path / "other")
    old_token = Path(certificates["token"]).read_text()
    with Flow(world, url) as flow:
        flow.wait_for_more(3)
        # The token.
        certificates.put("token", "a-new-token\n")
        ferry.gateway.wait_for_event(30, "a secret was read again from its file")
        ferry.poller.wait_for_event(30, "a secret was read again from its file")
        flow.wait_for_more()
        # Certificates of the same CA: cert-manager renews.
        before = len(said(ferry.gateway, "certificates were read again"))
        renewed = "\n".join(line for line in documented_commands().replace("\\\n", " ").splitlines()
                            if "ca.key -out" not in line and "rand" not in line)
        renewal = tmp_path / "renewal"
        renewal.mkdir()
        for name in ("ca.pem", "ca.key"):
            shutil.copy(certificates[name], renewal / name)
        run(renewed, renewal)
        for name in ("gateway.pem", "gateway.key", "poller.pem", "poller.key"):
            certificates.put(name, (renewal / name).read_text())
        wait_until(lambda: len(said(ferry.gateway, "certificates were read again")) > before, 30, "new certificates")
        flow.wait_for_more()
        # Another CA: both are trusted, then the certificates change, then the old one goes.
        certificates.put("ca.pem", Path(certificates["ca.pem"]).read_text() + Path(other["ca.pem"]).read_text())
        flow.wait_for_more(15)
        certificates.take(other, "gateway.pem", "gateway.key", "poller.pem", "poller.key")
        flow.wait_for_more(15)
        certificates.take(other, "ca.pem")
        flow.wait_for_more(15)
    assert_all_done_once(world, url, flow.messages)
    assert not said(ferry.poller, "circuit opened"), "a rotation is no outage"
    answer = curl(certificates, f"{ferry.gateway_url}/v1/workflows/none", token="a-new-token")
    assert answer.status == 404
    # The old token is good for the overlap, the old certificate is not.
    assert curl(certificates, f"{ferry.gateway_url}/v1/workflows/none", token=old_token.strip()).status == 404
    shutil.copy(renewal / "poller.pem", certificates["old.pem"])
    shutil.copy(renewal / "poller.key", certificates["old.key"])
    assert curl(certificates, f"{ferry.gateway_url}/v1/workflows/none", client="old", token="a-new-token").status == 403
    assert "a-new-token" not in json.dumps(ferry.gateway.wait_for_event(10, "request refused"))


def test_a_poller_that_knows_a_new_token_first_goes_on_with_the_old_one(world, certificates):
    url = world.create_queue(fifo=False)
    first = Path(certificates["token"]).read_text()
    certificates.put("poller-token", first)
    gateway = secure(world, url, certificates.gateway())
    poller = world.ferry(url, {"gateway": {"url": gateway.gateway_url, "token_file": certificates["poller-token"],
                                           **certificates.poller()}})
    for service in (gateway.gateway, gateway.worker, poller.poller):
        service.start()
    poller.wait_ready(poller.poller)
    with Flow(world, url) as flow:
        flow.wait_for_more(3)
        certificates.put("poller-token", "second\n")
        poller.poller.wait_for_event(30, "the gateway does not know the new token yet: the one before it is sent")
        flow.wait_for_more()
        certificates.put("token", "second\n")
        flow.wait_for_more()
    assert_all_done_once(world, url, flow.messages)
    assert len(said(poller.poller, "circuit opened")) <= 1


@pytest.fixture
def token_of_none(certificates):
    certificates.put("wrong-token", "not the token\n")
    return certificates["wrong-token"]


def test_a_wrong_token_opens_the_circuit_and_drains_nothing(world, certificates, token_of_none):
    url = world.create_queue(fifo=False)
    gateway = secure(world, url, certificates.gateway())
    poller = world.ferry(url, {"gateway": {"url": gateway.gateway_url, "token_file": token_of_none,
                                           **certificates.poller()}})
    for service in (gateway.gateway, gateway.worker, poller.poller):
        service.start()
    poller.wait_ready(poller.poller)
    messages = [world.send(url, {"message": f"hello {i}"}) for i in range(10)]
    poller.poller.wait_for_event(30, "circuit opened")
    time.sleep(2)  # a poller that gives up on messages has had its chance
    assert sum(world.sqs.depth(url)) == 10
    certificates.put("wrong-token", Path(certificates["token"]).read_text())
    assert_all_done_once(world, url, messages)


@pytest.mark.parametrize("what", ["ca", "certificate"])
def test_a_poller_with_the_wrong_certificates_says_so_loses_nothing_and_recovers(world, certificates, tmp_path, what):
    url = world.create_queue(fifo=False)
    other = Certificates(tmp_path / "other")
    mine = Certificates(tmp_path / "mine")
    names = ["ca.pem"] if what == "ca" else ["poller.pem", "poller.key"]
    mine.take(certificates, "ca.pem", "poller.pem", "poller.key", "token")
    mine.take(other, *names)
    ferry = start(secure(world, url, certificates.gateway(), mine.poller()), wait=False)
    messages = [world.send(url, {"message": f"hello {i}"}) for i in range(10)]
    if what == "ca":
        wait_until(lambda: "(trusted: " in readiness_text(ferry), 30, "the poller to say why it is not ready")
        assert ferry.readiness(ferry.poller) == 503
    else:
        opened = ferry.poller.wait_for_event(30, "circuit opened")
        assert opened["reason"].startswith("HTTP 403: A client certificate is needed: ")
    time.sleep(2)  # a poller that gives up on messages has had its chance
    assert sum(world.sqs.depth(url)) == 10
    mine.take(certificates, *names)
    assert_all_done_once(world, url, messages)
    ferry.wait_ready(ferry.poller)


# --- callers that are not the poller --------------------------------------------------------------------------------

class Answer:
    def __init__(self, done):
        self.exit_code, self.error = done.returncode, done.stderr
        self.body, _, status = done.stdout.rpartition("\n")
        self.status = int(status or 0)


def curl(certificates, url, client: str | None = "poller", token: str | None = None, *options) -> Answer:
    command = [CURL, "-sS", "--max-time", "20", "--cacert", certificates["ca.pem"], "-w", "\n%{http_code}", *options]
    if client is not None:
        command += ["--cert", certificates[f"{client}.pem"], "--key", certificates[f"{client}.key"]]
    if token is not None:
        command += ["-H", f"Authorization: Bearer {token}"]
    return Answer(subprocess.run([*command, url], capture_output=True, text=True))


@pytest.fixture
def gateway(world, certificates):
    """A gateway alone."""
    ferry = secure(world, "http://127.0.0.1:9/0/unused", certificates.gateway())
    ferry.gateway.start()
    wait_until(lambda: http_status(f"{ferry.gateway_admin}/readyz") == 200, 30, "the gateway to be ready")
    return ferry


def test_a_gateway_is_ready_only_when_it_listens(gateway):
    said = [event["msg"] for event in gateway.gateway.events()]
    assert said.index("listening") < said.index("ready")


def test_the_api_wants_certificate_and_token_and_health_neither(gateway, certificates, tmp_path):
    url, token = f"{gateway.gateway_url}/v1/workflows/none", Path(certificates["token"]).read_text().strip()
    assert curl(certificates, url, token=token).status == 404
    without = curl(certificates, url, client=None, token=token)
    assert without.status == 403 and "/problems/client-certificate" in without.body
    assert "the client has shown no certificate" in without.body
    assert curl(certificates, url).status == 401
    assert curl(certificates, url, token="wrong").status == 401
    strangers = Certificates(tmp_path / "strangers")
    for name in ("pem", "key"):
        shutil.copy(strangers[f"poller.{name}"], certificates[f"stranger.{name}"])
    stranger = curl(certificates, url, client="stranger", token=token)
    assert stranger.status == 403 and "the client's certificate is refused" in stranger.body
    server = curl(certificates, url, client="gateway", token=token)
    assert server.status == 403, "a server's certificate is none of a client"
    for path in ("livez", "readyz", "metrics", "version"):
        assert curl(certificates, f"{gateway.gateway_url}/{path}", client=None).status == 200
        assert http_status(f"{gateway.gateway_admin}/{path}") == 200


def read_to_end(connection: socket.socket) -> bytes:
    """What the peer says before it closes, within the connection's timeout."""
    answer = b""
    try:
        while piece := connection.recv(4096):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def test_old_tls_and_plain_http_are_refused_and_nobody_else_is_disturbed(gateway, certificates):
    def handshake(version: str) -> subprocess.CompletedProcess:
        return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.gateway_port}", f"-{version}",
                               "-cipher", "DEFAULT:@SECLEVEL=0", "-CAfile", certificates["ca.pem"]],
                              input="", capture_output=True, text=True, timeout=20)
    for version in ("tls1_2", "tls1_3"):
        assert re.search(r"Verify(?: return code|cation): (?:0 )?\(?[Oo][Kk]", handshake(version).stdout)
    for version in ("tls1", "tls1_1"):
        done = handshake(version)
        assert done.returncode != 0 and "Cipher is (NONE)" in done.stdout
    with socket.create_connection(("127.0.0.1", gateway.gateway_port), 20) as plain:
        plain.sendall(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b"HTTP/" not in read_to_end(plain)
    silent = [socket.create_connection(("127.0.0.1", gateway.gateway_port), 20) for _ in range(200)]
    for one in silent[::2]:
        one.sendall(b"\x16\x03\x01\x02\x00\x01")
    assert curl(certificates, f"{gateway.gateway_url}/livez", client=None).status == 200
    for one in silent:  # the gateway ends them, in its own time
        assert len(read_to_end(one)) <= 7, "at the most an alert"
        one.close()
    assert curl(certificates, f"{gateway.gateway_url}/livez", client=None).status == 200


def test_a_kept_connection_of_before_a_change_ends_with_its_next_answer(gateway, certificates, tmp_path):
    context = ssl.create_default_context(cafile=certificates["ca.pem"])
    raw = socket.create_connection(("127.0.0.1", gateway.gateway_port), 20)
    with context.wrap_socket(raw, server_hostname="127.0.0.1") as connection:
        def ask() -> bytes:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
            answer = b""
            while not answer.endswith(b"ok\n"):
                piece = connection.recv(4096)
                assert piece, answer
                answer += piece
            return answer.lower()
        assert b"connection: close" not in ask()
        other = Certificates(tmp_path / "other")
        certificates.take(other, "gateway.pem", "gateway.key")
        wait_until(lambda: b"connection: close" in ask(), 20, "the connection to be ended", 0.2)


# --- --check --------------------------------------------------------------------------------------------------------

def check(program: str, directory: Path, **environment) -> subprocess.CompletedProcess:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FERRY_", "TEMPORAL_", "AWS_"))}
    return subprocess.run([programs() / program, "--check"], cwd=directory, capture_output=True, text=True,
                          env={**clean, **environment})


def test_check_reads_the_files_and_says_what_is_wrong_with_them(certificates, tmp_path):
    (tmp_path / "junk").write_text("no PEM\n")
    gateway = {"FERRY_GATEWAY_TLS_CERT_PATH": certificates["gateway.pem"],
               "FERRY_GATEWAY_TLS_KEY_PATH": certificates["gateway.key"],
               "FERRY_GATEWAY_TLS_CLIENT_CA_PATH": certificates["ca.pem"]}
    poller = {"FERRY_QUEUE_URL": "http://127.0.0.1:9/0/q", "FERRY_GATEWAY_URL": "https://localhost:1",
              "FERRY_GATEWAY_CA_PATH": certificates["ca.pem"], "FERRY_GATEWAY_CLIENT_CERT_PATH": certificates["poller.pem"],
              "FERRY_GATEWAY_CLIENT_KEY_PATH": certificates["poller.key"]}
    assert check("ferry-gateway", tmp_path, **gateway).returncode == 0
    assert check("ferry-poller", tmp_path, **poller).returncode == 0
    run("openssl pkey -in gateway.key -aes256 -passout pass:x -out locked.key", certificates.directory)
    for program, environment, expected in (
            ("ferry-gateway", {**gateway, "FERRY_GATEWAY_TLS_KEY_PATH": certificates["poller.key"]}, "does not belong"),
            ("ferry-gateway", {**gateway, "FERRY_GATEWAY_TLS_KEY_PATH": certificates["locked.key"]}, "passphrase"),
            ("ferry-gateway", {**gateway, "FERRY_GATEWAY_TLS_KEY_PATH": ""}, "found only the certificate"),
            ("ferry-gateway", {**gateway, "FERRY_GATEWAY_TLS_CLIENT_CA_PATH": "junk"}, "junk holds no certificate"),
            ("ferry-poller", {**poller, "FERRY_GATEWAY_CA_PATH": "missing"}, "missing cannot be read: No such file"),
            ("ferry-poller", {**poller, "FERRY_GATEWAY_CLIENT_CERT_PATH": "junk"}, "junk holds no certificate"),
            ("ferry-poller", {**poller, "FERRY_GATEWAY_URL": "http://localhost:1"}, "expected an https:// URL")):
        done = check(program, tmp_path, **environment)
        assert done.returncode == 2 and expected in done.stderr, done.stderr
