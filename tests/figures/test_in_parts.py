"""A sweep whose values are too many to be held is read in parts, and shows what it would show as a whole."""

import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.certify.sweeps import parabola_sweep, with_first_label_diverged
from study.figures.base import Chart
from study.figures.loss_curves import LossCurves
from study.figures.steps_to_target import StepsToTarget
from study.figures.tutorial_view import TutorialView
from study.frames import Recorded, SweepFrames
from study.report.tables import write_points
from tests.figures.drawing import context_of


@pytest.fixture
def sweep() -> SweepFrames:
    return with_first_label_diverged(parabola_sweep(seeds=4, steps=96))


def _in_parts(sweep: SweepFrames) -> SweepFrames:
    """Return a sweep of which the values of one setting at a time are read, as from a store."""
    points = sweep.points
    parts = [list(ids) for _, ids in sweep.runs.groupby("label", observed=True)["run_id"]]

    def read(run_ids: Sequence[str] | None, metric: str | None) -> pd.DataFrame:
        assert run_ids is not None  # it would be all of them at once
        kept = points[points["run_id"].isin(run_ids) & ((points["metric"] == metric) | (metric is None))]
        return kept.assign(run_id=pd.Categorical(kept["run_id"].astype(str), list(run_ids)))

    return replace(sweep, recorded=Recorded(sweep.recorded.metrics, parts, read))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose runs are text: what is read alone knows of no other run."""
    kinds = {"run_id": str} if "run_id" in frame else {}
    return frame.astype(kinds).reset_index(drop=True)


@pytest.mark.parametrize(
    "chart",
    [
        LossCurves(),
        LossCurves(metric="eval/loss", x="epoch", above_floor=True),
        StepsToTarget(),
        StepsToTarget(metric="eval/loss", targets=[0.1, 0.02]),
        TutorialView(seed=1),
    ],
    ids=lambda chart: type(chart).__name__,
)
def test_a_figure_computes_the_same_in_parts(chart: Chart[object], sweep: SweepFrames) -> None:
    whole, parts = (chart.compute(context_of(each)) for each in (sweep, _in_parts(sweep)))
    for name, value in vars(whole).items():
        other = getattr(parts, name)
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(_plain(value), _plain(other), check_exact=True)
        elif isinstance(value, pd.Series):
            pd.testing.assert_series_equal(value, other, check_exact=True)
        else:
            assert value == other, name
    assert chart.caption(whole, context_of(sweep)) == chart.caption(parts, context_of(_in_parts(sweep)))


def test_points_are_the_same_file_in_parts(sweep: SweepFrames, tmp_path: Path) -> None:
    """Against what pandas writes of a merge of all of them; by a table, as parts have row groups of their own."""
    named = sweep.points.astype({"run_id": str}).merge(sweep.runs[["run_id", "label", "optimizer", "seed"]])
    expected = named[["label", "optimizer", "seed", "metric", "step", "value"]].astype({"metric": str})
    for name, each in {"whole": sweep, "parts": _in_parts(sweep)}.items():
        path = tmp_path / f"{name}.parquet"
        assert write_points(each, path) == len(expected)
        found = pd.read_parquet(path)
        pd.testing.assert_frame_equal(
            found.astype({"metric": str}), expected, check_exact=True, check_categorical=False
        )


def test_memory_does_not_grow_with_the_number_of_parts(sweep: SweepFrames, tmp_path: Path) -> None:
    """Four times as many parts of 100,000 values each; a part alone takes 2 MB."""
    run, steps = list(sweep.runs["run_id"])[:1], np.arange(100_000)
    one = np.zeros(len(steps), dtype=np.int8)

    def made(*_: object) -> pd.DataFrame:
        named = {"run_id": run, "metric": ["train/loss"]}
        columns = {name: pd.Categorical.from_codes(one, pd.Index(known)) for name, known in named.items()}
        return pd.DataFrame({**columns, "step": steps, "value": steps / 7})

    def peak(parts: int) -> int:
        recorded = Recorded(["train/loss"], [run] * parts, made)
        tracemalloc.start()
        assert write_points(replace(sweep, recorded=recorded), tmp_path / "some.parquet") == parts * len(
            steps
        )
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)  # which imports some
    assert peak(8) < 1.2 * peak(2)


@pytest.mark.slow
def test_views_that_would_read_all_values_again_are_not_drawn(sweep: SweepFrames) -> None:
    """A large sweep's curves have both scales, of one table, and are along updates alone."""
    from study.report.gallery import draw_all
    from study.report.plan import FigurePlan

    def views(of: SweepFrames) -> Iterator[str]:
        (picture,) = draw_all([FigurePlan("curves", LossCurves())], context_of(of))
        return (" ".join(view.choices) for view in picture.views)

    assert list(views(_in_parts(sweep))) == ["log updates", "linear updates"]
    assert "log epochs" in set(views(sweep))
