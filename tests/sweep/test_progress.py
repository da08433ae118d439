"""What is shown while a sweep runs: the right counts, on a terminal as bars and elsewhere as lines."""

import logging
import math
import re
import sys
from dataclasses import dataclass
from io import StringIO

import pytest
from rich.console import Console

from study.job import Job
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


@pytest.mark.parametrize(
    ("width", "tails"),
    [
        (200, ["30/1,040 runs, 5 runs/s", "20/1,040 runs in the store"]),
        (80, ["30/1,040 runs, 5 runs/s", "20/1,040 runs in the store"]),
        (40, ["30/1,040 runs", "20/1,040 runs"]),
        (30, ["30/1,040", "20/1,040"]),
    ],
)
def test_a_narrow_screen_lacks_the_speed_and_never_bars_nor_the_time_left(
    width: int, tails: list[str], clock: Clock
) -> None:
    display = Display(Console(file=StringIO(), force_terminal=True, width=width), clock)
    display.expect(1040)
    clock.now = 6.0
    display.trained(30.0)
    display.writing(20)
    display.written(20)
    training, writing, left = _screen(display, width)
    for line, name, tail in zip((training, writing), ("training", "writing"), tails, strict=True):
        assert line.startswith(name)
        assert line.endswith(tail)
        assert line.count("━") >= 8
        assert len(line) <= width
    assert re.fullmatch(r"\d:\d\d left", left)


def test_bars_count_whole_runs(clock: Clock) -> None:
    """Though a stack's steps are sevenths of its runs, and the clock stands still."""
    display = _display(clock)
    display.expect(4)
    display.expect(6)
    for _ in range(7):
        display.trained(10 / 7)
    assert " 10/10 runs, " in _screen(display)[0]


def test_time_left_is_told_before_the_first_stack_is_written(clock: Clock) -> None:
    """A run's writing is taken to last a quarter of its training then; between two steps the time goes on."""
    display = _display(clock)
    display.expect(100)
    assert display.left() is None
    assert _screen(display)[2] == "0:00 so far"
    clock.now = 10.0
    display.trained(50.0)  # 0.2 s each: 10 s more, and 5 s of writing
    assert display.left() == pytest.approx(15.0)
    assert _screen(display)[2] == "0:15 left"
    clock.now = 12.0
    assert display.left() == pytest.approx(13.0)
    clock.now = 60.0
    assert display.left() == 1.0  # it is not done


@pytest.mark.parametrize(
    ("each", "left"),
    [
        (0.1, 8 * 1.0 + 0.2),  # two runs of a stack: the rest is written beside the training
        (3.0, 8 * 3.0),  # the store is slower than the trainer
    ],
)
def test_time_left_is_that_of_the_slower_one(each: float, left: float, clock: Clock) -> None:
    display = _display(clock)
    display.expect(10)
    clock.now = 2.0
    display.trained(2.0)
    display.writing(2)
    clock.now += 2 * each
    display.written(2)
    display.finished("adam", ["ok", "ok"])
    clock.now = 2.0
    display.trained(0.0)
    assert display.left() == pytest.approx(left)


def test_the_best_setting_of_each_optimizer_is_told_as_far_as_there_is_room(clock: Clock) -> None:
    display = _display(clock)
    display.ended([(_job("sgd", 0.1), 0.5), (_job("adam", 0.1), 0.9), (_job("adam", 0.2), 0.3)])
    display.ended([(_job("adam", 0.2), 0.1), (_job("nag", 0.1), math.inf), (_job("adam", 0.2), 7.0)])
    assert _screen(display)[3:] == ["best so far: adam 0.3  sgd 0.5  nag inf"]
    assert _screen(display, 34)[3:] == ["best so far: adam 0.3  sgd 0.5"]
    assert _screen(display, 20)[3:] == []


def test_nobody_is_best_across_problems(clock: Clock) -> None:
    display = _display(clock)
    display.ended([(_job("sgd", 0.1), 0.5), (_job("adam", 0.1, problem="beale"), 0.9)])
    assert _screen(display)[3:] == []


def test_a_long_stack_says_every_minute_where_it_is(clock: Clock) -> None:
    page = StringIO()
    display = Display(Console(file=page, force_terminal=False), clock)
    display.expect(10)
    for second in range(1, 151):
        clock.now = float(second)
        display.trained(0.05)
    assert page.getvalue().splitlines() == [
        "trained 3/10 runs (189 s left)",  # at 61 s: 6.95 more of 20 s each, and 5 s of writing for all
        "trained 6/10 runs (128 s left)",
    ]


def test_what_is_at_work_is_told_where_nothing_moves(clock: Clock) -> None:
    display = _display(clock)
    display.expect(10)
    display.begun("mine lr=0.1")
    clock.now = 20.0
    display.trained(1.0)
    clock.now = 49.0
    assert display.still() is None
    clock.now = 51.0
    assert _screen(display)[2].startswith("nothing has moved for 0:31; at work: mine lr=0.1")
    display.trained(9.0)
    display.written(10)
    clock.now = 200.0
    assert display.still() is None  # all is done


def test_elsewhere_there_is_one_line_per_stack_and_no_bar(clock: Clock) -> None:
    page = StringIO()
    display = Display(Console(file=page, force_terminal=False, width=40), clock)
    with display.live():
        display.expect(5)
        display.trained(5.0)
        display.writing(2)
        display.written(2)
        display.finished("52 settings", ["ok"] * 2)
        display.writing(3)
        display.written(3)
        display.finished(
            "sgd lr=100 and a label that is much longer than the page is wide", ["ok", "ok", "diverged"]
        )
    assert page.getvalue().splitlines() == [
        "52 settings: 2 runs, 0 diverged (2/5, 1 s left)",
        "sgd lr=100 and a label that is much longer than the page is wide: 3 runs, 1 diverged (5/5, 0 s left)",
    ]


def test_a_line_is_true_when_it_is_written(clock: Clock) -> None:
    """It counts what is in the store then, and the time that the rest would take."""
    page = StringIO()
    display = Display(Console(file=page, force_terminal=False), clock)
    clock.now = 100.0  # composing and checking do not count
    display.expect(8)
    for _ in range(4):
        clock.now += 10.0
        display.trained(2.0)
        display.writing(2)
        display.written(2)
        display.finished("adam", ["ok", "no_progress"])
    assert page.getvalue().splitlines() == [
        f"adam: 2 runs, 0 diverged, 1 without progress ({done}/8, {left} s left)"
        for done, left in ((2, 30), (4, 20), (6, 10), (8, 0))
    ]


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


def _display(clock: Clock) -> Display:
    return Display(Console(file=StringIO(), force_terminal=True, width=100), clock)


def _screen(display: Display, width: int = 100) -> list[str]:
    """Return the lines of what is drawn now."""
    page = StringIO()
    Console(file=page, width=width, force_terminal=True, color_system="standard").print(display)
    return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", page.getvalue()).splitlines()]


def _job(optimizer: str, lr: float, problem: str = "bowl") -> Job:
    return Job({"name": problem}, {"name": optimizer, "lr": lr}, 1, None, seeds=range(2), label="")
