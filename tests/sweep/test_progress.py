"""What is shown while a sweep runs: the right counts, on a terminal as bars and elsewhere as lines."""

import logging
import os
import pty
import subprocess
import sys
from io import StringIO
from unittest.mock import MagicMock

import pytest
from rich.console import Console
from rich.progress import Progress

from study.sweep.progress import Display, Lines


@pytest.mark.parametrize(
    ("trained", "written", "training", "writing"),
    [
        (500, 3, "5/10 runs, 500 steps, 250 steps/s", "3/10 runs in the store"),
        (1000, 10, "10/10 runs, 1,000 steps, 500 steps/s", "10/10 runs in the store"),
    ],
)
def test_bars_count_runs_and_steps(
    trained: int, written: int, training: str, writing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("study.sweep.progress.time.perf_counter", lambda: clock[0])
    drawn = StringIO()
    display = Display(Console(file=drawn, force_terminal=True, width=120))
    with display.live():  # drawn a last time when it ends
        display.expect(runs=4, steps=400)
        display.expect(runs=6, steps=600)
        clock[0] = 2.0
        display.trained(trained)
        display.written(written)
    assert training in drawn.getvalue()
    assert writing in drawn.getvalue()


def test_a_thousand_updates_are_not_a_thousand_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "study.sweep.progress.time.perf_counter", iter(i / 1000 for i in range(10**6)).__next__
    )
    display = Display(Console(file=StringIO(), force_terminal=True))
    display.expect(runs=1, steps=2000)
    drawn = MagicMock()
    monkeypatch.setattr(Progress, "update", drawn)
    for _ in range(1000):
        display.trained(1)
    assert 4 <= drawn.call_count <= 5  # in one second, five times a second
    assert drawn.call_args.kwargs["completed"] >= 800


def test_elsewhere_there_is_one_line_per_job_and_no_bar() -> None:
    page = StringIO()
    display = Display(Console(file=page, force_terminal=False, width=40))
    with display.live():
        display.expect(runs=5, steps=500)
        display.trained(500)
        display.written(2)
        display.finished("adam lr=0.01", 2, 0)
        display.written(3)
        display.finished("sgd lr=100 and a label that is much longer than the page is wide", 3, 1)
    first, second = page.getvalue().splitlines()
    assert first.startswith("adam lr=0.01: 2 runs, 0 diverged (2/5, ")
    assert first.endswith(" s left)")
    assert second == (
        "sgd lr=100 and a label that is much longer than the page is wide: 3 runs, 1 diverged (5/5, 0 s left)"
    )


def test_time_left_is_what_the_rest_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("study.sweep.progress.time.perf_counter", lambda: clock[0])
    page = StringIO()
    display = Display(Console(file=page, force_terminal=False))
    clock[0] = 100.0  # composing and checking do not count
    display.expect(runs=8, steps=80)
    clock[0] = 110.0
    display.written(2)
    display.finished("adam", 2, 0)
    assert page.getvalue() == "adam: 2 runs, 0 diverged (2/8, 30 s left)\n"


def test_a_process_of_a_launcher_says_a_line_when_it_is_done(caplog: pytest.LogCaptureFixture) -> None:
    lines = Lines()
    with caplog.at_level(logging.INFO, logger="study.sweep.progress"):
        lines.expect(runs=2, steps=20)
        lines.trained(20)
        lines.written(2)
        lines.finished("adam", 2, 1)
    assert caplog.messages == ["adam: 2 runs trained, 1 diverged"]


def test_both_bars_are_drawn_on_a_real_terminal() -> None:
    code = (
        "from rich.console import Console\n"
        "from study.sweep.progress import Display\n"
        "display = Display(Console(stderr=True))\n"
        "with display.live():\n"
        "    display.expect(runs=4, steps=40)\n"
        "    display.trained(40)\n"
        "    display.written(4)\n"
        "    display.finished('adam', 4, 0)\n"
    )
    shown = _on_a_terminal([sys.executable, "-c", code])
    assert "training" in shown
    assert "writing" in shown
    assert "4/4 runs, 40 steps" in shown
    assert "4/4 runs in the store" in shown
    assert "adam: 4 runs" not in shown  # that is for where there is no terminal


def _on_a_terminal(words: list[str]) -> str:
    """Run a program with a pseudo-terminal as its standard error, and return what it drew there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""
