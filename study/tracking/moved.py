"""Artifact places follow a SQLite database, which may be moved or copied with its folder.

MLflow keeps them as absolute paths, of each experiment and of each run.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlExperiment, SqlExperimentTag, SqlRun

from study.config.location import Location
from study.tracking import ui_state

_EXPERIMENTS, _TAGS, _RUNS = SqlExperiment.__table__, SqlExperimentTag.__table__, SqlRun.__table__

log = logging.getLogger(__name__)


def follow(engine: sa.Engine, location: Location) -> None:
    """Point the study's experiments and their runs to the artifacts beside their database, in one transaction.

    MLflow would else read nothing, or go on reading and writing at the old place. Only an experiment of the study's
    is touched whose artifacts lay beside a database elsewhere, as the study puts them, and only where they came
    along or are nowhere: a database that was copied alone goes on reading them where they are.
    """
    try:
        with engine.begin() as connection:
            moved = list(_moved(connection, location))
            for experiment_id, old, new in moved:
                _repair(connection, experiment_id, old, new)
    except sa.exc.SQLAlchemyError as error:
        why = str(error).splitlines()[0]
        log.warning(
            "the artifacts were moved to %s, which the store cannot be told: %s", location.artifacts, why
        )
        return
    if moved:
        before = ", ".join(sorted({str(Path(old).parent) for _, old, _ in moved}))
        log.warning(
            "the store was moved: its artifacts are now in %s, no longer in %s", location.artifacts, before
        )


def _moved(connection: sa.Connection, location: Location) -> Iterator[tuple[int, str, str]]:
    """Yield each experiment whose artifacts came along: its id, where they were, and where they are."""
    columns = _EXPERIMENTS.c.experiment_id, _EXPERIMENTS.c.name, _EXPERIMENTS.c.artifact_location
    own = sa.select(_TAGS.c.experiment_id).where(_TAGS.c.key == ui_state.TAG)
    query = sa.select(*columns).where(_EXPERIMENTS.c.experiment_id.in_(own))
    for experiment_id, name, old in connection.execute(query).all():
        new = f"{location.artifacts}/{name}"
        if old.startswith("/") and old.endswith(f"/artifacts/{name}") and _came_along(Path(old), Path(new)):
            yield experiment_id, old, new


def _came_along(old: Path, new: Path) -> bool:
    return old.resolve() != new.resolve() and (new.exists() or not old.exists())


def _repair(connection: sa.Connection, experiment_id: int, old: str, new: str) -> None:
    run = _RUNS.c.artifact_uri
    below = (_RUNS.c.experiment_id == experiment_id) & (sa.func.substr(run, 1, len(old) + 1) == f"{old}/")
    connection.execute(
        _EXPERIMENTS.update()
        .where(_EXPERIMENTS.c.experiment_id == experiment_id)
        .values(artifact_location=new)
    )
    connection.execute(
        _RUNS.update().where(below).values(artifact_uri=new + sa.func.substr(run, len(old) + 1))
    )
