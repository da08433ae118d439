"""The standing of many: who takes part, and at what target steps are counted; by hand."""

import numpy as np
import pandas as pd

from study.compare.field import field_of, who_wins, whole
from study.stats.bootstrap import Bootstrap
from study.stats.paired import Rule
from study.tracking import names
from tests.compare.made import PROBLEMS, made, noise

BOOTSTRAP = Bootstrap(resamples=200)
RULE = Rule(names.CRITERION, 1.25, BOOTSTRAP)
EXPOSES = {problem: problem.upper() for problem in PROBLEMS}


def _rows() -> pd.DataFrame:
    """Return adam first on all problems but beale, where momentum is; sgd two decades behind everywhere."""
    spread = {
        name: lambda problem, seed, name=name: noise(name, problem, seed, 0.1)
        for name in ("adam", "momentum", "sgd")
    }
    return made({
        "adam": lambda problem, seed: spread["adam"](problem, seed) * (1e-2 if problem == "beale" else 1e-4),
        "momentum": lambda problem, seed: spread["momentum"](problem, seed) * (1e-4 if problem == "beale" else 1e-2),
        "sgd": lambda problem, seed: spread["sgd"](problem, seed) * 1e-1,
    })  # fmt: skip


def test_only_who_has_every_run_takes_part() -> None:
    rows = _rows()
    runs = whole(rows, PROBLEMS, range(10))
    assert set(runs["label"]) == {"adam", "momentum", "sgd"}
    assert len(runs) == 3 * len(PROBLEMS) * 10
    lacking = rows.drop(rows.index[(rows["optimizer"] == "sgd") & rows["tuned"]][:1])
    assert set(whole(lacking, PROBLEMS, range(10))["label"]) == {"adam", "momentum"}
    assert whole(rows, PROBLEMS, range(11)).empty


def test_the_field_is_as_counted_by_hand() -> None:
    field = field_of(whole(_rows(), PROBLEMS, range(10)), PROBLEMS, RULE, BOOTSTRAP)
    assert field.best == {"adam": 5, "momentum": 1, "sgd": 0}
    assert who_wins(field, EXPOSES, ["momentum"]) == {"momentum": ["BEALE"]}
    ranks = field.ranks.set_index("label")["rank"]
    assert ranks.to_dict() == {"adam": (5 * 1 + 2) / 6, "momentum": (5 * 2 + 1) / 6, "sgd": 3.0}
    # each alone reaches the target that the better of adam and momentum sets
    assert field.scores.round(9).to_dict() == {
        "adam": round(5 / 6, 9),
        "momentum": round(1 / 6, 9),
        "sgd": 0.0,
    }
    behind = field.behind.set_index(["problem", "label"])["behind"]
    assert abs(behind["saddle", "momentum"] - 2) < 0.15
    assert behind["saddle", "adam"] == 0
    assert np.isfinite(field.friedman)
