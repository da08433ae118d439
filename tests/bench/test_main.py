"""`python -m study.bench`: what it refuses, before anything is measured."""

import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from study.errors import InvalidInput

bench = import_module("study.bench.__main__").bench


@pytest.fixture(autouse=True)
def _measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused must be refused first."""
    monkeypatch.setattr("study.bench.plan.measure", lambda *_: pytest.fail("it measured"))


@pytest.mark.parametrize("word", ["size=1", "1", "out", "out=", "--sizes=1", "Sizes=1"])
def test_an_unknown_option_is_told_with_the_valid_ones(word: str) -> None:
    valid = "an option must be one of sizes=<value>, repetitions=<value>, out=<value>; got "
    with pytest.raises(InvalidInput) as refused:
        bench([word])
    assert str(refused.value) == f"{valid}{word!r}"


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "two", "2,", "2,0"])
@pytest.mark.parametrize("key", ["sizes", "repetitions"])
def test_a_number_is_whole_and_not_zero(key: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{key} must be whole numbers >= 1, got '{value}'$"):
        bench([f"{key}={value}"])


def test_the_number_of_repetitions_is_one() -> None:
    with pytest.raises(InvalidInput, match=r"^repetitions must be one number, got '1,2'$"):
        bench(["repetitions=1,2"])


def test_where_nothing_can_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InvalidInput, match=r"^out must be a folder, got .*/file, which is a file$"):
        bench([f"out={tmp_path}/file"])
    with pytest.raises(InvalidInput, match=r"^out must be .*, which also holds file;"):
        bench([f"out={tmp_path}"])
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "mine")]


def test_the_command_says_how_it_is_called(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    helped = command(tmp_path, "study.bench", "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    for option in ("sizes=", "repetitions=", "out="):
        assert option in helped.stdout


def test_the_command_ends_with_one_line_and_without_success(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    refused = command(tmp_path, "study.bench", "only=ours")
    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.splitlines()
    assert line.endswith("got 'only=ours'")
