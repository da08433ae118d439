"""Limits of the machine: the floating-point work of a run, and the rate of a large matrix product."""

import time

import numpy as np
import torch

EPOCHS, POINTS, WIDTH = 12, 1000, 20


def flops_per_run() -> float:
    """Count the multiply-adds of one headline run: forward and twice that backward, and 13 evaluations."""
    forward = 2 * 2 * WIDTH  # two layers of WIDTH weights, a product and a sum each
    return float(forward * (3 * EPOCHS * POINTS + (EPOCHS + 1) * POINTS))


def matrix_rate() -> float:
    """Return float32 operations per second of one core in a large matrix product, the median of five."""
    torch.set_num_threads(1)
    size = 1024
    a, b = torch.randn(size, size), torch.randn(size, size)
    seconds = []
    for _ in range(6):
        began = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - began)
    return float(2 * size**3 / np.median(seconds[1:]))
