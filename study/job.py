"""Jobs and runs: what a job is, what decides its numbers (its hash), and what it is called (its label)."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

NUMERICS_VERSION = 3
"""Raised when the same job would give other numbers than before, so that no old run is taken for a new one.

2: runs carry the evaluation loss of the last epoch, which settings are compared by, and their training loss of the
last epoch weights samples, not batches. 3: that epoch is evaluated in the middles of equal parts. Every loss of a
single step is as in 1.
"""

EVAL_MOMENTS = 8
"""As in conf/config.yaml: a job that has it is not told apart by it."""

DECLARED = "elementwise"
"""Key of an optimizer's config that says what the trainer measures: it decides no number."""

PRIORS = "priors"
"""Key of an optimizer's config that says where its hyperparameters are looked for when they are tuned."""

UNDECIDING = frozenset({DECLARED, PRIORS})
"""Keys of an optimizer's config that decide no number."""

NOT_HYPERPARAMETERS = {"name", "_target_", "group", "rest", *UNDECIDING}
"""Keys of an optimizer's config that its class is not called with."""

CONSTANT = "constant"
"""Name of the schedule that is none."""

LOCATIONS = {"path"}
"""Keys that decide no number: where a file lies says nothing of its (digest-checked) content."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a job is for, in a sweep that tunes.

    Attributes:
        group: what is tuned, by the label that it has as shipped: `sgd`.
        trial: which trial it is; 1 is as shipped.
        budgets: of a job at fresh seeds: of how many first trials it is the best (the first alone: as shipped). None
            for a trial, at the seeds by which settings are chosen.
        places: where each tuned value lies in its range, 0 at the lower end and 1 at the upper one, on the prior's
            scale: `{"lr": 0.4, "betas[0]": 0.9}`.
        compared: whether reports show it: what is as shipped, and the best of all trials.
    """

    group: str
    trial: int
    budgets: tuple[int, ...]
    places: Mapping[str, float]
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """What one Hydra task composes: one problem, one optimizer with its hyperparameters, and a set of seeds.

    Args:
        problem: the resolved `problem` node of the config.
        optimizer: the resolved `optimizer` node.
        epochs: passes over the data.
        batch_size: samples per step; None is all of them.
        seeds: the seeds to run.
        label: what the job is called: `adam lr=0.01`.
        schedule: the resolved `schedule` node; None for a constant learning rate, which no hash and no param tells.
        eval_moments: evaluations spread over the last epoch, whose mean is the job's result.
        role: what it is for, in a sweep that tunes.

    Attributes:
        hash: digest of all that decides the numbers of a seed, and of nothing else (no store, device, launcher).

    Example:
        >>> job = Job({"name": "bowl"}, {"name": "sgd", "lr": 1}, 2, None, seeds=range(3), label="sgd lr=1")
        >>> job.params()
        {'problem.name': 'bowl', 'optimizer.name': 'sgd', 'optimizer.lr': '1', 'epochs': '2', 'batch_size': 'full'}

        The same numbers are the same job, whatever it is called and however many seeds are asked for.

        >>> job.hash == Job(
        ...     {"name": "bowl"}, {"name": "sgd", "lr": 1.0}, 2, None, seeds=range(9), label=""
        ... ).hash
        True
    """

    problem: Mapping[str, object]
    optimizer: Mapping[str, object]
    epochs: int
    batch_size: int | None
    seeds: range
    label: str = field(compare=False)
    schedule: Mapping[str, object] | None = None
    eval_moments: int = EVAL_MOMENTS
    role: Role | None = field(default=None, compare=False)
    hash: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # once: each run of the job asks for it
        object.__setattr__(self, "hash", self.hash_under(NUMERICS_VERSION))

    def hash_under(self, version: int) -> str:
        """Return the hash that the job has under some `NUMERICS_VERSION`: another one for each."""
        problem = {key: value for key, value in self.problem.items() if key not in LOCATIONS}
        decisive = [version, problem, self._rule(), self.epochs, self.batch_size, self.eval_moments]
        if self.schedule is not None:
            decisive.append(self.schedule)
        return hashlib.sha256(json.dumps(_canonical(decisive), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def optimizer_name(self) -> str:
        """The optimizer's name, its YAML's path under conf/optimizer/."""
        return str(self.optimizer["name"])

    def values(self) -> dict[str, object]:
        """Return the job flattened: `optimizer.lr`, `problem.name`, `batch_size`, ..."""
        scalars: dict[str, object] = {"epochs": self.epochs, "batch_size": self.batch_size}
        if self.eval_moments != EVAL_MOMENTS:
            scalars["eval_moments"] = self.eval_moments
        schedule = {} if self.schedule is None else {"schedule": self.schedule}
        return dict(_flatten({"problem": self.problem, "optimizer": self._rule(), **schedule, **scalars}))

    def params(self) -> dict[str, str]:
        """Return the job flattened to MLflow params, which are text."""
        values = self.values()
        if self.batch_size is None:
            values["batch_size"] = "full"
        return {key: str(value) for key, value in values.items()}

    def _rule(self) -> dict[str, object]:
        return {key: value for key, value in self.optimizer.items() if key not in UNDECIDING}


@dataclass(frozen=True, slots=True)
class Run:
    """A job at one seed: one training trajectory, one MLflow run."""

    job: Job
    seed: int

    @property
    def name(self) -> str:
        """What the run is called in the store: `adam lr=0.01 seed=3`."""
        return f"{self.job.label} seed={self.seed}"


def label(optimizer: str, overrides: Iterable[str]) -> str:
    """Return what a job is called whose sweep is not known: its optimizer, and what it was asked for.

    Args:
        optimizer: the optimizer's name.
        overrides: the Hydra overrides of the task, `key=value`.

    Example:
        >>> label("adam", ["optimizer=adam", "optimizer.lr=0.01", "seeds=20", "epochs=3"])
        'adam lr=0.01 epochs=3'
    """
    words = [optimizer]
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        if key.rpartition(".")[2] in LOCATIONS:
            continue
        if key.startswith(("optimizer.", "problem.", "schedule.")):
            words.append(f"{key.partition('.')[2]}={value}")
        elif key in ("problem", "schedule", "epochs", "batch_size", "eval_moments"):
            words.append(f"{key}={value}")
    return " ".join(words)


def _flatten(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _canonical(value: object) -> object:
    """Write equal numbers alike: `lr=1` and `lr=1.0` are the same job."""
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
