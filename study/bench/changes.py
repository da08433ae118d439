"""What changed since the numbers that are committed: ratios of one measurement beside those of another.

Seconds are a machine's of a day. What lasts are ratios of what was measured in one go, such as ours over a plain
loop's, and bytes: those are compared, of two measurements on machines of one kind.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # the numbers come as JSON

import numpy as np

Results = Mapping[str, Any]

WORSE = 1.15
"""A ratio that grew by more than this factor got worse: three repetitions of the same differ by less."""

_KIND = ("processor", "cores", "memory", "system")


@dataclass(frozen=True, slots=True)
class Change:
    """One ratio, or number of bytes, then and now: less is better.

    Attributes:
        name: of what over what.
        before: then.
        now: now.
    """

    name: str
    before: float
    now: float

    @property
    def factor(self) -> float:
        """By how much it grew."""
        return self.now / self.before

    @property
    def worse(self) -> bool:
        """Whether that is more than noise makes."""
        return self.factor > WORSE


def committed(path: Path) -> Results | None:
    """Return the results that a file holds in the last commit, None where it is in none."""
    if not path.parent.is_dir():
        return None
    shown = subprocess.run(["git", "show", f"HEAD:./{path.name}"], cwd=path.parent, capture_output=True)
    results: Results | None = json.loads(shown.stdout) if shown.returncode == 0 else None
    return results


def same_kind(before: Results, now: Results) -> bool:
    """Return whether both were measured on machines of one kind."""
    return all(before["machine"][key] == now["machine"][key] for key in _KIND)


def changes(before: Results | None, now: Results) -> list[Change] | None:
    """Return every ratio that both measurements have, None where they are not of one kind of machine."""
    if before is None or not same_kind(before, now):
        return None
    then = dict(ratios(before))
    return [Change(name, then[name], value) for name, value in ratios(now) if name in then]


def ratios(results: Results) -> Iterator[tuple[str, float]]:
    """Yield the ratios of a measurement by name, and the peaks of memory; medians of all repetitions."""
    loop = _median(results["tutorial"]["seconds_per_run_without_workers"])
    imports = _median(results["start"]["torch"])
    for size in results["ours"]:
        runs = f"{size['runs'][0]:,.0f} runs"
        yield f"{runs}, a run / the tutorial's loop", _median(size["seconds_per_run"]) / loop
        yield f"{runs}, reading / a bare fetchall", _over(size, "read_seconds", "raw_read_seconds")
        yield f"{runs}, report / a run of that loop", _median(size["report_seconds"]) / loop
        yield f"{runs}, peak of the sweep in MB", _median(size["peak_bytes"]) / 1e6
        yield f"{runs}, peak of the report in MB", _median(size["report_peak_bytes"]) / 1e6
    for key in ("fresh", "warm", "nothing", "first_word"):
        if "headline" in results:
            seconds = _median(results["headline"][f"{key}_seconds"])
            yield f"headline, {key.replace('_', ' ')} / importing torch", seconds / imports
    for rule, values in results.get("own", {}).items():
        yield f"one instance per run, {rule} / a plain loop's step", _median(values)
    for store, numbers in _written(results):
        for key in sorted(key for key in numbers if key.startswith("bulk_over_")):
            yield f"writing to {store} / {key.removeprefix('bulk_over_')}", _median(numbers[key])


def _written(results: Results) -> Iterator[tuple[str, Results]]:
    yield "SQLite", results["writing"]
    for numbers in results["writing_postgresql"]:
        yield f"PostgreSQL, {_median(numbers.get('runs', [0])):,.0f} runs", numbers
    yield "a server", results["writing_server"]


def _over(size: Results, key: str, other: str) -> float:
    return _median(size[key]) / _median(size[other])


def _median(values: Any) -> float:
    return float(np.median(values))
