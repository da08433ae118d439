"""Train: compose the jobs, skip what the store holds, train the rest as stacks, record every loss.

    study train experiment=headline
    study train optimizer=adam optimizer.lr=0.001 seeds=5
    study train -m optimizer=sgd,adam optimizer.lr=0.001,0.01 seeds=20        # all combinations
    study train experiment=headline until=resolved          # more seeds, look by look, until every pair is told
    study train --config-dir my_conf -m optimizer=adam,mine tracking.experiment=mine

conf/config.yaml says what a job is made of; --cfg job prints it, as Hydra's other flags do what they always do.
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import os
from collections.abc import Sequence
from contextlib import closing

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from study import cli
from study.config.check import job_from_config, settings_from_config
from study.config.paths import CONF, ROOT
from study.sweep import current
from study.tracking.tracker import Tracker


@hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")
def train(cfg: DictConfig) -> float:
    """Run one job, and return what a sweeper may minimise: its median loss over seeds.

    Hydra's own launchers call this once per job, perhaps in another process; `hydra/launcher=stacked` calls
    `train_jobs` with all of them.
    """
    (result,) = train_jobs([cfg], [list(HydraConfig.get().overrides.task)])
    if isinstance(result, Exception):
        raise result
    return result


def train_jobs(configs: Sequence[DictConfig], overrides: Sequence[Sequence[str]]) -> list[float | Exception]:
    """Run jobs together, and return each one's median loss or what it crashed with.

    Args:
        configs: the jobs' configs.
        overrides: the overrides each was composed with.
    """
    jobs = [job_from_config(cfg, words) for cfg, words in zip(configs, overrides, strict=True)]
    mine = current.CURRENT.get()
    if mine:
        outcome = mine.run(jobs)
    else:
        from study.sweep.elsewhere import (
            run_elsewhere,
        )  # torch and MLflow: once the input is known to be good

        outcome = run_elsewhere(jobs, settings_from_config(configs[0]))
    return [outcome.failures.get(job.hash) or outcome.objective(job) for job in jobs]


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("STUDY_HYDRA_DIR", str(ROOT / "mlruns" / "hydra"))
    cli.run(_train, __doc__, hydra=True)


def _train(_: cli.Asked) -> int | None:
    try:
        # it imports MLflow from now on, while Hydra looks for its plugins and composes
        with closing(Tracker()) as tracker, current.ending(tracker):
            train()
    except Exception as error:
        if current.told(error):
            return cli.FAILED
        raise
    return None


if __name__ == "__main__":
    main()
