"""The command, as a person types it: quick, one message for what cannot be, nothing written."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from study.report.__main__ import main


def test_help_is_quick(command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """Within a second of one processor, with the command that uses it."""
    before = os.times()
    done = command(tmp_path, "study.report", "--help")
    after = os.times()
    assert done.returncode == 0
    assert "study report experiment=headline" in done.stdout
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "must be one of"),
        (("experiment=hedline",), "did you mean 'headline'"),
        (("experiment=headline", "report.confidance=1"), "did you mean report.confidence"),
        (("experiment=headline", "report.confidence=1.5"), "got 1.5"),
        (("experiment=headline", "report.figures=[{name: nosuch}]"), "must be one of"),
        (("experiment=headline", "tracking.uri=sqlite:///{tmp}/none.db"), "run make sweep "),
    ],
)
def test_bad_input_is_one_message(
    call: Callable[..., int],
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2, no traceback, nothing written."""
    asked = [argument.format(tmp=tmp_path) if "{tmp}" in argument else argument for argument in arguments]
    assert call(main, *asked, f"report.out={tmp_path}/out") == 2
    out, err = capsys.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_all_reports_have_their_own_places(
    call: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(main, "experiment=all", f"report.out={tmp_path}/out") == 2
    assert "experiment=all writes many reports, got report.out=" in capsys.readouterr().err


@pytest.mark.slow
def test_all_reports_of_a_store_and_their_index(
    call: Callable[..., int],
    command: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of what has a file; what has none is named, and pages lead to the index."""
    store = f"tracking.uri=sqlite:///{tmp_path}/runs.db"
    for words in (["experiment=smoke"], ["optimizer=sgd", "seeds=1", "tracking.experiment=mine"]):
        assert command(tmp_path, "study.train", *words, store).returncode == 0
    for module in ("study.config.pages", "study.report.build"):
        monkeypatch.setattr(f"{module}.REPORTS", tmp_path / "reports")
    assert call(main, "experiment=all", store) == 0
    out = capsys.readouterr().out
    assert "[1/1] smoke" in out
    assert "not reported, since no file of conf/experiment is called so: mine" in out
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        "README.md",
        "index.html",
        "smoke",
    ]
    assert 'href="smoke/index.html"' in (tmp_path / "reports/index.html").read_text()
    assert 'href="../index.html">all experiments' in (tmp_path / "reports/smoke/index.html").read_text()
