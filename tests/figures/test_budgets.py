"""The order at each budget: lines, rings and words say what the runs say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.text import Annotation

from study.certify.sweeps import parabola_sweep
from study.figures.base import Context
from study.figures.budgets import Budgets
from study.tracking import names
from tests.figures.drawing import context_of, drawn, said, texts

BUDGETS = (4, 8, 16)


def _context(*, seeds: int = 9, **medians: tuple[float, float, float]) -> Context:
    """Each optimizer at 4, 8 and 16 epochs; its values lie around a median, at the first seed lowest."""
    labels = {f"{name} epochs={epochs}": 0.1 for name in medians for epochs in BUDGETS}
    sweep = parabola_sweep(seeds=seeds, steps=32, labels=labels, diverged=False)
    epochs = sweep.runs["label"].astype(str).str.rpartition("=")[2].astype(int)
    at = epochs.map({budget: index for index, budget in enumerate(BUDGETS)})
    middle = [medians[name][index] for name, index in zip(sweep.runs["optimizer"], at, strict=True)]
    spread = 1.02 ** (sweep.runs["seed"] - (seeds - 1) / 2)
    tilt = np.where(sweep.runs["optimizer"] == "sgd", spread**0.5, 1.0)  # no two ratios are equal
    values = pd.Series(middle, sweep.runs.index) * spread * tilt
    return context_of(replace(sweep, runs=sweep.runs.assign(epochs=epochs, excess=values)), value="excess")


def _rings(context: Context) -> list[PathCollection]:
    (axes,) = drawn(Budgets(), context).axes
    return [rings for rings in axes.collections if isinstance(rings, PathCollection)]


def _dotted(ring: PathCollection) -> bool:
    style = next(iter(ring.get_linestyle()))
    return isinstance(style, tuple) and style[1] is not None


@pytest.mark.slow
def test_lines_are_medians_and_the_order_stands_above() -> None:
    context = _context(sgd=(0.4, 0.2, 0.1), adam=(0.2, 0.19, 0.18))
    figure = drawn(Budgets(), context)
    (axes,) = figure.axes
    line = next(line for line in axes.get_lines() if line.get_label() == "adam")
    runs = context.runs[context.runs["optimizer"] == "adam"]
    assert np.asarray(line.get_xdata()).tolist() == list(BUDGETS)
    assert np.asarray(line.get_ydata()).tolist() == runs.groupby("epochs")["excess"].median().tolist()
    above = [text for text in axes.texts if isinstance(text, Annotation)]
    heads = [text.get_text() for text in sorted(above, key=lambda text: (text.xy[0], -text.xyann[1]))]
    assert heads == ["adam", "sgd", "adam", "sgd", "sgd", "adam"]


def test_a_crossing_that_the_seeds_tell_is_ringed_where_the_medians_cross() -> None:
    """In logarithms, halfway between 8 and 16 epochs: 0.4 to 0.1 and 0.2 throughout meet at sqrt(8 16)."""
    context = _context(sgd=(0.8, 0.4, 0.1), adam=(0.2, 0.2, 0.2))
    caption = said(Budgets(), context)
    assert caption.startswith("sgd passes adam between 8 and 16 epochs. Lines: medians of the loss")
    assert "split over all 3 tests" in caption
    assert "n = 9 seeds a point" in caption
    (ring,) = _rings(context)
    assert np.asarray(ring.get_offsets()).ravel().tolist() == pytest.approx([128**0.5, 0.2])
    assert not _dotted(ring)


def test_a_crossing_that_is_not_told_is_said_to_be_one() -> None:
    """Of 5 seeds none tells anything: all on one side have p = 2/32, and there are 3 tests."""
    context = _context(seeds=5, sgd=(0.8, 0.4, 0.1), adam=(0.2, 0.2, 0.2))
    assert said(Budgets(), context).startswith(
        "No two change places as far as the seeds tell. Crossing not told: sgd and adam between 8 and 16 epochs."
    )
    (ring,) = _rings(context)
    assert _dotted(ring)
    (table,) = Budgets().tables(Budgets().compute(context), context)
    assert [row["order"] for row in table.rows] == ["adam ~ sgd", "adam ~ sgd", "sgd ~ adam"]


def test_the_table_has_one_row_for_each_budget() -> None:
    context = _context(sgd=(0.8, 0.4, 0.1), adam=(0.2, 0.2, 0.2))
    (table,) = Budgets().tables(Budgets().compute(context), context)
    assert [row["epochs"] for row in table.rows] == ["4", "8", "16"]
    assert [row["order"] for row in table.rows] == ["adam < sgd", "adam < sgd", "sgd < adam"]


def test_what_does_not_cross_and_what_cannot() -> None:
    context = _context(sgd=(0.8, 0.4, 0.3), adam=(0.2, 0.2, 0.2))
    assert said(Budgets(), context).startswith("No two change places as far as the seeds tell. Lines")
    assert not _rings(context)
    one = context_of(parabola_sweep(seeds=3, steps=64))
    assert said(Budgets(), one).startswith("There is one budget, at which nothing can change places.")


def test_a_line_that_diverged_at_a_budget_is_last_there_and_crosses_unringed() -> None:
    context = _context(sgd=(0.1, np.inf, np.inf), adam=(0.2, 0.2, 0.2))
    runs = context.runs
    runs.loc[np.isinf(runs["excess"]), "status"] = names.DIVERGED
    assert said(Budgets(), context).startswith("adam passes sgd between 4 and 8 epochs.")
    assert not _rings(context)


def test_names_that_have_no_room_above_are_in_the_table_alone() -> None:
    context = _context(
        a_rule_with_a_very_long_name_that_is_twice_as_long=(0.8, 0.4, 0.1), adam=(0.2, 0.2, 0.2)
    )
    assert texts(drawn(Budgets(), context)).count("adam") == 1  # in the legend
