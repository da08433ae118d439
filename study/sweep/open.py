"""Open sweep: its parent in the store, its display, and the end of both."""

import math
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from study.busy import busy
from study.config.check import Settings
from study.config.commands import again_commands, ui_command
from study.config.paths import CHECKOUT
from study.job import Job
from study.stats.comparison import Comparison
from study.sweep.execute import Keeper, execute
from study.sweep.outcome import Outcome
from study.sweep.progress import Display
from study.sweep.summary import End, Ranks, show
from study.tracking.provenance import Request, command, provenance
from study.tracking.tracker import Tracker

if TYPE_CHECKING:
    import pandas as pd

    from study.training.ways import Ways


@runtime_checkable
class Parent(Keeper, Protocol):
    """A sweep's parent in the store."""

    @property
    def id(self) -> str:
        """The sweep's own name."""

    def finish(self, status: str, summary: Mapping[str, float]) -> None:
        """End it with MLflow's status FINISHED, FAILED or KILLED."""

    def runs(self) -> "pd.DataFrame":
        """Return the runs of it that are in the store, as `study.tracking.reader.read_runs` does."""

    @property
    def ranked(self) -> Ranks:
        """Who ranks settings at the end."""

    def close(self) -> None:
        """Ask nothing more of it."""


class OpenSweep:
    """A sweep in the process that began it.

    Args:
        sweep: its parent in the store.
        settings: where and how its jobs are run.
        comparison: how its report will rank its settings.
        ways: what is known of rules, None where that lies beside the store.
        overrides: what was asked beside the experiment's own file.
    """

    def __init__(
        self,
        sweep: Parent,
        settings: Settings,
        comparison: Comparison,
        ways: "Ways | None" = None,
        *,
        overrides: Sequence[str] = (),
    ) -> None:
        self.sweep, self.settings, self.comparison = sweep, settings, comparison
        self.ways, self.overrides = ways, overrides
        self.jobs: list[Job] = []
        self.outcomes: list[Outcome] = []
        self.composing = 0.0  # seconds
        self._display = Display(Console(stderr=True))
        self._live = ExitStack()
        self._live.enter_context(self._display.live())

    @classmethod
    def begin(
        cls,
        tracker: Tracker,
        settings: Settings,
        jobs: Sequence[Job] | None,
        config: DictConfig,
        *,
        overrides: Sequence[str],
    ) -> "OpenSweep":
        """Make or find the parent of checked jobs, None where a sweeper decides them on the way.

        Args:
            tracker: a new one, which this sweep then has.
            settings: where and how its jobs are run.
            jobs: of the sweep.
            config: of its task.
            overrides: as above.

        Raises:
            InvalidInput: there is no store, or the report cannot be as asked; nothing was written.
        """
        comparison = Comparison.of(config.report)
        request = Request(
            id=settings.sweep_id,
            command=command(),
            config=OmegaConf.to_yaml(config),
            overrides=overrides,
            looks=list(config.looks) if config.until else (),
            tags=provenance(CHECKOUT, settings.device),
        )
        note = f"{config.report.title}\n\n{config.report.text}"
        busy("opening the store")
        tracker.begin(settings.experiment, note, jobs, request, waits=_waits)
        busy()
        opened = cls(tracker, settings, comparison, overrides=overrides)
        opened.jobs += jobs or ()
        return opened

    def declare(self, jobs: Sequence[Job]) -> None:
        """Take note of jobs that the sweeper decided on the way, wherever they are trained."""
        self._know(jobs)
        self.sweep.declare(jobs)

    def extend(self, seeds: int) -> None:
        """Take note that every setting is to have so many seeds, wherever they are trained."""
        asked = {(job.hash, job.seeds.start): job for job in self.jobs}.values()
        self.declare([
            replace(job, seeds=range(job.seeds.start, job.seeds.start + seeds)) for job in asked
        ])  # fmt: skip

    def run(self, jobs: Sequence[Job]) -> Outcome:
        """Train some of the sweep's jobs in this process."""
        self._know(jobs)
        before = {key for outcome in self.outcomes for key in outcome.losses}
        outcome = execute(jobs, self.settings, self.sweep, self._display, self.ways)
        # what an earlier batch of this very command trained was not there before it
        outcome.found -= len({(job.hash, seed) for job in jobs for seed in job.seeds} & before)
        self.outcomes.append(outcome)
        return outcome

    def say(self, line: str) -> None:
        """Tell the person something on the way."""
        self._display.say(line)

    def _know(self, jobs: Sequence[Job]) -> None:
        known = {(job.hash, job.seeds) for job in self.jobs}
        self.jobs += [job for job in jobs if (job.hash, job.seeds) not in known]

    def open_pairs(self, report: DictConfig, seeds: int, *, looks: int) -> tuple[int, int]:
        """Return how many pairs of settings there are at the first so many seeds, and how many are not resolved."""
        from study.stats.bootstrap import Bootstrap
        from study.stats.paired import Rule, compare_pairs
        from study.stats.verdicts import final

        runs = self.sweep.runs()
        first = runs[runs.groupby("job").cumcount() < seeds]  # sorted by seed
        drawn = Bootstrap(report.confidence, report.resamples, report.seed)
        pairs = compare_pairs(first, Rule(report.value, report.margin, drawn, looks), advise=False)
        return len(pairs), sum(not final(verdict) for verdict in pairs["verdict"])

    def end(self, status: str, *, seconds: float) -> None:
        """End the parent run and tell the person what came of the sweep, and what to do next.

        Args:
            status: MLflow's FINISHED, FAILED or KILLED.
            seconds: wall time since the command started.
        """
        self._live.close()
        try:
            show(self._ended(status, seconds), self.comparison, Console(), self.sweep.ranked)
        finally:
            self.sweep.close()

    def _ended(self, status: str, seconds: float) -> End:
        """End the parent run, and return what came of the sweep."""
        labels = {(job.hash, seed): job.label for job in self.jobs for seed in job.seeds}
        failures = {hash_: error for outcome in self.outcomes for hash_, error in outcome.failures.items()}
        there = self.sweep.endings(self.jobs, self.comparison.value) if self.jobs else {}
        shown = [job for job in self.jobs if job.role is None or job.role.compared]
        runs = [
            (job.label, *there[run])
            for run, job in {(job.hash, seed): job for job in shown for seed in job.seeds}.items()
            if run in there
        ]
        present = sum(run in there for run in labels)
        training = sum((outcome.training for outcome in self.outcomes), 0.0)
        writing = sum((outcome.writing for outcome in self.outcomes), 0.0)
        spent = {"wall": seconds, "composing": self.composing, "training": training, "writing": writing}
        spent |= _pipeline(self.outcomes, seconds)
        counted = {"runs": float(present), "runs_wanted": float(len(labels))}
        self.sweep.finish(status, counted | {f"{key}_seconds": value for key, value in spent.items()})
        experiment, location = self.settings.experiment, self.settings.location
        _, report = again_commands(command(), experiment, location=location)
        return End(
            experiment=experiment,
            overrides=self.overrides,
            status=status,
            wanted=len(labels),
            found=sum(outcome.found for outcome in self.outcomes),
            force=self.settings.force,
            runs=runs,
            settings={job.label: job.params() for job in self.jobs},
            failures={job.label: failures[job.hash] for job in self.jobs if job.hash in failures},
            seconds=(seconds, training, writing),
            commands=(report, ui_command(location)),
            trials=present - len(runs),
        )


def _waits(experiment: str) -> None:
    busy()
    sys.stderr.write(
        f"another sweep of {experiment} is writing to this store; waiting for it (Ctrl-C ends this one)\n"
    )


def _pipeline(outcomes: Sequence[Outcome], seconds: float) -> dict[str, float]:
    """Return how steadily training and writing went beside each other, in seconds; nothing where nothing was written.

    Args:
        outcomes: of the sweep's batches.
        seconds: since the command started.
    """
    first = min((outcome.first for outcome in outcomes), default=math.inf)
    if first == math.inf:
        return {}
    return {
        "first_written": seconds - (time.perf_counter() - first),
        "trainer_waiting": sum(outcome.waiting for outcome in outcomes),
        "tracker_idle": sum(outcome.idle for outcome in outcomes),
    }
