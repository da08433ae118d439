"""What is simulated, how often, and on how many cores."""

import signal
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import chain, product
from multiprocessing import active_children, get_context

import numpy as np
import pandas as pd

from study import interrupts
from study.certify.calibrate import medians, power, real, sequences, single, tables
from study.certify.calibrate.counts import Row, counted
from study.certify.calibrate.populations import POPULATIONS
from study.certify.calibrate.promises import PROMISES
from study.tracking import names

SIZES = (6, 10, 25, 100)
TABLES = ((4, 10), (4, 25), (4, 100), (8, 12), (8, 25), (8, 100))
"""Settings of a table, and its seeds; 28 pairs of 10 seeds cannot be resolved."""

GROWING = (6, 10, 16, 25, 40, 63, 100, 160, 250)
REAL = (10, 25, 50, 100, 200)
LOOKED = {"normal": (0.0, 0.25, 0.5, 1.0, 2.0), "lognormal": (0.0, 1.0), "t of 2 degrees": (0.0, 1.0)}
"""How far apart, in margins, settings are that are looked at again and again."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One simulation.

    Attributes:
        function: is called with its stream, the number of experiments and the keywords.
        keywords: what is simulated; its words and numbers decide the stream.
        part: of the experiments that are asked for: a table of 28 pairs takes as long as 28.
    """

    function: Callable[..., list[Row]]
    keywords: Mapping[str, object] = field(default_factory=dict)
    part: float = 1.0

    def run(self, seed: int, experiments: int) -> list[Row]:
        """Return what it counts: the same for the same seed, whatever else is simulated."""
        said = {
            key: value for key, value in self.keywords.items() if isinstance(value, (str, int, float, tuple))
        }
        own = zlib.crc32(f"{self.function.__name__} {sorted(said.items())}".encode())
        rng = np.random.default_rng([seed, own])
        return self.function(rng, max(1, round(self.part * experiments)), **self.keywords)


def measure(
    experiments: int,
    *,
    seeds: int,
    seed: int,
    workers: int | None,
    tell: Callable[[int], None] = lambda _: None,
) -> pd.DataFrame:
    """Return every count, as `counted` does.

    Args:
        experiments: of each simulation of a pair; what takes longer has a part of them.
        seeds: that the real optimizers are trained at.
        seed: of all streams.
        workers: processes; None is one per core, 1 is this one alone.
        tell: is told how many simulations are done.
    """
    if workers == 1:
        rows = list[Row]()
        for index, cell in enumerate(chain(simulated(), drawn(real.trained(seeds)))):
            tell(index)
            rows += cell.run(seed, experiments)
        return _table(rows)
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_leave_interrupts) as pool:
        try:
            with interrupts.held():  # workers are begun here: until they leave them to this process
                waiting = [pool.submit(cell.run, seed, experiments) for cell in simulated()]
            waiting += [pool.submit(cell.run, seed, experiments) for cell in drawn(real.trained(seeds))]
            for index, _ in enumerate(as_completed(waiting), start=1):
                tell(index)
        except BaseException:
            for worker in active_children():  # as on Ctrl-C: nobody waits for what they do
                worker.kill()
            pool.shutdown(cancel_futures=True)
            raise
    return _table([row for future in waiting for row in future.result()])


def _leave_interrupts() -> None:
    """Leave Ctrl-C to the process that began this one, and ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))


def _table(rows: Iterable[Row]) -> pd.DataFrame:
    order = [*PROMISES, sequences.GROWING, real.REAL]
    return counted(sorted(rows, key=lambda row: (order.index(str(row["promise"])), row.get("pairs", 1))))


def simulated() -> Iterator[Cell]:
    """Yield what is drawn from formulas, the longest first."""
    for settings, n in reversed(TABLES):
        part = 2 / settings
        yield Cell(tables.half_at_margin, {"population": "normal", "settings": settings, "n": n}, part)
        for population in ("normal", "two groups") if n < 25 else ("normal",):
            yield Cell(
                tables.alike, {"population": population, "design": "paired", "size": (settings, n)}, part
            )
    yield from _sequences()
    for population, settings, tie in product(
        ("normal", "t of 2 degrees", "lognormal"), (2, 4), (False, True)
    ):
        yield Cell(power.at_promised, {"population": population, "settings": settings, "tie": tie}, 0.3)
    for n, (ahead, rate) in product((10, 25, 50), ((1.0, 0.1), (2.0, 0.1), (0.0, 0.08))):
        yield Cell(tables.diverging, {"ahead": ahead, "rate": rate, "n": n}, 0.5)
    for design in ("paired", "independent"):
        yield Cell(tables.alike, {"population": "normal", "design": design, "size": (2, 25)})
    yield from _pairs()


def drawn(runs: pd.DataFrame) -> Iterator[Cell]:
    """Yield what is drawn from real runs."""
    places = real.places_of(runs)
    for n, rules in product(REAL, (real.RULES, *real.NEAR)):
        yield Cell(real.real_table, {"rules": rules, "places": places, "n": n}, 0.5)
    for n, (rules, difference) in product(SIZES[1:], real.pairs_of(places).items()):
        yield Cell(real.real_difference, {"rules": rules, "difference": difference, "n": n}, 0.3)
    for n, rule in product(SIZES[1:], real.RULES):
        losses = runs.loc[runs["label"] == rule, names.CRITERION].to_numpy()
        yield Cell(real.real_itself, {"rule": rule, "places": places[rule], "n": n}, 0.3)
        yield Cell(real.real_medians, {"rule": rule, "losses": losses, "n": n})


def _sequences() -> Iterator[Cell]:
    for difference in (0.0, 0.5, 1.0, 2.0):
        yield Cell(sequences.grown, {"population": "normal", "difference": difference, "sizes": GROWING}, 0.5)
    for population, apart in LOOKED.items():
        for difference in apart:
            yield Cell(sequences.looked, {"population": population, "difference": difference, "split": True})
    for difference in (0.0, 1.0):
        yield Cell(sequences.looked, {"population": "normal", "difference": difference, "split": False})


def _pairs() -> Iterator[Cell]:
    for population in POPULATIONS:
        for n in SIZES:
            yield Cell(single.itself, {"population": population, "design": "paired", "n": n})
            if population in ("normal", "lognormal", "Cauchy"):
                yield Cell(single.itself, {"population": population, "design": "independent", "n": n})
            yield Cell(single.at_margin, {"population": population, "n": n})
        for n in (3, 5, 6, 10, 20, 25, 100):
            yield Cell(medians.medians, {"population": population, "n": n})
