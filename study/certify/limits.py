"""Limits of adaptive optimizers as eps grows and drowns the root: rules without one, as formulas.

Reference:
    Choi, Shallue, Nado, Lee, Maddison and Dahl (2019), On Empirical Comparisons of Optimizers for Deep Learning,
    the inclusions between optimizers, https://arxiv.org/abs/1910.05446
"""

from study.certify import formulas
from study.certify.formulas import Number, Pair, Path, Place, Rate


def rmsprop_to_momentum(start: Place, g: Path, *, lr: Rate, momentum: Number = 0.0) -> Path:
    """RMSprop(lr = η E, eps = E, momentum = μ) → SGD(lr = η, momentum = μ); lr = η √E with eps inside the root."""
    return formulas.momentum(start, g, lr=lr, momentum=momentum)


def adam_to_heavy_ball(start: Place, g: Path, *, lr: Rate, betas: Pair) -> Path:
    """Adam(lr = η E, eps = E) → heavy ball (η (1 - β₁), β₁), each step over 1 - β₁^t; √E with eps inside."""
    return formulas.along(start, lr, formulas.average(g, betas[0]))
