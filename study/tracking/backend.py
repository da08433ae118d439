"""Backend of a store, bulk access to many runs at once; `sql` and `client` are the two ways."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import pandas as pd

from study.tracking.records import StoredRun


@runtime_checkable
class Backend(Protocol):
    """Bulk access to the runs of one store."""

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
                `runs`, as MLflow does: it can be restored. Without it nothing is deleted.
        """

    def runs(
        self, experiment_id: str, hashes: Sequence[str], keys: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the finished runs of some jobs, one row each, newest last.

        Columns `run_id`, `name`, `start`, and one per key of params, tags and metrics (their latest values):
        all of them, or `keys` alone. Params and tags are text, metrics numbers, absent ones missing.
        """

    def points(self, run_ids: Sequence[str]) -> pd.DataFrame:
        """Return every recorded value but the summaries: columns `run_id`, `metric`, `step`, `value`."""
