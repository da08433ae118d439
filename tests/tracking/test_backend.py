"""One contract for both writers and every store: what was handed over is what MLflow gives back, to the last bit.

The oracle is the runs as they were handed over; it is read with MLflow's public client and its UI's own requests.
"""

import json
import math
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from mlflow.entities import Run

from study.config.location import Location
from study.tracking import names, sql
from study.tracking.client import ClientBackend
from study.tracking.records import Points, StoredRun
from study.tracking.sql import SqlBackend, open_engine
from study.tracking.store import Backend, Store, open_store

BEGAN = 1_700_000_000_000
STEPS = 384
LONG_PARAM, LONG_TAG = "p" * 6000, "t" * 8000  # MLflow's limits

WAYS = [
    "sql-sqlite",
    "client-sqlite",
    pytest.param("sql-postgresql", marks=pytest.mark.slow),
    pytest.param("client-server", marks=pytest.mark.slow),
]


@dataclass(frozen=True, slots=True)
class Written:
    """A store into which RUNS were written."""

    store: Store
    experiment_id: str
    parent: str
    runs: dict[str, StoredRun]
    ids: list[str]
    progress: list[int]

    def found(self) -> dict[str, Run]:
        """Return the written runs by name, from MLflow's search."""
        query = f"tags.`{names.PARENT}` = '{self.parent}'"
        return {run.info.run_name: run for run in self.search(query)}

    def search(self, query: str = "", *order: str) -> list[Run]:
        return list(self.store.client.search_runs([self.experiment_id], query, order_by=list(order)))


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def written(
    way: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp(way)
    with ExitStack() as stack:
        uri = f"sqlite:///{shutil.copy(request.getfixturevalue('empty'), folder / 'mlflow.db')}"
        if way.endswith("postgresql"):
            uri = request.getfixturevalue("postgresql")()
        if way.endswith("server"):
            uri = stack.enter_context(request.getfixturevalue("serve")(uri, folder / "artifacts"))
        store = open_store(Location.of(uri))
        assert isinstance(store.backend, ClientBackend if way.endswith("server") else SqlBackend)
        if way.startswith("client") and not way.endswith("server"):
            store = Store(store.location, store.client, ClientBackend(store.client, parallel=False))
        artifacts = None if way.endswith("server") else str(folder / "artifacts")
        experiment = store.client.create_experiment("contract", artifact_location=artifacts)
        parent = store.client.create_run(experiment, tags={names.KIND: "sweep"}).info.run_id
        runs = {run.name: run for run in _runs(parent)}
        progress: list[int] = []
        ids = store.backend.write(experiment, list(runs.values()), progress.append)
        yield Written(store, experiment, parent, runs, ids, progress)


def _runs(parent: str) -> Iterator[StoredRun]:
    loss = np.exp(-np.arange(STEPS) / 100, dtype=np.float32)
    loss[0] = np.float32(0.1)
    curves = {"train/loss": loss, "eval/loss": loss[::32].astype(np.float64) / 3}
    yield _run(parent, "adam lr=0.01 seed=0", curves | {"summary/last_epoch_loss": [0.0125]}, lr="0.01")
    yield _run(parent, "adam lr=0.1 seed=0", curves | {"summary/last_epoch_loss": [0.5]}, lr="0.1")
    broken = {"train/loss": [0.1, 7.0, 3e38], "eval/loss": [0.3], "summary/diverged_step": [3.0]}
    yield _run(parent, "adam lr=100 seed=0", broken, lr="100", status="diverged")
    nothing = {"train/loss": [], "eval/loss": [], "summary/diverged_step": [0.0]}
    yield _run(parent, "nothing lr=nan seed=0", nothing, lr="1", status="diverged")
    yield _run(parent, "no curve at all", {}, lr="1")
    single = np.array([1e-45, 3e38, -0.0, 0.0, -3e38, 1e-38, np.finfo(np.float32).max], dtype=np.float32)
    double = np.array([5e-324, 0.1, 1 / 3, -1e300, 2.0**53 + 2, np.finfo(np.float64).max])
    yield _run(parent, "extremes", {"train/loss": single, "param/x1": double}, lr="1")
    yield _run(parent, "more points than one call takes", {"train/loss": np.linspace(0, 1, 2501)}, lr="1")
    odd = {
        "optimizer.note": "tab\there \\ back \\N new\nline 'quoted' \"twice\" 100% :name ?",
        "β₁": "0,9 – ≥ 学習",
    }
    yield _run(
        parent, "größe β₁=0.9 学習 🙂", {"param/θ_1": [1.0]}, lr="1", params=odd | {"long": LONG_PARAM}
    )


def _run(
    parent: str,
    name: str,
    metrics: dict[str, Any],
    *,
    lr: str,
    status: str = "ok",
    params: dict[str, str] | None = None,
) -> StoredRun:
    """Return a run whose start depends on its name alone, so that no two of them begin together."""
    start = BEGAN + 1000 * len(name)
    tags = {
        names.KIND: "run",
        names.PARENT: parent,
        names.STATUS: status,
        names.JOB_HASH: f"hash-{name.partition(' seed')[0]}",
        names.USER: "someone",
        names.SOURCE_NAME: "study.train",
        names.SOURCE_TYPE: "LOCAL",
        names.RUN_NAME: name,
        "study.long": LONG_TAG,
        "study.text": "\\. \\N \t 'é' %s",
    }
    points = {key: _points(np.asarray(values), start) for key, values in metrics.items()}
    given = {"optimizer.name": "adam", "optimizer.lr": lr, "seed": "0", **(params or {})}
    return StoredRun(name, given, tags, points, start, start + 12_345)


def _points(values: np.ndarray, start: int) -> Points:
    steps = np.arange(len(values)) * (1 if len(values) != 12 else 32)
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    return Points(steps, values, start + steps // 3)  # several in one millisecond


def test_every_run_is_there_finished_and_below_its_parent(written: Written) -> None:
    assert sum(written.progress) == len(written.runs)
    found = written.search(f"tags.`{names.PARENT}` = '{written.parent}'")
    assert sorted(run.info.run_name for run in found) == sorted(written.runs)
    for run in found:
        handed = written.runs[run.info.run_name]
        info = run.info
        assert (info.status, info.lifecycle_stage) == ("FINISHED", "active")
        assert (info.start_time, info.end_time) == (handed.start, handed.end)
        assert (info.experiment_id, info.user_id) == (written.experiment_id, "someone")


def test_ids_are_told_in_the_order_of_the_runs(written: Written) -> None:
    names_of = [written.store.client.get_run(run_id).info.run_name for run_id in written.ids]
    assert names_of == list(written.runs)


def test_params_and_tags_come_back(written: Written) -> None:
    for name, run in written.found().items():
        got = written.store.client.get_run(run.info.run_id)
        assert got.data.params == run.data.params == written.runs[name].params
        assert got.data.tags == run.data.tags == written.runs[name].tags


def test_histories_come_back_exactly(written: Written) -> None:
    for name, run in written.found().items():
        for key, points in written.runs[name].metrics.items():
            history = written.store.client.get_metric_history(run.info.run_id, key)
            history.sort(key=lambda point: point.step)
            assert [point.step for point in history] == points.steps.tolist()
            assert [point.timestamp for point in history] == points.times.tolist()
            assert [point.value for point in history] == [float(value) for value in points.values]


def test_the_latest_value_is_that_of_the_last_step(written: Written) -> None:
    for name, run in written.found().items():
        handed = written.runs[name].metrics.items()
        latest = {key: float(points.values[-1]) for key, points in handed if len(points.steps)}
        assert run.data.metrics == latest
        assert written.store.client.get_run(run.info.run_id).data.metrics == latest


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (f"tags.`{names.STATUS}` = 'diverged'", {"adam lr=100 seed=0", "nothing lr=nan seed=0"}),
        ("params.`optimizer.lr` = '0.01'", {"adam lr=0.01 seed=0"}),
        ("metrics.`summary/last_epoch_loss` < 0.1", {"adam lr=0.01 seed=0"}),
        ("metrics.`summary/diverged_step` = 0", {"nothing lr=nan seed=0"}),
        ("metrics.`train/loss` > 1e38", {"adam lr=100 seed=0", "extremes"}),
        ("attributes.run_name LIKE 'größe%'", {"größe β₁=0.9 学習 🙂"}),
        (
            "attributes.start_time > 0 and tags.`study.kind` = 'run' and params.`β₁` LIKE '%学習'",
            {"größe β₁=0.9 学習 🙂"},
        ),
    ],
)
def test_search_filters(query: str, named: set[str], written: Written) -> None:
    assert {run.info.run_name for run in written.search(query)} == named


