"""Groups of a comparison: an optimizer on a problem, as its files have them, and the key by which runs are known."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from study.compare.plan import Protocol
from study.config.check import job_from_config
from study.config.compose import compose
from study.config.priors import priors_of
from study.errors import InvalidInput
from study.job import PRIORS, Job
from study.ranges import is_number

WIDELY = 100.0
"""An optimizer without priors is tuned by its learning rate, within this factor of what its file says."""


@dataclass(frozen=True, slots=True)
class Group:
    """An optimizer on a problem.

    Attributes:
        problem: its name, as the problem's file is called.
        job: as shipped.
        key: digest of what decides its runs: the job, its priors, how it is tuned; not at which seeds it is compared.
        added: the override that gives it priors, where its file has none.
    """

    problem: str
    job: Job
    key: str
    added: str | None = None


def groups_of(
    optimizers: Iterable[str], problems: Iterable[str], protocol: Protocol, own: Path | None
) -> dict[str, list[Group]]:
    """Return the groups of each optimizer, in the order of the problems.

    Optimizers and problems are composed one by one, and put together: neither may set what is the other's, nor the
    budget.

    Raises:
        InvalidInput: a file does, or has nothing that could be tuned.
    """
    first, *_ = names = list(dict.fromkeys(optimizers))
    bases = {
        problem: _composed(own, f"problem={problem}", f"optimizer={first}")
        for problem in dict.fromkeys(problems)
    }
    anywhere = next(iter(bases))
    found = {}
    for name in names:
        cfg = _composed(own, f"problem={anywhere}", f"optimizer={name}")
        _require_alone(name, cfg, bases[anywhere])
        node, added = _with_priors(name, job_from_config(cfg, ()))
        jobs = {
            problem: replace(job_from_config(base, ()), optimizer=node) for problem, base in bases.items()
        }
        found[name] = [_group(problem, job, protocol, added) for problem, job in jobs.items()]
    return found


def _composed(own: Path | None, *words: str) -> DictConfig:
    return compose("config", words, own)


def _require_alone(name: str, cfg: DictConfig, other: DictConfig) -> None:
    """Refuse an optimizer's file that sets more than the optimizer: epochs, say, which all must have alike."""
    for key in map(str, cfg):
        if (
            key not in ("optimizer", "sweep_id")
            and not OmegaConf.is_missing(cfg, key)
            and cfg[key] != other[key]
        ):
            raise InvalidInput(
                f"the file of optimizer {name} must set the optimizer alone, so that all have one budget; "
                f"it sets {key}"
            )


def _with_priors(name: str, job: Job) -> tuple[Mapping[str, object], str | None]:
    """Return an optimizer's config with priors, its own or that of its learning rate, and the word that adds it."""
    if priors_of(job.optimizer):
        return job.optimizer, None
    lr = job.optimizer.get("lr")
    if not is_number(lr) or lr <= 0:
        raise InvalidInput(
            f"optimizer {name} must have a hyperparameter to tune, got neither priors nor lr; write in its file lr, "
            "or where to look for others, as in `priors: {lr: {log: [1.0e-4, 1.0]}}`"
        )
    low, high = (float(f"{end:.4g}") for end in (lr / WIDELY, lr * WIDELY))
    priors = {"lr": {"log": [low, high]}}
    return {**job.optimizer, PRIORS: priors}, f"+optimizer.priors={{lr:{{log:[{low!r},{high!r}]}}}}"


def _group(problem: str, job: Job, protocol: Protocol, added: str | None) -> Group:
    tuned = [protocol.budget, protocol.tuning.start, protocol.tuning.stop, protocol.draw]
    decided = json.dumps([job.hash, job.optimizer[PRIORS], tuned], sort_keys=True)
    key = hashlib.sha256(decided.encode()).hexdigest()[:16]
    return Group(problem, replace(job, seeds=protocol.fresh), key, added)
