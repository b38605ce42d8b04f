"""What NetworkPolicies let through, worked out as the API says: a pod that a policy selects is closed in that policy's
directions but for what some policy allows; others are open."""

import ipaddress
from dataclasses import dataclass, field

from .manifests import NAME, PART_OF, Overlay, Pod, matches, title

METADATA_SERVICE, POD_IDENTITY = "169.254.169.254", "169.254.170.23"
SOMEWHERE = "198.51.100.7"  # an address outside, as SQS's and Temporal Cloud's are
DNS = {"namespace_labels": {"kubernetes.io/metadata.name": "kube-system"}, "labels": {"k8s-app": "kube-dns"}}


@dataclass
class Peer:
    """A pod with its labels, or an address."""
    labels: dict = field(default_factory=dict)
    namespace_labels: dict = field(default_factory=dict)
    address: str | None = None


def _peer_of(pod: Pod, overlay: Overlay) -> Peer:
    return Peer(pod.labels, overlay.namespace_labels)


def _takes(rule_peer: dict, peer: Peer, overlay: Overlay) -> bool:
    if "ipBlock" in rule_peer:
        if peer.address is None:
            return False
        address, block = ipaddress.ip_address(peer.address), rule_peer["ipBlock"]
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(exception) for exception in block.get("except", []))
    if peer.address is not None:
        return False
    if "namespaceSelector" in rule_peer:
        if not matches(rule_peer["namespaceSelector"], peer.namespace_labels):
            return False
    elif peer.namespace_labels != overlay.namespace_labels:
        return False
    return matches(rule_peer.get("podSelector"), peer.labels)


def _rule_allows(rule: dict, side: str, peer: Peer, pod: Pod, port: int, protocol: str, overlay: Overlay) -> bool:
    ports = rule.get("ports")
    # A named port is the receiving pod's: for egress that would be the peer's, and the manifests use none there.
    if ports and not any(pod.port(one.get("port")) in (port, None) and one.get("protocol", "TCP") == protocol
                         for one in ports if side == "from" or isinstance(one.get("port"), int)):
        return False
    return not rule.get(side) or any(_takes(one, peer, overlay) for one in rule[side])


def _allows(overlay: Overlay, pod: Pod, direction: str, peer: Peer, port: int, protocol: str = "TCP") -> bool:
    policies = [policy["spec"] for policy in overlay.kind("NetworkPolicy")
                if matches(policy["spec"]["podSelector"], pod.labels) and direction in policy["spec"]["policyTypes"]]
    side = "from" if direction == "Ingress" else "to"
    return not policies or any(_rule_allows(rule, side, peer, pod, port, protocol, overlay)
                               for policy in policies for rule in policy.get(direction.lower()) or [])


def _destination(overlay: Overlay, host: str, port: int) -> tuple[Peer, int, Pod | None]:
    """Where a host and port of ferry.yaml lead: to a pod behind a Service of the overlay, else outside."""
    service = overlay.named("Service", host.split(".")[0])
    pods = overlay.behind(service) if service else []
    for one in service["spec"]["ports"] if pods else []:
        if one["port"] == port:
            return _peer_of(pods[0], overlay), pods[0].target_of(one), pods[0]
    return Peer(address=SOMEWHERE), port, None


def _unreachable(overlay: Overlay, pod: Pod, what: str, host: str, port: int) -> list[str]:
    peer, target, receiver = _destination(overlay, host, port)
    problems = []
    if not _allows(overlay, pod, "Egress", peer, target):
        problems.append(f"{title(pod.deployment)}: no NetworkPolicy lets it reach {what} ({host}:{port})")
    if receiver and not _allows(overlay, receiver, "Ingress", _peer_of(pod, overlay), target):
        problems.append(f"{title(receiver.deployment)}: no NetworkPolicy lets {pod.name} in at {target}")
    return problems


def _host_and_port(url: str) -> tuple[str, int]:
    scheme, _, rest = url.partition("://")
    host, _, port = rest.split("/")[0].partition(":")
    return host, int(port or {"http": 80, "https": 443}[scheme])


