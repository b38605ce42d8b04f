"""Behaviours 1 to 12 of docs/behaviours.md: calls that fail, answers that are none, keys, clocks and signatures."""

import json
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest

from ferrystack.process import ROOT, wait_until
from peers import ScriptedHttp, passed_on

JSON = {"Content-Type": "application/json"}


def calls(scene, url, action="ReceiveMessage"):
    return scene.sqs.journal(action, url)


def receives(scene, url):
    return calls(scene, url)


def assert_done_once(scene, crew, url, messages, timeout=40):
    scene.wait_done(url, messages, timeout)
    scene.assert_one_run_each(messages)
    assert all(poller.running for poller in crew.pollers)


def assert_gaps_grow(times, at_least):
    """No busy loop: the last calls are further apart than the first."""
    gaps = [after - before for before, after in zip(times, times[1:])]
    assert len(gaps) >= 2 and sum(gaps) / len(gaps) >= at_least, gaps


# --- 1 to 3: the network, silence, errors ---------------------------------------------------------------------------

def test_behaviour_01_a_reset_during_a_receive_is_backed_off_and_polling_goes_on(scene, work):
    url = scene.queue()
    scene.sqs.fault("close", action="ReceiveMessage", queue=url, reset=True, times=3)
    crew = scene.crew(url).start()
    pid = crew.poller.pid
    messages = [scene.send(url, {}, f"g{i}") for i in range(4)]
    assert_done_once(scene, crew, url, messages)
    assert crew.poller.pid == pid and crew.metric("ferry_poller_receives_total", result="failed") >= 1
    assert_gaps_grow([call["started"] for call in receives(scene, url)][:4], 0.1)


@pytest.mark.parametrize("endpoint", ["http://there-is-no-such-host.invalid:1", "https://127.0.0.1:{port}"],
                         ids=["dns", "tls"])
def test_behaviour_01_an_endpoint_that_cannot_be_reached_is_no_end_and_no_busy_loop(scene, endpoint):
    url = scene.queue()
    with ScriptedHttp(lambda asked: (400, {}, b"no TLS is spoken here")) as plain:
        crew = scene.crew(url, environment={"AWS_ENDPOINT_URL_SQS": endpoint.format(port=plain.port)}).start_gateway()
        crew.poller.start()
        wait_until(lambda: crew.metric("ferry_poller_receives_total", result="failed") >= 3, 30, "three failures", 0.1)
        failed, began = crew.metric("ferry_poller_receives_total", result="failed"), time.monotonic()
        wait_until(lambda: time.monotonic() - began > 2, 5, "two seconds: what is shown is a rate")
        assert crew.metric("ferry_poller_receives_total", result="failed") - failed <= 3 and crew.poller.running
        assert crew.ferries[0].readiness(crew.poller) == 503
        assert crew.poller.stop() == 0


def test_behaviour_02_a_poll_that_is_never_answered_ends_by_itself_and_another_follows(scene, work):
    url = scene.queue()
    scene.sqs.fault("black_hole", action="ReceiveMessage", queue=url, times=1)
    crew = scene.crew(url, queue={"wait": "1s"}).start()
    message = scene.send(url, {})
    assert_done_once(scene, crew, url, [message], 40)
    lost, after = receives(scene, url)[:2]
    assert lost["status"] is None and lost["faults"] == ["black_hole"] and 1 < after["started"] - lost["started"] < 20
    assert lost["attempt_id"] == after["attempt_id"], "what the lost answer may have held is asked for again"


ERRORS = [(500, "InternalFailure"), (502, "BadGateway"), (503, "ServiceUnavailable"), (504, "GatewayTimeout"),
          (400, "ThrottlingException"), (403, "RequestThrottled"), (429, "TooManyRequestsException")]


def several(scene, count, **attributes):
    """So many queues of one poller: each may have a fault of its own."""
    urls = [scene.queue(f"q{i}", **attributes) for i in range(count)]
    return urls, [{"url": url} for url in urls]


def assert_all_done_once(scene, crew, urls, messages):
    for url in urls:
        scene.wait_empty(url, 40)
    scene.wait_completed(messages)
    scene.assert_one_run_each(messages)
    assert crew.poller.running


