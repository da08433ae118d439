"""Client backend, the way into any store, a tracking server among them: MLflow's public client."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run
from typing_extensions import override

from study.tracking import names
from study.tracking.backend import Backend
from study.tracking.records import StoredRun

_BATCH = 1000  # MLflow's limit of metrics in one call
_PAGE = 1000
_WORKERS = 8  # a request is mostly waiting: for a round trip, for the server's commit


class ClientBackend(Backend):
    """`Backend` over MLflow's public client, several requests at a time where the store bears it."""

    def __init__(self, client: MlflowClient, *, parallel: bool) -> None:
        self._client = client
        self._workers = _WORKERS if parallel else 1

    @override
    def write(
        self,
        experiment_id: str,
        runs: Sequence[StoredRun],
        written: Callable[[int], None],
        *,
        replace: bool = False,
    ) -> list[str]:
        old = self._same(experiment_id, runs) if replace else [()] * len(runs)
        with ThreadPoolExecutor(self._workers) as pool:
            futures = [pool.submit(self._write, experiment_id, *pair) for pair in zip(runs, old, strict=True)]
            for future in as_completed(futures):
                future.result()
                written(1)
        return [future.result() for future in futures]

    @override
    def runs(
        self, experiment_id: str, hashes: Sequence[str], keys: Sequence[str] | None = None
    ) -> pd.DataFrame:
        rows = []
        for run in self._finished(experiment_id, hashes):
            values = {**run.data.params, **run.data.tags, **run.data.metrics}
            chosen = values if keys is None else {key: values[key] for key in keys if key in values}
            start = run.info.start_time
            rows.append({"run_id": run.info.run_id, "name": run.info.run_name, "start": start, **chosen})
        frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=["run_id", "name", "start"])
        return frame.sort_values(["start", "run_id"], ignore_index=True)

    @override
    def points(self, run_ids: Sequence[str]) -> pd.DataFrame:
        with ThreadPoolExecutor(self._workers) as pool:
            parts = pool.map(self._points, run_ids)
        rows = [row for part in parts for row in part]
        return pd.DataFrame(rows, columns=["run_id", "metric", "step", "value"])

    def _write(self, experiment_id: str, run: StoredRun, old: Iterable[str]) -> str:
        """Write one run, delete those that it takes the place of, and return its id."""
        tags = {**run.tags, names.RUN_NAME: run.name}
        created = self._client.create_run(experiment_id, start_time=run.start, tags=tags, run_name=run.name)
        run_id = created.info.run_id
        params = [Param(key, value) for key, value in run.params.items()]
        self._client.log_batch(run_id, params=params)
        metrics = [
            Metric(key, value, timestamp, step)
            for key, points in run.metrics.items()
            for value, timestamp, step in zip(
                points.values.tolist(), points.times.tolist(), points.steps.tolist(), strict=True
            )
        ]
        for low in range(0, len(metrics), _BATCH):
            self._client.log_batch(run_id, metrics=metrics[low : low + _BATCH])
        self._client.set_terminated(run_id, "FINISHED", end_time=run.end)  # until then it does not count
        for superseded in old:
            self._client.delete_run(superseded)
        return str(run_id)

    def _same(self, experiment_id: str, runs: Sequence[StoredRun]) -> list[Sequence[str]]:
        """Return for each of `runs` the ids of the finished runs that have its job and its seed."""
        found: dict[tuple[str, str], list[str]] = {}
        for old in self._finished(experiment_id, sorted({run.tags[names.JOB_HASH] for run in runs})):
            key = old.data.tags[names.JOB_HASH], old.data.params[names.SEED]
            found.setdefault(key, []).append(old.info.run_id)
        return [found.get(run.job_and_seed, []) for run in runs]

    def _finished(self, experiment_id: str, hashes: Iterable[str]) -> list[Run]:
        with ThreadPoolExecutor(self._workers) as pool:
            found = pool.map(lambda job: list(self._search(experiment_id, job)), hashes)
            return [run for runs in found for run in runs]

    def _search(self, experiment_id: str, job_hash: str) -> Iterator[Run]:
        query = f"tags.`{names.JOB_HASH}` = '{job_hash}' and attributes.status = 'FINISHED'"
        token = None
        while True:
            page = self._client.search_runs([experiment_id], query, max_results=_PAGE, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _points(self, run_id: str) -> list[tuple[str, str, int, float]]:
        keys = [key for key in self._client.get_run(run_id).data.metrics if not key.startswith(names.SUMMARY)]
        return [
            (run_id, key, point.step, point.value)
            for key in keys
            for point in self._client.get_metric_history(run_id, key)
        ]
