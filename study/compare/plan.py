"""Plan of a comparison: what is compared with what, on which problems, by which protocol.

No torch, no pandas here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints  # Any: a value from a config

from omegaconf import DictConfig, OmegaConf

from study.cli import Asked
from study.config.choices import choices
from study.config.compose import compose
from study.config.location import Location
from study.config.pages import REPORTS
from study.errors import InvalidInput, one_of
from study.ranges import COUNT, NAMED, SEED, SWITCH, WHOLE, or_null, require_ranges, up_to

if TYPE_CHECKING:
    from study.report.plan import Plan as ReportPlan

_PASSED_ON = ("device", "stack", "force")
"""First words of keys that are the trainer's: how to train, which decides no number."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """How each optimizer is tuned, and at which instances it is compared then.

    Attributes:
        budget: trials of an optimizer on a problem, the first as shipped.
        tuning: seeds of each trial.
        draw: seed of the quasi-random draw of the trials.
        fresh: seeds of the comparison.
    """

    budget: int
    tuning: range
    draw: int
    fresh: range

    @property
    def words(self) -> list[str]:
        """The overrides by which `study train` follows it."""
        return [
            "hydra/sweeper=tuning",
            f"hydra.sweeper.trials={self.budget}",
            f"hydra.sweeper.seeds={len(self.tuning)}",
            f"hydra.sweeper.first_seed={self.tuning.start}",
            f"hydra.sweeper.seed={self.draw}",
            f"seeds={len(self.fresh)}",
            f"first_seed={self.fresh.start}",
        ]


@dataclass(frozen=True, slots=True)
class Gate:
    """When a comparison ends with exit status 0.

    Attributes:
        better: on so many problems, at least, a verdict must say so,
        lead: and on so many more than say worse,
        than: against each baseline, or any.
    """

    better: Annotated[int, COUNT]
    lead: Annotated[int, WHOLE]
    than: Literal["each", "any"]

    def opens(self, counts: Sequence[tuple[int, int]]) -> bool:
        """Whether it does, by how often each baseline is beaten, and beats."""
        passed = [better >= self.better and better - worse >= self.lead for better, worse in counts]
        return all(passed) if self.than == "each" else any(passed)

    @property
    def told(self) -> str:
        """What it asks for."""
        problems = "problem" if self.better == 1 else "problems"
        return (
            f"better on {self.better} {problems} or more, and on {self.lead} more than it is worse on, "
            f"against {self.than} of them"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """One comparison.

    Attributes:
        optimizer: what is compared.
        against: what with.
        pack: name of the pack of problems.
        problems: its problems, and what each exposes.
        protocol: of tuning and comparison.
        gate: of the exit status.
        location: of the store.
        report: the `report` node: margin, confidence, colours.
        out: the folder that is written.
        own: the folder of `--config-dir`.
        passed_on: overrides for the trainer.
        words: all that was typed.
    """

    optimizer: str
    against: tuple[str, ...]
    pack: str
    problems: Mapping[str, str]
    protocol: Protocol
    gate: Gate
    location: Location
    report: Mapping[str, Any]
    out: Path
    own: Path | None
    passed_on: tuple[str, ...]
    words: tuple[str, ...]


def plan_of(asked: Asked) -> Plan:
    """Return the plan that was asked for.

    Raises:
        InvalidInput: a name that does not exist, or a value out of its range.
    """
    words = _spelled(asked.overrides)
    passed_on = tuple(word for word in words if _first(word) in _PASSED_ON)
    known = [word for word in words if word not in passed_on and _first(word) != "optimizer"]
    cfg = compose("compare", known, asked.config_dir)
    optimizer = _optimizer(words, asked.config_dir)
    return Plan(
        optimizer=optimizer,
        against=_against(cfg, optimizer, asked, explicit=any(_first(word) == "against" for word in words)),
        pack=str(cfg.pack.name),
        problems=_problems(cfg, asked.config_dir),
        protocol=protocol_of(cfg),
        gate=_gate(cfg),
        location=Location.of(cfg.tracking.uri),
        report=_node(cfg, "report"),
        out=_out(cfg, optimizer),
        own=asked.config_dir,
        passed_on=passed_on,
        words=asked.overrides,
    )


def report_of(plan: Plan) -> "ReportPlan":
    """Return the settings of the page: margin, resampling, colours.

    Raises:
        InvalidInput: one is out of its range.
    """
    from study.report.plan import Plan as ReportPlan  # pandas, Matplotlib

    return ReportPlan.of({**plan.report, "figures": []})


def protocol_of(cfg: DictConfig) -> Protocol:
    """Return the protocol of a composed conf/compare.yaml, at the instances that it asks for."""
    up_to(10_000, least=2).require("budget", cfg.budget)
    tuned = _node(cfg, "tuning")
    for key, range_ in {"seeds": COUNT, "first_seed": SEED, "seed": WHOLE}.items():
        range_.require(f"tuning.{key}", tuned[key])
    COUNT.require("seeds", cfg.seeds)
    SEED.require("first_seed", cfg.first_seed)
    SWITCH.require("confirm", cfg.confirm)
    first = cfg.first_seed + (cfg.seeds if cfg.confirm else 0)
    tuning = range(cfg.tuning.first_seed, cfg.tuning.first_seed + cfg.tuning.seeds)
    fresh = range(first, first + cfg.seeds)
    if range(max(tuning.start, fresh.start), min(tuning.stop, fresh.stop)):
        raise InvalidInput(
            f"tuning.first_seed must keep the tuning seeds apart from {fresh[0]} to {fresh[-1]}, at which optimizers "
            f"are compared, got {tuning[0]} to {tuning[-1]}; write tuning.first_seed={fresh.stop}"
        )
    return Protocol(cfg.budget, tuning, cfg.tuning.seed, fresh)


def _spelled(overrides: Sequence[str]) -> list[str]:
    """Return what was typed with `optimizer=` and `against=` for bare words: the first, and those after it."""
    bare = [word for word in overrides if "=" not in word]
    rest = [word for word in overrides if "=" in word]
    if not bare:
        return rest
    for key in ("optimizer", *(["against"] if bare[1:] else [])):
        if any(word.startswith(f"{key}=") for word in rest):
            raise InvalidInput(f"{key} must be named once, got {key}= and the words {' '.join(bare)}")
    against = [f"against=[{','.join(bare[1:])}]"] if bare[1:] else []
    return [f"optimizer={bare[0]}", *against, *rest]


def _first(word: str) -> str:
    return word.lstrip("+~").partition("=")[0].partition(".")[0].partition("/")[0]


def _optimizer(words: Sequence[str], own: Path | None) -> str:
    known, named = choices("optimizer", own), [word for word in words if _first(word) == "optimizer"]
    if not named:
        raise InvalidInput(one_of("optimizer=<name>", "no optimizer", known))
    name = named[-1].partition("=")[2]
    if len(named) > 1 or not named[0].startswith("optimizer=") or "," in name:
        raise InvalidInput(
            f"one optimizer must be named and compared as its file has it, got {' '.join(named)}; "
            "write a file of its own for other values, and the others after it or as against=[...]"
        )
    return _known("optimizer", name, known)


def _against(cfg: DictConfig, optimizer: str, asked: Asked, *, explicit: bool) -> tuple[str, ...]:
    given = cfg.against if OmegaConf.is_list(cfg.against) else [cfg.against]
    known = choices("optimizer", asked.config_dir)
    names = tuple(dict.fromkeys(_known("against", str(name), known) for name in given))
    others = tuple(name for name in names if name != optimizer)
    if not others or (explicit and others != names):
        raise InvalidInput(
            f"against must name other optimizers than {optimizer}, got {', '.join(names) or 'none'}"
        )
    return others


def _problems(cfg: DictConfig, own: Path | None) -> dict[str, str]:
    given = OmegaConf.to_container(cfg.pack, resolve=True)
    pack = given.get("problems") if isinstance(given, dict) else None
    if not isinstance(pack, dict) or not pack:
        raise InvalidInput(
            "pack.problems must be {<problem>: <what it exposes>, ...}, as in conf/pack/small.yaml, "
            f"got {pack!r}"
        )
    known = choices("problem", own)
    exposes = {_known("a key of pack.problems", str(name), known): str(what) for name, what in pack.items()}
    if cfg.problems is None:
        return exposes
    some = cfg.problems if OmegaConf.is_list(cfg.problems) else [cfg.problems]
    if not some:
        raise InvalidInput("problems must be a list of one or more of the pack's, or null for all, got []")
    return {_known("problems", str(name), exposes): exposes[str(name)] for name in some}


def _known(key: str, name: str, known: Sequence[str] | Mapping[str, str]) -> str:
    if name not in known:
        raise InvalidInput(one_of(key, name, known))
    return name


def _gate(cfg: DictConfig) -> Gate:
    gate = _node(cfg, "gate")
    require_ranges("gate", get_type_hints(Gate, include_extras=True), gate)
    return Gate(**gate)


def _out(cfg: DictConfig, optimizer: str) -> Path:
    or_null(NAMED).require("out", cfg.out)
    return Path(cfg.out) if cfg.out else REPORTS / "compare" / optimizer.replace("/", "-")


def _node(cfg: DictConfig, key: str) -> dict[str, Any]:
    node = OmegaConf.to_container(cfg[key], resolve=True) if OmegaConf.is_config(cfg[key]) else cfg[key]
    if not isinstance(node, dict):
        raise InvalidInput(f"{key} must be a config, as {key}.<key>=<value> changes it, got {node!r}")
    return {str(name): value for name, value in node.items()}
