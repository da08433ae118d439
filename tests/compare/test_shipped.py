"""The file that is shipped: it gives back what was written, whole groups alone, and runs that can be had again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.cli import Asked
from study.compare.groups import groups_of
from study.compare.plan import plan_of
from study.compare.rows import COLUMNS
from study.compare.shipped import kept, missing, read_costs, read_field, write_field
from study.config.choices import choices
from study.tracking import names
from tests.compare.made import made

PLAN = plan_of(Asked(("adam", "pack=medium")))
BOTH = replace(PLAN.protocol, fresh=range(20))


@pytest.fixture(scope="module")
def field() -> pd.DataFrame:
    return read_field()


def test_rows_come_back_as_they_were_and_the_same_rows_make_the_same_file(tmp_path: Path) -> None:
    rows = made({"adam": lambda _, seed: 1e-3 * (1 + seed % 7), "sgd": lambda *_: np.inf})
    write_field(rows, tmp_path / "one.parquet")
    write_field(rows.sample(frac=1, random_state=0), tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    back = read_field(tmp_path / "one.parquet")
    order = ["optimizer", "problem", "tuned", "shipped", "trial", "seed"]
    wanted = rows.sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(
        back.drop(columns="reached"), wanted.drop(columns="reached"), check_dtype=False
    )
    steps = [None if steps is None else list(steps) for steps in back["reached"]]
    assert steps == list(wanted["reached"])
    assert read_field(tmp_path / "none.parquet").empty


def test_a_group_is_taken_whole_or_not_at_all() -> None:
    (group,) = groups_of(["adam"], ["beale"], PLAN.protocol, None)["adam"]
    rows = made({"adam": lambda *_: 1e-3}, problems=["beale"], seeds=range(20)).assign(key=group.key)
    taken = kept(rows, [group])
    assert sorted(taken.loc[taken["tuned"], "seed"]) == list(range(10))
    assert len(taken) == 2 * 10 + 3 * 2
    assert missing(rows, [group]) == []
    lacking = rows.drop(rows.index[rows["tuned"] & (rows["seed"] == 4)])
    assert kept(lacking, [group]).empty
    assert missing(lacking, [group]) == [group]
    assert missing(rows, [replace(group, key="another")]) != []


@pytest.mark.slow
def test_every_optimizer_of_the_study_is_shipped_on_every_problem_as_its_file_has_it(
    field: pd.DataFrame,
) -> None:
    """A YAML that was changed is trained anew by whoever compares with it; `make field` ships it again."""
    shipped = [name for name in choices("optimizer") if "/" not in name]
    assert len(shipped) >= 20
    groups = groups_of(shipped, PLAN.problems, BOTH, None)
    assert {name: [group.problem for group in missing(field, own)] for name, own in groups.items()} == {
        name: [] for name in shipped
    }
    assert set(read_costs()) == set(shipped)
    assert list(field) == list(COLUMNS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "problem"), [("adam", "quadratic_deep"), ("momentum", "zipf_classes"), ("sgd", "breast_cancer")]
)
def test_a_sample_of_it_is_reproduced(
    field: pd.DataFrame, tmp_path: Path, command: Callable[..., object], name: str, problem: str
) -> None:
    """What was tuned, trained again from its values at three seeds, on problems that do not magnify rounding.

    Another processor may round what is drawn and what is trained otherwise: so losses are within 2%, and of the
    receipts the order of minibatches alone, which is of whole numbers, is the same.
    """
    from study.tracking.reader import read_runs

    (group,) = groups_of([name], [problem], PLAN.protocol, None)[name]
    own = field[(field["key"] == group.key) & field["tuned"] & (field["seed"] < 3)].sort_values("seed")
    values = [f"optimizer.{word}" for word in own["values"].iloc[0].replace(", ", ",").split(" ")]
    store = f"tracking.uri=sqlite:///{tmp_path}/runs.db"
    command(tmp_path, "study.train", f"optimizer={name}", f"problem={problem}", *values, "seeds=3", store)
    again = read_runs("playground", store=f"sqlite:///{tmp_path}/runs.db").sort_values("seed")
    assert list(again["status"]) == list(own["status"])
    found, wanted = (
        np.log(frame[names.CRITERION].to_numpy() - frame[names.FLOOR].to_numpy()) for frame in (again, own)
    )
    assert found == pytest.approx(wanted, abs=0.02)
    assert list(again[names.ORDER_SHA]) == list(own[names.ORDER_SHA])
