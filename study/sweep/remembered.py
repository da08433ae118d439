"""Rules that were measured, remembered beside the store: so that each costs its measurement once."""

import json
from collections.abc import Iterator, MutableMapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

import torch
from typing_extensions import override

from study.config.location import Location
from study.config.make import find
from study.config.paths import ROOT
from study.tracking.provenance import source_of
from study.training.instance import Way
from study.training.ways import Known, Ways

FILE = "rules.jsonl"
"""Beside the database, or in `mlruns/`: a line for each measurement; the last one of a rule holds. Delete it to
measure again."""


def ways_of(location: Location, *, kept: bool = True) -> Ways:
    """Return what is known of rules where a store lies, and is kept there unless the process alone is to learn."""
    folder = location.database.parent if location.database else ROOT / "mlruns"
    lines = _Lines(folder / FILE)
    return Ways(lines if kept else dict(lines), version)


@cache
def version(target: str) -> str:
    """Return what a rule's numbers may change with: torch, and the sources of its class and of that one's bases."""
    made = find(target)
    classes = made.__mro__ if isinstance(made, type) else [made]
    known = ("builtins", "abc", "torch")  # torch's version stands for its classes
    own = [c for c in classes if getattr(c, "__module__", "builtins").partition(".")[0] not in known]
    sources = {source_of(f"{c.__module__}.{c.__qualname__}") for c in own}
    return "; ".join([torch.__version__, target, *sorted(sources)])


class _Lines(MutableMapping[str, Known]):
    """A mapping that lives in a file of JSON lines; several processes may add to it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known = dict(_read(file)) if file.is_file() else {}

    @override
    def __getitem__(self, key: str) -> Known:
        return self._known[key]

    @override
    def __setitem__(self, key: str, known: Known) -> None:
        if self._known.get(key) == known:
            return
        self._known[key] = known
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as lines:  # one write of a short line: whole, whoever else writes
            lines.write(json.dumps({"rule": key, **asdict(known)}) + "\n")

    @override
    def __delitem__(self, key: str) -> None:
        raise NotImplementedError  # nothing is forgotten

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    @override
    def __len__(self) -> int:
        return len(self._known)


def _read(file: Path) -> Iterator[tuple[str, Known]]:
    for line in file.read_text(errors="replace").splitlines():
        try:
            kept = json.loads(line)
            yield kept["rule"], Known(Way(**kept["way"]), tuple(map(int, kept["seeds"])), int(kept["epochs"]))
        except (ValueError, KeyError, TypeError):
            continue  # cut off by a kill, or of a time when no seeds were kept: it is measured again
