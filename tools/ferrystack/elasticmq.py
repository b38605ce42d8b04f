"""ElasticMQ, a second SQS server, with its messages in a database on disk: it comes back from a kill with everything.

It differs from AWS: no signatures are checked, the head of a group is given out while others of it are in flight,
expired handles still work, and a second delete fails.
"""

import subprocess
from pathlib import Path

from .process import ROOT, Process, StackError, wait_until
from .servers import QueueServer

# A commit is on disk before it is answered (H2 would take half a second), so that a kill loses nothing.
_CONFIGURATION = """include classpath("application.conf")
pekko.loglevel = "WARNING"
node-address {{ protocol = http, host = "127.0.0.1", port = {port}, context-path = "" }}
rest-sqs {{ enabled = true, bind-port = {port}, bind-hostname = "127.0.0.1", sqs-limits = strict }}
rest-stats {{ enabled = false }}
generate-node-address = false
queues {{}}
messages-storage {{
  enabled = true
  driver-class = "org.h2.Driver"
  uri = "jdbc:h2:{directory}/elasticmq;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE"
  username = "sa"
  password = ""
  prune-data-on-init = false
}}
aws {{ region = {region}, accountId = 000000000000 }}
"""


class ElasticMq(QueueServer):
    def __init__(self, directory: Path, port: int | None = None, database: bool = True):
        super().__init__(port)
        self.access_key, self.secret_key = "ferry", "not-checked"
        self.directory = Path(directory)
        text = _CONFIGURATION.format(port=self.port, directory=self.directory.resolve(), region=self.REGION)
        if not database:
            text = text.replace("messages-storage {\n  enabled = true", "messages-storage {\n  enabled = false")
        self.configuration_path = self.directory / "elasticmq.conf"
        self.configuration_path.write_text(text)
        self.process = None
        self._names = set()

    def create_queue(self, name: str, **attributes) -> str:
        url = super().create_queue(name, **attributes)
        self._names.add(name)
        return url

    def start(self):
        if self.process is None:
            fetched = subprocess.run([ROOT / "tools" / "fetch-elasticmq"], capture_output=True, text=True, check=False)
            if fetched.returncode != 0:
                raise StackError(fetched.stderr)
            # Few threads and little memory: it is one of many processes on a test machine.
            self.process = Process("elasticmq", [
                "java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                f"-Dconfig.file={self.configuration_path}", "-cp", fetched.stdout.strip() + "/*",
                "org.elasticmq.server.Main"], self.directory)
        self.process.start()
        self._wait_until_up("/health", "ElasticMQ", timeout=90)
        if self.client is None:
            self.client = self._connect("sqs", self.access_key, self.secret_key)
        # After a restart it serves before it has read its queues back.
        wait_until(lambda: self._names <= self._listed(), 30, "ElasticMQ's queues")
        return self

    def _listed(self) -> set:
        return {url.rsplit("/", 1)[-1] for url in self.client.list_queues().get("QueueUrls", [])}
