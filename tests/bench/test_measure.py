"""Programs are run as a person would run them."""

import sys
from pathlib import Path

import pytest

from study.bench import measure


def test_a_program_is_measured(tmp_path: Path) -> None:
    """The module `platform` prints one line; an interpreter takes megabytes and less than a minute."""
    measured = measure.run("platform", [], tmp_path)
    assert measured.output.lower().startswith(sys.platform)
    assert 0 < measured.seconds < 60
    assert 2e6 < measured.peak_bytes < 1e9


def test_a_program_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(
        RuntimeError, match=r"(?s)study\.no_such_thing a=1 ended with status 1: .*No module named"
    ):
        measure.run("study.no_such_thing", ["a=1"], tmp_path)


def test_each_repetition_is_announced_before_it_begins_in_an_empty_folder() -> None:
    seen: list[str] = []

    def once(folder: Path) -> measure.Numbers:
        assert not list(folder.iterdir())
        (folder / "left").touch()
        seen.append("measured")
        return {"seconds": len(seen), "runs": 1}

    numbers = measure.repeated(2, once, announce=lambda k: seen.append(f"announced {k}"))
    assert seen == ["announced 1", "measured", "announced 2", "measured"]
    assert numbers == {"seconds": [2, 4], "runs": [1, 1]}
