"""Programs that are compared, each run as a person would, in a process of its own; what one repetition measures."""

import json
import os
import pty
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from study import cli
from study.bench.steps import JOBS
from study.config.paths import CONF, ROOT
from study.tracking import names

Numbers = Mapping[str, int | float]
"""What one repetition measured, by name."""


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
    common = ["-m", *words, f"hydra.searchpath=[file://{CONF}]"]
    for seeds in (few, many):
        store = f"uri=sqlite:///{folder / f'{seeds}.db'}"
        run("study.bench.naive", [*common, store, "optimizer=sgd", "seed=0"], folder)
        chosen = ["optimizer=sgd,momentum,rmsprop,adam", f"seed={','.join(map(str, range(seeds)))}"]
        seconds.append(run("study.bench.naive", [*common, store, *chosen], folder).seconds)
    return {"seconds_per_run": (seconds[1] - seconds[0]) / (4 * (many - few))}


def ours(folder: Path, *, seeds: int) -> Numbers:
    """(d) This program, from process start to exit on a fresh store: 52 jobs (4 optimizers x 13 learning rates)."""
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
        **_steps("read", database),
        "report_seconds": report.seconds,
        "report_peak_bytes": report.peak_bytes,
    }


def headline(folder: Path) -> Numbers:
    """The headline, from process start to exit: on a fresh store, at other seeds on that one, and with nothing to do.

    And how long a terminal is empty before its first word.
    """
    sweep = ["experiment=headline", f"tracking.uri=sqlite:///{folder / 'mlflow.db'}"]
    fresh = run("study.train", sweep, folder)
    return {
        "fresh_seconds": fresh.seconds,
        "warm_seconds": run("study.train", [*sweep, "first_seed=1000"], folder).seconds,
        "nothing_seconds": run("study.train", sweep, folder).seconds,
        "first_word_seconds": _first_word("study.train", sweep, folder),
        "peak_bytes": fresh.peak_bytes,
    }


def alone(folder: Path, *, seeds: int) -> Numbers:
    """Training with nobody to write, and writing of what was trained, of the 52 jobs, in a process of their own."""
    return _printed("study.bench.halves", [str(folder / "mlflow.db"), str(seeds)], folder)


def own(folder: Path) -> Numbers:
    """A step of rules with one instance per run, beside the same steps of a plain loop."""
    return _printed("study.bench.own", [], folder)


def answers(folder: Path) -> Numbers:
    """How long it takes until a person is told what there is, or what was wrong with what they typed."""
    store, seconds = f"tracking.uri=sqlite:///{folder / 'mlflow.db'}", {}
    wrong = ["optimizer.lr=-1", "+optimizer.foo=1", f"tracking.uri=sqlite:///{folder}"]
    only_torch_knows = "optimizer=adafactor +optimizer.d=0.5"
    for typed in ("--help", *wrong, only_torch_knows):
        status = 0 if typed == "--help" else cli.REFUSED
        told = run("study.train", [store, *typed.split()], folder, status=status)
        seconds[typed.replace(str(folder), "/a/folder")] = told.seconds
    return seconds


def start(folder: Path) -> Numbers:
    """What each step before the first trained run costs, and composing a job, by Hydra and by the study."""
    return _steps("start", folder / "mlflow.db")


def _steps(which: str, database: Path) -> Numbers:
    return _printed("study.bench.steps", [which, str(database)], database.parent)


def _printed(module: str, words: Sequence[str], folder: Path) -> Numbers:
    """Return the numbers that a program prints."""
    numbers: Numbers = json.loads(run(module, words, folder).output)
    return numbers


def _first_word(module: str, words: Sequence[str], folder: Path) -> float:
    """Return the seconds until a command first writes to a terminal; it is ended then."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env=os.environ | _environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        terminal.read(1)
        seconds = time.perf_counter() - began
        process.terminate()
        with suppress(OSError):  # nobody is at the other end any more
            while terminal.read(1000):
                pass
    process.wait()
    return seconds


def _environment(folder: Path) -> dict[str, str]:
    """Return what a command in a folder is told beside this one's own environment."""
    return {
        "STUDY_HYDRA_DIR": str(folder / "hydra"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONPATH": str(ROOT),
    }


def _parts(database: Path) -> Numbers:
    """Return what the sweep's parent says of where the time of its last command went."""
    query = "SELECT key, value FROM latest_metrics WHERE key LIKE ? AND key NOT LIKE '%wall%'"
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(query, [f"{names.SUMMARY}%_seconds"])
        return {key.removeprefix(names.SUMMARY): value for key, value in found}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one program: seconds from process start to exit, peak of resident memory, standard output.

    The peak is the sum of the peaks of all processes that are there at once, those that it started among them: they
    hold no more. Its own is that of the first process alone.
    """

    seconds: float
    peak_bytes: int
    own_bytes: int
    output: str


def run(module: str, words: Sequence[str], folder: Path, *, status: int | None = 0) -> Measured:
    """Run `python -m module words...` in a folder, where Hydra may write too, and measure it.

    Raises:
        RuntimeError: it ended with another status (None is any); the message holds the end of what it said.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        program = [sys.executable, "-m", module, *words]
        process = subprocess.Popen(
            program, cwd=folder, env=os.environ | _environment(folder), stdout=output, stderr=errors
        )
        try:
            with _peaks(process.pid) as (peaks, sums):
                _, waited, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()  # who ends the benchmark ends what it started
            raise
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(waited)
        output.seek(0)
        errors.seek(0)
        if status is not None and process.returncode != status:
            ended = f"{module} {' '.join(words)} ended with status {process.returncode}"
            raise RuntimeError(f"{ended}: {errors.read()[-2000:]}")
        # the system's own number is that of the largest process alone, and of this one where that was its beginning
        largest = usage.ru_maxrss * 1024
        own = peaks.get(process.pid, largest)
        return Measured(seconds, max(sums, default=largest), own, output.read())


@contextmanager
def _peaks(pid: int) -> Iterator[tuple[dict[int, int], set[int]]]:
    """Look at a process and at all that it started, ten times a second, for the peaks of memory of each so far.

    Yielded are those by process, and their sums over the processes that were there at a look.

    What is seen once does not count: it may be a copy of its parent that is yet to become a program of its own.
    """
    peaks, sums, seen, over = dict[int, int](), set[int](), set[int](), threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            waiting, there = [pid], set[int]()
            while waiting:
                folder = Path(f"/proc/{waiting.pop()}")
                with suppress(OSError, ValueError):  # it has ended, or this system has no such files
                    waiting += [
                        int(word)
                        for file in folder.glob("task/*/children")
                        for word in file.read_text().split()
                    ]
                    told = (folder / "status").read_text().partition("VmHWM:")[2].split()
                    if told and int(folder.name) in seen:
                        peaks[int(folder.name)] = int(told[0]) * 1024
                        there.add(int(folder.name))
                    seen.add(int(folder.name))
            if there:
                sums.add(sum(peaks[number] for number in there))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield peaks, sums
    finally:
        over.set()
        looking.join()
