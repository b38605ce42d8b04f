"""deploy/kubernetes without a cluster: what each overlay builds has no problem that tools/check_kubernetes.py knows, and
each of its checks refuses what it is there for. No API server has seen these manifests."""

import copy
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from ferrykube import overlay as overlay_checks  # noqa: E402
from ferrykube.configuration import configuration_problems  # noqa: E402
from ferrykube.manifests import FOLDER, MissingKustomize, Overlay, build, title  # noqa: E402
from ferrykube.overlay import absence_problems, overlay_problems  # noqa: E402
from ferrystack.ferry import programs  # noqa: E402

OVERLAYS = {"dev": {"poller", "gateway", "worker"}, "production": {"poller", "gateway", "worker"},
            "poller-only": {"poller"}, "gateway-only": {"gateway"}, "worker-only": {"worker"}}
# What goes with each service, beside what the overlays have already.
COMPONENTS = {"poller": ["hpa-poller", "eks-pod-identity", "otlp"], "gateway": ["temporal-mtls", "hpa-gateway", "prometheus-rule"],
              "worker": ["temporal-mtls", "hpa-worker", "irsa"]}

_built = {}


def documents_of(name: str) -> list[dict]:
    if name not in _built:
        try:
            _built[name] = build(FOLDER / "overlays" / name)
        except MissingKustomize as error:
            pytest.skip(str(error))
    return copy.deepcopy(_built[name])


def test_every_overlay_is_tested():
    assert {path.name for path in (FOLDER / "overlays").iterdir()} == OVERLAYS.keys()


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_sound(name):
    documents = documents_of(name)
    assert overlay_problems(documents) == []
    assert absence_problems(Overlay(documents)) == []


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_has_the_services_that_its_name_says(name):
    assert {pod.service for pod in Overlay(documents_of(name)).ferry_pods} == OVERLAYS[name]


@pytest.mark.parametrize("name", OVERLAYS)
def test_ferry_itself_has_nothing_against_the_configuration(name):
    assert configuration_problems(documents_of(name), programs() / "ferry") == []


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_an_overlay_says_it_needs_is_what_its_pods_mount(name):
    head = (FOLDER / "overlays" / name / "kustomization.yaml").read_text().split("apiVersion")[0]
    needed = {volume["secret"]["secretName"] for pod in Overlay(documents_of(name)).pods for volume in pod.spec["volumes"]
              if "secret" in volume}
    assert needed and all(secret in head for secret in needed)


def written_overlay(folder: Path, service: str, *components: str) -> Path:
    """An overlay of one service, as a user would write it, outside the repository."""
    base = os.path.relpath(FOLDER, folder)
    (folder / "ferry.yaml").write_text((FOLDER / "overlays" / f"{service}-only" / "ferry.yaml").read_text())
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "namespace": "mine",
        "resources": [f"{base}/base/namespace", f"{base}/base/{service}"],
        "components": [f"{base}/components/{component}" for component in components],
        "configMapGenerator": [{"name": "ferry-config", "files": ["ferry.yaml"]}],
        "images": [{"name": f"ferry-{service}", "newTag": "1.2.3"}]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return folder


@pytest.mark.parametrize("service, component", [(service, one) for service, all_ in COMPONENTS.items() for one in all_])
def test_a_component_goes_with_a_service_alone(service, component, tmp_path):
    documents = build(written_overlay(tmp_path, service, component))
    assert overlay_problems(documents) == [] and documents != build(written_overlay(tmp_path, service))


def test_the_overlay_that_the_documentation_writes_is_sound(tmp_path):
    page = (ROOT / "docs" / "kubernetes.md").read_text()
    [text] = re.findall(r"^    # kustomization.yaml.*?(?=\n\n)", page, re.M | re.S)
    text = text.replace("ferry/deploy/kubernetes", os.path.relpath(FOLDER, tmp_path))
    (tmp_path / "kustomization.yaml").write_text(textwrap.dedent(text))
    shutil.copy(FOLDER / "overlays" / "poller-only" / "ferry.yaml", tmp_path)
    assert overlay_problems(build(tmp_path)) == []


