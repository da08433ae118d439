"""Ctrl-C and SIGTERM: one line and the right status in every moment, in the middle of an import too."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

from study import interrupts
from study.errors import Terminated, TooLong
from tests.sweep.processes import heed_interrupts

SWALLOWS = """
import os, signal
try:
    os.kill(os.getpid(), {number})
    for _ in range(1000):
        pass
except BaseException:
    raise ImportError("it is taken for another error")
done = True
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_at_once_is_in_the_middle_of_an_import_too(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "swallows.py").write_text(SWALLOWS.format(number=int(number)))
    code = (
        "from study import interrupts\n"
        "interrupts.end_at_once(lambda: print('tidy'))\n"
        "print('begun')\n"
        "import swallows\n"
        "print('it goes on')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=heed_interrupts,
    )
    assert done.returncode == 128 + number
    assert done.stdout.splitlines() == ["begun", "tidy"]
    assert done.stderr == f"{interrupts.KEPT}\n"


@pytest.mark.usefixtures("heeds_interrupts")
@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_what_is_raised_is_raised_soon_after_an_import(
    number: signal.Signals, error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"swallows_{number.name}.py").write_text(SWALLOWS.format(number=int(number)))
    monkeypatch.syspath_prepend(tmp_path)
    before = signal.getsignal(number)
    done = []

    def imported() -> None:
        with interrupts.raised():
            done.append(import_module(f"swallows_{number.name}").done)
            time.sleep(5)

    with pytest.raises(error):
        imported()
    assert done == [True]
    assert signal.getsignal(number) == before


def test_what_is_raised_elsewhere_is_raised_at_once() -> None:
    with pytest.raises(Terminated) as ended, interrupts.raised():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 143


def test_a_command_that_a_shell_starts_in_the_background_heeds_no_interrupt() -> None:
    """A shell lets it ignore Ctrl-C, which is meant for another one."""
    with interrupts.as_before():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with interrupts.raised():
            signal.raise_signal(signal.SIGINT)


def test_what_has_had_its_time_is_ended_though_it_swallows_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interrupts, "_INSIST", 0.01)

    def swallows() -> None:
        try:
            time.sleep(5)
        except BaseException:
            time.sleep(5)

    with pytest.raises(TooLong), interrupts.limited(0.01):
        swallows()
    with interrupts.limited(0.001), interrupts.limited(None):
        pass
    time.sleep(0.02)  # nothing comes afterwards


def test_a_limit_that_is_met_while_it_is_left_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "_INSIST", 0.0005)
    before = signal.getsignal(signal.SIGALRM)
    for count in range(600):
        with suppress(TooLong), interrupts.limited(0.0003):
            sum(range(count * 30))
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        assert signal.getsignal(signal.SIGALRM) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "moments"), [(signal.SIGINT, (0.0, 1.2, 2.4)), (signal.SIGTERM, (0.6, 1.8))]
)
def test_a_sweep_that_is_interrupted_in_its_first_seconds_says_so(
    number: signal.Signals, moments: tuple[float, ...], tmp_path: Path
) -> None:
    """While it imports, composes, checks and opens the store; nothing is left in the folder for temporary files."""
    for index, moment in enumerate(moments):
        own = tmp_path / str(index)
        own.mkdir()
        process = _begun(own)
        time.sleep(moment)
        process.send_signal(number)
        told, said = process.communicate(timeout=30)
        assert process.returncode == 128 + number, said
        assert "interrupted: " in told + said
        assert "Traceback" not in said
        assert not [path for path in own.iterdir() if path.name.startswith("study-") and path.is_dir()]


def _begun(folder: Path) -> subprocess.Popen[str]:
    """Begin a sweep, and wait until it heeds signals: a moment after its interpreter is there."""
    store = f"tracking.uri=sqlite:///{folder}/store/mlflow.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "study.train", "experiment=headline", "seeds=100", store],
        env={**os.environ, "STUDY_HYDRA_DIR": str(folder / "hydra"), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    _wait(lambda: bool(_caught(process.pid) >> (signal.SIGTERM - 1) & 1))
    return process


def _caught(process: int) -> int:
    """Return the signals that a process has a handler for, a bit for each."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), 16)


def _wait(condition: Callable[[], bool]) -> None:
    last = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.01)
