"""Alerts, dashboards and docs/metrics.md against what the three services really say, read by a real Prometheus."""

import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import promql
from observability import ALERTS, DASHBOARDS, ROOT, SCRAPE, dashboard, prometheus_folder, rules, targets

sys.path.insert(0, str(ROOT / "tools"))

from ferrystack.ferry import Ferry, programs  # noqa: E402
from ferrystack.process import Process, free_port, wait_until  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer, http_status  # noqa: E402

OF_AN_OUTAGE = {"FerryTemporalFails", "FerryNotReady", "FerryCircuitOpen", "FerryGatewayEventsFail", "FerryWorkerDoesNotPoll"}
TOKEN = "token-of-the-observers"
# Values that only come with what a peer does, or out of a configuration.
FREE_LABELS = promql.TARGET_LABELS | {"code", "status_code", "status", "operation", "route", "queue", "le", "alertname",
                                      "alertstate", "task_queue"}
MADE_BY_PROMETHEUS = {"up", "ALERTS"}


def documented() -> dict[str, tuple]:
    """name: (type, labels), out of the tables of docs/metrics.md."""
    found = {}
    for section in re.split(r"^## ", (ROOT / "docs" / "metrics.md").read_text(), flags=re.M)[1:]:
        common = {"namespace", "task_queue"} if section.startswith("Worker") else set()
        for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", section, re.M):
            assert name not in found, f"{name} is there twice"
            found[name] = (kind, set(re.findall(r"`(\w+)`", labels)) | (common if name.startswith("temporal_") else set()))
    return found


def request(url: str, body: dict | None = None, method: str | None = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"},
                                   method=method)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Stack:
    """The three services before a Temporal dev server and an SQS server. One queue has a dead-letter queue, the other
    has none; the worker is two processes."""

    def __init__(self, directory: Path):
        self.temporal = TemporalServer(directory).start()
        self.sqs = SqsServer(directory).start()
        self.url = self.sqs.create_queue("orders.fifo", VisibilityTimeout=30)
        self.other = self.sqs.create_queue("other", VisibilityTimeout=30)
        dead = self.sqs.create_queue("dead.fifo")
        route = {"workflow": "helloWorld", "task_queue": "observed", "input": "message", "ack": "worker"}
        self.ferry = Ferry(directory, self.temporal, self.sqs, self.url, {
            "queues": [{"url": self.url, "route": "orders", "wait": "1s"}, {"url": self.other, "route": "strict", "wait": "1s"}],
            "routes": {"orders": {**route, "dead_letter_queue": dead, "max_attempts": 1},
                       "strict": {**route, "input": "body", "ack": "completion"},
                       "nowhere": {**route, "namespace": "nobody-made-it", "ack": "completion"}},
            "worker": {"task_queue": "observed"}, "hello": {"work_ms": 0}}, environment={"FERRY_API_TOKEN": TOKEN})
        ferry = self.ferry
        ferry.worker = Process("ferry-worker", [programs() / "ferry-worker", "-c", ferry.configuration_path, "--processes", 2],
                               directory, ferry.environment)
        ferry.all = [ferry.gateway, ferry.worker, ferry.poller]
        ferry.start()
        self.ports = {service.name: ferry.admin_port(service) for service in ferry.all}
        self.admin = f"http://127.0.0.1:{ferry.poller_admin_port}/v1/queues"

    def send(self, body: str, number: int):
        self.sqs.client.send_message(QueueUrl=self.url, MessageBody=body, MessageGroupId=f"g{number}",
                                     MessageDeduplicationId=f"{body}-{number}")

    def families(self, service: str) -> dict:
        status, text = request(f"http://127.0.0.1:{self.ports[service]}/metrics")
        assert status == 200
        return {family.name: family for family in text_string_to_metric_families(text.decode())}

    def value(self, service: str, sample: str, **labels) -> float:
        return sum(one.value for family in self.families(service).values() for one in family.samples
                   if one.name == sample and labels.items() <= one.labels.items())

    def work(self):
        """Something of everything that makes a metric: runs, a dead letter, a returned message, an order, a failed call."""
        for number in range(4):
            self.send('{"message": "hello"}', number)
        self.send('{"message": ""}', 9)  # its activity refuses that for good
        stuck = self.sqs.client.send_message(QueueUrl=self.other, MessageBody="no JSON")["MessageId"]
        api = f"{self.ferry.gateway_url}/v1"
        assert request(f"{api}/workflows/nobody-knows-it")[0] == 404
        assert request(f"{api}/routes/nowhere/events", {"MessageId": "1", "Body": "b"})[0] == 503

        def is_done():
            return (self.value("ferry-poller", "ferry_poller_messages_settled_total", queue="orders.fifo") >= 5
                    and self.value("ferry-poller", "ferry_poller_messages_returned_total", queue="other") >= 1)
        wait_until(is_done, 60, "the messages to be done", 0.1)
        wait_until(lambda: request(f"{self.admin}/other/messages/{stuck}/retry", method="POST")[0] in (200, 202), 30,
                   "the returned message to be retried", 0.1)

    def stop(self):
        codes = self.ferry.stop()
        self.sqs.process.stop(10)
        self.temporal.process.stop(10)
        assert set(codes.values()) == {0}, codes


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    running = Stack(tmp_path_factory.mktemp("observed"))
    running.work()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def exported(stack) -> dict:
    """name as documented: (type, labels, {label: values})."""
    found = {}
    for service in stack.ports:
        for family in stack.families(service).values():
            name = family.name + ("_total" if family.type == "counter" else "")
            kind, labels, values = found.setdefault(name, (family.type, set(), {}))
            for sample in family.samples:
                for label, value in sample.labels.items():
                    if label != "le":
                        labels.add(label)
                        values.setdefault(label, set()).add(value)
    return found