def test_every_component_is_tested():
    used = {Path(component).name for name in OVERLAYS for component in yaml.safe_load(
        (FOLDER / "overlays" / name / "kustomization.yaml").read_text()).get("components", [])}
    assert used | {one for all_ in COMPONENTS.values() for one in all_} == {path.name for path in (FOLDER / "components").iterdir()}


def test_the_command_checks_an_overlay_of_ones_own(tmp_path):
    command = [sys.executable, ROOT / "tools" / "check_kubernetes.py"]
    folder = written_overlay(tmp_path, "worker")
    assert subprocess.run([*command, folder]).returncode == 0
    (folder / "ferry.yaml").write_text("worker: {admin_listen: '0.0.0.0:9000'}\n")
    run = subprocess.run([*command, folder], capture_output=True, text=True)
    assert run.returncode == 1 and f"{folder}: Deployment ferry-worker: the port admin is 8082, in ferry.yaml 9000" in run.stderr


@pytest.fixture
def no_kustomize(tmp_path, monkeypatch):
    """A PATH without kustomize, kubectl and Go."""
    if (ROOT / "build" / "kustomize" / "kustomize").exists():
        pytest.skip("tools/kustomize has made one")
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("is_ci, code", [("true", 1), ("", 0)])
def test_without_kustomize_the_command_says_what_to_install(no_kustomize, monkeypatch, is_ci, code):
    monkeypatch.setenv("CI", is_ci)
    run = subprocess.run([sys.executable, ROOT / "tools" / "check_kubernetes.py"], capture_output=True, text=True)
    assert run.returncode == code and "install it, or kubectl, or Go" in run.stderr


# -- each check refuses what it is there for --------------------------------------------------------------------------

def find(documents: list[dict], what: str) -> dict:
    return next(document for document in documents if title(document) == what)


def spec_of(documents, service) -> dict:
    return find(documents, f"Deployment ferry-{service}")["spec"]["template"]["spec"]


def container_of(documents, service) -> dict:
    return spec_of(documents, service)["containers"][0]


def ferry_yaml(documents, old: str, new: str):
    config = next(document for document in documents if document["kind"] == "ConfigMap" and "ferry.yaml" in document["data"])
    assert old in config["data"]["ferry.yaml"]
    config["data"]["ferry.yaml"] = config["data"]["ferry.yaml"].replace(old, new)


def take_out(documents, what):
    documents.remove(find(documents, what))


def set_variable(documents, service, **entry):
    container_of(documents, service)["env"].append(entry)


