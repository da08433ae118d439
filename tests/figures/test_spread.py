"""All seeds beside the single numbers of a source."""

from dataclasses import replace

import numpy as np
import pytest

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.figures.spread import Spread
from tests.figures.drawing import context_of, drawn, said, texts


def test_how_many_printed_values_lie_among_the_seeds_is_counted() -> None:
    """The least and the largest of adam's seeds lie at the ends, 9 beyond; nobody ran lion."""
    sweep = parabola_sweep(seeds=3, steps=40, diverged=False)
    values = sweep.runs.loc[sweep.runs["optimizer"] == "adam", "last_epoch_loss"]
    chart = Spread(printed={"adam": [values.min(), values.max(), 9.0], "lion": 0.1})
    caption = said(chart, context_of(sweep))
    assert "2 of 3 lie between the least and the largest of the seeds" in caption
    assert "Printed too, but not in this sweep: lion." in caption
    assert "9" in texts(drawn(chart, context_of(sweep)))


def test_the_widest_spread_and_the_distance_of_medians() -> None:
    """Two lines of pandas."""
    sweep = parabola_sweep(seeds=3, steps=40, diverged=False)
    groups = sweep.runs.groupby("label", observed=True)["last_epoch_loss"]
    widest, medians = (groups.max() - groups.min()).max(), groups.median()
    caption = said(Spread(), context_of(sweep))
    assert f"spreads by up to {widest:.3g}" in caption
    assert f"all medians lie within {medians.max() - medians.min():.3g} of each other" in caption


def test_medians_of_two_budgets_are_not_set_beside_each_other() -> None:
    sweep = parabola_sweep(seeds=3, steps=40, diverged=False)
    runs = sweep.runs.assign(
        epochs=sweep.runs["optimizer"].map(lambda name: 2 if name in ("sgd", "adam") else 4)
    )
    medians = runs.groupby("optimizer")["last_epoch_loss"].median()
    apart = max(abs(medians["sgd"] - medians["adam"]), abs(medians["momentum"] - medians["rmsprop"]))
    caption = said(Spread(), context_of(replace(sweep, runs=runs)))
    assert f"medians of one problem and one budget lie within {apart:.3g} of each other" in caption


def test_the_floor_of_the_runs_is_marked() -> None:
    sweep = parabola_sweep(seeds=3, steps=40)
    context = context_of(replace(sweep, runs=sweep.runs.assign(floor=0.0075)), value="final_eval_loss")
    (level,) = (line for line in drawn(Spread(), context).axes[0].get_lines() if line.get_linestyle() == ":")
    assert np.asarray(level.get_xdata()).tolist() == [0.0075, 0.0075]
    assert "dotted line at 0.0075 is the floor" in said(Spread(), context)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("printed", [{"adam": "much"}, [0.1], {"adam": []}, 0.1])
def test_printed_values_are_numbers_by_optimizer(printed: object) -> None:
    with pytest.raises(
        InvalidInput, match=r"^spread.printed must be a number, or a list of them, by optimizer"
    ):
        Spread(printed=printed)  # type: ignore[arg-type]
