"""docs/crash-matrix.md, from what the full run has counted."""

import os
import platform
import subprocess
from pathlib import Path

from ferrystack.servers import SCRIPTS
from chaos_report import long_runs
from crash_cells import MODES, PARTIES, STALLED, STEPS, VISIBILITY_SECONDS, all_cells, missing_cells
from crash_run import GROUPS, MESSAGES
from delivery_figures import Figures

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "crash-matrix.md"
PARTY_NAMES = {"temporal": "Temporal Server", "sqs": "SQS server", STALLED: "worker, stopped"}
APART = (("redelivered", "redeliveries"), ("started twice", "started_again"),
         ("retried activities", "activity_retries"), ("early", "early"),
         ("overlapped", "overlapped"), ("late effects", "late_effects"))

INTRODUCTION = """# Crash matrix

Written by `make crash-matrix` and `make chaos` (`tests/delivery`), the tests that it reports; do not edit. Each of the
five parties is killed with signal 9 at each step of a message's way, on both kinds of queue and in every `ack` mode. In
each cell {messages} messages in {groups} groups wait in a queue when the poller starts; \
leases last {visibility} s. The first of
them that reaches the step meets the fault, the killed one is set going again at once, and then everything has to be
settled without help. A step is a failpoint of the service at work there (`base/failpoint.h`): its own death happens in
that very instruction; for another's death it is stopped there, the other one is killed, and it goes on. Beside the
kills, a worker is stopped until the server has given its attempt up and another worker has begun the next.

Standard queues are on ElasticMQ with its messages on disk. FIFO queues are on `tests/support/sqs_server`, which has
AWS's rules and a database: ElasticMQ gives out the head of a group while others of it are in flight, AWS does not.
Temporal is the CLI's dev server with a database file. Run with
{versions}.

## What is counted
The first three figures come from the histories that Temporal has of the runs, and the times of early deletes from the
SQS server's own journal; nothing of them is what our services say. Redeliveries, second starts and late effects are
read from the services' logs.

| figure | meaning | must be |
|---|---|---|
{meanings}
"""

MEANINGS = (
    ("lost", "messages without a completed run, or left in the queue at the end", "0"),
    ("runs", "completed runs / messages", "one each"),
    ("disordered", "runs that started while the message before theirs in the group was unsettled: its run open and, "
     "with `ack: worker`, the message not deleted by its activity", "0"),
    ("redelivered", "receives of a message beyond its first", "may be: a kill costs at most a redelivery"),
    ("started twice", "the poller was told `started` again for the same run: the first answer was lost, or the gateway "
     "that gave it has died", "may be"),
    ("retried activities", "activities that took more than one attempt: they are at-least-once", "may be"),
    ("early", "runs that started after the delete of the message before theirs, as they may with `ack: worker`, and "
     "before its run closed: the lease was up for renewal, and refused, while the run had still to be closed",
     "may be, with `ack: worker` alone"),
    ("overlapped", "of these, runs that had started when another attempt began at the activity of the message before "
     "theirs: a worker (or Temporal) died between the delete and its answer, the exception to the order of effects in "
     "[delivery.md](delivery.md#order)", "may be, with `ack: worker` alone"),
    ("late effects", "effects of an activity's attempt after a later attempt had started",
     "may be, where a worker is stopped"),
)


def _version(*command) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout.strip()


def versions() -> str:
    ferry = _version(Path(os.environ["FERRY_PROGRAMS"]) / "ferry", "--version")
    elasticmq = next((ROOT / "build" / "elasticmq").glob("elasticmq-server_*.jar")).stem.rpartition("-")[2]
    temporal = _version(SCRIPTS / "temporal", "--version")
    return f"{ferry}, {temporal}, ElasticMQ {elasticmq}, Python {platform.python_version()}"


def _steps() -> str:
    rows = ["## Steps", "", "| step | the first message that gets there | failpoint |", "|---|---|---|"]
    for step in STEPS:
        points = [f"`{step.failpoint}`"] + [f"with `ack: {ack}` `{point}`" for ack, point in step.failpoint_of]
        rows.append(f"| {step.name} | {step.meaning} | {', '.join(points)} |")
    rows += ["", "At `closed` with `ack: worker` leases are longer: after the activity's delete a renewal is refused, "
             "and the message would leave the poller's hand before it learns that the run has closed."]
    missing = missing_cells()
    rows += ["", "Cells that cannot exist:" if missing else "There are no cells that cannot exist.", ""]
    return "\n".join(rows + [f"- {line}" for line in missing])


def _row(name: str, figures: Figures, is_ordered: bool) -> str:
    disordered = str(figures.disordered) if is_ordered else "–"
    cells = [str(figures.lost), f"{figures.completed}/{figures.messages}", disordered]
    cells += [str(getattr(figures, member)) for _, member in APART]
    return f"| {name} | {' | '.join(cells)} |"


def _head(first: str) -> list[str]:
    names = ["lost", "runs", "disordered", *(title for title, _ in APART)]
    return [f"| {first} | {' | '.join(names)} |", "|---|" + "---|" * len(names)]


def _sum(figures: dict, choose) -> Figures:
    total = Figures()
    for cell, its in figures.items():
        if choose(cell):
            total.add(its)
    return total


def page(figures: dict, versions_text: str) -> str:
    meanings = "\n".join(f"| {' | '.join(row)} |" for row in MEANINGS)
    parts = [INTRODUCTION.format(messages=MESSAGES, groups=GROUPS, visibility=VISIBILITY_SECONDS, meanings=meanings,
                                 versions=versions_text)]
    summary = [f"## In sum, {len(figures)} cells", "", *_head("killed")]
    for party in (*PARTIES, STALLED):
        total = _sum(figures, lambda cell, party=party: cell.party == party)
        summary.append(_row(PARTY_NAMES.get(party, party), total, True))
    parts += ["\n".join(summary), "", _steps()]
    for mode in MODES:
        rows = [f"\n## {mode.title}", "", *_head("step, killed")]
        for cell in all_cells():
            if cell.mode == mode:
                name = f"{cell.step.name}, {PARTY_NAMES.get(cell.party, cell.party)}"
                rows.append(_row(name, figures[cell], mode.is_ordered))
        parts.append("\n".join(rows))
    return "\n".join(parts) + "\n"


def write(figures: dict):
    """Only what a whole and clean run has shown becomes documentation."""
    if set(figures) != set(all_cells()) or not all(its.is_clean and not its.other_runs for its in figures.values()):
        return
    kept = long_runs(PAGE.read_text()) if PAGE.exists() else ""
    PAGE.write_text(page(figures, versions()) + ("\n" + kept if kept else ""))
