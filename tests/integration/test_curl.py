"""docs/curl.md is run as it stands: every line in bash with curl, before a real Temporal server, with the page's own
worker and configuration; what comes out must be what the page shows.

How the page is read: a block `sh` is pasted into one bash that lives for the whole page, and the block `text` behind it
is what it must print (no such block: nothing). Blocks `yaml` and `python` are files, named in their first line. Behind
`<!-- until TEXT -->` a block is repeated until it prints what the page shows (with UPDATE: until the text is there):
Temporal's lists, for one, follow some time after what happens.

What differs each time has a stable stand-in on the page, by its shape (see Stable): a UUID becomes one that is made of
its number on the page, so that the same run is the same text everywhere; UUIDs that the page's own commands hold stay.

    UPDATE=1 pytest tests/integration/test_curl.py      writes what comes out into the page
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from pathlib import Path

import pytest

from ferrystack.ferry import programs
from ferrystack.process import ROOT, free_port
from ferrystack.servers import TemporalServer

PAGE = ROOT / "docs" / "curl.md"
UPDATES = bool(os.environ.get("UPDATE"))
BLOCK = re.compile(r"^(?:<!-- until ([^\n]*) -->\n)?```(sh|yaml|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.S | re.M)
PORTS = (7233, 8080, 8081, 8090, 8443)
BLOCK_SECONDS = 90
CURL_SECONDS = 45
UNTIL_SECONDS = 60

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SHAPES = [
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "2026-01-02T03:04:05Z"),
    (r"(?m)^Date: .*$", "Date: Fri, 02 Jan 2026 03:04:05 GMT"),
    (r'("taskId": ?")\d+', r"\g<1>1048577"),
    (r'("nextPageToken": ?")[^"]+', r"\g<1>PAGE-TOKEN"),
    (r"(?m)^Retry-After: \d+$", "Retry-After: 3600"),
    (r'("unversioned:)[0-9a-f]{32}', r"\g<1>BUILD-ID"),
]


class Stable:
    """Gives what differs each time its stand-in."""

    def __init__(self, page: str, ports: dict):
        commands = "".join(block.group(3) for block in BLOCK.finditer(page))
        self.kept, self.known, self.ports = set(re.findall(UUID, commands)), {}, ports

    def __call__(self, text: str) -> str:
        for number, real in self.ports.items():
            text = re.sub(rf"\b{real}\b", str(number), text)
        for shape, stand_in in SHAPES:
            text = re.sub(shape, stand_in, text)
        return re.sub(UUID, lambda found: self._uuid(found.group()), text)

    def _uuid(self, found: str) -> str:
        if found in self.kept:
            return found
        number = self.known.setdefault(found, len(self.known) + 1)
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"docs/curl.md#{number}"))


class Shell:
    """One bash for the whole page; what it starts ends with it."""

    def __init__(self, directory: Path):
        (directory / ".curlrc").write_text(f"max-time = {CURL_SECONDS}\n")  # a request without an answer is shown as such
        path = os.pathsep.join([str(programs()), str(Path(sys.executable).parent), os.environ["PATH"]])
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("FERRY_", "TEMPORAL_"))}
        self.bash = subprocess.Popen(["bash", "--norc"], cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                     env={**clean, "PATH": path, "LC_ALL": "C.UTF-8", "CURL_HOME": str(directory)})

    def run(self, commands: str) -> str:
        mark = f"--{uuid.uuid4().hex}--"
        watch = threading.Timer(BLOCK_SECONDS, self.end)
        watch.start()
        self.bash.stdin.write(f"{commands}\nprintf '\\n{mark}\\n'\n")
        self.bash.stdin.flush()
        lines = []
        for line in self.bash.stdout:
            if line == f"{mark}\n":
                break
            lines.append(line)
        watch.cancel()
        assert self.bash.poll() is None, f"no end within {BLOCK_SECONDS} s: {commands}\n{''.join(lines)}"
        text = "".join(lines).replace("\r", "").rstrip("\n")
        return re.sub(r"[ \t]+$", "", text, flags=re.M) + "\n" if text else ""

    def end(self):
        try:
            os.killpg(self.bash.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.bash.wait()


class Walk:
    """The page, once from top to bottom."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.temporal = TemporalServer(directory).start()  # its own: the page lists and counts all workflows
        self.ports = {number: free_port() for number in PORTS}
        self.ports[7233] = self.temporal.port
        self.page = PAGE.read_text()
        self.stable = Stable(self.page, self.ports)
        self.shell = Shell(directory)
        self.answers = []  # (commands, what the page shows, what came)
        self.document = None

    def real(self, text: str) -> str:
        for number, real in self.ports.items():
            text = re.sub(rf":{number}\b", f":{real}", text)
        return text

    def run(self):
        for block in BLOCK.finditer(self.page):
            until, kind, text, shown = block.groups()
            if kind != "sh":
                (self.directory / re.match(r"# (\S+)", text).group(1)).write_text(self.real(text))
                continue
            if "kill $(jobs -p)" in text:
                self._ask_document()
            self.answers.append((text, shown or "", self._run(text, shown or "", until)))

    def _run(self, text: str, shown: str, until: str | None) -> str:
        deadline = time.monotonic() + UNTIL_SECONDS
        while True:
            known = dict(self.stable.known)
            came = self.stable(self.shell.run(self.real(text)))
            if until is None or (until in came if UPDATES else came == shown) or time.monotonic() > deadline:
                return came
            self.stable.known = known
            time.sleep(0.2)

    def _ask_document(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[8080]}/openapi.json") as answer:
            self.document = json.load(answer)

    def write(self):
        answers = iter(self.answers)

        def replaced(block):
            until, kind, text, _ = block.groups()
            came = next(answers)[2] if kind == "sh" else ""
            return (f"<!-- until {until} -->\n" if until else "") + f"```{kind}\n{text}```\n" + (f"\n```text\n{came}```\n" if came else "")
        PAGE.write_text(BLOCK.sub(replaced, self.page))

    def end(self):
        self.shell.end()
        self.temporal.process.stop(10)


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    walk = Walk(tmp_path_factory.mktemp("curl"))
    try:
        walk.run()
        if UPDATES:
            walk.write()
        yield walk
    finally:
        walk.end()


