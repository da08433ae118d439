"""`study compare` as a person types it: a copy of Adam ties, a crippled one loses, a script reads the exit status."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from study.compare.__main__ import main
from study.compare.board import SCORECARD
from study.tracking.reader import read_runs

Command = Callable[..., subprocess.CompletedProcess[str]]

COPY = "from torch.optim import Adam\n\n\nclass Copy(Adam):\n    pass\n"
PRIORS = (
    "priors:\n  lr: {log: [1.0e-4, 1.0]}\n"
    "  betas: [{one_minus_log: [0.01, 0.5]}, {one_minus_log: [0.001, 0.1]}]\n"
)
FILES = {
    "copy": f"name: copy\n_target_: mine.Copy\nlr: 0.01\nbetas: [0.9, 0.99]\n{PRIORS}",
    "crippled": "name: crippled\n_target_: torch.optim.SGD\nelementwise: true\nlr: 1.0e-8\n",
}
SMALL = ["problems=[beale,plateau]", "budget=4", "tuning.seeds=2", "seeds=8", "report.resamples=500"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a module of one's own, and files for it."""
    folder = tmp_path_factory.mktemp("compare")
    (folder / "mine.py").write_text(COPY)
    (folder / "conf" / "optimizer").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / "conf" / "optimizer" / f"{name}.yaml").write_text(text)
    return folder


def _compared(
    folder: Path, command: Command, *words: str
) -> tuple[subprocess.CompletedProcess[str], pd.DataFrame]:
    store = f"tracking.uri=sqlite:///{folder}/runs.db"
    done = command(
        folder, "study.compare", *words, "--config-dir", str(folder / "conf"), *SMALL, store, "out=out"
    )
    assert done.returncode in (0, 1), done.stderr
    return done, pd.read_csv(folder / "out" / "scorecard.csv")


@pytest.mark.slow
def test_a_copy_ties_a_crippled_one_loses_and_the_exit_status_says_so(folder: Path, command: Command) -> None:
    done, card = _compared(folder, command, "copy", "adam")
    assert done.returncode == 1
    assert tuple(card.columns) == SCORECARD
    assert list(card["problem"]) == ["beale", "plateau"]
    assert set(card["verdict"]) == {"equivalent"}
    assert set(card["steps_ratio"]) == {1.0}
    assert (
        "copy is better than tuned adam by more than a factor of 1.25 on 0 of 2 problems, worse on 0"
        in done.stdout
    )
    assert "not open: exit status 1" in done.stdout
    names = {
        path.relative_to(folder / "out").as_posix() for path in (folder / "out").rglob("*") if path.is_file()
    }
    assert {"index.html", "report.md", "certificate.md", "figures/pairs.svg", "figures/pairs.png"} <= names
    runs = read_runs("compare-copy", store=f"sqlite:///{folder}/runs.db")
    assert set(runs["seed"]) == set(range(8))

    done, card = _compared(
        folder, command, "adam", "crippled"
    )  # the other way round: what is there is not trained again
    assert done.returncode == 0, done.stdout
    assert set(card["verdict"]) == {"better by more than M"}
    assert "open: exit status 0" in done.stdout
    assert "note:" not in done.stdout
    assert len(read_runs("compare-adam", store=f"sqlite:///{folder}/runs.db")) == len(runs)


@pytest.mark.slow
def test_what_cannot_be_is_refused_before_anything_is_trained(
    call: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = f"tracking.uri=sqlite:///{tmp_path}/runs.db"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").touch()
    for words, message in (
        (["nadm"], "did you mean 'nadam'"),
        (["nadam", "budgt=3"], "budgt"),
        (["nadam", f"out={tmp_path}/out"], "which also holds letter.txt"),
    ):
        assert call(main, *words, store) == 2
        told = capsys.readouterr().err
        assert message in told
        assert len(told.strip().splitlines()) == 1
    assert not (tmp_path / "runs.db").exists()
