"""Check what sweeps and reports need: packages, store, machine; one line each, with a remedy where it is wrong.

study doctor
study doctor tracking.uri=sqlite:///elsewhere.db port=5001
study doctor fix=true               # say in the store of what only seems to run that it was killed

Exit status 1 if there is a problem.
"""

import sys
from collections.abc import Iterator

from study import cli
from study.config.compose import compose
from study.config.location import Location
from study.doctor.finding import Finding
from study.ranges import SWITCH, or_null, up_to


def main() -> None:
    """Run the command line."""
    cli.run(doctor, __doc__, config="doctor")


def doctor(asked: cli.Asked) -> int:
    """Say each finding as it is made, and return whether one of them is a problem."""
    cfg = compose("doctor", asked.overrides, asked.config_dir)
    up_to(65535).require("port", cfg.port)
    SWITCH.require("fix", cfg.fix)
    or_null(SWITCH, " for where it is small").require("whole", cfg.whole)
    location, status = Location.of(cfg.tracking.uri), 0
    if cfg.fix:
        _fix(location)
    for finding in _findings(location, cfg.port, whole=cfg.whole):
        sys.stdout.write(f"{finding.line}\n")
        sys.stdout.flush()
        status = cli.FAILED if finding.level == "problem" else status
    return status


def _findings(location: Location, port: int, *, whole: bool | None) -> Iterator[Finding]:
    from study.doctor import installed, machine, store  # SQLAlchemy: once the words are known to be good

    yield from installed.findings()
    yield from store.findings(location, whole=whole)
    yield from machine.findings(port, location)


def _fix(location: Location) -> None:
    if not location.exists:
        return
    from study.tracking.store import open_store
    from study.tracking.sweeps import tidy

    tidy(open_store(location))


if __name__ == "__main__":
    main()
