"""Real runs: read as a report reads them, and drawn as populations."""

import numpy as np
import pandas as pd
import pytest

from study.certify.calibrate import real
from study.certify.calibrate.counts import counted


@pytest.mark.slow
def test_trained_runs_are_those_of_the_headline() -> None:
    """Against the criterion of a plain stack: the mean of its evaluations of the last epoch, seed by seed."""
    import torch

    from study.job import Job, Run
    from study.problems.parabola import Parabola
    from study.training.train import train

    runs = real.trained(3)
    assert runs["label"].drop_duplicates().tolist() == [
        "sgd",
        "momentum",
        "rmsprop",
        "adam",
        "nadam",
        "adamw",
    ]
    assert runs["seed"].tolist() == 6 * [0, 1, 2]
    job = Job(
        {"name": "parabola"}, {"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.01}, 12, 32, range(3), ""
    )
    problem = Parabola(name="parabola", points=1000, noise=0.1, width=20, cap=1000.0)
    alone = train(problem, [Run(job, seed) for seed in job.seeds], device=torch.device("cpu"))
    sgd = runs[runs["label"] == "sgd"]
    np.testing.assert_allclose(sgd["eval_last_epoch"], alone.last_epoch.values.mean(axis=1), rtol=1e-5)
    places = real.places_of(runs)
    np.testing.assert_allclose(places["sgd"], np.log(sgd["eval_last_epoch"] - sgd["floor"]), rtol=1e-6)


@pytest.mark.slow
def test_populations_are_drawn_from_the_runs() -> None:
    """A rule 4 margins above another, of little spread: told in every table; moved together, never."""
    rng = np.random.default_rng(0)
    places = {rule: 0.1 * rng.standard_normal(40) + shift for rule, shift in (("a", 0.0), ("b", 0.9))}
    rows = real.real_table(np.random.default_rng(1), 10, rules=("a", "b"), places=places, n=12)
    table = counted(rows)
    assert table.loc[table["hits"] > 0, ["population", "claim", "share"]].to_numpy().tolist() == [
        ["a / b", "better by more than M", 1.0]
    ]
    moved = real.real_difference(
        np.random.default_rng(1), 60, rules="a / b", difference=places["a"] - places["b"], n=12
    )
    itself = real.real_itself(np.random.default_rng(1), 60, rule="a", places=places["a"], n=12)
    medians = real.real_medians(np.random.default_rng(1), 40, rule="a", losses=np.exp(places["a"]), n=12)
    told = counted([*moved, *itself, *medians])
    assert set(told["population"]) == {"real: a", "real: a / b"}
    assert told["kept"].dropna().all()


def test_differences_have_the_names_of_a_report() -> None:
    places = {rule: np.array([float(index)]) for index, rule in enumerate(pd.unique(pd.Series(real._ALL)))}
    pairs = real.pairs_of(places)
    assert list(pairs)[:2] == ["sgd / momentum", "sgd / rmsprop"]
    assert (pairs["sgd / adam"][0], len(pairs)) == (-3.0, 8)
