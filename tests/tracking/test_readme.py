"""The README's Python, over a store whose points are known."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from study.config.location import Location
from study.job import Job
from study.tracking import names, sweeps
from study.tracking.provenance import Request
from study.tracking.store import open_store
from study.training.result import Trained

README = Path(__file__).parents[2] / "README.md"


def test_three_lines_give_the_losses_as_a_frame(
    tmp_path: Path,
    empty: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_job: Callable[..., Job],
    train: Callable[..., Trained],
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.S | re.M)
    (code,) = [block for block in blocks if "read_sweep" in block]
    assert len([line for line in code.splitlines() if line]) == 3
    monkeypatch.setattr("study.config.location.MLRUNS", tmp_path / "mlruns")
    (tmp_path / "mlruns").mkdir()
    shutil.copy(empty, tmp_path / "mlruns" / "mlflow.db")
    jobs = [make_job("sgd", 0.1, seeds=range(2))]
    trained = train(jobs)
    tags = {names.USER: "somebody"}
    store = open_store(Location.of(None))
    assert store.location.database == tmp_path / "mlruns" / "mlflow.db"  # and not that of whoever runs this
    sweep = sweeps.begin(store, "headline", jobs, Request(id="now", tags=tags))
    sweep.keep(trained, lambda _: None)
    told: dict[str, pd.DataFrame] = {}
    exec(code, told)
    losses = told["losses"].sort_values(["seed", "step"])
    assert losses["value"].tolist() == trained.train_loss.ravel().tolist()
    assert {"run_id", "step", "value", "label", "optimizer", "seed", "status"} <= set(losses)
