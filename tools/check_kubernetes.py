#!/usr/bin/env python3
"""Builds Kustomize overlays and checks them: the schemas of Kubernetes' API, the restricted Pod Security standard, and
that the manifests and the ferry.yaml in them fit together. Overlays of your own can be checked, too.

    check_kubernetes.py [--ferry PROGRAM] [OVERLAY …]      all of deploy/kubernetes/overlays unless said

--ferry names the program of cli/, with which each ferry.yaml is checked as well. Needs what tools/setup installs; run it
with build/venv/bin/python. Where Kustomize cannot be had, the repository's own overlays are passed over, but for CI.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from ferrykube.configuration import configuration_problems  # noqa: E402
from ferrykube.manifests import FOLDER, BuildError, MissingKustomize, build  # noqa: E402
from ferrykube.overlay import overlay_problems  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--ferry", type=Path)
    parser.add_argument("overlays", nargs="*", type=Path)
    arguments = parser.parse_args()
    overlays = arguments.overlays or sorted(path.parent for path in FOLDER.glob("overlays/*/kustomization.yaml"))
    problems = [] if overlays else [f"{FOLDER}: no overlays"]
    for folder in overlays:
        try:
            documents = build(folder)
        except MissingKustomize as error:
            print(f"{error}\nthe overlays were not checked", file=sys.stderr)
            return 1 if arguments.overlays or os.environ.get("CI") else 0
        except BuildError as error:
            problems.append(f"{folder}: {error}")
            continue
        found = overlay_problems(documents)
        if arguments.ferry and not found:
            found = configuration_problems(documents, arguments.ferry)
        problems += [f"{folder}: {problem}" for problem in found]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
