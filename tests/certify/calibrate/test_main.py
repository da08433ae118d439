"""The command and its page: what it writes, that it says what is not kept, what it refuses."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study import interrupts
from study.certify.calibrate import plan
from study.certify.calibrate.__main__ import calibrate
from study.certify.calibrate.counts import count, counted
from study.certify.calibrate.page import lead_of, page
from study.certify.calibrate.plan import Cell
from study.certify.calibrate.promises import NEVER, PROMISES, SELDOM
from study.certify.calibrate.real import real_table
from study.cli import Asked
from study.errors import InvalidInput
from study.report.folder import MARKER
from tests.sweep.processes import heed_interrupts


def _table(**hits: int) -> pd.DataFrame:
    """Return a table in which each promise has one case of 100 experiments, and some so many hits."""
    case = {"population": "normal", "design": "paired", "pairs": 1, "n": 25}
    rows = [
        count(promise, "claim", np.arange(100) < hits.get(f"p{index}", 3), case, SELDOM)
        for index, promise in enumerate(PROMISES, start=1)
    ]
    return counted(rows)


def test_the_first_sentence_is_computed() -> None:
    assert lead_of(_table()) == (
        "All 9 promises of the verdicts and intervals are kept, in 9 simulations of 900 experiments."
    )
    assert lead_of(_table(p2=40, p7=10)).startswith(
        "2 of 9 promises are not kept (no tie is invented, looks in sequence), in 9 simulations"
    )


def test_a_promise_that_was_not_tried_is_not_kept() -> None:
    table = _table()
    assert lead_of(table[table["promise"] != next(iter(PROMISES))]).startswith(
        "1 of 9 promises are not kept (no diff"
    )


def test_the_page_shows_each_promise_and_what_is_not_kept() -> None:
    table = pd.concat([_table(p3=40), counted([count(list(PROMISES)[7], "other", [False], {"n": 5}, NEVER)])])
    text = page(table.reset_index(drop=True), experiments=100, seeds=40, seed=0, commit="abc")
    assert all(f"The promise: {sentence}." in text for sentence in PROMISES.values())
    worst = "40.0% ± 2.2 (normal, paired, n = 25)"
    assert f"| 3. no size is invented: claim | at most 5.0% | 40.0% ± 2.2 | 1 | {worst} | **no** |" in text
    assert "| normal | paired | 1 | **40.0%** | 2.2 |" in text
    assert "| normal | paired | 1 | 3.0% | 2.2 |" in text
    assert re.search(r"\b(nan|None|<NA>)\b", text) is None


def _first(cells: Iterable[Cell]) -> list[Cell]:
    """Return the first cell of each function, and of real tables, which are drawn by n, that of each n."""
    by_n = real_table
    found = {
        (cell.function, cell.function is by_n and cell.keywords["n"]): cell for cell in reversed(list(cells))
    }
    return list(found.values())


@pytest.mark.slow
def test_command_writes_page_pictures_and_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but most of its simulations."""
    simulated, drawn = plan.simulated, plan.drawn
    monkeypatch.setattr(plan, "simulated", lambda: _first(simulated()))
    monkeypatch.setattr(plan, "drawn", lambda runs: _first(drawn(runs)))
    folder = tmp_path / "calibration"
    status = calibrate(Asked(("experiments=10", "seeds=10", "workers=1", f"out={folder}")))
    pictures = [f"{name}.{kind}" for name in ("bounds", "growing", "real") for kind in ("png", "svg")]
    assert {path.name for path in folder.iterdir()} == {MARKER, "README.md", "calibration.csv", *pictures}
    table = pd.read_csv(folder / "calibration.csv")
    assert set(PROMISES) < set(table["promise"])
    text = (folder / "README.md").read_text(encoding="utf-8")
    (lead,) = re.findall(r"^\*\*(.*)\*\*$", text, flags=re.MULTILINE)
    assert lead in capsys.readouterr().out
    assert status == (0 if lead.startswith("All 9") else 1)
    assert all(f"]({name})" in text for name in pictures if name.endswith("png"))


@pytest.mark.slow
def test_an_interrupt_ends_the_processes_that_simulate_without_a_word_of_theirs(tmp_path: Path) -> None:
    """While they still import: Ctrl-C reaches each process of a terminal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "study.certify.calibrate", "workers=2", f"out={tmp_path / 'new'}"],
        stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    last = time.monotonic() + 60
    while len(_members(process.pid)) < 4:  # it, its workers, and what tracks their resources
        assert time.monotonic() < last
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.strip() == interrupts.KEPT
    while _members(process.pid):  # what tracks their resources ends by itself
        assert time.monotonic() < last
        time.sleep(0.02)


def _members(group: int) -> list[str]:
    """Return the processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, _, own, *_ = path.read_text().rpartition(")")[2].split()
            found += [state] * (int(own) == group and state != "Z")
    return found


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("experiments=9", "experiments must be a whole number from 10 to 100000, got 9"),
        ("experiments=many", "experiments must be a whole number from 10 to 100000, got 'many'"),
        ("seeds=0", "seeds must be a whole number from 10 to 100000, got 0"),
        ("seed=-1", "seed must be a whole number >= 0, got -1"),
        ("workers=0", "workers must be a whole number from 1 to 1024, or null, got 0"),
    ],
)
def test_values_out_of_range_are_refused(word: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=f"^{re.escape(told)}$"):
        calibrate(Asked((word, f"out={tmp_path / 'new'}")))
    assert not (tmp_path / "new").exists()


def test_a_folder_of_somebodys_files_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InvalidInput, match=r"^out must be .* which also holds thesis\.tex"):
        calibrate(Asked((f"out={tmp_path}",)))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