def test_behaviour_03_errors_and_throttling_are_backed_off(scene, work):
    urls, entries = several(scene, len(ERRORS))
    for url, (status, code) in zip(urls, ERRORS):
        scene.sqs.fault("error", action="ReceiveMessage", queue=url, status=status, code=code, times=2)
    crew = scene.crew(entries).start()
    assert_all_done_once(scene, crew, urls, [scene.send(url, {}) for url in urls])
    for url, (status, _) in zip(urls, ERRORS):
        assert crew.metric("ferry_poller_receives_total", result="failed", queue=url.rsplit("/", 1)[-1]) == 2
        first, second, third = receives(scene, url)[:3]
        assert [first["status"], second["status"]] == [status, status]
        assert second["started"] > first["finished"] and third["started"] > second["finished"]


def test_behaviour_03_the_service_s_own_word_on_when_to_come_back_is_honoured(scene, work):
    url = scene.queue()
    scene.sqs.fault("error", action="ReceiveMessage", queue=url, code="RequestThrottled", times=1,
                    headers={"x-amz-retry-after": "3000"})
    crew = scene.crew(url).start()
    assert_done_once(scene, crew, url, [scene.send(url, {})])
    refused, after = receives(scene, url)[:2]
    assert after["started"] - refused["finished"] >= 2.9


def test_behaviour_03_other_calls_are_repeated_too(scene, work):
    url, actions = scene.queue(), ("DeleteMessageBatch", "ChangeMessageVisibilityBatch")
    for action in actions:
        scene.sqs.fault("error", action=action, queue=url, code="ServiceUnavailable", times=2)
    crew = scene.crew(url, queue={"visibility": "10s"}).start()  # time enough for both pauses behind its half
    message = scene.send(url, {"sleep_ms": 6000})
    assert_done_once(scene, crew, url, [message])
    assert scene.deliveries(url, message) == 1
    for action in actions:
        assert [call["status"] for call in calls(scene, url, action)][:3] == [503, 503, 200]


# --- 4: one queue's trouble is that queue's ---------------------------------------------------------------------------

def test_behaviour_04_a_queue_that_is_missing_or_forbidden_pauses_alone_and_recovers(scene, work):
    codes = ["QueueDoesNotExist", "AccessDenied", "InvalidAddress", "InvalidSecurity"]
    (good, *bad), entries = several(scene, 1 + len(codes))
    faults = [scene.sqs.fault("error", queue=url, code=code, action="ReceiveMessage") for url, code in zip(bad, codes)]
    crew = scene.crew(entries).start_gateway()
    crew.poller.start()
    waiting = [scene.send(url, {}) for url in bad]
    going = [scene.send(good, {}, f"g{i}") for i in range(3)]
    scene.wait_done(good, going)
    for url in bad:
        wait_until(lambda url=url: len(receives(scene, url)) >= 3, 30, "a third try", 0.1)
    assert crew.poller.running and [scene.status(message) for message in waiting] == [""] * len(bad)
    for fault in faults:
        scene.sqs.clear(fault)
    assert_all_done_once(scene, crew, bad, [*waiting, *going])
    for url in bad:
        refused = [call["started"] for call in receives(scene, url) if call["status"] not in (200, None)]
        assert len(refused) < 15 and all(after - before >= 0.05 for before, after in zip(refused, refused[1:]))


# --- 5 and 6: answers -------------------------------------------------------------------------------------------------

def test_behaviour_05_an_empty_answer_that_comes_at_once_makes_no_busy_loop(scene, work):
    contents = ["{}", '{"Messages":[]}', '{"Messages":null}', "{ }"]
    urls, entries = several(scene, len(contents), fifo=False)
    for url, content in zip(urls, contents):
        scene.sqs.fault("raw", action="ReceiveMessage", queue=url, content=content,
                        content_type="application/x-amz-json-1.0")
    crew = scene.crew(entries).start()
    crew.wait_said(20, "No messages in queue", len(urls))
    assert_paced(scene, urls, 1)
    scene.sqs.clear()
    assert_all_done_once(scene, crew, urls, [scene.send(url, {}) for url in urls])
    assert crew.metric("ferry_poller_receives_total", result="failed") == 0


