#!/usr/bin/env python3
"""Compares docs/configuration.md with what the programs read and docs/errors.md with the problems that the gateway
answers, docs/tool.md with the commands of the tool, docs/check.md with the findings of `ferry check`, and follows the
links between the *.md files.

The configuration's keys are asked of the program itself: a key that nobody knows makes `ferry check` list those that it
does. So documented keys that nothing reads are found, too.

    check_documentation.py FERRY        the program of cli/
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = "docs/configuration.md"
PROBLEM_PAGE = "docs/errors.md"
TOOL_PAGE = "docs/tool.md"
PROBLEM_SOURCES = ["services/gateway/*.c", "libs/http/src/*.c", "libs/service/src/admin.c", "libs/service/src/bearer_token.c"]
PROBLEM_DOCUMENTS = ["services/gateway/openapi/*.json"]
FINDING_PAGE = "docs/check.md"
FINDING_SOURCE = "cli/finding_kinds.c"
UNKNOWN = "key_that_nobody_knows"
# What a section with an unknown key looks like, where it is not a mapping of keys.
SHAPES = {
    "queues": "queues: [{{ url: 'https://host/1/name', {0}: 1 }}]",
    "routes": "routes: {{ one: {{ workflow: one, {0}: 1 }} }}",
}
# Known from elsewhere, or only in builds for tests.
FOREIGN_VARIABLES = {"HOME", "TERM", "SOURCE_DATE_EPOCH", "FERRY_FAILPOINT"}


def known_keys(ferry: str, text: str) -> set[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FERRY_", "TEMPORAL_", "OTEL_"))}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text + "\n")
        file.flush()
        run = subprocess.run([ferry, "check", "-c", file.name], capture_output=True, text=True, env=clean)
    match = re.search(r"unknown key; known here: (.*)", run.stderr + run.stdout)
    if not match:
        raise SystemExit(f"{text}: no list of known keys in: {run.stderr}{run.stdout}")
    return set(match.group(1).strip().split(", "))


def documented_keys(page: str) -> dict[str, set[str]]:
    """The first columns of the tables headed `key`, by section."""
    sections = {}
    for part in re.split(r"^## ", page, flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        if re.search(r"^\| key \|", body, re.M):
            sections[title.strip()] = set(re.findall(r"^\| `([a-z0-9_]+)` \|", body, re.M))
    return sections


def key_problems(ferry: str, page: str) -> list[str]:
    documented = documented_keys(page)
    sections = known_keys(ferry, f"{UNKNOWN}: 1")
    problems = [f"{PAGE}: no section for {name}" for name in sorted(sections - documented.keys())]
    problems += [f"{PAGE}: nothing reads the section {name}" for name in sorted(documented.keys() - sections)]
    for section in sorted(sections & documented.keys()):
        shape = SHAPES.get(section, section + ": {{ {0}: 1 }}")
        known = known_keys(ferry, shape.format(UNKNOWN))
        problems += [f"{PAGE}: {section}.{key} is missing" for key in sorted(known - documented[section])]
        problems += [f"{PAGE}: nothing reads {section}.{key}" for key in sorted(documented[section] - known)]
    return problems


def variables_read() -> dict[str, str]:
    """Names of environment variables and where each stands: literals of our prefixes, and getenv's arguments."""
    found = {}
    for top in ("libs", "services", "cli"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            text = path.read_text()
            names = re.findall(r'"((?:FERRY|TEMPORAL|AWS|LOG|OTEL)_[A-Z0-9_]+)[="]', text)
            names += re.findall(r'\b(?:secure_)?getenv\("(\w+)"\)', text)
            for name in names:
                found.setdefault(name, str(path.relative_to(ROOT)))
    return found


def variable_problems(page: str) -> list[str]:
    return [f"{PAGE}: {name} is missing, which {where} reads" for name, where in sorted(variables_read().items())
            if name not in FOREIGN_VARIABLES and not re.search(rf"\b{name}\b", page)]


def problem_names() -> dict[str, str]:
    """Names of HTTP problems and where each is answered: by the gateway and what is below it."""
    found = {}
    for where in PROBLEM_SOURCES:
        for path in sorted(ROOT.glob(where)):
            text = path.read_text()
            names = re.findall(r'(?:PROBLEM_TYPE_PREFIX |/problems/)"?([a-z][a-z-]*[a-z])', text)
            for several in re.findall(r'\b(?:[45]\d\d|MHD_HTTP_(?!HEADER_)[A-Z_]+),\s*((?:[^",;()]*\?\s*"[^"]*"\s*:\s*)*"[^"]*")', text):
                names += [name for name in re.findall(r'"([^"]*)"', several) if re.fullmatch(r"[a-z][a-z-]*", name)]
            for name in names:
                found.setdefault(name, str(path.relative_to(ROOT)))
    return found


def problem_page_problems() -> list[str]:
    path = ROOT / PROBLEM_PAGE
    sections = set(re.findall(r"^## (\S+)$", path.read_text(), re.M)) if path.exists() else set()
    names = problem_names()
    documented = {name for where in PROBLEM_DOCUMENTS for document in ROOT.glob(where)
                  for name in re.findall(r'"/problems/([a-z-]+)"', document.read_text())}
    return [f"{where}: nothing answers {name}" for where in PROBLEM_DOCUMENTS for name in sorted(documented - names.keys())] + [f"{PROBLEM_PAGE}: no section for {name}, which {where} answers" for name, where in sorted(names.items())
            if name not in sections] + [
        f"{PROBLEM_PAGE}: nothing answers {name}" for name in sorted(sections - names.keys())]


def finding_problems() -> list[str]:
    """Compares the findings of `ferry check` with their page: ids and levels."""
    if not (ROOT / FINDING_SOURCE).exists():
        return []
    kinds = {id_: level.lower() for id_, level in re.findall(
        r'KIND\(\w+, "([a-z0-9-]+)", (\w+),', (ROOT / FINDING_SOURCE).read_text())}
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \|", (ROOT / FINDING_PAGE).read_text(), re.M))
    problems = [f"{FINDING_PAGE}: {id_} is missing, or is no {level}" for id_, level in sorted(kinds.items())
                if rows.get(id_) != level]
    return problems + [f"{FINDING_PAGE}: nothing finds {id_}" for id_ in sorted(rows.keys() - kinds.keys())]


def link_problems() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split()
    problems = []
    for name in sorted(set(listed)):
        path = ROOT / name
        text = re.sub(r"^(```.*?^```|    [^\n]*)", "", path.read_text(), flags=re.S | re.M) if path.exists() else ""
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            file = target.split("#")[0]
            if file and not re.match(r"[a-z]+:", target) and not (path.parent / file).exists():
                problems.append(f"{name}: the link to {target} leads nowhere")
    return problems


def command_problems(ferry: str) -> list[str]:
    """The tool's page has a section for each command that the tool has."""
    run = subprocess.run([ferry, "completion", "bash"], capture_output=True, text=True, check=True)
    commands = set(re.findall(r"'([a-z][a-z -]*)'", re.search(r"^ +('.*)\) command=", run.stdout, re.M).group(1)))
    sections = set(re.findall(r"^### ferry ([a-z -]+)$", (ROOT / TOOL_PAGE).read_text(), re.M))
    return [f"{TOOL_PAGE}: no section for ferry {name}" for name in sorted(commands - sections)] + [
        f"{TOOL_PAGE}: there is no command ferry {name}" for name in sorted(sections - commands)]


def main() -> int:
    page = (ROOT / PAGE).read_text()
    problems = key_problems(os.path.abspath(sys.argv[1]), page) + variable_problems(page)
    problems += problem_page_problems() + finding_problems() + link_problems() + command_problems(os.path.abspath(sys.argv[1]))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
