"""`make bench-footprint` does what it says, with few messages: numbers that are there, none that is judged."""

import sys
from pathlib import Path

import pytest

from ferrystack.process import ROOT

sys.path.insert(0, str(ROOT / "bench"))

import footprint  # noqa: E402


def test_the_table_has_every_number(images, monkeypatch):
    arguments = footprint.parser().parse_args(["--messages", "20", "--starts", "1", "--rest", "0", "--images", str(images)])
    monkeypatch.setenv("FERRY_PROGRAMS", "")  # set by measure; put back afterwards
    result = footprint.measure(arguments)
    assert result["messages_per_second"] > 0 and result["load_before"] >= 0
    for name in footprint.SERVICES:
        one = result["services"][name]
        assert set(one) == {key for _, key, _ in footprint.ROWS} and all(value > 0 for value in one.values())
        assert one["program_mb"] < one["image_mb"]
        assert one["pss_mb_at_rest"] < one["rss_mb_at_rest"]
    lines = footprint.table(result).splitlines()
    assert lines[0] == "| | poller | gateway | worker |" and len([line for line in lines if line.startswith("|")]) == 10


def test_files_are_counted_once_and_links_not_followed(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 1000)
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "c").write_bytes(b"x" * 500)
    assert footprint.files_mb(tmp_path) == pytest.approx((1500 + len("a")) / 1e6)
    assert footprint.files_mb(Path(tmp_path) / "folder") == pytest.approx(500 / 1e6)
