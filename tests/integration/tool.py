"""The command-line tool as tests run it: words in, exit code and texts out."""

import json
import os
import subprocess
from dataclasses import dataclass

from ferrystack.ferry import programs

FOREIGN = ("FERRY_", "TEMPORAL_", "AWS_", "LOG_")  # of the machine that the tests run on


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """A table's lines as cells: two blanks part them."""
        return [[cell for cell in line.split("  ") if cell.strip()] for line in self.out.splitlines()]

    @property
    def fields(self) -> dict:
        """Lines "title  value"."""
        return {title.strip(): value.strip() for title, _, value in
                (line.partition("  ") for line in self.out.splitlines() if line.strip())}


class Tool:
    """`ferry` with one environment; none of it comes from where the tests run but the path."""

    def __init__(self, directory, **environment):
        self.directory = directory
        clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.environment = {**clean, **environment}

    def __call__(self, *words, input: str = "", timeout: float = 120) -> Result:
        run = subprocess.run([programs() / "ferry", *map(str, words)], input=input, capture_output=True, text=True,
                             cwd=self.directory, env=self.environment, timeout=timeout)
        for report in ("AddressSanitizer", "runtime error:", "LeakSanitizer"):
            assert report not in run.stderr, run.stderr
        return Result(run.returncode, run.stdout, run.stderr)

    def ok(self, *words, **options) -> Result:
        result = self(*words, **options)
        assert (result.code, result.err) == (0, ""), result
        return result

    def fails(self, *words, said: str, code: int = 1, **options) -> Result:
        result = self(*words, **options)
        assert result.code == code and said in result.err, result
        return result
