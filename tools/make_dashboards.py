#!/usr/bin/env python3
"""Makes the Grafana dashboards, deploy/grafana/dashboards/*.json, of deploy/grafana/source/*.yaml.

The sources name what a panel shows; this file knows how Grafana wants it said, so that all panels look alike. Both are
committed: Grafana and Kubernetes take the JSON as it is.

    make_dashboards.py            writes them
    make_dashboards.py --check    ends with 1 when the JSON is not what the sources say
"""

import json
import sys
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "grafana"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
SCHEMA_VERSION = 39  # Grafana 11; later ones bring it up to date as they load it
WIDTH = 24
SIZES = {"stat": (4, 4), "timeseries": (8, 8), "state-timeline": (8, 8)}


def variables(source: dict) -> list:
    found = [{"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "hide": 0,
              "current": {}, "options": [], "refresh": 1, "regex": "", "includeAll": False, "multi": False}]
    for name, variable in source["variables"].items():
        found.append({"type": "query", "name": name, "label": variable["label"], "datasource": DATASOURCE, "hide": 0,
                      "query": {"query": variable["values"], "refId": name}, "definition": variable["values"],
                      "refresh": 2, "sort": 1, "regex": "", "options": [], "includeAll": True, "multi": True,
                      "allValue": variable.get("all"), "current": {"text": ["All"], "value": ["$__all"]}})
    address = "docs/runbook.md"
    found.append({"type": "textbox", "name": "runbook", "label": "Runbook's address", "hide": 0, "query": address,
                  "current": {"text": address, "value": address}, "options": [{"text": address, "value": address,
                                                                                "selected": True}]})
    return found


def thresholds(panel: dict) -> dict:
    steps = panel.get("thresholds", {"green": None})
    if None not in steps.values():
        steps = {"green": None, **steps}
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps.items()]}


def field_defaults(panel: dict, kind: str) -> dict:
    defaults = {"unit": panel["unit"], "thresholds": thresholds(panel), "mappings": []}
    if kind == "timeseries":
        defaults["min"] = 0
    if "maximum" in panel:
        defaults["max"] = panel["maximum"]
    if "words" in panel:
        options = {value: {"text": text, "index": index} for index, (value, text) in enumerate(panel["words"].items())}
        defaults["mappings"] = [{"type": "value", "options": options}]
    if kind == "timeseries":
        defaults["color"] = {"mode": "palette-classic"}
        defaults["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 60 if panel.get("stacked") else 10,
                              "showPoints": "never", "spanNulls": False,
                              "stacking": {"mode": "normal" if panel.get("stacked") else "none", "group": "A"},
                              "thresholdsStyle": {"mode": "line" if "thresholds" in panel else "off"}}
    else:
        defaults["color"] = {"mode": "thresholds"}
    return defaults


def options(panel: dict, kind: str) -> dict:
    if kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
                "graphMode": "none" if panel.get("height") else "area", "textMode": "auto", "justifyMode": "auto",
                "orientation": "auto", "wideLayout": True}
    if kind == "state-timeline":
        return {"mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.8,
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "single", "sort": "none"}}
    return {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
            "tooltip": {"mode": "multi", "sort": "desc"}}


def targets(panel: dict, kind: str) -> list:
    # A legend may stand for several series; refIds are A, B, C ...
    return [{"refId": chr(ord("A") + number), "datasource": DATASOURCE, "expr": expression,
             "legendFormat": legend or panel["title"], "editorMode": "code", "range": True, "instant": False}
            for number, (legend, expression) in enumerate(panel["queries"].items())]


def make_panel(panel: dict, number: int, x: int, y: int, width: int, height: int) -> dict:
    kind = panel.get("type", "timeseries")
    links = [{"title": f"Runbook: {alert}", "url": f"${{runbook}}#{alert.lower()}", "targetBlank": True}
             for alert in panel.get("alerts", [])]
    return {"id": number, "type": kind, "title": panel["title"], "description": panel["description"].strip(),
            "datasource": DATASOURCE, "gridPos": {"x": x, "y": y, "w": width, "h": height}, "links": links,
            "targets": targets(panel, kind), "options": options(panel, kind),
            "fieldConfig": {"defaults": field_defaults(panel, kind), "overrides": []}}


def panels(source: dict, shared: dict) -> list:
    """Row by row, each filled from the left and broken where it is full."""
    made, y = [], 0
    for row in source["rows"]:
        row = shared[row["use"]] if "use" in row else row
        made.append({"id": len(made) + 1, "type": "row", "title": row["title"], "collapsed": False, "panels": [],
                     "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        x, y, tallest = 0, y + 1, 0
        for panel in row["panels"]:
            usual_width, usual_height = SIZES[panel.get("type", "timeseries")]
            width, height = panel.get("width", usual_width), panel.get("height", usual_height)
            if x + width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            made.append(make_panel(panel, len(made) + 1, x, y, width, height))
            x, tallest = x + width, max(tallest, height)
        y += tallest
    return made


def dashboard(source: dict, shared: dict) -> dict:
    alerts = {"name": "Alerts", "datasource": DATASOURCE, "enable": True, "iconColor": "red",
              "expr": 'ALERTS{alertname=~"Ferry.*", alertstate="firing"}', "step": "60s",
              "titleFormat": "{{alertname}}", "textFormat": "{{severity}} {{queue}} {{route}} {{instance}}"}
    return {
        "uid": source["uid"], "title": source["title"], "description": source["description"], "tags": ["ferry"],
        "schemaVersion": SCHEMA_VERSION, "version": 1, "id": None, "editable": True, "graphTooltip": 1,
        "refresh": "30s", "time": {"from": "now-3h", "to": "now"}, "timezone": "browser", "fiscalYearStartMonth": 0,
        "annotations": {"list": [alerts]},
        "links": [{"type": "dashboards", "title": "Ferry", "tags": ["ferry"], "asDropdown": False, "includeVars": False,
                   "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": ""},
                  {"type": "link", "title": "Runbook", "url": "${runbook}", "tags": [], "asDropdown": False,
                   "includeVars": False, "keepTime": False, "targetBlank": True, "icon": "doc", "tooltip": ""}],
        "templating": {"list": variables(source)},
        "panels": panels(source, shared),
    }


def main() -> int:
    sources = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((FOLDER / "source").glob("*.yaml"))}
    shared = sources.pop("shared")
    stale = 0
    for name, source in sources.items():
        path = FOLDER / "dashboards" / f"{name}.json"
        text = json.dumps(dashboard(source, shared), indent=2, ensure_ascii=False) + "\n"
        if sys.argv[1:] != ["--check"]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(FOLDER.parents[1])} is not what its source says: run `make dashboards`", file=sys.stderr)
            stale += 1
    return stale > 0


if __name__ == "__main__":
    sys.exit(main())
