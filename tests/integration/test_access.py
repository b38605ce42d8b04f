"""Who may do what at the gateway: tokens with scopes and rates, files that change, browsers (docs/access.md)."""

import base64
import os
import re
import subprocess
import uuid
from pathlib import Path

import pytest
import yaml

from ferrystack.ferry import programs
from ferrystack.process import ROOT, wait_until
from gateway_world import gateway_for
from http_request import request

APP = "https://app.example"

# A request for each verb that Temporal answers at once: nobody has the workflow.
VERBS = {
    "event": ("POST", "/v1/routes/hello-world/events", {}),
    "wait": ("POST", "/v1/runs/wait", {"runs": [], "waitMs": 0}),
    "read": ("GET", "/v1/workflows/nobody", None),
    "start": ("POST", "/v1/workflows", {}),
    "signal": ("POST", "/v1/workflows/nobody/signals/s", {}),
    "query": ("POST", "/v1/workflows/nobody/queries/q", {}),
    "update": ("POST", "/v1/workflows/nobody/updates/u", {}),
    "cancel": ("POST", "/v1/workflows/nobody/cancel", {}),
    "terminate": ("POST", "/v1/workflows/nobody/terminate", {}),
    "reset": ("POST", "/v1/workflows/nobody/reset", {}),
    "delete": ("DELETE", "/v1/workflows/nobody", None),
}


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


class Tokens:
    """Files with tokens, and what the configuration says of them."""

    def __init__(self, directory: Path):
        self.directory = directory / "tokens"
        self.directory.mkdir()

    def write(self, name: str, value: str):
        next_one = self.directory / f"{name}.next"
        next_one.write_text(value + "\n")
        os.replace(next_one, self.directory / name)

    def entry(self, name: str, value: str | None = None, **scope) -> dict:
        self.write(name, value or f"secret-of-{name}")
        return {"name": name, "token_file": str(self.directory / name), **scope}


@pytest.fixture
def tokens(tmp_path):
    return Tokens(tmp_path)


def gateway(world, entries: list, routes: dict | None = None, **options):
    return gateway_for(world, routes=routes, settings={"gateway": {"tokens": entries, **options}})


def metrics(ferry) -> str:
    return request("GET", f"{ferry.gateway_url}/metrics").body.decode()


def counted(ferry, series: str) -> int:
    return int(re.search(re.escape(series) + r" (\d+)", metrics(ferry)).group(1))


def assert_forbidden(answer, detail: str):
    assert (answer.status, answer.json["type"], answer.json["detail"]) == (403, "/problems/forbidden", detail)


def test_each_verb_is_allowed_to_its_own_token_alone(world, tokens):
    ferry = gateway(world, [tokens.entry(verb, allow=[verb]) for verb in VERBS])
    for asked, (method, path, body) in VERBS.items():
        for allowed in VERBS:
            answer = request(method, ferry.gateway_url + path, body, bearer(f"secret-of-{allowed}"))
            if allowed == asked:
                assert answer.status not in (401, 403, 429), (asked, answer)
            else:
                assert_forbidden(answer, f'the token "{allowed}" may not {asked}')
    assert counted(ferry, 'ferry_gateway_refused_total{reason="scope"}') == len(VERBS) * (len(VERBS) - 1)
    assert counted(ferry, 'ferry_gateway_requests_by_token_total{token="wait"}') == len(VERBS)


def test_two_things_in_one_need_two_verbs(world, tokens):
    ferry = gateway(world, [tokens.entry("starter", allow=["start"]),
                            tokens.entry("both", allow=["start", "signal", "update"])])
    body = {"workflowType": "w", "taskQueue": world.task_queue}
    for path, verb in (("signal-with-start/s", "signal"), ("update-with-start/u", "update")):
        url = f"{ferry.gateway_url}/v1/workflows/two-{world.name}/{path}"
        assert_forbidden(request("POST", url, body, bearer("secret-of-starter")), f'the token "starter" may not {verb}')
    url = f"{ferry.gateway_url}/v1/workflows/two-{world.name}/signal-with-start/s"
    assert request("POST", url, body, bearer("secret-of-both")).status in (200, 201)


