"""What a long run has shown, for people: printed, and as a section of docs/crash-matrix.md."""

import re
from pathlib import Path

from chaos import MOST_RECEIVES, Outcome, Plan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "crash-matrix.md"


def title(plan: Plan) -> str:
    return f"## Long run, {'FIFO' if plan.is_fifo else 'standard'} queue"


def section(plan: Plan, outcome: Outcome) -> str:
    figures = outcome.figures
    groups = f" in {plan.groups} groups" if plan.is_fifo else ""
    is_ordered = plan.is_fifo and plan.ack != "start"
    lines = [
        title(plan), "",
        f"{plan.messages} messages{groups}, `ack: {plan.ack}`, seed {plan.seed}: {sum(outcome.faults.values())} faults "
        f"in {outcome.seconds:.0f} s, a kill -9 or a bad network, each 1 to 4 s after the one before was over.", "",
        "| | |", "|---|---|",
        f"| lost | {figures.lost} |",
        f"| completed runs / messages | {figures.completed}/{figures.messages} |",
        f"| disordered | {figures.disordered if is_ordered else '–'} |",
        f"| left in the queue, waiting and in flight | {outcome.left[0]}, {outcome.left[1]} |",
        f"| in the dead-letter queue | {outcome.dead_letters} |",
        f"| redelivered | {figures.redeliveries} |",
        f"| most receives of one message (redrive after {MOST_RECEIVES}) | {figures.most_receives} |",
        f"| started twice | {figures.started_again} |",
        f"| retried activities | {figures.activity_retries} |",
        f"| early; overlapped | {figures.early}; {figures.overlapped} |",
        f"| late effects | {figures.late_effects} |",
        "", "Faults:", "", "| fault | times |", "|---|---|"]
    lines += [f"| {fault} | {times} |" for fault, times in sorted(outcome.faults.items())]
    lines += ["", "Memory (proportional set size) at the beginning and at its highest, over all lives of the process:",
              "", "| service | first, MiB | highest, MiB |", "|---|---|---|"]
    lines += [f"| {name} | {first / 1024:.1f} | {highest / 1024:.1f} |"
              for name, (first, highest) in sorted(outcome.memory.items())]
    return "\n".join(lines) + "\n"


def long_runs(text: str) -> str:
    """The sections that publish() has put at the end of the page."""
    match = re.search(r"^## Long run, ", text, re.M)
    return text[match.start():] if match else ""


def publish(plan: Plan, outcome: Outcome):
    text = PAGE.read_text() if PAGE.exists() else ""
    old = re.compile(rf"^{re.escape(title(plan))}\n.*?(?=^## |\Z)", re.M | re.S)
    rest = old.sub("", text).rstrip("\n")
    PAGE.write_text(f"{rest}\n\n{section(plan, outcome)}".lstrip("\n"))
