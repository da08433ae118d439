"""Logistic regression on measurements of cell nuclei: convex, real and correlated features."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.problems.base import Data, Problem
from study.problems.classification import Penalised, apart, class_entropy, start_near_zero
from study.problems.newton import Derivatives, minimiser
from study.problems.regression import with_ones
from study.randomness import Source
from study.ranges import NotNegative, Positive

FEATURES = 30


@dataclass(frozen=True)
class BreastCancer(Problem):
    """The mean of log(1 + exp(z)) - y z, with z = x . w + b, plus l2/2 (|w|^2 + b^2): is a tumour benign (y = 1)?

    569 samples of 30 features, standardised, and 31 parameters. Data are the same for every seed, which decides the
    start and the order of the samples. Exposed: a convex loss on real, correlated features (the radius, perimeter and
    area of the same nuclei): their covariance has eigenvalues from 13 to 1e-4. The floor is Newton's. Double
    precision, for whole batches can come very near it.

    Args:
        l2: weight of the penalty, of the intercept too; it is part of every loss recorded.
        init_std: the weights start at N(0, init_std^2), the intercept at 0.
        cap: see `Problem`.

    Reference:
        Street, Wolberg and Mangasarian 1993, Nuclear feature extraction for breast tumor diagnosis, SPIE 1905. UCI
        Machine Learning Repository, data set 17, CC BY 4.0, https://doi.org/10.24432/C5DW2B.
    """

    name: str
    l2: Positive
    init_std: NotNegative
    cap: Positive
    dtype = torch.float64

    @override
    def data(self, source: Source) -> Data:
        """Return all rows, the same for every seed."""
        features, benign = samples()
        return Data(features, benign, benign)

    @override
    def model(self) -> nn.Module:
        return Penalised(FEATURES, 1, self.l2, self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        start_near_zero(model, self.init_std, source.generator("init"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point 2"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        logits, penalty = apart(prediction)
        return nn.functional.binary_cross_entropy_with_logits(logits, target) + penalty

    @override
    def floor(self, data: Data) -> float:
        return _least(self.l2)

    @override
    def constant_loss(self, data: Data) -> float:
        return class_entropy(data.eval_targets[:, 0].long())


@cache
def samples() -> tuple[Float[Tensor, "point feature"], Float[Tensor, "point 1"]]:
    """Return the features, each of mean 0 and standard deviation 1 (ddof 0), and 1 for benign, 0 for malignant."""
    with np.load(Path(__file__).parent / "data" / "breast_cancer.npz") as arrays:
        features, benign = arrays["features"], arrays["labels"]
    standardised = (features - features.mean(axis=0)) / features.std(axis=0)
    return torch.from_numpy(standardised), torch.from_numpy(benign).double()[:, None]


@cache
def _least(l2: float) -> float:
    """Return the least penalised loss on all samples."""
    inputs, target = samples()
    design = with_ones(inputs)

    def derivatives(theta: Float[Tensor, " parameter"]) -> Derivatives:
        z = design @ theta
        p, residual = z.sigmoid(), z.sigmoid() - target[:, 0]
        value = (nn.functional.softplus(z) - target[:, 0] * z).mean() + l2 / 2 * theta.dot(theta)
        hessian = design.mT @ ((p * (1 - p))[:, None] * design) / len(z)
        return (
            value,
            design.mT @ residual / len(z) + l2 * theta,
            hessian + l2 * torch.eye(len(theta)).double(),
        )

    start = torch.zeros(design.shape[1], dtype=design.dtype)
    return float(derivatives(minimiser(derivatives, start))[0])
