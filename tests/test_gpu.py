"""A GPU trains the same runs: what it is asked for here, it does where there is one."""

import numpy as np
import pytest
import torch

from study import stack
from study.job import Job, Run
from study.problems.parabola import Parabola

PROBLEM = {"name": "parabola", "_target_": "study.problems.parabola.Parabola"}
RULES: list[dict[str, object]] = [
    {"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.01},
    {"name": "momentum", "_target_": "torch.optim.SGD", "lr": 0.01, "momentum": 0.8},
    {"name": "rmsprop", "_target_": "torch.optim.RMSprop", "lr": 0.01, "alpha": 0.9},
    {"name": "adam", "_target_": "torch.optim.Adam", "lr": 0.01, "betas": [0.9, 0.99]},
]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU here")
def test_gpu_agrees_with_cpu() -> None:
    """Within 1e-4: the GPU sums in another order, and 384 steps carry the difference along."""
    problem = Parabola(name="parabola", points=1000, noise=0.1, width=20, cap=1000.0)
    runs = [
        Run(Job(PROBLEM, rule, 12, 32, range(5), str(rule["name"])), seed)
        for rule in RULES
        for seed in range(5)
    ]
    here, there = (stack.train(problem, runs, device=torch.device(name)) for name in ("cpu", "cuda"))
    assert here.receipts == there.receipts
    np.testing.assert_allclose(there.train_loss, here.train_loss, rtol=1e-4)
    np.testing.assert_allclose(there.series["eval/loss"].values, here.series["eval/loss"].values, rtol=1e-4)
