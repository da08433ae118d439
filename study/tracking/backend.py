"""What a store must do for many runs at once; `sql` and `client` are the two ways."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from study.tracking.records import Points


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One finished run, ready to be written: complete or absent.

    Raises:
        ValueError: a value is NaN or infinite, which MLflow's stores do not keep as such.
    """

    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, Points]
    start: int
    end: int

    def __post_init__(self) -> None:
        for key, points in self.metrics.items():
            finite = np.isfinite(points.values)
            if not finite.all():
                value, step = points.values[finite.argmin()], points.steps[finite.argmin()]
                raise ValueError(f"{key} of {self.name} must be finite, got {value} at step {step}")


@runtime_checkable
class Backend(Protocol):
    """Bulk access to the runs of one store."""

    def write(self, experiment_id: str, runs: Sequence[StoredRun], written: Callable[[int], None]) -> None:
        """Write finished runs; call `written` with how many more are in the store."""

    def runs(
        self, experiment_id: str, hashes: Sequence[str], keys: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the finished runs of some jobs, one row each, newest last.

        Columns `run_id`, `name`, `start`, and one per key of params, tags and metrics (their latest values):
        all of them, or `keys` alone. Params and tags are text, metrics numbers, absent ones missing.
        """

    def points(self, run_ids: Sequence[str]) -> pd.DataFrame:
        """Return every recorded value but the summaries: columns `run_id`, `metric`, `step`, `value`."""
