"""Train tracked runs again, from what the store says of them, and say whether every loss is the same.

    study reproduce headline/loss_curves                        # the runs that a figure stands on
    study reproduce reports/headline                            # or a whole page
    study reproduce reports/headline/figures/loss_curves.svg
    study reproduce 0197a3c2e1f47b01 0197a3c2e1f47c22           # runs, by their ids or what these begin with
    study reproduce 0197a3c2e1f47b01 tracking.uri=sqlite:///elsewhere.db device=cpu

Each setting is identical (every value to its last bit), within tolerance, or different from step k. Nothing is
written. A page's runs are in runs.json beside it, which `study report` writes.

Exit status: 0 identical or within tolerance; 1 different, or a run failed; 2 refused.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from study import cli
from study.busy import busy
from study.config.check import DEVICES, Settings
from study.config.compose import compose
from study.config.location import Location
from study.config.make import find
from study.config.paths import CHECKOUT
from study.config.reach import require_answer, require_runs
from study.errors import InvalidInput, one_of
from study.job import Job
from study.ranges import COUNT, or_null
from study.reproduce.named import Page, split

if TYPE_CHECKING:
    from study.reproduce.again import Pair


def main() -> None:
    """Run the command line."""
    cli.run(reproduce, __doc__, config="reproduce")


def reproduce(asked: cli.Asked) -> int:
    """Read the runs, train them again, and say what came of it; return 0 unless something differs."""
    busy("reading the runs")
    try:
        named, overrides = split(asked.overrides)
        cfg = compose("reproduce", overrides, asked.config_dir)
        settings = _settings(cfg)
        pairs, labels = _read(named, settings.location, asked.config_dir)
        busy("importing torch")
        _require_classes([job for job, _ in pairs])
        with cli.importing():
            from rich.console import Console

            from study.reproduce.again import train_again
            from study.reproduce.told import show
            from study.tracking.provenance import provenance
    finally:
        busy()
    comparison = train_again(pairs, settings, cfg.device, Console(stderr=True))
    show(pairs, labels, comparison, provenance(CHECKOUT, cfg.device or ""))
    return 0 if comparison.holds else cli.FAILED


def _settings(cfg: DictConfig) -> Settings:
    """Return how to train, checked."""
    if cfg.device not in (None, *DEVICES):
        raise InvalidInput(one_of("device", cfg.device, DEVICES))
    COUNT.require("stack.max_runs", cfg.stack.max_runs)
    for key in ("threads", "workers"):
        or_null(COUNT, " for all cores").require(f"stack.{key}", cfg.stack[key])
    return Settings(
        sweep_id="",
        location=Location.of(cfg.tracking.uri),
        experiment="",
        device=cfg.device or "cpu",
        max_runs=cfg.stack.max_runs,
        threads=cfg.stack.threads,
        workers=cfg.stack.workers,
        force=False,
    )


def _read(
    named: Sequence[str | Page], location: Location, own: Path | None
) -> tuple[list["Pair"], dict[str, str]]:
    """Return the runs, each once and with its job, and what the setting of each is called, by its id."""
    require_runs(location, next((each.experiment for each in named if isinstance(each, Page)), "headline"))
    require_answer(location)
    with cli.importing():  # pandas and MLflow
        from study.reproduce.jobs import job_of
        from study.tracking.kept import find_run, find_runs, read_kept
        from study.tracking.store import open_store

    store, pairs, labels = open_store(location), dict[str, "Pair"](), dict[str, str]()
    for each in named:
        if isinstance(each, Page):
            found, shown = find_runs(store, each.experiment, each.runs, shown=each.shown), each.shown
        else:
            found, shown = find_run(store, each), each
        for run in read_kept(store, found, shown=shown):
            pairs[run.run_id] = job_of(run.run_id, run.params, run.tags, own), run
            labels[run.run_id] = each.labels[run.run_id] if isinstance(each, Page) else run.label
    return list(pairs.values()), labels


def _require_classes(jobs: Sequence[Job]) -> None:
    """Refuse what cannot be imported, before anything is trained: one's own modules are found from their folder."""
    nodes = [node for job in jobs for node in (job.problem, job.optimizer, job.schedule) if node is not None]
    for target in sorted({str(node["_target_"]) for node in nodes}):
        find(target)


if __name__ == "__main__":
    main()
