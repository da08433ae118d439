"""Gradients that optimizers under test are handed: those met on random quadratics."""

import torch
from jaxtyping import Float
from torch import Tensor

from study.certify.rule import STEPS

RUNS, PARAMETERS = 3, 4


def generator() -> torch.Generator:
    """Return the generator of everything random in a certificate: the same numbers for every rule."""
    return torch.Generator().manual_seed(0)


def quadratic_gradients() -> Float[Tensor, "step run parameter"]:
    r"""Return what gradient descent with noise meets on one random quadratic per run.

    .. math:: g_t = A (\theta_t - c) + n_t, \qquad \theta_{t+1} = \theta_t - 0.1\, g_t

    with A a random rotation of the curvatures 0.02 to 10, and c, n standard normal.
    """
    random = generator()
    shape = (RUNS, PARAMETERS)
    axes = torch.linalg.qr(torch.randn(RUNS, PARAMETERS, PARAMETERS, generator=random, dtype=torch.float64)).Q
    curvature = axes * torch.logspace(-1.7, 1, PARAMETERS, dtype=torch.float64) @ axes.mT
    centre = torch.randn(shape, generator=random, dtype=torch.float64)
    theta, met = torch.zeros(shape, dtype=torch.float64), []
    for _ in range(STEPS):
        noise = torch.randn(shape, generator=random, dtype=torch.float64)
        met.append(torch.einsum("rij,rj->ri", curvature, theta - centre) + noise)
        theta = theta - 0.1 * met[-1]
    return torch.stack(met)


def rotation() -> Float[Tensor, "parameter parameter"]:
    """Return a random rotation of the parameters' axes."""
    square = torch.randn(PARAMETERS, PARAMETERS, generator=generator(), dtype=torch.float64)
    turn: Tensor = torch.linalg.qr(square).Q
    return turn
