"""Readers of server-sent events: one connection, and a client as browsers are (WHATWG HTML, section 9.2)."""

import http.client
import json
import urllib.parse
from dataclasses import dataclass

EVENT_STREAM = "text/event-stream"


@dataclass
class Event:
    id: str
    name: str
    data: str

    @property
    def json(self):
        return json.loads(self.data)


class Stream:
    """One GET; iterating gives events until the answer ends."""

    def __init__(self, url: str, last_event_id: str | None = None, headers: dict | None = None, method: str = "GET",
                 timeout: float = 60, context=None):
        parts = urllib.parse.urlsplit(url)
        if context is None:
            self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        else:
            self.connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
        sent = {"Accept": EVENT_STREAM, **({"Last-Event-ID": last_event_id} if last_event_id else {}), **(headers or {})}
        self.connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), headers=sent)
        self.response = self.connection.getresponse()
        self.status, self.headers = self.response.status, self.response.headers
        self.last_id, self.comments = last_event_id or "", 0

    def __iter__(self):
        name, data = "message", []
        while True:
            line = self.response.readline()  # a body that breaks off raises
            if not line:
                return
            line = line.rstrip(b"\n").decode()
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line == "":
                if data:
                    yield Event(self.last_id, name, "\n".join(data))
                name, data = "message", []
            elif field == "":
                self.comments += 1
            elif field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class EventSource:
    """Comes again with the last id whenever the stream ends, until it is told not to (204) or is refused."""

    def __init__(self, url: str):
        self.url, self.last_id, self.requests = url, None, 0

    def __iter__(self):
        while True:
            try:
                stream = Stream(self.url, self.last_id)
            except (ConnectionError, http.client.HTTPException):
                continue
            self.requests += 1
            with stream:
                if stream.status == 503:  # it drains
                    continue
                if stream.status != 200:
                    assert stream.status == 204, stream.response.read()
                    return
                try:
                    for event in stream:
                        self.last_id = event.id
                        yield event
                except (ConnectionError, http.client.HTTPException):
                    pass
