"""What is shown while a sweep runs: the right counts, on a terminal as bars and elsewhere as lines."""

import logging
import re
import sys
from dataclasses import dataclass
from io import StringIO

import pytest
from rich.console import Console

from study.sweep.progress import Display, Lines
from tests.sweep.processes import on_a_terminal


@dataclass
class Clock:
    """Tells the time it is told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_bars_count_runs(clock: Clock) -> None:
    page = StringIO()
    display = Display(Console(file=page, force_terminal=True, width=120), clock)
    with display.live():
        display.expect(4)
        display.expect(6)
        for clock.now in (1.0, 2.0, 2.5):
            display.trained(5 / 3)  # a third of a stack of five
        display.written(3)
    assert re.search(r"training.* 5/10 runs, 2 runs/s", page.getvalue())
    assert re.search(r"writing.* 3/10 runs in the store", page.getvalue())


def test_a_bar_is_full_when_all_is_done(clock: Clock) -> None:
    """Though a stack's steps are sevenths of its runs, and the clock stands still."""
    page = StringIO()
    display = Display(Console(file=page, force_terminal=True, width=120), clock)
    with display.live():
        display.expect(10)
        for _ in range(7):
            display.trained(10 / 7)
    assert " 10/10 runs, " in page.getvalue()


def test_a_thousand_updates_are_not_a_thousand_drawings(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    display = Display(Console(file=StringIO(), force_terminal=True), clock)
    display.expect(2)
    drawn = []
    monkeypatch.setattr("rich.progress.Progress.update", lambda *_, completed, **__: drawn.append(completed))
    for step in range(1000):
        clock.now = (step + 1) / 1000
        display.trained(0.001)
    assert len(drawn) == 4  # in one second
    assert drawn[-1] > 0.8


def test_elsewhere_there_is_one_line_per_stack_and_no_bar(clock: Clock) -> None:
    page = StringIO()
    display = Display(Console(file=page, force_terminal=False, width=40), clock)
    with display.live():
        display.expect(5)
        display.trained(5.0)
        display.written(2)
        display.finished("52 settings", ["ok"] * 2)
        display.written(3)
        display.finished(
            "sgd lr=100 and a label that is much longer than the page is wide", ["ok", "ok", "diverged"]
        )
    assert page.getvalue().splitlines() == [
        "52 settings: 2 runs, 0 diverged (2/5, 0 s left)",
        "sgd lr=100 and a label that is much longer than the page is wide: 3 runs, 1 diverged (5/5, 0 s left)",
    ]


def test_time_left_is_what_the_rest_would_take(clock: Clock) -> None:
    page = StringIO()
    display = Display(Console(file=page, force_terminal=False), clock)
    clock.now = 100.0  # composing and checking do not count
    display.expect(8)
    clock.now = 110.0
    display.written(2)
    display.finished("adam", ["ok", "no_progress"])
    assert page.getvalue() == "adam: 2 runs, 0 diverged, 1 without progress (2/8, 30 s left)\n"


def test_a_process_of_a_launcher_says_a_line_when_it_is_done(caplog: pytest.LogCaptureFixture) -> None:
    lines = Lines()
    with caplog.at_level(logging.INFO, logger="study.sweep.progress"):
        lines.expect(2)
        lines.trained(2.0)
        lines.written(2)
        lines.finished("adam", ["ok", "diverged"])
    assert caplog.messages == ["adam: 2 runs trained, 1 diverged"]


def test_both_bars_are_drawn_on_a_real_terminal() -> None:
    code = (
        "from rich.console import Console\n"
        "from study.sweep.progress import Display\n"
        "display = Display(Console(stderr=True))\n"
        "with display.live():\n"
        "    display.expect(4)\n"
        "    display.trained(4.0)\n"
        "    display.written(4)\n"
        "    display.finished('adam', ['ok'] * 4)\n"
    )
    shown, status = on_a_terminal([sys.executable, "-c", code], {"COLUMNS": "120"})
    assert status == 0
    assert "training" in shown
    assert "writing" in shown
    assert "4/4 runs, " in shown
    assert "4/4 runs in the store" in shown
    assert "adam: 4 runs" not in shown  # that is for where there is no terminal
