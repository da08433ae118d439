"""Plan of the benchmark: which parts are measured, in which order, and how their numbers are kept."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any  # the numbers go to JSON

from study.bench import programs, servers, writing
from study.bench.programs import Numbers
from study.bench.steps import JOBS


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


def parts(sizes: Sequence[int]) -> list[Part]:
    """Return all that is measured, our program at `sizes`: seeds of the 52 jobs of lr_sensitivity."""
    most = len(JOBS) * max(sizes)

    def ours(seeds: int) -> Part:
        name, measured = f"ours at {len(JOBS) * seeds:,} runs", partial(programs.ours, seeds=seeds)
        return Part("ours", name, measured, one_of_several=True)

    def postgresql(runs: int, *, raw: bool) -> Part:
        def measured(_: Path) -> Numbers:
            with servers.postgresql() as fresh:
                return writing.into_postgresql(fresh, runs=runs, raw=raw)

        name = f"writing {runs:,} runs into PostgreSQL"
        return Part("writing_postgresql", name, measured, one_of_several=True)

    def to_server(folder: Path) -> Numbers:
        with servers.mlflow_server(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts") as url:
            return writing.to_server(url, runs=52)

    return [
        Part("tutorial", "the tutorial's loop", programs.tutorial),
        Part("naive", "Hydra basic, log_metric each step", programs.naive),
        Part("joblib", "Hydra joblib, log_batch", programs.joblib),
        *map(ours, sizes),
        Part(
            "alone",
            f"training and writing {most:,} runs, each alone",
            partial(programs.alone, seeds=max(sizes)),
        ),
        Part("headline", "the headline", programs.headline),
        Part("own", "steps of one instance per run", programs.own),
        Part("start", "the steps of a start", programs.start),
        Part("answers", "what a person is told at once", programs.answers),
        Part("writing", "writing 1,040 runs into SQLite", partial(writing.into_sqlite, runs=1040)),
        postgresql(104, raw=True),
        postgresql(1040, raw=False),  # psycopg2's executemany would take a minute
        Part("writing_server", "writing 52 runs to a tracking server", to_server),
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

    def say(what: str) -> None:
        minutes, seconds = divmod(int(clock() - began), 60)
        write(f"[{minutes:3}:{seconds:02}] {shown}: {what}\n")

    for number, part in enumerate(plan, 1):
        shown, numbers = f"{number}/{len(plan)} {part.name}", dict[str, Any]()
        try:
            for repetition in range(1, repetitions + 1):
                say(f"repetition {repetition}/{repetitions}")
                with tempfile.TemporaryDirectory() as folder:
                    for name, value in part.measure(Path(folder)).items():
                        numbers.setdefault(name, []).append(value)
        except servers.NotServed as reason:
            say(f"not measured: {reason}")
            numbers = {"not_measured": str(reason)}
        if part.one_of_several:
            results.setdefault(part.key, []).append(numbers)
        else:
            results[part.key] = numbers
    return results
