"""Run programs as a person would, each in a process of its own, and measure wall time and peak memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.config.paths import ROOT

Numbers = Mapping[str, int | float]
"""What one repetition measured, by name."""

Repeated = Mapping[str, Sequence[int | float]]
"""What all repetitions measured, by name."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one program.

    Attributes:
        seconds: from process start to exit.
        peak_bytes: of resident memory.
        output: what it printed to standard output.
    """

    seconds: float
    peak_bytes: int
    output: str


def run(module: str, words: Sequence[str], folder: Path, *, status: int = 0) -> Measured:
    """Run `python -m module words...` and measure it.

    Args:
        module: what to run.
        words: its arguments.
        folder: where it is run, and where Hydra may write.
        status: with which it shall end.

    Raises:
        RuntimeError: the program ended otherwise; the message holds the end of what it said.
    """
    environment = os.environ | {"STUDY_HYDRA_DIR": str(folder / "hydra"), "MLFLOW_DISABLE_TELEMETRY": "true"}
    environment["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words], cwd=folder, env=environment, stdout=output, stderr=errors
        )
        try:
            _, waited, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()  # who ends the benchmark ends what it started
            raise
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(waited)
        output.seek(0)
        errors.seek(0)
        if process.returncode != status:
            command, ended = f"{module} {' '.join(words)}", process.returncode
            raise RuntimeError(f"{command} ended with status {ended}: {errors.read()[-2000:]}")
        return Measured(seconds, usage.ru_maxrss * 1024, output.read())


def repeated(
    count: int, measure: Callable[[Path], Numbers], *, announce: Callable[[int], None]
) -> dict[str, list[int | float]]:
    """Measure several times, each in an empty folder, and return every number of every repetition by name.

    Args:
        count: of repetitions.
        measure: one repetition, in a folder.
        announce: told the number of each repetition, from 1, before it begins.
    """
    numbers: dict[str, list[int | float]] = {}
    for repetition in range(1, count + 1):
        announce(repetition)
        with tempfile.TemporaryDirectory() as folder:
            for name, value in measure(Path(folder)).items():
                numbers.setdefault(name, []).append(value)
    return numbers
