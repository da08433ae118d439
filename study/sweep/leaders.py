"""Leaders of a sweep while it runs: the best setting of each optimizer so far."""

from collections.abc import Iterable
from statistics import median

from study.job import Job


class Leaders:
    """Who is best so far, by the median of what settings are compared by.

    A sweep of several problems or budgets has none: nothing is compared across them.
    """

    def __init__(self) -> None:
        self._losses: dict[str, list[float]] = {}  # by job hash
        self._optimizers: dict[str, str] = {}
        self._fields: set[str] = set()
        self.told: tuple[str, ...] = ()

    def add(self, ended: Iterable[tuple[Job, float]]) -> None:
        """Take note of runs that are in the store: each one's job and loss, infinite for a diverged one."""
        for job, loss in ended:
            if job.hash not in self._losses:
                self._losses[job.hash] = []
                self._optimizers[job.hash] = job.optimizer_name
                self._fields.add(repr((job.problem, job.epochs)))
            self._losses[job.hash].append(loss)
        best: dict[str, float] = {}
        for hash_, losses in self._losses.items():
            name = self._optimizers[hash_]
            best[name] = min(median(losses), best.get(name, float("inf")))
        ranked = sorted(best.items(), key=lambda item: item[1])
        # at once: it is shown by another thread
        self.told = tuple(f"{name} {loss:.3g}" for name, loss in ranked) if len(self._fields) == 1 else ()

    def line(self, width: int) -> str:
        """Return as many of them as there is room for, the best first; nothing where there is none for the best."""
        line = ""
        for words in self.told:
            longer = f"{line}  {words}" if line else f"best so far: {words}"
            if len(longer) > width:
                break
            line = longer
        return line
