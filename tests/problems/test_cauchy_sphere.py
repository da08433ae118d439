"""The sphere with Cauchy noise: the noise is that, its gradient and loss are as written, and averages do not help."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch

from study.errors import InvalidInput
from study.problems.base import Problem
from study.problems.cauchy_sphere import CauchySphere
from study.randomness import Source
from study.training.result import Trained

SPHERE = CauchySphere("cauchy_sphere", points=10, dimension=20, noise=0.1, init_std=1.0, cap=1e15)
FEW = ("problem=cauchy_sphere", "seeds=6", "epochs=12")
CAUCHY = scipy.stats.cauchy(scale=0.1).cdf


def test_the_noise_is_cauchy_and_new_in_each_step_and_seed() -> None:
    drawn = np.concatenate([_noise(step, seed) for step in range(10) for seed in (0, 10)])
    assert scipy.stats.kstest(drawn.ravel(), CAUCHY).pvalue > 0.001
    assert len(np.unique(drawn)) == drawn.size
    assert abs(drawn).max() > 20  # of 4,000; a normal number is nowhere near 200 times its quartile


def test_the_noise_repeats_whatever_is_drawn_between() -> None:
    first, _, again = _noise(7, 3), _noise(8, 3), _noise(7, 3)
    assert np.array_equal(first, again)


def test_a_batch_is_as_noisy_as_a_sample() -> None:
    means = np.stack([_noise(step, 1).mean(axis=0) for step in range(60)])
    assert scipy.stats.kstest(means.ravel(), CAUCHY).pvalue > 0.001


def test_loss_and_gradient_of_a_step_by_hand() -> None:
    x = torch.tensor([[1.0, -2.0]], dtype=torch.float64, requires_grad=True)
    n = torch.tensor([[0.5, 10.0]], dtype=torch.float64)
    loss = SPHERE.loss(x, n)
    assert loss.item() == 2.5 - (0.5 - 20.0)
    (gradient,) = torch.autograd.grad(loss, x)
    assert gradient.tolist() == [[0.5, -12.0]]
    assert SPHERE.loss(x, torch.zeros_like(n)).item() == 2.5


def test_noise_alone_does_not_pass_the_cap() -> None:
    """The longest of 300 steps in a million seeds is about 4e9 times the scale; at |x| = 10 that is 1e10."""
    x = torch.full((1, 20), 10 / 20**0.5, dtype=torch.float64)
    assert SPHERE.loss(x, -0.1 * torch.full_like(x, 4e9)) < SPHERE.cap / 1e4


@pytest.mark.slow
def test_gradient_descent_ends_as_the_noise_at_any_rate(trained: Callable[..., Trained]) -> None:
    """A stable law: x is a sum of rate (1 - rate)^k n_k, whose weights add up to 1, hence Cauchy(0, 0.1) again."""
    for rate in (0.2, 1.0):
        end = trained(*FEW, "optimizer=sgd", f"optimizer.lr={rate}").final["x"]
        assert scipy.stats.kstest(end.ravel(), CAUCHY).pvalue > 0.001


@pytest.mark.slow
def test_no_momentum_makes_it_narrower_but_bounded_steps_do(trained: Callable[..., Trained]) -> None:
    """The weights of momentum add up to 1 too, but not all are positive: what they make is as wide or wider."""
    heavy = trained(*FEW, "optimizer=scratch/momentum", "optimizer.lr=0.1")
    bounded = trained(*FEW, "optimizer=scratch/rmsprop", "optimizer.lr=0.03")
    assert np.median(abs(heavy.final["x"])) > 0.06  # 0.1 less 3 standard errors of 120 numbers
    assert np.median(bounded.last_epoch.values) < 0.1 * np.median(heavy.last_epoch.values)


def test_a_rate_above_2_diverges(trained: Callable[..., Trained]) -> None:
    result = trained(*FEW, "optimizer=sgd", "optimizer.lr=3.0")
    assert (result.train_loss[:, -1] > result.cap).all()


def test_seeds_differ_in_their_start(problem: Callable[..., Problem]) -> None:
    p, model = problem("cauchy_sphere"), SPHERE.model()
    starts = []
    for seed in (0, 0, 10):
        p.initialise(model, Source(p.name, seed))
        starts.append(model.get_parameter("x").detach().clone())
    assert torch.equal(starts[0], starts[1])
    assert not torch.allclose(starts[0], starts[2], rtol=0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"points": 0}, r"problem.points must be a whole number >= 1, got 0"),
        ({"dimension": 0}, r"problem.dimension must be a whole number >= 1, got 0"),
        ({"noise": 0.0}, r"problem.noise must be a finite number > 0, got 0.0"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(CauchySphere, "cauchy_sphere", points=1, dimension=2, noise=0.1, init_std=1.0, cap=1e9)
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)


def _noise(step: int, seed: int) -> np.ndarray:
    """Return the noise that a step on all ten points meets."""
    source = Source("cauchy_sphere", seed)
    data = SPHERE.data(source)
    targets: np.ndarray = SPHERE.minibatch(data.arguments, data.targets, step, source)[1].numpy()
    return targets
