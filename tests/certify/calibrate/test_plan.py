"""The plan: streams of their own, the same numbers for the same seed, and all promises in it."""

import numpy as np
import pandas as pd

from study.certify.calibrate import plan, real
from study.certify.calibrate.counts import Row, count
from study.certify.calibrate.plan import Cell
from study.certify.calibrate.promises import PROMISES


def _draws(rng: np.random.Generator, experiments: int, **case: object) -> list[Row]:
    return [count("p", str(rng.random()), [True] * experiments, case)]


def test_a_cell_is_the_same_again_and_has_a_stream_of_its_own() -> None:
    one, other = Cell(_draws, {"n": 1}), Cell(_draws, {"n": 2})
    assert one.run(0, 5) == one.run(0, 5)
    assert len({str(cell.run(seed, 5)[0]["claim"]) for cell in (one, other) for seed in (0, 1)}) == 4


def test_a_cell_takes_its_part_of_the_experiments() -> None:
    assert [Cell(_draws, {}, part).run(0, 10)[0]["experiments"] for part in (1.0, 0.25, 0.01)] == [10, 2, 1]


def test_no_two_cells_share_a_stream() -> None:
    runs = pd.DataFrame({"label": real._ALL, "eval_last_epoch": 1.0, "floor": 0.5})
    cells = [*plan.simulated(), *plan.drawn(runs)]
    names = [
        (
            c.function.__name__,
            *sorted((k, v) for k, v in c.keywords.items() if isinstance(v, (str, int, float, tuple))),
        )
        for c in cells
    ]
    assert len(set(names)) == len(cells)


def test_counts_are_in_the_order_of_the_promises() -> None:
    rows = [
        count(promise, "c", [True], {"pairs": pairs})
        for promise in reversed(list(PROMISES))
        for pairs in (6, 1)
    ]
    table = plan._table(rows)
    assert table["promise"].drop_duplicates().tolist() == list(PROMISES)
    assert table["pairs"].tolist() == [1, 6] * len(PROMISES)
