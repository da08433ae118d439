"""Delete from a database what no sweep that stays asks for; without really=true, only list it.

study prune                                        # what force=true took the place of, and what was deleted in MLflow
study prune experiments=[headline] keep=1          # and all but the newest sweep of an experiment
study prune days=90 really=true                    # and sweeps last asked for 90 days ago, for good

A run that a sweep which stays asks for is never deleted, whichever sweep trained it.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence, Sized
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from omegaconf import OmegaConf

from study import cli
from study.busy import busy
from study.config.compose import compose
from study.config.location import Location
from study.config.reach import require_answer, require_runs, require_writable
from study.errors import InvalidInput, one_of
from study.ranges import POSITIVE, SWITCH, WHOLE, or_null

if TYPE_CHECKING:
    from study.tracking.unasked import Going


def main() -> None:
    """Run the command line."""
    cli.run(prune, __doc__, config="prune")


def prune(asked: cli.Asked) -> None:
    """List what goes, and delete it where that is asked for.

    Raises:
        InvalidInput: the store is no database that can be pruned, or a sweep is writing to it.
    """
    cfg = compose("prune", asked.overrides, asked.config_dir)
    or_null(WHOLE, " for all sweeps").require("keep", cfg.keep)
    or_null(POSITIVE, " for any age").require("days", cfg.days)
    SWITCH.require("really", cfg.really)
    location = Location.of(cfg.tracking.uri)
    if not location.is_sql:
        raise InvalidInput(
            f"tracking.uri must be a database to prune, got {location.shown}; prune where its database is"
        )
    require_answer(location)
    require_runs(location, "headline")
    if cfg.really:
        require_writable(location)
    before = cfg.days and datetime.now() - timedelta(days=cfg.days)
    named = (
        cfg.experiments
        if cfg.experiments is None or OmegaConf.is_list(cfg.experiments)
        else [cfg.experiments]
    )
    _pruned(location, named and [str(name) for name in named], cfg.keep, before, really=cfg.really)


def _pruned(
    location: Location,
    names: Sequence[str] | None,
    keep: int | None,
    before: datetime | None,
    *,
    really: bool,
) -> None:
    from study.tracking import pruning  # MLflow: once the words are known to be good

    with pruning.opened(location, alone=really) as pruner:
        there = pruner.experiments()
        for name in names or ():
            if name not in there:
                raise InvalidInput(one_of("experiments", name, there))
        every = [pruner.going(name, there[name], keep=keep, before=before) for name in names or there]
        pruner.mark(every)
        rows, files = pruner.rows(), [file for going in every for file in going.files]
        sys.stdout.writelines(f"{line}\n" for line in _told(every, rows))
        about, beside = pruner.bytes() * pruning.share(rows), pruning.size(files)
        sys.stdout.write(f"about {about / 1e6:.1f} MB of the database, {beside / 1e6:.1f} MB of artifacts\n")
        if not any(going.ids or going.files for going in every):
            return
        if not really:
            sys.stdout.write("nothing was deleted; the same with really=true deletes it, for good\n")
            return
        busy("deleting")
        freed = pruner.delete(files)
        busy()
    sys.stdout.write(f"deleted; the database is {freed / 1e6:.1f} MB smaller\n")


def _told(every: "Sequence[Going]", rows: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """Yield what goes: a line for each experiment of which anything does, and one for the rows."""
    for going in every:
        if going.ids or going.files or going.left:
            stays = f"; {_many(going.left, 'sweep')} to stay, whose runs others show" if going.left else ""
            beyond = f" ({going.superseded} superseded)" if going.superseded else ""
            yield f"{going.experiment}: {_many(going.sweeps, 'sweep')} and {_many(going.runs, 'run')}{beyond}{stays}"
    yield ", ".join(f"{count:,} of {all_:,} {table}" for table, (count, all_) in rows.items())


def _many(each: Sized, what: str) -> str:
    return f"{len(each)} {what}{'s' * (len(each) != 1)}"


if __name__ == "__main__":
    main()
