"""Baseline, naive: one Hydra job per run, a plain loop, `mlflow.log_metric` at every step.

The optimizers are the study's own YAMLs. Run by `study.bench`; see naive.yaml for the command. And, for a tracking
server, MLflow's public client, one run after the other.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import hydra
import mlflow
import torch
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from omegaconf import DictConfig, OmegaConf
from torch import nn

if TYPE_CHECKING:  # it does without the study
    from study.tracking.records import StoredRun


@hydra.main(config_path=".", config_name="naive", version_base="1.3")
def train(cfg: DictConfig) -> None:
    """Train one run of 384 steps and log each loss."""
    torch.set_num_threads(1)
    mlflow.set_tracking_uri(cfg.uri)
    mlflow.set_experiment("naive")
    torch.manual_seed(cfg.seed)
    x = torch.linspace(-1, 1, 1000)[:, None]
    y = x**2 + 0.1 * torch.randn_like(x)
    model = nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1))
    optimizer = _optimizer(cfg.optimizer, model)
    with mlflow.start_run(run_name=f"{cfg.optimizer.name} seed={cfg.seed}") as run:
        mlflow.log_params({"seed": cfg.seed, "optimizer": OmegaConf.to_container(cfg.optimizer)})
        history = []
        for step, rows in enumerate(_batches(len(x))):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if cfg.logging == "each":
                mlflow.log_metric("train/loss", loss.item(), step=step)
            else:
                history.append(Metric("train/loss", loss.item(), int(time.time() * 1000), step))
        if history:
            mlflow.MlflowClient().log_batch(run.info.run_id, metrics=history)


def _optimizer(cfg: DictConfig, model: nn.Module) -> torch.optim.Optimizer:
    node = {key: value for key, value in cfg.items() if key not in ("name", "elementwise", "priors")}
    made: torch.optim.Optimizer = hydra.utils.instantiate(node, params=model.parameters(), _convert_="all")
    return made


def _batches(points: int) -> list[torch.Tensor]:
    return [rows for _ in range(12) for rows in torch.split(torch.randperm(points), 32)]


def write(client: MlflowClient, experiment_id: str, runs: "Sequence[StoredRun]") -> None:
    """Write runs in as few calls as the client allows, three for a run of at most 1,000 values."""
    for run in runs:
        run_id = client.create_run(experiment_id, run.start, dict(run.tags), run.name).info.run_id
        metrics = [
            Metric(key, float(value), int(at), int(step))
            for key, points in run.metrics.items()
            for value, at, step in zip(points.values, points.times, points.steps, strict=True)
        ]
        params = [Param(key, value) for key, value in run.params.items()]
        client.log_batch(run_id, metrics=metrics, params=params)
        client.set_terminated(run_id, "FINISHED", run.end)


if __name__ == "__main__":
    train()
