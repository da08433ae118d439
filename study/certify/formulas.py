r"""Formulas of the optimizers in NumPy, as sums over all gradients so far: slow, without the usual recursions.

Each takes the start, the gradients g_1 ... g_T and the rule's hyperparameters under torch's names, and returns
the places θ_1 ... θ_T after each step; lr may be one number, or one for each step. Defaults are torch's. The
sources are in the rules of study/optimizers/ and, for the others, here.
"""

import numpy as np
from jaxtyping import Float

Place = Float[np.ndarray, "*shape"]
Path = Float[np.ndarray, "step *shape"]
Number = float | int
Rate = Number | Float[np.ndarray, " step"]
Pair = tuple[Number, Number]

BETAS = (0.9, 0.999)


def sgd(start: Place, g: Path, *, lr: Rate) -> Path:
    """θ_t = θ_0 - η Σ g_j."""
    return along(start, lr, g)


def momentum(start: Place, g: Path, *, lr: Rate, momentum: Number, lr_inside_velocity: bool = False) -> Path:
    """v_t = Σ β^(t-j) g_j, or with the lr inside Σ β^(t-j) η_j g_j."""
    pull, rate = (_each(lr, g) * g, 1.0) if lr_inside_velocity else (g, lr)
    return along(start, rate, decayed_sum(pull, momentum))


def nag(start: Place, g: Path, *, lr: Rate, momentum: Number, lr_inside_velocity: bool = False) -> Path:
    """Step along g_t + β v_t, or η_t g_t + β v_t."""
    pull, rate = (_each(lr, g) * g, 1.0) if lr_inside_velocity else (g, lr)
    return along(start, rate, pull + momentum * decayed_sum(pull, momentum))


def adagrad(start: Place, g: Path, *, lr: Rate, eps: Number = 1e-10, eps_inside_root: bool = False) -> Path:
    """Divide by the root of Σ g_j²."""
    return along(start, lr, g / _root((g**2).cumsum(0), eps, eps_inside_root))


def adadelta(
    start: Place, g: Path, *, lr: Rate, rho: Number, eps: Number = 1e-6, eps_inside_root: bool = True
) -> Path:
    """Divide by the root of the mean square gradient, times that of the mean square of all steps before."""
    divisor = _root((1 - rho) * decayed_sum(g**2, rho), eps, eps_inside_root)
    steps = np.zeros_like(g)
    for t in range(len(g)):
        age = np.arange(t, 0, -1) - 1.0  # the step just before has age 0
        before = (1 - rho) * np.tensordot(rho**age, steps[:t] ** 2, 1)
        steps[t] = _root(before, eps, eps_inside_root) / divisor[t] * g[t]
    return along(start, lr, steps)


def rmsprop(
    start: Place, g: Path, *, lr: Rate, alpha: Number = 0.99, eps: Number = 1e-8, momentum: Number = 0.0,
    eps_inside_root: bool = False,
) -> Path:  # fmt: skip
    """s_t = (1 - γ) Σ γ^(t-j) g_j²."""
    square = (1 - alpha) * decayed_sum(g**2, alpha)
    return along(start, lr, decayed_sum(g / _root(square, eps, eps_inside_root), momentum))


def adam(
    start: Place,
    g: Path,
    *,
    lr: Rate,
    betas: Pair = BETAS,
    eps: Number = 1e-8,
    eps_inside_root: bool = False,
) -> Path:
    """m̂_t and v̂_t are averages with the weights β^(t-j), so that nothing is biased."""
    return along(start, lr, average(g, betas[0]) / _root(average(g**2, betas[1]), eps, eps_inside_root))


def adamw(
    start: Place, g: Path, *, lr: Rate, betas: Pair = BETAS, eps: Number = 1e-8, weight_decay: Number = 1e-2
) -> Path:
    """θ_t = (1 - η λ) θ_(t-1) - Adam's step. Loshchilov and Hutter (2019), https://arxiv.org/abs/1711.05101."""
    step = average(g, betas[0]) / _root(average(g**2, betas[1]), eps)
    return along(start, lr, step, decay=weight_decay)


def adamax(start: Place, g: Path, *, lr: Rate, betas: Pair = BETAS, eps: Number = 1e-8) -> Path:
    """u_t = max β₂^(t-j) (|g_j| + ε). Kingma and Ba (2015), algorithm 2; eps is torch's."""
    weights = [betas[1] ** _column(np.arange(t, -1.0, -1), g) for t in range(len(g))]
    largest = [(w * (np.abs(g[: len(w)]) + eps)).max(0) for w in weights]
    return along(start, lr, average(g, betas[0]) / np.stack(largest))


