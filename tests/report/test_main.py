"""The command, as a person types it: quick, one message for what cannot be, nothing written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def _report(*arguments: str, cwd: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "study.report", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_help_is_quick(tmp_path: Path) -> None:
    """Within a second of one processor, with the command that uses it."""
    before = os.times()
    status, out, _ = _report("--help", cwd=tmp_path)
    after = os.times()
    assert status == 0
    assert "study report experiment=headline" in out
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "must be one of"),
        (("experiment=hedline",), "did you mean 'headline'"),
        (("experiment=headline", "report.confidance=1"), "did you mean report.confidence"),
        (("experiment=headline", "report.confidence=2"), "got 2"),
        (("experiment=headline", "report.figures=[{name: nosuch}]"), "must be one of"),
        (("experiment=headline", "tracking.uri=sqlite:///{tmp}/none.db"), "run make sweep "),
    ],
)
def test_bad_input_is_one_message(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Status 2, no traceback, nothing written."""
    asked = [argument.format(tmp=tmp_path) if "{tmp}" in argument else argument for argument in arguments]
    status, out, err = _report(*asked, f"report.out={tmp_path}/out", cwd=tmp_path)
    assert status == 2
    assert said in err
    assert "Traceback" not in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []
