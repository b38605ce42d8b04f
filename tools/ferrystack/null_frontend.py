"""tests/support/null_frontend as a process: it stands for Temporal and answers at once."""

import json
import os
import signal
from pathlib import Path

from .process import ROOT, Process, StackError, free_port, wait_until


class NullFrontend:
    """Every run completes by itself, close_delay_ms after its start. `make support` builds it; $FERRY_SUPPORT names the
    folder of another build."""

    def __init__(self, directory: Path, port: int | None = None, close_delay_ms: int = 0, history_poll_ms: int = 20000,
                 task_poll_ms: int = 60000, most_runs: int = 200000):
        self.port = port or free_port()
        program = Path(os.environ.get("FERRY_SUPPORT", ROOT / "build" / "support")) / "null-frontend"
        if not program.exists():
            raise StackError(f"{program} is not there: run `make support`")
        self.process = Process("null-frontend", [
            program, "--port", self.port, "--close-delay-ms", close_delay_ms, "--history-poll-ms", history_poll_ms,
            "--task-poll-ms", task_poll_ms, "--most-runs", most_runs], directory)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.process.start()

        def ready():
            if not self.process.running:
                raise StackError(f"the null frontend ended at once:\n{self.process.tail()}")
            return f"listening on {self.port}" in self.process.text()
        wait_until(ready, 20, "the null frontend")
        return self

    def counts(self) -> dict:
        """{"calls": {method: how many arrived}, "unknown": …, "open": long polls that wait, "runs": known ones}"""
        before = len(self._lines())
        self.process.signal(signal.SIGUSR1)
        wait_until(lambda: len(self._lines()) > before, 10, "the null frontend's counts")
        return self._lines()[-1]

    def stop(self) -> dict:
        """Its last counts."""
        self.process.stop(20)
        return self._lines()[-1]

    def _lines(self) -> list[dict]:
        return [json.loads(line) for line in self.process.text().splitlines(keepends=True)
                if line.startswith("{") and line.endswith("\n")]
