"""Train stacks of 10^5 and 10^6 runs on a GPU, in memory: `study bench gpu=[100000,1000000]`."""

import json
import time
from collections.abc import Iterator, Sequence

import torch

from study.job import Job, Run
from study.problems.parabola import Parabola
from study.training.train import train

JOBS = 100  # 4 optimizers x 25 learning rates


def measure_gpu(counts: Sequence[int]) -> Iterator[str]:
    """Yield one JSON object per count of runs of 384 steps: seconds, steps per second, peak memory, device."""
    if not torch.cuda.is_available():
        yield "skipped: torch finds no GPU here"
        return
    problem = Parabola(name="parabola", points=1000, noise=0.1, width=20, cap=1000.0)
    for count in counts:
        runs = [Run(job, seed) for job in _jobs(count // JOBS) for seed in job.seeds]
        torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        trained = train(problem, runs, device=torch.device("cuda"))
        seconds = time.perf_counter() - began
        measured = {
            "device": torch.cuda.get_device_name(),
            "runs": len(runs),
            "seconds": seconds,
            "training_seconds": float(trained.times[-1] - trained.times[0]),
            "run_steps_per_second": trained.train_loss.size / seconds,
            "peak_bytes": torch.cuda.max_memory_allocated(),
        }
        yield json.dumps(measured)


def _jobs(seeds: int) -> list[Job]:
    rules: list[dict[str, object]] = [
        {"name": "sgd", "_target_": "torch.optim.SGD"},
        {"name": "momentum", "_target_": "torch.optim.SGD", "momentum": 0.8},
        {"name": "rmsprop", "_target_": "torch.optim.RMSprop", "alpha": 0.9},
        {"name": "adam", "_target_": "torch.optim.Adam", "betas": [0.9, 0.99]},
    ]
    rates = [10 ** (-4 + 4 * index / 24) for index in range(JOBS // len(rules))]
    problem = {"name": "parabola", "_target_": "study.problems.parabola.Parabola"}
    return [
        Job(problem, {**rule, "lr": rate}, 12, 32, range(seeds), f"{rule['name']} lr={rate:.3g}")
        for rule in rules
        for rate in rates
    ]
