"""Linear regression on NASA's airfoil measurements: real data, the same for every seed."""

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Annotated
from urllib.request import urlopen

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from study.config.paths import ROOT
from study.errors import InvalidInput
from study.problems.airfoil_file import DIGESTS, FILE, URL
from study.problems.base import Data, Problem
from study.problems.regression import Affine, constant_mse, half_mse, least_mse, with_ones
from study.randomness import Source
from study.ranges import NotNegative, Positive, up_to

_LARGEST = 1_000_000  # bytes; the file has 59,984


@dataclass(frozen=True)
class Airfoil(Problem):
    """Sound level from five measurements, all six standardised over the 1503 rows; affine model; half-MSE.

    The first `points` rows are kept, as in the tutorial, which makes whole batches of 10. `eval/loss` is the
    half-MSE over them. A seed decides the start and the order of the samples.

    Args:
        path: the data file, absolute or under the repository root; None is data/airfoil_self_noise.dat there.
        points: rows kept, at most 1503.
        init_std: the weights start at N(0, init_std^2), the intercept at 0.
        cap: see `Problem`.
        gradient_scale: see `Problem`; 2 where the source descends on the MSE without its half.

    Reference:
        Brooks, Pope and Marcolini 1989, Airfoil self-noise and prediction. UCI Machine Learning Repository,
        data set 291, CC BY 4.0, https://doi.org/10.24432/C5VW2C.
    """

    name: str
    path: str | None
    points: Annotated[int, up_to(1503)]
    init_std: NotNegative
    cap: Positive
    gradient_scale: Positive

    @override
    def data(self, source: Source) -> Data:
        """Return the standardised rows; the file is downloaded if it is absent."""
        rows = _standardised(read(self._file(), URL))[: self.points]
        return Data(rows[:, :-1], rows[:, -1:], rows[:, -1:])

    @override
    def model(self) -> nn.Module:
        return Affine(5, self.dtype)

    @override
    def initialise(self, model: nn.Module, source: Source) -> None:
        nn.init.normal_(model.get_parameter("w"), std=self.init_std, generator=source.generator("init"))
        nn.init.zeros_(model.get_parameter("b"))

    @override
    def loss(
        self, prediction: Float[Tensor, "point 1"], target: Float[Tensor, "point 1"]
    ) -> Float[Tensor, ""]:
        return half_mse(prediction, target)

    @override
    def floor(self, data: Data) -> float:
        return least_mse(with_ones(data.inputs), data.eval_targets) / 2

    @override
    def constant_loss(self, data: Data) -> float:
        return constant_mse(data.eval_targets) / 2

    def _file(self) -> Path:
        return ROOT / (self.path or FILE)


def read(path: Path, url: str) -> bytes:
    """Return the data file's bytes, from `path` or, where nothing lies there, from `url`, kept at `path`.

    Raises:
        InvalidInput: the file cannot be had, or is another one.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return _download(url, path)
    except OSError as error:
        raise InvalidInput(f"problem.path must be a readable file, got {path}: {error.strerror}") from error
    if not _is_genuine(content):
        raise InvalidInput(
            f"problem.path must be the airfoil data, of SHA-1 {' or '.join(DIGESTS)}, got another file, {path}; "
            f"remove it to have the data downloaded from {url}"
        )
    return content


def _download(url: str, path: Path) -> bytes:
    remedy = f"put airfoil_self_noise.dat (UCI data set 291) at {path}, or name it by problem.path"
    try:
        with urlopen(url, timeout=30) as response:
            content: bytes = response.read(_LARGEST)
        if not _is_genuine(content):
            raise InvalidInput(f"the file at {url} is not the airfoil data (its SHA-1 differs): {remedy}")
        _place(content, path)
    except (OSError, HTTPException) as error:
        raise InvalidInput(
            f"the airfoil data is not at {path}, and {url} gave: {error}. So {remedy}"
        ) from error
    return content


def _place(content: bytes, path: Path) -> None:
    """Write the file whole or not at all, whoever else is writing it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _is_genuine(content: bytes) -> bool:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest() in DIGESTS


@cache
def _standardised(content: bytes) -> Float[Tensor, "point column"]:
    """Scale each column to mean 0 and standard deviation 1 (ddof 0) over all rows, in double precision."""
    rows = np.loadtxt(content.decode("ascii").splitlines())
    return torch.from_numpy((rows - rows.mean(axis=0)) / rows.std(axis=0)).float()
