"""make smoke-aws, against the tests' own SQS server: it does what it says, and nothing is left behind."""

import os
import subprocess
import sys

from ferrystack.process import ROOT


def run(sqs, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FERRY_SMOKE"))}
    result = subprocess.run([sys.executable, ROOT / "tests" / "smoke_aws" / "smoke.py"], capture_output=True, text=True,
                            timeout=300, env={**clean, **sqs.environment(), "FERRY_SMOKE_ENDPOINT": sqs.endpoint, **environment})
    return result.returncode, result.stdout + result.stderr


def smoke_queues(sqs):
    return sqs.client.list_queues(QueueNamePrefix="ferry-smoke-").get("QueueUrls", [])


def test_without_consent_it_only_says_what_it_would_do(sqs):
    code, text = run(sqs)
    assert code == 2
    assert "FERRY_SMOKE_AWS=yes" in text and "Price class" in text and "deletes the queues" in text
    assert smoke_queues(sqs) == []


def test_every_case_is_as_this_server_is_known_to_do_it(sqs):
    code, text = run(sqs, FERRY_SMOKE_AWS="yes", FERRY_SMOKE_EXPECT="ministack")
    assert code == 0, text
    assert "end_to_end: 6 messages, 6 workflows completed" in text
    assert "all queues were removed" in text and smoke_queues(sqs) == []


def test_a_difference_is_told_and_the_queues_go_all_the_same(sqs):
    code, text = run(sqs, FERRY_SMOKE_AWS="yes", FERRY_SMOKE_EXPECT="aws")
    assert code == 1, text
    assert "DIFFERS fifo_delete_after_the_lease: accepted; expected: refused" in text
    assert "all queues were removed" in text and smoke_queues(sqs) == []
