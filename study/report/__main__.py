"""Build the report of one experiment from the store.

    study report experiment=headline
    study report experiment=headline report.sweep=<id> tracking.uri=http://localhost:5000 report.out=elsewhere
    study report --config-dir my_conf experiment=mine

Overrides are those of `study train`; `report.<key>` changes the report (conf/report/default.yaml). It writes
reports/<experiment>/ (a folder of its own for a sweep that was overridden): index.html, report.md, figures/,
summary.csv, curves.parquet.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from study import cli
from study.config.check import check_nodes
from study.config.choices import choices
from study.config.commands import again_commands, sweep_command
from study.config.compose import compose
from study.config.location import Location
from study.config.reach import require_answer, require_runs
from study.errors import InvalidInput, one_of

if TYPE_CHECKING:
    from study.frames import SweepFrames


def main() -> None:
    """Run the command line."""
    cli.run(report, __doc__)


def report(asked: cli.Asked) -> None:
    """Compose, read the store, write the folder, and say what was written."""
    _require_experiment(asked)
    cfg = compose("config", asked.overrides, asked.config_dir)
    # Heavy imports come once the config is known to compose, so that errors are quick.
    from omegaconf import OmegaConf

    with cli.importing():
        from study.report.plan import Plan
    check_nodes(cfg, ("tracking", "report"))
    node = OmegaConf.to_container(cfg.report, resolve=True)
    assert isinstance(node, dict)
    plan = Plan.of({str(key): value for key, value in node.items()})
    location = Location.of(cfg.tracking.uri)
    require_runs(location, cfg.tracking.experiment)
    require_answer(location)
    with cli.importing():
        from study.report.beside import beside
        from study.report.build import build, place_of
        from study.report.notices import notices
        from study.tracking.reader import read_sweep

    sweep = read_sweep(cfg.tracking.experiment, sweep=plan.sweep, store=location)
    again = "\n".join(again_commands(sweep.info["command"], sweep.experiment, pages=asked.overrides))
    train = sweep_command(plan.beside, location) if plan.beside else ""
    first = beside(sweep, _tuned(plan.beside, location), plan, command=train)
    written = build(sweep, plan, plan.out or place_of(sweep), again=again, first=first)
    _say(sweep.experiment, written.lead, notices(sweep), written.files)


def _tuned(experiment: str | None, location: Location) -> "SweepFrames | None":
    """Return the last sweep of an experiment, None where the store has none that could be shown."""
    from study.tracking.reader import read_sweep

    try:
        return None if experiment is None else read_sweep(experiment, store=location)
    except InvalidInput:  # it is not there, or nothing in it is finished
        return None


def _require_experiment(asked: cli.Asked) -> None:
    if not any(word.startswith(("experiment=", "tracking.experiment=")) for word in asked.overrides):
        known = choices("experiment", asked.config_dir)
        raise InvalidInput(one_of("experiment=<name>", "no experiment", known))


def _say(experiment: str, lead: str, told: list[str], written: list[Path]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(lead)}[/]")
    for notice in told:
        console.print(f"[bold]note:[/] {escape(notice)}")
    console.print(f"report of {experiment}, {len(written)} files:")
    for path in written:
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        console.print(f"  {escape(str(shown))}  [dim]{path.stat().st_size / 1000:,.1f} kB[/dim]")
    page = next(path for path in written if path.name == "index.html")
    console.print(f"open: {page.resolve().as_uri()}", markup=False)


if __name__ == "__main__":
    main()
