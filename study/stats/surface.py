"""Two parameters on a map: the paths that runs took, and the heights of the problems whose formula is known."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any  # a row of mixed columns

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.errors import InvalidInput
from study.tracking import names

Grid = Float[np.ndarray, "row column"]


@dataclass(frozen=True, slots=True)
class Surface:
    """The height of a problem of two parameters above (x, y).

    Args:
        problem: the dotted path of its class, one of those whose formula is known here.
        settings: the numbers from its config that shape it.
    """

    problem: str
    settings: tuple[float, ...] = ()

    @property
    def minimum(self) -> tuple[float, float]:
        """Where it is least."""
        return _KNOWN[self.problem].minimum

    def height(self, x: Grid, y: Grid) -> Grid:
        """Return the loss above each place.

        Example:
            >>> bowl = Surface("study.problems.bowl.Bowl", (3.0, 1.0, 0.0))
            >>> bowl.height(np.array([[1.0]]), np.array([[2.0]])).tolist()
            [[7.0]]
        """
        return _KNOWN[self.problem].height(x, y, *self.settings)


def paths(points: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, str]]:
    """Return `run_id`, `step`, `x`, `y`, the two recorded parameters of each run side by side, and their names.

    Args:
        points: `run_id`, `metric`, `step`, `value`; each `param/<name>` is a parameter.

    Raises:
        InvalidInput: there are not exactly two parameters.
    """
    chosen = points[points["metric"].str.startswith(names.PARAM)]
    wide = chosen.pivot(index=["run_id", "step"], columns="metric", values="value")
    found = [str(metric).removeprefix(names.PARAM) for metric in wide]
    if len(found) != 2:
        got = f"{len(found)}: {', '.join(found)}" if found else "a problem with none recorded"
        raise InvalidInput(f"trajectories needs a problem of exactly two scalar parameters, got {got}")
    return wide.set_axis(["x", "y"], axis=1).reset_index(), (found[0], found[1])


def surfaces(runs: pd.DataFrame) -> dict[str, Surface]:
    """Return the surface that each label walked on; nothing where a run's problem has no formula here."""
    targets = runs["problem._target_"]
    if not targets.isin(_KNOWN).all():
        return {}
    first = runs.drop_duplicates("label").set_index("label")
    return {str(label): _surface(row) for label, row in first.iterrows()}


def _surface(run: "pd.Series[Any]") -> Surface:
    problem = str(run["problem._target_"])
    values = [run[f"problem.{key}"] for key in _KNOWN[problem].shaped_by]
    read = [
        json.loads(value) if isinstance(value, str) else value for value in values
    ]  # lists are kept as text
    return Surface(problem, tuple(float(number) for number in np.hstack([*read, []])))


def _bowl(x: Grid, y: Grid, c1: float, c2: float, rotation: float) -> Grid:
    """Return c1 u1^2 + c2 u2^2, u being (x, y) turned back by `rotation` degrees."""
    cosine, sine = np.cos(np.deg2rad(rotation)), np.sin(np.deg2rad(rotation))
    return np.asarray(c1 * (cosine * x + sine * y) ** 2 + c2 * (cosine * y - sine * x) ** 2)


def _rosenbrock(x: Grid, y: Grid) -> Grid:
    return np.asarray((1 - x) ** 2 + 100 * (y - x**2) ** 2)


def _beale(x: Grid, y: Grid) -> Grid:
    return sum(((c - x * (1 - y**i)) ** 2 for i, c in enumerate((1.5, 2.25, 2.625), 1)), start=np.zeros(()))


def _plateau(x: Grid, y: Grid, scale1: float, scale2: float) -> Grid:
    return np.asarray((np.tanh(x / scale1 / 2) ** 2 + np.tanh(y / scale2 / 2) ** 2) / 2)


@dataclass(frozen=True, slots=True)
class _Known:
    """A formula, the keys of the config that it takes after (x, y), and where it is least."""

    height: Callable[..., Grid]
    shaped_by: tuple[str, ...] = ()
    minimum: tuple[float, float] = (0.0, 0.0)


_KNOWN = {
    "study.problems.bowl.Bowl": _Known(_bowl, ("coefficients", "rotation")),
    "study.problems.rosenbrock.Rosenbrock": _Known(_rosenbrock, minimum=(1.0, 1.0)),
    "study.problems.beale.Beale": _Known(_beale, minimum=(3.0, 0.5)),
    "study.problems.plateau.Plateau": _Known(_plateau, ("scales",)),
}
"""Formulas of problems, for there is no torch here; a test holds each against the problem's own loss."""
