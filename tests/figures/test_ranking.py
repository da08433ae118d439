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


def test_first_and_last_are_named() -> None:
    sweep = parabola_sweep(seeds=3, steps=64, diverged=False)
    caption = said(Ranking(), context_of(sweep))
    assert caption.startswith("rmsprop lr=0.01 has the lowest median training loss of the last epoch, ")
    assert "and sgd lr=0.01 the highest of 4, " in caption
