"""The page says what the results say: medians, ranges and ratios worked out by hand from three repetitions."""

from pathlib import Path
from typing import Any

import numpy as np

from study.bench import page


def test_the_programs_and_what_each_costs_beside_ours(results: dict[str, Any]) -> None:
    """Ours at 1,040 runs takes 12 s, the middle of 12, 10 and 20: 0.0115 s a run."""
    text = page.render(results)
    assert "| program | n | seconds per run | times ours at 1,040 runs |" in text
    assert "| (b) Hydra basic, log_metric each step | 3 | 2.4 [1.2 to 6] | 208 |" in text  # 2.4 * 1040 / 12
    assert "| (a) tutorial's loop, 2 loader workers | 3 | 0.6 [0.3 to 1.2] | 52 |" in text
    assert "| (a) tutorial's loop, no workers | 3 | 0.3 [0.24 to 0.9] | 26 |" in text
    assert "| (c) Hydra joblib, log_batch | 3 | 0.36 [0.12 to 0.48] | 31.2 |" in text
    assert "| ours, 1,040 runs | 3 | 0.0115 [0.00962 to 0.0192] | 1 |" in text
    assert "| ours, 10,400 runs | 3 | 0.005 [0.004 to 0.01] | 0.433 |" in text


def test_where_the_time_goes(results: dict[str, Any]) -> None:
    """The rest is 12 - 0.5 - 5.2, and 52 - 0.5 - 5.2."""
    text = page.render(results)
    assert "| 1,040 | 12 [10 to 20] | 0.5 | 5.2 | 3 | 6.3 | 4 | 6 | 7 | 1,100 MB |" in text
    assert "| 10,400 | 52 [41.6 to 104] | 0.5 | 5.2 | 3 | 46.3 | 4 | 6 | 7 | 1,100 MB |" in text
    assert "A sweep of 10,400 runs peaks at 700 MB, its report at 900 MB." in text
    assert "1,040 runs into sorted frames take 6 [6 to 6] s" in text
    assert "`fetchall` of the same rows 1.5 [1.5 to 1.5] s" in text
    assert "| Hydra | 0.2 [0.1 to 0.6] |" in text
    assert "| `--help` | 0.5 [0.4 to 0.9] |" in text
    assert "| `optimizer.lr=-1` | 0.3 [0.2 to 0.7] |" in text
    assert "| composing 52 jobs | 0.5 [0.4 to 0.9] |" in text
    assert "Composing a job costs 10 [8 to 30] ms, where Hydra's own way costs 80 [60 to 100] ms" in text


def test_how_far_training_is_from_the_processor(results: dict[str, Any]) -> None:
    """4e6 operations at 1e11 a second are 40 µs; 5.2 s for 1,040 runs are 5 ms each, 125 times that."""
    text = page.render(results)
    assert "4 million floating-point operations; at the 100 GFLOP/s" in text
    assert "that is 40 µs. Training takes 5 ms, 125 times that" in text


def test_one_repetition_has_no_range(results: dict[str, Any]) -> None:
    results["naive"] = {"seconds_per_run": [2.4]}
    assert "| (b) Hydra basic, log_metric each step | 1 | 2.4 | 208 |" in page.render(results)


def test_the_page_stands_without_postgresql(results: dict[str, Any]) -> None:
    absent = {"not_measured": "psycopg2 is not installed"}
    results["writing_postgresql"] = [absent, absent]
    results["machine"]["PostgreSQL"] = "absent"
    assert "not measured: psycopg2 is not installed" in page.render(results)


def test_the_figure_shows_the_medians_in_the_order_of_the_table(results: dict[str, Any]) -> None:
    (axes,) = page.draw(results).axes
    drawn = [np.asarray(line.get_xdata()) for line in axes.lines]
    middles = [x[0] for x in drawn if len(x) == 1]
    assert middles == [2.4, 0.6, 0.3, 0.36, 12 / 1040, 52 / 10_400]
    ranges = [tuple(x) for x in drawn if len(x) == 2]
    assert ranges[0] == (1.2, 6.0)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0].startswith("(b)")
    assert labels[-1] == "ours, 10,400 runs"
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "seconds per run of 384 steps (log axis): median, range"


def test_the_page_and_the_figure_are_written(results: dict[str, Any], tmp_path: Path) -> None:
    paths = page.write(results, tmp_path)
    assert paths == [tmp_path / name for name in ("README.md", "bench.png", "bench.svg")]
    assert paths[0].read_text() == page.render(results)
    assert paths[1].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in paths[2].read_text()
