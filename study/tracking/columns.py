"""Points of runs as columns, which a store hands out a series at a time: text at every point would cost the most."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from study.errors import InvalidInput
from study.tracking import names

Series = tuple[str, str, int]
"""A run's id, a metric, and how many points of it there are."""


def points(
    run_ids: Sequence[str],
    series: Sequence[Series],
    steps: Int[np.ndarray, " point"],
    values: Float[np.ndarray, " point"],
) -> pd.DataFrame:
    """Return every point but the summaries, sorted by run, as in `run_ids`, metric and step.

    Columns `run_id` (categorical, of `run_ids`), `metric` (categorical, of those that are there), `step`, `value`.

    Args:
        run_ids: each once; some may have no point.
        series: of these runs, in the order in which their points follow one another.
        steps: of all points.
        values: likewise.

    Raises:
        InvalidInput: there are more points than the series have, or fewer.

    Example:
        >>> series = [("b", "lr", 1), ("a", "lr", 2), ("a", "summary/floor", 1)]
        >>> found = points(["a", "b"], series, np.array([0, 1, 0, 0]), np.array([4.0, 0.5, 0.25, 0.1]))
        >>> list(zip(*(found[column] for column in ("run_id", "step", "value"))))
        [('a', 0, 0.25), ('a', 1, 0.5), ('b', 0, 4.0)]
    """
    run_of, metric_of, counts = (list(part) for part in zip(*series, strict=True)) if series else ([], [], [])
    if not sum(counts) == len(steps) == len(values):
        raise InvalidInput(
            f"the store must hold as many points as counted, {sum(counts)}, got {len(steps)}: others wrote to these "
            f"runs while they were read; run the command again"
        )
    kept = sorted(key for key in set(metric_of) if not key.startswith(names.SUMMARY))
    runs, metrics = (dict(zip(each, range(len(each)), strict=True)) for each in (run_ids, kept))
    run = np.array([runs[each] for each in run_of], dtype=np.int64)
    metric = np.array([metrics.get(each, -1) for each in metric_of], dtype=np.int64)  # -1: of a summary
    of = np.repeat(
        np.arange(len(run), dtype=np.int32), np.array(counts, dtype=np.int64)
    )  # the series of each point
    lowest = steps.min(initial=0)
    place = (run * len(kept) + metric)[of] * (steps.max(initial=0) - lowest + 1) + steps - lowest
    order = np.argsort(place, kind="stable")  # almost so they come
    order = order[metric[of[order]] >= 0]
    of = of[order]
    return pd.DataFrame(
        {
            "run_id": pd.Categorical.from_codes(run[of], pd.Index(list(runs), dtype="str")),
            "metric": pd.Categorical.from_codes(metric[of], pd.Index(kept, dtype="str")),
            "step": steps[order],
            "value": values[order],
        },
        copy=False,
    )
