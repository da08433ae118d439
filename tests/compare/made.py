"""Rows of a comparison made of closed forms: excesses that are known, by optimizer, problem and seed."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from study.compare.rows import steps_down

PROBLEMS = ("ellipsoid", "saddle", "digits", "beale", "plateau", "deep_linear")
STEPS = np.arange(0, 101, 10)

Excess = Callable[[str, int], float]
"""Of a run at the end, by problem and seed; 1 at the start."""


def noise(name: str, problem: str, seed: int, scale: float) -> float:
    """Return what is drawn for a run: a log-normal factor."""
    rng = np.random.default_rng([len(name), *map(ord, name), *map(ord, problem), seed])
    return float(np.exp(scale * rng.standard_normal()))


def made(
    excesses: Mapping[str, Excess],
    *,
    problems: Sequence[str] = PROBLEMS,
    seeds: Sequence[int] = range(10),
    trials: int = 3,
) -> pd.DataFrame:
    """Return the rows of optimizers whose best trial is the last, ten times as good as the first, at each seed."""
    rows = []
    for name, excess in excesses.items():
        for problem in problems:
            for trial in range(1, trials + 1):
                fresh = [(seed, trial) for seed in seeds] if trial in (1, trials) else []
                for seed, number in [*((1000 + seed, trial) for seed in range(2)), *fresh]:
                    end = excess(problem, seed) * 10.0 ** ((trials - number) / (trials - 1))
                    rows.append(_row(name, problem, number, seed, end, trials))
    return pd.DataFrame(rows)


def _row(name: str, problem: str, trial: int, seed: int, end: float, trials: int) -> dict[str, object]:
    fresh, diverged = seed < 1000, not np.isfinite(end)
    way = 10.0 ** (np.log10(min(end, 1.0)) * STEPS / STEPS[-1])  # falls evenly on a logarithmic scale
    return {
        "key": f"{name} {problem}", "optimizer": name, "problem": problem, "trial": trial,
        "shipped": fresh and trial == 1, "tuned": fresh and trial == trials, "seed": seed,
        "status": "diverged" if diverged else "ok", "eval_last_epoch": 0.5 + end, "initial_eval_loss": 1.5,
        "floor": 0.5, "resolution": 1e-12, "problem.margin": np.nan,
        "data_sha": f"d{seed}", "init_sha": f"i{seed}", "order_sha": f"o{seed}",
        "lr": 10.0**-trial, "values": f"lr={10.0**-trial:g}", "edge": "lr:lower" if trial == trials else "",
        "reached": (([] if diverged else steps_down(STEPS, way).tolist()) if fresh else None),
    }  # fmt: skip
