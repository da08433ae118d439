"""The programs that are compared; each returns what one repetition measured."""

import json
import sqlite3
from pathlib import Path

from study.bench.measure import run
from study.tracking.location import ROOT

OPTIMIZERS = "sgd,momentum,rmsprop,adam"


def tutorial(folder: Path) -> dict[str, float]:
    """(a) The tutorial's script, with two loader workers as published and with none; no tracking at all."""
    published = float(run("study.bench.tutorial", ["seeds=2"], folder).output)
    without = float(run("study.bench.tutorial", ["seeds=2", "workers=0"], folder).output)
    return {"seconds_per_run": published, "seconds_per_run_without_workers": without}


def naive(folder: Path) -> dict[str, float]:
    """(b) Hydra's basic launcher, a plain loop, `mlflow.log_metric` at every step, SQLite."""
    return _marginal(folder, ["logging=each", "hydra/launcher=basic"], few=1, many=3)


def joblib(folder: Path) -> dict[str, float]:
    """(c) Hydra's joblib launcher, one process per core, one `log_batch` per run, SQLite."""
    return _marginal(folder, ["logging=batch", "hydra/launcher=joblib"], few=1, many=6)


def _marginal(folder: Path, words: list[str], *, few: int, many: int) -> dict[str, float]:
    """Return what one more run costs, start-up left out: four optimizers at `many` seeds less those at `few`."""
    seconds = []
    common = [*words, f"hydra.searchpath=[file://{ROOT / 'conf'}]", f"optimizer={OPTIMIZERS}"]
    for seeds in (few, many):
        store = folder / f"{seeds}.db"
        run("study.bench.naive", ["-m", *common, "seed=0", f"uri=sqlite:///{store}", "optimizer=sgd"], folder)
        chosen = f"seed={','.join(map(str, range(seeds)))}"
        seconds.append(
            run("study.bench.naive", ["-m", *common, chosen, f"uri=sqlite:///{store}"], folder).seconds
        )
    return {"seconds_per_run": (seconds[1] - seconds[0]) / (4 * (many - few))}


def ours(folder: Path, *, seeds: int, report: bool) -> dict[str, float]:
    """(d) This program, from process start to exit on a fresh store: 52 jobs (4 optimizers x 13 learning rates).

    Args:
        folder: for the store.
        seeds: of each job.
        report: also make the report of it.
    """
    store = f"tracking.uri=sqlite:///{folder / 'mlflow.db'}"
    measured = run("study.train", ["experiment=lr_sensitivity", f"seeds={seeds}", store], folder)
    runs = 52 * seeds
    numbers = {
        "runs": runs,
        "seconds": measured.seconds,
        "seconds_per_run": measured.seconds / runs,
        "peak_bytes": measured.peak_bytes,
        "store_bytes": (folder / "mlflow.db").stat().st_size,
        **_parts(folder / "mlflow.db"),
    }
    again = run("study.train", ["experiment=lr_sensitivity", f"seeds={seeds}", store], folder)
    numbers["again_seconds"] = again.seconds
    if report:
        words = ["experiment=lr_sensitivity", store, f"report.out={folder / 'report'}"]
        numbers["report_seconds"] = run("study.report", words, folder).seconds
        numbers["read_seconds"] = float(run("study.bench.read", [str(folder / "mlflow.db")], folder).output)
    return numbers


def start(folder: Path) -> dict[str, float]:
    """What each step before the first trained run costs, and composing a job, by Hydra and by the study."""
    spent: dict[str, float] = json.loads(run("study.bench.start", [str(folder / "mlflow.db")], folder).output)
    return spent


def _parts(database: Path) -> dict[str, float]:
    """Return what the sweep's parent says of where the time went."""
    query = (
        "SELECT key, value FROM latest_metrics WHERE key LIKE 'summary/%_seconds' AND key NOT LIKE '%wall%'"
    )
    with sqlite3.connect(database) as connection:
        return {key.removeprefix("summary/"): value for key, value in connection.execute(query)}
