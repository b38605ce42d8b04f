"""What every pod must meet: the restricted Pod Security standard and, beyond it, what Ferry's services promise."""

from .manifests import PART_OF, SERVICES, Overlay, Pod, matches, seconds, size, title

RESTRICTED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
GRACE_SECONDS = 30  # the default of every service
SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "API_KEY", "ACCESS_KEY", "PRIVATE")
QUEUE_BYTES, OTHER_BYTES = 64 << 20, 64 << 20


def _restricted_container_problems(container: dict, pod_context: dict) -> list[str]:
    context = container.get("securityContext", {})
    seccomp = context.get("seccompProfile", pod_context.get("seccompProfile", {}))
    expectations = {
        "privileged": not context.get("privileged"),
        "allowPrivilegeEscalation": context.get("allowPrivilegeEscalation") is False,
        "capabilities": context.get("capabilities", {}).get("drop") == ["ALL"]
            and not set(context.get("capabilities", {}).get("add", [])) - {"NET_BIND_SERVICE"},
        "runAsNonRoot": context.get("runAsNonRoot", pod_context.get("runAsNonRoot")) is True,
        "runAsUser": context.get("runAsUser", pod_context.get("runAsUser")) != 0,
        "seccompProfile": seccomp.get("type") in ("RuntimeDefault", "Localhost"),
        "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
    }
    return [f"{container['name']}: {name} does not meet the restricted standard"
            for name, is_met in expectations.items() if not is_met]


