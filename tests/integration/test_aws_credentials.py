"""Ferry without keys of its own: it gets them by web identity, from a container's endpoint, from an instance's metadata
service and by a profile's role, for a queue on a server that checks each signature. Tokens are rotated under way."""

import base64
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest

from ferrystack.process import wait_until
from ferrystack.servers import SqsServer
from world import World, assert_no_sanitizer_report

ACCOUNT = "000000000000"
ISSUER = "issuer.example"
NO_KEYS = {name: "" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
                                 "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
                                 "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                 "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")}
# Keys that end so soon are renewed every few seconds: they are used up to their last minute.
SHORT_LIFE_S = 64


def moment(seconds_ahead: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds_ahead))


def web_token(name: str) -> str:
    parts = ({"alg": "none"}, {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": name})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".s"


class AwsServer(SqsServer):
    """ministack with IAM, STS and the instance's metadata service, and a role that may be taken on."""

    def start(self):
        self.process.environment["SERVICES"] = "sqs,sts,iam,imds"
        self.process.environment["MINISTACK_IMDS_V2_REQUIRED"] = "1"
        super().start()
        iam = self._connect("iam", "test", "test")
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
             "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"}},
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}]}
        iam.create_role(RoleName="ferry", AssumeRolePolicyDocument=json.dumps(trust))
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
        iam.put_role_policy(RoleName="ferry", PolicyName="queues", PolicyDocument=json.dumps(policy))
        policy["Statement"][0]["Action"] = "sts:AssumeRole"
        iam.put_user_policy(UserName="ferry", PolicyName="roles", PolicyDocument=json.dumps(policy))
        self.role = f"arn:aws:iam::{ACCOUNT}:role/ferry"
        return self

    def assume_role(self) -> dict:
        sts = boto3.client("sts", endpoint_url=self.endpoint, region_name=self.REGION, aws_access_key_id=self.access_key,
                           aws_secret_access_key=self.secret_key)
        return sts.assume_role(RoleArn=self.role, RoleSessionName="front")["Credentials"]