def test_routes_of_a_scope(world, tokens):
    other = {"workflow": "w", "task_queue": world.task_queue}
    ferry = gateway(world, [tokens.entry("narrow", routes=["orders"]), tokens.entry("wide")],
                    routes={"orders": other, "billing": dict(other)})
    def post(route, token):
        return request("POST", f"{ferry.gateway_url}/v1/routes/{route}/events", {}, bearer(token))
    assert post("orders", "secret-of-narrow").status == 201
    assert_forbidden(post("billing", "secret-of-narrow"), 'the token "narrow" may not use the route "billing"')
    assert_forbidden(post("nobody", "secret-of-narrow"), 'the token "narrow" may not use the route "nobody"')
    assert post("billing", "secret-of-wide").status == 201
    assert post("nobody", "secret-of-wide").status == 404
    message = f"{ferry.gateway_url}/v1/messages/m?route=billing"
    assert_forbidden(request("GET", message, None, bearer("secret-of-narrow")),
                     'the token "narrow" may not use the route "billing"')
    recent = [request("GET", f"{ferry.gateway_url}/v1/recent", None, bearer(f"secret-of-{name}")).json["events"]
              for name in ("narrow", "wide")]
    assert [event["route"] for event in recent[0]] == ["orders"]
    assert [(event["route"], event["token"]) for event in recent[1]] == [("billing", "wide"), ("orders", "narrow")]


def test_namespaces_of_a_scope(world, tokens):
    away = {"workflow": "w", "task_queue": world.task_queue, "namespace": "elsewhere"}
    ferry = gateway(world, [tokens.entry("home", namespaces=["default"]), tokens.entry("plain"),
                            tokens.entry("any", namespaces=["*"])], routes={"away": away})
    def read(namespace, token):
        return request("GET", f"{ferry.gateway_url}/v1/workflows/nobody?namespace={namespace}", None, bearer(token))
    denied = 'may not use the namespace "elsewhere"'
    assert read("default", "secret-of-home").status == 404
    assert_forbidden(read("elsewhere", "secret-of-home"), f'the token "home" {denied}')
    assert_forbidden(request("POST", f"{ferry.gateway_url}/v1/routes/away/events", {}, bearer("secret-of-home")),
                     f'the token "home" {denied}')
    assert read("elsewhere", "secret-of-plain").status != 403
    assert_forbidden(read("third", "secret-of-plain"), 'the token "plain" may not use the namespace "third"')
    assert read("third", "secret-of-any").status != 403


def test_a_rate_is_kept_and_the_others_are_not_slowed(world, tokens):
    ferry = gateway(world, [tokens.entry("slow", rate="1/h", burst=2), tokens.entry("free")])
    url = f"{ferry.gateway_url}/v1/routes"
    assert [request("GET", url, None, bearer("secret-of-slow")).status for _ in range(4)] == [200, 200, 429, 429]
    answer = request("GET", url, None, bearer("secret-of-slow"))
    assert answer.json["type"] == "/problems/rate-limited"
    assert answer.json["detail"] == 'the token "slow" may send 1/h, at most 2 at once'
    assert 3000 < int(answer.headers["Retry-After"]) <= 3600
    assert request("GET", url, None, bearer("secret-of-free")).status == 200
    assert counted(ferry, 'ferry_gateway_refused_total{reason="rate"}') == 3


def test_the_one_token_may_do_everything_beside_the_others(world, tokens):
    tokens.write("main", "secret-of-main")
    ferry = gateway(world, [tokens.entry("reader", allow=["read"])], token_file=str(tokens.directory / "main"))
    for method, path, body in VERBS.values():
        assert request(method, ferry.gateway_url + path, body, bearer("secret-of-main")).status not in (401, 403)
    assert request("GET", f"{ferry.gateway_url}/v1/routes", None, bearer("secret-of-reader")).status == 200
    assert counted(ferry, 'ferry_gateway_requests_by_token_total{token="default"}') == len(VERBS)