def restricted_problems(pod: Pod) -> list[str]:
    spec = pod.spec
    problems = [f"{key} does not meet the restricted standard" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    problems += [f"volume {volume['name']} does not meet the restricted standard" for volume in spec.get("volumes", [])
                 if not RESTRICTED_VOLUMES & volume.keys()]
    for container in pod.containers:
        problems += _restricted_container_problems(container, spec.get("securityContext", {}))
    return problems


def hardening_problems(pod: Pod, overlay: Overlay) -> list[str]:
    problems = []
    if not pod.spec.get("securityContext", {}).get("runAsUser"):
        problems.append("names no runAsUser")
    if pod.service and pod.spec.get("securityContext", {}).get("runAsUser", 0) < 10001:
        problems.append("runAsUser is below 10001")
    if pod.spec.get("automountServiceAccountToken") is not False:
        problems.append("automountServiceAccountToken is not false")
    if pod.spec.get("enableServiceLinks") is not False:
        problems.append("enableServiceLinks is not false: a Service's name could become a variable that Ferry reads")
    account = overlay.named("ServiceAccount", pod.spec.get("serviceAccountName", "default"))
    if account is None or account.get("automountServiceAccountToken") is not False:
        problems.append("has no service account of its own")
    for container in pod.containers:
        name, resources = container["name"], container.get("resources", {})
        if not container.get("securityContext", {}).get("readOnlyRootFilesystem"):
            problems.append(f"{name}: its root file system is writable")
        if not {"cpu", "memory"} <= resources.get("requests", {}).keys() or "memory" not in resources.get("limits", {}):
            problems.append(f"{name}: needs requests of CPU and memory and a limit of memory")
        if "cpu" in resources.get("limits", {}):
            problems.append(f"{name}: a CPU limit stops the renewal of leases")
        image = container["image"]
        if "@sha256:" not in image and (":" not in image.rsplit("/", 1)[-1] or image.endswith(":latest")):
            problems.append(f"{name}: the image {image} is not pinned")
    return problems


def secret_problems(pod: Pod) -> list[str]:
    """Secrets are referenced, never written down; what a variable names as a file is in a mounted Secret."""
    problems, secret_paths = [], []
    volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", [])}
    for container in pod.containers:
        for mount in container.get("volumeMounts", []):
            volume = volumes.get(mount["name"])
            if volume is None:
                problems.append(f"mounts {mount['name']}, which is no volume")
            elif "secret" in volume:
                secret_paths.append(mount["mountPath"] + "/")
                if volume["secret"].get("defaultMode") != 0o440:
                    problems.append(f"volume {mount['name']}: defaultMode is not 0440")
                if "subPath" in mount or not mount.get("readOnly"):
                    problems.append(f"volume {mount['name']}: a Secret is mounted whole and readOnly, or changes do not come through")
    for name, value in pod.environment.items():
        is_path = name.endswith(("_FILE", "_PATH"))
        if is_path and not any(str(value).startswith(path) for path in secret_paths):
            problems.append(f"{name} names {value}, which is in no mounted Secret")
        if not is_path and value is not None and any(word in name for word in SECRET_WORDS):
            problems.append(f"{name} is written down: take it from a Secret")
    return problems


def _port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def _is_loopback(address: str) -> bool:
    return address.startswith(("127.", "localhost:", "[::1]", "unix:")) or address == "none"


def port_problems(pod: Pod, overlay: Overlay) -> list[str]:
    """Container ports, probes and ferry.yaml say the same."""
    defaults = {"poller": "127.0.0.1:8081", "gateway": "none", "worker": "127.0.0.1:8082"}
    addresses = {"admin": overlay.setting(pod.service, "admin_listen", defaults[pod.service])}
    if pod.service == "gateway":
        addresses["http"] = overlay.setting("gateway", "listen", "127.0.0.1:8080")
    problems = []
    for name, address in addresses.items():
        if _is_loopback(address):
            problems.append(f"ferry.yaml has it listen on {address}: nobody reaches the port {name}")
        elif pod.ports.get(name) != _port_of(address):
            problems.append(f"the port {name} is {pod.ports.get(name)}, in ferry.yaml {_port_of(address)}")
    for container in pod.spec["containers"]:
        for kind, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            probe = container.get(kind, {}).get("httpGet", {})
            if probe.get("path") != path:
                problems.append(f"{kind} does not ask {path}")
            elif pod.port(probe["port"]) != pod.ports.get("admin"):
                problems.append(f"{kind} does not ask the admin port")
    return problems


def setting_problems(pod: Pod, overlay: Overlay) -> list[str]:
    """What else of the pod follows from ferry.yaml."""
    problems = []
    sleep = max((container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
                 for container in pod.containers), default=0)
    grace = seconds(overlay.setting(pod.service, "grace", GRACE_SECONDS))
    if pod.spec.get("terminationGracePeriodSeconds", 30) < grace + sleep + 5:
        problems.append(f"terminationGracePeriodSeconds is not 5 s above its stop of {grace + sleep:g} s: it would be killed within")
    if pod.service == "gateway" and sleep < 1:
        problems.append("the gateway needs a preStop sleep: proxies send it requests for a moment more")
    mounts = {mount["mountPath"]: mount["name"] for container in pod.containers for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod.spec["volumes"]}
    folder, _, file = (pod.environment.get("FERRY_CONFIG") or "").rpartition("/")
    config = overlay.named("ConfigMap", volumes.get(mounts.get(folder), {}).get("configMap", {}).get("name"))
    if config is None or file not in config["data"]:
        problems.append("FERRY_CONFIG names no file of a ConfigMap of this overlay")
    elif config["metadata"]["name"] == "ferry-config":
        problems.append("ferry-config has no hash in its name: use configMapGenerator, so that a change rolls the pods")
    if pod.service == "gateway" and "FERRY_API_TOKEN_FILE" not in pod.environment and not overlay.setting("gateway", "tokens", None):
        problems.append("the gateway has no token")
    if pod.service == "poller":
        needed = OTHER_BYTES + sum(size(queue.get("max_in_flight_bytes", QUEUE_BYTES)) for queue in overlay.ferry.get("queues", []))
        if size(pod.spec["containers"][0].get("resources", {}).get("limits", {}).get("memory", 0)) < needed:
            problems.append(f"its memory limit is below the {needed >> 20} MiB of its queues' max_in_flight_bytes and itself")
        if not overlay.ferry.get("queues"):
            problems.append("ferry.yaml names no queue for it")
    return problems


def shape_problems(pod: Pod, overlay: Overlay) -> list[str]:
    spec, problems = pod.deployment["spec"], []
    if not matches(spec["selector"], pod.labels):
        problems.append("its selector does not select its own pods")
    if pod.labels.get(PART_OF) != "ferry" or not pod.labels.get("app.kubernetes.io/component"):
        problems.append("its pods lack app.kubernetes.io labels")
    if spec.get("strategy", {}).get("rollingUpdate") != {"maxSurge": 1, "maxUnavailable": 0}:
        problems.append("a rolling update takes pods away before new ones are ready")
    spreads = {spread["topologyKey"]: spread for spread in pod.spec.get("topologySpreadConstraints", [])}
    for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname"):
        if key not in spreads or not matches(spreads[key]["labelSelector"], pod.labels):
            problems.append(f"is not spread over {key}")
    budgets = [one for one in overlay.kind("PodDisruptionBudget") if matches(one["spec"]["selector"], pod.labels)]
    if len(budgets) != 1:
        problems.append(f"{len(budgets)} PodDisruptionBudgets select it")
    return problems


def pod_problems(overlay: Overlay) -> list[str]:
    problems = []
    for pod in overlay.pods:
        found = restricted_problems(pod) + hardening_problems(pod, overlay) + secret_problems(pod)
        if pod.service:
            found += port_problems(pod, overlay) + setting_problems(pod, overlay) + shape_problems(pod, overlay)
        problems += [f"{title(pod.deployment)}: {problem}" for problem in found]
    return problems


def absent_services(overlay: Overlay) -> list[str]:
    return [service for service in SERVICES if service not in [pod.service for pod in overlay.ferry_pods]]
