"""What the tests of alerts and dashboards share: the committed files, and where Prometheus is."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
SCRAPE = ROOT / "deploy" / "prometheus" / "prometheus.yml"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))


def rules(kind: str) -> list[dict]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"] if kind in rule]


def dashboard(path: Path) -> dict:
    return json.loads(path.read_text())


def panels(path: Path) -> list[dict]:
    return [panel for panel in dashboard(path)["panels"] if panel["type"] != "row"]


def targets(path: Path) -> list[tuple]:
    return [(panel["title"], target) for panel in panels(path) for target in panel["targets"]]


def prometheus_folder() -> Path:
    """Where prometheus and promtool are; $FERRY_PROMETHEUS names another place than Debian's package."""
    if os.environ.get("FERRY_PROMETHEUS"):
        return Path(os.environ["FERRY_PROMETHEUS"])
    if shutil.which("apt-get") is None and not (ROOT / "build" / "prometheus" / "promtool").exists():
        pytest.skip("no Prometheus here: tools/fetch-prometheus takes Debian's, and this is not Debian")
    done = subprocess.run([ROOT / "tools" / "fetch-prometheus"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())
