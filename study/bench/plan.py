"""Plan of the benchmark: which parts are measured, in which order, and how their numbers are kept."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any  # the numbers go to JSON

from study.bench import programs, servers, writing
from study.bench.measure import Numbers, repeated
from study.bench.start import JOBS


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to measure.

    Attributes:
        key: under which the results keep its numbers.
        name: as progress shows it.
        measure: one repetition of it, in an empty folder.
        one_of_several: the key keeps a list, to which this part adds: the same at another size.
    """

    key: str
    name: str
    measure: Callable[[Path], Numbers]
    one_of_several: bool = False


def parts(sizes: Iterable[int]) -> list[Part]:
    """Return all that is measured.

    Args:
        sizes: of our program, as seeds of the 52 jobs of lr_sensitivity.
    """
    return [
        Part("tutorial", "the tutorial's loop", programs.tutorial),
        Part("naive", "Hydra basic, log_metric each step", programs.naive),
        Part("joblib", "Hydra joblib, log_batch", programs.joblib),
        *(_ours(seeds) for seeds in sizes),
        Part("start", "the steps of a start", programs.start),
        Part("answers", "what a person is told at once", programs.answers),
        Part("writing", "writing 1,040 runs into SQLite", partial(writing.into_sqlite, runs=1040)),
        _postgresql(104, raw=True),
        _postgresql(1040, raw=False),  # psycopg2's executemany would take a minute
        Part("writing_server", "writing 52 runs to a tracking server", partial(_to_server, runs=52)),
    ]


def measure(
    plan: Sequence[Part],
    repetitions: int,
    *,
    write: Callable[[str], object],
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Measure every part, and return every number of every repetition by the parts' keys.

    A part whose server is not to be had is left out: the reason stands in place of its numbers.

    Args:
        plan: what to measure.
        repetitions: of each part.
        write: is handed a line of progress before each repetition: the time so far, the part, the repetition.
        clock: in seconds.
    """
    results: dict[str, Any] = {}
    began = clock()

    def say(part: str, what: str) -> None:
        minutes, seconds = divmod(int(clock() - began), 60)
        write(f"[{minutes:3}:{seconds:02}] {part}: {what}\n")

    for number, part in enumerate(plan, 1):
        numbers = _measured(part, repetitions, partial(say, f"{number}/{len(plan)} {part.name}"))
        if part.one_of_several:
            results.setdefault(part.key, []).append(numbers)
        else:
            results[part.key] = numbers
    return results


def _measured(part: Part, repetitions: int, say: Callable[[str], None]) -> dict[str, Any]:
    try:
        return repeated(repetitions, part.measure, announce=lambda k: say(f"repetition {k}/{repetitions}"))
    except servers.NotServed as reason:
        say(f"not measured: {reason}")
        return {"not_measured": str(reason)}


def _ours(seeds: int) -> Part:
    measured = partial(programs.ours, seeds=seeds)
    return Part("ours", f"ours at {len(JOBS) * seeds:,} runs", measured, one_of_several=True)


def _postgresql(runs: int, *, raw: bool) -> Part:
    measured = partial(_into_postgresql, runs=runs, raw=raw)
    return Part("writing_postgresql", f"writing {runs:,} runs into PostgreSQL", measured, one_of_several=True)


def _into_postgresql(_folder: Path, *, runs: int, raw: bool) -> Numbers:
    with servers.postgresql() as fresh:
        return writing.into_postgresql(fresh, runs=runs, raw=raw)


def _to_server(folder: Path, *, runs: int) -> Numbers:
    with servers.mlflow_server(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts") as url:
        return writing.to_server(url, runs=runs)
