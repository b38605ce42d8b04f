"""The counting itself: each of the figures sees what it is there for."""

import pytest

from delivery_figures import Figures, Run, count_logs, count_order, count_runs, nanoseconds

SENT = [("a", "1"), ("b", "2"), ("a", "3")]


def completed(message, started=0, closed=1, run_id=""):
    return Run(message, run_id or f"run-{message}-{started}", "COMPLETED", started, closed)


def ordered(runs, deleted_at=None):
    figures = Figures()
    count_order(figures, SENT, runs, (deleted_at or {}).get, {})
    return figures.disordered, figures.early


def test_times_keep_their_nanoseconds():
    assert nanoseconds("1970-01-01T00:00:01.000000001Z") == 1_000_000_001
    assert nanoseconds("1970-01-01T00:01:00Z") == 60_000_000_000
    with pytest.raises(ValueError):
        nanoseconds("1970-01-01T00:00:01+02:00")


def test_one_completed_run_each_is_clean():
    figures = count_runs(SENT, [completed(message) for _, message in SENT])
    assert figures.is_clean and (figures.completed, figures.other_runs) == (3, 0)


def test_a_message_without_a_completed_run_is_lost():
    figures = count_runs(SENT, [completed("1"), completed("2"), Run("3", "r", "RUNNING", 0, None)])
    assert (figures.lost, figures.other_runs, figures.is_clean) == (1, 1, False)


def test_a_second_completed_run_is_repeated_also_that_of_a_message_that_nobody_sent():
    runs = [completed(message) for _, message in SENT]
    assert count_runs(SENT, [*runs, completed("2", 5, 6)]).repeated == 1
    assert count_runs(SENT, [*runs, completed("4")]).repeated == 1


def test_a_run_after_the_close_of_the_one_before_is_in_order():
    assert ordered([completed("1", 0, 10), completed("2", 0, 90), completed("3", 10, 20)]) == (0, 0)


def test_a_run_before_the_close_of_the_one_before_is_disordered():
    assert ordered([completed("1", 0, 10), completed("2"), completed("3", 9, 20)]) == (1, 0)
    assert ordered([Run("1", "r", "RUNNING", 0, None), completed("3", 9, 20)]) == (1, 0)


def test_every_attempt_of_the_message_before_has_to_have_closed():
    failed = Run("1", "first", "FAILED", 0, 2)
    assert ordered([failed, completed("1", 5, 8), completed("3", 4, 20)]) == (1, 0)
    assert ordered([failed, completed("1", 5, 8), completed("3", 8, 20)]) == (0, 0)


def test_a_start_after_the_delete_and_before_the_close_is_counted_apart():
    runs = [completed("1", 0, 10), completed("3", 7, 20)]
    assert ordered(runs, {"1": 6}) == (0, 1)
    assert ordered(runs, {"1": 8}) == (1, 0)


def test_an_attempt_at_the_activity_before_after_an_early_start_is_overlapped():
    figures, runs = Figures(), [completed("1", 0, 10), completed("3", 7, 20)]
    count_order(figures, SENT, runs, {"1": 6}.get, {"1": [1, 5]})
    assert (figures.early, figures.overlapped) == (1, 0)
    count_order(figures, SENT, runs, {"1": 6}.get, {"1": [1, 8]})
    assert (figures.early, figures.overlapped) == (2, 1)


def test_redeliveries_second_starts_and_late_effects_are_seen_in_the_logs():
    poller = [{"msg": "message received", "message_id": "1", "receive_count": 1},
              {"msg": "message received again", "message_id": "1", "receive_count": 3},
              {"msg": "message received", "message_id": "2", "receive_count": 1},
              {"msg": "workflow started", "outcome": "started", "message_id": "1"},
              {"msg": "workflow started", "outcome": "attached", "message_id": "1"},
              {"msg": "workflow started", "outcome": "started", "message_id": "1"}]

    def line(second, msg, attempt):
        time = f"2026-01-01T00:00:0{second}Z"
        return {"time": time, "msg": msg, "attempt": attempt, "run_id": "r", "activity_id": "5"}
    worker = [line(1, "helloWorldActivity started", 1), line(2, "helloWorldActivity request", 1),
              line(3, "helloWorldActivity started", 2), line(4, "message deleted", 1), line(5, "message deleted", 2)]
    figures = Figures()
    count_logs(figures, poller, worker)
    assert (figures.redeliveries, figures.most_receives, figures.started_again, figures.late_effects) == (2, 3, 1, 1)
