"""What counts as identical, within tolerance and different, worked out by hand."""

import numpy as np
import pytest

from study.reproduce.difference import Verdict, compared
from study.tracking.kept import Curve, KeptRun
from study.tracking.records import Points, StoredRun

TAGS = {"study.data_sha": "a", "study.init_sha": "b", "study.order_sha": "c"}
Values = dict[str, list[float]]


def _kept(curves: Values, resolution: float = 0.0) -> KeptRun:
    arrays = {key: Curve(np.arange(len(some)), np.array(some)) for key, some in curves.items()}
    return KeptRun("id", {"seed": "0"}, TAGS, arrays, {"summary/resolution": resolution})


def _now(curves: Values, resolution: float = 0.0, tags: dict[str, str] = TAGS) -> StoredRun:
    every = {key: np.arange(len(some)) for key, some in curves.items()}
    points = {key: Points(steps, np.array(curves[key]), steps) for key, steps in every.items()}
    end = np.array([max(map(len, curves.values()))])
    points["summary/resolution"] = Points(end, np.array([resolution]), end)
    return StoredRun("name", {"seed": "0"}, tags, points, 0, 1)


@pytest.mark.parametrize(
    ("tracked", "now", "resolution", "verdict", "first"),
    [
        ({}, {}, 0.0, Verdict.IDENTICAL, None),
        ({"eval/loss": [1.0, 2.0]}, {"eval/loss": [1.0, 2.00015]}, 0.0, Verdict.WITHIN, None),
        ({"eval/loss": [1.0, 2.0]}, {"eval/loss": [1.0, 2.00025]}, 0.0, Verdict.DIFFERENT, ("eval/loss", 1)),
        # of a loss that is near zero nothing is left but what it resolves, which is not of a parameter
        ({"eval/loss": [1.0, 1e-9]}, {"eval/loss": [1.0, 3e-9]}, 4e-9, Verdict.WITHIN, None),
        ({"eval/loss": [1.0, 1e-9]}, {"eval/loss": [1.0, 9e-9]}, 4e-9, Verdict.DIFFERENT, ("eval/loss", 1)),
        # a parameter crosses zero: its differences are as large as the largest of it makes them
        ({"param/x": [3.0, 1e-9]}, {"param/x": [3.0, 2e-4]}, 0.0, Verdict.WITHIN, None),
        ({"param/x": [3.0, 1e-9]}, {"param/x": [3.0, 4e-4]}, 4e-1, Verdict.DIFFERENT, ("param/x", 1)),
        # a curve that ends before the other, or is not there
        ({"eval/loss": [1.0, 2.0]}, {"eval/loss": [1.0]}, 9.0, Verdict.DIFFERENT, ("eval/loss", 1)),
        ({}, {"lr": [0.5]}, 0.0, Verdict.DIFFERENT, ("lr", 0)),
        # the first step of any metric, whichever
        (
            {"a": [1.0, 1.0], "b": [1.0, 1.0]},
            {"a": [1.0, 2.0], "b": [2.0, 1.0]},
            0.0,
            Verdict.DIFFERENT,
            ("b", 0),
        ),
    ],
)
def test_each_point_is_held_against_what_is_tracked(
    tracked: Values, now: Values, resolution: float, verdict: Verdict, first: tuple[str, int] | None
) -> None:
    same = {"train/loss": [0.5]}
    found = compared(_kept(same | tracked, resolution), _now(same | now, resolution), tolerance=1e-4)
    assert found.verdict is verdict
    assert first == (found.first and (found.first.metric, found.first.step))
    longest = {key: max(len(tracked.get(key, [])), len(now.get(key, []))) for key in tracked | now}
    assert found.values == 2 + sum(longest.values())  # the loss, the resolution


def test_other_data_are_different_whatever_the_losses() -> None:
    same = {"train/loss": [0.5]}
    found = compared(_kept(same), _now(same, tags=TAGS | {"study.data_sha": "z"}), tolerance=1e-4)
    assert (found.verdict, found.receipts, found.unequal) == (Verdict.DIFFERENT, ("data",), 0)