def nadam(
    start: Place,
    g: Path,
    *,
    lr: Rate,
    betas: Pair = BETAS,
    eps: Number = 1e-8,
    momentum_decay: Number = 4e-3,
) -> Path:
    """Adam one step ahead, its first average weighted by μ_t = β₁ (1 - 0.96^(ψ t) / 2). Dozat (2016)."""
    t = np.arange(1, len(g) + 2)
    mu = betas[0] * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    left = 1 - mu.cumprod()
    now = _column(((1 - mu) / left)[:-1], g) * g
    ahead = _column(mu[1:] / left[1:], g) * (1 - betas[0]) * decayed_sum(g, betas[0])
    return along(start, lr, (now + ahead) / _root(average(g**2, betas[1]), eps))


def radam(start: Place, g: Path, *, lr: Rate, betas: Pair = BETAS, eps: Number = 1e-8) -> Path:
    """Rectify Adam's step, or leave its root out while ρ_t ≤ 5. Liu et al. (2020), algorithm 2."""
    t = np.arange(1, len(g) + 1)
    limit = 2 / (1 - betas[1]) - 1
    rho = limit - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    ready = rho > 5
    length = np.where(ready, rho, limit)
    rectified = np.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
    left = _column(np.sqrt(1 - betas[1] ** t), g)
    divisor = _root((1 - betas[1]) * decayed_sum(g**2, betas[1]), eps)
    factor = np.where(_column(ready, g), _column(rectified, g) * left / divisor, 1.0)
    return along(start, lr, average(g, betas[0]) * factor)


def rprop(
    start: Place, g: Path, *, lr: Rate, etas: Pair = (0.5, 1.2), step_sizes: Pair = (1e-6, 50.0)
) -> Path:
    """Longer steps while the sign stays, shorter and none when it turns, lr at first. Riedmiller and Braun (1993)."""
    size, before, places = _each(lr, g)[0] + 0 * start, np.zeros_like(start), [start]
    for now in g:
        turn = np.sign(now * before)
        size = np.clip(size * np.select([turn > 0, turn < 0], [etas[1], etas[0]], 1.0), *step_sizes)
        before = np.where(turn < 0, 0.0, now)
        places.append(places[-1] - np.sign(before) * size)
    return np.stack(places[1:])


def asgd(start: Place, g: Path, *, lr: Rate, lambd: Number = 1e-4, alpha: Number = 0.75) -> Path:
    """Decay and descend with η / (1 + λ η t)^α. Polyak and Juditsky (1992); the average is not the place.

    A step's η is the lr of the step before, as in torch.
    """
    places, before = [start], _each(lr, g)[[0, *range(len(g) - 1)]]
    for t, (now, rate) in enumerate(zip(g, before, strict=True)):
        eta = rate / (1 + lambd * rate * t) ** alpha
        places.append(places[-1] - eta * (lambd * places[-1] + now))
    return np.stack(places[1:])


def lion(start: Place, g: Path, *, lr: Rate, betas: Pair = (0.9, 0.99), weight_decay: Number = 0.0) -> Path:
    """Step along the sign of β₁ m_(t-1) + (1 - β₁) g_t. Chen et al. (2023), https://arxiv.org/abs/2302.06675."""
    m = (1 - betas[1]) * decayed_sum(g, betas[1])
    before = np.concatenate([np.zeros_like(m[:1]), m[:-1]])
    signs = np.sign(betas[0] * before + (1 - betas[0]) * g)
    return along(start, lr, signs, decay=weight_decay)


def along(start: Place, lr: Rate, directions: Path, *, decay: Number = 0.0) -> Path:
    """θ_t = (1 - η_t λ) θ_(t-1) - η_t direction_t."""
    places = [start]
    for rate, direction in zip(_each(lr, directions), directions, strict=True):
        places.append((1 - rate * decay) * places[-1] - rate * direction)
    return np.stack(places[1:])


def decayed_sum(values: Path, kept: Number) -> Path:
    """Σ_{j ≤ t} kept^(t-j) value_j, as one matrix of weights."""
    age = np.subtract.outer(np.arange(len(values)), np.arange(len(values)))
    weights = np.where(age >= 0, float(kept) ** np.maximum(age, 0), 0.0)
    total: Path = np.tensordot(weights, values, 1)
    return total


def average(values: Path, kept: Number) -> Path:
    """The average with weights kept^(t-j): the decayed sum over the sum of its weights."""
    mean: Path = decayed_sum(values, kept) / decayed_sum(np.ones_like(values), kept)
    return mean


def _root(square: Path | Place, eps: Number, inside: bool = False) -> Path | Place:
    return np.sqrt(square + eps) if inside else np.sqrt(square) + eps


def _column(values: np.ndarray, gradients: Path) -> np.ndarray:
    """Lay one value per step along the first axis of the gradients."""
    return np.reshape(values, (-1,) + (1,) * (gradients.ndim - 1))


def _each(lr: Rate, gradients: Path) -> np.ndarray:
    """Lay the lr of each step along the first axis of the gradients."""
    return _column(np.broadcast_to(np.asarray(lr, dtype=float), len(gradients)), gradients)
