"""Jobs of a sweep in a process that a launcher started, perhaps on another machine: it keeps them by itself.

The sweep's one tracker is beside the process that began it, and cannot be reached from here. So this process alone
knows both torch and MLflow: it writes what it trains, between one stack and the next.
"""

from collections.abc import Sequence
from dataclasses import replace

from study.config.check import Settings
from study.config.paths import CHECKOUT
from study.job import Job
from study.sweep.execute import execute
from study.sweep.outcome import Outcome
from study.sweep.progress import Lines
from study.tracking import sweeps
from study.tracking.provenance import provenance
from study.tracking.store import open_store


def run_elsewhere(jobs: Sequence[Job], settings: Settings) -> Outcome:
    """Train jobs of a sweep that another process began."""
    tags = provenance(CHECKOUT, settings.device)
    sweep = sweeps.find(open_store(settings.location), settings.experiment, settings.sweep_id, tags)
    # another task may have the next core
    alone = replace(settings, threads=settings.threads or 1, workers=settings.workers or 1)
    return execute(jobs, alone, sweep, Lines())
