"""The headline problem: its recipe, number by number."""

from collections.abc import Callable

import torch

from study.problems.base import Problem
from study.randomness import Source


def test_data_is_the_parabola_and_its_noise(problem: Callable[..., Problem]) -> None:
    data = problem("parabola").data(Source("parabola", 5))
    x = torch.tensor([-1 + 2 * i / 999 for i in range(1000)])[:, None]
    torch.testing.assert_close(data.inputs, x)
    torch.testing.assert_close(data.eval_targets, x**2)
    noise = data.targets - data.eval_targets
    assert abs(noise.std() - 0.1) < 0.01  # 4 standard errors of it are 0.009
    assert abs(noise.mean()) < 0.0127  # 4 standard errors


def test_start_is_drawn_as_linear_layers_are(problem: Callable[..., Problem]) -> None:
    p = problem("parabola", "problem.width=10000")
    model = p.model()
    p.initialise(model, Source("parabola", 0))
    for name, bound in (("0.weight", 1.0), ("0.bias", 1.0), ("2.weight", 0.01)):
        values = model.get_parameter(name)
        assert values.abs().max() <= bound
        assert abs(values.std() / bound - 3**-0.5) < 0.02  # of U(-bound, bound)


def test_loss_is_the_mse_and_the_floor_a_lower_bound(problem: Callable[..., Problem]) -> None:
    p = problem("parabola")
    assert p.loss(torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [1.0]])) == 2.5
    assert p.floor(p.data(Source("parabola", 0))) == 0
