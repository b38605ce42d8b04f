#!/usr/bin/env python3
"""`make bench-in-flight`: what poller and gateway weigh with many messages under way whose runs do not end.

PSS (proportional set size: what a process would give back, with its share of what it shares) before the first message
and when all runs are waited for, after some seconds in which nothing moves. See bench/README.md.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from load import Load, load  # noqa: E402
from processes import memory_mb, usage  # noqa: E402

from ferrystack.process import free_port, wait_until  # noqa: E402

OURS = ("poller", "gateway")
NEVER_MS = 24 * 3600 * 1000



@dataclass
class Form:
    """How the gateway learns of ends. On Temporal's dev server a start costs some 100 times as much: fewer messages."""
    long_polls: int | None  # None: one for each message
    callbacks: bool = False  # for runs beyond the long polls; nobody calls, for no run ends
    real_server: bool = False


FORMS = {
    "long polls for all": Form(None),
    "1,000 long polls, looks": Form(1000),
    "1,000 long polls, callbacks": Form(1000, callbacks=True),
    "callbacks for all": Form(0, callbacks=True),
    "dev server, callbacks for all": Form(0, callbacks=True, real_server=True),
}
REAL_MOST = 3000


def gateway_settings(form: Form, count: int) -> dict:
    settings = {"long_polls": count if form.long_polls is None else form.long_polls}
    if form.callbacks:
        settings["callback_url"] = f"http://127.0.0.1:{free_port()}/"
    return settings


def waited_for(stack: Load) -> int:
    return int(stack.metric("gateway", "ferry_gateway_watches"))


def measure(arguments, form_name: str) -> dict:
    form = FORMS[form_name]
    count = min(arguments.messages, REAL_MOST) if form.real_server else arguments.messages
    gateway = gateway_settings(form, count)
    with load(arguments.keep, fifo=False, ack="completion", close_delay_ms=NEVER_MS, log_level="warn",
              queue={"max_in_flight": count}, settings={"gateway": gateway}, real_server=form.real_server) as stack:
        stack.fill(count, 1, arguments.body)
        empty = {name: memory_mb(stack.pids[name])[0] for name in OURS}
        begin = time.monotonic()
        stack.go()
        wait_until(lambda: stack.metric("poller", "ferry_poller_messages_in_hand", '"running"') == count and
                   waited_for(stack) == count, arguments.timeout, f"{count} runs to be waited for", 0.2)
        took = time.monotonic() - begin
        time.sleep(min(1, arguments.rest))
        before = {name: usage(stack.pids[name]) for name in OURS}
        looks = stack.metric("gateway", "ferry_gateway_looks_total")
        time.sleep(arguments.rest)
        looks = stack.metric("gateway", "ferry_gateway_looks_total") - looks
        rest = {name: usage(stack.pids[name]) - before[name] for name in OURS}
        full = {name: memory_mb(stack.pids[name]) for name in OURS}
        return {
            "form": form_name, "messages": count, "body": arguments.body, "seconds": took,
            "looks_per_second": looks / (arguments.rest or 1),
            "long_polls": int(stack.metric("gateway", "ferry_gateway_long_polls")),
            "pss_mb_empty": empty, "pss_mb": {name: full[name][0] for name in OURS},
            "peak_rss_mb": {name: full[name][1] for name in OURS},
            "kb_per_message": {name: (full[name][0] - empty[name]) * 1000 / count for name in OURS},
            "percent_of_a_core": {name: used.cpu * 100 / (arguments.rest or 1) for name, used in rest.items()},
        }


def table(result: dict) -> str:
    lines = [f"{result['form']}: {result['messages']} messages of {result['body']} bytes under way,"
             f" {result['long_polls']} long polls, {result['looks_per_second']:.0f} looks/s, after"
             f" {result['seconds']:.1f} s",
             f"  {'process':10} {'PSS MB empty':>13} {'PSS MB':>8} {'peak RSS MB':>12} {'kB/message':>11} "
             f"{'% of a core, at rest':>21}"]
    for name in OURS:
        lines.append(f"  {name:10} {result['pss_mb_empty'][name]:13.1f} {result['pss_mb'][name]:8.1f} "
                     f"{result['peak_rss_mb'][name]:12.1f} {result['kb_per_message'][name]:11.2f} "
                     f"{result['percent_of_a_core'][name]:21.2f}")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=10000)
    options.add_argument("--body", type=int, default=1000, help="bytes of each message's body")
    options.add_argument("--form", choices=["all", *FORMS], default="all", help="how the gateway learns of ends")
    options.add_argument("--rest", type=float, default=10, help="seconds in which nothing moves")
    options.add_argument("--timeout", type=float, default=600)
    options.add_argument("--json", action="store_true")
    options.add_argument("--keep", action="store_true", help="keep the logs")
    return options


def main() -> int:
    arguments = parser().parse_args()
    forms = list(FORMS) if arguments.form == "all" else [arguments.form]
    results = [measure(arguments, form) for form in forms]
    print(json.dumps(results, indent=1) if arguments.json else "\n\n".join(table(result) for result in results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
