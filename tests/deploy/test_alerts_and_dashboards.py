"""Alerts, dashboards and the runbook against one another: what can be said of them without anything running."""

import re
import subprocess
import sys

import pytest
import yaml

import promql
from observability import ALERTS, DASHBOARDS, ROOT, SCRAPE, dashboard, panels, prometheus_folder, rules, targets

ALERT_TESTS = ROOT / "tests" / "deploy" / "alerts_test.yaml"
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"


def runbook_anchors() -> set[str]:
    return {line.removeprefix("## ").strip().lower() for line in (ROOT / "docs" / "runbook.md").read_text().splitlines()
            if line.startswith("## ")}


def promtool(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([prometheus_folder() / "promtool", *arguments], capture_output=True, text=True)


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


def test_labels_that_kubernetes_calls_otherwise_are_not_used():
    """There a target's own `service` and `namespace` hide ours."""
    texts = [rule["expr"] for rule in rules("expr")] + [target["expr"] for path in DASHBOARDS for _, target in targets(path)]
    for text in texts:
        expression = promql.parse(text)
        used = {label for selector in expression.selectors for label, _, _ in selector.matchers} | expression.grouped_by
        assert not used & {"service", "namespace"}, text


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
