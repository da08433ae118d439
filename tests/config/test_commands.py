"""Commands that messages propose: each is typed here as a shell, and make, would take it apart."""

import shlex
import subprocess
from pathlib import Path

import pytest

from study.config import commands
from study.config.commands import report_command, sweep_command, ui_command
from study.config.location import Location

ROOT = Path(__file__).parents[2]
HERE = Location.of(None)
THERE = Location.of("sqlite:////stores/a b$c.db")
WORD = "tracking.uri=sqlite:////stores/a b$c.db"
MINE = "tracking.experiment=mine"


def test_a_shipped_experiment_has_a_make_target() -> None:
    assert (sweep_command("headline", HERE), report_command("headline", HERE)) == (
        "make sweep",
        "make report",
    )
    assert sweep_command("zoo", HERE) == "make sweep EXPERIMENT=zoo"
    assert report_command("zoo", HERE) == "make report EXPERIMENT=zoo"
    assert ui_command(HERE) == "make ui"


def test_one_of_a_persons_own_has_none() -> None:
    python = [".venv/bin/python", "-m"]
    assert shlex.split(sweep_command("mine", THERE)) == [*python, "study.train", MINE, WORD]
    assert shlex.split(report_command("mine", HERE)) == [*python, "study.report", MINE]


def test_make_hands_a_store_on_as_one_word() -> None:
    """The oracle is make itself, told to print what it would run."""
    for command, module in (
        (report_command("zoo", THERE), "study.report"),
        (sweep_command("zoo", THERE), "study.train"),
        (ui_command(THERE), "study.ui"),
    ):
        done = subprocess.run(f"{command} --dry-run", shell=True, cwd=ROOT, capture_output=True, text=True)
        last = next(line for line in reversed(done.stdout.splitlines()) if module in line)
        assert shlex.split(last)[-1] == WORD


def test_without_a_checkout_there_is_no_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "CHECKOUT", None)
    assert sweep_command("zoo", HERE) == "study train experiment=zoo"
    assert shlex.split(report_command("mine", THERE)) == ["study", "report", MINE, WORD]
    assert shlex.split(ui_command(THERE)) == ["study", "ui", WORD]
