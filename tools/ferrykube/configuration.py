"""The ferry.yaml of an overlay, checked by Ferry itself with the variables that its pods have."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from .manifests import Overlay


def _is_expected(line: str, overlay: Overlay) -> bool:
    """A gateway behind a Service of the same overlay is called within the cluster (docs/kubernetes.md#network)."""
    host = re.sub(r"^http://([^:/]*).*", r"\1", overlay.setting("gateway", "url", ""))
    return line.endswith("(token-in-clear)") and overlay.named("Service", host) is not None


def configuration_problems(documents: list[dict], ferry: Path) -> list[str]:
    """Errors and warnings of `ferry check`, as each service's pod would see the file."""
    overlay, problems = Overlay(documents), []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ferry.yaml").write_text(overlay.ferry_text)
        secret = Path(folder) / "secret"
        secret.write_text("not-a-secret-only-a-file-for-this-check\n")
        for pod in overlay.ferry_pods:
            environment = {name: value for name, value in os.environ.items() if not re.match("FERRY|TEMPORAL|AWS", name)}
            for name, value in pod.environment.items():
                # Whatever stands in a mounted Secret is not here.
                environment[name] = str(secret) if name.endswith(("_FILE", "_PATH")) else value or "not-a-secret"
            environment["FERRY_CONFIG"] = "ferry.yaml"
            run = subprocess.run([ferry.resolve(), "check"], cwd=folder, env=environment, capture_output=True, text=True)
            said = [line for line in (run.stdout + run.stderr).splitlines() if run.returncode or line.startswith("warning")]
            problems += [f"ferry.yaml of {pod.name}: {line}" for line in said if not _is_expected(line, overlay)]
    return problems
