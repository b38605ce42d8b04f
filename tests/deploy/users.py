"""Users of the gateway, who do what docs/upgrading.md asks of them: curl with its retries and an Idempotency-Key, and a
program that keeps its connection open. Whatever they meet beyond what is named there is an error."""

import http.client
import json
import subprocess
import threading
import time
import urllib.request

# As docs/upgrading.md has it.
RETRIES = ["--retry", "20", "--retry-all-errors", "--retry-max-time", "60"]


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read()


class User(threading.Thread):
    """Asks for one workflow after the other, each with a key of its own."""

    def __init__(self, address: str, name: str):
        super().__init__()
        self.address, self.prefix = address, name
        self.asked, self.errors, self.retries = [], [], {}
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(0.05) and not self.errors:
            key = f"{self.prefix}-{len(self.asked)}"
            self.asked.append(key)
            try:
                self.ask(key)
            except Exception as error:  # noqa: BLE001  told by the test
                self.errors.append(f"{key}: {error!r}")

    def ask(self, key: str):
        raise NotImplementedError

    def stop(self):
        self.is_over.set()
        self.join(90)

    def _note(self, what: str):
        self.retries[what] = self.retries.get(what, 0) + 1


def message(key: str) -> str:
    return json.dumps({"MessageId": key, "Body": json.dumps({"message": "from a user"})})


class CurlUser(User):
    """A new curl for each event: it retries by itself."""

    def ask(self, key: str):
        run = subprocess.run(["curl", "--no-progress-meter", *RETRIES, "-w", "\n%{http_code}", "-H", "Content-Type: application/json",
                              "-H", f"Idempotency-Key: {key}", "-d", message(key),
                              f"http://{self.address}/v1/routes/curl/events"], capture_output=True, text=True, timeout=90)
        body, _, status = run.stdout.rpartition("\n")
        for line in run.stderr.splitlines():
            if "Will retry" in line:
                self._note(line.partition("Problem")[2].partition(". Will")[0].strip(" :()"))
        if run.returncode != 0 or status not in ("200", "201"):
            self.errors.append(f"{key}: curl {run.returncode}, {status}: {body} {run.stderr}")


class PersistentUser(User):
    """One connection for as long as it lasts: starts a workflow, then waits for its result."""

    def __init__(self, address: str, name: str, task_queue: str):
        super().__init__(address, name)
        self.task_queue, self.connection = task_queue, None

    def ask(self, key: str):
        body = json.dumps({"workflowId": key, "workflowType": "helloWorld", "taskQueue": self.task_queue,
                           "input": json.loads(message(key))})
        status, answer = self._request("POST", "/v1/workflows", body, {"Content-Type": "application/json", "Idempotency-Key": key})
        if status not in (200, 201):
            raise ValueError(f"{status}: {answer}")
        while status != 200 or "result" not in answer:
            status, answer = self._request("GET", f"/v1/workflows/{key}/result?wait=10s")
            if status not in (200, 202):
                raise ValueError(f"{status}: {answer}")
        if answer["result"] != "finished!":
            raise ValueError(f"an unexpected result: {answer}")

    def _request(self, method: str, path: str, body: str | None = None, headers: dict | None = None) -> tuple[int, dict]:
        deadline = time.monotonic() + 60
        while True:
            try:
                status, answer, retry_after = self._try(method, path, body, headers or {})
                if status != 503 or retry_after is None:
                    return status, json.loads(answer)
                self._note("503 with Retry-After")
                self.is_over.wait(float(retry_after))
            except (ConnectionError, http.client.BadStatusLine) as error:
                self.connection = None
                self._note(type(error).__name__)
                self.is_over.wait(0.1)
            if time.monotonic() > deadline:
                raise TimeoutError("60 s of retries")

    def _try(self, method: str, path: str, body: str | None, headers: dict):
        if self.connection is None:
            host, port = self.address.split(":")
            self.connection = http.client.HTTPConnection(host, int(port), timeout=30)
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.will_close:
            self.connection.close()
            self.connection = None
        return response.status, answer, response.headers.get("Retry-After")