def test_search_orders_by_metrics(written: Written) -> None:
    key = "summary/last_epoch_loss"
    best, worst = "adam lr=0.01 seed=0", "adam lr=0.1 seed=0"
    assert [run.info.run_name for run in written.search("", f"metrics.`{key}` ASC")][:2] == [best, worst]
    assert [run.info.run_name for run in written.search("", f"metrics.`{key}` DESC")][:2] == [worst, best]


def test_artifacts_can_be_added(written: Written, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("kept")
    client = written.store.client
    run_ids = [run.info.run_id for run in written.found().values()]
    for run_id in run_ids:
        client.log_artifact(run_id, str(tmp_path / "note.txt"))
    for run_id in run_ids:
        assert [file.path for file in client.list_artifacts(run_id)] == ["note.txt"]
        assert Path(client.download_artifacts(run_id, "note.txt", str(tmp_path))).read_text() == "kept"
    uris = {run.info.artifact_uri for run in written.found().values()}
    assert len(uris) == len(run_ids)


def test_a_run_can_be_deleted_restored_and_tagged(written: Written) -> None:
    client = written.store.client
    run_id = written.found()["no curve at all"].info.run_id
    client.delete_run(run_id)
    assert "no curve at all" not in written.found()
    assert written.store.backend.runs(written.experiment_id, ["hash-no curve at all"]).empty
    client.restore_run(run_id)
    client.set_tag(run_id, "later", "yes")
    assert client.get_run(run_id).data.tags["later"] == "yes"
    client.delete_tag(run_id, "later")
    assert len(written.store.backend.runs(written.experiment_id, ["hash-no curve at all"])) == 1


class TestReplacing:
    """A run that is trained again supersedes the old ones of its job and seed, and no other."""

    def test_the_old_ones_are_deleted_and_can_be_restored(self, written: Written, way: str) -> None:
        here, there = (
            written.store.client.create_experiment(f"{place}-{way}") for place in ("here", "there")
        )
        old = _write(written, here, "a 0", "a 1", "b 0", "a 0")
        same_elsewhere = _write(written, there, "a 0")
        assert _active(written, here) == set(old)  # the second run of "a 0" replaced none: nobody asked it to
        new = _write(written, here, "a 0", "b 1", replace=True)
        assert _active(written, here) == {*new, old[1], old[2]}
        assert _active(written, there) == set(same_elsewhere)
        for run_id in (old[0], old[3]):
            deleted = written.store.client.get_run(run_id)
            assert (deleted.info.lifecycle_stage, deleted.info.status) == ("deleted", "FINISHED")
            written.store.client.restore_run(run_id)
            assert written.store.client.get_metric_history(run_id, "train/loss")
        assert _active(written, here) == {*new, *old}
        newest = _write(written, here, "a 0", replace=True)
        assert _active(written, here) == {*newest, new[1], old[1], old[2]}

    def test_they_are_deleted_as_mlflow_does_it(self, written: Written, way: str) -> None:
        """`mlflow gc` and the UI's recycle bin go by these columns."""
        if not written.store.location.is_sql:
            pytest.skip("the server's database is not at hand")
        experiment = written.store.client.create_experiment(f"as mlflow-{way}")
        ours, theirs = _write(written, experiment, "a 0", "a 1")
        _write(written, experiment, "a 0", replace=True)
        written.store.client.delete_run(theirs)
        columns = sa.text("SELECT run_uuid, lifecycle_stage, deleted_time FROM runs")
        with open_engine(written.store.location.uri).connect() as connection:
            found = {run_id: rest for run_id, *rest in connection.execute(columns)}
        assert found[ours][0] == found[theirs][0] == "deleted"
        assert 0 <= found[theirs][1] - found[ours][1] < 60_000  # milliseconds since 1970, one after the other

    def test_a_run_that_does_not_arrive_replaces_none(
        self, written: Written, way: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        experiment = written.store.client.create_experiment(f"fails-{way}")
        old = _write(written, experiment, "a 0")
        if isinstance(written.store.backend, SqlBackend):
            monkeypatch.setattr(sql, "insert_points", _fails)
        else:
            monkeypatch.setattr(type(written.store.client), "set_terminated", _fails)
        with pytest.raises(ConnectionError):
            _write(written, experiment, "a 0", replace=True)
        found = written.store.client.search_runs([experiment], "attributes.status = 'FINISHED'")
        assert [run.info.run_id for run in found] == old


def test_a_job_and_a_seed_that_are_there_are_not_written_again(written: Written, way: str) -> None:
    """Unless they are to be replaced: two sweeps at once then have each of them once."""
    experiment = written.store.client.create_experiment(f"once-{way}")
    old = _write(written, experiment, "a 0", "b 1")
    again = _write(written, experiment, "a 0", "a 1", "b 1")
    assert _active(written, experiment) == {*old, again[1]}
    assert len({*old, *again}) == 5


def _write(written: Written, experiment: str, *jobs_and_seeds: str, replace: bool = False) -> list[str]:
    return written.store.backend.write(
        experiment,
        [_of(*job_and_seed.split()) for job_and_seed in jobs_and_seeds],
        lambda _: None,
        replace=replace,
    )


def _of(job: str, seed: str) -> StoredRun:
    tags = {names.JOB_HASH: job, names.USER: "someone"}
    curve = Points(np.arange(2), np.ones(2), np.arange(2))
    return StoredRun(f"{job} seed={seed}", {"seed": seed}, tags, {"train/loss": curve}, BEGAN, BEGAN + 1)


def _active(written: Written, experiment: str) -> set[str]:
    return {run.info.run_id for run in written.store.client.search_runs([experiment])}


def _fails(*_: object, **__: object) -> None:
    raise ConnectionError("the store is gone")


@pytest.mark.slow
def test_backends_give_the_same_frames(written: Written) -> None:
    ids = {name: run.info.run_id for name, run in written.found().items()}
    hashes = sorted({run.tags[names.JOB_HASH] for run in written.runs.values()})
    for backend in _readers(written):
        got = backend.runs(written.experiment_id, hashes)
        pd.testing.assert_frame_equal(got, _expected_runs(written, ids), check_like=True, check_dtype=False)
        assert list(got["start"]) == sorted(got["start"])
        few = backend.runs(written.experiment_id, hashes, ["seed", names.JOB_HASH, "summary/last_epoch_loss"])
        columns = ["run_id", "name", "start", "seed", names.JOB_HASH, "summary/last_epoch_loss"]
        pd.testing.assert_frame_equal(few, got[columns], check_like=True, check_dtype=False)
        for run_ids in (list(ids.values()), list(reversed(ids.values()))[1:]):
            points, expected = backend.points(run_ids), _expected_points(written, ids, run_ids)
            pd.testing.assert_frame_equal(points, expected, check_exact=True)


def test_backends_find_the_runs_of_the_jobs_asked_for_and_no_others(written: Written) -> None:
    for backend in _readers(written):
        some = backend.runs(written.experiment_id, ["hash-extremes", "hash-adam lr=0.1", "no such job"])
        assert list(some["name"]) == ["extremes", "adam lr=0.1 seed=0"]
        for none in (["no such job"], []):
            empty = backend.runs(written.experiment_id, none)
            assert empty.empty
            assert list(empty.columns) == ["run_id", "name", "start"]
        assert list(backend.points([]).columns) == ["run_id", "metric", "step", "value"]


def _readers(written: Written) -> list[Backend]:
    """Return every backend that can read the store."""
    client = ClientBackend(written.store.client, parallel=True)
    location = written.store.location
    return [client, SqlBackend(open_engine(location.uri))] if location.is_sql else [client]


def _expected_runs(written: Written, ids: dict[str, str]) -> pd.DataFrame:
    rows = [
        {"run_id": ids[name], "name": name, "start": run.start, **run.params, **run.tags}
        | {key: float(points.values[-1]) for key, points in run.metrics.items() if len(points.steps)}
        for name, run in written.runs.items()
    ]
    return pd.DataFrame(rows).sort_values(["start", "run_id"], ignore_index=True)


def _expected_points(written: Written, ids: dict[str, str], run_ids: list[str]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {"run_id": ids[name], "metric": key, "step": points.steps, "value": points.values.astype(float)}
        )
        for name, run in written.runs.items()
        for key, points in run.metrics.items()
        if len(points.steps) and not key.startswith("summary/")
    ]
    points = pd.concat(parts, ignore_index=True)
    points = points[points["run_id"].isin(run_ids)]
    kinds = {
        "run_id": pd.CategoricalDtype(run_ids),
        "metric": pd.CategoricalDtype(sorted(set(points["metric"]))),
    }
    return points.astype(kinds).sort_values(["run_id", "metric", "step"], ignore_index=True)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_run_with_a_non_finite_value_can_be_handed_over(value: float) -> None:
    with pytest.raises(
        ValueError, match=r"train/loss of broken must be finite, got (nan|inf|-inf) at step 1"
    ):
        _run("parent", "broken", {"eval/loss": [1.0], "train/loss": [1.0, value, 2.0]}, lr="1")


@pytest.fixture(scope="module")
def ui(written: Written, serve: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An MLflow server over the store, as `make ui` starts it."""
    if not written.store.location.is_sql:
        yield written.store.location.uri
        return
    with serve(written.store.location.uri, tmp_path_factory.mktemp("served")) as url:
        yield url


@pytest.mark.slow
class TestUi:
    """What the UI's own requests are answered with."""

    def test_runs_search(self, ui: str, written: Written) -> None:
        asked = {"experiment_ids": [written.experiment_id], "filter": "tags.`study.kind` = 'run'"}
        answer = _request(ui, "api/2.0/mlflow/runs/search", body=asked | {"max_results": 100})
        got = {run["info"]["run_name"]: run for run in answer["runs"]}
        assert got.keys() == written.runs.keys()
        for name, run in written.runs.items():
            _is_run(got[name], run)

    def test_runs_get(self, ui: str, written: Written) -> None:
        for name, run in written.found().items():
            answer = _request(ui, "ajax-api/2.0/mlflow/runs/get", run_id=run.info.run_id)
            _is_run(answer["run"], written.runs[name])

    def test_metrics_get_history(self, ui: str, written: Written) -> None:
        for name, run in written.found().items():
            for key, points in written.runs[name].metrics.items():
                answer = _request(
                    ui, "api/2.0/mlflow/metrics/get-history", run_id=run.info.run_id, metric_key=key
                )
                assert _sorted(answer.get("metrics", [])) == _listed(key, points)

    def test_metrics_get_history_bulk_interval(self, ui: str, written: Written) -> None:
        """The chart's own request: at most 320 points, first and last among them."""
        for name, run in written.found().items():
            for key, points in written.runs[name].metrics.items():
                answer = _request(
                    ui,
                    "ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
                    run_ids=run.info.run_id,
                    metric_key=key,
                    max_results="320",
                )
                got = _sorted(answer.get("metrics", []))
                everything = _listed(key, points)
                assert all(point in everything for point in got)
                assert got[:1] + got[-1:] == everything[:1] + everything[-1:]
                assert len(got) == len(everything) if len(everything) <= 320 else 300 <= len(got) <= 340


def _is_run(got: dict[str, Any], handed: StoredRun) -> None:
    assert got["info"]["status"] == "FINISHED"
    assert (got["info"]["start_time"], got["info"]["end_time"]) == (handed.start, handed.end)
    data = got["data"]
    assert {pair["key"]: pair["value"] for pair in data.get("params", [])} == handed.params
    assert {pair["key"]: pair["value"] for pair in data.get("tags", [])} == handed.tags
    latest = [_listed(key, points)[-1] for key, points in handed.metrics.items() if len(points.steps)]
    assert _sorted(data.get("metrics", [])) == sorted(latest)


def _sorted(metrics: list[dict[str, Any]]) -> list[tuple[str, int, int, float]]:
    """Return points as (key, step, time, value); the server leaves out what is zero."""
    return sorted((m["key"], m.get("step", 0), m["timestamp"], m.get("value", 0.0)) for m in metrics)


def _listed(key: str, points: Points) -> list[tuple[str, int, int, float]]:
    columns = points.steps.tolist(), points.times.tolist(), points.values.tolist()
    return [(key, *row) for row in zip(*columns, strict=True)]


def _request(url: str, path: str, *, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{url}/{path}?{urllib.parse.urlencode(query)}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        got: dict[str, Any] = json.load(answer)
    return got
