"""Build the report of one experiment from the store.

    study report experiment=headline
    study report experiment=headline report.sweep=<id> tracking.uri=http://localhost:5000 report.out=elsewhere
    study report --config-dir my_conf experiment=mine
    study report experiment=all

Overrides are those of `study train`; `report.<key>` changes the report (conf/report/default.yaml). It writes
reports/<experiment>/ (a folder of its own for a sweep that was overridden): index.html, report.md, figures/,
summary.csv, curves.parquet, and the index of all reports, reports/index.html. `experiment=all` writes a report of
each experiment that the store holds, and reports/README.md too.
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from study import cli
from study.busy import busy
from study.config.choices import choices
from study.config.commands import again_commands, sweep_command
from study.config.compose import compose
from study.config.location import Location
from study.config.reach import require_answer, require_runs
from study.errors import InvalidInput, one_of

if TYPE_CHECKING:
    from study.frames import SweepFrames
    from study.report.build import Written


ALL = "experiment=all"
"""What asks for the reports of all experiments, and their index."""


def main() -> None:
    """Run the command line."""
    cli.run(report, __doc__)


def report(asked: cli.Asked) -> None:
    """Compose, read the store, write the folder, and say what was written."""
    if ALL in asked.overrides:
        _report_all(asked)
        return
    _require_experiment(asked)
    written = _report(asked)
    _say_lead(written)
    _say_files(written)


def _report_all(asked: cli.Asked) -> None:
    """Write the report of each experiment of the store that has a file in conf/experiment, and the index of all.

    Raises:
        InvalidInput: a word that holds for one report only, or there is nothing to report.
    """
    words = tuple(word for word in asked.overrides if word != ALL)
    single = [
        word for word in words if word.startswith(("report.out=", "report.sweep=", "tracking.experiment="))
    ]
    if single:
        raise InvalidInput(
            f"{ALL} writes many reports, got {single[0]}, which is of one; name one experiment"
        )
    busy("reading the store")
    location = Location.of(compose("config", words, asked.config_dir).tracking.uri)
    require_runs(location, "headline")
    require_answer(location)
    with cli.importing():
        from study.config.pages import REPORTS
        from study.report.index import write_index
        from study.tracking.store import open_store

    held = {experiment.name for experiment in open_store(location).experiments()}
    known = choices("experiment", asked.config_dir)
    wanted = [name for name in known if name in held]
    if not wanted:
        raise InvalidInput(
            f"the store must hold an experiment of {', '.join(known)}; it holds {', '.join(sorted(held))}"
        )
    busy()
    console = _console()
    for index, name in enumerate(wanted, 1):
        console.print(f"[{index}/{len(wanted)}] {name}", markup=False)
        try:
            written = _report(cli.Asked((f"experiment={name}", *words), asked.config_dir))
        except InvalidInput as error:  # the others are not worse for it
            busy()
            console.print(f"no report: {error}", markup=False)
            continue
        _say_lead(written)
    for path in write_index(REPORTS, readme=True):
        console.print(f"index: {cli.linked(path)}")
    without = sorted(held - set(known) - {"Default"})
    if without:
        console.print(
            f"not reported, since no file of conf/experiment is called so: {', '.join(without)}", markup=False
        )


def _report(asked: cli.Asked) -> "Written":
    """Write one report."""
    busy("reading the runs")
    cfg = compose("config", asked.overrides, asked.config_dir)
    with cli.importing():  # heavy imports come once the config is known to compose, so that errors are quick
        from study.report.plan import Plan
    plan = Plan.from_config(cfg)
    location = Location.of(cfg.tracking.uri)
    require_runs(location, cfg.tracking.experiment)
    require_answer(location)
    with cli.importing():
        from study.config.pages import REPORTS
        from study.report.beside import beside
        from study.report.build import build, place_of
        from study.report.index import write_index
        from study.tracking.published import publish
        from study.tracking.reader import read_sweep

    sweep = read_sweep(cfg.tracking.experiment, sweep=plan.sweep, store=location)
    again = "\n".join(again_commands(sweep.info["command"], sweep.experiment, pages=asked.overrides))
    busy("drawing the figures")
    train = sweep_command(plan.beside, location) if plan.beside else ""
    first = beside(sweep, _tuned(plan.beside, location), plan, command=train)
    folder = plan.out or place_of(sweep)
    written = build(sweep, plan, folder, again=again, first=first)
    if plan.out is None:
        write_index(REPORTS, readme=False)
    kept = publish(location, sweep, folder, written.files, written.lead) if plan.track else ""
    busy()
    return replace(written, notices=[*written.notices, kept]) if kept else written


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


def _say_lead(written: "Written") -> None:
    console = _console()
    console.print(f"[bold]{escape(written.lead)}[/]")
    for notice in written.notices:
        console.print(f"[bold]note:[/] {escape(notice)}")


def _say_files(written: "Written") -> None:
    console = _console()
    console.print(f"report of {written.experiment}, {len(written.files)} files:")
    for path in written.files:
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        console.print(f"  {cli.linked(path, str(shown))}  [dim]{path.stat().st_size / 1000:,.1f} kB[/dim]")
    console.print(f"open: {cli.linked(next(path for path in written.files if path.name == 'index.html'))}")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
