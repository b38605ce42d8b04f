"""Words for tests in which one gateway and one or two pollers stand before a queue, and for what Temporal's own records
say about it afterwards. Runs are counted and ordered by their start and close as the server has them, never by logs."""

import asyncio
import json
import os
import urllib.parse
from datetime import datetime

from temporalio.client import Client

from ferrystack.process import wait_until
from ferrystack.servers import http_status
from http_request import request

LONG = os.environ.get("FERRY_LONG", "") not in ("", "0")  # the full lengths of time; CI uses short ones


def when(event: dict) -> float:
    """The time of a log line, in seconds."""
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


def nanoseconds(text: str) -> int:
    """Of a time as Temporal's HTTP API writes it: "2024-01-01T00:00:00.123456789Z", with as many digits as it needs."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * 10**9 + int(fraction.ljust(9, "0") or 0)


class Crew:
    """One gateway and some pollers with the same queues and routes; each poller has an admin port of its own."""

    def __init__(self, ferries: list):
        self.ferries = ferries
        self.gateway, self.gateway_url = ferries[0].gateway, ferries[0].gateway_url
        self.pollers = [ferry.poller for ferry in ferries]

    @property
    def poller(self):
        return self.pollers[0]

    def start(self):
        self.start_gateway()
        return self.start_pollers()

    def start_gateway(self):
        self.gateway.start()
        self.ferries[0].wait_ready(self.gateway)
        return self

    def start_pollers(self):
        for poller in self.pollers:
            poller.start()
        for ferry in self.ferries:
            ferry.wait_ready(ferry.poller)
        return self

    def said(self, text: str, **fields) -> list[dict]:
        """Every line of any poller with this text and these fields, in the order of time."""
        lines = [event for poller in self.pollers for event in poller.events()
                 if event.get("msg") == text and all(event.get(key) == value for key, value in fields.items())]
        return sorted(lines, key=lambda event: event["time"])

    def wait_said(self, timeout: float, text: str, count: int = 1, **fields) -> list[dict]:
        def enough():
            found = self.said(text, **fields)
            return found if len(found) >= count else None
        return wait_until(enough, timeout, f"{count} times “{text}” {fields} in the pollers' logs", 0.05)

    def metric(self, name: str, **labels) -> float:
        """The sum over pollers and over all series with these labels."""
        total = 0.0
        for ferry in self.ferries:
            if http_status(f"http://127.0.0.1:{ferry.poller_admin_port}/livez") == 200:  # not before it listens
                text = request("GET", f"http://127.0.0.1:{ferry.poller_admin_port}/metrics").body.decode()
                total += sum(float(line.split()[-1]) for line in text.splitlines()
                             if line.partition("{")[0].partition(" ")[0] == name
                             and all(f'{key}="{value}"' in line for key, value in labels.items()))
        return total

    def api(self, method: str, path: str, poller: int = 0, body=None, headers: dict | None = None):
        """A call of a poller's operator API."""
        return request(method, f"http://127.0.0.1:{self.ferries[poller].poller_admin_port}{path}", body, headers)


