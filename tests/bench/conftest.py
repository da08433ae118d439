"""Results as small as a page can be made from."""

from typing import Any  # the numbers come as JSON

import pytest

from study.bench.steps import ONCE


@pytest.fixture
def results() -> dict[str, Any]:
    """Return results of three repetitions, whose medians are neither their means nor in the middle."""
    start = {"Hydra": [0.2, 0.1, 0.6], "composing": [0.5, 0.4, 0.9], "composing_per_job": [0.01, 0.008, 0.03]}
    start |= {"torch": [2.5, 1.9, 3.5], ONCE: [9.0, 8.0, 11.0]}
    start |= {"MLflow, in a process beside": [1.75, 1.5, 2.0], "a fresh store": [1.25, 1.0, 1.5]}
    return {
        "machine": {
            **dict.fromkeys(("processor", "cores", "memory", "system", "python", "torch"), "known"),
            **dict.fromkeys(("mlflow", "hydra-core", "SQLAlchemy"), "known"),
            "commit": "0123abc",
            "PostgreSQL": "15.18",
        },
        "tutorial": {
            "seconds_per_run": [0.6, 0.3, 1.2],
            "seconds_per_run_without_workers": [0.3, 0.24, 0.9],
        },
        "naive": {"seconds_per_run": [2.4, 1.2, 6.0]},
        "joblib": {"seconds_per_run": [0.36, 0.12, 0.48]},
        "ours": [_ours(1040, [12.0, 10.0, 20.0]), _ours(10_400, [52.0, 104.0, 41.6])],
        "start": start | {"hydra_composing_per_job": [0.08, 0.06, 0.1]},
        "alone": {"training_seconds": [40.0, 30.0, 44.0], "writing_seconds": [20.0, 26.0, 18.0]},
        "headline": {
            "fresh_seconds": [5.0, 4.0, 9.0],
            "warm_seconds": [4.0, 3.0, 4.5],
            "nothing_seconds": [2.0, 1.0, 2.5],
            "first_word_seconds": [0.25, 0.2, 0.5],
        },
        "own": {"SGD": [0.75, 0.5, 1.0]},
        "answers": {"--help": [0.5, 0.4, 0.9], "optimizer.lr=-1": [0.3, 0.2, 0.7]},
        "writing": {
            "runs": [1040] * 3,
            "bulk_seconds": [2.0, 3.0, 1.0],
            "raw_seconds": [4.0, 4.0, 5.0],
            "bulk_over_raw": [0.5, 0.75, 0.2],
        },
        "writing_postgresql": [
            {
                "runs": [104] * 3,
                "bulk_seconds": [1.0, 2.0, 0.5],
                "raw_seconds": [8.0, 8.0, 10.0],
                "bulk_over_raw": [0.125, 0.25, 0.05],
                "batched_seconds": [1.25, 2.0, 1.0],
                "bulk_over_batched": [0.8, 1.0, 0.5],
            },
            {
                "runs": [1040] * 3,
                "bulk_seconds": [7.0, 8.0, 6.0],
                "batched_seconds": [10.0, 8.0, 9.0],
                "bulk_over_batched": [0.7, 1.0, 2 / 3],
            },
        ],
        "writing_server": {
            "runs": [52] * 3,
            "bulk_seconds": [5.2, 2.6, 10.4],
            "sequential_seconds": [10.4, 10.4, 13.0],
            "bulk_over_sequential": [0.5, 0.25, 0.8],
        },
        "limits": {"flops_per_run": 4e6, "flops_per_second": 1e11},
    }


def _ours(runs: int, seconds: list[float]) -> dict[str, list[float]]:
    parts = {"composing_seconds": 0.5, "training_seconds": 5.2, "writing_seconds": 3.0, "again_seconds": 4.0}
    parts |= {"first_written_seconds": 6.5, "trainer_waiting_seconds": 0.125, "tracker_idle_seconds": 2.5}
    after = {"read_seconds": 6.0, "raw_read_seconds": 1.5, "report_seconds": 7.0, "report_peak_bytes": 9e8}
    return {
        "runs": [runs] * 3,
        "seconds": seconds,
        "seconds_per_run": [second / runs for second in seconds],
        "peak_bytes": [700e6] * 3,
        "store_bytes": [1.1e9] * 3,
        **{key: [value] * 3 for key, value in (parts | after).items()},
    }
