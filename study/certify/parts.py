"""From what was typed to the parts that are to be certified: their names, their composed configs, their claims."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import cast

from omegaconf import OmegaConf

from study.cli import Asked
from study.config.choices import choices
from study.config.compose import compose
from study.errors import InvalidInput, one_of

KINDS = ("optimizer", "problem", "figure")
"""What can be certified."""

_KIND = {**{kind: kind for kind in KINDS}, "certificate": "optimizer"}
"""The kind of part that a key of the command line is about."""

Node = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be certified.

    Args:
        kind: `optimizer`, `problem` or `figure`.
        config: its node.
        as_it_stands: whether this is what its file says; another question gets an answer, but no page.
        claim: what an optimizer claims to be, the node of conf/certificate/; empty for nothing.
        claimed: the claim's name.
    """

    kind: str
    config: Node
    as_it_stands: bool
    claim: Node = field(default_factory=dict)
    claimed: str | None = None


def parts_of(asked: Asked) -> list[Part]:
    """Return the parts that were asked for, those of one kind side by side; all there are where none is named.

    Raises:
        InvalidInput: a name that does not exist.
    """
    return [_part(kind, name, asked) for kind, name in _named(asked)]


def is_everything(asked: Asked) -> bool:
    """Whether nothing was named or changed: all there is, as it stands."""
    return all(_group(word) == "pages" for word in asked.overrides)


def _named(asked: Asked) -> Iterator[tuple[str, str]]:
    typed, groups = _choices(asked), {_KIND.get(_group(word)) for word in asked.overrides}
    for kind in [kind for kind in KINDS if kind in groups] or KINDS:
        shipped, known = _shipped(kind), choices(kind, asked.config_dir)
        own = [name for name in known if name not in shipped]
        for name in typed.get(kind, "all").split(","):
            if name not in (every := {*shipped, *known, "all"}) and not _is_class(kind, name):
                raise InvalidInput(one_of(kind, name, every))
            meant = shipped if asked.config_dir is None else own
            yield from ((kind, each) for each in (meant if name == "all" else [name]))


def _shipped(kind: str) -> list[str]:
    if kind != "figure":
        return choices(kind)
    from study.report.plan import figure_names  # pandas and Matplotlib take a second to import

    return figure_names()


def _is_class(kind: str, name: str) -> bool:
    """Whether this names a figure of anybody's: a class with its module."""
    return kind == "figure" and "." in name


def _part(kind: str, name: str, asked: Asked) -> Part:
    if kind == "figure":
        return _figure(name, asked)
    claim = _claim(name, asked) if kind == "optimizer" else None
    chosen = [f"{kind}={name}", *([f"certificate={claim}"] if claim else [])]
    tree = compose("certify", [*chosen, *_values(kind, asked)], asked.config_dir)
    node = cast("dict[str, Node | None]", OmegaConf.to_container(tree, resolve=True, throw_on_missing=True))
    changed = any("." in word.partition("=")[0] for word in _values(kind, asked))
    renamed = claim is not None and claim != (_claim(name, Asked((), asked.config_dir)) or claim)
    return Part(
        kind=kind,
        config=node.get(kind) or {},
        as_it_stands=not changed and not renamed,
        claim=node.get("certificate") or {},
        claimed=claim,
    )


def _figure(name: str, asked: Asked) -> Part:
    """Return a figure with the options that were typed; it has no file, its class says what it is by default."""
    from study.report.plan import figure_target

    values = [
        f"+{word.lstrip('+')}" if _group(word) == "figure" else word for word in _values("figure", asked)
    ]
    tree = OmegaConf.to_container(compose("certify", values, asked.config_dir), resolve=True)
    options = cast("dict[str, Node]", tree).get("figure", {})
    target = name if _is_class("figure", name) else figure_target(name)
    return Part("figure", {"name": name, "_target_": target, **options}, as_it_stands=not options)


def _claim(name: str, asked: Asked) -> str | None:
    """Return what an optimizer claims to be: what was asked for, or what its file is called, or nothing."""
    claims = choices("certificate", asked.config_dir)
    typed, called = _choices(asked).get("certificate"), PurePosixPath(name).name
    if typed is not None and typed not in claims:
        raise InvalidInput(one_of("certificate", typed, claims))
    return typed or (called if called in claims else None)


def _choices(asked: Asked) -> dict[str, str]:
    """Return the choices that were typed, by their groups."""
    pairs = [word.partition("=") for word in asked.overrides]
    return {key: value for key, _, value in pairs if key in _KIND}


def _values(kind: str, asked: Asked) -> list[str]:
    """Return the overrides that are no choices, without those of the other kinds."""
    words = [word for word in asked.overrides if word.partition("=")[0] not in _KIND]
    return [word for word in words if _KIND.get(_group(word), kind) == kind]


def _group(word: str) -> str:
    return word.lstrip("+~").partition("=")[0].partition(".")[0]
