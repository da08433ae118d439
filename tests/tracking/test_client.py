"""What the public client has half written does not count as a run."""

import json
from dataclasses import replace
from typing import Any  # MLflow's own signatures

import numpy as np
import pytest

from study.config.location import Location
from study.tracking import names
from study.tracking.client import ClientBackend
from study.tracking.records import Points, StoredRun
from study.tracking.store import open_store


@pytest.mark.parametrize("last", ["log_batch", "set_terminated"])
def test_an_interrupted_run_does_not_count(last: str, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(Location.of(uri))
    experiment = store.experiment_id("interrupted")
    backend = ClientBackend(store.client, parallel=False)
    told: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(type(store.client), last, _fails)
        with pytest.raises(ConnectionError):
            backend.write(experiment, [_run()], told.append)
    (left,) = store.client.search_runs([experiment])
    assert left.info.status == "RUNNING"
    assert told == []
    for reader in (backend, store.backend):
        assert reader.runs(experiment, ["abc"]).empty
    backend.write(experiment, [_run()], told.append)
    assert told == [1]
    for reader in (backend, store.backend):
        assert list(reader.runs(experiment, ["abc"])["name"]) == ["one"]


def test_what_was_trained_on_is_told_once_of_all_on_the_parent(uri: str) -> None:
    """A request for each run would take as long again as its other ones."""
    store = open_store(Location.of(uri))
    experiment = store.experiment_id("data")
    parent = store.client.create_run(experiment).info.run_id
    runs = [
        replace(
            _run(),
            params={"seed": seed, "problem.name": "parabola", "optimizer.lr": lr},
            tags={**_run().tags, "study.data_sha": f"sha{seed}", names.PARENT: parent},
        )
        for seed in "01"
        for lr in ("0.1", "0.2")
    ]
    for _ in range(2):  # a stack that is asked for again
        ClientBackend(store.client, parallel=False).write(experiment, runs, lambda _: None)
    told = store.client.get_run(parent).inputs
    assert told is not None
    inputs = told.dataset_inputs
    assert sorted((own.dataset.name, own.dataset.digest) for own in inputs) == [
        ("parabola", "sha0"), ("parabola", "sha1"),
    ]  # fmt: skip
    assert json.loads(inputs[0].dataset.source)["tags"]["problem.name"] == "parabola"


def _fails(*_: Any, **__: Any) -> None:
    raise ConnectionError("the server is gone")


def _run() -> StoredRun:
    steps = np.arange(3)
    curve = Points(steps, np.ones(3), steps)
    return StoredRun("one", {"seed": "0"}, {"study.job_hash": "abc"}, {"train/loss": curve}, 0, 1)
