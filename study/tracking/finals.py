"""Final parameters and fitted curves, kept beside the runs: one .npz per stack, an artifact of the parent.

It holds the final parameters, and what figures draw of them: the fitted curves and a sample of the training data.
A row belongs to a run by the run's id; in files of older stores, which have no ids, by its job and seed.
"""

import logging
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from study.tracking import names
from study.training.result import Trained

_PARAM = "param/"  # how the parameters' arrays are called
_DATA = ["x", "y", "clean"]
_READ = ("run_id", "job", "seed", "curve", "curve_inputs", "sample", "clock")  # the parameters may be large
_DRAWN = 10_000  # runs whose fitted curves are read: they are hundreds of points each
_OLD = ["parent", "job", "seed"]  # by which a row belongs to a run where it has no id
# what reading an artifact may raise that is damaged or gone
_DAMAGE = (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error, MlflowException)

log = logging.getLogger(__name__)


def keep(client: MlflowClient, parent: str, trained: Trained, run_ids: Sequence[str]) -> None:
    """Keep a stack's final parameters and fitted curves as one artifact of the parent, a run id."""
    arrays = {_PARAM + name: values for name, values in trained.final.items()} | {
        "curve": trained.curve,
        "curve_inputs": trained.curve_inputs,
        "sample": trained.sample,
        "clock": trained.times - trained.times[0],
        "run_id": np.array(run_ids),
        "job": np.array([run.job.hash for run in trained.runs]),
        "seed": np.array([run.seed for run in trained.runs]),
    }
    name = sha256(" ".join(run_ids).encode()).hexdigest()[:12]  # kept again, it is still one
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.npz"
        np.savez_compressed(path, **arrays)
        client.log_artifact(parent, str(path), names.FINAL)


def read(
    client: MlflowClient, runs: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Float[np.ndarray, " step"]]]:
    """Return the fitted curves of runs, a sample of the training data, and the clocks of their stacks.

    They are `fits`, `data` and `clocks` of `SweepFrames`.

    What is damaged or missing is said in one line and left out: it costs a figure its curves, and no more. `runs`
    has `run_id`, `parent` (a run id too), `job`, `seed`, `label` and `optimizer` of each. Of very many runs those at
    the first seeds have curves, the same seeds of all settings.
    """
    seeds = _drawn(runs)
    files = [file for parent in sorted(set(runs["parent"])) for file in _files(client, parent, seeds)]
    found = _found(runs[["run_id", *_OLD, "label", "optimizer"]], files)
    if lost := len(runs) - len(found):
        told = "%d of %d runs are drawn without a curve: it was not kept (force=true does)"
        log.warning(told, lost, len(runs))
    drawn = found[found["x"].map(len) > 0]
    fits = drawn.loc[drawn.index.repeat(drawn["x"].map(len)), ["label", "optimizer", "seed"]]
    points = {name: np.concatenate([*drawn[name]] or [[]]) for name in ("x", "prediction")}
    fits = fits.reset_index(drop=True).assign(**points)
    samples = drawn.set_index("least")["sample"].to_dict()
    first = min(samples, key=lambda seed: (seed not in set(runs["seed"]), seed), default=None)
    clocks = {
        run_id: clock for run_id, clock in zip(found["run_id"], found["clock"], strict=True) if len(clock)
    }
    return fits, pd.DataFrame(samples.get(first), columns=_DATA), clocks


def text(client: MlflowClient, run_id: str, artifact: str) -> str:
    """Return a text that a run keeps as an artifact; nothing where it cannot be read."""
    with suppress(*_DAMAGE), tempfile.TemporaryDirectory() as folder:
        return Path(client.download_artifacts(run_id, artifact, folder)).read_text(encoding="utf-8")
    return ""


