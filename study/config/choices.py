"""Choices of the config groups: their files, the shipped ones and those of `--config-dir`."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from study.config.paths import CONF


def choices(group: str, own: Path | None = None) -> list[str]:
    """Return the names that `group=` may have, sorted.

    Args:
        group: `optimizer`, `schedule`, `problem`, `experiment`, ...
        own: the folder of `--config-dir`.
    """
    return sorted(_files(group, own))


def experiments(own: Path | None = None) -> dict[str, str]:
    """Return the title of each experiment, by its name: what it asks."""
    return {name: _title(path) for name, path in sorted(_files("experiment", own).items())}


def as_shipped(group: str, node: Mapping[str, object]) -> bool:
    """Return whether a node of a config is just what the shipped file of its name says, whose tests vouch for it."""
    path = CONF / group / f"{node['name']}.yaml"
    if not path.is_file():
        return False
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    return bool(tree.get(group, tree) == node)


def file_says(group: str, node: Mapping[str, object], key: str, own: Path | None = None) -> object:
    """Return what the file of a node's name says under a key, None where there is no file of the same class."""
    path = _files(group, own).get(str(node["name"]))
    tree = yaml.safe_load(path.read_text(encoding="utf-8")) if path else None
    said = tree.get(group, tree) if isinstance(tree, dict) else None
    return said.get(key) if isinstance(said, dict) and said.get("_target_") == node["_target_"] else None


def shadowed(own: Path) -> list[str]:
    """Return the files of a folder of one's own that Hydra would not look at: shipped ones have their names."""
    found = (path.relative_to(own) for path in own.rglob("*.yaml"))
    return sorted(path.as_posix() for path in found if (CONF / path).is_file())


def _files(group: str, own: Path | None) -> dict[str, Path]:
    pattern = (
        "*.yaml" if group == "experiment" else "**/*.yaml"
    )  # what lies below an experiment is a part of it
    folders = [CONF / group, *([own / group] if own else [])]
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for folder in folders
        for path in folder.glob(pattern)
    }


def _title(path: Path) -> str:
    """Return an experiment's title; nothing for a file that is none, which is told when it is composed."""
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        return str(tree["report"]["title"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError):
        return ""