def assert_paced(scene, urls, at_least):
    """What is shown is a rate, so time itself is the condition."""
    before, began = [len(receives(scene, url)) for url in urls], time.monotonic()
    wait_until(lambda: time.monotonic() - began > 2, 5, "two seconds")
    assert all(at_least <= len(receives(scene, url)) - count <= 10 for url, count in zip(urls, before))


def test_behaviour_05_without_a_long_poll_receives_are_paced(scene, work):
    url = scene.queue(fifo=False)
    crew = scene.crew(url, queue={"wait": "0"}).start()
    crew.wait_said(20, "No messages in queue")
    assert_paced(scene, [url], 2)
    assert_done_once(scene, crew, url, [scene.send(url, {}) for _ in range(3)])  # fewer than were asked for


UNREADABLE = [
    ("raw", {"content": '{"Messages":[{"Body', "content_type": "application/x-amz-json-1.0"}),
    ("raw", {"content": "<html><body>Bad gateway</body></html>", "status": 500}),
    ("raw", {"content": "<html>all is well</html>", "status": 200}),
    ("raw", {"content": "\x1f\x8b\x08 no JSON", "headers": {"Content-Encoding": "gzip"}}),
    ("truncate", {"bytes": 40}), ("length", {"delta": 7}), ("length", {"delta": -7})]


def test_behaviour_06_answers_that_cannot_be_read_are_transient(scene, work):
    urls, entries = several(scene, len(UNREADABLE))
    for url, (kind, members) in zip(urls, UNREADABLE):
        scene.sqs.fault(kind, action="ReceiveMessage", queue=url, times=2, **members)
    messages = [scene.send(url, {}) for url in urls]
    crew = scene.crew(entries, queue={"visibility": "4s"}).start()
    assert_all_done_once(scene, crew, urls, messages)
    for url in urls:
        assert crew.metric("ferry_poller_receives_total", result="failed", queue=url.rsplit("/", 1)[-1]) >= 1


def test_behaviour_07_a_message_whose_md5_is_wrong_is_not_forwarded_counted_and_returned(scene, work):
    """How it comes again and runs is shown in test_scenarios_input.py, and its group in test_scenarios_lanes.py."""
    url = scene.queue()
    scene.sqs.fault("corrupt", queue=url, what="body", body="poison", times=1)
    bad = scene.send(url, {"x": "poison"}, "a")
    others = [scene.send(url, {}, f"g{i}") for i in range(3)]
    crew = scene.crew(url).start()
    scene.wait_completed(others)
    crew.wait_said(20, "message returned", message_id=bad, reason="damaged", visibility=10)
    assert crew.metric("ferry_poller_messages_damaged_total") == 1 and scene.status(bad) == ""
    scene.assert_one_run_each(others)
    brought = [call["attempt_id"] for call in receives(scene, url) if len(call["entries"]) > 1]
    assert len(brought) == len(set(brought)), "no attempt ID is used again after an answer"


# --- 8 to 10: credentials --------------------------------------------------------------------------------------------

NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
           "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null"}


def keys(number, life_minutes=60.0):
    expiration = datetime.now(timezone.utc) + timedelta(minutes=life_minutes)
    return {"AccessKeyId": f"ASIA{number:016d}", "SecretAccessKey": f"secret-{number}", "Token": f"session-{number}",
            "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ")}


def accept(scene, number=None, **own):
    """From now on SQS takes these temporary keys and no others, the test's own calls included."""
    given = keys(number) if own == {} else own
    names = given["AccessKeyId"], given["SecretAccessKey"], given["Token"]
    scene.sqs.set_credentials(*names)
    scene.sqs.client = scene.sqs._connect("sqs", *names, attempts=1)


def refused_for_keys(scene):
    """The server looks at nothing else before the signature, so it knows no queue then."""
    return [call for call in scene.sqs.journal() if call["status"] == 403]


