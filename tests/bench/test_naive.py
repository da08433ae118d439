"""What one would write first is written right: nothing is lost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from study.bench import naive
from study.bench.writing import made_up
from study.config.location import Location
from study.tracking.records import Points
from study.tracking.store import open_store

LENGTHS = (1, 384, 900)  # with its params, a run is one call of at most 1,000 values
BEGAN = 1_700_000_000_000


@pytest.mark.slow
def test_every_value_of_a_run_is_there(tmp_path: Path) -> None:
    store = open_store(Location.of(f"sqlite:///{tmp_path}/mlflow.db"))
    experiment = store.experiment_id("long")
    runs = [replace(run, metrics=_losses(n)) for run, n in zip(made_up(len(LENGTHS)), LENGTHS, strict=True)]
    naive.write(store.client, experiment, runs)
    found = {run.info.run_name: run for run in store.client.search_runs([experiment])}
    assert len(found) == len(LENGTHS)
    for run, length in zip(runs, LENGTHS, strict=True):
        info, data = found[run.name].info, found[run.name].data
        assert (info.status, info.start_time, info.end_time) == ("FINISHED", run.start, run.end)
        assert data.params == run.params
        history = store.client.get_metric_history(info.run_id, "train/loss")
        got = sorted((point.step, point.timestamp, point.value) for point in history)
        assert got == [(step, BEGAN + step, step**0.5) for step in range(length)]


def _losses(length: int) -> dict[str, Points]:
    steps = np.arange(length)
    return {"train/loss": Points(steps, np.sqrt(steps), BEGAN + steps)}
