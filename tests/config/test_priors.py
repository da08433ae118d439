"""Priors: what each form means, by hand; what is no prior is refused; those that are shipped hold what is shipped."""

import math
from pathlib import Path

import pytest
import yaml

from study.config.check import check_hyperparameters
from study.config.priors import drawn, priors_of
from study.errors import InvalidInput
from study.job import Job

TREE = Path(__file__).parents[2] / "conf" / "optimizer"
FILES = {path.relative_to(TREE).with_suffix("").as_posix(): path for path in sorted(TREE.rglob("*.yaml"))}


@pytest.mark.parametrize(
    ("value", "form", "quarters"),
    [
        (0.01, {"log": [0.0001, 1]}, [0.0001, 0.001, 0.01, 0.1, 1]),
        (0.9, {"one_minus_log": [0.0001, 1]}, [0, 0.9, 0.99, 0.999, 0.9999]),
        (3, {"linear": [-2, 6]}, [-2, 0, 2, 4, 6]),
    ],
)
def test_a_scale_by_hand(value: float, form: dict[str, list[float]], quarters: list[float]) -> None:
    (prior,) = priors_of({"x": value, "priors": {"x": form}})
    assert [prior.at(quarter / 4) for quarter in range(5)] == quarters  # exactly: values as one types them
    assert [prior.place(float(at)) for at in quarters] == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=1e-9)


def test_a_drawn_value_has_four_digits_of_what_is_uniform() -> None:
    x, momentum = priors_of(
        {"x": 1.0, "m": 0.9, "priors": {"x": {"log": [0.001, 1]}, "m": {"one_minus_log": [0.001, 0.5]}}}
    )
    assert x.at(1 / 7) == float(f"{0.001 * 1000 ** (1 / 7):.4g}")
    assert 1 - momentum.at(0.9) == pytest.approx(0.5 * 0.002**0.9, rel=1e-3)
    assert len(repr(momentum.at(0.9))) <= len("0.998138")


def test_what_the_scale_cannot_hold_lies_beyond_it() -> None:
    (prior,) = priors_of({"decay": 0.0, "priors": {"decay": {"log": [0.001, 1]}}})
    assert prior.place(0.0) == -math.inf
    assert prior.place(2.0) > 1


def test_elements_of_a_list_have_their_own_and_null_leaves_one_as_it_is() -> None:
    optimizer = {"betas": [0.9, 0.99], "priors": {"betas": [None, {"one_minus_log": [0.001, 0.1]}]}}
    (second,) = priors_of(optimizer)
    assert second.name == "betas[1]"
    assert drawn(optimizer, {second: 0.95}) == {"betas": [0.9, 0.95]}
    assert optimizer["betas"] == [0.9, 0.99]


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ([1], "optimizer.priors must be {<hyperparameter>: <prior>}, got [1]"),
        ({"lrr": 1}, "a key of optimizer.priors must be one of betas, lr; got 'lrr'; did you mean 'lr'?"),
        ({"name": 1}, "a key of optimizer.priors must be one of betas, lr; got 'name'"),
        ({"lr": [1, 2]}, "optimizer.priors.lr must be one of {linear: [low, high]}, {log: "),
        ({"lr": {"log": [1, 2], "linear": [1, 2]}}, "optimizer.priors.lr must be one of {linear: "),
        ({"lr": {"lgo": [1, 2]}}, "optimizer.priors.lr must be one of {linear: "),
        (
            {"lr": {"log": [0, 1]}},
            "optimizer.priors.lr.log must be two numbers > 0, the smaller first, got [0, 1]",
        ),
        ({"lr": {"log": [1, 0.1]}}, "optimizer.priors.lr.log must be two numbers > 0, the smaller first"),
        ({"lr": {"log": "all"}}, "optimizer.priors.lr.log must be two numbers > 0, the smaller first"),
        (
            {"lr": {"one_minus_log": [0.1, 2]}},
            "optimizer.priors.lr.one_minus_log must be two numbers in (0, 1]",
        ),
        ({"betas": {"log": [1, 2]}}, "optimizer.priors.betas must be a list of 2 priors, as optimizer.betas"),
        ({"betas": [{"log": [1, 2]}]}, "optimizer.priors.betas must be a list of 2 priors"),
        ({"betas": [None, 3]}, "optimizer.priors.betas[1] must be one of {linear: [low, high]}"),
    ],
)
@pytest.mark.usefixtures("untyped")
def test_what_is_no_prior_is_refused(priors: object, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        priors_of({"name": "adam", "_target_": "x", "lr": 0.1, "betas": [0.9, 0.99], "priors": priors})
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_only_numbers_have_one() -> None:
    with pytest.raises(
        InvalidInput, match=r"priors.nesterov must be of a number, got one of .*nesterov=True"
    ):
        priors_of({"nesterov": True, "priors": {"nesterov": {"log": [1, 2]}}})


@pytest.mark.parametrize("name", FILES)
def test_a_shipped_file_says_where_to_look_and_what_is_shipped_lies_there(name: str) -> None:
    optimizer = yaml.safe_load(FILES[name].read_text())
    priors = priors_of(optimizer)
    assert "lr" in {prior.name for prior in priors}
    for prior in priors:
        value = optimizer[prior.key] if prior.index is None else optimizer[prior.key][prior.index]
        assert 0 < prior.place(value) < 1, prior.name
        for end in (0.0, 1.0):
            check_hyperparameters({**optimizer, **drawn(optimizer, {prior: prior.at(end)})})


@pytest.mark.parametrize("name", FILES)
def test_a_prior_decides_no_number(name: str) -> None:
    optimizer = yaml.safe_load(FILES[name].read_text())
    bare = {key: value for key, value in optimizer.items() if key != "priors"}
    jobs = [Job({"name": "bowl"}, rule, 2, None, seeds=range(3), label="") for rule in (optimizer, bare)]
    assert jobs[0].hash == jobs[1].hash
    assert jobs[0].params() == jobs[1].params()


def test_shipped_jobs_are_what_they_were_before_there_were_priors() -> None:
    """Their hashes as of then, at NUMERICS_VERSION 3: runs of older stores are found again."""
    before = {
        "adadelta": "03f1d38a8ed3a79c", "adafactor": "661f5ad29b5a535a", "adagrad": "c887c79652944b51",
        "adam": "47edcb332773ebc0", "adamw": "0147db2fea75e8ee", "momentum": "ca8f52b41f825276",
        "nag": "d04c7be342a16bc7", "rmsprop": "67640035bab3e53c", "sgd": "f5866bc9b21f2563",
    }  # fmt: skip
    problem = yaml.safe_load((TREE.parent / "problem" / "parabola.yaml").read_text())["problem"]
    rules = {name: yaml.safe_load(FILES[name].read_text()) for name in before}
    hashes = {name: Job(problem, rule, 12, 32, range(25), "").hash for name, rule in rules.items()}
    assert hashes == before
