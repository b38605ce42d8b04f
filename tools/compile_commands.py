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
        entries.append({"directory": os.getcwd(), "file": match.group(1), "arguments": shlex.split(line.strip())})
json.dump(entries, sys.stdout, indent=1)
