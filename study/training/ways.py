"""What is known of rules: the way in which each is driven, measured on jobs and remembered."""

import json
import logging
from collections.abc import Callable, Collection, Mapping, MutableMapping
from dataclasses import dataclass, replace

from study.errors import InvalidInput
from study.job import DECLARED, UNDECIDING, Job
from study.training.instance import Way
from study.training.witness import Finding

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """What one measurement showed.

    Attributes:
        way: in which the rule is driven rightly.
        seeds: of the runs that one job had then; with others, a norm over them may be larger.
        epochs: as many as were trained then; a rule may switch later.
    """

    way: Way
    seeds: tuple[int, ...]
    epochs: int


class Ways:
    """The ways of rules, by class, version, hyperparameters and problem.

    A rule whose YAML declares whether it is elementwise is known for all values of its numbers of which one was
    measured, and for as many runs at any seeds; another one for exactly those, and at the seeds measured alone: what
    it does otherwise may begin at a norm that other seeds do not reach.

    Args:
        memory: where what was measured is kept.
        version: of a class, by its `_target_`.
    """

    def __init__(
        self,
        memory: MutableMapping[str, Known] | None = None,
        version: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._memory: MutableMapping[str, Known] = {} if memory is None else memory
        self._version = version
        self._tried: dict[str, Way] = {}

    def known(self, job: Job, seeds: Collection[int]) -> Way | None:
        """Return the way of a job at some seeds, None where it was not measured there."""
        known = self._memory.get(self.key(job))
        if known is None or known.epochs < job.epochs:
            return None
        holds = len(seeds) <= len(known.seeds) if _declared(job) else set(seeds) <= set(known.seeds)
        return known.way if holds else None

    def tried(self, job: Job) -> Way | None:
        """Return the way to begin with: what a few steps took, or was found right before; None where none was."""
        measured = self._memory.get(self.key(job))
        return self._tried.get(self._alike(job), measured.way if measured else None)

    def try_first(self, job: Job, way: Way) -> None:
        """Take note of the way that a few steps took."""
        self._tried[self._alike(job)] = way

    def learn(self, job: Job, way: Way, seeds: Collection[int]) -> None:
        """Remember the way in which a job was trained rightly, from its first step to its last."""
        key, measured = self.key(job), tuple(seeds)
        before = self._memory.get(key)
        if _declared(job) and before is not None and before.way == way and before.epochs >= job.epochs:
            measured = max(measured, before.seeds, key=len)
        self._memory[key] = Known(way, measured, job.epochs)

    def correct(self, finding: Finding) -> None:
        """Take another way after a finding.

        Raises:
            InvalidInput: there is no other way, or the YAML declares that this one is right.
        """
        job, target = finding.job, finding.job.optimizer["_target_"]
        if not finding.repeatable:
            raise InvalidInput(
                f"{target} must do the same whenever it is given the same, but step "
                f"{finding.step} went otherwise the second time: it keeps something outside of its instances (in its "
                "class, a module, a file, the clock); keep it in self.state"
            )
        if finding.way.shared:
            seen = f"with one instance for all runs a parameter is off by {finding.share:.1g} of its way"
            if job.optimizer.get(DECLARED) is True:
                raise InvalidInput(
                    f"optimizer.{DECLARED} must be false for {target}, got true: {seen} "
                    f"after step {finding.step}; leave it out, and it is measured"
                )
            log.warning("%s: %s after step %d, so each run has one of its own", job.label, seen, finding.step)
            self._tried[self._alike(job)] = replace(finding.way, shared=False, draws=finding.draws)
        elif finding.draws and not finding.way.draws:
            self._tried[self._alike(job)] = replace(finding.way, draws=True)
        else:
            raise InvalidInput(
                f"{target} must not depend on other instances of its class, but after step "
                f"{finding.step} one of several runs was not where it is alone; keep all it remembers in self.state"
            )

    def _alike(self, job: Job) -> str:
        """Return what stands for all jobs of which one is tried: those that its declaration speaks of, or itself."""
        return self.key(job) if _declared(job) else job.hash

    def key(self, job: Job) -> str:
        """Return what a measurement of a job holds for."""
        declared = job.optimizer.get(DECLARED)
        rule: object = {
            key: value for key, value in job.optimizer.items() if key not in UNDECIDING | {"name"}
        }
        problem: object = job.problem
        if declared is not None:
            rule, problem = _outline(rule, keep=str), _outline(problem, keep=(str, int))
        version = self._version(str(job.optimizer["_target_"]))
        decisive = [version, declared, rule, problem, job.batch_size]
        if job.schedule is not None:
            schedule = job.schedule if declared is None else _outline(job.schedule, keep=str)
            decisive += [self._version(str(job.schedule["_target_"])), schedule]
        return json.dumps(decisive, sort_keys=True, default=str)


def _declared(job: Job) -> bool:
    return job.optimizer.get(DECLARED) is not None


def _outline(value: object, *, keep: type | tuple[type, ...]) -> object:
    """Return a config with the signs of its numbers in their place."""
    if isinstance(value, Mapping):
        return {str(key): _outline(item, keep=keep) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_outline(item, keep=keep) for item in value]
    if isinstance(value, (bool, keep)) or not isinstance(value, (int, float)):
        return value
    return (value > 0) - (value < 0)