def test_every_metric_is_documented_with_its_type_and_labels(exported):
    assert {name: (kind, labels) for name, (kind, labels, _) in exported.items()} == documented()


def expressions() -> list[tuple]:
    found = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules("expr")]
    return found + [(f"{path.stem}: {title}", target["expr"]) for path in DASHBOARDS for title, target in targets(path)]


def test_alerts_and_dashboards_name_metrics_and_labels_that_exist(exported):
    kinds = {name: kind for name, (kind, _, _) in exported.items()}
    recorded = {rule["record"] for rule in rules("record")}
    for where, text in expressions():
        expression = promql.parse(text)
        assert expression.selectors, where
        labels = {"le"} | promql.TARGET_LABELS
        for selector in expression.selectors:
            if selector.metric in recorded | MADE_BY_PROMETHEUS:
                labels |= {"queue"} if selector.metric.startswith("queue:") else set()
                continue
            name = promql.family_of(selector.metric, kinds)
            assert name, f"{where}: nothing exports {selector.metric}"
            _, own, values = exported[name]
            labels |= own
            for label, operator, value in selector.matchers:
                assert label in own | promql.TARGET_LABELS | {"le"}, f"{where}: {name} has no label {label}"
                if label not in FREE_LABELS and not value.startswith("$"):
                    unknown = set(value.split("|")) - values[label]
                    assert not unknown, f"{where}: {name}'s {label} {operator} {unknown}"
        assert expression.grouped_by <= labels, f"{where}: grouped by {expression.grouped_by - labels}"


