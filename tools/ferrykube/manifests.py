"""What a Kustomize folder builds, as one thing that can be asked."""

import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
SERVICES = ("poller", "gateway", "worker")
NAME = "app.kubernetes.io/name"
PART_OF = "app.kubernetes.io/part-of"


KUSTOMIZE_IS_MISSING = 3  # tools/kustomize's exit code


class BuildError(Exception):
    """Kustomize does not build the folder."""


class MissingKustomize(BuildError):
    """There is none, and none can be made."""


def build(folder: Path) -> list[dict]:
    run = subprocess.run([ROOT / "tools" / "kustomize", folder], capture_output=True, text=True)
    if run.returncode:
        raise (MissingKustomize if run.returncode == KUSTOMIZE_IS_MISSING else BuildError)(run.stderr.strip())
    return [document for document in yaml.safe_load_all(run.stdout) if document]


def title(document: dict) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


def matches(selector: dict | None, labels: dict) -> bool:
    """A LabelSelector: an empty one takes everything."""
    selector = selector or {}
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", []):
        value, values = labels.get(expression["key"]), expression.get("values", [])
        if not {"In": value in values, "NotIn": value not in values, "Exists": value is not None,
                "DoesNotExist": value is None}[expression["operator"]]:
            return False
    return True


def seconds(duration) -> float:
    """A duration of ferry.yaml."""
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)?", str(duration)).groups()
    return int(number) * {"ms": 0.001, "s": 1, None: 1, "m": 60, "h": 3600}[unit]


def size(text) -> int:
    """A size of ferry.yaml (KiB, MiB, GiB) or a quantity of Kubernetes (Ki, Mi, Gi), in bytes."""
    number, unit = re.fullmatch(r"(\d+)([KMG]i)?B?", str(text)).groups()
    return int(number) << {None: 0, "Ki": 10, "Mi": 20, "Gi": 30}[unit]


@dataclass
class Pod:
    """A Deployment's pod, as it is written there."""
    deployment: dict
    namespace: str

    @property
    def name(self) -> str:
        return self.deployment["metadata"]["name"]

    @property
    def service(self) -> str | None:
        """"poller", "gateway" or "worker"; None for anybody else's."""
        name = self.labels.get(NAME, "").removeprefix("ferry-")
        return name if name in SERVICES else None

    @property
    def labels(self) -> dict:
        return self.deployment["spec"]["template"]["metadata"].get("labels", {})

    @property
    def spec(self) -> dict:
        return self.deployment["spec"]["template"]["spec"]

    @property
    def containers(self) -> list[dict]:
        return self.spec.get("initContainers", []) + self.spec["containers"]

    @property
    def ports(self) -> dict:
        """Numbers by name."""
        return {port["name"]: port["containerPort"] for container in self.containers for port in container.get("ports", [])}

    @property
    def environment(self) -> dict:
        return {entry["name"]: entry.get("value") for container in self.containers for entry in container.get("env", [])}

    def port(self, name_or_number) -> int | None:
        return self.ports.get(name_or_number) if isinstance(name_or_number, str) else name_or_number

    def target_of(self, service_port: dict) -> int | None:
        """Where one of a Service's ports leads in this pod."""
        return self.port(service_port.get("targetPort", service_port["port"]))


@dataclass
class Overlay:
    """The documents of one build; `ferry` is the configuration that its pods read."""
    documents: list[dict]
    ferry: dict = field(init=False)
    ferry_text: str = field(init=False)

    def __post_init__(self):
        texts = [document["data"]["ferry.yaml"] for document in self.kind("ConfigMap") if "ferry.yaml" in document.get("data", {})]
        self.ferry_text = texts[0] if texts else ""
        self.ferry = yaml.safe_load(self.ferry_text) or {}

    def kind(self, *kinds: str) -> list[dict]:
        return [document for document in self.documents if document["kind"] in kinds]

    def named(self, kind: str, name: str) -> dict | None:
        return next((document for document in self.kind(kind) if document["metadata"]["name"] == name), None)

    @cached_property
    def pods(self) -> list[Pod]:
        return [Pod(document, self.namespace) for document in self.kind("Deployment")]

    @property
    def ferry_pods(self) -> list[Pod]:
        return [pod for pod in self.pods if pod.service]

    @property
    def namespace(self) -> str:
        return next((document["metadata"]["name"] for document in self.kind("Namespace")), "default")

    @property
    def namespace_labels(self) -> dict:
        labels = next((document["metadata"].get("labels", {}) for document in self.kind("Namespace")), {})
        return {"kubernetes.io/metadata.name": self.namespace, **labels}

    def setting(self, section: str, key: str, default):
        return (self.ferry.get(section) or {}).get(key, default)

    def selected(self, selector: dict | None) -> list[Pod]:
        return [pod for pod in self.pods if matches(selector, pod.labels)]

    def behind(self, service: dict) -> list[Pod]:
        """The pods that a Service selects."""
        return self.selected({"matchLabels": service["spec"]["selector"]})
