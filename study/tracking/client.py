"""Client backend, the way into any store, a tracking server among them: MLflow's public client."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run

from study.tracking import columns, names, records
from study.tracking.records import StoredRun

T = TypeVar("T")

_MOST = 1000  # metrics, or runs, in one call: MLflow's limit
_WORKERS = 8  # a request is mostly waiting: for a round trip, for the server's commit


class ClientBackend:
    """Bulk access to runs by MLflow's public client, several requests at a time where the store bears it."""

    def __init__(self, client: MlflowClient, *, parallel: bool) -> None:
        self._client = client
        self._workers = _WORKERS if parallel else 1

    def write(
        self,
        experiment_id: str,
        runs: Sequence[StoredRun],
        written: Callable[[int], None],
        *,
        replace: bool = False,
    ) -> list[str]:
        """Write finished runs and return their ids, in order.

        Args:
            experiment_id: of the experiment they belong to.
            runs: each of another job or seed.
            written: is told how many more are in the store.
            replace: delete every other finished run of the experiment that has the job and the seed of one of
                `runs`, as MLflow does: it can be restored. Without it nothing is deleted, and a run is not written
                where another has its job and its seed: it has an id that is in no store then.
        """
        old = self._same(experiment_id, runs)
        pool = ThreadPoolExecutor(self._workers)
        try:
            futures = [
                pool.submit(self._write, experiment_id, run, there)
                if replace or not there
                else pool.submit(lambda: uuid.uuid4().hex)
                for run, there in zip(runs, old, strict=True)
            ]
            for future in as_completed(futures):
                future.result()
                written(1)
        finally:  # where the store fails, or nobody is there to be told, no other run is begun
            pool.shutdown(cancel_futures=True)
        self._log_data(runs)
        return [future.result() for future in futures]

    def analyse(self) -> None:
        """Do nothing: the database is its server's."""

    def runs(
        self, experiment_id: str, hashes: Sequence[str], keys: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the finished runs of some jobs, one row each, newest last.

        Columns `run_id`, `name`, `start`, and one per key of params, tags and metrics (their latest values):
        all of them, or `keys` alone. Params and tags are text, metrics numbers, absent ones missing.
        """
        found = self._finished(experiment_id, hashes)
        infos = [(run.info.run_id, run.info.run_name, run.info.start_time) for run in found]
        values = pd.DataFrame([{**run.data.params, **run.data.tags, **run.data.metrics} for run in found])
        frame = pd.DataFrame(infos, columns=["run_id", "name", "start"])
        frame = frame.join(values if keys is None else values.filter(list(keys)))
        return frame.sort_values(["start", "run_id"], ignore_index=True)

    def points(self, run_ids: Sequence[str], metric: str | None = None) -> pd.DataFrame:
        """Return every recorded value but the summaries, as `study.tracking.columns.points` has them.

        Args:
            run_ids: each once.
            metric: of which alone; None is all.
        """
        found = self._gather(partial(self._series, metric=metric), run_ids)
        series = [(run_id, key, len(history)) for run_id, key, history in found]
        every = [(point.step, point.value) for *_, history in found for point in history]
        steps, values = zip(*every, strict=True) if every else ((), ())
        return columns.points(run_ids, series, np.array(steps, dtype=np.int64), np.array(values, dtype=float))

    def lengths(self, run_ids: Sequence[str]) -> pd.DataFrame | None:  # noqa: ARG002  # as another backend has it
        """Return None: a server does not say how many values there are, so that they are read as one."""
        return None

    def _write(self, experiment_id: str, run: StoredRun, old: Iterable[str]) -> str:
        """Write one run, delete those that it takes the place of, and return its id."""
        created = self._client.create_run(experiment_id, run.start, dict(run.tags), run.name)
        run_id = str(created.info.run_id)
        self._client.log_batch(run_id, params=[Param(*item) for item in run.params.items()])
        metrics = [
            Metric(key, *point)
            for key, points in run.metrics.items()
            for point in zip(
                points.values.tolist(), points.times.tolist(), points.steps.tolist(), strict=True
            )
        ]
        for low in range(0, len(metrics), _MOST):
            self._client.log_batch(run_id, metrics=metrics[low : low + _MOST])
        self._client.set_terminated(run_id, "FINISHED", end_time=run.end)  # until then it does not count
        for superseded in old:
            self._client.delete_run(superseded)
        return run_id

    def _log_data(self, runs: Sequence[StoredRun]) -> None:
        """Say on the runs' parent what they trained on, in one request: one of each run takes 0.1 s."""
        met: dict[str, set[records.Dataset]] = defaultdict(set)
        for run in runs:
            if run.dataset is not None and names.PARENT in run.tags:
                met[run.tags[names.PARENT]].add(run.dataset)
        for parent, sets in met.items():
            one_each = sorted({own[:2]: own for own in sets}.values())
            kept = [Dataset(own.name, own.digest, "code", own.source) for own in one_each]
            context = [InputTag("mlflow.data.context", "train")]
            self._client.log_inputs(parent, [DatasetInput(own, context) for own in kept])

    def _same(self, experiment_id: str, runs: Sequence[StoredRun]) -> list[Sequence[str]]:
        """Return for each of `runs` the ids of the finished runs that have its job and its seed."""
        found = defaultdict(list)
        for old in self._finished(experiment_id, {run.tags[names.JOB_HASH] for run in runs}):
            found[old.data.tags[names.JOB_HASH], old.data.params[names.SEED]].append(old.info.run_id)
        return [found[run.job_and_seed] for run in runs]

    def _finished(self, experiment_id: str, hashes: Iterable[str]) -> list[Run]:
        return self._gather(partial(self._search, experiment_id), hashes)

    def _search(self, experiment_id: str, job_hash: str) -> Iterator[Run]:
        query = f"tags.`{names.JOB_HASH}` = '{job_hash}' and attributes.status = 'FINISHED'"
        token = None
        while True:
            page = self._client.search_runs([experiment_id], query, max_results=_MOST, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _series(self, run_id: str, *, metric: str | None) -> Iterator[tuple[str, str, Sequence[Metric]]]:
        for key in self._client.get_run(run_id).data.metrics:
            if not key.startswith(names.SUMMARY) and metric in (None, key):
                yield run_id, key, self._client.get_metric_history(run_id, key)

    def _gather(self, call: Callable[[str], Iterable[T]], items: Iterable[str]) -> list[T]:
        with ThreadPoolExecutor(self._workers) as pool:
            return [found for part in pool.map(lambda item: list(call(item)), items) for found in part]