def parameters(client: MlflowClient, parent: str, run_id: str) -> dict[str, np.ndarray] | None:
    """Return the final parameters of a run by the module's names, None where they were not kept or cannot be read."""
    kept = get_artifact_repository(client.get_run(parent).info.artifact_uri, tracking_uri=client.tracking_uri)
    for artifact in kept.list_artifacts(names.FINAL):
        with _saying(f"the artifact {artifact.path}"), _archive(kept, artifact.path) as archive:
            run_ids = archive["run_id"].tolist() if "run_id" in archive else []
            if run_id in run_ids:
                row, own = run_ids.index(run_id), [name for name in archive if name.startswith(_PARAM)]
                return {name.removeprefix(_PARAM): archive[name][row] for name in own}
    return None


def _files(client: MlflowClient, parent: str, drawn: Collection[int]) -> Iterator[pd.DataFrame]:
    """Yield what can be read of a parent's stacks."""
    artifacts = []
    with _saying(f"the artifacts of run {parent}"):
        place = client.get_run(parent).info.artifact_uri  # once: the client itself asks again for each file
        kept = get_artifact_repository(place, tracking_uri=client.tracking_uri)
        artifacts = kept.list_artifacts(names.FINAL)
    for artifact in artifacts:
        with _saying(f"the artifact {artifact.path}"):
            yield _load(kept, parent, artifact.path, drawn)


def _drawn(runs: pd.DataFrame) -> set[int]:
    """Return the seeds whose runs have a curve: all, or as many of the first as there is room for."""
    counts = runs.groupby("seed").size().sort_index().cumsum()
    return set(counts.index[counts <= max(_DRAWN, counts.iloc[0])])


@contextmanager
def _saying(what: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        log.warning("%s of a sweep cannot be read: %s", what, error)


@contextmanager
def _archive(kept: ArtifactRepository, artifact: str) -> Iterator[Mapping[str, np.ndarray]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(kept.download_artifacts(artifact, folder))  # type: ignore[no-untyped-call]
        with path.open("rb") as file, np.load(file) as archive:
            yield archive


def _load(kept: ArtifactRepository, parent: str, artifact: str, drawn: Collection[int]) -> pd.DataFrame:
    """Return one row per run of a stack: `run_id`, `job`, `seed`, its curve, and the sample of the least seed.

    The curve is over one feature, or has no points, as of seeds that are not drawn. What does not fit together is an
    error.
    """
    with _archive(kept, artifact) as archive:
        arrays = {name: archive[name] for name in _READ if name in archive}
    seeds, inputs, sample = arrays["seed"], arrays["curve_inputs"], arrays["sample"]
    x = inputs[:, 0] if inputs.shape[1] == 1 else np.empty(0)
    curves = arrays["curve"].reshape(len(seeds), len(inputs))[:, : len(x)]
    none, shown = np.empty(0), [seed in drawn for seed in seeds.tolist()]
    return pd.DataFrame(
        {
            "run_id": arrays.get("run_id", np.full(len(seeds), "")),
            "parent": parent,
            "job": arrays["job"],
            "seed": seeds,
            "x": [x if is_shown else none for is_shown in shown],
            "prediction": [
                curve.copy() if is_shown else none for curve, is_shown in zip(curves, shown, strict=True)
            ],
            "clock": [arrays.get("clock", np.empty(0))] * len(seeds),
            "least": seeds.min(),
            "sample": [sample.reshape(len(sample), len(_DATA))] * len(seeds),
        }
    )


def _found(runs: pd.DataFrame, files: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the runs with what was kept of them, in their order: nothing where two rows could be a run's own."""
    none = pd.DataFrame(columns=["run_id", *_OLD, "x", "prediction", "clock", "least", "sample"]).astype(
        {"seed": int}
    )
    kept, runs = pd.concat(files or [none]), runs.reset_index()
    by_id = kept[kept["run_id"] != ""].drop_duplicates("run_id", keep=False).drop(columns=_OLD)
    older = kept[kept["run_id"] == ""].drop_duplicates(_OLD, keep=False).drop(columns="run_id")
    found = pd.concat([runs.merge(by_id, on="run_id"), runs.merge(older, on=_OLD)])
    return found.drop_duplicates("run_id").sort_values("index", ignore_index=True)
