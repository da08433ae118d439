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
    here = location.artifacts
    try:
        with engine.begin() as connection:
            before = {str(Path(old).parent) for old in _follow(connection, str(here))}
    except sa.exc.SQLAlchemyError as error:
        why = str(error).splitlines()[0]
        log.warning("the artifacts were moved to %s, which the store cannot be told: %s", here, why)
        return
    if before:
        left = ", ".join(sorted(before))
        log.warning("the store was moved: its artifacts are now in %s, no longer in %s", here, left)


def _follow(connection: sa.Connection, artifacts: str) -> Iterator[str]:
    """Repair each experiment whose artifacts came along, and yield where they were."""
    e, uri = _EXPERIMENTS.c, _RUNS.c.artifact_uri
    own = sa.select(_TAGS.c.experiment_id).where(_TAGS.c.key == ui_state.TAG)
    query = sa.select(e.experiment_id, e.name, e.artifact_location).where(e.experiment_id.in_(own))
    for experiment, name, old in connection.execute(query).all():
        new = f"{artifacts}/{name}"
        was, now = Path(old), Path(new)
        came_along = was.resolve() != now.resolve() and (now.exists() or not was.exists())
        if old.startswith("/") and old.endswith(f"/artifacts/{name}") and came_along:
            below = sa.func.substr(uri, 1, len(old) + 1) == f"{old}/"
            place, rest = {"artifact_location": new}, sa.func.substr(uri, len(old) + 1)
            connection.execute(_EXPERIMENTS.update().where(e.experiment_id == experiment).values(place))
            runs = _RUNS.update().where(_RUNS.c.experiment_id == experiment, below)
            connection.execute(runs.values(artifact_uri=new + rest))
            yield old
