"""The scripted SQS server of tests/support/sqs_server, which has AWS's rules and goes wrong on request."""

import json
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .process import ROOT, Process
from .servers import QueueServer


class FaultSqsServer(QueueServer):
    """With `database` a killed server comes back as it was; without, it comes back empty."""

    def __init__(self, directory: Path, port: int | None = None, database: bool = False,
                 session_token: str | None = None, settings: dict | None = None):
        super().__init__(port)
        self.access_key, self.secret_key = "AKIA" + secrets.token_hex(8).upper(), secrets.token_hex(20)
        self.session_token, self.initial_settings = session_token, settings or {}
        arguments = [sys.executable, "-m", "sqs_server", "--port", self.port, "--region", self.REGION,
                     "--access-key", self.access_key, "--secret-key", self.secret_key]
        if database:
            arguments += ["--database", Path(directory) / "fault-sqs.db"]
        if session_token:
            arguments += ["--session-token", session_token]
        self.process = Process("fault-sqs", arguments, directory, {"PYTHONPATH": ROOT / "tests" / "support"})

    def start(self):
        self.process.start()
        self._wait_until_up("/_control/health", "the scripted SQS server")
        if self.initial_settings:
            self.set(**self.initial_settings)
        if self.client is None:
            # boto3 must not repeat on its own what a test counts.
            self.client = self._connect("sqs", self.access_key, self.secret_key, self.session_token, attempts=1)
        return self

    def environment(self) -> dict:
        token = {"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {}
        return {**super().environment(), **token}

    # -- the control API, described in tests/support/sqs_server/faults.py ---------------------------------------------

    def fault(self, kind: str, **members) -> int:
        """Adds a fault; its number is for clear()."""
        return self._control({"faults": [{"kind": kind, **members}]})["faults"][0]

    def clear(self, number: int | None = None):
        """Takes a fault back, or all of them."""
        self._control({"clear": True if number is None else number})

    def set(self, **settings):
        """Changes Settings of tests/support/sqs_server/actions.py, e.g. visibility_limit or clock_offset."""
        self._control({"settings": settings})

    def set_credentials(self, access_key: str, secret_key: str, session_token: str | None = None):
        """The only key that is accepted from now on."""
        self._control({"credentials": {"access_key": access_key, "secret_key": secret_key,
                                       "session_token": session_token}})

    def end_polls(self):
        """Answers every receive that waits for a message."""
        self._control({"end_polls": True})

    def state(self, **query) -> dict:
        """Messages, how many receives wait, faults with their hits, and the journal. Ask for little where much is
        stored: queue, action, since, messages=0, journal=0 (tests/support/sqs_server/server.py)."""
        url = self.endpoint + "/_control/state?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(url, timeout=30) as response:
            return json.load(response)

    def messages(self, url: str) -> list[dict]:
        """What the queue holds: state ("ready", "in flight", "delayed"), group, receive_count, visible_at …"""
        return self.state(queue=_name(url), journal=0)["messages"]

    def waiting(self) -> int:
        """How many receives wait for a message."""
        return self.state(messages=0, journal=0)["waiting"]

    def journal(self, action: str | None = None, queue: str | None = None, since: int = 0) -> list[dict]:
        """The calls so far in the order in which they came; `finished` is None for what still waits. since: only those
        with a greater `number`."""
        query = {"messages": 0, "since": since}
        if action is not None:
            query["action"] = action
        if queue is not None:
            query["queue"] = _name(queue)
        return self.state(**query)["journal"]

    def _control(self, body: dict) -> dict:
        request = urllib.request.Request(self.endpoint + "/_control", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None



def _name(url: str) -> str:
    return url.rsplit("/", 1)[-1]
