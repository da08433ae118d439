"""Baseline, the tutorial's own program: four optimizers in one plain loop over a DataLoader; no tracking.

python -m study.bench.tutorial seeds=2
"""

import sys
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

EPOCHS, BATCH_SIZE, WORKERS = 12, 32, 2


def main() -> None:
    """Print the seconds that each run of 384 steps took, averaged over four optimizers and some seeds."""
    words = dict(word.split("=", 1) for word in sys.argv[1:])
    seeds, workers = int(words.get("seeds", 1)), int(words.get("workers", WORKERS))
    began = time.perf_counter()
    for seed in range(seeds):
        _compare(seed, workers)
    sys.stdout.write(f"{(time.perf_counter() - began) / (4 * seeds)}\n")


def _compare(seed: int, workers: int) -> None:
    torch.manual_seed(seed)
    x = torch.unsqueeze(torch.linspace(-1, 1, 1000), dim=1)
    y = x.pow(2) + 0.1 * torch.normal(torch.zeros(x.size()))
    loader = DataLoader(TensorDataset(x, y), batch_size=BATCH_SIZE, shuffle=True, num_workers=workers)
    models = [nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1)) for _ in range(4)]
    optimizers = [
        torch.optim.SGD(models[0].parameters(), lr=0.01),
        torch.optim.SGD(models[1].parameters(), lr=0.01, momentum=0.8),
        torch.optim.RMSprop(models[2].parameters(), lr=0.01, alpha=0.9),
        torch.optim.Adam(models[3].parameters(), lr=0.01, betas=(0.9, 0.99)),
    ]
    losses: list[list[float]] = [[], [], [], []]
    for _ in range(EPOCHS):
        for inputs, targets in loader:
            for model, optimizer, record in zip(models, optimizers, losses, strict=True):
                loss = nn.functional.mse_loss(model(inputs), targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                record.append(loss.item())


if __name__ == "__main__":
    main()