def test_files_of_tokens_are_read_again(world, tokens):
    ferry = gateway(world, [tokens.entry("first"), tokens.entry("second")], token_overlap="0s")
    def status(token):
        return request("GET", f"{ferry.gateway_url}/v1/routes", None, bearer(token)).status
    assert (status("secret-of-first"), status("secret-of-second"), status("next")) == (200, 200, 401)
    tokens.write("second", "next")
    assert status("next") == 200
    assert (status("secret-of-second"), status("secret-of-first")) == (401, 200)


def test_the_token_before_a_change_is_good_for_the_overlap(world, tokens):
    ferry = gateway(world, [tokens.entry("first")], token_overlap="1h")
    def status(token):
        return request("GET", f"{ferry.gateway_url}/v1/routes", None, bearer(token)).status
    tokens.write("first", "next")
    assert (status("next"), status("secret-of-first")) == (200, 200)


def test_who_shows_nothing_is_asked_for_a_token(world, tokens):
    ferry = gateway(world, [tokens.entry("a")])
    for path in ("/v1/routes", "/v1/nowhere", "/openapi.json", "/"):
        answer = request("GET", ferry.gateway_url + path)
        assert answer.status == 401 and answer.json["type"] == "/problems/unauthenticated"
    for path in ("/readyz", "/metrics", "/problems/forbidden"):
        assert request("GET", ferry.gateway_url + path).status == 200
    assert "secret-of-a" not in ferry.gateway.text()


def challenges(url: str) -> list:
    done = subprocess.run(["curl", "-s", "-o", os.devnull, "-D", "-", url], capture_output=True, text=True, check=True)
    return re.findall(r"(?im)^www-authenticate: (\w+)", done.stdout)


def test_browsers_read_with_basic_and_write_nothing(world, tokens):
    ferry = gateway(world, [tokens.entry("a"), tokens.entry("writer", allow=["start"])])
    def basic(token):
        return {"Authorization": "Basic " + base64.b64encode(f"anybody:{token}".encode()).decode()}
    assert sorted(challenges(f"{ferry.gateway_url}/")) == ["Basic", "Bearer"]
    assert challenges(f"{ferry.gateway_url}/v1/routes") == ["Bearer"]
    for path in ("/", "/v1/routes", "/openapi.json"):
        assert request("GET", ferry.gateway_url + path, None, basic("secret-of-a")).status == 200
        assert request("HEAD", ferry.gateway_url + path, None, basic("secret-of-a")).status == 200
        assert request("GET", ferry.gateway_url + path, None, basic("wrong")).status == 401
    assert request("POST", f"{ferry.gateway_url}/v1/workflows", {}, basic("secret-of-a")).status == 401
    assert request("GET", f"{ferry.gateway_url}/v1/routes", None, basic("secret-of-writer")).status == 403


def preflight(ferry, origin: str, headers: str = "authorization,content-type,ce-id"):
    return request("OPTIONS", f"{ferry.gateway_url}/v1/workflows", None,
                   {"Origin": origin, "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": headers})


def test_pages_of_allowed_origins_may_call(world, tokens):
    ferry = gateway(world, [tokens.entry("a")], cors={"origins": [APP], "max_age": "1m"})
    answer = preflight(ferry, APP)
    assert answer.status == 204 and answer.headers["Access-Control-Allow-Origin"] == APP
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type,ce-id"
    assert answer.headers["Access-Control-Max-Age"] == "60" and answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    answer = request("GET", f"{ferry.gateway_url}/v1/routes", None, {**bearer("secret-of-a"), "Origin": APP})
    assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == APP
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]
    refused = request("GET", f"{ferry.gateway_url}/v1/routes", None, {"Origin": APP})
    assert refused.status == 401 and refused.headers["Access-Control-Allow-Origin"] == APP


def test_pages_of_other_origins_may_not(world, tokens):
    ferry = gateway(world, [tokens.entry("a")], cors={"origins": [APP]})
    for origin in ("https://evil.example", f"{APP}.evil.example", "null"):
        answer = preflight(ferry, origin)
        assert answer.status == 401 and "Access-Control-Allow-Origin" not in answer.headers
        answer = request("GET", f"{ferry.gateway_url}/v1/routes", None, {**bearer("secret-of-a"), "Origin": origin})
        assert answer.status == 200 and "Access-Control-Allow-Origin" not in answer.headers


