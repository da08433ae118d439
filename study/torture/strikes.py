"""What is done to sweeps: kills at any moment, and crowds; each says what went otherwise than it must.

A strike has a fresh store to itself, and leaves it to be judged: what it did to the surroundings it has undone.
"""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from study.torture.serving import look, served
from study.torture.sweep import EXPERIMENT, OPTIMIZERS, SEEDS, Command, Ended, Store, asked, kill, moment

SOON = 5.0
"""Seconds in which a sweep that was told to end, or whose store is gone, has ended."""


_FAILS = (1, 2)  # exit statuses of what could not be kept, and of what was refused


@dataclass(frozen=True, slots=True)
class Struck:
    """What came of a strike, before the store is judged.

    Attributes:
        late: whether something ended later than it must.
        wrong: what else went otherwise than it must, empty if nothing did.
        experiments: those whose runs are to be all there, once the sweep is asked for again.
    """

    late: bool = False
    wrong: str = ""
    experiments: Sequence[str] = (EXPERIMENT,)


Strike = Callable[[Store, Random, float], Struck]
"""Handed a fresh store, what draws moments and numbers, and the seconds that a sweep takes."""


def _kill(number: signal.Signals, *, trainer: bool = True, tracker: bool = False) -> Strike:
    """Return what sends a signal to the trainer, to the process that writes for it, or to both at once."""
    # a shell gives 128 + the number to what a signal ended before it could say so
    statuses = {-number, 128 + number} if trainer else {*_FAILS}

    def strike(store: Store, draw: Random, seconds: float) -> Struck:
        sweep = store.train()
        hit = moment(sweep, store, draw.random(), seconds=seconds, written=draw.random() < 0.5)
        writes = sweep.tracker() if tracker else None
        if trainer:
            sweep.send(number)
        kill(writes)
        began = time.monotonic()
        ended = sweep.end()
        late = hit and trainer and time.monotonic() - began > SOON
        return Struck(late or ended.status is None, untidy(ended, 0, *statuses))

    return strike


def _identical(store: Store, draw: Random, _: float) -> Struck:
    """Ask for the same sweep several times at once."""
    return _all_done([store.train() for _ in range(draw.randint(2, 8))])


def _overlapping(store: Store, draw: Random, _: float) -> Struck:
    """Ask for sweeps at once that share some of their runs."""
    sweeps = []
    for _ in range(draw.randint(2, 6)):
        first = draw.randrange(SEEDS - 1)
        some = draw.sample(OPTIMIZERS, draw.randint(1, 4))
        sweeps.append(store.train(*asked(some, first, draw.randint(1, SEEDS - first))))
    return _all_done(sweeps)


def _different(store: Store, draw: Random, _: float) -> Struck:
    """Ask for the sweeps of several experiments at once."""
    names = [f"{EXPERIMENT}{number}" for number in range(draw.randint(2, 6))]
    done = _all_done([store.train(experiment=name) for name in names])
    return Struck(done.late, done.wrong, names)


def _reported(store: Store, draw: Random, seconds: float) -> Struck:
    """Ask for a report while the sweep writes."""
    sweep = store.train()
    if not moment(sweep, store, draw.random() * 0.9, seconds=seconds, written=True):
        return Struck(wrong=untidy(sweep.end(), 0))
    words = [
        f"tracking.experiment={EXPERIMENT}",
        f"tracking.uri={store.uri}",
        "report.figures=[{name: final_losses}]",
    ]
    return _all_done([sweep, store.command("report.__main__", *words, f"report.out={store.folder / 'page'}")])


def _watched(store: Store, draw: Random, _: float) -> Struck:
    """Have MLflow's UI open throughout, asking for the runs as its page does, while sweeps write."""
    store.train(*asked(draw.sample(OPTIMIZERS, 1), 0, 1)).end()
    with served(store) as (url, _):
        sweeps = [store.train() for _ in range(draw.randint(1, 3))]
        wrong = ""
        while not wrong and any(sweep.runs for sweep in sweeps):
            try:
                look(url)
            except (OSError, ValueError) as error:
                wrong = f"the UI is answered {error}"
            time.sleep(0.2)
        done = _all_done(sweeps)
    return Struck(done.late, wrong or done.wrong)


def _machines(store: Store, draw: Random, _: float) -> Struck:
    """Ask for the same sweep from several machines at once, which a tracking server keeps not apart."""
    others = [store.elsewhere(f"machine{number}") for number in range(draw.randint(2, 3))]
    with served(store) as (url, _):
        return _all_done([other.train(uri=url) for other in others])


KILLS: Mapping[str, Strike] = {
    "SIGKILL of both processes": _kill(signal.SIGKILL, tracker=True),
    "SIGKILL of the trainer": _kill(signal.SIGKILL),
    "SIGKILL of the tracker": _kill(signal.SIGKILL, trainer=False, tracker=True),
    "SIGTERM": _kill(signal.SIGTERM),
    "SIGINT": _kill(signal.SIGINT),
}
CROWDS: Mapping[str, Strike] = {
    "identical sweeps at once": _identical,
    "overlapping sweeps at once": _overlapping,
    "different experiments at once": _different,
    "a report while a sweep writes": _reported,
    "the UI open while sweeps write": _watched,
    "several machines through a tracking server": _machines,
}


def _all_done(commands: Sequence[Command]) -> Struck:
    """Wait for commands that must all succeed."""
    ended = [command.end() for command in commands]
    wrong = [untidy(each, 0) for each in ended]
    return Struck(any(each.status is None for each in ended), next(filter(None, wrong), ""))


def untidy(ended: Ended, *usual: int) -> str:
    """Return what is unusual in how a command ended, empty if nothing is."""
    if ended.status is None:
        return "it hung"
    if not ended.tidy:
        return f"a traceback: {ended.said.strip().splitlines()[-1]}"
    return "" if ended.status in usual else f"status {ended.status}: {' '.join(ended.said.split())[-300:]}"
