"""A sweep ends with the truth about how it ended."""

import signal
import time
from collections.abc import Iterator

import pytest

from study.errors import Terminated
from study.interrupts import KEPT
from study.sweep import current


class Recorder:
    """Stands where the open sweep does."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, float]] = []

    def end(self, status: str, *, seconds: float) -> None:
        self.ended.append((status, seconds))


def test_what_ends_well_is_finished(sweep: Recorder) -> None:
    with current.ending():
        pass
    ((status, seconds),) = sweep.ended
    assert status == "FINISHED"
    assert seconds == pytest.approx(time.perf_counter() - current.BEGAN, abs=1)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("x"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(143), "KILLED"),
    ],
)
def test_what_does_not_is_ended_too_and_its_error_goes_on(
    error: BaseException, status: str, sweep: Recorder
) -> None:
    with pytest.raises(type(error)), current.ending():
        raise error
    assert [ended for ended, _ in sweep.ended] == [status]


def test_a_signal_to_terminate_ends_the_sweep_as_killed(sweep: Recorder) -> None:
    with pytest.raises(SystemExit) as ended, current.ending():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM
    assert [status for status, _ in sweep.ended] == ["KILLED"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), f"{KEPT}\n"),
        (Terminated(), f"{KEPT}\n"),
        (SystemExit(0), ""),  # Hydra's own flags end so
        (RuntimeError("x"), ""),
    ],
)
def test_who_interrupts_before_a_sweep_began_is_told(
    error: BaseException, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(error)), current.ending():
        raise error
    assert capsys.readouterr().err == said


def test_where_no_sweep_began_there_is_nothing_to_end() -> None:
    with current.ending():
        assert current.CURRENT.get() is None


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def sweep() -> Iterator[Recorder]:
    recorder = Recorder()
    token = current.CURRENT.set(recorder)  # type: ignore[arg-type]
    yield recorder
    current.CURRENT.reset(token)