def test_without_cors_there_are_no_such_headers(world, tokens):
    ferry = gateway(world, [tokens.entry("a")])
    answer = request("GET", f"{ferry.gateway_url}/v1/routes", None, {**bearer("secret-of-a"), "Origin": APP})
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert preflight(ferry, APP).status == 401


def test_nobody_is_shown_more_than_his_scope(world, tokens):
    """Lists, the document and the lookup of messages."""
    def route(**more):
        return {"workflow": "w", "task_queue": world.task_queue, "id_prefix": "shared", **more}
    schema = tokens.directory / "schema.json"
    schema.write_text('{"type": "object"}')
    ferry = gateway(world, [tokens.entry("narrow", routes=["orders"]), tokens.entry("home", namespaces=["default"]),
                            tokens.entry("wide")],
                    routes={"orders": route(), "billing": route(schema=str(schema), description="nobody's business"),
                            "away": route(namespace="elsewhere"),
                            "hook": route(webhook={"kind": "github", "secret_file": str(schema)})})
    def get(path, name):
        return request("GET", ferry.gateway_url + path, None, bearer(f"secret-of-{name}"))
    seen = {"narrow": {"orders"}, "home": {"hello-world", "orders", "billing", "hook"},
            "wide": {"hello-world", "orders", "billing", "hook", "away"}}
    for name, expected in seen.items():
        assert {one["name"] for one in get("/v1/routes", name).json["routes"]} == expected
        document = get("/openapi.json", name)
        paths = document.json["paths"]
        assert {path.split("/")[3] for path in paths if path.startswith("/v1/routes/")} == {*expected, "{route}"}
        assert ("/v1/webhooks/hook" in paths) == ("hook" in expected)
        assert (b"nobody's business" in document.body) == ("billing" in expected)
        assert ("route-billing" in document.json["components"]["schemas"]) == ("billing" in expected)
    assert get("/", "narrow").status == 200
    sent = request("POST", f"{ferry.gateway_url}/v1/routes/billing/events", {},
                   {**bearer("secret-of-wide"), "Idempotency-Key": "m"})
    assert sent.status == 201
    assert get("/v1/messages/m", "wide").json["route"] == "billing"
    assert get("/v1/messages/m", "narrow").status == 404  # though a route of its scope has the same prefix
    assert get("/v1/messages/m?route=orders", "narrow").status == 404


def test_where_no_token_is_asked_for_another_sites_page_changes_nothing(world):
    ferry = gateway_for(world, settings={"gateway": {"cors": {"origins": [APP]}}})
    url = f"{ferry.gateway_url}/v1/workflows/nobody"
    for method, path in (("POST", "/cancel"), ("DELETE", ""), ("POST", "/signals/s"), ("POST", "/terminate")):
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            answer = request(method, url + path, None, {"Origin": origin})
            assert (answer.status, answer.json["type"]) == (403, "/problems/forbidden") and "Origin" in answer.json["detail"]
        for headers in ({}, {"Origin": ferry.gateway_url}, {"Origin": APP}):
            assert request(method, url + path, None, headers).status == 404, (method, path, headers)
    assert request("GET", url, None, {"Origin": "https://evil.example"}).status == 404
    assert counted(ferry, 'ferry_gateway_refused_total{reason="origin"}') == 12


def test_a_name_that_leads_here_is_not_taken_for_this_machine(world):
    ferry = gateway_for(world)
    port = ferry.gateway_port
    for host in (f"evil.example:{port}", f"localhost.evil.example:{port}"):
        for method in ("GET", "POST"):
            answer = request(method, f"{ferry.gateway_url}/v1/workflows", None, {"Host": host, "Origin": f"http://{host}"})
            assert answer.status == 403 and "Host" in answer.json["detail"], (method, host)
        assert request("GET", f"{ferry.gateway_url}/", None, {"Host": host}).status == 403
        assert request("GET", f"{ferry.gateway_url}/readyz", None, {"Host": host}).status == 200
    for host in (f"localhost:{port}", "ferry.localhost", f"127.0.0.1:{port}", "[::1]"):
        assert request("GET", f"{ferry.gateway_url}/v1/routes", None, {"Host": host}).status == 200
    said = gateway_for(world, settings={"gateway": {"auth": "none"}})
    assert request("GET", f"{said.gateway_url}/v1/routes", None, {"Host": "gateway:8080"}).status == 200


