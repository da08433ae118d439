"""How many runs one store bears: what is measured of a real, small sweep, and what the page says of numbers."""

from pathlib import Path

import pytest

from study.bench import scale_page
from study.bench.scale import growing, last_over_first, measure_scale

MACHINE = dict.fromkeys(
    ("commit", "processor", "cores", "memory", "system", "python", "torch", "mlflow", "SQLAlchemy"), "known"
)


def _size(runs: int, *, ratio: float, report: int) -> dict[str, int | float]:
    seconds = (
        "again",
        "report",
        "headline",
        "prune",
        "doctor",
        "ui_ready",
        "ui_first",
        "ui_sorted",
        "ui_chart",
    )
    return {
        "runs": runs,
        "bytes_per_run": 110_000.0,
        "seconds": 400.0,
        "seconds_per_run": 400.0 / runs,
        "last_over_first": ratio,
        "trainer_bytes": 1_200_000_000,
        "tracker_bytes": 400_000_000,
        "report_bytes": report,
        "page_bytes": 111_000,
        "ui_runs": 100,
        **{f"{name}_seconds": 2.0 for name in seconds},
    }


@pytest.mark.parametrize(
    ("ratio", "told"),
    [(1.25, "time per run is flat."), (1.5, "time per run is not flat (at most 1.25 would be)")],
)
def test_the_page_says_what_the_numbers_say(ratio: float, told: str) -> None:
    """By hand: 400 s over 100,000 runs are 4 ms each; 1.5 GB are 1.5 times 1 GB, and 100,000 runs 10 times 10,000."""
    text = scale_page.render(
        MACHINE,
        [_size(10_000, ratio=7.0, report=10**9), _size(100_000, ratio=ratio, report=15 * 10**8)],
    )
    assert "| 10,000 | 400 | 40 | – | 110 | 1,200 MB | 400 MB | 1,000 MB |" in text
    assert f"| 100,000 | 400 | 4 | {ratio:g} | 110 | 1,200 MB | 400 MB | 1,500 MB |" in text
    assert told in text
    assert "With 10 times as many runs as 10,000" in text
    assert (
        "the trainer 1 times, the tracker 1 times, the report 1.5 times. A run takes 1 times as many" in text
    )
    assert "| 100,000 | 2 | 2 | 2 | 2 | 2 | 2 | 2 | 2 | 2 | 111 kB |" in text


def test_a_database_that_grows_evenly_is_flat() -> None:
    """A byte a second from 5 on: each tenth of 100 takes 10 s, of which the first has one look less."""
    growth = [(float(at), 5 + at) for at in range(101)]
    assert last_over_first(growth) == pytest.approx(10 / 9)


def test_a_database_is_watched_from_before_it_is_there(tmp_path: Path) -> None:
    import time

    file = tmp_path / "mlflow.db"
    with growing(file) as growth:
        for size in (10, 30):
            time.sleep(0.25)
            file.write_bytes(b"x" * size)
        time.sleep(0.25)
    assert [size for _, size in growth] == [0, 10, 30]


@pytest.mark.slow
def test_a_small_sweep_is_measured_in_a_store_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    lines: list[str] = []
    (size,) = measure_scale([1], lines.append)
    assert size["runs"] == 52
    assert 50_000 < size["bytes_per_run"] < 500_000  # 384 losses, and the empty database's share
    assert size["ui_runs"] == 53  # and their parent
    assert all(
        size[f"{key}_bytes"] > 10**8 for key in ("trainer", "tracker", "report")
    )  # torch, MLflow, pandas
    assert lines[0] == "52 runs\n"
