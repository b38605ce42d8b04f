"""The crash matrix as a list: who is killed, at which step of a message's way, on which queue and with which ack.

A step is a failpoint (base/failpoint.h) of the service that is at work there. Its own death is the failpoint's :kill.
For anybody else's the failpoint stops the holder, the other one is killed and set going again, and then the holder goes
on, as if nothing had happened.
"""

from dataclasses import dataclass

VISIBILITY_SECONDS = 5
PARTIES = ("poller", "gateway", "worker", "temporal", "sqs")
# Not a death: the worker is stopped until its attempt has timed out and another worker has begun the next one.
STALLED = "stalled"
STALLED_STEPS = ("running", "worked")


@dataclass(frozen=True)
class Mode:
    name: str
    is_fifo: bool
    ack: str

    @property
    def is_ordered(self) -> bool:
        return self.is_fifo and self.ack != "start"

    @property
    def title(self) -> str:
        queue = "FIFO queue" if self.is_fifo else "Standard queue"
        order = "`order: group`" if self.is_ordered else "`order: none`"
        return f"{queue}, `ack: {self.ack}`, {order}"


MODES = tuple(Mode(f"{'fifo' if is_fifo else 'standard'}-{ack}", is_fifo, ack)
              for is_fifo in (False, True) for ack in ("start", "completion", "worker"))


@dataclass(frozen=True)
class Step:
    """failpoint: by ack mode where it differs. work_ms: each of the activity's two waits; long where a lease has to be
    renewed meanwhile. holds_gateway: no start is answered before the fault, so that leases of such are renewed.
    visibility: seconds; longer where a renewal, refused after the activity's delete, could come before the step."""
    name: str
    meaning: str
    failpoint: str
    failpoint_of: tuple = ()
    work_ms: int = 50
    holds_gateway_of: tuple = ()
    visibility_of: tuple = ()
    missing_of: tuple = ()  # (ack, why)

    def point(self, ack: str) -> str:
        return dict(self.failpoint_of).get(ack, self.failpoint)

    def holder(self, ack: str) -> str:
        return self.point(ack).partition(".")[0]

    def visibility(self, ack: str) -> int:
        return dict(self.visibility_of).get(ack, VISIBILITY_SECONDS)

    def why_missing(self, ack: str) -> str | None:
        return dict(self.missing_of).get(ack)


STEPS = (
    Step("received", "the poller has taken the message into hand and has sent nothing on", "poller.received"),
    Step("forwarded", "the gateway has the request and hands the start to gRPC", "gateway.starting"),
    Step("started", "Temporal has answered the start, the gateway has not yet answered the poller", "gateway.started"),
    Step("accepted", "the gateway's answer has reached the poller, which has done nothing with it", "poller.forwarded"),
    Step("running", "between the two waits of the activity", "worker.activity_running"),
    Step("worked", "the activity's work is done, and nothing is deleted or answered for it yet (with `ack: start` the "
         "poller's delete is long past)", "worker.activity_done"),
    Step("closed", "the poller has been told that the run has closed, and has not deleted",
         "poller.closed", visibility_of=(("worker", 20),),
         missing_of=(("start", "the poller does not wait for the run: the durable start is enough"),)),
    Step("deleted", "SQS has deleted; the worker has not answered for its activity (`ack: worker`), or the poller has "
         "done nothing with the answer (the others)", "poller.deleted", failpoint_of=(("worker", "worker.deleted"),)),
    Step("renewal", "a renewal of leases is under way; with `ack: start`, of a message whose start has not been "
         "answered", "poller.renewing", work_ms=1500, holds_gateway_of=("start",)),
)


@dataclass(frozen=True)
class Cell:
    party: str
    step: Step
    mode: Mode

    @property
    def name(self) -> str:
        return f"{self.party}-{self.step.name}-{self.mode.name}"

    @property
    def failpoint(self) -> str:
        return self.step.point(self.mode.ack)

    @property
    def holder(self) -> str:
        return self.step.holder(self.mode.ack)

    @property
    def kills_holder(self) -> bool:
        return self.party == self.holder

    @property
    def holds_gateway(self) -> bool:
        return self.mode.ack in self.step.holds_gateway_of


def all_cells() -> list[Cell]:
    return [Cell(party, step, mode) for mode in MODES for step in STEPS
            for party in (*PARTIES, *((STALLED,) if step.name in STALLED_STEPS else ()))
            if step.why_missing(mode.ack) is None]


# One row of each party: where its death is most awkward.
SHORT_ROWS = {"poller": "deleted", "gateway": "started", "worker": "deleted", "temporal": "worked", "sqs": "renewal",
              STALLED: "running"}


def short_cells() -> list[Cell]:
    return [cell for cell in all_cells() if SHORT_ROWS[cell.party] == cell.step.name]


def missing_cells() -> list[str]:
    """What cannot exist, one line each, for people."""
    return [f"`{step.name}` with `ack: {ack}`, whoever is killed: {why}"
            for step in STEPS for ack, why in step.missing_of]
