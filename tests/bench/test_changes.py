"""Two measurements beside each other: ratios worked out by hand, and what counts as worse."""

import json
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from study.bench.changes import Change, changes, committed, ratios, same_kind


def test_ratios_are_of_medians(results: dict[str, Any]) -> None:
    """12 s for 1,040 runs over .3 s for one; 6 s of reading over 1.5; 5 s of headline over 2.5 of imports."""
    found = dict(ratios(results))
    assert found["1,040 runs, a run / the tutorial's loop"] == pytest.approx(12 / 1040 / 0.3)
    assert found["1,040 runs, reading / a bare fetchall"] == 4
    assert found["1,040 runs, report / a run of that loop"] == pytest.approx(7 / 0.3)
    assert found["10,400 runs, peak of the sweep in MB"] == 700
    assert found["headline, fresh / importing torch"] == 2
    assert found["headline, first word / importing torch"] == 0.1
    assert found["one instance per run, SGD / a plain loop's step"] == 0.75
    assert found["writing to SQLite / raw"] == 0.5
    assert found["writing to PostgreSQL, 104 runs / batched"] == 0.8
    assert found["writing to a server / sequential"] == 0.5


@pytest.mark.parametrize(("now", "worse"), [(1.0, False), (1.15, False), (1.151, True), (0.5, False)])
def test_worse_is_more_than_15_percent(now: float, worse: bool) -> None:
    assert Change("a ratio", 1.0, now).worse is worse


def test_what_only_one_measured_is_not_compared(results: dict[str, Any]) -> None:
    older = deepcopy(results)
    del older["headline"], older["own"]
    older["writing_server"] = {"not_measured": "there is none"}
    names = {change.name for change in changes(older, results) or ()}
    assert names == set(dict(ratios(older)))
    assert not any("headline" in name or "server" in name for name in names)


def test_a_machine_of_another_kind_is_told_apart(results: dict[str, Any]) -> None:
    assert same_kind(results, results | {"machine": results["machine"] | {"commit": "other", "torch": "3"}})
    assert not same_kind(results, results | {"machine": results["machine"] | {"memory": "8 GiB"}})


def test_what_is_committed_is_read_and_not_what_lies_there(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    assert committed(tmp_path / "nowhere" / "bench.json") is None
    path.write_text(json.dumps({"a": 1}))
    assert committed(path) is None  # no repository
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "numbers"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    path.write_text(json.dumps({"a": 2}))
    assert committed(path) == {"a": 1}
