"""What became of the messages, counted from what Temporal knows: lost, completed runs, order; and apart from those
what may happen and is to be seen. Pure: histories and logs are passed in."""

import datetime
import re
from dataclasses import dataclass, field, fields

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)")


def nanoseconds(text: str) -> int:
    """A UTC time as JSON writes it, without losing what comes behind the microseconds."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time in UTC: {text}")
    whole = datetime.datetime.fromisoformat(match[1]).replace(tzinfo=datetime.timezone.utc)
    return int(whole.timestamp()) * 1_000_000_000 + int((match[2] or "0")[:9].ljust(9, "0"))


@dataclass
class Run:
    """One workflow run. Times in nanoseconds; closed is None while it is open. tries: most attempts of an activity."""
    message: str
    run_id: str
    status: str
    started: int
    closed: int | None
    tries: int = 1


@dataclass
class Figures:
    """The first three have to be 0. What follows is counted apart."""
    lost: int = 0              # messages without a completed run, and what is left in a queue
    repeated: int = 0          # completed runs beyond the first of a message
    disordered: int = 0        # runs that started while a message before theirs, in their group, was unsettled
    messages: int = 0
    completed: int = 0
    other_runs: int = 0        # runs that ended otherwise or are open
    redeliveries: int = 0      # receives beyond the first, as SQS counts them
    most_receives: int = 0     # of one message
    started_again: int = 0     # `started` answered again for the same message
    activity_retries: int = 0  # activities that took more than one attempt
    early: int = 0             # ack: worker: started after the delete, before the close of the run before
    overlapped: int = 0        # of these: an attempt at the activity before theirs began only after that (rule 4)
    late_effects: int = 0      # of an activity attempt after the next one had started
    notes: list = field(default_factory=list)  # what the first three are about, one line each

    @property
    def is_clean(self) -> bool:
        return (self.lost, self.repeated, self.disordered) == (0, 0, 0)

    def add(self, other: "Figures"):
        for member in fields(self):
            mine, its = getattr(self, member.name), getattr(other, member.name)
            setattr(self, member.name, max(mine, its) if member.name == "most_receives" else mine + its)


def count_runs(sent: list[tuple[str | None, str]], runs: list[Run]) -> Figures:
    """sent: (group, MessageId) in the order of sending."""
    figures = Figures(messages=len(sent))
    completed = {}
    for run in runs:
        if run.status == "COMPLETED":
            completed.setdefault(run.message, []).append(run)
        else:
            figures.other_runs += 1
            figures.notes.append(f"run {run.run_id} of {run.message} is {run.status}")
        figures.activity_retries += run.tries > 1
    known = {message for _, message in sent}
    for message in known - completed.keys():
        figures.lost += 1
        figures.notes.append(f"{message} has no completed run")
    for message, its_runs in completed.items():
        figures.completed += len(its_runs)
        extra = len(its_runs) - (message in known)
        figures.repeated += extra
        if extra:
            whose = message if message in known else f"{message}, which nobody sent,"
            figures.notes.append(f"{whose} has {len(its_runs)} completed runs")
    return figures


def count_order(figures: Figures, sent: list[tuple[str, str]], runs: list[Run], deleted_at, attempts: dict):
    """The first run of a message starts when every run of the one before it has closed. With ack: worker it may start
    earlier, after the activity's delete: deleted_at(message) is that time, None where nobody deleted early. attempts:
    MessageId -> when attempts at its activity began."""
    of_message = {}
    for run in runs:
        of_message.setdefault(run.message, []).append(run)
    before = {}
    for group, message in sent:
        previous, before[group] = before.get(group), message
        if previous is None or message not in of_message or previous not in of_message:
            continue  # the first of its group, or counted as lost
        started = min(run.started for run in of_message[message])
        closed = [run.closed for run in of_message[previous]]
        if None not in closed and started >= max(closed):
            continue
        deleted = deleted_at(previous)
        if deleted is not None and started >= deleted:
            figures.early += 1
            figures.overlapped += any(attempt > started for attempt in attempts.get(previous, ()))
        else:
            figures.disordered += 1
            figures.notes.append(f"group {group}: {message} started at {started}, {previous} before it closed at "
                                 f"{closed}, deleted at {deleted}")


def attempts_in(worker: list[dict]) -> dict[str, list[int]]:
    attempts = {}
    for event in worker:
        if event.get("msg") == "helloWorldActivity started":
            attempts.setdefault(event["correlation_id"], []).append(nanoseconds(event["time"]))
    return attempts


def count_logs(figures: Figures, poller: list[dict], worker: list[dict]):
    """From the log lines of both services, of all their lives."""
    receives = {}
    for event in poller:
        if event.get("msg") in ("message received", "message received again"):
            message = event["message_id"]
            receives[message] = max(event["receive_count"], receives.get(message, 1))
    figures.redeliveries += sum(receives.values()) - len(receives)
    figures.most_receives = max(figures.most_receives, *receives.values(), 0, 0)
    started = [event["message_id"] for event in poller
               if event.get("msg") == "workflow started" and event.get("outcome") == "started"]
    figures.started_again += len(started) - len(set(started))
    figures.late_effects += _late_effects(worker)


EFFECTS = ("helloWorldActivity request", "message deleted")  # what an attempt does to the world


def _late_effects(worker: list[dict]) -> int:
    """Effects that come after the start of a later attempt of the same activity."""
    newest, late = {}, 0
    for event in sorted((event for event in worker if "attempt" in event and "run_id" in event),
                        key=lambda event: nanoseconds(event["time"])):
        key, attempt = (event["run_id"], event.get("activity_id")), event["attempt"]
        if event["msg"] == "helloWorldActivity started":
            newest[key] = max(attempt, newest.get(key, 0))
        elif event["msg"] in EFFECTS and attempt < newest.get(key, 0):
            late += 1
    return late
