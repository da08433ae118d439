"""The machine that a measurement was made on: what it is, and how fast it could be."""

import os
import platform
from importlib.metadata import version
from timeit import repeat

import numpy as np
import torch

from study.bench.servers import postgresql_version
from study.config.paths import CHECKOUT
from study.tracking.machine import memory, processor
from study.tracking.provenance import code_version

EPOCHS, POINTS, WIDTH = 12, 1000, 20


def machine() -> dict[str, str]:
    """Return the machine, the commit and the versions that count, each as the page shows it."""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count() or "unknown"),
        "memory": memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "commit": code_version(CHECKOUT),
        "PostgreSQL": postgresql_version(),
    } | {name: version(name) for name in ("torch", "mlflow", "hydra-core", "SQLAlchemy")}


def flops_per_run() -> float:
    """Count the multiply-adds of one headline run: forward and twice that backward, and 13 evaluations."""
    forward = 2 * 2 * WIDTH  # two layers of WIDTH weights, a product and a sum each
    return float(forward * (3 * EPOCHS * POINTS + (EPOCHS + 1) * POINTS))


def matrix_rate() -> float:
    """Return float32 operations per second of one core in a large matrix product, the median of five."""
    torch.set_num_threads(1)
    size = 1024
    a, b = torch.randn(size, size), torch.randn(size, size)
    seconds = repeat(lambda: torch.mm(a, b), repeat=6, number=1)
    return float(2 * size**3 / np.median(seconds[1:]))