class SceneWords:
    """What World (world.py) has in addition where the SQS server is the scripted one, or any other."""

    def queue(self, label: str = "q", fifo: bool = True, dead: str | None = None, most: int = 3, **attributes) -> str:
        """A queue's URL. dead: the queue to which SQS itself moves what was received more than `most` times."""
        if dead is not None:
            known = self.sqs.client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
            policy = {"deadLetterTargetArn": known["QueueArn"], "maxReceiveCount": most}
            attributes["RedrivePolicy"] = json.dumps(policy)
        attributes.setdefault("VisibilityTimeout", 30)
        return self.sqs.create_queue(f"{label}-{self.name}{'.fifo' if fifo else ''}", **attributes)

    def route(self, **settings) -> dict:
        """The route "hello-world" for the workflow of work.py."""
        return {"workflow": "work", "task_queue": self.task_queue, "id": "{MessageId}", "input": "message",
                "ack": "completion", **settings}

    def crew(self, queues, pollers: int = 1, route: dict | None = None, routes: dict | None = None,
             queue: dict | None = None, settings: dict | None = None, **options) -> Crew:
        """Not started. queues: a URL, or entries of the configuration's list; queue: more for each of them."""
        entries = [{"url": queues}] if isinstance(queues, str) else queues
        defaults = {"visibility": "10s", "wait": "1s", **(queue or {})}
        configuration = {"queues": [{"route": "hello-world", **defaults, **entry} for entry in entries],
                         "routes": routes or {"hello-world": self.route(**(route or {}))}, **(settings or {})}
        ferries = []
        for number in range(pollers):
            own = dict(configuration)
            if number > 0:
                own["gateway"] = {**configuration.get("gateway", {}), "url": ferries[0].gateway_url}
            ferries.append(self.ferry(entries[0]["url"], own, **options))
        return Crew(ferries)

    # -- Temporal's records -------------------------------------------------------------------------------------------

    def all_runs(self) -> list[dict]:
        """Every run on this test's task queue, whatever its workflow ID."""
        query = urllib.parse.urlencode({"query": f"TaskQueue = '{self.task_queue}'", "pageSize": 1000})
        return self.temporal.request(f"workflows?{query}").get("executions", [])

    def run_statuses(self, message_id: str) -> list[str]:
        """In the order of their starts: ["FAILED", "COMPLETED"]."""
        runs = sorted(self.runs(message_id), key=lambda run: nanoseconds(run["startTime"]))
        return [run["status"].removeprefix("WORKFLOW_EXECUTION_STATUS_") for run in runs]

    def span(self, message_id: str) -> tuple[int, int]:
        """From the first start of a run for the message to the last close."""
        runs = self.runs(message_id)
        assert runs and all(run.get("closeTime") for run in runs), f"{message_id}: {runs}"
        return (min(nanoseconds(run["startTime"]) for run in runs), max(nanoseconds(run["closeTime"]) for run in runs))

    def assert_one_run_each(self, messages: list[str]):
        """One run for each, which has completed, and none besides."""
        found = {message: self.run_statuses(message) for message in messages}
        assert found == {message: ["COMPLETED"] for message in messages}
        assert len(self.all_runs()) == len(messages)

    def assert_in_order(self, messages: list[str]):
        """No run of a message began before every run of the one before had closed."""
        spans = [self.span(message) for message in messages]
        for before, after in zip(spans, spans[1:]):
            assert before[1] <= after[0], spans

    def wait_done(self, url: str, messages: list[str], timeout: float = 40):
        """All have completed and the queue is empty."""
        self.wait_completed(messages, timeout)
        self.wait_empty(url, timeout)

    def ask_temporal(self, question, namespace: str = "default"):
        """What `async def question(client)` answers. The official SDK's client, for the HTTP API alters payloads."""
        async def ask():
            return await question(await Client.connect(self.temporal.address, namespace=namespace))
        return asyncio.run(ask())

    def payload(self, message_id: str) -> bytes:
        """The input's bytes as the workflow got them."""
        async def question(client):
            history = await client.get_workflow_handle(self.workflow_id(message_id)).fetch_history()
            payload, = history.events[0].workflow_execution_started_event_attributes.input.payloads
            return payload.data
        return self.ask_temporal(question)

    def memo(self, message_id: str) -> dict:
        async def question(client):
            return await (await client.get_workflow_handle(self.workflow_id(message_id)).describe()).memo()
        return self.ask_temporal(question)

    def go(self, message_id: str, signal: str = "go"):
        path = "workflows/" + urllib.parse.quote(self.workflow_id(message_id), safe="") + f"/signal/{signal}"
        self.temporal.request(path, {})

    # -- the scripted server's records --------------------------------------------------------------------------------

    def receive_counts(self, url: str) -> dict:
        return {message["id"]: message["receive_count"] for message in self.sqs.messages(url)}

    def deliveries(self, url: str, message_id: str) -> int:
        """How often the queue gave the message out, also where it is gone now."""
        return sum(entry.get("message") == message_id and "receive_count" in entry
                   for call in self.sqs.journal("ReceiveMessage", url) for entry in call["entries"])

    def visibilities(self, url: str, message_id: str) -> list[int]:
        """What was asked for and granted, in order."""
        return [entry["visibility"] for call in self.sqs.journal(queue=url) for entry in call["entries"]
                if entry.get("message") == message_id and "visibility" in entry]

    def letters(self, dead_url: str) -> list[dict]:
        """The dead letters with what is said about them: {"body", "about", "group", …}."""
        found = self.sqs.messages(dead_url)
        for letter in found:
            attribute = letter["attributes"].get("FerryDeadLetter")
            letter["about"] = json.loads(attribute["StringValue"]) if attribute else None
        return found

    def wait_letters(self, dead_url: str, count: int, timeout: float = 30) -> list[dict]:
        wait_until(lambda: len(self.sqs.messages(dead_url)) >= count, timeout, f"{count} dead letters", 0.1)
        return self.letters(dead_url)
