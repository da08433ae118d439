"""Many settings in the order of their medians."""

from dataclasses import replace

from study.certify.sweeps import parabola_sweep
from study.figures.ranking import Ranking
from tests.figures.drawing import context_of, drawn, said


def test_best_on_top_and_divergence_beside_the_name() -> None:
    sweep = parabola_sweep(seeds=3, steps=40)
    axes = drawn(Ranking(), context_of(sweep)).axes[0]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    medians = sweep.runs.groupby("label", observed=True)["last_epoch_loss"].median().sort_values()
    assert [name.split("  ")[0] for name in names] == list(medians.index)
    assert next(name for name in names if name.startswith("sgd")) == "sgd lr=0.01  (1/3 diverged)"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first row is on top


def test_no_progress_stands_beside_the_name() -> None:
    sweep = parabola_sweep(seeds=3, steps=40)
    still = (sweep.runs["optimizer"] == "sgd") & (sweep.runs["seed"] == 0)
    runs = sweep.runs.assign(status=sweep.runs["status"].mask(still, "no_progress"))
    axes = drawn(Ranking(), context_of(replace(sweep, runs=runs))).axes[0]
    notes = [tick.get_text() for tick in axes.get_yticklabels()]
    assert "sgd lr=0.01  (1/3 diverged, 1/3 without progress)" in notes


def test_the_first_of_each_field_is_named() -> None:
    """Ranked within a budget, and said so; nothing where the report does not rank."""
    sweep = parabola_sweep(seeds=3, steps=64, diverged=False)
    one = "rmsprop lr=0.01 has the lowest median training loss of the last epoch, "
    assert said(Ranking(), context_of(sweep)).startswith(one)
    budgets = sweep.runs["optimizer"].map({"sgd": 4, "momentum": 2, "rmsprop": 2, "adam": 4}).astype(int)
    context = context_of(replace(sweep, runs=sweep.runs.assign(epochs=budgets)))
    caption = said(Ranking(), context)
    assert caption.startswith("epochs=4: adam lr=0.01 has the lowest median")
    assert f"; epochs=2: {one}" in caption
    names = [tick.get_text() for tick in drawn(Ranking(), context).axes[0].get_yticklabels()]
    assert names[0] == "epochs=4: adam lr=0.01"
    assert said(Ranking(), replace(context, rank=False)).startswith("Ticks: single runs; dot and bar: ")


def test_who_shares_the_lowest_median_is_named_together() -> None:
    sweep = parabola_sweep(seeds=3, steps=64, diverged=False)
    equal = (
        sweep.runs["optimizer"].map({"sgd": 4, "momentum": 2, "rmsprop": 2 + 1e-6, "adam": 4}).astype(float)
    )
    caption = said(Ranking(), context_of(replace(sweep, runs=sweep.runs.assign(last_epoch_loss=equal))))
    assert caption.startswith(
        "momentum lr=0.01 and rmsprop lr=0.01 share the lowest median training loss of the "
    )
