"""What has to fit together between the documents of an overlay, and all that is checked of one."""

import re

import yaml

from .manifests import PART_OF, ROOT, Overlay, Pod, title
from .monitoring import monitor_problems
from .network import network_problems
from .pods import absent_services, pod_problems
from .schemas import schema_problems

NOT_NAMESPACED = {"Namespace"}
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"


def namespace_problems(overlay: Overlay) -> list[str]:
    problems = [f"{title(document)}: is in {document['metadata'].get('namespace')}, not in {overlay.namespace}"
                for document in overlay.documents
                if document["kind"] not in NOT_NAMESPACED and document["metadata"].get("namespace") != overlay.namespace]
    namespaces = overlay.kind("Namespace")
    if not namespaces or namespaces[0]["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
        problems.append("the namespace does not enforce the restricted Pod Security standard")
    if overlay.kind("Secret"):
        problems.append("there is a Secret: secrets are made beside the manifests, not in them")
    return problems


def _is_headless(service: dict) -> bool:
    return service["spec"].get("clusterIP") == "None"


def _admin_problems(service: dict, pods: list[Pod]) -> list[str]:
    """Of a Service of admin ports: it names each pod, and stands for none."""
    if not any(pod.service and pod.target_of(port) == pod.ports.get("admin")
               for pod in pods for port in service["spec"]["ports"]):
        return []
    if not _is_headless(service):
        return ["publishes the admin port: only a headless Service may have it"]
    problems = [f"is headless, which maps no ports: {port['port']} is not {pod.name}'s port {pod.target_of(port)}"
                for pod in pods for port in service["spec"]["ports"] if pod.target_of(port) != port["port"]]
    if not service["spec"].get("publishNotReadyAddresses"):
        problems.append("hides the pods that are not ready")
    return problems


def service_problems(overlay: Overlay) -> list[str]:
    problems = []
    for service in overlay.kind("Service"):
        pods = overlay.behind(service)
        if not pods:
            problems.append(f"{title(service)}: selects no pod")
        problems += [f"{title(service)}: {pod.name} has no port {port.get('targetPort', port['port'])}" for pod in pods
                     for port in service["spec"]["ports"] if pod.target_of(port) not in pod.ports.values()]
        problems += [f"{title(service)}: {problem}" for problem in _admin_problems(service, pods)]
    for ingress in overlay.kind("Ingress"):
        hosts = {host for entry in ingress["spec"].get("tls", []) for host in entry["hosts"]}
        for rule in ingress["spec"]["rules"]:
            if rule["host"] not in hosts:
                problems.append(f"{title(ingress)}: {rule['host']} is without TLS")
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = overlay.named("Service", backend["name"])
                if not service or backend["port"]["name"] not in [port["name"] for port in service["spec"]["ports"]]:
                    problems.append(f"{title(ingress)}: there is no Service {backend['name']} with that port")
                elif _is_headless(service):
                    problems.append(f"{title(ingress)}: {backend['name']} is headless, and not for the outside")
    return problems


def selection_problems(overlay: Overlay) -> list[str]:
    return [f"{title(budget)}: selects no pod" for budget in overlay.kind("PodDisruptionBudget")
            if not overlay.selected(budget["spec"]["selector"])]


def _trigger_problem(trigger: dict, overlay: Overlay) -> str | None:
    given = trigger["metadata"]
    if trigger["type"] == "aws-sqs-queue":
        if given["queueURL"] not in [queue["url"] for queue in overlay.ferry.get("queues", [])]:
            return f"ferry.yaml has no queue {given['queueURL']}"
        if f".{given['awsRegion']}." not in given["queueURL"]:
            return f"the queue is not in {given['awsRegion']}"
        return None if given.get("scaleOnInFlight") == "false" else "scaleOnInFlight is not false: open runs would add pollers"
    expected = {"endpoint": overlay.setting("temporal", "address", None),
                "namespace": overlay.setting("temporal", "namespace", "default"),
                "taskQueue": overlay.setting("worker", "task_queue", "hello-world-queue")}
    return next((f"{key} is {given.get(key)}, in ferry.yaml {value}" for key, value in expected.items()
                 if given.get(key, "default") != value), None)


def scaling_problems(overlay: Overlay) -> list[str]:
    problems, scaled = [], {}
    for scaler in overlay.kind("ScaledObject", "HorizontalPodAutoscaler"):
        spec, name = scaler["spec"], scaler["spec"]["scaleTargetRef"]["name"]
        scaled.setdefault(name, []).append(scaler)
        if overlay.named("Deployment", name) is None:
            problems.append(f"{title(scaler)}: there is no Deployment {name}")
        if spec.get("minReplicaCount", spec.get("minReplicas", 0)) < 1:
            problems.append(f"{title(scaler)}: may scale to nothing")
        for trigger in spec.get("triggers", []):
            problem = _trigger_problem(trigger, overlay)
            reference = trigger.get("authenticationRef", {}).get("name")
            if reference and overlay.named("TriggerAuthentication", reference) is None:
                problem = f"there is no TriggerAuthentication {reference}"
            problems += [f"{title(scaler)}: {problem}"] if problem else []
    for deployment in overlay.kind("Deployment"):
        scalers, has_replicas = scaled.get(deployment["metadata"]["name"], []), "replicas" in deployment["spec"]
        if len(scalers) > 1:
            problems.append(f"{title(deployment)}: is scaled by {' and '.join(title(one) for one in scalers)}")
        if scalers and has_replicas:
            problems.append(f"{title(deployment)}: has replicas beside what scales it, and each apply would set them back")
        if not scalers and not has_replicas:
            problems.append(f"{title(deployment)}: has no replicas, and nothing scales it")
    return problems


def absence_problems(overlay: Overlay) -> list[str]:
    """Our overlays of one service name nothing of the others; alerts are the same everywhere. (Somebody else's may: a
    gateway in another namespace.)"""
    problems = []
    for document in overlay.documents:
        if document["kind"] == "PrometheusRule":
            continue
        text = yaml.safe_dump(document)
        problems += [f"{title(document)}: names ferry-{service}, which is not here" for service in absent_services(overlay)
                     if re.search(rf"\bferry-{service}\b", text)]
    return problems


def label_problems(overlay: Overlay) -> list[str]:
    return [f"{title(document)}: lacks the label {PART_OF}" for document in overlay.documents
            if document["kind"] != "ConfigMap" and PART_OF not in document["metadata"].get("labels", {})]


def rule_problems(overlay: Overlay) -> list[str]:
    """Prometheus's alerts and the operator's are one."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"] if ALERTS.exists() else None
    return [f"{title(rule)}: is not {ALERTS.relative_to(ROOT)}: run tools/make_prometheus_rule.py"
            for rule in overlay.kind("PrometheusRule") if rule["spec"]["groups"] != groups]


CHECKS = (namespace_problems, pod_problems, network_problems, service_problems, selection_problems, monitor_problems,
          scaling_problems, label_problems, rule_problems)


def overlay_problems(documents: list[dict]) -> list[str]:
    """Everything that is wrong with what an overlay builds; schemas first, since the rest builds on them."""
    problems = schema_problems(documents)
    if problems:
        return problems
    overlay = Overlay(documents)
    if not overlay.ferry_pods:
        return ["there is no service of Ferry in it"]
    return [problem for check in CHECKS for problem in check(overlay)]
