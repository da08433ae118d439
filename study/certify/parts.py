"""From what was typed to the parts that are to be certified: their names, their composed configs, their claims."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, cast  # Any: what a YAML may hold

from omegaconf import OmegaConf

from study.cli import Asked
from study.config.choices import choices
from study.config.compose import compose
from study.config.figures import figure_names, figure_target
from study.errors import InvalidInput, one_of

KINDS = ("optimizer", "problem", "figure")
"""What can be certified."""

_KIND = {**{kind: kind for kind in KINDS}, "certificate": "optimizer"}
"""The kind of part that a key of the command line is about."""

Node = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be certified."""

    kind: str  # optimizer, problem or figure
    config: Node  # `name`, `_target_` and what that is called with
    claim: Node = field(default_factory=dict)  # what an optimizer claims to be, of conf/certificate/
    claimed: str | None = None  # what that is called
    as_it_stands: bool = True  # as its file says; another question gets an answer, but no page

    @property
    def name(self) -> str:
        """The part's name."""
        return str(self.config["name"])


def parts_of(asked: Asked) -> list[Part]:
    """Return the parts that were asked for, those of one kind side by side; all there are where none is named.

    Raises:
        InvalidInput: a name that does not exist.
    """
    about = {_KIND.get(_group(word)) for word in asked.overrides}
    kinds = [kind for kind in KINDS if kind in about] or KINDS
    return [_part(kind, name, asked) for kind in kinds for name in _names(kind, asked)]


def is_everything(asked: Asked) -> bool:
    """Whether nothing was named or changed: all there is, as it stands."""
    return all(_group(word) == "pages" for word in asked.overrides)


def _names(kind: str, asked: Asked) -> list[str]:
    if kind == "figure":
        shipped, own = figure_names(), []
    else:
        shipped = choices(kind)
        own = [name for name in choices(kind, asked.config_dir) if name not in shipped]
    named, every = _typed(asked).get(kind, "all").split(","), [*shipped, *own, "all"]
    for name in named:
        if name not in every and not (kind == "figure" and "." in name):  # a class of anybody's
            raise InvalidInput(one_of(kind, name, every))
    meant = shipped if asked.config_dir is None else own
    return [each for name in named for each in (meant if name == "all" else [name])]


def _part(kind: str, name: str, asked: Asked) -> Part:
    values = [word for word in asked.overrides if _KIND.get(_group(word), kind) == kind]
    values = [word for word in values if word.partition("=")[0] not in _KIND]
    changed = any("." in word.partition("=")[0] for word in values)
    if kind == "figure":  # which has no file: its class says what it is by default
        added = [f"+{word.lstrip('+')}" if _group(word) == "figure" else word for word in values]
        target = name if "." in name else figure_target(name)
        options = _composed(added, asked).get("figure", {})
        return Part(kind, {"name": name, "_target_": target, **options}, as_it_stands=not changed)
    claimed = usual = None
    if kind == "optimizer":
        claims, called = choices("certificate", asked.config_dir), PurePosixPath(name).name
        usual = called if called in claims else None
        claimed = _typed(asked).get("certificate", usual)
        if claimed is not None and claimed not in claims:
            raise InvalidInput(one_of("certificate", claimed, claims))
    chosen = [f"{kind}={name}", *([f"certificate={claimed}"] if claimed else [])]
    tree = _composed([*chosen, *values], asked)
    as_it_stands = not changed and claimed == (usual or claimed)
    return Part(kind, tree.get(kind) or {}, tree.get("certificate") or {}, claimed, as_it_stands)


def _composed(overrides: list[str], asked: Asked) -> dict[str, Any]:
    tree = compose("certify", overrides, asked.config_dir)
    return cast("dict[str, Any]", OmegaConf.to_container(tree, resolve=True, throw_on_missing=True))


def _typed(asked: Asked) -> dict[str, str]:
    return {key: value for key, _, value in (word.partition("=") for word in asked.overrides)}


def _group(word: str) -> str:
    return word.lstrip("+~").partition("=")[0].partition(".")[0]
