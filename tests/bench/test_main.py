"""`python -m study.bench`: what it refuses, before anything is measured."""

import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from study.cli import Asked
from study.errors import InvalidInput

bench = import_module("study.bench.__main__").bench


@pytest.fixture(autouse=True)
def _measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused must be refused first."""
    monkeypatch.setattr("study.bench.plan.measure", lambda *_: pytest.fail("it measured"))


@pytest.mark.parametrize("value", ["0", "[0]", "[-1]", "[1.5]", "two", "[2,0]", "[]", "null"])
def test_sizes_are_whole_and_not_zero(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"^sizes must be a list of one or more whole numbers >= 1, got "):
        bench(Asked((f"sizes={value}",)))


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "two", "[1]"])
def test_the_number_of_repetitions_is_one(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"^repetitions must be a whole number >= 1, got "):
        bench(Asked((f"repetitions={value}",)))


@pytest.mark.parametrize("value", ["0", "[0]", "[1.5]", "two"])
def test_sizes_of_the_scale_are_whole_and_not_zero(value: str) -> None:
    with pytest.raises(
        InvalidInput, match=r"^scale must be a list of one or more whole numbers >= 1, .*got "
    ):
        bench(Asked((f"scale={value}",)))


def test_where_nothing_can_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InvalidInput, match=r"^out must be a folder, got .*/file, which is a file$"):
        bench(Asked((f"out={tmp_path}/file",)))
    with pytest.raises(InvalidInput, match=r"^out must be .*, which also holds file;"):
        bench(Asked((f"out={tmp_path}",)))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "mine")]


def test_the_command_says_how_it_is_called(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    helped = command(tmp_path, "study.bench", "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    for option in ("sizes=[", "repetitions=", "out=", "gpu=[", "scale=["):
        assert option in helped.stdout


def test_the_command_ends_with_one_line_and_without_success(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    refused = command(tmp_path, "study.bench", "only=ours")
    assert (refused.returncode, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert line == "only is not a key of the config; there are gpu, out, repetitions, scale, sizes"