BROKEN = {
    "a key that the API does not know": (
        "production", lambda d: spec_of(d, "poller").update(restartpolicy="Always"), "restartpolicy"),
    "a wrong type": ("production", lambda d: find(d, "Deployment ferry-poller")["spec"].update(revisionHistoryLimit="5"),
                     "'5' is not"),
    "a key that KEDA does not know": (
        "production", lambda d: find(d, "ScaledObject ferry-poller")["spec"].update(minReplicas=1), "minReplicas"),
    "a trigger's key that KEDA does not know": (
        "production", lambda d: find(d, "ScaledObject ferry-worker")["spec"]["triggers"][0]["metadata"].update(queue="q"),
        "ScaledObject ferry-worker: spec.triggers.0"),
    "a kind that nobody knows": ("dev", lambda d: d.append({"apiVersion": "v1", "kind": "Queue", "metadata": {"name": "q"}}),
                                 "has no Queue in v1"),
    "root": ("production", lambda d: spec_of(d, "worker")["securityContext"].update(runAsUser=0), "runAsUser"),
    "perhaps root": ("dev", lambda d: spec_of(d, "worker")["securityContext"].pop("runAsNonRoot"), "runAsNonRoot"),
    "no seccomp profile": ("dev", lambda d: spec_of(d, "gateway")["securityContext"].pop("seccompProfile"), "seccompProfile"),
    "capabilities": ("dev", lambda d: container_of(d, "poller")["securityContext"].pop("capabilities"), "capabilities"),
    "escalation": ("dev", lambda d: container_of(d, "poller")["securityContext"].pop("allowPrivilegeEscalation"),
                   "allowPrivilegeEscalation"),
    "the host's network": ("dev", lambda d: spec_of(d, "poller").update(hostNetwork=True), "hostNetwork"),
    "the host's files": ("dev", lambda d: spec_of(d, "poller")["volumes"].append({"name": "h", "hostPath": {"path": "/"}}),
                         "volume h does not meet"),
    "a namespace that enforces nothing": (
        "worker-only", lambda d: find(d, "Namespace ferry-worker")["metadata"]["labels"].pop(
            "pod-security.kubernetes.io/enforce"), "does not enforce"),
    "a writable root": ("dev", lambda d: container_of(d, "poller")["securityContext"].pop("readOnlyRootFilesystem"),
                        "root file system is writable"),
    "the cluster's token": ("dev", lambda d: spec_of(d, "poller").update(automountServiceAccountToken=True),
                            "automountServiceAccountToken"),
    "the default service account": ("dev", lambda d: spec_of(d, "poller").pop("serviceAccountName"), "no service account"),
    "no memory limit": ("dev", lambda d: container_of(d, "poller")["resources"].pop("limits"), "limit of memory"),
    "the latest image": ("production", lambda d: container_of(d, "poller").update(image="ferry-poller:latest"), "not pinned"),
    "an image without a tag": ("production", lambda d: container_of(d, "poller").update(image="r:5000/ferry-poller"), "not pinned"),
    "a secret written down": ("production", lambda d: set_variable(d, "gateway", name="FERRY_API_TOKEN", value="s3cret"),
                              "FERRY_API_TOKEN is written down"),
    "a Secret in the manifests": (
        "dev", lambda d: d.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "ferry-dev"}}),
        "there is a Secret"),
    "a secret's file that is not mounted": (
        "gateway-only", lambda d: container_of(d, "gateway")["volumeMounts"].pop(), "which is in no mounted Secret"),
    "a secret that does not change": (
        "gateway-only", lambda d: container_of(d, "gateway")["volumeMounts"][1].update(subPath="token"), "is mounted whole"),
    "a secret that all may read": (
        "gateway-only", lambda d: spec_of(d, "gateway")["volumes"][1]["secret"].update(defaultMode=0o444), "not 0440"),
    "a gateway without a token": (
        "gateway-only", lambda d: container_of(d, "gateway")["env"].pop(1), "the gateway has no token"),
    "another admin port": ("production", lambda d: ferry_yaml(d, "0.0.0.0:8081", "0.0.0.0:9081"),
                           "the port admin is 8081, in ferry.yaml 9081"),
    "another port of the API": ("production", lambda d: ferry_yaml(d, 'listen: "0.0.0.0:8080"', 'listen: "0.0.0.0:80"'),
                                "the port http is 8080, in ferry.yaml 80"),
    "admin on loopback": ("production", lambda d: ferry_yaml(d, "0.0.0.0:8082", "127.0.0.1:8082"), "nobody reaches the port admin"),
    "no liveness probe": ("dev", lambda d: container_of(d, "worker").pop("livenessProbe"), "livenessProbe does not ask /livez"),
    "liveness that depends on others": (
        "dev", lambda d: container_of(d, "worker")["livenessProbe"]["httpGet"].update(path="/readyz"),
        "livenessProbe does not ask /livez"),
    "a probe of the API's port": (
        "dev", lambda d: container_of(d, "gateway")["readinessProbe"]["httpGet"].update(port="http"), "admin port"),
    "a stop that is killed": ("production", lambda d: ferry_yaml(d, '8081", grace: 30s', '8081", grace: 2m'),
                              "terminationGracePeriodSeconds is not 5 s above its stop of 120 s"),
    "the same by its sleep": (
        "gateway-only", lambda d: container_of(d, "gateway")["lifecycle"]["preStop"]["sleep"].update(seconds=15), "stop of 45 s"),
    "a gateway that stops at once": ("dev", lambda d: container_of(d, "gateway").pop("lifecycle"), "needs a preStop sleep"),
    "a configuration that is nowhere": ("dev", lambda d: take_out(d, "ConfigMap " + next(
        x["metadata"]["name"] for x in d if x["kind"] == "ConfigMap" and "ferry.yaml" in x["data"])), "names no file"),
    "more messages than memory": ("poller-only", lambda d: ferry_yaml(d, "    route: orders", "    route: orders\n    max_in_flight_bytes: 1GiB"),
                                  "memory limit is below the 1088 MiB"),
    "a budget that selects nobody": (
        "dev", lambda d: find(d, "PodDisruptionBudget ferry-poller")["spec"]["selector"]["matchLabels"].update(
            {"app.kubernetes.io/name": "poller"}), "PodDisruptionBudget ferry-poller: selects no pod"),
    "no budget": ("dev", lambda d: take_out(d, "PodDisruptionBudget ferry-poller"), "0 PodDisruptionBudgets"),
    "an update with a gap": ("dev", lambda d: find(d, "Deployment ferry-gateway")["spec"].update(strategy={"type": "Recreate"}),
                             "before new ones are ready"),
    "a policy that selects nobody": (
        "dev", lambda d: find(d, "NetworkPolicy ferry-worker")["spec"]["podSelector"]["matchLabels"].update(
            {"app.kubernetes.io/name": "worker"}), "NetworkPolicy ferry-worker: selects no pod"),
    "no policy": ("worker-only", lambda d: (take_out(d, "NetworkPolicy ferry-worker"), take_out(d, "NetworkPolicy ferry-pod-identity")),
                  "leave Ingress open"),
    "a policy for one direction": (
        "poller-only", lambda d: find(d, "NetworkPolicy ferry-poller")["spec"].update(policyTypes=["Ingress"]), "leave Egress open"),
    "a gateway that is closed to pollers": (
        "production", lambda d: find(d, "NetworkPolicy ferry-gateway")["spec"]["ingress"][0]["from"].pop(0),
        "Deployment ferry-gateway: no NetworkPolicy lets ferry-poller in at 8080"),
    "a poller that cannot leave": (
        "production", lambda d: find(d, "NetworkPolicy ferry-poller")["spec"]["egress"].pop(1),
        "Deployment ferry-poller: no NetworkPolicy lets it reach the gateway"),
    "no way to Temporal": ("production", lambda d: ferry_yaml(d, "temporal.io:7233", "temporal.io:7234"),
                           "lets it reach Temporal (eu-central-1.aws.api.temporal.io:7234)"),
    "no way to SQS": ("poller-only", lambda d: find(d, "NetworkPolicy ferry-poller")["spec"]["egress"].pop(1), "lets it reach SQS"),
    "no DNS": ("poller-only", lambda d: find(d, "NetworkPolicy ferry-poller")["spec"]["egress"].pop(0), "lets it ask DNS"),
    "no way for Prometheus": ("worker-only", lambda d: find(d, "NetworkPolicy ferry-worker")["spec"].update(ingress=[]),
                              "lets Prometheus read"),
    "an admin port that is open to all": (
        "worker-only", lambda d: find(d, "NetworkPolicy ferry-worker")["spec"]["ingress"].append({"ports": [{"port": 8082}]}),
        "let any pod in at admin"),
    "the instance's metadata": (
        "poller-only", lambda d: find(d, "NetworkPolicy ferry-poller")["spec"]["egress"][1]["to"][0]["ipBlock"].pop("except"),
        "reach the instance's metadata at port 443"),
    "a collector that cannot be reached": ("production", lambda d: take_out(d, "NetworkPolicy ferry-otlp"), "send traces to"),
    "an ingress controller that stays outside": (
        "gateway-only", lambda d: take_out(d, "NetworkPolicy ferry-gateway-ingress"), "lets its controller reach"),
    "a Service without pods": ("dev", lambda d: find(d, "Service ferry-gateway")["spec"]["selector"].update(
        {"app.kubernetes.io/name": "gateway"}), "Service ferry-gateway: selects no pod"),
    "a Service of a port that is not there": (
        "dev", lambda d: find(d, "Service ferry-worker-admin")["spec"]["ports"][0].update(targetPort="metrics"),
        "Service ferry-worker-admin: ferry-worker has no port metrics"),
    "a Service of the admin port": ("dev", lambda d: find(d, "Service ferry-gateway")["spec"]["ports"][0].update(targetPort="admin"),
                                    "Service ferry-gateway: publishes the admin port"),
    "the same by its number": ("dev", lambda d: find(d, "Service ferry-gateway")["spec"]["ports"][0].update(targetPort=8083),
                               "Service ferry-gateway: publishes the admin port"),
    "an admin Service with an address": (
        "dev", lambda d: find(d, "Service ferry-poller-admin")["spec"].pop("clusterIP"),
        "Service ferry-poller-admin: publishes the admin port"),
    "an admin Service that maps ports": (
        "dev", lambda d: find(d, "Service ferry-poller-admin")["spec"]["ports"][0].update(port=80),
        "Service ferry-poller-admin: is headless, which maps no ports: 80 is not ferry-poller's port 8081"),
    "an admin Service of ready pods alone": (
        "dev", lambda d: find(d, "Service ferry-poller-admin")["spec"].pop("publishNotReadyAddresses"),
        "Service ferry-poller-admin: hides the pods that are not ready"),
    "an Ingress without TLS": ("production", lambda d: find(d, "Ingress ferry-gateway")["spec"].pop("tls"), "is without TLS"),
    "an Ingress to nowhere": ("production", lambda d: find(d, "Ingress ferry-gateway")["spec"]["rules"][0]["http"]["paths"][0][
        "backend"]["service"].update(name="gateway"), "there is no Service gateway"),
    "an Ingress to the admin port": ("production", lambda d: find(d, "Ingress ferry-gateway")["spec"]["rules"][0]["http"]["paths"][0][
        "backend"].update(service={"name": "ferry-gateway-admin", "port": {"name": "admin"}}),
        "ferry-gateway-admin is headless, and not for the outside"),
    "counting what is in flight": (
        "production", lambda d: find(d, "ScaledObject ferry-poller")["spec"]["triggers"][0]["metadata"].pop("scaleOnInFlight"),
        "scaleOnInFlight"),
    "scaling by another queue": ("production", lambda d: ferry_yaml(d, "/hello.fifo", "/other.fifo"), "ferry.yaml has no queue"),
    "scaling by another task queue": (
        "worker-only", lambda d: ferry_yaml(d, "task_queue: hello-world-queue", "task_queue: mine"), "taskQueue is hello-world-queue"),
    "scaling to nothing": ("poller-only", lambda d: find(d, "ScaledObject ferry-poller")["spec"].update(minReplicaCount=0),
                           "may scale to nothing"),
    "scaling what is not there": ("poller-only", lambda d: find(d, "ScaledObject ferry-poller")["spec"]["scaleTargetRef"].update(
        name="poller"), "there is no Deployment poller"),
    "replicas beside a scaler": ("production", lambda d: find(d, "Deployment ferry-poller")["spec"].update(replicas=2),
                                 "has replicas beside"),
    "neither": ("dev", lambda d: find(d, "Deployment ferry-poller")["spec"].pop("replicas"), "nothing scales it"),
    "a key that the Prometheus operator does not know": (
        "worker-only", lambda d: find(d, "ServiceMonitor ferry-worker")["spec"].update(podMetricsEndpoints=[{"port": "admin"}]),
        "podMetricsEndpoints"),
    "a ServiceMonitor without endpoints": (
        "worker-only", lambda d: find(d, "ServiceMonitor ferry-worker")["spec"].update(endpoints=[]),
        "ServiceMonitor ferry-worker: spec.endpoints"),
    "metrics of nobody": (
        "worker-only", lambda d: find(d, "ServiceMonitor ferry-worker")["spec"]["selector"]["matchLabels"].update(a="b"),
        "ServiceMonitor ferry-worker: selects no Service"),
    "metrics of a Service that is not there": ("worker-only", lambda d: take_out(d, "Service ferry-worker-admin"),
                                               "ServiceMonitor ferry-worker: selects no Service"),
    "metrics of a Service without pods": (
        "worker-only", lambda d: find(d, "Service ferry-worker-admin")["spec"]["selector"].update(a="b"),
        "Service ferry-worker-admin: selects no pod"),
    "metrics at a port that the Service has not": (
        "worker-only", lambda d: find(d, "ServiceMonitor ferry-worker")["spec"]["endpoints"][0].update(port="metrics"),
        "ServiceMonitor ferry-worker: Service ferry-worker-admin has no port metrics"),
    "metrics of the API's Service": (
        "gateway-only", lambda d: find(d, "ServiceMonitor ferry-gateway")["spec"]["selector"]["matchLabels"].pop("ferry-service"),
        "ServiceMonitor ferry-gateway: Service ferry-gateway has no port admin"),
    "metrics at the API's port": (
        "gateway-only", lambda d: find(d, "Service ferry-gateway-admin")["spec"]["ports"][0].update(port=8080, targetPort="http"),
        "ServiceMonitor ferry-gateway: reads /metrics at port 8080 of ferry-gateway"),
    "metrics at another path": (
        "gateway-only", lambda d: find(d, "ServiceMonitor ferry-gateway")["spec"]["endpoints"][0].update(path="/livez"),
        "ServiceMonitor ferry-gateway: reads /livez at port 8083 of ferry-gateway"),
    "metrics under another job's name": (
        "poller-only", lambda d: find(d, "ServiceMonitor ferry-poller")["spec"].pop("jobLabel"),
        "the job of ferry-poller would be ferry-poller-admin"),
    "a service without a ServiceMonitor": ("production", lambda d: take_out(d, "ServiceMonitor ferry-worker"),
                                           "Deployment ferry-worker: its metrics would be read 0 times"),
    "a service with two": (
        "production", lambda d: find(d, "ServiceMonitor ferry-worker")["spec"]["selector"]["matchLabels"].update(
            {"app.kubernetes.io/name": "ferry-poller"}), "Deployment ferry-poller: its metrics would be read 2 times"),
    "metrics that are read twice": (
        "poller-only", lambda d: find(d, "ServiceMonitor ferry-poller")["spec"]["endpoints"].append({"port": "admin"}),
        "Deployment ferry-poller: its metrics would be read 2 times"),
    "another service's name": ("poller-only", lambda d: set_variable(d, "poller", name="HELLO", value="http://ferry-gateway"),
                               "names ferry-gateway, which is not here"),
    "another namespace": ("poller-only", lambda d: find(d, "ServiceAccount ferry-poller")["metadata"].update(namespace="default"),
                          "is in default, not in ferry-poller"),
    "alerts of their own": ("production", lambda d: find(d, "PrometheusRule ferry")["spec"]["groups"].pop(), "make_prometheus_rule.py"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_is_refused(what):
    name, break_it, said = BROKEN[what]
    documents = documents_of(name)
    break_it(documents)
    assert said in "\n".join(overlay_problems(documents) + absence_problems(Overlay(documents)))


def test_ferry_s_own_errors_and_warnings_are_refused():
    documents = documents_of("poller-only")
    ferry_yaml(documents, "    execution_timeout: 1h\n", "")
    assert "without execution_timeout" in "\n".join(configuration_problems(documents, programs() / "ferry"))
    ferry_yaml(documents, "https://", "http://")
    assert "token-in-clear" in "\n".join(configuration_problems(documents, programs() / "ferry"))
    ferry_yaml(documents, "ack: completion", "ack: perhaps")
    assert "routes.orders.ack" in "\n".join(configuration_problems(documents, programs() / "ferry"))


def test_alerts_that_changed_are_noticed(tmp_path, monkeypatch):
    changed = tmp_path / "alerts.yaml"
    changed.write_text(overlay_checks.ALERTS.read_text().replace("for: 2m", "for: 3m", 1))
    monkeypatch.setattr(overlay_checks, "ALERTS", changed)
    monkeypatch.setattr(overlay_checks, "ROOT", tmp_path)
    assert "make_prometheus_rule.py" in "\n".join(overlay_problems(documents_of("production")))
