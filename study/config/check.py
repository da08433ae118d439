"""Checking a composed config: it becomes a `Job`, or one message says what is wrong with it. No torch here."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from study.config.commands import key_of
from study.config.location import Location
from study.errors import InvalidInput, one_of
from study.job import CONSTANT, Job, label
from study.ranges import (
    COUNT,
    FRACTION,
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    SEED,
    SWITCH,
    TEXT,
    WHOLE,
    Range,
    numbers,
    or_null,
    up_to,
)

_MOST_PROCESSES = 1024

DEVICES = ("cpu", "cuda", "auto")
_PART = Range(
    "a name of at most 100 letters, digits and . _ + -, as that of its file",
    lambda value: (
        isinstance(value, str)
        and len(value) <= _LONGEST
        and re.fullmatch(r"\w[\w.+-]*(/\w[\w.+-]*)*", value, re.ASCII) is not None
    ),
)
_LONGEST = 100
_SWEEP_ID = Range(
    "a name of at most 100 letters, digits and . _ + : -, the first a letter or a digit",
    lambda value: isinstance(value, str) and re.fullmatch(r"[^\W_][\w.+:-]{0,99}", value) is not None,
)
_NAME = Range(  # of a folder too, below which its artifacts lie
    "a name of at most 100 letters, digits, spaces and . _ + = , ( ) -, the first a letter or a digit",
    lambda value: isinstance(value, str) and re.fullmatch(r"[^\W_][\w .+=,()-]{0,99}", value) is not None,
)

_NAMED = ("problem.name", "optimizer.name", "schedule.name")

_ETAS = Range("two numbers, one in (0, 1) and one > 1", lambda v: _is_pair(v) and 0 < v[0] < 1 < v[1])
_STEP_SIZES = Range("two numbers > 0, the smaller first", lambda v: _is_pair(v) and 0 < v[0] <= v[1])
_TORCH = {
    **dict.fromkeys(("momentum", "alpha", "rho"), FRACTION),
    **dict.fromkeys(("dampening", "lambd"), NUMBER),
    **dict.fromkeys(
        ("weight_decay", "lr_decay", "momentum_decay", "initial_accumulator_value"), NOT_NEGATIVE
    ),
    **dict.fromkeys(("nesterov", "amsgrad", "centered", "maximize"), SWITCH),
    "lr": POSITIVE,
    "betas": Range("two numbers in [0, 1), as in optimizer.betas=[0.9,0.99]", numbers(2, FRACTION).holds),
    # Adafactor's eps is a pair, and its own to check
    "eps": Range(NOT_NEGATIVE.wording, lambda value: isinstance(value, list) or NOT_NEGATIVE.holds(value)),
    "etas": _ETAS,
    "step_sizes": _STEP_SIZES,
}
"""Hyperparameters of torch.optim, which itself lets some wrong values pass, as alpha=1.5.

