"""The page that the full runs write: whole, clean, and each run's part without touching the other's."""

import pytest

import chaos_report
import crash_report
from chaos import Outcome, Plan
from crash_cells import all_cells
from delivery_figures import Figures

PLAN = Plan(messages=10, groups=2, seconds_max=1, per_second=1, seed=1)


@pytest.fixture
def page(tmp_path, monkeypatch):
    path = tmp_path / "crash-matrix.md"
    monkeypatch.setattr(chaos_report, "PAGE", path)
    monkeypatch.setattr(crash_report, "PAGE", path)
    monkeypatch.setattr(crash_report, "versions", lambda: "ferry of a test")
    return path


def clean_figures():
    return {cell: Figures(messages=6, completed=6) for cell in all_cells()}


def test_every_cell_has_its_line(page):
    crash_report.write(clean_figures())
    lines = [line for line in page.read_text().splitlines() if "| 6/6 |" in line]
    assert len(lines) == len(all_cells())


def test_what_is_not_whole_or_not_clean_is_not_written(page):
    cell = all_cells()[0]
    crash_report.write({other: its for other, its in clean_figures().items() if other != cell})
    crash_report.write({**clean_figures(), cell: Figures(messages=6, completed=5, lost=1)})
    crash_report.write({**clean_figures(), cell: Figures(messages=6, completed=6, other_runs=1)})
    assert not page.exists()


def test_the_matrix_keeps_the_long_runs_and_a_long_run_replaces_its_own_section_alone(page):
    standard = Plan(**{**vars(PLAN), "is_fifo": False})
    crash_report.write(clean_figures())
    chaos_report.publish(PLAN, Outcome(Figures(messages=10, completed=10)))
    chaos_report.publish(standard, Outcome(Figures(messages=11, completed=11)))
    chaos_report.publish(PLAN, Outcome(Figures(messages=12, completed=12)))
    crash_report.write(clean_figures())
    text = page.read_text()
    assert text.count("## Long run, FIFO queue") == text.count("## Long run, standard queue") == 1
    assert "12/12" in text and "11/11" in text and "10/10" not in text
    assert text.count("# Crash matrix\n") == 1
    assert text.index("## Long run") > text.index("FIFO queue, `ack: worker`")
