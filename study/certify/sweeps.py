"""Tiny sweeps as the store would give them back, made of closed forms: what figures are tried on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from study.frames import PLACE, Recorded, SweepFrames
from study.tracking import names

RATES = {"sgd": 0.01, "momentum": 0.03, "rmsprop": 0.06, "adam": 0.05}

_INFO = {
    "sweep": "sweep-1",
    "status": "FINISHED",
    "command": "python -m study.train -m experiment=headline",
    "git_commit": "0123456789abcdef (dirty)",
    "versions": "python 3.11, torch 2.13",
    "started": "2026-01-02 03:04:05 UTC",
    "device": "cpu",
    "store": "sqlite:///somewhere.db",
}


def parabola_sweep(
    *, seeds: int = 5, steps: int = 384, labels: dict[str, float] | None = None, diverged: bool = True
) -> SweepFrames:
    """Return loss = 0.01 noise[seed, step] + (0.3 + seed / 100) exp(-rate step), noise shared by all labels.

    With `diverged`, the last seed of the first label breaks after step 9.
    """
    labels = labels or {f"{name} lr=0.01": rate for name, rate in RATES.items()}
    noise = np.random.default_rng(7).chisquare(32, (seeds, steps)) / 32
    step, every = np.arange(steps), np.arange(0, steps + 1, 32)
    x = np.linspace(-1, 1, 101)
    runs, points, fits = [], [], []
    for job, (label, rate) in enumerate(labels.items()):
        for seed in range(seeds):
            broken = diverged and job == 0 and seed == seeds - 1
            loss = 0.01 * noise[seed] + (0.3 + seed / 100) * np.exp(-rate * step)
            runs.append(run := _run(job, label, seed, loss, broken=broken))
            kept = 10 if broken else steps
            points.append(_points(run, names.TRAIN_LOSS, step[:kept], loss[:kept]))
            if not broken:
                points.append(_points(run, names.EVAL_LOSS, every, 0.3 * np.exp(-rate * every)))
                missing, wobble = float(np.exp(-rate * steps)), 0.02 * np.sin(7 * x + seed)
                prediction = x**2 * (1 - missing) + 0.3 * missing + wobble
                whose = {key: run[key] for key in ("label", "optimizer", "seed")}
                fits.append(pd.DataFrame({**whose, "x": x, "prediction": prediction}))
    problem = {"problem._target_": "study.problems.parabola.Parabola", "problem.noise": 0.1}
    sweep = _sweep([run | problem for run in runs], points, fits)
    return replace(sweep, experiment="headline", info=_INFO, data=_data())


def bowl_sweep() -> SweepFrames:
    """Return gradient descent on 0.1 x1^2 + 2 x2^2 from (-5, -2) at two learning rates, by its closed form."""
    problem = {
        "problem": "bowl", "problem._target_": "study.problems.bowl.Bowl", "problem.coefficients": "[0.1, 2.0]",
        "problem.rotation": 0.0,
    }  # fmt: skip
    runs, points, step = [], [], np.arange(21)
    for job, rate in enumerate((0.4, 0.1)):
        runs.append(run := _run(job, f"sgd lr={rate}", 0, np.full(40, 0.1)) | problem)
        points.append(_points(run, f"{names.PARAM}x1", step, -5 * (1 - 0.2 * rate) ** step))
        points.append(_points(run, f"{names.PARAM}x2", step, -2 * (1 - 4 * rate) ** step))
    nothing = pd.DataFrame(columns=["label", "optimizer", "seed", "x", "prediction"])
    return _sweep(runs, points, [nothing])


def tuned_sweep() -> SweepFrames:
    """Return four optimizers as shipped and tuned, and the six trials of each: losses by the learning rate alone."""
    rules = RATES
    labels = rules | {f"{name} tuned": 2 * rate for name, rate in rules.items()}
    shown = parabola_sweep(seeds=3, steps=64, labels=labels, diverged=False)
    fresh = shown.runs.assign(
        group=[str(label).removesuffix(" tuned") for label in shown.runs["label"]],
        trial=[5 if " tuned" in str(label) else 1 for label in shown.runs["label"]],
    )
    fresh["budgets"] = [(3, 6) if trial == 5 else (1,) for trial in fresh["trial"]]
    tuning = [
        _run(100 + job, f"{name} trial", seed, np.full(64, 0.3 * np.exp(-rate * 20 * trial) + seed / 1e5))
        | {"group": name, "trial": trial, "budgets": ()}
        for job, (name, rate) in enumerate(rules.items())
        for trial in range(1, 7)
        for seed in range(1000, 1003)
    ]
    trials = pd.concat([pd.DataFrame(tuning), fresh], ignore_index=True)
    places = {f"{PLACE}lr": 0.16 * trials["trial"]}
    return replace(shown, trials=trials.assign(**places, **{"optimizer.lr": 0.01 * trials["trial"]}))


def grid_sweep(*, optimizers: int, rates: int) -> SweepFrames:
    """Return so many optimizers at so many learning rates each, two seeds of both: many labels to find room for."""
    rules = ["sgd", "momentum", "rmsprop", "adam", "adagrad", *(f"rule{index}" for index in range(10))]
    labels = {
        f"{name} lr={10.0**-rate:g}": 0.01 * (rate + place)
        for place, name in enumerate(rules[:optimizers], start=1)
        for rate in range(rates)
    }
    return parabola_sweep(seeds=2, steps=64, labels=labels, diverged=False)


def with_first_label_diverged(sweep: SweepFrames) -> SweepFrames:
    """Return a sweep of which all runs of the first label broke at step 5."""
    first = (sweep.runs["label"] == sweep.runs["label"].cat.categories[0]).to_numpy()
    runs = sweep.runs.copy()
    runs.loc[first, list(names.FINAL_LOSSES)] = np.inf
    runs.loc[first, "status"] = names.DIVERGED
    kept = ~sweep.points["run_id"].isin(runs.loc[first, "run_id"]) | (sweep.points["step"] < 5)
    label, trials = runs.loc[first, "label"].iloc[0], sweep.trials.copy()
    if not trials.empty:
        trials.loc[trials["group"] == label, list(names.FINAL_LOSSES)] = np.inf
        trials.loc[trials["group"] == label, "status"] = names.DIVERGED
    fits = sweep.fits[sweep.fits["label"] != label]
    recorded = Recorded.of(sweep.points[kept])
    return replace(sweep, runs=runs, recorded=recorded, fits=fits, trials=trials)


def _run(job: int, label: str, seed: int, loss: np.ndarray, *, broken: bool = False) -> dict[str, object]:
    optimizer, *rest = label.split(" ")
    last = float("inf") if broken else float(loss[-32:].mean())
    lr = next((float(part.removeprefix("lr=")) for part in rest if part.startswith("lr=")), 0.01)
    return {
        "run_id": f"{job:04d}-{seed:04d}", "job": f"{job:04d}", "label": label, "optimizer": optimizer,
        "problem": "parabola", "seed": seed, "status": names.DIVERGED if broken else names.OK,
        **{receipt: f"{receipt} {seed}" for receipt in names.RECEIPTS},
        "optimizer.lr": lr, "optimizer.alpha": 0.9 if optimizer == "rmsprop" else float("nan"),
        "epochs": len(loss) // 32, "batch_size": 32,
        names.DIVERGED_STEP: 10.0 if broken else float("nan"), **dict.fromkeys(names.FINAL_LOSSES, last),
        names.INITIAL_EVAL_LOSS: 0.3, names.FLOOR: 0.0, names.TRAIN_FLOOR: 0.009 + seed / 10_000,
    }  # fmt: skip


def _points(run: Mapping[str, object], metric: str, step: np.ndarray, value: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"run_id": run["run_id"], "metric": metric, "step": step, "value": value})


def _data() -> pd.DataFrame:
    x = np.linspace(-1, 1, 1000)
    return pd.DataFrame({"x": x, "y": x**2 + 0.1 * np.random.default_rng(0).normal(size=1000), "clean": x**2})


def _sweep(
    runs: Sequence[Mapping[str, object]], points: Sequence[pd.DataFrame], fits: Sequence[pd.DataFrame]
) -> SweepFrames:
    """Return a sweep that has all it was asked for."""
    frame = pd.DataFrame(runs)
    frame["label"] = pd.Categorical(frame["label"], categories=frame["label"].unique())
    counts = frame["label"].value_counts(sort=False)
    asked = pd.DataFrame(
        {"label": counts.index, "asked": counts.array, "present": counts.array, "failed": ""}
    )
    values, predictions = (pd.concat(parts, ignore_index=True) for parts in (points, fits))
    values["run_id"] = pd.Categorical(values["run_id"], frame["run_id"])
    values["metric"] = pd.Categorical(values["metric"])
    values = values.sort_values(["run_id", "metric", "step"], ignore_index=True)
    return SweepFrames("bowl", {}, (), asked, frame, Recorded.of(values), predictions, _data().iloc[:0])
