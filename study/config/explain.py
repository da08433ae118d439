"""Explaining errors of Hydra: one line with what must hold, what came, and the nearest right word."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any  # OmegaConf's keys are of many types

import yaml
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from study.config.choices import choices
from study.config.compose import compose
from study.errors import InvalidInput, nearest, one_of

_DECIDING = (
    "problem",
    "optimizer",
    "schedule",
    "experiment",
)  # the groups whose choice decides which keys there are


def explain(
    error: BaseException, overrides: Sequence[str] = (), own: Path | None = None, *, config: str = "config"
) -> str | None:
    """Return the message for an error that a person caused, None for a bug.

    Args:
        error: what was raised.
        overrides: what was typed, `key=value`.
        own: the folder of `--config-dir`.
        config: the name of the config that they override.
    """
    if isinstance(error, InvalidInput):
        return str(error)
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        missing = error.missing_cfg_file
        split = missing.rpartition if missing.startswith("hydra/") else missing.partition
        group, _, choice = split("/")
        return one_of(group, choice, choices(group, own) or error.options)
    if isinstance(error, OverrideParseException):
        return f"an override must be key=value, got {error.override!r}: {str(error).splitlines()[0]}"
    if isinstance(error, ValueError) and str(error).startswith("Config group override"):  # Hydra's own
        return f"a choice must be the name of one file, as in optimizer=adam: {error}"
    if isinstance(error, YAMLError):
        return f"a YAML file must be readable: {' '.join(str(error).split())}"
    if isinstance(error, (HydraException, OmegaConfBaseException)):
        unknown = re.match(r"Could not override '([^']+)'", str(error))
        return _unknown_key(unknown[1], overrides, own, config) if unknown else " ".join(str(error).split())
    if isinstance(error, (UnicodeDecodeError, RecursionError, OSError)):
        return _unreadable(own)
    return None


def _unreadable(own: Path | None) -> str | None:
    """Return what is wrong with a file of one's own that Hydra cannot read, None where it can read all."""
    for path in sorted(own.rglob("*.yaml")) if own else ():
        try:
            tree = yaml.safe_load(path.read_text(encoding="utf-8"))
            why = None if isinstance(tree, (dict, list, str, type(None))) else f"it holds {tree!r}"
        except (UnicodeDecodeError, OSError, yaml.YAMLError) as error:
            why = " ".join(str(error).split())
        except RecursionError:
            why = "it is nested too deeply"
        if why:
            return f"a YAML file must be readable, of keys with values, in UTF-8, got {path}: {why}"
    return None


def _unknown_key(key: str, overrides: Sequence[str], own: Path | None, config: str) -> str:
    node = key.rpartition(".")[0]
    tree = OmegaConf.to_container(compose(config, list(_choices_in(overrides)), own))
    keys = list(_keys(tree)) if isinstance(tree, Mapping) else []
    siblings = [known for known in keys if known.rpartition(".")[0] == node] or keys
    siblings = [known for known in siblings if not known.endswith(("._target_", ".name"))]
    added = f" (+{key}=... adds one)" if node in ("optimizer", "schedule") else ""
    known = ", ".join(sorted(siblings))
    return f"{key} is not a key of the config; there are {known}{nearest(key, siblings)}{added}"


def _choices_in(overrides: Sequence[str]) -> Iterator[str]:
    """Yield the choices of groups among overrides, the first of each that is swept over."""
    for override in overrides:
        group, _, value = override.partition("=")
        if group in _DECIDING and "(" not in value:  # a sweep by a function, as glob(*), chooses nothing yet
            yield f"{group}={value.partition(',')[0]}"


def _keys(tree: Mapping[Any, Any]) -> Iterator[str]:
    for key, value in tree.items():
        yield str(key)
        if isinstance(value, Mapping):
            yield from (f"{key}.{inner}" for inner in value)
