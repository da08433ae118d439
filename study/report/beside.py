"""What stands first on a page: the same settings tuned, from another experiment of the same store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from study.errors import InvalidInput
from study.figures.base import Context
from study.figures.style import Style
from study.figures.style.words import listed
from study.figures.tuned_beside import TunedBeside
from study.frames import SweepFrames
from study.report.gallery import Picture, draw_all
from study.report.plan import FigurePlan, Plan

_SETTINGS = ("problem", "schedule.", "epochs", "batch_size", "eval_moments")


@dataclass(frozen=True, slots=True)
class Beside:
    """A paragraph, and what it speaks of where that can be shown."""

    told: str
    pictures: Sequence[Picture] = ()


def beside(sweep: SweepFrames, other: SweepFrames | None, plan: Plan, *, command: str) -> Beside | None:
    """Return what a page shows of the experiment that its plan names beside it; None where it names none.

    Args:
        sweep: the page's own.
        other: the last sweep of the other experiment; None where the store has none.
        plan: of the page.
        command: trains the other experiment.
    """
    if plan.beside is None:
        return None
    if other is None or other.trials.empty:
        return Beside(f"None of these settings is tuned. To see each as shipped and tuned here: `{command}`")
    why = _unlike(sweep, other)
    if why:
        return Beside(f"The experiment {other.experiment} is in the store and not shown beside: {why}.")
    style = Style.of(other.runs, colors=plan.colors, spare=plan.spare)
    context = Context(other, style, plan.bootstrap, plan.value, plan.rank)
    chart = TunedBeside()
    try:
        claim = chart.compute(context).claim
    except InvalidInput as error:
        return Beside(f"The experiment {other.experiment} is in the store and not shown beside: {error}.")
    pictures = [
        replace(picture, caption=picture.caption.removeprefix(claim))
        for picture in draw_all([FigurePlan("tuned_beside", chart)], context)
    ]
    source = (
        f"From the experiment {other.experiment} (sweep {other.info['sweep']}), whose page has the search and the "
        "hyperparameters; all the rest of this page is as shipped."
    )
    whole = (other.asked["present"] == other.asked["asked"]).all()
    return Beside(
        f"{claim}{source}{'' if whole else ' Some of its runs are missing, as that page says.'}", pictures
    )


def _unlike(sweep: SweepFrames, other: SweepFrames) -> str:
    """Say why the settings of a sweep are not those that another one tunes; nothing where they are."""
    shipped = other.trials[other.trials["trial"] == 1]
    differing = [
        f"{key} is {_values(sweep.runs, key)} here and {_values(shipped, key)} there"
        for key in dict.fromkeys([*map(str, sweep.runs), *map(str, shipped)])
        if key.startswith(_SETTINGS) and _values(sweep.runs, key) != _values(shipped, key)
    ]
    if differing:
        return listed(differing)
    strange = sweep.runs.loc[~sweep.runs["job"].isin(shipped["job"]), "label"].unique()
    return f"it does not tune {listed([str(label) for label in strange])} as set here" if len(strange) else ""


def _values(runs: pd.DataFrame, key: str) -> str:
    found = sorted({str(value) for value in runs[key].dropna()}) if key in runs else []
    return listed(found) if found else "not set"
