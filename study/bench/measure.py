"""Run programs as a person would, each in a process of its own, and measure wall time and peak memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.tracking.location import ROOT


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


def run(module: str, words: Sequence[str], folder: Path) -> Measured:
    """Run `python -m module words...` and measure it.

    Args:
        module: what to run.
        words: its arguments.
        folder: where it is run, and where Hydra may write.

    Raises:
        RuntimeError: the program failed; the message holds the end of what it said.
    """
    environment = os.environ | {"STUDY_HYDRA_DIR": str(folder / "hydra"), "MLFLOW_DISABLE_TELEMETRY": "true"}
    environment["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words], cwd=folder, env=environment, stdout=output, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{module} {' '.join(words)} failed: {errors.read()[-2000:]}")
        return Measured(seconds, usage.ru_maxrss * 1024, output.read())


def repeated(count: int, measure: Callable[[Path], Mapping[str, float]]) -> dict[str, list[float]]:
    """Measure several times, each in an empty folder, and return every number of every repetition by name."""
    numbers: dict[str, list[float]] = {}
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            for name, value in measure(Path(folder)).items():
                numbers.setdefault(name, []).append(value)
    return numbers
