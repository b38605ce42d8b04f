"""Ferry's three services as processes, with one configuration file for all."""

import os
from pathlib import Path

import yaml

from .process import ROOT, Process, StackError, free_port, wait_until
from .servers import SqsServer, TemporalServer, http_status


def programs() -> Path:
    """Where the programs are: $FERRY_PROGRAMS lets the same tests run against another build."""
    return Path(os.environ.get("FERRY_PROGRAMS", ROOT / "build" / "bin"))


class Ferry:
    """Poller, gateway and worker against given servers. `settings` is merged into the configuration file."""

    def __init__(self, directory: Path, temporal: TemporalServer, sqs: SqsServer, queue_url: str,
                 settings: dict | None = None, sqs_endpoint: str | None = None, gateway_port: int | None = None,
                 poller_admin_port: int | None = None, worker_admin_port: int | None = None,
                 environment: dict | None = None):
        self.directory = Path(directory)
        self.gateway_port = gateway_port or free_port()
        self.poller_admin_port = poller_admin_port or free_port()
        self.worker_admin_port = worker_admin_port or free_port()
        self.gateway_url = f"http://127.0.0.1:{self.gateway_port}"
        configuration = {
            "temporal": {"address": temporal.address},
            "queues": [{"url": queue_url, "route": "hello-world"}],
            "poller": {"admin_listen": f"127.0.0.1:{self.poller_admin_port}"},
            "gateway": {"url": self.gateway_url, "listen": f"127.0.0.1:{self.gateway_port}"},
            "worker": {"admin_listen": f"127.0.0.1:{self.worker_admin_port}"},
        }
        _merge(configuration, settings or {})
        self.configuration_path = self.directory / "ferry.yaml"
        self.configuration_path.write_text(yaml.safe_dump(configuration, sort_keys=False))
        self.environment = {**sqs.environment(), "LOG_LEVEL": "debug", **(environment or {})}
        if sqs_endpoint:
            self.environment["AWS_ENDPOINT_URL_SQS"] = sqs_endpoint
        self.gateway = self._service("gateway")
        self.worker = self._service("worker")
        self.poller = self._service("poller")
        self.all = [self.gateway, self.worker, self.poller]

    def _service(self, name: str) -> Process:
        return Process(f"ferry-{name}", [programs() / f"ferry-{name}", "-c", self.configuration_path], self.directory,
                       self.environment)

    def admin_port(self, service: Process) -> int:
        return {"ferry-gateway": self.gateway_port, "ferry-worker": self.worker_admin_port,
                "ferry-poller": self.poller_admin_port}[service.name]

    def readiness(self, service: Process) -> int:
        return http_status(f"http://127.0.0.1:{self.admin_port(service)}/readyz")

    def wait_ready(self, *services: Process, timeout: float = 30):
        for service in services or self.all:
            def ready(service=service):
                if not service.running:
                    raise StackError(f"{service.name} ended with {service.exit_code}:\n{service.tail()}")
                return self.readiness(service) == 200
            wait_until(ready, timeout, f"{service.name} to be ready")

    def start(self):
        for service in self.all:
            service.start()
        self.wait_ready()
        return self

    def stop(self) -> dict:
        """Poller first, as an operator would; exit codes by name."""
        return {service.name: service.stop() for service in reversed(self.all) if service.popen is not None}


def _merge(into: dict, extra: dict):
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
