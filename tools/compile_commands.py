#!/usr/bin/env python3
"""Turns compile lines (`make -n`) on standard input into compile_commands.json on standard output."""

import json
import os
import re
import shlex
import sys

entries = []
for line in sys.stdin:
    match = re.search(r"\s-c (\S+\.c)\s", line)
    if match:
        # Quoted by backslashes: cppcheck 2.10 loses the quotes of a definition in any other form.
        words = (re.sub(r'([\\"\s])', r"\\\1", word) for word in shlex.split(line.strip()))
        entries.append({"directory": os.getcwd(), "file": match.group(1), "command": " ".join(words)})
json.dump(entries, sys.stdout, indent=1)
