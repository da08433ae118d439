"""Keys of a config: those of conf/, and those that a file of one's own adds and nothing reads: Hydra merges any."""

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import yaml
from omegaconf import DictConfig, OmegaConf

from study.config.paths import CONF
from study.errors import InvalidInput, nearest

_ADDS_NONE = ("experiment",)  # the group's files are merged at the top


def require_known(cfg: DictConfig, own: Path | None, besides: Collection[str] = ()) -> None:
    """Refuse a key that decides nothing: it is none of the study's, and no value refers to it as `${key}`.

    Args:
        cfg: of a task, or of a whole multirun.
        own: the folder of `--config-dir`, whose file is named.
        besides: keys at the top that are there rightly.

    Raises:
        InvalidInput: with the key, its file, and the nearest that there is.
    """
    top, nodes = _known()
    for key in map(str, cfg):
        if key not in {*top, *besides, "hydra"} and not _is_referred(key, cfg):
            raise InvalidInput(_told("the config", key, top, _file_of((key,), own)))
    for node, known in nodes.items():
        for key in map(str, cfg[node] if OmegaConf.is_dict(cfg[node]) else ()):
            if key not in known:
                raise InvalidInput(_told(node, key, known, _file_of((node, key), own)))


@cache
def _known() -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """Return the keys at the top, and those of each node that has the same whatever is chosen.

    They are read by their places in the lines: to parse the files takes a hundredth of a second.
    """
    text = (CONF / "config.yaml").read_text(encoding="utf-8")
    keys = set(re.findall(r"^(\w+):", text, flags=re.M)) - {"defaults"}
    groups = set(re.findall(r"^  - (\w+):", text, flags=re.M)) - set(_ADDS_NONE)
    stack = text.partition("\nstack:\n")[2].partition("\n\n")[0]
    nodes = {"stack": frozenset(re.findall(r"^  (\w+):", stack, flags=re.M))}
    for node, file in (("tracking", "local"), ("report", "default")):
        lines = (CONF / node / f"{file}.yaml").read_text(encoding="utf-8")
        nodes[node] = frozenset(re.findall(r"^(\w+):", lines, flags=re.M))
    return frozenset(keys | groups), nodes


def _is_referred(key: str, cfg: DictConfig) -> bool:
    """Whether a value refers to a key, as one that only helps another does."""
    texts = _texts(OmegaConf.to_container(cfg, resolve=False))
    return any(re.search(rf"\$\{{\s*{re.escape(key)}\s*[.\[}}]", text) for text in texts)


def _texts(tree: object) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, (dict, list)):
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from _texts(value)


def _file_of(keys: tuple[str, ...], own: Path | None) -> str:
    """Return which file of one's own has a key, in words; nothing where none has: it was typed."""
    for path in sorted(own.rglob("*.yaml")) if own else ():
        text = path.read_text(encoding="utf-8")
        if re.search(rf"^# *@package {re.escape(keys[0])}$", text, flags=re.M):
            return f" in {path}"
        tree = yaml.safe_load(text) if "@package _global_" in text else None
        for key in keys:
            tree = tree[key] if isinstance(tree, dict) and key in tree else None
            if tree is None:
                break
        else:
            return f" in {path}"
    return ""


def _told(of: str, key: str, known: Collection[str], where: str) -> str:
    helps = ", or one that a value refers to" if of == "the config" else ""
    near = nearest(key, sorted(known), quoted=True)
    return f"a key of {of} must be one of {', '.join(sorted(known))}{helps}; got {key!r}{where}{near}"
