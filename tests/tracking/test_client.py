"""What the public client has half written does not count as a run."""

from typing import Any  # MLflow's own signatures

import numpy as np
import pytest

from study.config.location import Location
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


def _fails(*_: Any, **__: Any) -> None:
    raise ConnectionError("the server is gone")


def _run() -> StoredRun:
    steps = np.arange(3)
    curve = Points(steps, np.ones(3), steps)
    return StoredRun("one", {"seed": "0"}, {"study.job_hash": "abc"}, {"train/loss": curve}, 0, 1)
