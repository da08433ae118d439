"""Deliver what was trained while a store was away: it waits on this machine's disk, in mlruns/spool.

study sync
study sync tracking.uri=postgresql://me:password@server/runs     # a store whose address has a password

A sweep does so too, for its own experiment. What is in the store already is not written again.
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import sys

from study import cli
from study.config.compose import compose
from study.config.location import Location, without_password
from study.config.reach import require_answer
from study.errors import InvalidInput


def main() -> None:
    """Run the command line."""
    cli.run(sync, __doc__, config="sync")


def sync(asked: cli.Asked) -> int:
    """Deliver all that waits, or what waits for one store, and return whether any of it was refused.

    Raises:
        InvalidInput: a store does not answer, or its password is not known.
        NotKept: it fails on the way.
    """
    uri = compose("sync", asked.overrides, asked.config_dir).tracking.uri
    given = None if uri is None else Location.of(uri)
    from study.tracking import spool  # numpy: errors come first

    stores = dict.fromkeys(whose.store for _, whose in spool.waiting())
    wanted = [store for store in stores if given is None or store == without_password(given.uri)]
    if not wanted:
        sys.stdout.write(f"nothing waits to be delivered{' to this store' if given and stores else ''}\n")
    return max([_deliver(given or _location(store)) for store in wanted], default=0)


def _location(store: str) -> Location:
    if "***" in store:
        raise InvalidInput(
            f"tracking.uri must give the password of {store}; write study sync tracking.uri={store}"
        )
    return Location.of(store)


def _deliver(location: Location) -> int:
    require_answer(location)
    from study.tracking.deliver import deliver_all
    from study.tracking.store import open_store

    done = deliver_all(open_store(location), _waits)
    for experiment, delivered in done.items():
        there = f", of which {delivered.there:,} were there already" if delivered.there else ""
        where = without_password(location.uri)
        sys.stdout.write(f"{experiment}: {delivered.runs:,} runs delivered to {where}{there}\n")
    return cli.FAILED if any(delivered.refused for delivered in done.values()) else 0


def _waits(experiment: str) -> None:
    sys.stderr.write(f"a sweep of {experiment} is writing to this store; waiting for it (Ctrl-C ends this)\n")


if __name__ == "__main__":
    main()
