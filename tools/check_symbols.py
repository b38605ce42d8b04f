#!/usr/bin/env python3
"""Global names of our static libraries: each defined once, and none that a shared library of the programs exports.

The linker says nothing about either. Of two archives that define a name, the first that is searched wins; and a name of
ours that a shared library exports as well (say json_integer) replaces the library's own, for that library too.

    check_symbols.py LIBRARY_FOLDER PROGRAM...
"""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

# What the compiler and the linker put into every program by themselves.
OF_EVERY_PROGRAM = {"_init", "_fini", "_start", "_end", "_edata", "__bss_start", "__data_start", "main"}


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def defined_names(archive: Path) -> dict[str, list[str]]:
    """Global names and the members that define them."""
    names = defaultdict(list)
    for line in output("nm", "-A", "-g", "--defined-only", str(archive)).splitlines():
        match = re.match(r".*?\.a:([^:]+):[0-9a-fA-F]*\s+([A-Z])\s+(\S+)$", line)
        if match:
            names[match.group(3)].append(f"{archive.name}({match.group(1)})")
    return names


def shared_libraries(programs: list[str]) -> set[str]:
    return {match.group(1) for program in programs
            for match in re.finditer(r"=> (/\S+) \(0x", output("ldd", program))}


def exported_names(library: str) -> set[str]:
    names = {line.split()[-1].split("@")[0] for line in output("nm", "-D", "-g", "--defined-only", library).splitlines()
             if line.split()}
    return names - OF_EVERY_PROGRAM


def find_problems(archives: list[Path], programs: list[str]) -> list[str]:
    problems = []
    of_libraries: dict[str, list[str]] = defaultdict(list)
    of_programs: dict[str, list[str]] = defaultdict(list)
    for archive in archives:
        # Two programs are never linked together: each is compared with the libraries alone.
        is_program = archive.name.endswith("-program.a")
        for name, places in defined_names(archive).items():
            if len(places) > 1:
                problems.append(f"{name} is defined more than once: {', '.join(places)}")
            (of_programs if is_program else of_libraries)[name] += places[:1]
    for name, places in sorted(of_libraries.items()):
        if len(places) > 1:
            problems.append(f"{name} is defined more than once: {', '.join(places)}")
    for name in sorted(of_programs.keys() & of_libraries.keys()):
        problems.append(f"{name} is defined more than once: {', '.join(of_programs[name] + of_libraries[name])}")
    for library in sorted(shared_libraries(programs)):
        for name in sorted(exported_names(library) & (of_libraries.keys() | of_programs.keys())):
            places = of_libraries.get(name, []) + of_programs.get(name, [])
            problems.append(f"{name} of {', '.join(places)} is a name of {Path(library).name}")
    return problems


def main() -> int:
    archives, programs = sorted(Path(sys.argv[1]).glob("lib*.a")), sys.argv[2:]
    if not archives or not programs or not shared_libraries(programs):
        print("check_symbols: nothing to look into", file=sys.stderr)
        return 2
    problems = find_problems(archives, programs)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
