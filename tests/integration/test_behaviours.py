"""docs/behaviours.md is about tests that are there: its numbers, and the names in its last column."""

import re
from pathlib import Path

from ferrystack.process import ROOT

NUMBERS = range(1, 26)


def named_for(number: int) -> list[str]:
    here = Path(__file__).parent
    text = "".join(path.read_text() for path in here.glob("test_behaviours_*.py"))
    return re.findall(rf"^def (test_behaviour_{number:02}_\w+)\(", text, re.MULTILINE)


def test_each_of_the_25_behaviours_has_a_test_and_a_row():
    page = (ROOT / "docs" / "behaviours.md").read_text()
    rows = re.findall(r"^\| (\d+) \|.*\| `(test_behaviour_\d\d_)` \|$", page, re.MULTILINE)
    assert rows == [(str(number), f"test_behaviour_{number:02}_") for number in NUMBERS]
    assert [number for number in NUMBERS if not named_for(number)] == []


def test_the_files_that_the_page_names_are_there():
    names = re.findall(r"`(test_\w+\.py)`", (ROOT / "docs" / "behaviours.md").read_text())
    assert len(names) >= 8 and [name for name in names if not (Path(__file__).parent / name).is_file()] == []