# ---- configuration ----

def check(directory: Path, configuration: dict, program: str = "ferry-gateway") -> tuple[int, str]:
    path = directory / f"{uuid.uuid4().hex}.yaml"
    path.write_text(yaml.safe_dump(configuration, sort_keys=False))
    command = [programs() / program, *(["check"] if program == "ferry" else ["--check"]), "-c", path]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    return done.returncode, done.stdout + done.stderr


def test_an_address_that_others_reach_needs_tokens_of_either_kind(tmp_path, tokens):
    there = {"listen": "0.0.0.0:8080"}
    code, text = check(tmp_path, {"gateway": there})
    assert code == 2 and "gateway.tokens" in text
    assert check(tmp_path, {"gateway": {**there, "tokens": [tokens.entry("a")]}})[0] == 0
    assert check(tmp_path, {"gateway": {**there, "auth": "none"}})[0] == 0
    code, text = check(tmp_path, {"gateway": {**there, "auth": "none", "tokens": [tokens.entry("a")]}})
    assert code == 2 and "gateway.tokens: expected tokens or auth: none, found both" in text


def test_files_that_cannot_be_used_are_named(tmp_path, tokens):
    code, text = check(tmp_path, {"gateway": {"tokens": [{"name": "a", "token_file": "/nowhere"}]}})
    assert code == 2 and re.search(r"yaml:4: gateway\.tokens\[0\]\.token_file: .*/nowhere", text), text
    entries = [tokens.entry("a", "same"), tokens.entry("b", "same")]
    code, text = check(tmp_path, {"gateway": {"tokens": entries}})
    assert code == 2 and 'gateway.tokens[1].token_file: expected another token than "a"' in text, text
    hook = {"workflow": "w", "webhook": {"kind": "github", "secret_file": "/nowhere"}}
    code, text = check(tmp_path, {"routes": {"hook": hook}})
    assert code == 2 and re.search(r"yaml:6: routes\.hook\.webhook\.secret_file: .*/nowhere", text), text


def test_ferry_check_tells_names_and_scopes_alone(tmp_path, tokens):
    entry = tokens.entry("ci", allow=["start", "read"], namespaces=["default"], rate="100/s")
    code, text = check(tmp_path, {"gateway": {"tokens": [entry]}}, "ferry")
    assert code == 0 and "secret-of" not in text
    assert "token     ci: may read start, namespaces default, rate 100 in 1 s, burst 100" in text


def documented_configuration() -> dict:
    text = (ROOT / "docs" / "access.md").read_text()
    section = text.split("## Tokens\n", 1)[1].split("\n## ", 1)[0]
    return yaml.safe_load("\n".join(line[4:] for line in section.splitlines() if line.startswith("    ")))


def test_the_documented_configuration_is_right(tmp_path, tokens):
    configuration = documented_configuration()
    for entry in configuration["gateway"]["tokens"]:
        entry.update(tokens.entry(entry["name"]))
    assert check(tmp_path, configuration)[0] == 0


def test_a_poller_may_have_a_token_of_its_own(world, tokens):
    """The poller's is its token_file or variable; the gateway knows it by name, with what a poller needs."""
    tokens.write("poller", "secret-of-poller")
    queue = world.create_queue(fifo=False)
    entry = tokens.entry("poller", allow=["event", "wait"], routes=["hello-world"])
    ferry = world.ferry(queue, {"gateway": {"tokens": [entry]}}, environment={})
    ferry.poller.environment = {**ferry.poller.environment, "FERRY_API_TOKEN": "secret-of-poller"}
    for service in (ferry.gateway, ferry.worker, ferry.poller):
        service.start()
    ferry.wait_ready()
    world.send(queue, {"message": "hello"})
    wait_until(lambda: counted(ferry, 'ferry_gateway_events_total{outcome="started",route="hello-world"}') == 1, 30,
               "the message to become a run")
