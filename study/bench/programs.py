"""Programs that are compared; each returns the measurements of one repetition."""

import json
import sqlite3
from pathlib import Path

from study import cli
from study.bench.measure import Numbers, run
from study.bench.start import JOBS
from study.config.paths import CONF
from study.tracking import names

OPTIMIZERS = "sgd,momentum,rmsprop,adam"


def tutorial(folder: Path) -> Numbers:
    """(a) The tutorial's script, with two loader workers as published and with none; no tracking at all."""
    published = float(run("study.bench.tutorial", ["seeds=2"], folder).output)
    without = float(run("study.bench.tutorial", ["seeds=2", "workers=0"], folder).output)
    return {"seconds_per_run": published, "seconds_per_run_without_workers": without}


def naive(folder: Path) -> Numbers:
    """(b) Hydra's basic launcher, a plain loop, `mlflow.log_metric` at every step, SQLite."""
    return _marginal(folder, ["logging=each", "hydra/launcher=basic"], few=1, many=3)


def joblib(folder: Path) -> Numbers:
    """(c) Hydra's joblib launcher, one process per core, one `log_batch` per run, SQLite."""
    return _marginal(folder, ["logging=batch", "hydra/launcher=joblib"], few=1, many=6)


def _marginal(folder: Path, words: list[str], *, few: int, many: int) -> Numbers:
    """Return what one more run costs, start-up left out: four optimizers at `many` seeds less those at `few`."""
    seconds = []
    common = [*words, f"hydra.searchpath=[file://{CONF}]", f"optimizer={OPTIMIZERS}"]
    for seeds in (few, many):
        store = folder / f"{seeds}.db"
        run("study.bench.naive", ["-m", *common, "seed=0", f"uri=sqlite:///{store}", "optimizer=sgd"], folder)
        chosen = f"seed={','.join(map(str, range(seeds)))}"
        seconds.append(
            run("study.bench.naive", ["-m", *common, chosen, f"uri=sqlite:///{store}"], folder).seconds
        )
    return {"seconds_per_run": (seconds[1] - seconds[0]) / (4 * (many - few))}


def ours(folder: Path, *, seeds: int) -> Numbers:
    """(d) This program, from process start to exit on a fresh store: 52 jobs (4 optimizers x 13 learning rates).

    Args:
        folder: for the store.
        seeds: of each job.
    """
    database, runs = folder / "mlflow.db", len(JOBS) * seeds
    store = f"tracking.uri=sqlite:///{database}"
    sweep = ["experiment=lr_sensitivity", f"seeds={seeds}", store]
    first, parts = run("study.train", sweep, folder), _parts(database)
    again = run("study.train", sweep, folder)
    report = run("study.report", [*sweep[::2], f"report.out={folder / 'report'}"], folder)
    return {
        "runs": runs,
        "seconds": first.seconds,
        "seconds_per_run": first.seconds / runs,
        "peak_bytes": first.peak_bytes,
        "store_bytes": database.stat().st_size,
        **parts,
        "again_seconds": again.seconds,
        **json.loads(run("study.bench.read", [str(database)], folder).output),
        "report_seconds": report.seconds,
        "report_peak_bytes": report.peak_bytes,
    }


def answers(folder: Path) -> Numbers:
    """How long it takes until a person is told what there is, or what was wrong with what they typed."""
    typed = ["--help", "optimizer.lr=-1", "+optimizer.foo=1", f"tracking.uri=sqlite:///{folder}"]
    only_torch_knows = "optimizer=adafactor +optimizer.d=0.5"
    store = f"tracking.uri=sqlite:///{folder / 'mlflow.db'}"
    return {
        words.replace(str(folder), "/a/folder"): run(
            "study.train", [store, *words.split()], folder, status=0 if words == "--help" else cli.REFUSED
        ).seconds
        for words in [*typed, only_torch_knows]
    }


def start(folder: Path) -> Numbers:
    """What each step before the first trained run costs, and composing a job, by Hydra and by the study."""
    spent: Numbers = json.loads(run("study.bench.start", [str(folder / "mlflow.db")], folder).output)
    return spent


def _parts(database: Path) -> Numbers:
    """Return what the sweep's parent says of where the time of its last command went."""
    query = "SELECT key, value FROM latest_metrics WHERE key LIKE ? AND key NOT LIKE '%wall%'"
    with sqlite3.connect(database) as connection:
        found = connection.execute(query, [f"{names.SUMMARY}%_seconds"])
        return {key.removeprefix(names.SUMMARY): value for key, value in found}
