"""The benches of poller and gateway do what they say, with few messages: counts, no times."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import delivery  # noqa: E402
import gateway  # noqa: E402
import in_flight  # noqa: E402

MESSAGES = 120


@pytest.mark.parametrize("scenario", ["standard-start", "fifo-50ms"])
def test_each_message_becomes_one_run_and_is_deleted_once(scenario):
    arguments = delivery.parser().parse_args(
        ["--messages", str(MESSAGES), "--groups", "10", "--no-yardstick", "--timeout", "60"])
    result = delivery.measure(arguments, scenario)
    assert result["defects"] == []
    assert result["sqs_calls_per_message"]["ReceiveMessage"] * MESSAGES >= MESSAGES / 10
    assert scenario in delivery.table(result)


def test_messages_under_way_are_held_and_waited_for():
    arguments = in_flight.parser().parse_args(["--messages", str(MESSAGES), "--rest", "0", "--timeout", "60"])
    result = in_flight.measure(arguments, "callbacks for all")
    assert result["messages"] == MESSAGES and result["long_polls"] == 0
    assert "poller" in in_flight.table(result)


def test_starts_through_the_gateway_are_counted():
    """The peers in Go and Node.js are for `make bench-gateway`: building them takes longer than this test may."""
    assert gateway.missing([]) == [], "`tools/setup lint` installs it"
    arguments = gateway.parser().parse_args(
        ["--peers", "--rounds", "1", "--seconds", "1", "--warm-up", "1", "--connections", "4"])
    result = gateway.measure(arguments)
    assert [row["gateway"] for row in result["rows"]] == ["Ferry", "Ferry, through a route"]
    for row in result["rows"]:
        assert row["defects"] == [] and row["starts"] > 0 and row["cpu_ms"] > 0
    assert gateway.table(result).count("| Ferry") == 2
