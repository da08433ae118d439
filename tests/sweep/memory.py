"""A sweep's parent whose store is a list, for tests of what is trained and of what is told."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from study.job import Job
from study.stats.summary import ranked
from study.tracking import names
from study.tracking.records import Ended, StoredRun, records
from study.training.result import Trained


@dataclass
class Memory:
    """A `Parent` in memory."""

    there: Mapping[tuple[str, int], float] = field(default_factory=dict)
    declared: list[Job] = field(default_factory=list)
    records: list[StoredRun] = field(default_factory=list)
    replaced: list[bool] = field(default_factory=list)
    stacks: list[list[str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    ended: list[tuple[str, Mapping[str, float]]] = field(default_factory=list)

    id = "memory"

    def declare(self, jobs: Sequence[Job]) -> list[Job]:
        self.declared.extend(jobs)
        return list(jobs)

    def keep(self, trained: Trained, written: Callable[[int], None], *, replace: bool = False) -> list[Ended]:
        kept = list(records(trained, {}))
        self.records.extend(kept)
        self.replaced.extend([replace] * len(kept))
        self.stacks.append([run.name for run in trained.runs])
        written(len(kept))
        return [Ended(run.status, run.criterion) for run in kept]

    def require(self) -> None:
        pass

    def fail(self, job: Job, why: str) -> None:
        self.failed.append((job.label, why))

    def endings(self, jobs: Iterable[Job], value: str) -> dict[tuple[str, int], Ended]:
        hashes = {job.hash for job in jobs}
        there = {key: Ended("ok", loss) for key, loss in self.there.items()}
        written = {_key(record): Ended(record.status, _final(record, value)) for record in self.records}
        return {key: run for key, run in {**there, **written}.items() if key[0] in hashes}

    def finish(self, status: str, summary: Mapping[str, float]) -> None:
        self.ended.append((status, summary))

    def runs(self) -> pd.DataFrame:
        raise NotImplementedError

    ranked = staticmethod(ranked)

    def close(self) -> None:
        pass


def _key(record: StoredRun) -> tuple[str, int]:
    return record.tags["study.job_hash"], int(record.params["seed"])


def _final(record: StoredRun, value: str) -> float:
    points = record.metrics.get(names.SUMMARY + value)
    return math.inf if points is None else float(points.values[0])
