#!/usr/bin/env python3
"""Refuses functions that have a safer replacement in libs/base, and open work without an issue."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

BANNED = {
    r"\b(strcpy|strcat|sprintf|vsprintf|strncpy|strncat|gets)\s*\(": "struct buffer or snprintf",
    r"\b(strtok)\s*\(": "strtok_r or a scanner",
    r"\b(atoi|atol|atoll|atof|sscanf)\s*\(": "strtoll with a full check",
    r"\b(gmtime|localtime|ctime|asctime)\s*\(": "clock_format_*",
    r"\b(strerror)\s*\(": "strerror_r, or %m",
    r"\b(rand|srand|random|srandom)\s*\(": "base/random.h",
    r"\b(system|popen)\s*\(": "base/supervisor.h",
    r"\b(malloc|calloc|realloc|strdup|strndup|asprintf)\s*\(": "base/memory.h",
    r"\bassert\s*\(": "CHECK of base/check.h",
    r"\b(alloca)\s*\(": "the heap, behind a named limit",
    r"\b(pthread_cancel|pthread_detach|pthread_create)\s*\(": "base/thread.h",
    r"\b(TODO|FIXME|XXX)\b": "an issue",
}
# Places that are the replacement itself.
EXEMPT = {
    "libs/base/src/memory.c": {"malloc", "calloc", "realloc", "strdup"},
    "libs/base/src/thread.c": {"pthread_create"},
    "libs/temporal/src/workflow_memory.c": {"malloc"},  # what jansson allocates through
}


def strip_comments_and_strings(text: str) -> str:
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def main() -> int:
    problems = []
    for top in ("libs", "services", "cli"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            name = str(path.relative_to(ROOT))
            raw = path.read_text()
            code = strip_comments_and_strings(raw)
            for pattern, instead in BANNED.items():
                text = raw if "TODO" in pattern else code
                for match in re.finditer(pattern, text):
                    word = match.group(1) if match.groups() else match.group(0).rstrip("( ")
                    if word in EXEMPT.get(name, set()):
                        continue
                    line = text.count("\n", 0, match.start()) + 1
                    problems.append(f"{name}:{line}: {word} is banned; use {instead}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
