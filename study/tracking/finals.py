"""Final parameters and fitted curves, kept beside the runs: one .npz per stack, an artifact of the parent.

It holds the final parameters, and what figures draw of them: the fitted curves and a sample of the training data.
A row belongs to a run by the run's id; in files of older stores, which have no ids, by its job and seed.
"""

import logging
import tempfile
import uuid
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from study.tracking import names
from study.training.result import Trained

_FITS = ["label", "optimizer", "seed", "x", "prediction"]
_DATA = ["x", "y", "clean"]
_READ = ("run_id", "job", "seed", "curve", "curve_inputs", "sample")  # the parameters may be large
_DAMAGE = (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error, MlflowException)
"""What reading an artifact may raise that is damaged or gone."""

T = TypeVar("T")
Key = str | tuple[str, str, int]  # a run's id, or its parent, job and seed

log = logging.getLogger(__name__)


def keep(client: MlflowClient, parent: str, trained: Trained, run_ids: Sequence[str]) -> None:
    """Keep a stack's final parameters and fitted curves as one artifact.

    Args:
        client: of the store.
        parent: the run id of the sweep's parent.
        trained: the stack.
        run_ids: of its runs, in their order.
    """
    arrays = {f"param/{name}": values for name, values in trained.final.items()}
    arrays |= {"curve": trained.curve, "curve_inputs": trained.curve_inputs, "sample": trained.sample}
    arrays |= {
        "run_id": np.array(run_ids),
        "job": np.array([run.job.hash for run in trained.runs]),
        "seed": np.array([run.seed for run in trained.runs]),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{uuid.uuid4().hex[:12]}.npz"
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # numpy's stub mistakes the keywords
        client.log_artifact(parent, str(path), names.FINAL)


def read(client: MlflowClient, runs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the fitted curves of runs and a sample of the training data: `fits` and `data` of `SweepFrames`.

    What is damaged or missing is said in one line and left out: it costs a figure its curves, and no more.

    Args:
        client: of the store.
        runs: `run_id`, `parent` (its run id), `job`, `seed`, `label` and `optimizer` of each.
    """
    files = [file for parent in sorted(runs["parent"].unique()) for file in _files(client, parent)]
    found = pd.DataFrame(_places(runs, files), columns=["file", "row"], index=runs.index)
    if lost := int(found["file"].isna().sum()):
        log.warning(
            "%d of %d runs are drawn without a curve: it was not kept (force=true does)", lost, len(runs)
        )
    rows = runs.join(found).dropna(subset="file")
    parts = [(files[place], part) for place, part in rows.groupby(rows["file"].astype(int), sort=False)]
    drawn = [(file, part) for file, part in parts if len(file.x)]
    fits = [_curves(file, part) for file, part in drawn]
    return (
        pd.concat(fits, ignore_index=True) if fits else pd.DataFrame(columns=_FITS),
        pd.DataFrame(_sample([file for file, _ in drawn], set(runs["seed"])), columns=_DATA),
    )


@dataclass(frozen=True, slots=True)
class _File:
    """One artifact, as far as figures need it.

    Attributes:
        keys: of each row: its run's id, or its parent, job and seed where the file has no ids.
        seeds: of each row.
        x: over which the curves are drawn; none where there is nothing to draw.
        curves: one row per run.
        sample: of the training data of the least of the seeds.
    """

    keys: Sequence[Key]
    seeds: np.ndarray
    x: np.ndarray
    curves: np.ndarray
    sample: np.ndarray

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], parent: str) -> "_File":
        """Take what is needed of an artifact's arrays; what does not fit together is an error."""
        seeds, inputs = arrays["seed"], arrays["curve_inputs"]
        nameless = [
            (parent, job, seed) for job, seed in zip(arrays["job"].tolist(), seeds.tolist(), strict=True)
        ]
        keys = arrays["run_id"].tolist() if "run_id" in arrays else nameless
        x = inputs[:, 0] if inputs.shape[1] == 1 else np.empty(0)  # a curve is over one feature
        curves = arrays["curve"].reshape(len(keys), -1) if len(x) else np.empty((len(keys), 0))
        sample = arrays["sample"] if len(x) else np.empty((0, len(_DATA)))
        if len(keys) != len(seeds) or curves.shape[1] != len(x) or sample.shape[1] != len(_DATA):
            raise ValueError("its arrays do not fit together")
        return cls(keys, seeds, x, curves, sample)


def _files(client: MlflowClient, parent: str) -> Iterator[_File]:
    """Yield every artifact of a parent's stacks that can be read."""
    artifacts = _tried(f"the artifacts of run {parent}", partial(client.list_artifacts, parent, names.FINAL))
    for artifact in artifacts or ():
        file = _tried(f"the artifact {artifact.path}", partial(_load, client, parent, artifact.path))
        if file is not None:
            yield file


def _tried(what: str, read: Callable[[], T]) -> T | None:
    try:
        return read()
    except _DAMAGE as error:
        log.warning("%s of a sweep cannot be read: %s", what, error)
        return None


def _load(client: MlflowClient, parent: str, artifact: str) -> _File:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(client.download_artifacts(parent, artifact, folder))
        with path.open("rb") as file, np.load(file) as arrays:
            return _File.of({name: arrays[name] for name in _READ if name in arrays}, parent)


def _places(runs: pd.DataFrame, files: Sequence[_File]) -> list[tuple[int, int] | tuple[None, None]]:
    """Return in which file, and in which row of it, each run is: nowhere where two rows could be its own."""
    places: dict[Key, tuple[int, int] | tuple[None, None]] = {}
    for file, keys in enumerate(file.keys for file in files):
        for row, key in enumerate(keys):
            places[key] = (None, None) if key in places else (file, row)
    ids = runs["run_id"].tolist()
    older = zip(runs["parent"].tolist(), runs["job"].tolist(), runs["seed"].tolist(), strict=True)
    return [
        places.get(run_id) or places.get(key, (None, None)) for run_id, key in zip(ids, older, strict=True)
    ]


def _curves(file: _File, runs: pd.DataFrame) -> pd.DataFrame:
    """Return the curves of some runs of a file, one below the other."""
    points = len(file.x)
    chosen = runs.loc[runs.index.repeat(points), ["label", "optimizer", "seed"]].reset_index(drop=True)
    heights = file.curves[runs["row"].astype(int)].ravel()
    return chosen.assign(x=np.tile(file.x, len(runs)), prediction=heights)


def _sample(files: Sequence[_File], seeds: Collection[int]) -> np.ndarray | None:
    """Return the sample of the least seed, of one among `seeds` if there is such a file."""
    samples = {int(file.seeds.min()): file.sample for file in files}
    return samples[min(samples, key=lambda seed: (seed not in seeds, seed))] if samples else None
