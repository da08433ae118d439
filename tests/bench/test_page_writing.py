"""The table of stores: every number is worked out by hand from three repetitions."""

from typing import Any

import pytest

from study.bench import page_writing

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


def test_a_row_for_each_way_that_ours_is_beside(results: dict[str, Any]) -> None:
    assert _table(results) == [*HEAD, SQLITE, *POSTGRESQL, SERVER]


def test_the_requirement_and_whether_it_is_met(results: dict[str, Any]) -> None:
    text = page_writing.render(results)
    assert "at most 2 times as long as a raw `executemany`" in text
    assert "Ours takes 0.5 times on SQLite and 0.125 times on PostgreSQL: met." in text


@pytest.mark.parametrize(("ratio", "verdict"), [(2.0, "met"), (2.01, "not met")])
def test_each_store_counts(results: dict[str, Any], ratio: float, verdict: str) -> None:
    results["writing_postgresql"][0]["bulk_over_raw"] = [ratio]
    assert f"and {ratio:.3g} times on PostgreSQL: {verdict}." in page_writing.render(results)


def test_over_http_the_seconds_of_a_run_are_told(results: dict[str, Any]) -> None:
    """52 runs in 5.2 s and in 10.4 s."""
    assert "costs ours 0.1 s, and the client in sequence 0.2 s" in page_writing.render(results)


def test_a_store_that_is_not_there_is_told_once_with_the_reason(results: dict[str, Any]) -> None:
    absent = {"not_measured": "PostgreSQL is not installed: there is no initdb"}
    results["writing_postgresql"] = [absent, absent]
    told = (
        "| PostgreSQL | - | - | - | not measured: PostgreSQL is not installed: there is no initdb | - | - |"
    )
    assert _table(results) == [*HEAD, SQLITE, told, SERVER]
    assert "Ours takes 0.5 times on SQLite: met." in page_writing.render(results)


def test_a_server_that_did_not_start_has_no_seconds(results: dict[str, Any]) -> None:
    results["writing_server"] = {"not_measured": "a server ended with status 1: a|b"}
    text = page_writing.render(results)
    assert (
        "| tracking server | - | - | - | not measured: a server ended with status 1: a\\|b | - | - |" in text
    )
    assert "Over http" not in text


def _table(results: dict[str, Any]) -> list[str]:
    return [line for line in page_writing.render(results).splitlines() if line.startswith("|")]
