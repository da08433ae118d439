"""What spans the jobs of a sweep: its parent in the store, its display, and the summary at its end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

import numpy as np
import pandas as pd
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from study.config.check import Settings
from study.config.commands import report_command, ui_command
from study.job import Job
from study.paths import CHECKOUT
from study.stats.bootstrap import Bootstrap
from study.stats.summary import summarise
from study.sweep.execute import Outcome, execute
from study.sweep.progress import Display, Lines
from study.tracking import names, sweeps
from study.tracking.provenance import command, provenance
from study.tracking.store import open_store
from study.tracking.sweeps import Request, Sweep


class OpenSweep:
    """A sweep in the process that began it.

    Args:
        sweep: its parent in the store.
        settings: where and how its jobs are run.
    """

    def __init__(self, sweep: Sweep, settings: Settings) -> None:
        self.sweep, self.settings = sweep, settings
        self.jobs: list[Job] = []
        self.outcomes: list[Outcome] = []
        self.composing = 0.0  # seconds
        self._display = Display(Console(stderr=True))
        self._live = ExitStack()
        self._live.enter_context(self._display.live())

    @classmethod
    def begin(
        cls, settings: Settings, jobs: Sequence[Job] | None, config: DictConfig, *, overrides: Sequence[str]
    ) -> "OpenSweep":
        """Make or find the parent of checked jobs.

        Args:
            settings: where and how.
            jobs: all jobs, or None where the sweeper decides them on the way.
            config: as composed.
            overrides: what was asked beside the experiment's own file.

        Raises:
            InvalidInput: there is no store; nothing was written.
        """
        store = open_store(settings.location)
        store.describe(settings.experiment, f"{config.report.title}\n\n{config.report.text}")
        request = Request(
            id=settings.sweep_id,
            command=command(),
            config=OmegaConf.to_yaml(config),
            overrides=overrides,
            tags=provenance(CHECKOUT, settings.device),
        )
        opened = cls(sweeps.begin(store, settings.experiment, jobs, request), settings)
        opened.jobs += jobs or ()
        return opened

    def run(self, jobs: Sequence[Job]) -> Outcome:
        """Train some of the sweep's jobs in this process."""
        known = {(job.hash, job.seeds) for job in self.jobs}
        self.jobs += [job for job in jobs if (job.hash, job.seeds) not in known]
        outcome = execute(jobs, self.settings, self.sweep, self._display)
        self.outcomes.append(outcome)
        return outcome

    def end(self, status: str, *, seconds: float) -> None:
        """End the parent run and tell the person what came of the sweep, and what to do next.

        Args:
            status: MLflow's FINISHED, FAILED or KILLED.
            seconds: wall time since the command started.
        """
        self._live.close()
        frame = self._runs()
        wanted = len({(job.hash, seed) for job in self.jobs for seed in job.seeds})
        spent = {
            "wall_seconds": seconds,
            "composing_seconds": self.composing,
            "training_seconds": sum(outcome.training for outcome in self.outcomes),
            "writing_seconds": sum(outcome.writing for outcome in self.outcomes),
        }
        self.sweep.finish(status, {"runs": float(len(frame)), "runs_wanted": float(wanted), **spent})
        console = Console()
        if not frame.empty:
            console.print(summary_table(frame))
        for line in self._lines(len(frame), wanted, spent):
            console.print(line, highlight=False, soft_wrap=True)

    def _runs(self) -> pd.DataFrame:
        losses = self.sweep.finished(self.jobs) if self.jobs else {}
        rows = [
            (job.label, names.DIVERGED if np.isinf(loss) else names.OK, loss)
            for job in self.jobs
            for seed in job.seeds
            if (loss := losses.get((job.hash, seed))) is not None
        ]
        return pd.DataFrame(rows, columns=["label", "status", names.LAST_EPOCH_LOSS])

    def _lines(self, done: int, wanted: int, spent: Mapping[str, float]) -> Iterator[str]:
        name, found = self.settings.experiment, sum(outcome.found for outcome in self.outcomes)
        wall, training, writing = (spent[f"{key}_seconds"] for key in ("wall", "training", "writing"))
        line = f"{name}: {done}/{wanted} runs in the store, {wall:.1f} s in all"
        if self.outcomes:  # trained by this process
            line += f" ({training:.1f} s of training, {writing:.1f} s of writing beside it)"
        yield line
        if found == wanted:
            yield f"nothing to train: all {found} runs were in the store already (force=true trains them again)"
        elif found:
            yield f"{found} of them were there already and not trained again"
        failures = {hash_: error for outcome in self.outcomes for hash_, error in outcome.failures.items()}
        for job in self.jobs:
            if job.hash in failures:
                yield f"failed: {job.label}: {failures[job.hash]}"
        yield f"next: {report_command(self.settings.experiment, self.settings.location)}"
        yield f"      {ui_command(self.settings.location)}"


def summary_table(runs: pd.DataFrame) -> Table:
    """Return the table at the end of a sweep.

    Args:
        runs: `label`, `status` and `last_epoch_loss` of each run, in the sweep's order.
    """
    table = Table(title=f"{names.SUMMARIES[names.LAST_EPOCH_LOSS].words}, over seeds", title_justify="left")
    for heading in ("optimizer", "runs", "diverged", "median", "95% bootstrap interval", "rank"):
        table.add_column(heading, justify="left" if heading == "optimizer" else "right")
    ordered = runs.assign(label=pd.Categorical(runs["label"], runs["label"].unique()))
    for row in summarise(ordered, value=names.LAST_EPOCH_LOSS, bootstrap=Bootstrap()).itertuples():
        interval = f"{row.low:.5g} to {row.high:.5g}"
        cells = (row.label, row.runs, row.diverged, f"{row.median:.5g}", interval, row.rank)
        table.add_row(*map(str, cells))
    return table


def run_elsewhere(jobs: Sequence[Job], settings: Settings) -> Outcome:
    """Train jobs of a sweep that another process began."""
    tags = provenance(CHECKOUT, settings.device)
    sweep = sweeps.find(open_store(settings.location), settings.experiment, settings.sweep_id, tags)
    return execute(jobs, settings, sweep, Lines())
