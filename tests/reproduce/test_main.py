"""`study reproduce` as a person types it, over a store of six runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from study.reproduce.__main__ import main

pytestmark = pytest.mark.slow  # its one store takes seconds to make

Call = Callable[..., int]
Said = pytest.CaptureFixture[str]


def _store(folder: Path) -> str:
    return f"tracking.uri=sqlite:///{folder}/mlflow.db"


def _ids(folder: Path) -> list[str]:
    return [run["run_id"] for run in json.loads((folder / "tiny" / "runs.json").read_text())["runs"]]


def test_a_page_is_identical_and_its_store_is_not_touched(made: Path, call: Call, capsys: Said) -> None:
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    assert call(main, f"{made}/tiny", _store(made)) == 0
    out = capsys.readouterr().out
    assert "identical: 6 runs, " in out
    assert out.count("identical") == 4  # each setting, and the total
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


def test_a_figure_is_trained_with_its_own_runs_alone(made: Path, call: Call, capsys: Said) -> None:
    """One run of each of two shapes: neither has another of the figure's beside it in its stack."""
    assert call(main, f"{made}/tiny/figures/two.svg", _store(made)) == 0
    out = capsys.readouterr().out
    assert "identical: 2 runs, " in out
    assert "│ 1    │" in out


def test_a_run_is_named_by_its_id_or_by_what_it_begins_with(made: Path, call: Call, capsys: Said) -> None:
    first, *others = _ids(made)
    unlike = next(n for n in range(6, 33) if not any(other.startswith(first[:n]) for other in others))
    assert call(main, first[:unlike], others[0].upper(), _store(made)) == 0
    assert "identical: 2 runs, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("statement", "status", "parts"),
    [
        (
            "UPDATE metrics SET value = 1.001 * value WHERE run_uuid = ? AND key = 'train/loss' AND step = 1",
            1,
            [
                "different from step 1 ",
                ": train/loss at step 1, seed 1: ",
                "; 1 value beyond 1e-09",
                "1 of 6 runs, ",
            ],
        ),
        (
            "UPDATE metrics SET value = 1.00000000001 * value WHERE run_uuid = ? AND key = 'eval/loss' AND step = 1",
            0,
            [
                "within tolerance",
                ": 1 value of eval/loss not to the last bit, 1e-11 apart at most",
                "another processor",
            ],
        ),
        (
            "DELETE FROM metrics WHERE run_uuid = ? AND key = 'param/x1' AND step = 1",
            1,
            ["different from step 1 ", ": param/x1 at step 1, seed 1: none tracked, "],
        ),
        (
            "UPDATE latest_metrics SET value = 2 * value WHERE run_uuid = ? AND key = 'summary/eval_last_epoch'",
            1,
            ["different from step 2 ", ": summary/eval_last_epoch at step 2, "],
        ),
        (
            "UPDATE tags SET value = 'another' WHERE run_uuid = ? AND key = 'study.order_sha'",
            1,
            ["different ", ": not the same: order of minibatches", "1 of 6 runs, "],
        ),
    ],
)
def test_what_was_changed_in_the_store_is_found(
    statement: str,
    status: int,
    parts: list[str],
    changed: Callable[..., Path],
    made: Path,
    call: Call,
    capsys: Said,
) -> None:
    folder = changed(statement, _ids(made)[1])
    assert call(main, f"{folder}/tiny", _store(folder)) == status
    out = capsys.readouterr().out
    assert [part for part in parts if part not in out] == []
    assert "commit: 0.1.0 (installed) when tracked, " in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "what to reproduce must be named"),
        (("abc",), "must be a run's id (6 hexadecimal digits of it, or more)"),
        (("nowhere/loss_curves",), "pages with runs.json: "),
        (("abcdef00",), "got 'abcdef00': none begins so"),
        (("{made}",), "must have runs.json, got none; `make report` or `study report` writes it"),
        (("{made}/tiny/figures/los_curves.png",), "one of loss_curves, two; got 'los_curves'; did you mean"),
        (("{made}/tiny", "device=tpu"), "device must be one of auto, cpu, cuda; got 'tpu'"),
        (("{made}/tiny", "stack.threads=0"), "stack.threads must be "),
        (("{made}/tiny", "seeds=3"), "seeds is not a key of the config"),
        (("{made}/tiny", "tracking.uri=sqlite:///{made}/none.db"), "the store must hold runs, got none at "),
    ],
)
def test_bad_input_is_one_line(
    words: tuple[str, ...], said: str, made: Path, call: Call, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.reproduce.named.REPORTS", made / "reports")
    given = [word.format(made=made) for word in words]
    assert call(main, _store(made), *given) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert out == ""


def test_an_id_that_several_runs_begin_with_is_refused(made: Path, call: Call, capsys: Said) -> None:
    ids = _ids(made)
    assert call(main, ids[0][:6], _store(made)) == 2
    err = capsys.readouterr().err
    assert "write more of it" in err
    assert sum(each in err for each in ids) == 3


def test_runs_of_another_store_are_refused(
    changed: Callable[..., Path], made: Path, call: Call, capsys: Said
) -> None:
    folder = changed("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?", _ids(made)[1])
    assert call(main, f"{folder}/tiny", _store(folder)) == 2
    assert "got 1 of 6 that are not" in capsys.readouterr().err
    assert call(main, _ids(made)[1], _store(folder)) == 2
    assert "that was deleted, or trained again since" in capsys.readouterr().err


def test_a_param_that_was_changed_is_no_longer_its_job(
    changed: Callable[..., Path], made: Path, call: Call, capsys: Said
) -> None:
    folder = changed(
        "UPDATE params SET value = '7' WHERE run_uuid = ? AND key = 'optimizer.lr'", _ids(made)[1]
    )
    assert call(main, f"{folder}/tiny", _store(folder)) == 2
    assert "must give the job that it was" in capsys.readouterr().err
