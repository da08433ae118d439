"""Labels of jobs: what tells each job of a sweep from the others, and nothing else."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from study.job import CONSTANT, LOCATIONS, Job

_OPTIMIZER, _PROBLEM, _SCHEDULE = "optimizer.name", "problem.name", "schedule.name"
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*")
_NOT_TEXT = {"true", "false", "null", "inf", "nan"}


def labelled(jobs: Sequence[Job]) -> list[Job]:
    """Return all jobs of a sweep, each called by its optimizer and by what differs within the sweep: `adam lr=0.01`.

    A value differs if two jobs of one optimizer and one problem have it otherwise; what the choice of the optimizer
    decides is not repeated, nor what that of the schedule does. Jobs of one hash are called the same, and no others
    are.
    """
    values = [_values(job) for job in jobs]
    keys = [key for key in dict.fromkeys(chain.from_iterable(values)) if _differs(key, values)]
    words = _words(keys)
    return [
        replace(
            job,
            label=" ".join([own[_OPTIMIZER], *(f"{words[key]}={own[key]}" for key in keys if key in own)]),
        )
        for job, own in zip(jobs, values, strict=True)
    ]


def _values(job: Job) -> dict[str, str]:
    """Return what decides a job's numbers as text, the optimizer's values first."""
    values = {k: v for k, v in job.values().items() if k.rpartition(".")[2] not in LOCATIONS}
    values.setdefault(_SCHEDULE, CONSTANT)
    ordered = sorted(values, key=lambda key: not key.startswith("optimizer."))
    return {key: str(values[key]) if key == _OPTIMIZER else _text(values[key]) for key in ordered}


def _differs(key: str, values: Sequence[Mapping[str, str]]) -> bool:
    """Whether two jobs differ in a value for another reason than that their optimizers, problems, schedules do."""
    deciding = [_OPTIMIZER] if key == _PROBLEM else [_OPTIMIZER, _PROBLEM]
    if key.startswith("schedule.") and key != _SCHEDULE:
        deciding.append(_SCHEDULE)
    found: dict[tuple[str, ...], set[str | None]] = {}
    for own in values:
        found.setdefault(tuple(own[k] for k in deciding), set()).add(own.get(key))
    return any(len(texts) > 1 for texts in found.values())


def _words(keys: Sequence[str]) -> dict[str, str]:
    """Return what each key is called: `lr` for `optimizer.lr`, unless the problem has one that differs too."""
    names = (_PROBLEM, _SCHEDULE)
    short = {key: key.partition(".")[0 if key in names else 2] or key for key in keys}
    called = list(short.values())
    return {key: word if called.count(word) == 1 else key for key, word in short.items()}


def _text(value: object) -> str:
    """Write a value as one would in an override: equal numbers alike, and the text "1" not like the number."""
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_text, value))}]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(float(value)).removesuffix(".0")
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _NOT_TEXT:
        return value
    return json.dumps(value, sort_keys=True)
