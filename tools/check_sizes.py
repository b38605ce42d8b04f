#!/usr/bin/env python3
"""Holds docs/style.md's limits: a function has at most 80 lines, a file at most 800, a line at most 120 columns."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FUNCTION_LINES, FILE_LINES, COLUMNS = 80, 800, 120


def problems_of(name: str, lines: list[str]) -> list[str]:
    problems = []
    if len(lines) > FILE_LINES:
        problems.append(f"{name}: {len(lines)} lines, at most {FILE_LINES}")
    start = None
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            problems.append(f"{name}:{number}: {len(line)} columns, at most {COLUMNS}")
        # A function's braces stand alone at the start of a line, in our style nothing else does.
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > FUNCTION_LINES:
                problems.append(f"{name}:{start}: a function of {number - start - 1} lines, at most {FUNCTION_LINES}")
            start = None
    return problems


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.c", "*.h"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.split()
    problems = [problem for name in sorted(set(listed)) if (ROOT / name).exists()
                for problem in problems_of(name, (ROOT / name).read_text().splitlines())]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems or not listed else 0


if __name__ == "__main__":
    sys.exit(main())
