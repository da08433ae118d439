"""Two parameters on a map: the paths that runs took, and the height of the quadratic bowl."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.errors import InvalidInput
from study.tracking import names

_BOWL = "study.problems.bowl.Bowl"


@dataclass(frozen=True, slots=True)
class Bowl:
    """The quadratic c1 u1^2 + c2 u2^2, u being x turned back by `rotation` degrees; its minimum is the origin."""

    c1: float
    c2: float
    rotation: float


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


def bowls(runs: pd.DataFrame) -> dict[str, Bowl]:
    """Return the bowl that each label went down; nothing where a run is of another problem."""
    if not (runs["problem._target_"] == _BOWL).all():
        return {}
    first = runs.drop_duplicates("label")
    coefficients = map(json.loads, first["problem.coefficients"])
    settings = zip(first["label"], coefficients, first["problem.rotation"], strict=True)
    return {str(label): Bowl(c1, c2, float(turned)) for label, (c1, c2), turned in settings}


def bowl_surface(
    x: Float[np.ndarray, " column"], y: Float[np.ndarray, " row"], bowl: Bowl
) -> Float[np.ndarray, "row column"]:
    """Return f = c1 u1^2 + c2 u2^2 on a grid, u being (x, y) turned back by the bowl's rotation.

    Example:
        >>> bowl_surface(np.array([1.0]), np.array([0.0, 2.0]), Bowl(c1=3.0, c2=1.0, rotation=0.0)).tolist()
        [[3.0], [7.0]]
    """
    angle = np.deg2rad(bowl.rotation)
    across, up = np.meshgrid(x, y)
    u1 = np.cos(angle) * across + np.sin(angle) * up
    u2 = -np.sin(angle) * across + np.cos(angle) * up
    return np.asarray(bowl.c1 * u1**2 + bowl.c2 * u2**2)
