"""docker-compose.yml as data: its variables filled from .env as compose does it, and what each profile starts."""

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "tools") not in sys.path:
    sys.path.insert(0, str(ROOT / "tools"))

COMPOSE_FILE = ROOT / "docker-compose.yml"
OURS = ("poller", "gateway", "worker")
SERVER_PROFILES = ("default", "dev")
PROFILES = (*SERVER_PROFILES, "observability")
_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::-([^}]*))?\}")


def defaults() -> dict[str, str]:
    """What .env says."""
    lines = (ROOT / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def variables() -> list[tuple[str, str | None]]:
    """(name, default in the file itself or None) of each use of a variable."""
    code = "\n".join(line for line in COMPOSE_FILE.read_text().splitlines() if not line.lstrip().startswith("#"))
    assert "$" not in _VARIABLE.sub("", code), "a variable in a form that docker-compose 1.29 does not know"
    return [(match[1], match[2]) for match in _VARIABLE.finditer(code)]


def services(environment: dict | None = None) -> dict[str, dict]:
    known = {**defaults(), **(environment or {})}

    def value(match):
        return known.get(match[1]) or match[2] or ""
    return yaml.safe_load(_VARIABLE.sub(value, COMPOSE_FILE.read_text()))["services"]


def raw_services() -> dict[str, dict]:
    """With their variables as they are written."""
    return yaml.safe_load(COMPOSE_FILE.read_text())["services"]


def started(profiles: set[str]) -> dict[str, dict]:
    """A service without a profile starts with each, others with one of theirs."""
    return {name: service for name, service in services().items()
            if not service.get("profiles") or profiles & set(service["profiles"])}


def bind_mounts(service: dict) -> list[tuple[Path, str, str]]:
    """(path here, path in the container, mode)"""
    mounts = [entry.split(":") for entry in service.get("volumes", [])]
    return [(ROOT / here, there, ":".join(mode)) for here, there, *mode in mounts if here.startswith(".")]


def is_job(service: dict) -> bool:
    return service["restart"] == "no"
