"""The scorecard of all: what it says is what its rows say, by hand; another draw, and other instances."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from study.cli import Asked
from study.compare.board import SCORECARD
from study.compare.plan import plan_of
from study.compare.tournament import scorecard
from tests.compare.made import PROBLEMS, made, noise

Excess = Callable[[str, int], float]


def _excess(name: str, factor: Callable[[str, int], float]) -> Excess:
    return lambda problem, seed: 1e-4 * factor(problem, seed) * noise(name, problem, seed, 0.05)


@pytest.mark.slow
def test_it_says_who_wins_where_what_another_draw_gives_and_what_was_confirmed(tmp_path: Path) -> None:
    """Adam is first but on beale; sgd is worse than adam, and from seed 10 on, on saddle, better."""
    rows = made(
        {
            "adam": _excess("adam", lambda problem, _: 100.0 if problem == "beale" else 1.0),
            "momentum": _excess("momentum", lambda problem, _: 1.0 if problem == "beale" else 10.0),
            "sgd": _excess(
                "sgd", lambda problem, seed: 0.1 if problem == "saddle" and seed >= 10 else 1000.0
            ),
        },
        seeds=range(20),
    )
    second = made(
        {name: _excess(f"{name} again", lambda *_: 2.0) for name in ("adam", "momentum")}, seeds=range(20)
    )
    plan = plan_of(Asked(("adam", f"problems=[{','.join(PROBLEMS)}]", "pack=medium", "report.resamples=300")))
    lead = scorecard(replace(plan, out=tmp_path / "field"), rows, second, {"adam": "5.0× SGD's time"})
    assert lead == (
        "No optimizer wins everywhere: adam, most often the best or not told from the best, on 5 of 6 problems; "
        "2 of 3 have the least median excess of one at least (adam on 5; momentum on 1)."
    )
    page = (tmp_path / "field" / "report.md").read_text()
    # adam: 2 for 1 on five problems, 2 for 100 on beale; momentum: 2 for 10 on five, 2 for 1 on beale
    assert "tuned adam by more than a factor of 1.25 on 6 of 6 problems, by 2 in the median" in page
    assert "that of momentum by more than a factor of 1.25 on 6 of 6 problems, by 5 in the median" in page
    # each against two, adam and momentum against one another: 4 times 6, of which sgd on saddle is reversed twice
    assert (
        "(10 to 19): of 24 verdicts better or worse than a baseline 22 were given again, 0 were not told there, "
        in page
    )
    assert "and 2 were reversed" in page
    card = pd.read_csv(tmp_path / "field" / "scorecard.csv")
    assert tuple(card.columns) == SCORECARD
    assert len(card) == 24
    assert set(card.loc[card["optimizer"] == "sgd", "verdict"]) == {"worse by more than M"}
    assert "| adam | 1.2 [" in page
    assert "5.0× SGD's time" in page
