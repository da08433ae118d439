"""A report beside the sweep that it is of: its files as artifacts of the parent, its verdicts in the description."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from study.config.location import Location, without_password
from study.errors import InvalidInput
from study.frames import SweepFrames
from study.stats.scale import LOG_RATIO
from study.stats.verdicts import in_words
from study.tracking import names, standing, sweeps
from study.tracking.store import open_store

_PAGE, _PAIRS = "index.html", "pairs.csv"
_NOTE_LENGTH = 8000


def publish(location: Location, sweep: SweepFrames, folder: Path, files: Sequence[Path], lead: str) -> str:
    """Keep a report's files with its sweep in the place of an earlier one's; return why not, "" where they are.

    Args:
        location: the store.
        sweep: what it is of.
        folder: of the report.
        files: of it.
        lead: the sentence that opens it.
    """
    try:
        store = open_store(location)
        parent = sweeps.parent(store, sweep.experiment, sweep.info["sweep"])
        run = store.client.get_run(parent.run_id)
        kept = get_artifact_repository(run.info.artifact_uri, tracking_uri=store.client.tracking_uri)
        files = [file for file in files if not file.name.startswith(".")]  # what says whose the folder is
        new = [f"{names.REPORT}/{file.relative_to(folder).as_posix()}" for file in files]
        for file, name in zip(files, new, strict=True):
            kept.log_artifact(str(file), name.rpartition("/")[0])  # type: ignore[no-untyped-call]
        for old in set(_files(kept, names.REPORT)) - set(new):
            kept.delete_artifacts(old)  # type: ignore[no-untyped-call]
        page = f"#/experiments/{parent.experiment_id}/runs/{parent.run_id}/artifacts/{names.REPORT}/{_PAGE}"
        told = f"{lead}\n\n[The report]({page})"
        before = run.data.tags.get(names.NOTE, "").partition(standing.REPORT)[0]
        room = _NOTE_LENGTH - len(before) - len(standing.REPORT) - len(told) - 2
        note = "\n\n".join(filter(None, [before + standing.REPORT + told, _verdicts(folder / _PAIRS, room)]))
        store.client.set_tag(parent.run_id, names.NOTE, note[:_NOTE_LENGTH])
    except (MlflowException, sa.exc.SQLAlchemyError, OSError, InvalidInput) as error:
        why = without_password(str(error).strip().splitlines()[0])
        return f"the report is not in the store too: {why} (report.track=false does not try)"
    return ""


def _files(kept: ArtifactRepository, folder: str) -> Iterator[str]:
    for found in kept.list_artifacts(folder):
        if found.is_dir:
            yield from _files(kept, found.path)
        else:
            yield found.path


def _verdicts(pairs: Path, room: int) -> str:
    """Return what a report found of each two settings as a table that fits the room, "" where it compared none."""
    if not pairs.exists():
        return ""
    read = pd.read_csv(pairs, keep_default_na=False, na_values={"margin": [""]}).to_dict("records")
    rows = [
        [row["first"], in_words(row["verdict"], _margin(row["scale"], row["margin"])), row["second"]]
        for row in read
    ]
    return standing.markdown(["setting", "verdict", "against"], rows, longest=room) if rows else ""


def _margin(scale: str, margin: float) -> str:
    return f"a factor of {math.exp(margin):.4g}" if scale == LOG_RATIO else f"{margin:.4g}"
