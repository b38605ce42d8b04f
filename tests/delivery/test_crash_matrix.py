"""Poller, gateway, worker, Temporal Server and SQS server killed -9 at each step of a message's way, on both kinds of
queue and in every ack mode: nothing lost, one completed run for a message, each group in order. And a worker that is
only stopped, for longer than the server waits for it.

CRASH_MATRIX=full runs every cell and writes docs/crash-matrix.md (`make crash-matrix`); otherwise one row of each
party. The cells run side by side, since most of their time is waiting, and each is a test that reads its own.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import crash_report
from crash_cells import STALLED, all_cells, short_cells
from crash_run import CellRun
from stage import sqs_server, temporal_server

IS_FULL = os.environ.get("CRASH_MATRIX") == "full"
AT_ONCE = int(os.environ.get("CRASH_AT_ONCE", 8))
# Those that wait longest come first: a worker's death shows by its heartbeat, 10 s later.
CELLS = sorted(all_cells() if IS_FULL else short_cells(), key=lambda cell: cell.party not in ("worker", STALLED))


class Matrix:
    """Runs the cells on threads. Servers that a cell does not kill are shared."""

    def __init__(self, directory, cells):
        self.directory = directory
        self.temporal = temporal_server(directory / "temporal").start()
        self.sqs = {is_fifo: sqs_server(directory / f"sqs-{is_fifo}", is_fifo).start() for is_fifo in (False, True)}
        self.pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="cell")
        self.figures = {}
        self.futures = {cell: self.pool.submit(self._run, cell) for cell in cells}

    def _run(self, cell):
        own, directory = [], self.directory / cell.name
        directory.mkdir()
        temporal, sqs = self.temporal, self.sqs[cell.mode.is_fifo]
        try:
            if cell.party == "temporal":
                own.append(temporal := temporal_server(directory))
                temporal.start()
            if cell.party == "sqs":
                own.append(sqs := sqs_server(directory, cell.mode.is_fifo))
                sqs.start()
            return CellRun(cell, temporal, sqs, directory).run()
        finally:
            for server in own:
                server.process.kill()

    def result(self, cell):
        self.figures[cell] = self.futures[cell].result()
        return self.figures[cell]

    def close(self):
        self.pool.shutdown(cancel_futures=True)
        for server in (self.temporal, *self.sqs.values()):
            server.process.stop(10)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory, programs_with_failpoints, request):
    wanted = [item.callspec.params["cell"] for item in request.session.items
              if item.module is request.module and "cell" in getattr(item, "callspec", request).params]
    running = Matrix(tmp_path_factory.mktemp("crash-matrix"), wanted)
    try:
        yield running
    finally:
        running.close()
        if IS_FULL:
            crash_report.write(running.figures)


@pytest.mark.timeout(1800 if IS_FULL else 400)
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_nothing_is_lost_doubled_or_overtaken(matrix, cell):
    figures = matrix.result(cell)
    print(figures)
    assert figures.is_clean, "\n".join(figures.notes)
    assert figures.completed == figures.messages and figures.other_runs == 0, "\n".join(figures.notes)