class KeySource:
    """A container's credentials endpoint, whose keys change when the test says so."""

    def __init__(self, life_minutes=60.0):
        self.number, self.life_minutes, self.is_down, self.tokens = 1, life_minutes, False, []
        self.http = ScriptedHttp(self.answer)

    def answer(self, asked):
        self.tokens.append(asked.headers.get("Authorization"))
        if self.is_down:
            return 500, JSON, b'{"code":"InternalServerError","message":"down"}'
        return 200, JSON, json.dumps(keys(self.number, self.life_minutes)).encode()


@pytest.fixture
def source():
    of = KeySource()
    yield of
    of.http.close()


def container(source, **more):
    return {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": source.http.url + "/v1/credentials", **more}


def test_behaviour_08_expired_keys_are_loaded_anew_and_the_call_is_made_again(private_scene, work, source):
    scene, url = private_scene, private_scene.queue()
    crew = scene.crew(url, environment=container(source))
    accept(scene, 1)
    crew.start()
    first = scene.send(url, {})
    scene.wait_completed([first])
    source.number = 2
    accept(scene, 2)
    second = scene.send(url, {})
    scene.wait_completed([second])
    scene.wait_empty(url)
    assert 1 <= len(refused_for_keys(scene)) <= 6
    assert crew.poller.running


def test_behaviour_08_while_the_source_is_down_keys_are_used_as_long_as_they_live(private_scene, work, source):
    scene, url = private_scene, private_scene.queue()
    source.life_minutes = 14  # new ones are looked for from 15 minutes before their end, and waited for from 10
    crew = scene.crew(url, environment=container(source))
    accept(scene, 1)
    crew.start()
    source.is_down = True
    before = len(source.tokens)
    messages = [scene.send(url, {}) for _ in range(3)]
    scene.wait_completed(messages)
    scene.wait_empty(url)
    assert len(source.tokens) - before <= 5, "no load for every call"
    assert not refused_for_keys(scene) and crew.poller.running


def test_behaviour_08_without_any_keys_the_poller_waits_and_goes_on_once_there_are_some(private_scene, work, source):
    scene, url = private_scene, private_scene.queue()
    source.is_down = True
    crew = scene.crew(url, environment=container(source))
    accept(scene, 1)
    crew.start_gateway()
    crew.poller.start()
    message = scene.send(url, {})
    crew.wait_said(40, "receiving failed", **{"class": "credentials"})
    assert not receives(scene, url) and crew.poller.running and crew.ferries[0].readiness(crew.poller) == 503
    source.is_down = False
    scene.wait_completed([message], 60)


def test_behaviour_09_a_container_s_token_file_is_read_for_every_load(private_scene, work, source, tmp_path):
    scene, url, file = private_scene, private_scene.queue(), tmp_path / "token"
    file.write_text("token-one")
    crew = scene.crew(url, environment=container(source, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=file))
    accept(scene, 1)
    crew.start()
    assert set(source.tokens) == {"token-one"}
    file.write_text("token-two")
    source.number = 2
    accept(scene, 2)
    message = scene.send(url, {})
    scene.wait_completed([message], 30)
    assert source.tokens[-1] == "token-two"


def test_behaviour_09_a_web_identity_s_token_file_is_read_for_every_load(private_scene, work, tmp_path):
    scene, url, file, asked = private_scene, private_scene.queue(), tmp_path / "identity", []
    file.write_text("identity-one")

    def sts(request):
        asked.append(request.body.decode())
        own = keys(len(set(body.partition("identity-")[2][:3] for body in asked)))
        members = "".join(f"<{name}>{own[key]}</{name}>" for name, key in (
            ("AccessKeyId", "AccessKeyId"), ("SecretAccessKey", "SecretAccessKey"), ("SessionToken", "Token"),
            ("Expiration", "Expiration")))
        return 200, {"Content-Type": "text/xml"}, (
            '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<AssumeRoleWithWebIdentityResult><Credentials>{members}</Credentials></AssumeRoleWithWebIdentityResult>"
            "</AssumeRoleWithWebIdentityResponse>").encode()
    with ScriptedHttp(sts) as http:
        crew = scene.crew(url, environment={
            **NO_KEYS, "AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/ferry", "AWS_WEB_IDENTITY_TOKEN_FILE": file,
            "AWS_ENDPOINT_URL_STS": http.url})
        accept(scene, 1)
        crew.start()
        file.write_text("identity-two")
        accept(scene, 2)
        message = scene.send(url, {})
        scene.wait_completed([message], 30)
        assert "WebIdentityToken=identity-one" in asked[0] and "WebIdentityToken=identity-two" in asked[-1]
        assert all("Action=AssumeRoleWithWebIdentity" in body for body in asked)
        crew.poller.stop()


class Instance:
    """The metadata service of an EC2 instance, with what is wrong with it."""

    def __init__(self, wrong):
        self.wrong, self.asked_versions = wrong, []
        self.http = ScriptedHttp(self.answer)

    def answer(self, asked):
        if asked.method == "PUT":
            if self.wrong.startswith("forbidden"):
                return 403, {}, b""
            assert asked.headers.get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "21600"
            return 200, {"Connection": "close"} if self.wrong == "closes" else {}, b"the-token"
        self.asked_versions.append(2 if asked.headers.get("X-Aws-Ec2-Metadata-Token") == "the-token" else 1)
        if asked.path.rstrip("/").endswith("security-credentials"):
            return 200, {}, b"ferry-role\nanother-role\n" if self.wrong == "lines" else b"ferry-role"
        assert asked.path.endswith("/ferry-role")
        if self.wrong == "code" and len(self.asked_versions) < 4:
            return 200, JSON, b'{"Code":"AssumeRoleUnauthorizedAccess","Message":"not now"}'
        life = -5 if self.wrong == "expired" else 60
        return 200, JSON, json.dumps({"Code": "Success", "Type": "AWS-HMAC", **keys(1, life)}).encode()


@pytest.mark.parametrize("wrong, versions", [
    ("nothing", {2}), ("forbidden", {1}), ("lines", {2}), ("code", {2}), ("expired", {2}), ("closes", {2})])
def test_behaviour_10_an_instance_s_metadata_service_gives_keys_whatever_its_ways(private_scene, work, wrong, versions):
    scene, url, instance = private_scene, private_scene.queue(), Instance(wrong)
    crew = scene.crew(url, environment={**NO_KEYS, "AWS_EC2_METADATA_SERVICE_ENDPOINT": instance.http.url})
    try:
        accept(scene, 1)
        crew.start_gateway()
        crew.poller.start()
        message = scene.send(url, {})
        scene.wait_completed([message], 60)
        assert set(instance.asked_versions) == versions
    finally:
        crew.poller.stop()
        instance.http.close()


def test_behaviour_10_version_1_is_not_used_where_it_is_switched_off(private_scene):
    scene, url, instance = private_scene, private_scene.queue(), Instance("forbidden")
    crew = scene.crew(url, environment={**NO_KEYS, "AWS_EC2_METADATA_SERVICE_ENDPOINT": instance.http.url,
                                        "AWS_EC2_METADATA_V1_DISABLED": "true"})
    try:
        crew.start_gateway()
        crew.poller.start()
        crew.wait_said(30, "receiving failed", **{"class": "credentials"})
        assert instance.asked_versions == [] and not receives(scene, url)
    finally:
        crew.poller.stop()
        instance.http.close()


# --- 11 and 12: clock and signature ----------------------------------------------------------------------------------

def unit_test(name, **fetchers):
    """Runs a unit test program and tells the tests that passed. fetchers: what brings the published vectors."""
    program = f"build/gcc/tests/unit/{name}"
    built = subprocess.run(["make", "-s", "-j2", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    vectors = {variable: subprocess.check_output([ROOT / "tools" / tool], text=True).strip()
               for variable, tool in fetchers.items()}
    done = subprocess.run([ROOT / program], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin", **vectors})
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.split()[-1] for line in (done.stdout + done.stderr).splitlines() if "[       OK ]" in line}


def test_behaviour_11_the_published_cases_hold():
    """Two minutes are not worth another try, the round trip counts, and so on."""
    passed = unit_test("aws/service_clock_test", FERRY_AWS_VECTORS="fetch-aws-vectors")
    assert {"every_published_case_holds", "a_refusal_is_the_clocks_fault_only_beyond_four_minutes"} <= passed


@pytest.mark.parametrize("minutes", [30, -30])
def test_behaviour_11_a_clock_that_is_off_is_corrected_by_the_service_s_own(private_scene, work, minutes):
    scene, url = private_scene, private_scene.queue()
    message = scene.send(url, {})
    scene.sqs.set(clock_offset=minutes * 60)
    crew = scene.crew(url).start()
    scene.wait_completed([message], 30)
    wait_until(lambda: not scene.sqs.messages(url), 30, "the queue to be empty", 0.1)  # boto3's clock is off, too
    assert 1 <= len(refused_for_keys(scene)) <= 5, "learnt once, used for all that follows"
    assert crew.poller.running


@pytest.mark.parametrize("headers", [{}, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT", "Age": "100"}],
                         ids=["no-date", "age"])
def test_behaviour_11_without_a_date_that_counts_nothing_is_corrected(scene, headers):
    """The relay takes the service's date away, or makes it look cached; then the clock is not to blame."""
    url, refused = scene.queue(), []

    def answer(asked):
        refused.append(asked.headers["X-Amz-Date"])
        body = {"__type": "com.amazon.coral.service#InvalidSignatureException", "message": "Signature expired"}
        return 403, {"Content-Type": "application/x-amz-json-1.0", **headers}, json.dumps(body).encode()
    with NoDate(answer) as http:
        crew = scene.crew(url, environment={"AWS_ENDPOINT_URL_SQS": http.url})
        crew.start_gateway()
        crew.poller.start()
        wait_until(lambda: len(refused) >= 3, 60, "three tries", 0.1)
        now = datetime.now(timezone.utc)
        signed = [datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc) for date in refused]
        assert all(abs((now - date).total_seconds()) < 60 for date in signed), "signed by our own clock"
        crew.poller.stop()


class NoDate(ScriptedHttp):
    """Without the Date header that Python's server adds by itself."""

    def _handle(self, handler):
        handler.date_time_string = lambda timestamp=None: "no date"
        super()._handle(handler)


def test_behaviour_12_the_published_signatures_are_met():
    passed = unit_test("aws/sigv4_test", FERRY_SIGV4_VECTORS="fetch-sigv4-vectors")
    assert {"every_stage_matches_the_published_vectors", "all_stages_together_sign_a_post",
            "a_port_is_part_of_the_signed_host"} <= passed


@pytest.mark.parametrize("token", [None, "a-session/token+with=signs"])
def test_behaviour_12_whole_programs_sign_what_a_server_checks(private_scene, work, token):
    """The port is not the scheme's own, so it stands in the signed Host; bodies hold what UTF-8 can."""
    scene, url = private_scene, private_scene.queue()
    message = scene.send(url, {"text": "snø ☃ 🎉"})
    environment = {}
    if token:
        accept(scene, AccessKeyId=scene.sqs.access_key, SecretAccessKey=scene.sqs.secret_key, Token=token)
        environment["AWS_SESSION_TOKEN"] = token
    crew = scene.crew(url, environment=environment).start()
    scene.wait_completed([message], 30)
    scene.wait_empty(url)
    assert not refused_for_keys(scene) and crew.poller.running


def test_behaviour_12_a_body_that_was_altered_on_its_way_is_refused_and_nothing_comes_of_it(scene, work):
    url, altered = scene.queue(), []

    def alter(asked):
        if b'"MaxNumberOfMessages":10' in asked.body and len(altered) < 2:
            altered.append(passed_on(asked, scene.sqs.endpoint, asked.body.replace(b":10", b":11", 1)))
            return altered[-1]
        return passed_on(asked, scene.sqs.endpoint)
    with ScriptedHttp(alter) as relay:
        crew = scene.crew(url, environment={"AWS_ENDPOINT_URL_SQS": relay.url})
        crew.start_gateway()
        crew.poller.start()
        message = scene.send(url, {})
        scene.wait_completed([message], 60)
        scene.wait_empty(url)
        assert [status for status, _, _ in altered] == [403, 403] and b"Signature" in altered[0][2]
        crew.poller.stop()
