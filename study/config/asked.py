"""Overrides that a person typed: which of them say what is run, and which only where and how."""

import re
from collections.abc import Iterable

_ELSEWHERE = ("tracking", "device", "stack", "force", "hydra", "report", "sweep_id")
"""First words of keys that decide no number: the store, the machine, the pages."""

_JOBS = "hydra.sweeper.params"


def key_of(override: str) -> str:
    """Return the key of an override without Hydra's signs: `optimizer.amsgrad` of `+optimizer.amsgrad=true`."""
    return override.lstrip("+~").partition("=")[0].partition("@")[0]


def deciding(overrides: Iterable[str]) -> list[str]:
    """Return those overrides that change what is run: `seeds=50`, `optimizer.lr=100`, not `device=cuda`.

    >>> deciding(
    ...     ["experiment=headline", "optimizer.lr=100", "tracking.uri=sqlite:///x.db", "hydra/launcher=basic"]
    ... )
    ['optimizer.lr=100']
    """
    return [word for word in overrides if _decides(key_of(word))]


def _decides(key: str) -> bool:
    return key.startswith(_JOBS) or (key != "experiment" and re.split("[./]", key)[0] not in _ELSEWHERE)
