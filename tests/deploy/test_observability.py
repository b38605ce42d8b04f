"""Alerts, dashboards, the runbook and docs/metrics.md against one another; and against what the three services really
say, read by a real Prometheus."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(Path(__file__).parent)]

from ferrystack.ferry import Ferry, programs  # noqa: E402
from ferrystack.process import Process, free_port, wait_until  # noqa: E402
from ferrystack.servers import SqsServer, TemporalServer, http_status  # noqa: E402
import promql  # noqa: E402

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
SCRAPE = ROOT / "deploy" / "prometheus" / "prometheus.yml"
ALERT_TESTS = ROOT / "tests" / "deploy" / "alerts_test.yaml"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
TOKEN = "token-of-the-observers"
# Values that only come with what a peer does, or out of a configuration.
FREE_LABELS = promql.TARGET_LABELS | {"code", "status_code", "status", "operation", "route", "queue", "le", "alertname",
                                      "alertstate", "task_queue"}
MADE_BY_PROMETHEUS = {"up", "ALERTS"}


# ---- what is committed -----------------------------------------------------------------------------------------------

def rules(kind: str) -> list[dict]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"] if kind in rule]


def dashboard(path: Path) -> dict:
    return json.loads(path.read_text())


def panels(path: Path) -> list[dict]:
    return [panel for panel in dashboard(path)["panels"] if panel["type"] != "row"]


def targets(path: Path) -> list[tuple]:
    return [(panel["title"], target) for panel in panels(path) for target in panel["targets"]]


def runbook_anchors() -> set[str]:
    return {line.removeprefix("## ").strip().lower() for line in (ROOT / "docs" / "runbook.md").read_text().splitlines()
            if line.startswith("## ")}


def documented() -> dict[str, tuple]:
    """name: (type, labels), out of the tables of docs/metrics.md."""
    found = {}
    for section in re.split(r"^## ", (ROOT / "docs" / "metrics.md").read_text(), flags=re.M)[1:]:
        common = {"namespace", "task_queue"} if section.startswith("Worker") else set()
        for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", section, re.M):
            assert name not in found, f"{name} is there twice"
            found[name] = (kind, set(re.findall(r"`(\w+)`", labels)) | (common if name.startswith("temporal_") else set()))
    return found


def promtool(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([prometheus_folder() / "promtool", *arguments], capture_output=True, text=True)


def prometheus_folder() -> Path:
    """Where prometheus and promtool are; $FERRY_PROMETHEUS names another place than Debian's package."""
    if os.environ.get("FERRY_PROMETHEUS"):
        return Path(os.environ["FERRY_PROMETHEUS"])
    if shutil.which("apt-get") is None and not (ROOT / "build" / "prometheus" / "promtool").exists():
        pytest.skip("no Prometheus here: tools/fetch-prometheus takes Debian's, and this is not Debian")
    done = subprocess.run([ROOT / "tools" / "fetch-prometheus"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_promtool_takes_the_rules():
    done = promtool("check", "rules", ALERTS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_should_and_only_then():
    done = promtool("test", "rules", ALERT_TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = ALERT_TESTS.read_text()
    untested = [rule["alert"] for rule in rules("alert") if not re.search(rf"\b{rule['alert']}\b", cases)]
    assert untested == []


def test_every_alert_says_what_it_saw_and_has_its_entry_in_the_runbook():
    anchors = runbook_anchors()
    for rule in rules("alert"):
        name, annotations = rule["alert"], rule["annotations"]
        assert set(annotations) == {"summary", "description", "runbook_url"}, name
        assert annotations["runbook_url"] == f"docs/runbook.md#{name.lower()}", name
        assert "{{ $" in annotations["summary"] + annotations["description"], f"{name} names no value"
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name
        assert re.fullmatch(r"\d+[mh]", rule["for"]), name
        assert name.lower() in anchors, f"docs/runbook.md has nothing about {name}"
    names = [rule["alert"].lower() for rule in rules("alert")]
    assert len(names) == len(set(names))
    assert anchors == set(names), "the runbook is about alerts that are there"


def test_labels_in_annotations_are_left_by_the_expression():
    """{{ $labels.queue }} of an alert summed by route would be empty at night."""
    for rule in rules("alert"):
        used = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        grouped = promql.parse(rule["expr"]).grouped_by
        is_plain = not re.search(r"\b(sum|max|min|count)\b", rule["expr"])
        known = {"job", "instance", "queue"} if is_plain else grouped
        assert used <= known | (promql.TARGET_LABELS if is_plain else set()), rule["alert"]


def test_the_dashboards_are_what_their_sources_say():
    done = subprocess.run([sys.executable, ROOT / "tools" / "make_dashboards.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [path.stem for path in DASHBOARDS] == ["delivery", "gateway", "worker"]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_has_the_shape_that_grafana_wants(path):
    board = dashboard(path)
    assert board["uid"] == f"ferry-{path.stem}" and board["id"] is None and board["schemaVersion"] >= 39
    everything = board["panels"]
    ids = [panel["id"] for panel in everything]
    assert len(ids) == len(set(ids))
    cells = [(x, y) for panel in everything for place in [panel["gridPos"]]
             for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]
    assert len(cells) == len(set(cells)), "panels overlap"
    assert max(x for x, _ in cells) < 24
    for panel in panels(path):
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        assert len(panel["description"]) > 60, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert steps[0]["value"] is None and [s["value"] for s in steps[1:]] == sorted(s["value"] for s in steps[1:])
        references = [target["refId"] for target in panel["targets"]]
        assert references and len(references) == len(set(references)), panel["title"]
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            missing = set(re.findall(r"{{(\w+)}}", target["legendFormat"])) - promql.parse(target["expr"]).grouped_by
            assert not missing, f"{panel['title']}: the legend names {missing}"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_no_variable_of_a_dashboard_is_dead_or_missing(path):
    text = path.read_text()
    variables = {variable["name"] for variable in dashboard(path)["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)\}?", re.sub(r"\$__\w+", "", text)))
    assert used == variables


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_lead_to_alerts_of_the_runbook(path):
    anchors = runbook_anchors()
    links = [link for panel in panels(path) for link in panel["links"]]
    assert len(links) > 10
    for link in links:
        address, _, anchor = link["url"].partition("#")
        assert address == "${runbook}" and anchor in anchors, link


def test_every_alert_has_a_panel_that_shows_why():
    linked = {link["title"].removeprefix("Runbook: ") for path in DASHBOARDS for panel in panels(path) for link in panel["links"]}
    assert {rule["alert"] for rule in rules("alert")} == linked


def test_the_compose_file_gives_grafana_prometheus_and_the_dashboards():
    source, = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yaml").read_text())["datasources"]
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
    provider, = yaml.safe_load((PROVISIONING / "dashboards" / "ferry.yaml").read_text())["providers"]
    mounts = {mount.split(":")[0]: mount.split(":")[1]
              for service in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
              for mount in service.get("volumes", []) if isinstance(mount, str)}
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./deploy/prometheus/alerts.yaml"] in yaml.safe_load(SCRAPE.read_text())["rule_files"]
    assert source["jsonData"]["timeInterval"] == yaml.safe_load(SCRAPE.read_text())["global"]["scrape_interval"]


# ---- what runs -------------------------------------------------------------------------------------------------------

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


def test_rules_run_and_an_alert_that_is_due_begins_to_wait(prometheus, stack):
    def state_of(alert: str) -> set:
        return {found["state"] for found in prometheus.get("alerts")["alerts"] if found["labels"]["alertname"] == alert}

    def all_ran():
        found = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        return found if all(rule["health"] != "unknown" for rule in found) else None
    ran = wait_until(all_ran, 30, "every rule to have run", 0.2)
    assert len(ran) == len(rules("expr"))
    assert [rule["name"] for rule in ran if rule["health"] != "ok"] == []
    for quiet in ("FerryDown", "FerryNotReady", "FerryNobodyReceives", "FerryPollerGone", "FerryCircuitOpen",
                  "FerryTemporalFails", "FerryWorkerDoesNotPoll", "FerryWorkerNonDeterminism", "FerryVersionsDiffer"):
        assert state_of(quiet) == set(), quiet
    assert state_of("FerryQueuePaused") == set()
    assert request(f"{stack.admin}/orders.fifo/pause", method="POST")[0] == 200
    wait_until(lambda: state_of("FerryQueuePaused") == {"pending"}, 30, "the paused queue's alert to begin", 0.2)
    assert request(f"{stack.admin}/orders.fifo/resume", method="POST")[0] == 200
    wait_until(lambda: state_of("FerryQueuePaused") == set(), 30, "the alert to go", 0.2)