def _needed(overlay: Overlay, pod: Pod) -> list[tuple[str, str, int]]:
    """(what, host, port) of everything that the pod's service calls."""
    needs = []
    if pod.service == "poller":
        needs.append(("the gateway", *_host_and_port(overlay.setting("gateway", "url", "http://localhost:8080"))))
    else:
        host, _, port = overlay.setting("temporal", "address", "localhost:7233").rpartition(":")
        needs.append(("Temporal", host, int(port)))
    if pod.service != "gateway":
        needs += [("SQS", *_host_and_port(queue["url"])) for queue in overlay.ferry.get("queues", [])]
    return needs


def _reach_problems(overlay: Overlay, pod: Pod) -> list[str]:
    problems = [problem for need in _needed(overlay, pod) for problem in _unreachable(overlay, pod, *need)]
    if not _allows(overlay, pod, "Egress", Peer(**DNS), 53, "UDP"):
        problems.append(f"{title(pod.deployment)}: no NetworkPolicy lets it ask DNS")
    if overlay.kind("ServiceMonitor") and not _allows(overlay, pod, "Ingress", Peer(namespace_labels={
            "kubernetes.io/metadata.name": "monitoring"}), pod.ports.get("admin", 0)):
        problems.append(f"{title(pod.deployment)}: no NetworkPolicy lets Prometheus read its metrics")
    collector = pod.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if collector:
        host, port = _host_and_port(collector)
        namespace = host.split(".")[1] if "." in host else overlay.namespace
        if not _allows(overlay, pod, "Egress", Peer(namespace_labels={"kubernetes.io/metadata.name": namespace}), port):
            problems.append(f"{title(pod.deployment)}: no NetworkPolicy lets it send traces to {host}:{port}")
    return problems


def _leak_problems(overlay: Overlay, pod: Pod) -> list[str]:
    problems = [f"{title(pod.deployment)}: its NetworkPolicies leave {direction} open" for direction in ("Ingress", "Egress")
                if _allows(overlay, pod, direction, Peer(address=SOMEWHERE), 4444)]
    stranger = Peer({NAME: "stranger"}, {"kubernetes.io/metadata.name": "elsewhere"})
    problems += [f"{title(pod.deployment)}: its NetworkPolicies let any pod in at {name}" for name, port in pod.ports.items()
                 if _allows(overlay, pod, "Ingress", stranger, port)]
    problems += [f"{title(pod.deployment)}: its NetworkPolicies let it reach the instance's metadata at port {port}"
                 for port in (80, 443) if _allows(overlay, pod, "Egress", Peer(address=METADATA_SERVICE), port)]
    return problems


def _selector_problems(overlay: Overlay) -> list[str]:
    problems = []
    for policy in overlay.kind("NetworkPolicy"):
        pods = overlay.selected(policy["spec"]["podSelector"])
        if not pods:
            problems.append(f"{title(policy)}: selects no pod")
        names = [port["port"] for rule in policy["spec"].get("ingress") or [] for port in rule.get("ports", [])]
        problems += [f"{title(policy)}: {pod.name} has no port {name}" for pod in pods for name in names
                     if isinstance(name, str) and name not in pod.ports]
    return problems


def network_problems(overlay: Overlay) -> list[str]:
    problems = _selector_problems(overlay)
    for pod in overlay.ferry_pods:
        problems += _reach_problems(overlay, pod) + _leak_problems(overlay, pod)
    if overlay.kind("Ingress") and not any(
            _allows(overlay, pod, "Ingress", Peer(namespace_labels={"kubernetes.io/metadata.name": "ingress-nginx"}),
                    pod.ports.get("http", 0)) for pod in overlay.ferry_pods if pod.service == "gateway"):
        problems.append("Ingress: no NetworkPolicy lets its controller reach the gateway")
    if overlay.namespace_labels.get(PART_OF) != "ferry":
        problems.append(f"Namespace {overlay.namespace}: needs the label {PART_OF}: ferry, by which policies know it")
    return problems
