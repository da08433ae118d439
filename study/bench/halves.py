"""Print, as JSON, the seconds of training alone and of writing alone: the two halves of a sweep, one after the other.

python -m study.bench.halves /tmp/new.db 20    # 20 seeds of the 52 jobs of lr_sensitivity
"""

import json
import sys
from concurrent.futures import Future

from study.bench.steps import JOBS, composing, timed
from study.config.check import job_from_config, settings_from_config
from study.config.location import Location
from study.job import Run
from study.sweep.outcome import Outcome
from study.sweep.progress import Watch
from study.sweep.stacks import Training
from study.tracking import names
from study.tracking.records import records
from study.tracking.store import open_store
from study.training.result import Trained
from study.training.ways import Ways


def main() -> None:
    """Train as many seeds as the second argument says, keep the stacks, then write them to the first one's store."""
    path, seeds = sys.argv[1:]
    spent: dict[str, float] = {}
    with composing() as (_, _, composer):
        configs = [composer.compose([*words, f"seeds={seeds}"])[0] for words in JOBS]
    jobs = [job_from_config(config, words) for config, words in zip(configs, JOBS, strict=True)]
    stacks: list[Trained] = []

    def keep(trained: Trained) -> "Future[None]":
        stacks.append(trained)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    training = Training(settings_from_config(configs[0]), Watch(), Ways(), Outcome(), keep, lambda: None)
    with timed(spent, "training_seconds"):
        training.run([Run(job, seed) for job in jobs for seed in job.seeds])
    store = open_store(Location.of(f"sqlite:///{path}"))
    experiment = store.experiment_id("alone")
    with timed(spent, "writing_seconds"):
        for trained in stacks:
            store.backend.write(experiment, list(records(trained, {names.USER: "bench"})), lambda _: None)
    spent["runs"] = float(sum(len(trained.runs) for trained in stacks))
    sys.stdout.write(f"{json.dumps(spent)}\n")


if __name__ == "__main__":
    main()
