"""A claim is one process's at a time: of an experiment in a store, whichever kind of store it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from study.config.location import Location
from study.tracking.claim import claim_of


@pytest.mark.parametrize("uri", ["sqlite:///{}/new/mlflow.db", "http://127.0.0.1:1"])
def test_of_two_one_has_it(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _one_at_a_time(Location.of(uri.format(tmp_path)), Location.of(f"sqlite:///{tmp_path}/other/mlflow.db"))


@pytest.mark.slow
def test_of_two_in_postgresql_one_has_it(postgresql: Callable[[], str]) -> None:
    _one_at_a_time(Location.of(postgresql()), Location.of(postgresql()))


def test_only_on_a_server_it_says_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other machine can write to a database whose file is locked; to a server it can."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert claim_of(Location.of(f"sqlite:///{tmp_path}/mlflow.db"), "one").holder == ""
    served = claim_of(Location.of("http://127.0.0.1:1"), "one").holder
    assert served == claim_of(Location.of("http://127.0.0.1:2"), "two").holder != ""


def _one_at_a_time(store: Location, other: Location) -> None:
    first, second = (claim_of(store, "a/b: ü" * 60) for _ in range(2))
    assert [first.taken(), first.taken(), second.taken()] == [True, True, False]
    assert claim_of(store, "another").taken()
    assert claim_of(other, "a/b: ü" * 60).taken()
    first.release()
    assert [second.taken(), first.taken()] == [True, False]
    second.release()
