"""What is tried when hyperparameters are tuned, which trial is chosen, and what is compared then at fresh seeds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, cast, get_type_hints  # Any: a config's node

from omegaconf import DictConfig, OmegaConf

from study.config.check import check_hyperparameters
from study.config.commands import key_of
from study.config.priors import Prior, drawn, priors_of
from study.errors import InvalidInput
from study.job import Job, Role
from study.ranges import COUNT, WHOLE, numbers, require_ranges, up_to
from study.tracking import names

if TYPE_CHECKING:
    from study.sweep.open import OpenSweep

Words = Sequence[str]
Check = Callable[[Sequence[Words]], tuple[list[Job], dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Tuning:
    """Settings of `hydra/sweeper=tuning`; conf/hydra/sweeper/tuning.yaml says what they are."""

    trials: Annotated[int, up_to(10_000, least=2)]  # each is a job that is composed and checked
    budgets: Annotated[Sequence[int], numbers(each=COUNT)]
    seeds: Annotated[int, COUNT]
    first_seed: Annotated[int, WHOLE]
    seed: Annotated[int, WHOLE]

    @classmethod
    def of(cls, sweeper: DictConfig) -> "Tuning":
        """Return the settings of the `hydra.sweeper` node; all trials are a budget, and so is the first alone.

        Raises:
            InvalidInput: a value is out of its range.
        """
        node = cast("dict[str, Any]", OmegaConf.to_container(sweeper, resolve=True))
        given = {field.name: node[field.name] for field in fields(cls)}
        require_ranges("hydra.sweeper", get_type_hints(cls, include_extras=True), given)
        budgets = {1, given["trials"], *(least for least in given["budgets"] if least < given["trials"])}
        return cls(**{**given, "budgets": sorted(budgets)})

    @property
    def at(self) -> range:
        """The seeds by which settings are chosen."""
        return range(self.first_seed, self.first_seed + self.seeds)


@dataclass(frozen=True, slots=True)
class Task:
    """A job, the overrides that it is composed of, and those of them that were drawn."""

    job: Job
    words: Words
    drawn: Words

    @property
    def role(self) -> Role:
        """What it is for."""
        assert self.job.role is not None
        return self.job.role


@dataclass(frozen=True, slots=True)
class Search:
    """A search for hyperparameters.

    Attributes:
        tuning: its settings.
        shipped: each group as shipped, at the seeds at which settings are compared.
        trials: all trials of all groups.
    """

    tuning: Tuning
    shipped: Sequence[Task]
    trials: Sequence[Task]

    @property
    def jobs(self) -> list[Job]:
        """All jobs that are known before the first is trained."""
        return [task.job for task in (*self.trials, *self.shipped)]

    def compared(self, sweep: "OpenSweep") -> list[Task]:
        """Return what is compared: each group as shipped, and the best of its trials at each budget. Declare it."""
        import pandas as pd  # nor SciPy, before all trials are done

        from study.stats.tuning import choose

        endings = sweep.sweep.endings([task.job for task in self.trials], names.CRITERION)
        rows = [
            (task.role.group, task.role.trial, *endings[task.job.hash, seed])
            for task in self.trials
            for seed in task.job.seeds
        ]
        runs = pd.DataFrame(rows, columns=["group", "trial", "status", names.CRITERION])
        best = {
            group: {budget: choose(own, budget) for budget in self.tuning.budgets}
            for group, own in runs.groupby("group")
        }
        tasks = [task for shipped in self.shipped for task in self._of(shipped, best[shipped.role.group])]
        sweep.declare([task.job for task in tasks])
        return tasks

    def _of(self, shipped: Task, best: Mapping[int, int]) -> Iterator[Task]:
        """Yield a group as shipped, and its best trials, each once, at the same seeds; `best` is by budget."""
        group = shipped.role.group
        trials = {task.role.trial: task for task in self.trials if task.role.group == group}
        for number in dict.fromkeys([1, *best.values()]):
            trial, budgets = trials[number], tuple(budget for budget in best if best[budget] == number)
            of_all = self.tuning.trials in budgets
            tuned = f"{group} tuned" if of_all else f"{group} tuned by {budgets[-1]}"
            label = group if number == 1 else tuned
            role = replace(trial.role, budgets=budgets, compared=of_all or number == 1)
            job = replace(trial.job, seeds=shipped.job.seeds, label=label, role=role)
            yield Task(job, [*shipped.words, *trial.drawn], trial.drawn)


def searched(
    sweeper: DictConfig, batch: Sequence[Words], groups: Sequence[Job], check: Check
) -> tuple[Search, dict[str, str]]:
    """Return the search that a sweeper's config asks for, and what is wrong with those trials that are refused.

    Args:
        sweeper: the `hydra.sweeper` node.
        batch: the overrides of each group: what would be swept without tuning.
        groups: their jobs.
        check: returns the jobs of some overrides, and what is wrong with the others.

    Raises:
        InvalidInput: a setting, a prior or the seeds are not as they must be.
    """
    tuning = Tuning.of(sweeper)
    if len({job.hash for job in groups}) < len(groups):
        raise InvalidInput(
            "what is swept beside tuning must differ in more than seeds, got two of the same: "
            f"{', '.join(job.label for job in groups)}; ask for them one after the other"
        )
    shipped, drafts = [], []
    for words, job in zip(batch, groups, strict=True):
        _require_fresh(job.seeds, tuning.at)
        own = list(_drawn(job, words, tuning))
        shipped.append(Task(replace(job, role=replace(own[0][0], budgets=(1,), compared=True)), words, ()))
        drafts += [(role, _at(words, chosen, tuning.at), chosen) for role, chosen in own]
    jobs, refused = check([words for _, words, _ in drafts])
    if refused:
        return Search(tuning, shipped, []), refused
    trials = [
        Task(replace(job, label=f"{role.group} trial {role.trial}", role=role), words, chosen)
        for job, (role, words, chosen) in zip(jobs, drafts, strict=True)
    ]
    return Search(tuning, shipped, trials), {}


def _drawn(job: Job, words: Words, tuning: Tuning) -> Iterator[tuple[Role, Words]]:
    """Yield the role of each trial of a group and the overrides drawn for it; the first is as shipped, and has none.

    What the command sets itself is not tuned. At one trial all groups meet the same point of the unit cube.
    """
    from scipy.stats import qmc

    told = {key_of(word) for word in words}
    priors = [prior for prior in priors_of(job.optimizer) if f"optimizer.{prior.key}" not in told]
    if not priors:
        raise InvalidInput(
            f"optimizer {job.optimizer_name} must have a hyperparameter to tune, got none: write in its file where "
            "to look for one, as in `priors: {lr: {log: [1.0e-4, 1.0]}}`, and do not set it in the command"
        )
    _require_ends(job.optimizer, priors)
    places = [prior.place(_shipped(job.optimizer, prior)) for prior in priors]
    points = qmc.Halton(len(priors), scramble=True, seed=tuning.seed).random(tuning.trials - 1)
    for trial, point in enumerate([places, *points.tolist()], start=1):
        told_of = {prior.name: round(place, 4) for prior, place in zip(priors, point, strict=True)}
        values = {prior: prior.at(place) for prior, place in zip(priors, point, strict=True) if trial > 1}
        chosen = [f"optimizer.{key}={_word(value)}" for key, value in drawn(job.optimizer, values).items()]
        yield Role(job.label, trial, (), told_of), chosen


def _at(words: Words, chosen: Words, seeds: range) -> Words:
    """Return overrides at other seeds."""
    kept = [word for word in words if key_of(word) not in ("seeds", "first_seed")]
    return [*kept, *chosen, f"seeds={len(seeds)}", f"first_seed={seeds.start}"]


def _require_fresh(compared: range, tuning: range) -> None:
    if range(max(compared.start, tuning.start), min(compared.stop, tuning.stop)):
        raise InvalidInput(
            f"hydra.sweeper.first_seed must keep the tuning seeds apart from {compared[0]} to {compared[-1]}, at "
            f"which settings are compared, got {tuning[0]} to {tuning[-1]}; write "
            f"hydra.sweeper.first_seed={compared.stop}"
        )


def _require_ends(optimizer: Mapping[str, object], priors: Sequence[Prior]) -> None:
    """Refuse a prior whose ends are no values of the hyperparameter."""
    for prior in priors:
        for end in (0.0, 1.0):
            try:
                check_hyperparameters({**optimizer, **drawn(optimizer, {prior: prior.at(end)})})
            except InvalidInput as error:
                raise InvalidInput(f"optimizer.priors.{prior.name} must have good ends: {error}") from error


def _shipped(optimizer: Mapping[str, Any], prior: Prior) -> float:
    value = optimizer[prior.key]
    return float(value if prior.index is None else value[prior.index])


def _word(value: object) -> str:
    return f"[{','.join(map(repr, value))}]" if isinstance(value, list) else repr(value)
