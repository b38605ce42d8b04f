"""make smoke-aws: the cases in which servers of SQS are known to differ, and Ferry from end to end, on the user's own
account. It makes queues of its own, removes them at the end whatever happens, and does nothing without
FERRY_SMOKE_AWS=yes.

FERRY_SMOKE_ENDPOINT names another server than AWS, FERRY_SMOKE_EXPECT the table of expectations.py to compare with.
"""

import concurrent.futures
import os
import re
import signal
import sys
import tempfile
import time
import traceback
import uuid
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from cases import CASES, Queue  # noqa: E402
from expectations import TABLES  # noqa: E402
from ferrystack.ferry import Ferry  # noqa: E402
from ferrystack.process import StackError, wait_until  # noqa: E402
from ferrystack.servers import TemporalServer  # noqa: E402

PARALLEL = 6
END_TO_END_MESSAGES = 6
WHAT_IT_DOES = f"""\
make smoke-aws runs against {{target}}, with the credentials and region that the AWS tools would use here ({{identity}}).
It creates {len(CASES) + 1} queues named ferry-smoke-*, standard and FIFO, sends about 80 messages (two of 1 MiB), makes about
400 requests, and deletes the queues at the end, also when it fails. It takes about two minutes. Price class: requests
only, far below one cent (SQS asks some $0.40 to $0.50 for a million requests, the first million of a month is free).
It needs sqs:CreateQueue, DeleteQueue, ListQueues, GetQueueAttributes, SendMessage, ReceiveMessage, DeleteMessage and
ChangeMessageVisibility on arn:aws:sqs:*:*:ferry-smoke-*.
"""


def connect():
    session = boto3.session.Session(region_name=os.environ.get("AWS_REGION"))  # of which boto3 knows nothing
    config = botocore.config.Config(max_pool_connections=PARALLEL + 4, retries={"mode": "standard", "max_attempts": 3})
    client = session.client("sqs", endpoint_url=os.environ.get("FERRY_SMOKE_ENDPOINT"), config=config)
    keys = session.get_credentials()
    return client, f"{session.region_name or 'no region'}, {keys.method if keys else 'no credentials'}"


class Queues:
    """Makes queues and removes every one of them."""

    def __init__(self, client):
        self.client, self.prefix, self.urls = client, f"ferry-smoke-{uuid.uuid4().hex[:10]}", []

    def create(self, name: str, fifo: bool) -> str:
        attributes = {"FifoQueue": "true"} if fifo else {}
        url = self.client.create_queue(QueueName=f"{self.prefix}-{name}"[:75] + (".fifo" if fifo else ""),
                                       Attributes=attributes)["QueueUrl"]
        self.urls.append(url)
        return url

    def remove(self) -> list[str]:
        """Returns those that could not be removed."""
        listed = set()
        try:
            listed = set(self.client.list_queues(QueueNamePrefix=self.prefix).get("QueueUrls", []))
        except botocore.exceptions.ClientError as error:
            print(f"the queues could not be listed ({error}): those that are known are removed")
        left = []
        for url in sorted(listed | set(self.urls)):
            try:
                self.client.delete_queue(QueueUrl=url)
            except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
                if "NonExistentQueue" not in str(error) and "does not exist" not in str(error):
                    left.append(f"{url}: {error}")
        return left


def run_case(client, url: str, function) -> str:
    try:
        return function(Queue(client, url))
    except Exception as error:  # a case that breaks is a result, and the queues have to go
        traceback.print_exc()
        return f"broke: {error}"


def run_cases(client, queues: Queues, table: dict) -> int:
    urls = {name: queues.create(str(i), fifo) for i, (name, (_, fifo)) in enumerate(CASES.items())}
    time.sleep(1)  # AWS: a queue can be used a second after it was made
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        running = {name: pool.submit(run_case, client, urls[name], function) for name, (function, _) in CASES.items()}
    different = 0
    for name, future in running.items():
        observed = future.result()
        is_same = re.fullmatch(table[name], observed) is not None
        different += not is_same
        print(f"{'ok    ' if is_same else 'DIFFERS'} {name}: {observed}" + ("" if is_same else f"; expected: {table[name]}"))
    return different


class Account:
    """Stands where the tests have their SQS server: the user's own environment."""

    def environment(self) -> dict:
        environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        if "FERRY_SMOKE_ENDPOINT" in os.environ:
            environment["AWS_ENDPOINT_URL_SQS"] = os.environ["FERRY_SMOKE_ENDPOINT"]
        return environment


def depth(client, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


def run_end_to_end(client, queues: Queues) -> int:
    """Poller, gateway and worker of this build, and a Temporal dev server on this machine."""
    url = queues.create("end-to-end", True)
    with tempfile.TemporaryDirectory(prefix="ferry-smoke-") as directory:
        try:
            temporal = TemporalServer(Path(directory)).start()
        except (StackError, OSError) as error:
            print(f"skipped end to end: no Temporal dev server can start here ({error})")
            return 0
        settings = {"queues": [{"url": url, "route": "hello-world", "visibility": "10s", "wait": "5s"}],
                    "hello": {"work_ms": 200}}
        ferry = Ferry(Path(directory), temporal, Account(), url, settings)
        try:
            ferry.start()
            ids = [Queue(client, url).send('{"message": "smoke"}', f"g{i % 2}")["MessageId"]
                   for i in range(END_TO_END_MESSAGES)]
            wait_until(lambda: all(temporal.status(f"hello-world-{i}") == "COMPLETED" for i in ids), 120, "the workflows", 0.5)
            wait_until(lambda: depth(client, url) == 0, 120, "the queue to be empty", 2)
            print(f"ok     end_to_end: {len(ids)} messages, {len(ids)} workflows completed, none left in the queue")
            return 0
        except (StackError, botocore.exceptions.ClientError) as error:
            print(f"DIFFERS end_to_end: {error}\n{ferry.poller.tail(20)}")
            return 1
        finally:
            ferry.stop()
            temporal.process.stop(10)


def main() -> int:
    target = os.environ.get("FERRY_SMOKE_ENDPOINT", "Amazon SQS")
    expect = os.environ.get("FERRY_SMOKE_EXPECT", "aws")
    try:
        client, identity = connect()
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        print(f"make smoke-aws: {error}")
        return 2
    print(WHAT_IT_DOES.format(target=target, identity=identity))
    if os.environ.get("FERRY_SMOKE_AWS") != "yes":
        print("Nothing was done. Set FERRY_SMOKE_AWS=yes to run it.")
        return 2
    if expect not in TABLES or set(TABLES[expect]) != set(CASES):
        print(f"FERRY_SMOKE_EXPECT: there is no complete table \"{expect}\"")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that `finally` is run
    queues = Queues(client)
    different = 0
    try:
        different = run_cases(client, queues, TABLES[expect]) + run_end_to_end(client, queues)
    finally:
        left = queues.remove()
        print("all queues were removed" if not left else "these queues are left, remove them:\n" + "\n".join(left))
    print(f"{len(CASES) + 1 - different} as expected, {different} not, compared with what {expect} is said to do")
    return 1 if different or left else 0


if __name__ == "__main__":
    sys.exit(main())
