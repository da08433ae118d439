"""Linear regression: the recipe, the floor, and the tutorial's losses as a distribution over seeds."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from study.errors import InvalidInput
from study.problems.base import Problem
from study.problems.linear import Linear
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
Train = Callable[..., Trained]


def test_data_follow_the_recipe(problem: Build) -> None:
    data = problem("linear").data(Source("linear", 0))
    assert data.inputs.shape == (1000, 2)
    noise = data.targets[:, 0] - (data.inputs @ torch.tensor([2.0, -3.4]) + 4.2)
    assert abs(noise.std() - 0.01) < 0.001  # 4 standard errors
    assert abs(np.cov(data.inputs.T.numpy()) - np.eye(2)).max() < 0.2
    assert torch.equal(data.targets, data.eval_targets)


def test_start_is_standard_normal_with_intercept_0(problem: Build) -> None:
    p = problem("linear")
    starts, model = [], p.model()
    for seed in range(400):
        p.initialise(model, Source("linear", seed))
        starts.append([*model.get_parameter("w").tolist(), model.get_parameter("b").item()])
    assert np.std(starts, axis=0) == pytest.approx([1, 1, 0], abs=0.15)  # 4 standard errors are 0.14
    assert np.mean(starts, axis=0) == pytest.approx([0, 0, 0], abs=0.2)


def test_floor_is_least_squares_by_seed(problem: Build) -> None:
    p = problem("linear")
    floors = []
    for seed in range(3):
        data = p.data(Source("linear", seed))
        design = np.hstack([data.inputs.double().numpy(), np.ones((1000, 1))])
        _, residual, *_ = np.linalg.lstsq(design, data.targets.double().numpy())
        floors.append(p.floor(data))
        assert floors[-1] == pytest.approx(residual[0] / 1000 / 2, rel=1e-10)
    assert len(set(floors)) == 3


def test_gradient_at_the_optimum_is_zero(problem: Build) -> None:
    p = problem("linear")
    data, model = p.data(Source("linear", 1)), p.model().double()
    x, y = data.inputs.double(), data.targets.double()
    theta, *_ = np.linalg.lstsq(np.hstack([x.numpy(), np.ones((1000, 1))]), y.numpy())
    with torch.no_grad():
        model.get_parameter("w").copy_(torch.from_numpy(theta[:2, 0]))
        model.get_parameter("b").fill_(float(theta[2, 0]))
    gradient = torch.autograd.grad(p.loss(model(x), y), list(model.parameters()))
    assert max(g.abs().max() for g in gradient) < 1e-14


@pytest.mark.slow
def test_loss_on_all_data_is_recorded_every_ten_samples(trained: Train) -> None:
    result = trained("experiment=gamma", "seeds=2")
    full, per_epoch = result.series["full/loss"], result.series["eval/loss"]
    np.testing.assert_array_equal(full.steps, np.arange(1, 301))
    np.testing.assert_array_equal(full.values[:, [99, 199, 299]], per_epoch.values[:, 1:])
    halved = trained("experiment=gamma", "seeds=1", "batch_size=5", "epochs=1")
    np.testing.assert_array_equal(halved.series["full/loss"].steps, np.arange(2, 201, 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alpha", "bands", "printed"),
    [
        (0.9, [(2.0e-4, 3.1e-4), (5.2e-5, 6.4e-5), (1.3e-3, 3.0e-3)], (8.2e-1, 2.3e-4, 2.5e-4)),
        (0.999, [(5.0e-5, 5.2e-5), (4.55e-5, 4.75e-5), (5.6e-5, 5.9e-5)], (4.9e-5, 4.9e-5, 5.0e-5)),
    ],
)
def test_losses_after_three_epochs_over_300_seeds(
    alpha: float, bands: list[tuple[float, float]], printed: tuple[float, ...], trained: Train
) -> None:
    """Bands about the medians and 95% ranges found elsewhere: 2.5e-4 (5.7e-5, 2.2e-3), 5.1e-5 (4.7e-5, 5.7e-5)."""
    result = trained("experiment=gamma", f"optimizer.alpha={alpha}", "seeds=300")
    losses = result.series["eval/loss"].values
    quantiles = np.percentile(losses[:, 3], [50, 2.5, 97.5])
    for value, (least, most) in zip(quantiles, bands, strict=True):
        assert least < value < most
    for epoch, value in enumerate(printed, start=1):  # one seed's, to two digits: inside the central 99%
        least, most = np.percentile(losses[:, epoch], [0.5, 99.5])
        assert least * 0.98 < value < most * 1.02
    assert (losses[:, 3] > result.floor).all()


@pytest.mark.slow
def test_both_gammas_find_the_truth_to_two_digits(trained: Train) -> None:
    for alpha in (0.9, 0.999):
        result = trained("experiment=gamma", f"optimizer.alpha={alpha}", "seeds=50")
        w, b = result.final["w"], result.final["b"]
        assert np.median(abs(w - [2, -3.4]), axis=0) == pytest.approx([0, 0], abs=0.03)
        assert np.median(abs(b - 4.2)) < 0.03


@pytest.mark.slow
def test_a_larger_gamma_makes_the_late_curve_smooth(trained: Train) -> None:
    late = [
        np.log(trained("experiment=gamma", f"optimizer.alpha={alpha}", "seeds=50").series["full/loss"].values)
        for alpha in (0.9, 0.999)
    ]
    rough, smooth = (np.abs(np.diff(curve[:, 200:], axis=1)).mean(axis=1) for curve in late)
    assert (rough > 5 * smooth).mean() > 0.95


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"points": 0}, r"problem.points must be a whole number >= 1, got 0"),
        ({"weights": []}, r"problem.weights must be a list of one or more finite numbers, got \[\]"),
        ({"noise": -1.0}, r"problem.noise must be a finite number >= 0, got -1.0"),
        ({"init_std": -1.0}, r"problem.init_std must be a finite number >= 0, got -1.0"),
        ({"full_every": 0}, r"problem.full_every must be a whole number >= 1, or null, got 0"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(
        Linear, "linear", points=9, weights=[1.0], bias=0.0, noise=0.1, init_std=1.0, cap=1e6, full_every=None
    )
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)
