"""Build the report of one experiment from the store.

    study report experiment=headline
    study report experiment=headline report.sweep=<id> tracking.uri=http://localhost:5000 report.out=elsewhere
    study report --config-dir my_conf experiment=mine

Overrides are those of `study train`; `report.<key>` changes the report (conf/report/default.yaml). It writes
reports/<experiment>/: index.html, report.md, figures/, summary.csv, curves.parquet.
"""

from datetime import UTC, datetime
from pathlib import Path

from study import cli
from study.config.choices import choices
from study.config.compose import compose
from study.config.location import Location
from study.config.reach import require_answer, require_runs
from study.errors import InvalidInput, one_of
from study.paths import ROOT


def main() -> None:
    """Run the command line."""
    cli.run(report, __doc__)


def report(asked: cli.Asked) -> None:
    """Compose, read the store, write the folder, and say what was written."""
    _require_experiment(asked)
    cfg = compose("config", asked.overrides, asked.config_dir)
    # Heavy imports come once the config is known to compose, so that errors are quick.
    from omegaconf import OmegaConf

    from study.report.plan import Plan

    node = OmegaConf.to_container(cfg.report, resolve=True)
    assert isinstance(node, dict)
    plan = Plan.of({str(key): value for key, value in node.items()})
    location = Location.of(cfg.tracking.uri)
    require_runs(location, cfg.tracking.experiment)
    require_answer(location)
    with cli.importing():
        from study.report.build import build
        from study.tracking.reader import read_sweep

    sweep = read_sweep(cfg.tracking.experiment, sweep=plan.sweep, store=location)
    folder = plan.out or ROOT / "reports" / sweep.experiment
    written = build(sweep, plan, folder, written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    _say(sweep.experiment, written)


def _require_experiment(asked: cli.Asked) -> None:
    if not any(word.startswith(("experiment=", "tracking.experiment=")) for word in asked.overrides):
        known = choices("experiment", asked.config_dir)
        raise InvalidInput(one_of("experiment=<name>", "no experiment", known))


def _say(experiment: str, written: list[Path]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"report of {experiment}, {len(written)} files:")
    for path in written:
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        console.print(f"  {shown}  [dim]{path.stat().st_size / 1000:,.0f} kB[/dim]")


if __name__ == "__main__":
    main()
