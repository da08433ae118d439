"""What a database holds that no sweep which stays asks for: decided from rows, without a database.

Sweeps of an experiment share runs: one that an old sweep trained is shown by a newer one that asks for the same job
and seed. So a run goes only where none that stays asks for it, and a sweep's parent, with the curves that are kept
beside it, only where no run is left that it trained.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

_ASKED = "%Y-%m-%d_%H-%M-%S-%f"  # the id under which a sweep is asked for

Key = tuple[str, str]  # a job's hash and a seed


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A sweep's parent.

    Attributes:
        run_id: of the parent.
        asked: when it was last asked for, as its id says.
        wanted: the jobs and seeds that it asks for.
        folder: of its artifacts, where they are files that this process reaches.
        running: whether it goes on.
        deleted: whether somebody deleted it in MLflow, which can be undone there.
    """

    run_id: str
    asked: str
    wanted: frozenset[Key]
    folder: Path | None = None
    running: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run of a job at a seed; `deleted` as of a sweep: so runs are kept in whose place `force=true` put others."""

    run_id: str
    key: Key
    parent: str
    start: int
    finished: bool = True
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Going:
    """What goes of an experiment.

    Attributes:
        experiment: its name.
        sweeps: parents.
        runs: ids of runs.
        superseded: how many of these runs have another in their place.
        left: sweeps that were to go, and stay because others show runs that they trained.
        files: folders and files of artifacts.
    """

    experiment: str
    sweeps: Sequence[str] = ()
    runs: Collection[str] = ()
    superseded: int = 0
    left: Sequence[str] = ()
    files: Sequence[Path] = field(default=(), repr=False)

    @property
    def ids(self) -> list[str]:
        """Of all that goes."""
        return [*self.sweeps, *self.runs]


def decide(
    experiment: str,
    sweeps: Sequence[SweepRow],
    runs: Sequence[RunRow],
    *,
    keep: int | None = None,
    before: datetime | None = None,
) -> Going:
    """Return what goes of an experiment; its files are not looked for.

    Without `keep` and `before` only what is superseded goes: runs and sweeps that were deleted in MLflow, and those
    beyond one of each job and seed, of which reports take the newest.

    Args:
        experiment: its name.
        sweeps: all of them.
        runs: likewise.
        keep: how many of the newest sweeps stay.
        before: sweeps that were last asked for before go.
    """
    old = [sweep for sweep in _old(sweeps, keep, before) if not sweep.running]
    parents = {sweep.run_id for sweep in old}
    wanted = {
        key for sweep in sweeps if sweep.run_id not in parents and not sweep.deleted for key in sweep.wanted
    }
    asked = {key for sweep in old for key in sweep.wanted}
    newest = {run.key: run.run_id for run in sorted(runs, key=_age) if run.finished and not run.deleted}
    superseded = {
        run.run_id for run in runs if run.deleted or (run.finished and newest[run.key] != run.run_id)
    }
    unasked = {
        run.run_id
        for run in runs
        if (run.parent in parents or (run.finished and run.key in asked))
        and not (run.finished and run.key in wanted)
    }
    goes = superseded | unasked
    needed = {run.parent for run in runs if run.run_id not in goes}
    dropped = [sweep for sweep in sweeps if sweep.run_id in parents or sweep.deleted]
    return Going(
        experiment,
        sweeps=[sweep.run_id for sweep in dropped if sweep.run_id not in needed],
        runs=goes,
        superseded=len(superseded),
        left=[sweep.run_id for sweep in dropped if sweep.run_id in needed],
    )


def _age(run: RunRow) -> tuple[int, str]:
    return run.start, run.run_id


def _old(sweeps: Iterable[SweepRow], keep: int | None, before: datetime | None) -> Iterator[SweepRow]:
    """Yield the sweeps that are to go: in the order in which a report chooses the newest."""
    ordered = sorted((s for s in sweeps if not s.deleted), key=lambda sweep: sweep.asked, reverse=True)
    for place, sweep in enumerate(ordered):
        asked = _when(sweep.asked)
        if (keep is not None and place >= keep) or (before is not None and asked and asked < before):
            yield sweep
    if keep is not None or before is not None:
        yield from (sweep for sweep in sweeps if sweep.deleted)


def _when(asked: str) -> datetime | None:
    """Return when a sweep was asked for; None where its id is none of the study's own, and says nothing."""
    with suppress(ValueError):
        return datetime.strptime(asked, _ASKED)
    return None
