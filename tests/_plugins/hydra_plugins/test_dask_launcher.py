"""Dask starts a task again whose worker is lost: what that one wrote is there once, and the rest is trained."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra_plugins.dask_launcher import DaskLauncher

from study.errors import InvalidInput
from study.torture.audit import read

RULE = """
import multiprocessing, os, signal, sqlite3, time
from pathlib import Path
import torch

HERE = Path(__file__).parent

class Deadly(torch.optim.SGD):
    def step(self, closure=None):
        if multiprocessing.parent_process() and not (HERE / "died").exists():  # in a worker, the first time
            (HERE / "died").touch()
            while not sqlite3.connect(HERE / "runs.db").execute(
                "SELECT count(*) FROM tags WHERE key = 'study.job_hash'"
            ).fetchone()[0]:
                time.sleep(0.02)  # until the stack before this one is written
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(closure)
"""


@pytest.mark.slow
def test_a_task_whose_worker_is_lost_is_started_again_and_doubles_nothing(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    pytest.importorskip("distributed")
    (tmp_path / "rules.py").write_text(RULE)
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "deadly.yaml").write_text(
        "name: deadly\n_target_: rules.Deadly\nlr: 0.01\nelementwise: true\n"
    )
    words = ["-m", "optimizer=sgd,deadly", "seeds=2", "epochs=2", "stack.max_runs=2"]
    launcher = ["hydra/launcher=stacked_dask", "hydra.launcher.tasks=1", "hydra.launcher.by.workers=1"]
    store = f"sqlite:///{tmp_path}/runs.db"
    own = ["--config-dir", str(tmp_path)]
    done = command(tmp_path, "study.train", *own, *words, *launcher, f"tracking.uri={store}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "died").exists()
    held = read(store, "playground")
    assert sorted(held.runs.values()) == [1, 1, 1, 1]
    assert held.running == 0
    first, second = ([held.values[key] for key in held.runs if key[1] == seed] for seed in "01")
    # both rules are plain SGD: nothing of what was lost is left
    assert first[0] == first[1] != second[0] == second[1]
    assert "deadly: 2 runs trained" in done.stderr


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_told(free_port: Callable[[], int]) -> None:
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    absent = f"tcp://127.0.0.1:{free_port()}"
    told = rf"^hydra\.launcher\.by\.address must be a Dask scheduler's that answers, got {absent}: "
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.1s"}),
        pytest.raises(InvalidInput, match=told),
    ):
        DaskLauncher(absent, workers=1)._client()
