#!/usr/bin/env python3
"""Holds the layers of docs/architecture.md: where external headers may be included, and which way arrows point.

The build already shows a module only the include folders that its module.mk names; this checks module.mk itself
against the table below, external headers against their one home, and that programs do not include each other.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What each module may name in DEPS: only what lies below it.
ALLOWED = {
    "base": set(),
    "trace": {"base"},
    "crypto": {"base"},
    "http": {"base"},
    "rpc": {"base", "crypto"},
    "rules": {"base"},
    "settings": {"base", "rules"},
    "otlp": {"base", "http", "trace"},
    "aws": {"base", "crypto", "http"},
    "temporal": {"base", "rpc", "trace"},
    "codec": {"base", "crypto", "temporal"},
    "uplink": {"base", "settings", "temporal", "codec"},
    "service": {"base", "crypto", "http", "settings", "trace", "otlp"},
    "messages": {"base", "crypto", "http", "aws", "rules", "settings", "trace"},
    "poller": {"base", "http", "aws", "rules", "settings", "messages", "service", "trace"},
    "gateway": {"base", "http", "crypto", "aws", "temporal", "rules", "settings", "uplink", "messages",
                "service", "trace"},
    "worker": {"base", "http", "aws", "temporal", "rules", "settings", "uplink", "service", "trace"},
    "cli": {"base", "crypto", "http", "rpc", "aws", "temporal", "rules", "settings", "uplink", "messages", "service",
            "trace"},
}

# External headers and the one module that may include them. jansson is our JSON everywhere.
HOMES = {
    r"^grpc/": {"rpc"},
    r"^protobuf-c/": {"temporal"},
    r"\.pb-c\.h$": {"temporal"},
    r"^curl/": {"http"},
    r"^microhttpd\.h$": {"http"},
    r"^gnutls/": {"http"},
    r"^openssl/": {"crypto"},
    r"^yaml\.h$": {"base"},
    r"^pcre2\.h$": {"rules"},
    r"^ucontext\.h$": {"temporal"},
    r"^sanitizer/": {"temporal"},
}

# What authors of workflows and activities may include of the Temporal SDK.
PUBLIC_TEMPORAL = {"client.h", "codec.h", "connection.h", "worker.h", "workflow.h", "activity.h", "testing.h", "payload.h",
                   "failure.h", "retry_policy.h", "server.h", "tracing.h"}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return "cli" if parts[0] == "cli" else parts[1]


def main() -> int:
    problems = []
    for module, allowed in ALLOWED.items():
        folder = next(p for p in (ROOT / "libs" / module, ROOT / "services" / module, ROOT / module) if p.is_dir())
        match = re.search(r"^DEPS :=(.*)$", (folder / "module.mk").read_text(), re.M)
        for dependency in match.group(1).split():
            if dependency not in allowed:
                problems.append(f"{folder.relative_to(ROOT)}/module.mk: {module} may not depend on {dependency}")

    for top in ("libs", "services", "cli"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            module = module_of(path)
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
                if not match:
                    continue
                header = match.group(1)
                where = f"{path.relative_to(ROOT)}:{number}"
                for pattern, homes in HOMES.items():
                    if re.search(pattern, header) and module not in homes:
                        problems.append(f"{where}: <{header}> belongs to libs/{'/'.join(sorted(homes))} alone")
                if ".." in header.split("/"):
                    problems.append(f"{where}: includes by relative path: {header}")
                first = header.split("/")[0]
                if "/" in header and first in ALLOWED and first != module and first not in ALLOWED[module]:
                    problems.append(f"{where}: {module} may not include {header}")
                if first == "temporal" and module not in ("temporal",) and "/" in header \
                        and header.split("/", 1)[1] not in PUBLIC_TEMPORAL:
                    problems.append(f"{where}: {header} is not a public header of libs/temporal")

    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
