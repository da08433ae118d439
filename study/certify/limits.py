"""Limits of adaptive optimizers as eps grows and drowns the root: rules without one.

Each returns the largest relative difference at one large eps; it falls like 1/eps.

Reference:
    Choi, Shallue, Nado, Lee, Maddison and Dahl (2019), On Empirical Comparisons of Optimizers for Deep Learning,
    the inclusions between optimizers, https://arxiv.org/abs/1910.05446
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from study.certify import formulas
from study.certify.check import difference
from study.certify.rule import Subject

Path = Float[Tensor, "step *shape"]

EPS = 1e10


def rmsprop_to_momentum(
    subject: Subject,
    gradients: Path,
    *,
    lr: float | int,
    momentum: float | int = 0.0,
    eps_inside_root: bool = False,
) -> float:
    """RMSprop(lr = η E, eps = E, momentum = μ) → SGD(lr = η, momentum = μ); lr = η √E with eps inside the root."""
    found = subject.changed(lr=lr * _root_of_eps(eps_inside_root), eps=EPS).walk(gradients)
    start = torch.zeros_like(gradients[0])
    limit = formulas.momentum(start.numpy(), gradients.numpy(), lr=lr, momentum=momentum)
    return difference(found, torch.from_numpy(limit))


def adam_to_heavy_ball(
    subject: Subject,
    gradients: Path,
    *,
    lr: float | int,
    betas: tuple[float | int, float | int],
    eps_inside_root: bool = False,
) -> float:
    """Adam(lr = η E / (1 - β₁), eps = E) → heavy ball (η, β₁), each step over 1 - β₁^t; √E with eps inside."""
    beta = betas[0]
    large = lr * _root_of_eps(eps_inside_root) / (1 - beta)
    found = subject.changed(lr=large, eps=EPS).walk(gradients)
    start = torch.zeros_like(gradients[0])
    ball = torch.from_numpy(formulas.momentum(start.numpy(), gradients.numpy(), lr=lr, momentum=beta))
    steps = torch.diff(ball, dim=0, prepend=start[None])
    t = torch.arange(1, len(steps) + 1, dtype=steps.dtype).reshape(-1, *[1] * (steps.ndim - 1))
    return difference(found, (steps / (1 - beta**t)).cumsum(0))


def _root_of_eps(eps_inside_root: bool) -> float:
    return math.sqrt(EPS) if eps_inside_root else EPS