class Front:
    """Stands before the server's STS and metadata service: passes requests on, notes them, and lets the keys that come
    back end soon. It answers container credentials itself, with keys of the server's STS, to whoever has the token."""

    def __init__(self, server: AwsServer):
        self.server, self.requests, self.container_token, self.tampering = server, [], None, False
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                front.requests.append((self.command, self.path, dict(self.headers), body.decode()))
                status, answer = front.answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def keys(self) -> bytes:
        keys = self.server.assume_role()
        return json.dumps({"Code": "Success", "AccessKeyId": keys["AccessKeyId"], "Token": keys["SessionToken"],
                           "SecretAccessKey": keys["SecretAccessKey"], "Expiration": moment(SHORT_LIFE_S)}).encode()

    def answer(self, method: str, path: str, headers, body: bytes) -> tuple[int, bytes]:
        if path == "/container":
            is_right = headers.get("Authorization") == self.container_token
            return (200, self.keys()) if is_right else (401, b'{"code":"InvalidToken","message":"old"}')
        if self.tampering and "x-amz-target" in {name.lower() for name in headers}:
            body = body.replace(b"ferry-tampered", b"ferry-tampereD")
        passed = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")}
        if "Authorization" in headers:
            passed["Host"] = headers["Host"]  # it is signed
        request = urllib.request.Request(self.server.endpoint + path, body or None, passed, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, answer = response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        if path.startswith("/latest/meta-data/iam/security-credentials/ministack"):
            assert json.loads(answer)["Code"] == "Success"
            return status, self.keys()  # the emulator's own keys are known to nobody
        text = answer.decode()
        if "<Expiration>" in text:
            start = text.index("<Expiration>") + len("<Expiration>")
            text = text[:start] + moment(SHORT_LIFE_S) + text[text.index("</Expiration>"):]
        return status, text.encode()

    def count(self, method: str, path: str) -> int:
        return sum(request[:2] == (method, path) for request in self.requests)

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = AwsServer(tmp_path_factory.mktemp("aws")).start()
    yield server
    server.process.stop(10)


@pytest.fixture
def front(server):
    front = Front(server)
    yield front
    front.stop()


@pytest.fixture
def aws_world(temporal, server, tmp_path):
    world = World(temporal, server, tmp_path)
    yield world
    for ferry in world.ferries:
        codes = ferry.stop()
        for service in ferry.all:
            assert_no_sanitizer_report(service)
        assert all(code == 0 for code in codes.values()), codes


def run_messages(world, url, count=3):
    messages = world.send_many(url, count)
    world.wait_completed(messages)
    world.wait_empty(url)


def test_web_identity_with_a_token_that_is_rotated(aws_world, server, front, tmp_path):  # behaviour 9
    token = tmp_path / "token"
    token.write_text(web_token("first"))
    url = aws_world.create_queue()
    aws_world.ferry(url, environment={**NO_KEYS, "AWS_ROLE_ARN": server.role, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
                                      "AWS_ENDPOINT_URL_STS": front.url}).start()
    run_messages(aws_world, url)
    assert {urllib.parse.parse_qs(request[3])["WebIdentityToken"][0] for request in front.requests} == {web_token("first")}
    assert not any("Authorization" in request[2] for request in front.requests)
    token.write_text(web_token("second"))
    wait_until(lambda: any(web_token("second") in request[3] for request in front.requests), 60, "the second token")
    run_messages(aws_world, url)


def test_a_containers_endpoint_with_a_token_that_is_rotated(aws_world, front, tmp_path):  # behaviour 9
    token = tmp_path / "token"
    token.write_text("first")
    front.container_token = "first"
    url = aws_world.create_queue()
    aws_world.ferry(url, environment={**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": front.url + "/container",
                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}).start()
    run_messages(aws_world, url)
    front.container_token = "second"
    token.write_text("second")
    seen = front.count("GET", "/container")
    wait_until(lambda: front.count("GET", "/container") > seen + 1, 60, "another request for keys")
    run_messages(aws_world, url)


def test_the_instances_metadata_service_version_2(aws_world, front):
    url = aws_world.create_queue()
    aws_world.ferry(url, environment={**NO_KEYS, "AWS_EC2_METADATA_DISABLED": "",
                                      "AWS_EC2_METADATA_SERVICE_ENDPOINT": front.url}).start()
    run_messages(aws_world, url)
    assert front.count("PUT", "/latest/api/token") >= 1
    keys = [request for request in front.requests if request[1].endswith("/ministack-instance-role")]
    assert keys and all(request[2].get("x-aws-ec2-metadata-token") for request in keys)


def test_the_emulators_own_task_credentials_are_read_and_refused(aws_world, server):
    """ministack answers a task's keys that its signature check does not know: they are read, and the refusal is told."""
    url = aws_world.create_queue()
    ferry = aws_world.ferry(url, environment={
        **NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.endpoint}/v2/credentials/{uuid.uuid4()}"})
    ferry.poller.start()
    wait_until(lambda: "InvalidClientTokenId" in ferry.poller.text(), 30, "the refusal")


def test_a_request_that_is_altered_on_its_way_is_refused(aws_world, server, front):  # behaviour 12
    url = server.create_queue("ferry-tampered.fifo")
    ferry = aws_world.ferry(url, sqs_endpoint=front.url).start()
    run_messages(aws_world, url)
    front.tampering = True
    wait_until(lambda: "SignatureDoesNotMatch" in ferry.poller.text(), 60, "the refusal")
    front.tampering = False
    run_messages(aws_world, url)  # and it goes on by itself


def test_a_profiles_role(aws_world, server, front, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"[profile ferry]\nrole_arn = {server.role}\nsource_profile = user\nregion = {server.REGION}\n"
                      f"[profile user]\naws_access_key_id = {server.access_key}\n"
                      f"aws_secret_access_key = {server.secret_key}\n")
    url = aws_world.create_queue()
    aws_world.ferry(url, environment={**NO_KEYS, "AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "ferry",
                                      "AWS_ENDPOINT_URL_STS": server.endpoint}).start()
    run_messages(aws_world, url)


def test_keys_in_a_file_that_are_replaced_and_revoked(aws_world, server, tmp_path):  # behaviour 8
    iam = server._connect("iam", "test", "test")
    file = tmp_path / "credentials"

    def write(key):
        file.write_text(f"[default]\naws_access_key_id = {key['AccessKeyId']}\n"
                        f"aws_secret_access_key = {key['SecretAccessKey']}\n")
    first = iam.create_access_key(UserName="ferry")["AccessKey"]
    write(first)
    url = aws_world.create_queue()
    ferry = aws_world.ferry(url, environment={**NO_KEYS, "AWS_SHARED_CREDENTIALS_FILE": str(file)}).start()
    run_messages(aws_world, url)
    second = iam.create_access_key(UserName="ferry")["AccessKey"]
    write(second)
    iam.delete_access_key(UserName="ferry", AccessKeyId=first["AccessKeyId"])
    run_messages(aws_world, url)
    iam.delete_access_key(UserName="ferry", AccessKeyId=second["AccessKeyId"])
    assert ferry.poller.running and ferry.worker.running
