"""Job of a stored run: its params, which are text, read back into what was composed, and held against its hash."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from study.config.choices import file_says
from study.errors import InvalidInput
from study.job import DECLARED, EVAL_MOMENTS, NUMERICS_VERSION, Job
from study.tracking import names

_LATER = 10  # versions of the numerics that a store may be ahead of this code

Tree = dict[str, object]


def job_of(run_id: str, params: Mapping[str, str], tags: Mapping[str, str], own: Path | None = None) -> Job:
    """Return the job that a run was a training of, at the run's seed alone.

    Args:
        run_id: for messages.
        params: the job's, flattened, and the seed.
        tags: with its hash, which says whether what was read back is what was composed.
        own: the folder of `--config-dir`: an optimizer's file there may declare what is no param, as it decides no
            number, and what need not be measured then.

    Raises:
        InvalidInput: its hash is another one, and why.
    """
    seed, tracked = int(params[names.SEED]), tags[names.JOB_HASH]
    label = tags.get(names.LABEL, params["optimizer.name"])
    jobs = [_job(_tree(some), seed, label) for some in _candidates(params)]
    for job in jobs:
        if job.hash == tracked:
            declared = file_says("optimizer", job.optimizer, DECLARED, own)
            return job if declared is None else replace(job, optimizer={**job.optimizer, DECLARED: declared})
    for version in range(NUMERICS_VERSION + _LATER):
        if jobs[0].hash_under(version) == tracked:
            commit = tags.get(names.GIT_COMMIT, "unknown")
            raise InvalidInput(
                f"run {run_id} must be of NUMERICS_VERSION {NUMERICS_VERSION}, as this code is, got {version}, under "
                f"which the same job has other numbers; reproduce it with the code of its commit, {commit}"
            )
    raise InvalidInput(
        f"the params of run {run_id} must give the job that it was, study.job_hash {tracked}, got {jobs[0].hash}: "
        "one of them was changed since, or is text that a number cannot be told from"
    )


def _candidates(params: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Yield the params that are a job's: the tracker adds what a problem is judged by, which a job may have too."""
    job = {key: text for key, text in params.items() if key != names.SEED}
    yield {key: text for key, text in job.items() if key != names.JUDGED_BY}
    yield job


def _tree(params: Mapping[str, str]) -> Tree:
    """Return flattened params as the tree that they were.

    >>> _tree({"optimizer.name": "adam", "optimizer.betas": "[0.9, 0.999]", "batch_size": "full"})
    {'optimizer': {'name': 'adam', 'betas': [0.9, 0.999]}, 'batch_size': 'full'}
    """
    tree: Tree = {}
    for key, text in params.items():
        *outer, last = key.split(".")
        node = tree
        for part in outer:
            node = cast("Tree", node.setdefault(part, {}))
        node[last] = _value(text)
    return tree


def _value(text: str) -> object:
    """Return what `str` made a text of: a number, a list, True, None; what is none of them was text."""
    if text in ("inf", "-inf", "nan"):
        return float(text)
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _job(tree: Tree, seed: int, label: str) -> Job:
    batch_size = tree["batch_size"]
    return Job(
        problem=cast("Tree", tree["problem"]),
        optimizer=cast("Tree", tree["optimizer"]),
        epochs=cast("int", tree["epochs"]),
        batch_size=None if batch_size == "full" else cast("int", batch_size),
        seeds=range(seed, seed + 1),
        label=label,
        schedule=cast("Tree | None", tree.get("schedule")),
        eval_moments=cast("int", tree.get("eval_moments", EVAL_MOMENTS)),
    )
