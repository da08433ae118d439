"""The page says what the results say: medians, ranges and ratios worked out by hand from three repetitions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from study.bench import page

HEAD = ["| store | runs | n | ours, s | beside it | that, s | ratio |", "|:--|--:|--:|--:|:--|--:|--:|"]
SQLITE = "| SQLite | 1,040 | 3 | 2 [1 to 3] | raw `executemany` | 4 [4 to 5] | 0.5 [0.2 to 0.75] |"
POSTGRESQL = [
    "| PostgreSQL | 104 | 3 | 1 [0.5 to 2] | raw `executemany` | 8 [8 to 10] | 0.125 [0.05 to 0.25] |",
    "| PostgreSQL | 104 | 3 | 1 [0.5 to 2] | `execute_values`, the driver's batches | 1.25 [1 to 2] "
    "| 0.8 [0.5 to 1] |",
    "| PostgreSQL | 1,040 | 3 | 7 [6 to 8] | `execute_values`, the driver's batches | 9 [8 to 10] "
    "| 0.7 [0.667 to 1] |",
]
SERVER = (
    "| tracking server | 52 | 3 | 5.2 [2.6 to 10.4] | public client, one run after the other "
    "| 10.4 [10.4 to 13] | 0.5 [0.25 to 0.8] |"
)


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


def test_how_steadily_both_processes_go(results: dict[str, Any]) -> None:
    """1.25 times 40 s of training alone, and the trainer's start: .2 + .5 + 1 + 1.5 s, more than 1.75 + 1.25."""
    text = page.render(results)
    assert "| 10,400 | 6.5 | 0.125 | 2.5 |" in text
    assert "10,400 runs take 52 s. Alone, training takes 40 s of it and writing 20 s" in text
    assert "the trainer's start takes 3.2 s, and the tracker's 3 s beside it" in text
    assert "1.25 times the longer half and the longer start, 53.2 s: met." in text
    slower = results | {"ours": [results["ours"][0], results["ours"][1] | {"seconds": [53.3] * 3}]}
    assert "53.2 s: not met." in page.render(slower)


def test_what_the_headline_takes(results: dict[str, Any]) -> None:
    text = page.render(results)
    assert "takes 5 [4 to 9] s on a fresh store and 4 [3 to 4.5] s at other seeds on that one" in text
    assert (
        "nothing is to be trained 2 [1 to 2.5] s. Its first word is on the terminal after 0.25 [0.2 to 0.5] s."
        in text
    )
    assert "A step of it takes 0.75 [0.5 to 1] times as long as a plain loop's own with SGD." in text


def test_what_changed_since_the_committed_numbers(results: dict[str, Any]) -> None:
    assert "No numbers are committed to compare with." in page.render(results)
    now = results | {"own": {"SGD": [0.9, 0.9, 0.9]}}
    text = page.render(now, results)
    assert "Since commit `0123abc`, on a machine of the same kind." in text
    assert "| one instance per run, SGD / a plain loop's step | 0.75 | 0.9 | 1.20 (worse) |" in text
    assert text.count("(worse)") == 1
    other = results | {"machine": results["machine"] | {"cores": "64"}}
    assert "are of another kind of machine (known, 64 cores, known): nothing is compared." in page.render(
        results, other
    )


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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.012345, "0.0123"),
        (1.0, "1"),
        (12.345, "12.3"),
        (999.4, "999"),
        (1000.0, "1,000"),
        (12345.6, "12,346"),
    ],
)
def test_three_digits_and_all_before_the_point(value: float, text: str) -> None:
    assert page.short(value) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [([2.5], "2.5"), ([1.0, 9.0, 2.0], "2 [1 to 9]"), ([4.0, 1.0], "2.5 [1 to 4]")],
)
def test_the_median_with_the_range(values: list[float], text: str) -> None:
    assert page.spread(values) == text


def test_a_row_for_each_way_that_ours_is_beside(results: dict[str, Any]) -> None:
    assert _table(results) == [*HEAD, SQLITE, *POSTGRESQL, SERVER]


def test_the_requirement_and_whether_it_is_met(results: dict[str, Any]) -> None:
    text = page.render(results)
    assert "at most 2 times as long as a raw `executemany`" in text
    assert "Ours takes 0.5 times on SQLite and 0.125 times on PostgreSQL: met." in text


@pytest.mark.parametrize(("ratio", "verdict"), [(2.0, "met"), (2.01, "not met")])
def test_each_store_counts(results: dict[str, Any], ratio: float, verdict: str) -> None:
    results["writing_postgresql"][0]["bulk_over_raw"] = [ratio]
    assert f"and {ratio:.3g} times on PostgreSQL: {verdict}." in page.render(results)


def test_over_http_the_seconds_of_a_run_are_told(results: dict[str, Any]) -> None:
    """52 runs in 5.2 s and in 10.4 s."""
    assert "costs ours 0.1 s, and the client in sequence 0.2 s" in page.render(results)


def test_a_store_that_is_not_there_is_told_once_with_the_reason(results: dict[str, Any]) -> None:
    absent = {"not_measured": "PostgreSQL is not installed: there is no initdb"}
    results["writing_postgresql"] = [absent, absent]
    told = (
        "| PostgreSQL | - | - | - | not measured: PostgreSQL is not installed: there is no initdb | - | - |"
    )
    assert _table(results) == [*HEAD, SQLITE, told, SERVER]
    assert "Ours takes 0.5 times on SQLite: met." in page.render(results)


def test_a_server_that_did_not_start_has_no_seconds(results: dict[str, Any]) -> None:
    results["writing_server"] = {"not_measured": "a server ended with status 1: a|b"}
    text = page.render(results)
    assert (
        "| tracking server | - | - | - | not measured: a server ended with status 1: a\\|b | - | - |" in text
    )
    assert "Over http" not in text


def _table(results: dict[str, Any]) -> list[str]:
    """Return the table of stores, the last of the page."""
    lines = page.render(results).splitlines()
    return [line for line in lines[lines.index(HEAD[0]) :] if line.startswith("|")]
