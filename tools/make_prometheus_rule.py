#!/usr/bin/env python3
"""Writes deploy/kubernetes/components/prometheus-rule/prometheus-rule.yaml, the Prometheus operator's form of
deploy/prometheus/alerts.yaml. The alerts are changed there; the check `kubernetes` of tools/lint says when this is behind.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
RULE = ROOT / "deploy" / "kubernetes" / "components" / "prometheus-rule" / "prometheus-rule.yaml"
HEAD = """# Made by tools/make_prometheus_rule.py of deploy/prometheus/alerts.yaml: change that one.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: ferry
  labels: {app.kubernetes.io/part-of: ferry}
spec:
"""


def main():
    _, groups, rest = ALERTS.read_text().partition("groups:\n")
    lines = (groups + rest).splitlines()
    RULE.write_text(HEAD + "".join(f"  {line}".rstrip() + "\n" for line in lines))


if __name__ == "__main__":
    main()
