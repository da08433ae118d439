"""Rounds: one fault each, and then the same sweep once more, after which all must be as if nothing had happened."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import Random

import sqlalchemy as sa

from study.bench import servers
from study.config.location import Location
from study.torture.audit import Found, Held, judged, read
from study.torture.outages import OUTAGES, POSTGRESQL
from study.torture.strikes import CROWDS, KILLS, Strike, Struck, untidy
from study.torture.sweep import EXPERIMENT, Store

STRIKES: Mapping[str, Strike] = {**KILLS, **CROWDS, **OUTAGES}


@dataclass(frozen=True, slots=True)
class Fault:
    """What one round tries."""

    kind: str
    seed: int  # of its moments and numbers


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a round."""

    kind: str
    seed: int
    struck: Struck
    found: Found
    again: str  # what was wrong with the sweep that was asked for afterwards, empty if nothing was

    @property
    def survived(self) -> bool:
        """Whether all is as if nothing had happened."""
        return self.found == Found(0, 0, 0) and not (self.again or self.struck.wrong)

    @property
    def why(self) -> str:
        """What went wrong, in words."""
        return self.struck.wrong or self.again


def deal(rounds: int, seed: int, kinds: Sequence[str] | None = None) -> list[Fault]:
    """Return what is tried: of seven faults five kills, one crowd and one outage, and each kind of those in turn.

    Args:
        rounds: how many.
        seed: of their order and of each.
        kinds: some alone, in turn.

    Example:
        >>> [fault.kind for fault in deal(3, seed=0, kinds=["SIGINT", "disk full"])]
        ['SIGINT', 'disk full', 'SIGINT']
    """
    draw = Random(seed)
    groups = [list(group) for group in (KILLS, CROWDS, OUTAGES)]
    for group in groups:
        draw.shuffle(group)
    kills, crowds, outages = map(cycle, groups)
    order = cycle([kills, kills, crowds, kills, kills, outages, kills])
    named = cycle(kinds) if kinds else (next(group) for group in order)
    return [Fault(kind, draw.randrange(2**32)) for kind in islice(named, rounds)]


def try_all(faults: Sequence[Fault], tell: Callable[[str], None]) -> Iterator[Tried]:
    """Yield what came of each; those that need a PostgreSQL are left out where there is none.

    Args:
        faults: as `deal` returns them.
        tell: is told what is being done.
    """
    with ExitStack() as stack:
        fresh = None
        if any(fault.kind == POSTGRESQL for fault in faults):
            try:
                fresh = stack.enter_context(servers.postgresql())
            except servers.NotServed as error:
                tell(f"without {POSTGRESQL}: {error}")
        tell("a sweep that nobody interrupts")
        with tempfile.TemporaryDirectory(prefix="study-torture-") as folder:
            store, began = Store.fresh(Path(folder)), time.monotonic()
            ended = store.train().end()
            seconds = time.monotonic() - began
            if ended.status != 0:
                raise RuntimeError(f"the sweep fails without any fault:\n{ended.said}")
            wanted = read(store.uri, EXPERIMENT)
        for number, fault in enumerate(faults, start=1):
            if fault.kind != POSTGRESQL or fresh is not None:
                tell(f"round {number} of {len(faults)}: {fault.kind}")
                uri = fresh() if fresh is not None and fault.kind == POSTGRESQL else None
                yield _try(fault, wanted, seconds, uri)


def _try(fault: Fault, wanted: Held, seconds: float, uri: str | None) -> Tried:
    with tempfile.TemporaryDirectory(prefix="study-torture-", ignore_cleanup_errors=True) as folder:
        store = Store.fresh(Path(folder)) if uri is None else Store(Path(folder), Location.of(uri).uri)
        with closing(store):
            struck = STRIKES[fault.kind](store, Random(fault.seed), seconds)
            before = _before(store, struck.experiments)
            again = [untidy(store.train(experiment=name).end(), 0) for name in struck.experiments[:1]]
        after = [read(store.uri, name) for name in struck.experiments]
        found = [judged(held, wanted) for held in after]
        gone = sum(
            len(early.values.keys() - late.values.keys()) for early, late in zip(before, after, strict=False)
        )
    lost = max(gone, sum(each.lost for each in found))
    total = Found(lost, sum(each.doubled for each in found), found[0].running)
    return Tried(fault.kind, fault.seed, struck, total, next(filter(None, again), ""))


def _before(store: Store, experiments: Sequence[str]) -> list[Held]:
    """Return what a strike left in the store, nothing where there is none yet."""
    if store.uri.startswith("sqlite") and not store.database.exists():
        return []
    with suppress(sa.exc.SQLAlchemyError):
        return [read(store.uri, name) for name in experiments]
    return []
