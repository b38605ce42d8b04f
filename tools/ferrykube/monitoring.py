"""What Prometheus reads: a ServiceMonitor takes Services by their labels, and the pods behind one port of each."""

from dataclasses import dataclass

from .manifests import Overlay, Pod, matches, title


@dataclass
class Scrape:
    """One endpoint of a ServiceMonitor at one Deployment's pods."""
    monitor: dict
    service: dict
    endpoint: dict
    pod: Pod
    port: int | None

    @property
    def job(self) -> str:
        """As the operator makes it: the value of the Service's label, else the Service's name."""
        metadata = self.service["metadata"]
        return metadata.get("labels", {}).get(self.monitor["spec"].get("jobLabel")) or metadata["name"]


def _services_of(monitor: dict, overlay: Overlay) -> list[dict]:
    return [service for service in overlay.kind("Service")
            if matches(monitor["spec"]["selector"], service["metadata"].get("labels", {}))]


def _port_named(service: dict, name: str) -> dict | None:
    return next((port for port in service["spec"]["ports"] if port.get("name") == name), None)


def _scrapes(overlay: Overlay) -> list[Scrape]:
    scrapes = []
    for monitor in overlay.kind("ServiceMonitor"):
        for service in _services_of(monitor, overlay):
            for endpoint in monitor["spec"]["endpoints"]:
                port = _port_named(service, endpoint["port"])
                scrapes += [Scrape(monitor, service, endpoint, pod, pod.target_of(port))
                            for pod in overlay.behind(service) if port]
    return scrapes


def _selection_problems(monitor: dict, overlay: Overlay) -> list[str]:
    services = _services_of(monitor, overlay)
    if not services:
        return [f"{title(monitor)}: selects no Service"]
    return [f"{title(monitor)}: {title(service)} has no port {endpoint['port']}" for service in services
            for endpoint in monitor["spec"]["endpoints"] if _port_named(service, endpoint["port"]) is None]


def _scrape_problems(scrape: Scrape) -> list[str]:
    problems, path = [], scrape.endpoint.get("path", "/metrics")
    if scrape.job != f"ferry-{scrape.pod.service}":
        problems.append(f"the job of {scrape.pod.name} would be {scrape.job}: alerts and dashboards do not expect that")
    if path != "/metrics" or scrape.port != scrape.pod.ports.get("admin"):
        problems.append(f"reads {path} at port {scrape.port} of {scrape.pod.name}: metrics are /metrics at the admin port")
    return [f"{title(scrape.monitor)}: {problem}" for problem in problems]


def monitor_problems(overlay: Overlay) -> list[str]:
    """Where one of Ferry's services is monitored, each is, and once: twice would double every sum."""
    monitors, scrapes = overlay.kind("ServiceMonitor"), _scrapes(overlay)
    problems = [problem for monitor in monitors for problem in _selection_problems(monitor, overlay)]
    problems += [problem for scrape in scrapes if scrape.pod.service for problem in _scrape_problems(scrape)]
    for pod in overlay.ferry_pods if monitors else []:
        count = sum(scrape.pod is pod for scrape in scrapes)
        if count != 1:
            problems.append(f"{title(pod.deployment)}: its metrics would be read {count} times")
    return problems
