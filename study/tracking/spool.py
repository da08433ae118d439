"""Spool: trained stacks on this machine's disk whose store was away, until they are delivered.

One file a stack, `mlruns/spool/<sweep>/<stack>.npz`, whole or not there. It holds all that is written of a stack, and
no password. Numbers come back to the last bit.
"""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any  # JSON

import numpy as np

from study.config.paths import MLRUNS
from study.job import Job, Role, Run
from study.training.result import Series, Trained

FOLDER = MLRUNS / "spool"

_ARRAYS = (
    "train_loss",
    "batches",
    "floor",
    "constant",
    "train_floor",
    "curve",
    "curve_inputs",
    "sample",
    "times",
)
_LAST_EPOCH, _SERIES, _FINAL, _RECEIPTS, _EVALUATIONS = (
    "last_epoch",
    "series",
    "final",
    "receipts",
    "evaluations",
)
_TOLD = "told"  # the entry of what are no numbers, as JSON


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a stack is, and how it is to be written.

    Attributes:
        store: the store's URI without its password.
        experiment_id: in that store.
        parent: the run id of the sweep's parent.
        sweep: the sweep's own name.
        tags: that each of its runs carries.
        sources: the tags that say where the classes of a job come from, by job hash.
        replace: it takes the place of other runs.
    """

    store: str
    experiment_id: str
    parent: str
    sweep: str
    tags: Mapping[str, str]
    sources: Mapping[str, Mapping[str, str]]
    replace: bool


def put(whose: Whose, trained: Trained) -> Path:
    """Keep a stack, and return its file."""
    place = FOLDER / whose.sweep
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = uuid.uuid4().hex[:12]
    aside = place / f"{name}.part"
    with aside.open("wb") as file:
        told = np.array(json.dumps(_told(whose, trained)))
        np.savez(file, allow_pickle=False, **{**_arrays(trained), _TOLD: told})
        file.flush()
        os.fsync(file.fileno())  # a name that is there after a crash has its content too
    return aside.replace(place / f"{name}.npz")


def waiting(store: str | None = None, experiment_id: str | None = None) -> list[tuple[Path, Whose]]:
    """Return the files that wait for a store, oldest first: of one experiment, or of all; None is every store."""
    found = []
    for file in sorted(FOLDER.glob("*/*.npz"), key=lambda file: file.stat().st_mtime_ns):
        whose = Whose(**_read(file)["whose"])
        if store in (None, whose.store) and experiment_id in (None, whose.experiment_id):
            found.append((file, whose))
    return found


def get(file: Path) -> Trained:
    """Return the stack of a file."""
    told = _read(file)
    jobs = [_job(job) for job in told["jobs"]]
    with np.load(file) as archive:
        arrays = dict(archive)
    keys = dict.fromkeys(name.rpartition(".")[0] for name, _ in _below(_SERIES, arrays))
    return Trained(
        runs=tuple(Run(jobs[index], seed) for index, seed in told["runs"]),
        cap=told["cap"],
        criterion=told["criterion"],
        series={key: _series(arrays, f"{_SERIES}/{key}") for key in keys},
        last_epoch=_series(arrays, _LAST_EPOCH),
        final=dict(_below(_FINAL, arrays)),
        receipts={key: values.tolist() for key, values in _below(_RECEIPTS, arrays)},
        evaluations=arrays.get(_EVALUATIONS),
        **{name: arrays[name] for name in _ARRAYS},
    )


def drop(file: Path) -> None:
    """Forget a stack that was delivered, and the folder of its sweep with the last one."""
    file.unlink()
    if not any(file.parent.iterdir()):
        file.parent.rmdir()


def _arrays(trained: Trained) -> dict[str, np.ndarray]:
    arrays = {name: getattr(trained, name) for name in _ARRAYS}
    series = {f"{_SERIES}/{key}": values for key, values in trained.series.items()}
    for name, values in {**series, _LAST_EPOCH: trained.last_epoch}.items():
        arrays |= {f"{name}.steps": values.steps, f"{name}.values": values.values}
    arrays |= {f"{_FINAL}/{name}": values for name, values in trained.final.items()}
    arrays |= {f"{_RECEIPTS}/{name}": np.array(shas) for name, shas in trained.receipts.items()}
    return arrays if trained.evaluations is None else {**arrays, _EVALUATIONS: trained.evaluations}


def _told(whose: Whose, trained: Trained) -> dict[str, Any]:
    """Return what are no numbers of a stack."""
    jobs = {run.job.hash: run.job for run in trained.runs}
    index = {job_hash: number for number, job_hash in enumerate(jobs)}
    return {
        "whose": asdict(whose),
        "cap": trained.cap,
        "criterion": trained.criterion,
        "jobs": [asdict(job) | {"seeds": [job.seeds.start, job.seeds.stop]} for job in jobs.values()],
        "runs": [[index[run.job.hash], run.seed] for run in trained.runs],
    }


def _job(told: dict[str, Any]) -> Job:
    job_hash = told.pop("hash")
    role = told["role"] and Role(**{**told["role"], "budgets": _tuple(told["role"]["budgets"])})
    job = Job(**{**told, "seeds": range(*told["seeds"]), "role": role})
    if job.hash != job_hash:
        raise ValueError(f"the job {job.label} must have the hash {job_hash}, got {job.hash}")
    return job


def _tuple(values: list[int] | None) -> tuple[int, ...] | None:
    return None if values is None else tuple(values)


def _series(arrays: Mapping[str, np.ndarray], name: str) -> Series:
    return Series(arrays[f"{name}.steps"], arrays[f"{name}.values"])


def _below(folder: str, arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    for name, values in arrays.items():
        if name.startswith(f"{folder}/"):
            yield name.removeprefix(f"{folder}/"), values


def _read(file: Path) -> dict[str, Any]:
    with np.load(file) as archive:
        told: dict[str, Any] = json.loads(str(archive[_TOLD]))
    return told
