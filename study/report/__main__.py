"""Build the report of one experiment from the store.

    python -m study.report experiment=headline
    python -m study.report experiment=headline sweep=<id> tracking.uri=http://localhost:5000 report.out=elsewhere

Overrides are those of `study.train`; `report.<key>` changes the report (conf/report/default.yaml). It writes
reports/<experiment>/: index.html, report.md, figures/, summary.csv, curves.parquet.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from study.cli import compose, importing, run
from study.config.location import Location
from study.config.reach import require_answer
from study.errors import InvalidInput, one_of
from study.paths import CONF, ROOT


def report(arguments: list[str]) -> None:
    """Compose, read the store, write the folder, and say what was written."""
    cfg = compose([_override(argument) for argument in _asked(arguments)])
    # Heavy imports come once the config is known to compose, so that errors are quick.
    from omegaconf import OmegaConf

    from study.report.plan import Plan

    node = OmegaConf.to_container(cfg.report, resolve=True)
    assert isinstance(node, dict)
    plan = Plan.of({str(key): value for key, value in node.items()})
    location = Location.of(cfg.tracking.uri)
    location.require(cfg.tracking.experiment)
    require_answer(location)
    with importing():
        from study.report.build import build
        from study.tracking.reader import read_sweep

    sweep = read_sweep(cfg.tracking.uri, cfg.tracking.experiment, plan.sweep)
    folder = plan.out or ROOT / "reports" / sweep.experiment
    written = build(sweep, plan, folder, written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    _say(sweep.experiment, written)


def _asked(arguments: list[str]) -> list[str]:
    if any(argument.startswith(("experiment=", "tracking.experiment=")) for argument in arguments):
        return arguments
    known = [path.stem for path in (CONF / "experiment").glob("*.yaml")]
    raise InvalidInput(one_of("experiment=<name>", "no experiment", known))


def _override(argument: str) -> str:
    return f"report.{argument}" if argument.startswith("sweep=") else argument


def _say(experiment: str, written: list[Path]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"report of {experiment}, {len(written)} files:")
    for path in written:
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        console.print(f"  {shown}  [dim]{path.stat().st_size / 1000:,.0f} kB[/dim]")


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv[1:]):
        sys.stdout.write(f"{__doc__}\n")
    else:
        run(lambda: report(sys.argv[1:]))
