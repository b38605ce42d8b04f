"""The long run: thousands of messages while somebody is killed, or a network goes wrong, every few seconds.

CHAOS_MESSAGES, CHAOS_GROUPS, CHAOS_SECONDS_MAX, CHAOS_RATE, CHAOS_SEED and CHAOS_ACK choose another one than CI's short
one (`make chaos`: 20,000 messages, 200 groups, and a section of docs/crash-matrix.md). Reports go to build/chaos/."""

import os
import time
from pathlib import Path

import pytest

import chaos_report
from chaos import Chaos, Plan

ROOT = Path(__file__).resolve().parents[2]


def option(name: str, default: int) -> int:
    return int(os.environ.get("CHAOS_" + name) or default)


SECONDS_MAX = option("SECONDS_MAX", 150)
MESSAGES = option("MESSAGES", 300)
IS_LONG = os.environ.get("CHAOS_IS_LONG") == "yes"


@pytest.mark.timeout(SECONDS_MAX + 600)
@pytest.mark.parametrize("is_fifo", [True, False], ids=["fifo", "standard"])
def test_nothing_is_lost_doubled_or_overtaken_whoever_dies(tmp_path, programs_with_failpoints, is_fifo):
    seed = option("SEED", time.time_ns() % 1_000_000)
    plan = Plan(messages=MESSAGES, groups=option("GROUPS", 20), seconds_max=SECONDS_MAX, per_second=option("RATE", 10),
                seed=seed, is_fifo=is_fifo, ack=os.environ.get("CHAOS_ACK") or "completion")
    print(f"SEED={plan.seed}; faults are in {tmp_path}/faults.jsonl")
    outcome = Chaos(plan, tmp_path).run()
    text = chaos_report.section(plan, outcome)
    print(text)
    folder = ROOT / "build" / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{'fifo' if is_fifo else 'standard'}-{plan.seed}.md").write_text(text)
    figures = outcome.figures
    assert figures.is_clean and figures.other_runs == 0, "\n".join(figures.notes[:50])
    assert figures.completed == figures.messages == plan.messages, "the time was over before everything was settled"
    assert outcome.left == (0, 0) and outcome.dead_letters == 0
    assert sum(outcome.faults.values()) >= 5
    if IS_LONG:
        chaos_report.publish(plan, outcome)