They hold for torch's own classes alone: elsewhere the same name may mean something else, and the class is asked by
calling it. The rules of `study.optimizers` annotate theirs.
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What says where and how jobs are run, and decides none of their numbers.

    Attributes:
        sweep_id: under which the sweep was asked for.
        location: of the store.
        experiment: the MLflow experiment.
        device: `cpu`, `cuda` or `auto`.
        max_runs: trained together at most.
        threads: of the trainer on a CPU; None is what makes steps quickest, one core or all.
        workers: processes that train on a CPU where there are several jobs with one instance per run; None is one
            on each core.
        trial_seconds: that a rule may take to be tried; None is however long.
        force: train again what the store already holds.
    """

    sweep_id: str
    location: Location
    experiment: str
    device: str
    max_runs: int
    threads: int | None
    workers: int | None
    force: bool
    trial_seconds: float | int | None = None


def settings_from_config(cfg: DictConfig) -> Settings:
    """Return the settings of a checked config.

    Raises:
        InvalidInput: `tracking.uri` is of no kind that can be tracked to, or `tracking.experiment` is no name.
    """
    check_nodes(cfg, ("tracking", "stack", "report"))
    _SWEEP_ID.require("sweep_id", cfg.sweep_id)
    for key in ("title", "text"):
        TEXT.require(f"report.{key}", cfg.report.get(key))
    return Settings(
        sweep_id=cfg.sweep_id,
        location=Location.of(cfg.tracking.uri),
        experiment=cfg.tracking.experiment,
        device=cfg.device,
        max_runs=cfg.stack.max_runs,
        threads=cfg.stack.threads,
        workers=cfg.stack.workers,
        force=cfg.force,
        trial_seconds=cfg.stack.trial_seconds,
    )


def check_nodes(cfg: DictConfig, nodes: Iterable[str]) -> None:
    """Refuse a config of which some nodes are none, or whose MLflow experiment has no name."""
    for node in nodes:
        if not OmegaConf.is_dict(cfg[node]):
            raise InvalidInput(
                f"{node} must be a config, as {node}.<key>=<value> changes it, got {cfg[node]!r}"
            )
    _NAME.require("tracking.experiment", cfg.tracking.experiment)


def check_part(kind: str, name: object) -> None:
    """Refuse the name of a problem, an optimizer or a schedule that is none."""
    _PART.require(f"{kind}.name", name)


def job_from_config(cfg: DictConfig, overrides: Iterable[str]) -> Job:
    """Check one composed config and return its job.

    Args:
        cfg: the task's config, as Hydra composes it from conf/config.yaml.
        overrides: the task's overrides, which name the job.

    Raises:
        InvalidInput: a value is out of its range; the message says what must hold and what came.
    """
    try:
        tree = cast("dict[str, object]", OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True))
    except OmegaConfBaseException as error:
        raise InvalidInput(str(error).splitlines()[0]) from error
    _check_scalars(tree)
    overrides = list(overrides)
    for word in overrides:
        if (key := key_of(word)) in _NAMED:
            raise InvalidInput(
                f"{key} must be left as its file has it, since runs and their randomness are known by it, got "
                f"{word.partition('=')[2]!r}; copy the file under another name"
            )
    problem, optimizer = _node(tree, "problem"), _node(tree, "optimizer")
    check_hyperparameters(optimizer)
    batch_size, points = tree["batch_size"], problem.get("points")
    if isinstance(batch_size, int) and isinstance(points, int) and points > 0:
        check_batch_size(batch_size, points)
    first, count = cast("int", tree["first_seed"]), cast("int", tree["seeds"])
    return Job(
        problem=problem,
        optimizer=optimizer,
        epochs=cast("int", tree["epochs"]),
        batch_size=cast("int | None", batch_size),
        seeds=range(first, first + count),
        label=label(str(optimizer["name"]), overrides),
        schedule=None if tree["schedule"] == {"name": CONSTANT} else _node(tree, "schedule"),
        eval_moments=cast("int", tree["eval_moments"]),
    )


def check_hyperparameters(optimizer: Mapping[str, object]) -> None:
    """Refuse what torch's own classes would let pass."""
    if str(optimizer["_target_"]).startswith("torch.optim."):
        for name in _TORCH.keys() & optimizer.keys():
            _TORCH[name].require(f"optimizer.{name}", optimizer[name])


def _is_pair(value: object) -> TypeGuard[Sequence[float]]:
    return numbers(2).holds(value)


def check_batch_size(batch_size: int | None, points: int) -> None:
    """Refuse a batch larger than the data."""
    if batch_size is not None and batch_size > points:
        raise InvalidInput(
            f"batch_size must be at most {points}, the samples of the problem, got {batch_size}; "
            "batch_size=null takes them all"
        )


def _node(tree: Mapping[str, object], name: str) -> Mapping[str, object]:
    node = tree.get(name)
    if not isinstance(node, Mapping) or "name" not in node or "_target_" not in node:
        raise InvalidInput(f"{name} must be a config with `name` and `_target_`, got {node!r}")
    check_part(name, node["name"])
    return node


def _check_scalars(tree: Mapping[str, object]) -> None:
    batch = or_null(COUNT, " for all data")
    ranges = {"seeds": COUNT, "epochs": COUNT, "first_seed": WHOLE, "batch_size": batch, "force": SWITCH}
    ranges["eval_moments"] = COUNT
    for key, range_ in ranges.items():
        range_.require(key, tree[key])
    SEED.require("first_seed", tree["first_seed"])
    stack = cast("Mapping[str, object]", tree["stack"])
    COUNT.require("stack.max_runs", stack["max_runs"])
    for key in ("threads", "workers"):
        or_null(COUNT, " for all cores").require(f"stack.{key}", stack[key])
        or_null(up_to(_MOST_PROCESSES)).require(f"stack.{key}", stack[key])
    or_null(POSITIVE, " for however long").require("stack.trial_seconds", stack["trial_seconds"])
    if tree["device"] not in DEVICES:
        raise InvalidInput(one_of("device", tree["device"], DEVICES))
