#!/usr/bin/env python3
"""Looks into shipped programs: position independent, RELRO, bound now, no executable stack, no run path, fortified."""

import subprocess
import sys


def readelf(*arguments) -> str:
    return subprocess.run(["readelf", "-W", *arguments], check=True, capture_output=True, text=True).stdout


def problems_of(program: str) -> list[str]:
    header, segments, dynamic = readelf("-h", program), readelf("-l", program), readelf("-d", program)
    symbols = readelf("--dyn-syms", program)
    stack = next((line for line in segments.splitlines() if "GNU_STACK" in line), "")
    wanted = {
        "is not position independent (ET_DYN)": "DYN (" in header,
        "has no GNU_RELRO": "GNU_RELRO" in segments,
        "is not bound at start (BIND_NOW)": "BIND_NOW" in dynamic or "NOW" in dynamic,
        "has an executable stack": " RW " in stack and "RWE" not in stack,
        "has a run path": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
        "has no stack protector": "__stack_chk_fail" in symbols,
        "has no fortified calls": "_chk@" in symbols or "_chk " in symbols,
    }
    return [f"{program} {text}" for text, holds in wanted.items() if not holds]


def main() -> int:
    found = [problem for program in sys.argv[1:] for problem in problems_of(program)]
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found or len(sys.argv) == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