class Prometheus:
    """Debian's, with our rules and the compose file's scrape of the running services, but each second."""

    def __init__(self, directory: Path, ports: dict):
        self.url = f"http://127.0.0.1:{free_port()}"
        configuration = yaml.safe_load(SCRAPE.read_text())
        jobs = {job["job_name"]: job for job in configuration["scrape_configs"] if job["job_name"] in ports}
        assert set(jobs) == set(ports)
        for name, job in jobs.items():
            job["static_configs"] = [{"targets": [f"127.0.0.1:{ports[name]}"]}]
        configuration.update({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                              "rule_files": [str(ALERTS)], "scrape_configs": list(jobs.values())})
        path = directory / "prometheus.yaml"
        path.write_text(yaml.safe_dump(configuration))
        self.process = Process("prometheus", [
            prometheus_folder() / "prometheus", f"--config.file={path}", f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}"], directory).start()
        wait_until(lambda: http_status(self.url + "/-/ready") == 200, 60, "Prometheus", 0.1)

    def get(self, path: str, **parameters):
        status, text = request(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(text)
        assert status == 200 and answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list:
        return self.get("query", query=expression)["result"]


@pytest.fixture(scope="module")
def prometheus(stack, tmp_path_factory):
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), stack.ports)
    wait_until(lambda: len(server.query("count_over_time(up[1m]) > 3")) == 3, 60, "four scrapes of each service", 0.2)
    stack.send('{"message": "while Prometheus looks"}', 0)
    moves = 'rate(ferry_gateway_events_total{route="orders", outcome="started"}[1m]) > 0'
    wait_until(lambda: server.query(moves), 60, "Prometheus to see a start", 0.2)
    yield server
    server.process.stop(20)


def test_prometheus_reads_all_three(prometheus):
    up = {sample["metric"]["job"]: sample["value"][1] for sample in prometheus.query("up")}
    assert up == {"ferry-poller": "1", "ferry-gateway": "1", "ferry-worker": "1"}
    for target in prometheus.get("targets")["activeTargets"]:
        assert target["lastError"] == ""


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_query_of_a_dashboard_gives_data(prometheus, path):
    for title, target in targets(path):
        expression = re.sub(r"\$(queue|route|instance|task_queue)\b", ".+", target["expr"])
        expression = expression.replace("$__rate_interval", "1m")
        wait_until(lambda: prometheus.query(expression), 20, f"{title}: {expression}", 0.2)
    for variable in dashboard(path)["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
            assert prometheus.get(f"label/{label}/values", **{"match[]": metric}), variable["name"]


def states(prometheus: Prometheus) -> dict[str, set]:
    """Alerts that wait or fire: {"FerryDown": {"pending"}}."""
    found = {}
    for alert in prometheus.get("alerts")["alerts"]:
        found.setdefault(alert["labels"]["alertname"], set()).add(alert["state"])
    return found


def test_rules_run_and_an_alert_that_is_due_begins_to_wait(prometheus, stack):
    def all_ran():
        found = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        return found if all(rule["health"] != "unknown" for rule in found) else None
    ran = wait_until(all_ran, 30, "every rule to have run", 0.2)
    assert len(ran) == len(rules("expr"))
    assert [rule["name"] for rule in ran if rule["health"] != "ok"] == []
    assert not states(prometheus).keys() & {"FerryQueuePaused", *OF_AN_OUTAGE, "FerryDown", "FerryNobodyReceives", "FerryPollerGone",
                                            "FerryWorkerNonDeterminism", "FerryVersionsDiffer"}
    assert request(f"{stack.admin}/orders.fifo/pause", method="POST")[0] == 200
    wait_until(lambda: states(prometheus).get("FerryQueuePaused") == {"pending"}, 30, "the paused queue's alert to begin", 0.2)
    assert request(f"{stack.admin}/orders.fifo/resume", method="POST")[0] == 200
    wait_until(lambda: "FerryQueuePaused" not in states(prometheus), 30, "the alert to go", 0.2)


def test_an_outage_of_temporal_and_a_dead_service_begin_their_alerts(prometheus, stack):
    """The last one: Temporal stays away."""
    stack.temporal.process.kill()
    stack.send('{"message": "too late"}', 1)
    wait_until(lambda: states(prometheus).keys() >= OF_AN_OUTAGE, 60, "the alerts of an outage", 0.2)
    assert "FerryDown" not in states(prometheus) and "FerryNobodyReceives" not in states(prometheus)
    stack.ferry.gateway.stop()
    wait_until(lambda: "FerryDown" in states(prometheus), 30, "the alert of a service that is down", 0.2)