def requests_of(page: str):
    """(method, path) of each curl on the page."""
    for block in BLOCK.finditer(page):
        if block.group(2) != "sh":
            continue
        commands = re.sub(r"\$\([^()]*\)", "WORD", block.group(3).replace("run=$(", ""))
        for command in re.split(r"\n(?=curl )|(?<=\| )", f"\n{commands}"):
            if not command.strip().startswith("curl "):
                continue
            words = shlex.split(command.split(" | ")[0])
            url = next(word for word in words if "localhost:" in word)
            method = "HEAD" if "-I" in words else "POST" if "-d" in words else "GET"
            yield words[words.index("-X") + 1] if "-X" in words else method, re.sub(r".*localhost:\d+|\?.*", "", url)


def matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path) is not None


def test_every_line_of_the_page_answers_what_the_page_shows(walk):
    for commands, shown, came in walk.answers:
        assert UPDATES or came == shown, f"{commands}\n-- the page:\n{shown}\n-- now:\n{came}"


def test_every_endpoint_of_the_gateway_has_a_line_on_the_page(walk):
    requests = set(requests_of(PAGE.read_text()))
    paths = walk.document["paths"]
    general = {path for path in paths if not any(other != path and matches(other, path) for other in paths)}
    routes = [(method.upper(), path) for path in general for method in paths[path]
              if method in ("get", "post", "put", "delete", "patch")]
    missing = [route for route in routes
               if not any(method == route[0] and matches(route[1], path) for method, path in requests)]
    assert len(routes) > 30 and not missing, missing
    assert {"OPTIONS", "HEAD"} <= {method for method, _ in requests}


def test_every_program_of_the_page_ended_well(walk):
    for log in ("gateway.log", "guarded.log", "secure.log"):
        text = (walk.directory / log).read_text()
        assert "Sanitizer" not in text and "runtime error" not in text, text
        assert json.loads(text.splitlines()[-1])["msg"] == "stopped", text
