"""The command: what it refuses, and what a real sweep by two workers is measured as."""

from pathlib import Path

import pytest

from study.cli import Asked
from study.cluster.__main__ import cluster
from study.cluster.measure import CHEAP, sweep
from study.errors import InvalidInput


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("seeds=2", "seeds must be"),
        ("seeds=[20,2]", "seeds must be few and more"),
        ("seeds=[2]", "seeds must be few and more"),
        ("seed=x", "seed must be"),
        ("out=''", "out must be"),
    ],
)
def test_what_it_refuses(word: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=told):
        cluster(Asked((f"out={tmp_path / 'page'}", word)))
    assert not (tmp_path / "page").exists()


@pytest.mark.slow
def test_a_sweep_by_two_workers_is_measured_from_its_start_to_its_exit() -> None:
    measured = sweep(CHEAP, workers=2, seeds=1)
    assert (measured.workers, measured.runs, measured.stack) == (2, 52, 26)
    assert measured.start > 0
    assert measured.training > 0
    assert measured.end > 0
    # the workers begin at two moments; the whole is one's start, the training from there, and what is left
    assert measured.start + measured.training + measured.end == pytest.approx(measured.seconds, rel=0.5)
