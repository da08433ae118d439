"""Measure the rate of convergence of torch's own SGD in each cell of a grid, all cells in one stack."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.job import Job, Run
from study.problems.base import Data, Problem
from study.randomness import Source
from study.theory import HeavyBall, Nesterov
from study.tracking import names
from study.training.train import train

RULES: Mapping[str, type[HeavyBall | Nesterov]] = {"heavy ball": HeavyBall, "NAG": Nesterov}
"""What is measured, and the theory of each."""

STEPS = 400
_WINDOW = 32  # steps; holds a crest of |x| of every oscillation that the grids resolve
_READABLE = 1e280  # what lies above it, or below its inverse, is about to overflow or to underflow


def measure(size: int) -> pd.DataFrame:
    """Return one row per cell of a grid of `size` momenta x `size` values of ηλ, for heavy ball and NAG.

    Columns: `rule`, `momentum` in [0, 1), `eta_lambda` in (0, 4), `measured` and `theory` (rates per step), and
    `boundary` (the ηλ at which the rule becomes unstable at that momentum).
    """
    a, momenta = (
        (np.arange(size) + 0.5) * 4 / size,
        np.arange(size) / size,
    )  # the heavy ball is stable for ηλ < 4
    cells = pd.MultiIndex.from_product([RULES, momenta, a], names=["rule", "momentum", "eta_lambda"])
    theory = [RULES[rule](momentum=float(beta)) for rule in RULES for beta in momenta]
    return cells.to_frame(index=False).assign(
        measured=measured_rates(RULES, a, momenta).ravel(),
        theory=np.concatenate([row.rates(a) for row in theory]),
        boundary=np.repeat([row.boundary for row in theory], size),
    )


def agreement(grid: pd.DataFrame) -> str:
    """Return how measurement and theory agree: the side of the boundary, and the rate, cell by cell."""
    half_pixel = grid["eta_lambda"].min()
    clear = grid[(grid["eta_lambda"] - grid["boundary"]).abs() > half_pixel]
    right = (clear["measured"] < 1) == (clear["eta_lambda"] < clear["boundary"])
    difference = (grid["measured"] / grid["theory"] - 1).abs()
    median = max(difference.median(), 1e-13)  # below it is rounding, which no two machines share
    return (
        f"Of the {len(clear):,} cells off the boundary's own pixels, {int(right.sum()):,} lie on the side of it that "
        f"theory says. Of all {len(grid):,} rates, the median differs from the spectral radius by "
        f"at most {median:.1e}, the worst by {difference.max():.1%}."
    )


def measured_rates(
    rules: Iterable[str], a: Float[np.ndarray, " column"], beta: Float[np.ndarray, " row"]
) -> Float[np.ndarray, "rule row column"]:
    """Return the factor by which |x| changes per step, measured over the later half of 400 steps from x = 1.

    A row is a job: `torch.optim.SGD` with lr = 1 and the row's momentum. A column is a curvature λ = a, drawn
    as a seed's data, so that ηλ = a. A cell is a run; double precision.

    Args:
        rules: `heavy ball` is SGD with momentum, `NAG` with `nesterov=True`.
        a: the values of ηλ, each > 0.
        beta: the momenta, each in [0, 1); 0 is gradient descent.
    """
    jobs = [_job(rule, float(momentum), len(a)) for rule in rules for momentum in beta]
    runs = [Run(job, seed) for job in jobs for seed in job.seeds]
    trained = train(_Parabolas("phase", 1e300, a), runs, device=torch.device("cpu"))
    rates = rate_of(np.abs(trained.series[f"{names.PARAM}x"].values))
    return rates.reshape(-1, len(beta), len(a))


def rate_of(size: Float[np.ndarray, "run step"]) -> Float[np.ndarray, " run"]:
    """Return (crest of |x| at the end / crest at half time)^(1 / steps between), without over- or underflow.

    The end is the last step before |x| leaves what a double can hold. A crest is the largest of 32 steps: |x| of
    an oscillation is small by chance, even exactly 0, its crests are not. Rates below 0.01 leave too few steps.
    """
    pairs = np.fmax(size[:, 1:], size[:, :-1])
    readable = (pairs < _READABLE) & (pairs > 1 / _READABLE)
    end = np.where(readable.all(axis=1), readable.shape[1], np.argmin(readable, axis=1))
    half = end // 2
    rates: np.ndarray = np.exp((_log_crest(size, end) - _log_crest(size, half)) / (end - half))
    return rates


def _log_crest(size: np.ndarray, at: np.ndarray) -> np.ndarray:
    steps = np.maximum(at[:, None] - np.arange(_WINDOW), 0)
    crest: np.ndarray = np.log(np.take_along_axis(size, steps, axis=1).max(axis=1))
    return crest


def _job(rule: str, momentum: float, columns: int) -> Job:
    optimizer = {
        "name": rule,
        "_target_": "torch.optim.SGD",
        "elementwise": True,  # one momentum then shows it for all
        "lr": 1.0,
        "momentum": momentum,
        "nesterov": rule == "NAG" and momentum > 0,  # torch refuses it at 0, where the two rules are one
    }
    return Job({"name": "phase"}, optimizer, STEPS, None, range(columns), f"{rule} {momentum}")


@dataclass(frozen=True)
class _Parabolas(Problem):
    """f(x) = λ/2 x² from x = 1; the seed says which of `curvatures` λ is."""

    name: str
    cap: float
    curvatures: Float[np.ndarray, " column"]
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        curvature = torch.tensor([[self.curvatures[source.seed]]], dtype=self.dtype)
        return Data(curvature, torch.zeros_like(curvature), torch.zeros_like(curvature))

    @override
    def model(self) -> nn.Module:
        return _Height()

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        nn.init.ones_(model.get_parameter("x"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        return (prediction - target).mean()

    @override
    def floor(self, data: Data) -> float:
        return 0.0

    @override
    def curve_inputs(self) -> Float[Tensor, "point feature"] | None:
        return None


class _Height(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.ones((), dtype=torch.float64))

    @override
    def forward(self, curvature: Float[Tensor, "point 1"]) -> Float[Tensor, "point 1"]:
        return curvature / 2 * self.x**2
