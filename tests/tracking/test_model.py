"""The model of a run out of the store gives the loss that was recorded of it when it was trained."""

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient

from study import final_model
from study.config.location import Location
from study.errors import InvalidInput
from study.job import Job, Run
from study.problems.parabola import Parabola
from study.randomness import Source
from study.tracking import names, sweeps
from study.tracking.provenance import Request
from study.tracking.store import open_store
from study.training.train import train

RULE = {"name": "adam", "_target_": "torch.optim.Adam", "lr": 0.01, "betas": [0.9, 0.99]}


@pytest.mark.slow
def test_a_model_out_of_the_store_has_the_final_loss_of_its_run(uri: str) -> None:
    problem = Parabola("parabola", points=40, noise=0.1, width=5, cap=1e3)
    node = {**asdict(problem), "_target_": "study.problems.parabola.Parabola"}
    job = Job(node, RULE, 2, 8, range(3), "adam")
    sweep = sweeps.begin(
        open_store(Location.of(uri)), "study", [job], Request(id="now", tags={names.USER: "me"})
    )
    sweep.keep(
        train(problem, [Run(job, seed) for seed in job.seeds], device=torch.device("cpu")), lambda _: None
    )
    for run in MlflowClient(uri).search_runs([sweep.experiment_id], "tags.`study.kind` = 'run'"):
        data = problem.data(Source("parabola", int(run.data.params["seed"])))
        model = final_model(run.info.run_id, store=uri)
        loss = problem.loss(model(data.inputs), data.eval_targets).item()
        assert loss == pytest.approx(
            run.data.metrics["summary/final_eval_loss"], rel=2e-5
        )  # float32, in one stack
    with pytest.raises(InvalidInput, match="must be that of one training run, got that of a sweep"):
        final_model(sweep.run_id, store=uri)
    with pytest.raises(InvalidInput, match="must be that of a run in the store, got 'none'"):
        final_model("none", store=uri)
    for file in Path(uri.removeprefix("sqlite:///")).parent.rglob("*.npz"):
        file.unlink()
    with pytest.raises(InvalidInput, match=f"final parameters of run {run.info.run_id} must be kept"):
        final_model(run.info.run_id, store=uri)
