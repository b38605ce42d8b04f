"""As much of PromQL as finds out which metrics and labels an expression names. Pure."""

import re
from dataclasses import dataclass, field

KEYWORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset", "inf", "nan"}
TARGET_LABELS = {"job", "instance"}  # Prometheus' own, of every series


@dataclass
class Selector:
    """metric{label="value"}: the matchers are (label, operator, value)."""
    metric: str
    matchers: list = field(default_factory=list)


@dataclass
class Expression:
    selectors: list
    grouped_by: set  # labels in by (...), on (...)


def parse(text: str) -> Expression:
    selectors, grouped_by = [], set()
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)",
                  lambda match: _note(grouped_by, match.group(1)), text)
    for match in re.finditer(r"([a-zA-Z_:][\w:]*)\s*(\{(?:[^}\"]|\"[^\"]*\")*\})?(\s*\()?", _without_durations(text)):
        name, braces, call = match.groups()
        if call is None and name not in KEYWORDS:
            found = re.findall(r"(\w+)\s*(=~|!~|!=|=)\s*\"([^\"]*)\"", braces or "")
            selectors.append(Selector(name, found))
    return Expression(selectors, grouped_by)


def _note(grouped_by: set, labels: str) -> str:
    grouped_by.update(label.strip() for label in labels.split(",") if label.strip())
    return " "


def _without_durations(text: str) -> str:
    """[5m], [$__rate_interval] and numbers with units are no metrics."""
    return re.sub(r"\[[^\]]*\]", "", re.sub(r"\b\d[\d.]*[smhdwy]\b", "0", text))


def family_of(metric: str, families: dict) -> str | None:
    """The documented name: a histogram's three series are one."""
    for suffix in ("", "_bucket", "_count", "_sum"):
        if metric.endswith(suffix) and metric.removesuffix(suffix) in families:
            name = metric.removesuffix(suffix)
            if (families[name] == "histogram") == (suffix != ""):
                return name
    return None
